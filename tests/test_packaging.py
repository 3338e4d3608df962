"""What is shipped, and that what the README says to run is what is run."""

import configparser
import importlib.metadata
import importlib.resources
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import overparam_sk

ROOT = Path(__file__).parents[1]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name):
    """The `name==version` lines of a constraints file."""
    lines = [line.partition("#")[0].strip() for line in read(name).splitlines()]
    return dict(line.split("==") for line in lines if line)


def setup_commands():
    section = re.search(r"^## Set-up\n(.*?)^## ", read("README.md"), re.M | re.S)
    return re.findall(r"^```\w*\n(.*?)\n```$", section[1], re.M | re.S)


@pytest.fixture
def wheel():
    """The installed distribution, where tox installed it from a wheel."""
    if "TOX_ENV_NAME" not in os.environ:
        pytest.skip("needs the installed wheel: run the tests through tox")
    return importlib.metadata.distribution("overparam-sk")


def test_the_readme_has_two_set_up_commands_of_one_line_each():
    command = (
        'python3 -m venv .venv && .venv/bin/pip install -q "tox>=4,<5" '
        "&& .venv/bin/tox run -e {}"
    )
    assert setup_commands() == [command.format("study"), command.format("tests")]


def test_the_readme_installs_what_it_is_about_and_sets_up_nothing_elsewhere():
    text = read("README.md")
    for command in (*setup_commands(), 'pip install "overparam-sk[plot]"'):
        assert text.count(f"\n{command}\n") == 1
    assert text.count("pip install") == 3


def test_ci_runs_the_readmes_test_command_verbatim():
    lines = read(".ci/run").splitlines()
    assert lines.count(setup_commands()[1]) == 1
    assert "set -euo pipefail" in lines
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_a_failing_set_up_fails_ci(tmp_path):
    """`set -e` does not see a failure in the middle of a && list by itself."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(read(".ci/run"), encoding="utf-8")
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name, body in {"python3": "exit 0", "pip": "exit 1", "tox": "exit 0"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    run = ["bash", str(tmp_path / ".ci" / "run")]
    assert subprocess.run(run, env={"PATH": path}, check=False).returncode == 1


def test_torch_is_the_one_constraint():
    assert pins("constraints.txt") == {"torch": "2.13.0"}


def test_the_lowest_pins_are_the_lower_bounds():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    bounds = {}
    for line in [*project["dependencies"], *(extras[e] for e in ("plot", "progress"))]:
        for text in [line] if isinstance(line, str) else line:
            requirement = Requirement(text)
            (bound,) = requirement.specifier
            assert bound.operator == ">="
            bounds[requirement.name] = bound.version
    for text in extras["test"]:
        requirement = Requirement(text)
        (bound,) = requirement.specifier
        assert bounds.setdefault(requirement.name, bound.version) == bound.version
    lowest = pins("constraints-lowest.txt")
    assert lowest.pop("torch") == pins("constraints.txt")["torch"]
    assert Version(bounds.pop("torch")) <= Version("2.13.0")
    assert lowest.pop("pyparsing")  # not ours: see the comment in the file
    assert lowest == bounds


def test_what_the_readme_installs_there_is():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    (asked,) = re.findall(r'^pip install "(.+)"$', read("README.md"), re.M)
    requirement = Requirement(asked)
    assert requirement.name == project["name"]
    assert requirement.extras <= set(project["optional-dependencies"])


def test_lint_is_the_same_ruff_in_tox_and_before_a_commit():
    tox = configparser.ConfigParser(interpolation=None)
    tox.read_string(read("tox.ini"))
    (pinned,) = re.findall(r"^ruff==(.+)$", tox["testenv:lint"]["deps"], re.M)
    assert f"rev: v{pinned}" in read(".pre-commit-config.yaml")


def test_what_is_tested_is_the_wheel(wheel):
    imported = Path(overparam_sk.__file__).resolve()
    assert imported == Path(wheel.locate_file("overparam_sk/__init__.py")).resolve()
    assert imported.parent != ROOT / "overparam_sk"


def test_the_version_is_said_once(wheel):
    assert overparam_sk.__version__ == wheel.version
    assert f"version: {wheel.version}\n" in read("CITATION.cff")


def test_the_wheel_holds_the_licence(wheel):
    assert wheel.metadata["License-Expression"] == "BSD-3-Clause"
    assert wheel.metadata.get_all("License-File") == ["LICENSE"]
    shipped = wheel.read_text("licenses/LICENSE")
    assert shipped == read("LICENSE")
    assert shipped.startswith("BSD 3-Clause License\n\nCopyright (c) 2026, ")


def test_the_wheel_holds_the_whole_package(wheel):
    source = ROOT / "overparam_sk"
    files = {
        path.relative_to(ROOT).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    shipped = {
        file.as_posix()
        for file in wheel.files
        if file.parts[0] == "overparam_sk" and "__pycache__" not in file.parts
    }
    assert shipped == files
    assert "overparam_sk/py.typed" in shipped


def test_the_image_excerpt_is_reachable_with_its_licences():
    data = importlib.resources.files("overparam_sk.datasets") / "data"
    sizes = {
        item.name: len(item.read_bytes()) for item in data.iterdir() if item.is_file()
    }
    assert any(name.endswith(".npz") for name in sizes), sorted(sizes)
    assert any(name.endswith(".md") for name in sizes), sorted(sizes)
    assert all(0 < size < 2**20 for size in sizes.values()), sizes


def run_python(code, folder):
    """Run ``code`` in a fresh interpreter that finds the package under test."""
    package = str(Path(overparam_sk.__file__).parents[1])
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": package},
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_package_imports_no_heavy_extra(tmp_path):
    run = run_python("import sys, overparam_sk; print(*sys.modules)", tmp_path)
    assert run.returncode == 0, run.stderr
    imported = {name.partition(".")[0] for name in run.stdout.split()}
    assert "overparam_sk" in imported
    assert not imported & {"dask", "distributed", "matplotlib", "skops"}


def test_the_package_imports_where_no_extra_is_installed(tmp_path):
    """scikit-learn imports pandas where it is there; this package must not need it."""
    extras = ["dask", "distributed", "matplotlib", "pandas", "rich", "skops"]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({extras})); "
        "import overparam_sk, overparam_sk.datasets, overparam_sk.diagnostics, "
        "overparam_sk.plotting; print('imported')"
    )
    run = run_python(code, tmp_path)
    assert run.stdout == "imported\n", run.stderr
