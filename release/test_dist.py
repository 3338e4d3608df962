"""The sdist and the wheel in dist hold what they must, and no more."""

import re
import subprocess
import sys
import tarfile
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "overparam_sk/"


@pytest.fixture(scope="module")
def repository():
    """Every file of the commit."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(listed.stdout.split("\0")) - {""}


def only(pattern):
    (path,) = (ROOT / "dist").glob(pattern)
    return path


@pytest.fixture(scope="module")
def wheel():
    with ZipFile(only("*.whl")) as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel):
    (name,) = (n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_there_is_one_of_each_and_of_one_version(metadata):
    files = {path.name for path in (ROOT / "dist").iterdir()}
    stem = f"overparam_sk-{metadata['Version']}"
    assert files == {f"{stem}.tar.gz", f"{stem}-py3-none-any.whl"}


def test_the_sdist_is_the_repository(repository, metadata):
    with tarfile.open(only("*.tar.gz")) as file:
        names = [member.name for member in file.getmembers() if not member.isdir()]
    top = f"overparam_sk-{metadata['Version']}/"
    assert all(name.startswith(top) for name in names)
    assert {n.removeprefix(top) for n in names} == repository | {"PKG-INFO"}


def test_the_wheel_is_the_package_and_what_says_what_it_is(repository, wheel, metadata):
    about = f"overparam_sk-{metadata['Version']}.dist-info/"
    told = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    package = {name for name in repository if name.startswith(PACKAGE)}
    assert set(wheel.namelist()) == package | {about + name for name in told}
    assert PACKAGE + "py.typed" in package


def test_the_description_needs_no_other_file(metadata):
    text = metadata.get_payload(decode=True).decode()
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(links) > 5
    assert [link for link in links if not link.startswith("https://")] == []


def test_it_says_which_pythons_it_is_tested_with(metadata):
    kinds = metadata.get_all("Classifier")
    pythons = [k for k in kinds if k.startswith("Programming Language :: Python :: 3.")]
    assert metadata["Requires-Python"] == f">={pythons[0].rpartition(' ')[2]}"


def test_the_wheel_gives_its_version_and_its_command(tmp_path, wheel, metadata):
    """Without what it depends on: the version needs nothing."""
    wheel.extractall(tmp_path)
    code = "from overparam_sk.version import __version__ as v; print(v)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.stdout == f"{metadata['Version']}\n"
    (name,) = (n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    assert "overparam-sk = overparam_sk.cli:main" in wheel.read(name).decode()
