"""Infinite width with uncertainty: what its rules say of what is known, and a run."""

import json
from dataclasses import replace

import numpy as np
import pytest

from overparam_sk import InfiniteWidthReLURegressor
from overparam_sk.experiments.beyond.uncertainty import UNCERTAINTY, Drawn, Ensembles
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.reproduction import Request, scale

SPREAD, RATE, INTERVALS, CALIBRATED, NO_POSTERIOR = UNCERTAINTY.claims
X, GRID = np.array([[-1.0], [0.5], [2.0]]), np.linspace(-3, 3, 40)[:, None]
TIMES = np.array([0.0, 1.0, 5.0])


def ensembles(added, shift=0.0, shares=(0.95,) * 3, variance=2.0):
    """Networks drawn from the limit, with more variance at each width."""
    rng, net = np.random.default_rng(0), InfiniteWidthReLURegressor(2)
    net.fit(X, [0.0, 1.0, 0.0])
    along = [net.predict(GRID, return_std=True, t=t) for t in TIMES]
    mean, std = (np.array(part) for part in zip(*along, strict=True))
    outputs = {}
    for m in (16, 64, 256):
        wider = np.sqrt(1 + added(m) * (TIMES > 0))[:, None]
        normal = rng.standard_normal((500, 3, 40))
        outputs[m] = mean + std * (shift / m + wider * normal)
    names = ("readout, the end", "hidden layers, the end", "hidden layers, t = 1")
    drawn = {
        name: Drawn(np.tile([share - 0.02, share + 0.02], 500), variance ** (i > 0))
        for i, (name, share) in enumerate(zip(names, shares, strict=True))
    }
    return Ensembles(2, X, np.zeros(3), GRID, TIMES, mean, std, outputs, drawn)


def verdict(claim, of):
    return claim.judge(of, "a reading").verdict


@pytest.mark.parametrize(
    ("added", "spread", "rate", "intervals"),
    [
        (lambda m: 16 / m, HOLDS, HOLDS, HOLDS),
        (lambda m: 160 / m, HOLDS, HOLDS, TREND),
        (lambda m: 8 / m**0.6, HOLDS, TREND, TREND),
        (lambda m: 2 / m**0.1, HOLDS, NOT, TREND),
        (lambda m: {16: 4, 64: 5, 256: 3}[m], TREND, NOT, TREND),
        (lambda m: m / 16, NOT, NOT, NOT),
    ],
)
def test_networks_beside_their_limit(added, spread, rate, intervals):
    of = ensembles(added)
    found = [verdict(claim, of) for claim in (SPREAD, RATE, INTERVALS)]
    assert found == [spread, rate, intervals]
    narrower = ensembles(lambda m: -0.5)
    assert RATE.judge(narrower, "").ours == "the networks spread less at some width"


def test_figures_are_what_they_say():
    of = ensembles(lambda m: 3.0, shift=16.0)
    # 500 draws of 40 points: the share in ±1.96 of twice the spread is 2Φ(0.98) − 1.
    np.testing.assert_allclose(of.spread(256), [1, 2, 2], atol=0.03)
    assert of.coverage(256)[1] == pytest.approx(0.673, abs=0.015)
    prior = np.sqrt((of.std[0] ** 2).mean())
    expected = np.sqrt((of.std**2).mean(axis=1)) * (16 / 64) / prior
    np.testing.assert_allclose(of.gap(64), expected, rtol=0.1)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((0.95,) * 3, HOLDS), ((0.95, 0.955, 0.95), TREND), ((0.95, 0.9, 0.95), NOT)],
)
def test_functions_from_the_prior(shares, expected):
    of = ensembles(lambda m: 1 / m, shares=shares)
    assert verdict(CALIBRATED, of) == expected


@pytest.mark.parametrize(
    ("variance", "expected"), [(2.0, HOLDS), (1.001, TREND), (0.5, NOT)]
)
def test_a_posterior_has_the_least_variance(variance, expected):
    of = ensembles(lambda m: 1 / m, variance=variance)
    assert verdict(NO_POSTERIOR, of) == expected


def test_a_small_run(tmp_path):
    small = scale(depths=(1, 2), widths=(4, 8), steps=(0, 5, 20), networks=3)
    experiment = replace(UNCERTAINTY, quick={**small, "functions": 300}, dpi=30)
    said = []
    run = Request(tmp_path, quick=True, progress=False, tell=said.append, device="cpu")
    assert experiment.reproduce(run)
    claims = json.loads((tmp_path / "claims.json").read_text("utf-8"))["claims"]
    readings = [one["reading"] for one in claims]
    assert readings == ["1 hidden layer"] * 5 + ["2 hidden layers"] * 5
    calibrated = [one for one in claims if one["claim"] == CALIBRATED.words]
    assert [one["verdict"] for one in calibrated] == [HOLDS] * 2
    assert {"bands.png", "widths.png"} <= {path.name for path in tmp_path.iterdir()}
    text = (tmp_path / "claims.md").read_text("utf-8")
    assert text.count("\n| 4 | ") == text.count("\n| 8 | ") == 6
