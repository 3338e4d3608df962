"""ll18-theory: the sheets of Li and Liang's theorems, and claims with conditions."""

import json
from dataclasses import replace

import pytest

from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.theorems import THEOREMS
from overparam_sk.experiments.problem import Problem
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.theory import asks, find_row
from overparam_sk.experiments.verdicts import HOLDS, UNTESTED
from overparam_sk.theory import SheetRow, TheorySheet


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The experiment on data that is quick to learn."""

    def small(*, random_state, normalize=False, component_std=1.0):
        X, y = make_clustered_mixture(
            80,
            50,
            n_classes=2,
            component_std=component_std,
            normalize=normalize,
            random_state=random_state,
        )
        return Problem("small", X, y, X, y, 2, 2, data.SYNTHETIC, normalize)

    out = tmp_path_factory.mktemp("theory")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "mixture_problem", small)
        told = []
        quick = replace(THEOREMS, quick={"width": 1000})
        assert quick.reproduce(Request(out, quick=True, device="cpu", tell=told.append))
    return out, told


def test_the_report_holds_the_sheets(written):
    out, _ = written
    names = ["claims.json", "claims.md", "sheet.png", "sheets.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    report = (out / "claims.md").read_text("utf-8")
    assert report.count("## Li and Liang (2018): N = 80") == 3
    sheets = json.loads((out / "sheets.json").read_text("utf-8"))["sheets"]
    assert [len(sheet["rows"]) for sheet in sheets] == [len(sheets[0]["rows"])] * 3


def test_what_is_out_of_reach_is_not_tested(written):
    out, _ = written
    claims = json.loads((out / "claims.json").read_text("utf-8"))["claims"]
    verdicts = {(c["claim"].split(":")[0], c["reading"]): c for c in claims}
    narrow = "components a tenth as wide, rows of norm 1"
    theorem = verdicts["Theorem 4.1", narrow]
    assert theorem["verdict"] == UNTESTED
    assert "not met: Theorem 4.1, m: 1000, asked >= 10^" in theorem["conditions"]
    assert "met: (A1), λ" in theorem["conditions"]
    assert verdicts["Lemma 5.2", narrow]["verdict"] == HOLDS
    raw = verdicts["Lemma 5.2", "section 7, rows as drawn"]
    assert raw["verdict"] == UNTESTED
    assert "not met: (A2)" in raw["conditions"]


def test_a_condition_is_a_row_of_the_sheet():
    rows = (
        SheetRow("T 1", "units, as stated", "m", 5.0, ">=", 9.0),
        SheetRow("T 1", "units, as proved", "m", 5.0, ">=", 3.0),
        SheetRow("T 2", "no figure", "v", None, ">=", 3.0),
    )
    sheet = TheorySheet("Made Up (2031)", {}, rows)
    assert find_row(sheet, "T 1", "m") is rows[0]
    assert find_row(sheet, "T 1", "m", "units, as proved") is rows[1]
    assert asks("T 1", "m").look(sheet) == ("5, asked >= 9", False)
    assert asks("T 1", "m", "units, as proved").look(sheet) == ("5, asked >= 3", True)
    assert asks("T 2", "v").look(sheet)[1] is False
