"""Every place that names the version names this one."""

import datetime
import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VERSION = runpy.run_path(str(ROOT / "overparam_sk" / "version.py"))["__version__"]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "line"),
    {
        "CITATION.cff": r"^version: (.+)$",
        "docs/cite.md": r"^ *version += \{(.+)\},$",
        "release/recipe/recipe.yaml": r'^  version: "(.+)"$',
    }.items(),
)
def test_a_file_says_the_version(name, line):
    assert re.findall(line, read(name), re.M) == [VERSION]


def test_the_site_can_be_switched_to_it():
    entries = json.loads(read("docs/_static/switcher.json"))
    assert {VERSION, "dev"} <= {entry["version"] for entry in entries}
    (preferred,) = (entry for entry in entries if entry.get("preferred"))
    assert preferred["version"] == VERSION
    assert preferred["url"].endswith("/en/stable/")
    addresses = [entry["url"] for entry in entries]
    assert len(set(addresses)) == len(addresses)


def test_a_tag_is_of_this_version_and_of_a_day(tag):
    """A release is announced: the changelog and the citation say when."""
    if tag is None:
        assert re.search(r"^## \[Unreleased\]$", read("CHANGELOG.md"), re.M)
        return
    assert tag == f"v{VERSION}"
    heading = rf"^## \[{re.escape(VERSION)}\] - (\d{{4}}-\d\d-\d\d)$"
    (day,) = re.findall(heading, read("CHANGELOG.md"), re.M)
    assert datetime.date.fromisoformat(day) <= datetime.date.today()
    assert f"date-released: {day}\n" in read("CITATION.cff").replace('"', "")
