"""What the forge runs is what tox runs, on the Pythons that the package promises."""

import configparser
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TOX = configparser.ConfigParser(interpolation=None)
TOX.read_string((ROOT / "tox.ini").read_text("utf-8"))
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INSTALL = 'python -m pip install "tox>=4,<5"'


def workflow(path):
    """A workflow; PyYAML reads its key `on` as true."""
    return yaml.safe_load(path.read_text("utf-8"))


def jobs(path):
    return workflow(path)["jobs"]


def commands(job):
    return [step["run"] for step in job.get("steps", ()) if "run" in step]


def test_there_are_three():
    assert [path.stem for path in FILES] == ["docs", "release", "tests"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_what_needs_the_repository_is_done_by_tox(path):
    for job in jobs(path).values():
        ran = commands(job)
        if any("checkout" in step.get("uses", "") for step in job.get("steps", ())):
            assert INSTALL in ran
            assert ran[-1].startswith("tox run -e ")
            assert {c.split()[0] for c in ran} <= {"google-chrome", "python", "tox"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_environment_is_one_of_tox(path):
    for job in jobs(path).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for command in commands(job):
            for named in re.findall(r"tox run -e (\S+|\$\{\{ [\w.]+ \}\})", command):
                names = matrix["env"] if "matrix" in command else named.split(",")
                assert all(f"testenv:{name}" in TOX for name in names)


def test_the_matrix_is_what_the_project_promises():
    matrix = jobs(ROOT / ".github" / "workflows" / "tests.yml")["tests"]["strategy"]
    matrix = matrix["matrix"]
    prefix = "Programming Language :: Python :: 3."
    promised = [
        kind.rpartition(" ")[2]
        for kind in PROJECT["classifiers"]
        if kind.startswith(prefix)
    ]
    assert matrix["python"] == promised
    assert f">={promised[0]}" == PROJECT["requires-python"]
    systems = [name.partition("-")[0] for name in matrix["os"]]
    assert systems == ["ubuntu", "macos", "windows"]
    assert matrix["env"] == ["tests", "lowest"]
    # What is left out is left out on all systems, and of the lowest versions alone.
    assert all(set(out) == {"python", "env"} for out in matrix["exclude"])
    assert {out["env"] for out in matrix["exclude"]} == {"lowest"}
    assert {out["python"] for out in matrix["exclude"]} == set(promised[2:])


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_nothing_may_more_than_it_needs_or_go_on_for_ever(path):
    read = workflow(path)
    assert read["permissions"] == {"contents": "read"}
    assert read["concurrency"]["group"]
    writes = {}
    for name, job in read["jobs"].items():
        assert "uses" in job or job["timeout-minutes"] <= 90
        given = {k for k, v in job.get("permissions", {}).items() if v == "write"}
        if given:
            writes[name] = given
        for step in job.get("steps", ()):
            if "checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False
    build = {"id-token", "attestations"}
    release = {"build": build, "publish": {"id-token"}, "announce": {"contents"}}
    assert writes == (release if path.stem == "release" else {})


def test_a_release_is_tested_built_and_then_published():
    needs = {n: job.get("needs") for n, job in jobs(FILES[1]).items()}
    order = {"tests": None, "build": "tests", "publish": "build", "announce": "publish"}
    assert needs == order
    (build,) = (c for c in commands(jobs(FILES[1])["build"]) if c.startswith("tox"))
    assert build == 'tox run -e package -- --tag "$GITHUB_REF_NAME"'


def test_every_file_that_the_forge_reads_is_linted():
    linted = TOX["testenv:lint"]["commands"]
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    others = [ROOT / ".github" / "dependabot.yml", ROOT / "CITATION.cff"]
    for path in (*FILES, *forms, *others, ROOT / ".readthedocs.yaml"):
        assert path.relative_to(ROOT).as_posix() in linted
    assert {"actionlint", "zizmor"} <= {c.split()[0] for c in linted.split("\n") if c}


def test_the_site_is_hosted_as_it_is_tested():
    hosted = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text("utf-8"))
    (install,) = hosted["python"]["install"]
    tested = TOX["testenv:docs"]["extras"].split(", ")
    assert install["extra_requirements"] == tested
    assert hosted["sphinx"]["fail_on_warning"] is True
    assert (ROOT / hosted["sphinx"]["configuration"]).exists()
