"""ll18-bounds: its rules on bounds that nobody computed, and the whole run, small."""

import json
from dataclasses import replace

import pytest

from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.li_liang_2018.bounds import BOUNDS, bounds_by_labels
from overparam_sk.experiments.reproduction import Request
from overparam_sk.theory import Assumption, Bound, GeneralizationBounds

SMALL = {"width": 30, "n_samples": 60, "n_features": 20, "repeats": 2, "max_iter": 50}


def made_up(pac_bayes, compression, bits, holds=True):
    """Two bounds of one repeat."""
    rest = {"source": "", "classifier": "", "trivial": 0.9, "train_error": 0.0}
    rest |= {"test_error": 0.0, "assumptions": (Assumption("any", holds),)}
    bounds = (
        Bound(name="PAC-Bayes", value=pac_bayes, parameters={}, **rest),
        Bound(name="compression", value=compression, parameters={"bits": bits}, **rest),
    )
    return GeneralizationBounds(1000, 10, 0.05, bounds)


@pytest.mark.parametrize(
    ("structured", "random", "expected"),
    [
        ([(0.3, 0.2, 100)], [(0.95, 1.0, 900)], [HOLDS, HOLDS, HOLDS]),
        ([(0.3, 1.0, 100)], [(0.95, 1.0, 900)], [HOLDS, TREND, HOLDS]),
        ([(0.92, 1.0, 100)], [(0.95, 1.0, 900)], [TREND, TREND, NOT]),
        ([(0.3, 1.0, 900)], [(0.2, 1.0, 900)], [NOT, NOT, NOT]),
        ([(0.3, 1.0, 1, False)], [(0.95, 1.0, 9)], [HOLDS, TREND, NOT]),
        # One repeat of two is not every repeat.
        (
            [(0.3, 0.2, 100), (0.91, 1.0, 100)],
            [(0.95, 1.0, 900), (0.99, 1.0, 50)],
            [TREND, NOT, NOT],
        ),
    ],
)
def test_the_rules_of_the_bounds(structured, random, expected):
    found = {
        "structured": [made_up(*one) for one in structured],
        "random": [made_up(*one) for one in random],
    }
    verdicts = [claim.judge(found, "").verdict for claim in BOUNDS.claims]
    assert verdicts == expected


def test_rows_of_norm_1_and_random_labels_are_what_they_say(tmp_path):
    run = Request(tmp_path, device="cpu", scale={**SMALL, "repeats": 1})
    for normalize in (False, True):
        found = bounds_by_labels(run, normalize)
        assert [*found] == ["structured", "random"]
        (structured,), (random,) = found.values()
        assert ("rows of norm 1" in structured[0].failing) is not normalize
        complexity = "largest √(2 yᵀ(H∞)⁻¹y/n)"
        assert structured[0].parameters[complexity] < random[0].parameters[complexity]
        assert random[0].test_error > 0.6


def test_the_experiment_writes_its_tables(tmp_path):
    small = replace(BOUNDS, quick=SMALL)
    asked = Request(tmp_path, quick=True, device="cpu", progress=False)
    assert small.reproduce(asked)
    claims = json.loads((tmp_path / "claims.json").read_text())
    assert len(claims["claims"]) == 2 * 3
    assert claims["settings"]["width"] == 30
    report = (tmp_path / "claims.md").read_text("utf-8")
    for head in ("as drawn, structured", "as drawn, random", "of norm 1, random"):
        assert f"rows {head} labels" in report
    for name in ("kernel", "PAC-Bayes", "compression", "margin"):
        assert f"\n| {name} |" in report
    assert "readout of ±1" in report
    assert (tmp_path / "bounds.png").stat().st_size > 1000
