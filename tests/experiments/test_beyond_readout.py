"""Both layers trained: the experiment, and how its expectations are judged."""

import json
from dataclasses import replace

import numpy as np
import pytest

from overparam_sk.experiments import reproductions
from overparam_sk.experiments.beyond.paper import BEYOND
from overparam_sk.experiments.beyond.readout import READOUT, BothLayers, Fit, slope
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.reproduction import Request, scale

WIDTHS = (100, 400, 1600)
TINY = scale(widths=(20, 80), rows=20, max_iter=5, repeats=1)
APPROACH, THAT_LIMIT, EACH_LAYER, FASTER = READOUT.claims


def fit(**figures):
    usual = dict.fromkeys(("gap", "gap_to_one", "hidden", "readout"), 1.0)
    usual |= {"loss": 0.1, "loss_of_one": 0.2}
    errors = dict.fromkeys(("error", "error_of_one", "error_of_limit"), 0.0)
    return Fit(**{**usual, **errors, **figures})


def by(power, *names, **figures):
    """Fits whose figures go as m^power."""
    of_width = {m: dict.fromkeys(names, m**power) for m in WIDTHS}
    return BothLayers(
        "made up", {m: [fit(**of, **figures)] for m, of in of_width.items()}
    )


def verdict(claim, both):
    return claim.judge(both, "made up").verdict


@pytest.mark.parametrize(
    ("power", "expected"), [(-0.5, HOLDS), (-0.45, HOLDS), (-0.2, TREND), (0.1, NOT)]
)
def test_the_gap_is_to_fall_as_the_root(power, expected):
    both = by(power, "gap")
    assert slope(both.fits, lambda fit: fit.gap) == pytest.approx(power)
    assert verdict(APPROACH, both) == expected


@pytest.mark.parametrize(("times", "expected"), [(12, HOLDS), (3, TREND), (0.5, NOT)])
def test_it_is_to_be_that_limit(times, expected):
    assert verdict(THAT_LIMIT, by(0, "gap", gap_to_one=times)) == expected


@pytest.mark.parametrize(
    ("power", "expected"), [(-0.5, HOLDS), (-0.3, TREND), (0.2, NOT)]
)
@pytest.mark.parametrize("other", ["hidden", "readout"])
def test_each_layer_is_to_move_as_the_root(other, power, expected):
    one = {"hidden": "readout", "readout": "hidden"}[other]
    moves = {m: {one: m**-0.5, other: m**power} for m in WIDTHS}
    both = BothLayers("made up", {m: [fit(**of)] for m, of in moves.items()})
    assert verdict(EACH_LAYER, both) == expected


@pytest.mark.parametrize(
    ("losses", "expected"),
    [((0.1, 0.1, 0.1), HOLDS), ((0.3, 0.1, 0.1), TREND), ((0.1, 0.1, 0.3), NOT)],
)
def test_both_are_to_learn_faster(losses, expected):
    fits = {m: [fit(loss=loss)] for m, loss in zip(WIDTHS, losses, strict=True)}
    assert verdict(FASTER, BothLayers("made up", fits)) == expected


def test_a_small_run_makes_one_report(tmp_path, monkeypatch):
    tiny = replace(READOUT, quick=TINY)
    monkeypatch.setattr(reproductions, "PAPERS", [replace(BEYOND, experiments=(tiny,))])
    assert "beyond" in reproductions.names()
    said = []
    run = Request(tmp_path, quick=True, device="cpu", tell=said.append)
    assert reproductions.reproduce("beyond", run)
    found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    claims = found["reports"]["beyond-readout"]["claims"]
    assert len(claims) == 2 * len(READOUT.claims)
    assert (tmp_path / "beyond-readout" / "readout.png").exists()
    assert not found["failed"]
    assert np.isfinite(found["reports"]["beyond-readout"]["run_seconds"])
