"""`reproduce k19-theory`: a sheet for each data set, and the claims on its rows."""

import json
from dataclasses import replace

import pytest

from overparam_sk.experiments.claims import HOLDS, NOT, UNTESTED
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.theorems import THEOREMS
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.theory import find_row
from overparam_sk.theory import SheetRow, TheorySheet

DATA = ("synthetic-50", "Fashion-79")


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    out = tmp_path_factory.mktemp("k19-theory")
    tiny = replace(THEOREMS, quick={"data": DATA, "width": 60, "max_iter": 5})
    run = Request(out, quick=True, device="cpu", progress=False, tell=lambda _: None)
    assert tiny.reproduce(run)
    return out


def test_every_data_set_has_its_sheet(reproduced):
    content = json.loads((reproduced / "sheets.json").read_text(encoding="utf-8"))
    assert len(content["sheets"]) == len(DATA)
    for name, sheet in zip(DATA, content["sheets"], strict=True):
        X, _ = DATA_SETS[name].load(0)
        assert sheet["setting"]["n"] == len(X)
        assert sheet["setting"]["h1"] == 5
        assert sheet["setting"]["h2"] == 60
    text = (reproduced / "claims.md").read_text(encoding="utf-8")
    assert text.count("Theorem 3") >= len(DATA)


def test_the_full_run_is_of_the_papers_six_data_sets_at_its_widest():
    assert len(THEOREMS.full["data"]) == 6
    assert set(THEOREMS.full["data"]) < set(DATA_SETS)
    assert (THEOREMS.full["width"], THEOREMS.full["max_iter"]) == (4000, 1000)


def test_the_claims_are_judged_on_the_sheets(reproduced):
    content = json.loads((reproduced / "claims.json").read_text(encoding="utf-8"))
    verdicts = {
        (claim["claim"].split(":")[0], claim["reading"]): claim["verdict"]
        for claim in content["claims"]
    }
    assert len(verdicts) == len(THEOREMS.claims) * len(DATA)
    for name in DATA:
        assert verdicts["Proposition 2", name] == HOLDS
        assert verdicts["eq. (41)", name] == NOT
        assert verdicts["proof of Lemma 7", name] == UNTESTED


def made_up(*rows, found):
    """A sheet in which the rows of a claim are as given."""
    return TheorySheet(
        "Kong (2019)",
        {},
        tuple(
            SheetRow(part, quantity or "in words", symbol, value, ">=", 1.0)
            for (part, symbol, quantity), value in zip(rows, found, strict=True)
        ),
    )


LEMMA_7 = next(c for c in THEOREMS.claims if c.words.startswith("proof of Lemma 7"))
ROWS = (("Lemma 7", "R'_A", ""), ("Lemma 7", "R'_B", ""), ("Theorem 3", "h2", ""))


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((2.0, 2.0, 2.0), HOLDS),
        ((2.0, 0.5, 2.0), NOT),
        ((2.0, 2.0, 0.5), UNTESTED),
        ((0.5, 0.5, 0.5), UNTESTED),
    ],
)
def test_lemma_7_is_tested_where_the_width_is_as_asked(found, verdict):
    sheet = made_up(*ROWS, found=found)
    assert find_row(sheet, "Theorem 3", "h2").holds == (found[2] >= 1)
    assert LEMMA_7.judge(sheet, "made up").verdict == verdict
