"""What docs/architecture.md says of floors, ways, names and the registry is so."""

import ast
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from test_layering import ALLOWED, DOOR

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.diagnostics import REGISTRY

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PACKAGE = ROOT / "overparam_sk"


def section(title):
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_floors_are_those_that_the_source_is_held_to():
    rows = re.findall(r"^\| `(\w+)` \| .+ \| ?(.*?) ?\|$", section("Floors"), re.M)
    told = {floor: set(below.split(", ")) - {""} for floor, below in rows}
    held = {
        floor: below - DOOR - {"__init__"}
        for floor, below in ALLOWED.items()
        if floor not in DOOR and not floor.startswith("__")
    }
    assert told == held


def entered_by(fit):
    """Places of the package in the order in which a call first enters them."""
    places = {}

    def see(frame, event, _):
        code = frame.f_code
        if event == "call" and "overparam_sk" in code.co_filename:
            inside = code.co_filename.rpartition("overparam_sk/")[2]
            places.setdefault(f"{inside}:{code.co_name}")

    sys.setprofile(see)
    try:
        fit()
    finally:
        sys.setprofile(None)
    return list(places)


WAYS = {
    name: re.findall(r"^\d+\. `([\w/]+\.py:\w+)`", text, re.M)
    for name, text in zip(
        ("classifier", "regressor"),
        section("The way of the data through a fit").split("\n`TwoHidden"),
        strict=True,
    )
}
NETS = {
    "classifier": OverparamReLUClassifier(
        20, max_iter=3, n_iter_no_change=None, random_state=0
    ),
    "regressor": TwoHiddenReLURegressor(
        3, 20, max_iter=3, n_iter_no_change=None, random_state=0
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_the_way_is_the_one_that_a_fit_goes(name):
    X = np.random.default_rng(0).normal(size=(12, 3))
    y = np.arange(12) % 2
    entered = entered_by(lambda: NETS[name].fit(X, y))
    assert len(WAYS[name]) > 8
    steps = [entered.index(place) for place in WAYS[name]]
    assert steps == sorted(steps)


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("**/*.md")), ids=lambda p: p.name
)
def test_files_that_a_page_names_are_there(page):
    named = set(
        re.findall(r"`([\w./-]+\.(?:py|md|toml|txt|ini))[`:]", page.read_text("utf-8"))
    )
    places = (page.parent, ROOT, PACKAGE, ROOT / "benchmarks")
    missing = [n for n in named if not any((place / n).exists() for place in places)]
    assert not missing


WRITTEN = [
    *ROOT.glob("*.md"),
    ROOT / "release" / "README.md",
    *(ROOT / "docs").rglob("*.md"),
]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: f"{p.relative_to(ROOT)}")
def test_links_of_a_page_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_registry_is_told_whole():
    told = section("Where to add what").partition("Registered are ")[2]
    assert set(re.findall(r"`(\w+)`", told)) == {*REGISTRY, "update_singular_values"}


def test_every_auto_of_an_estimator_is_settled_in_one_file():
    floors = ("estimators", "fits", "interop", "diagnostics", "training", "networks")
    files = [path for floor in floors for path in (PACKAGE / floor).rglob("*.py")]
    asked = [
        path.relative_to(PACKAGE).as_posix()
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Compare)
        and any(getattr(side, "value", None) == "auto" for side in node.comparators)
    ]
    assert set(asked) == {"fits/settings.py"}
