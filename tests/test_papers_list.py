"""docs/papers.md: every item of both papers, and that what it names is there."""

import ast
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from overparam_sk.diagnostics import REGISTRY
from overparam_sk.experiments.reproductions import names

ROOT = Path(__file__).parents[1]
HEAD = ["item", "where", "function", "test", "report"]
OUT_OF_REACH = "out of reach: "
# Fitted attributes that are no registered diagnostic's.
OTHERS = {"history_", "update_singular_values_", "effective_rank_", "loss_"}


def tables(text):
    """Rows of the tables with such a head, under the heading that they have."""
    heading, columns = "", None
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|"):
            columns = None
        elif cells == HEAD:
            columns = cells
        elif columns and not set(line) <= set("|- "):
            yield heading, cells


def rows():
    text = (ROOT / "docs" / "papers.md").read_text(encoding="utf-8")
    return list(tables(text))


ROWS = rows()
CASES = pytest.mark.parametrize(
    "cells", [cells for _, cells in ROWS], ids=[cells[0] for _, cells in ROWS]
)


def test_both_papers_are_there():
    items = [(heading, cells[0]) for heading, cells in ROWS]
    assert len(items) == len(set(items))
    found = {heading: [h for h, _ in items].count(heading) for heading, _ in items}
    assert found["Li and Liang (2018)"] >= 42
    assert found["Kong (2019)"] >= 38


@CASES
def test_no_cell_is_empty_but_of_what_is_out_of_reach(cells):
    assert len(cells) == len(HEAD)
    if cells[2].startswith(OUT_OF_REACH):
        assert len(cells[2]) > len(OUT_OF_REACH) + 20  # a reason
        return
    assert all(cell and cell != "–" for cell in cells)
    for cell in cells[2:4]:
        assert "`" in cell
    assert "](" in cells[4] or "`" in cells[4]


@CASES
def test_what_a_row_names_is_there(cells):
    if cells[2].startswith(OUT_OF_REACH):
        return
    for name in spans(cells[2]):
        assert is_there(name), name
    for name in spans(cells[3]):
        path, _, test = name.partition("::")
        assert test in found_in(path), name
    for name in spans(cells[4]):
        assert name.removeprefix("reproduce ") in names(), name
    for link in re.findall(r"\]\(([^)#]+)", cells[4]):
        assert (ROOT / "docs" / link).exists(), link


def spans(cell):
    return re.findall(r"`([^`]+)`", cell)


def is_there(name):
    """Whether it is a public name, a method of one, or a fitted attribute."""
    if name.endswith("_"):
        return name.removesuffix("_") in REGISTRY or name in OTHERS
    module, _, attribute = f"overparam_sk.{name}".rpartition(".")
    try:
        found = import_module(module)
    except ModuleNotFoundError:
        module, _, owner = module.rpartition(".")
        found = getattr(import_module(module), owner)
    return hasattr(found, attribute)


@cache
def found_in(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
