"""Lazy or rich: what the rules say of what is known, what is measured, and a run."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from overparam_sk import LinearizedReLUClassifier
from overparam_sk.experiments.beyond.lazy import LAZY
from overparam_sk.experiments.beyond.lazy.limit import Gap, gaps
from overparam_sk.experiments.beyond.lazy.measured import Lazy
from overparam_sk.experiments.beyond.lazy.parametrizations import PARAMETRIZATIONS
from overparam_sk.experiments.beyond.lazy.phase import (
    Cell,
    Steps,
    is_stable,
    largest_stable_step,
    look,
)
from overparam_sk.experiments.beyond.lazy.rows import DATA, draw, plain
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.reproduction import Request, scale
from overparam_sk.plotting import CoordinateCheckDisplay

LARGER, WIDER, ONE_SCALE, ONE_STEP, OF_LIMIT, BETTER, LIMIT, *MORE = LAZY.claims
RATES, STARTS, NTK, MUP, OUTPUTS, STANDARD, *STEPS = MORE
MUP_STEP, MEAN_FIELD_STEP, NTK_STEP, NO_STEP = STEPS
SCALES, WIDTHS, CHECKED = (0.01, 0.1, 1.0, 10.0), (40, 400), np.array([64, 256, 1024])
EXPONENTS = {  # of the width: hidden, readout, outputs
    "ntk": (-0.5, -0.5, 0.0),
    "mean_field": (0.0, 0.0, 0.0),
    "mup": (0.0, 0.0, 0.0),
    "standard": (-0.5, 0.5, 1.0),
}
BEST = {"ntk": 6, "mean_field": 4, "mup": 6, "standard": (6, 4, 2)}  # log2 c


def as_expected(alpha, m):
    at = alpha * m**0.5
    return Cell(4 * at if at <= 1 else 45.0, 30 / at, 0.1 + alpha / 100, 50.0)


def lazy(
    cell=as_expected,
    gap=lambda alpha: 1e-2 * alpha**-0.5 if alpha < 1e4 else 1e-2 / alpha,
    start=lambda iota: 1 / iota,
    linear=45.0,
    exponents=None,
    best=None,
    scales=SCALES,
):
    changes = {
        name: {
            kind: np.outer([1, 5, 10], CHECKED ** float(power))
            for kind, power in zip(
                ("hidden", "readout", "outputs"), powers, strict=True
            )
        }
        for name, powers in {**EXPONENTS, **(exponents or {})}.items()
    }
    octaves = np.arange(0, 10)
    losses = {
        name: np.abs(octaves - np.broadcast_to(at, 3)[:, None]).astype(float)
        for name, at in {**BEST, **(best or {})}.items()
    }
    return Lazy(
        cells={(a, m): [cell(a, m)] * 2 for a in scales for m in WIDTHS},
        linear={m: [linear] * 2 for m in WIDTHS},
        gaps={
            a: [Gap(gap(a), gap(a), 1e-3 if a < 1e4 else 0.0)]
            for a in (1.0, 10.0, 1e2, 1e5, 1e6)
        },
        starts={
            i: [replace(as_expected(1, 400), drift=start(i))] for i in (0.1, 1, 10)
        },
        check=CoordinateCheckDisplay(
            widths=CHECKED,
            iterations=np.array([1, 5, 10]),
            changes=changes,
            learning_rates=2.0**octaves,
            losses=losses,
        ),
        name="made up",
    )


def verdict(claim, of):
    return claim.judge(of, "a reading").verdict


@pytest.mark.parametrize("claim", LAZY.claims, ids=lambda c: c.words[:50])
def test_every_claim_holds_of_what_is_expected(claim):
    if claim is LIMIT:
        of = lazy(gap=lambda alpha: 0.1 / alpha)
        assert verdict(claim, of) == HOLDS
        return
    assert verdict(claim, lazy()) == HOLDS


def moved(**figures):
    """Cells with figures that are functions of α, m and what is expected there."""

    def cell(alpha, m):
        usual = as_expected(alpha, m)
        changed = {n: of(alpha, m, getattr(usual, n)) for n, of in figures.items()}
        return replace(usual, **changed)

    return lazy(cell)


CASES = [
    (LARGER, moved(drift=lambda a, m, d: 3e3 if a == 1 else d), TREND),
    (LARGER, moved(drift=lambda a, m, d: a), NOT),
    (LARGER, moved(drift=lambda a, m, d: np.nan if a == 10 else d), NOT),
    (WIDER, moved(drift=lambda a, m, d: m if a == 1 else d), NOT),
    (ONE_SCALE, moved(drift=lambda a, m, d: d * (3 if m == 40 else 1)), TREND),
    (ONE_SCALE, moved(drift=lambda a, m, d: d * (5 if m == 40 else 1)), NOT),
    (ONE_SCALE, moved(drift=lambda a, m, d: d * (5 if a == 10 else 1)), HOLDS),
    (ONE_SCALE, moved(drift=lambda a, m, d: d * (np.nan if m == 40 else 1)), NOT),
    (ONE_STEP, moved(largest_step=lambda a, m, c: c * (3 if m == 40 else 1)), TREND),
    (ONE_STEP, moved(largest_step=lambda a, m, c: 1.0), NOT),
    (OF_LIMIT, lazy(linear=90.0), TREND),
    (OF_LIMIT, lazy(linear=180.0), NOT),
    (BETTER, moved(error=lambda a, m, e: 0.2 - e if m == 40 else e), TREND),
    (BETTER, moved(error=lambda a, m, e: 0.2 - e), NOT),
    (LIMIT, lazy(gap=lambda a: 5.0 / a), TREND),
    (LIMIT, lazy(gap=lambda a: 1e-3), NOT),
    (RATES, lazy(gap=lambda a: 1 / a), TREND),
    (RATES, lazy(gap=lambda a: a), NOT),
    (STARTS, lazy(start=lambda i: 50.0 if i == 1 else 1 / i), TREND),
    (STARTS, lazy(start=lambda i: i), NOT),
    (NTK, lazy(exponents={"ntk": (-0.35, -0.5, 0)}), TREND),
    (NTK, lazy(exponents={"ntk": (0.0, -0.5, 0)}), NOT),
    (MUP, lazy(exponents={"mup": (0.0, -0.15, 0)}), TREND),
    (MUP, lazy(exponents={"mean_field": (-0.5, 0.0, 0)}), NOT),
    (OUTPUTS, lazy(exponents={"ntk": (-0.5, -0.5, 0.15)}), TREND),
    (OUTPUTS, lazy(exponents={"mup": (0.0, 0.0, -0.5)}), NOT),
    (STANDARD, lazy(exponents={"standard": (-0.5, 0.5, 0.85)}), TREND),
    (STANDARD, lazy(exponents={"standard": (-0.5, 0.5, 0.5)}), NOT),
    (MUP_STEP, lazy(best={"mup": (6, 7, 7)}), HOLDS),
    (MUP_STEP, lazy(best={"mup": (6, 7, 8)}), TREND),
    (MEAN_FIELD_STEP, lazy(best={"mean_field": (1, 3, 5)}), NOT),
    (NTK_STEP, lazy(best={"ntk": (9, 3, 5)}), NOT),
    (NO_STEP, lazy(best={"standard": (6, 5, 4)}), TREND),
    (NO_STEP, lazy(best={"standard": (6, 6, 6)}), NOT),
]


@pytest.mark.parametrize(("claim", "of", "expected"), CASES)
def test_what_is_not_as_expected(claim, of, expected):
    assert verdict(claim, of) == expected


def test_a_grid_without_rich_cells_is_not_judged():
    of = lazy(scales=(1.0, 10.0))
    assert verdict(ONE_SCALE, of) == verdict(ONE_STEP, of) == NOT
    assert ONE_SCALE.judge(of, "").ours == "no cell has α √m ≤ 1"


# ------------------------------------------------------------------ what is measured
@pytest.mark.parametrize("name", DATA)
def test_rows_are_of_norm_1_and_apart(name):
    rows = draw(name, 60, 3)
    assert rows.X.shape[0] == len(rows.y) == 60
    assert len(rows.X_test) == len(rows.y_test) > 900
    for X in (rows.X, rows.X_test):
        np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1)
    again = draw(name, 60, 3)
    np.testing.assert_array_equal(rows.X, again.X)
    assert not np.array_equal(rows.X, draw(name, 60, 4).X)


MIXTURE = draw("mixture", 40, 0)


@pytest.mark.parametrize("alpha", [0.01, 1.0, 100.0])
def test_a_step_larger_than_the_largest_is_not_stable(alpha):
    make = partial(plain, width=30, output_scale=alpha, random_state=0)
    c = largest_stable_step(make, MIXTURE, 10)
    assert is_stable(make(learning_rate=c), MIXTURE, 10)
    assert not is_stable(make(learning_rate=2**0.5 * c), MIXTURE, 10)
    assert np.log2(c) * 2 == pytest.approx(round(np.log2(c) * 2))


def test_what_is_never_stable_has_no_largest_step():
    # At a scale like this the smallest step that is tried throws the weights away.
    make = partial(plain, width=30, output_scale=1e-9, random_state=0)
    assert np.isnan(largest_stable_step(make, MIXTURE, 10))


def test_a_cell_is_where_the_loss_is_first_reached():
    make = partial(plain, width=30, output_scale=1.0, random_state=0)
    cell = look(make, MIXTURE, Steps(stable=10, most=400, target=0.3))
    c = min(cell.largest_step / 4, 8)
    here, before = (
        make(
            learning_rate=c,
            max_iter=int(cell.steps) - less,
            diagnostics=("gram_drift",),
        ).fit(*MIXTURE[:2])
        for less in (0, 1)
    )
    assert here.loss_ <= 0.3 < before.loss_
    assert cell.drift == here.gram_drift_
    assert cell.error == 1 - here.score(*MIXTURE[2:])
    never = look(make, MIXTURE, Steps(stable=10, most=8, target=1e-9))
    assert never.largest_step == cell.largest_step
    assert np.isnan([never.drift, never.error, never.steps]).all()


def test_distances_from_the_linearised_network():
    (found,) = gaps(MIXTURE, [3.0], width=30, n_steps=5, seed=1)
    common = {"width": 30, "learning_rate": 1.0, "max_iter": 5, "random_state": 1}
    f = plain(output_scale=3.0, **common).fit(*MIXTURE[:2])
    g = plain(LinearizedReLUClassifier, output_scale=1.0, **common).fit(*MIXTURE[:2])
    for value, X in ((found.train, MIXTURE.X), (found.test, MIXTURE.X_test)):
        of_f, of_g = f.decision_function(X), g.decision_function(X)
        share = np.linalg.norm(of_f - of_g) / np.linalg.norm(of_g)
        assert value == pytest.approx(share)
    assert 0 < found.switched < 0.5


@pytest.mark.parametrize("width", [16, 100])
def test_standard_is_a_module_with_one_step_for_all(width):
    net = PARAMETRIZATIONS["standard"](width)
    net.set_params(max_iter=4, random_state=2, learning_rate=0.1)
    net.fit(*MIXTURE[:2])
    X, y = torch.from_numpy(MIXTURE.X), torch.from_numpy(MIXTURE.y)
    d, k = X.shape[1], len(net.classes_)
    options = {"bias": False, "dtype": torch.float64}
    hidden = torch.nn.Linear(d, width, **options)
    readout = torch.nn.Linear(width, k, **options)
    start = net.initial_weights(), net.initial_readout() / width**0.5
    with torch.no_grad():
        for layer, W in zip((hidden, readout), start, strict=True):
            layer.weight.copy_(torch.from_numpy(W))
    assert start[0].std() == pytest.approx(1, rel=0.1)
    module = torch.nn.Sequential(hidden, torch.nn.ReLU(), readout)
    f0 = module(X).detach()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        cross_entropy(module(X) - f0, y).backward()
        optimizer.step()
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(net.hidden_weights_, hidden.weight.detach(), **close)
    found = net.readout_weights_ / width**0.5
    np.testing.assert_allclose(found, readout.weight.detach(), **close)


def test_a_small_run(tmp_path):
    small = scale(
        data=("mixture",),
        rows=30,
        widths=(10, 20),
        scales=(0.1, 10.0),
        steps={"stable": 5, "most": 80, "target": 1.0},
        limits=(1.0, 1e7),
        limit_steps=3,
        starts=(0.5, 2.0),
        check_widths=(8, 16),
        check_repeats=1,
        check_steps=3,
        octaves=(-2, 0),
        repeats=1,
    )
    experiment = replace(LAZY, quick=small)
    run = Request(
        tmp_path, quick=True, progress=False, tell=lambda _: None, device="cpu"
    )
    assert experiment.reproduce(run)
    claims = json.loads((tmp_path / "claims.json").read_text("utf-8"))["claims"]
    assert [one["claim"] for one in claims] == [claim.words for claim in LAZY.claims]
    assert claims[LAZY.claims.index(LIMIT)]["verdict"] == HOLDS
    drawn = {path.name for path in tmp_path.iterdir()}
    assert {"phase.png", "limit.png", "parametrizations.png"} <= drawn
    text = (tmp_path / "claims.md").read_text("utf-8")
    assert text.count("\n| 0.1 | 10 | 0.316 |") == 1
    assert text.count("\n| linearised | ") == 2
