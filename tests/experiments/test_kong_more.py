"""Beyond Kong's figures: continuous time, constant steps, wide first layers."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from overparam_sk.cli import main
from overparam_sk.experiments import reproductions
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.kong_2019 import first_widths, flow, steps
from overparam_sk.experiments.kong_2019.data import DATA_SETS, DataSet
from overparam_sk.experiments.kong_2019.first_widths import (
    FIRST_WIDTHS,
    FirstWidths,
    Wide,
    fit_wide,
)
from overparam_sk.experiments.kong_2019.flow import FLOW, Pair, follow, in_both
from overparam_sk.experiments.kong_2019.paper import KONG_2019
from overparam_sk.experiments.kong_2019.runs import Measured
from overparam_sk.experiments.kong_2019.steps import STEPS, Descent, Sweep, descend
from overparam_sk.theory import GradientFlow

EXPERIMENTS = {one.names[0]: one for one in (FLOW, STEPS, FIRST_WIDTHS)}
TINY = {
    "k19-flow": {"widths": (6, 12), "repeats": 1, "max_iter": 20},
    "k19-steps": {
        "widths": (10,),
        "repeats": 1,
        "max_iter": 10,
        "ratios": (0.01, 1.0, 1e3),
    },
    "k19-width1": {
        "widths1": (5, 10),
        "width2": 20,
        "repeats": 1,
        "max_iter": 10,
        "data": ("synthetic-50", "MNIST-01"),
    },
}


@pytest.fixture(autouse=True)
def in_order():
    """What a test takes out of the data sets comes back to where it was."""
    kept = dict(DATA_SETS)
    yield
    DATA_SETS.clear()
    DATA_SETS.update(kept)


def forget():
    """Other rows have the same names here."""
    for one in (flow, steps, first_widths):
        one._lambda_0.cache_clear()


def test_they_are_experiments_of_the_paper():
    assert {one.names[0] for one in KONG_2019.experiments} >= set(EXPERIMENTS)


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_the_command_writes_claims_and_a_picture(name, monkeypatch, tmp_path):
    for data in list(DATA_SETS.values()):
        if data.name not in ("synthetic-50", "MNIST-01"):
            monkeypatch.delitem(DATA_SETS, data.name)
            continue

        def load(seed, load=data.load):
            X, y = load(seed)
            return X[::10], y[::10]

        small = DataSet(data.name, data.figure, load)
        monkeypatch.setitem(DATA_SETS, data.name, small)
    forget()
    tiny = replace(EXPERIMENTS[name], quick=TINY[name])
    monkeypatch.setattr(
        reproductions, "PAPERS", [replace(KONG_2019, experiments=(tiny,))]
    )
    assert main(["reproduce", name, "--quick", "--out", str(tmp_path)]) == 0
    forget()
    content = json.loads((tmp_path / "claims.json").read_text("utf-8"))
    data = TINY[name].get("data", tuple(DATA_SETS))
    assert len(content["claims"]) == len(data) * len(tiny.claims)
    assert {claim["reading"] for claim in content["claims"]} == set(data)
    assert all((tmp_path / picture).exists() for picture in tiny.pictures)
    assert "| data |" in (tmp_path / "claims.md").read_text("utf-8")


# --------------------------------------------------------------------- continuous time
def test_descent_and_flow_have_a_start_and_looks_in_common():
    descent, continuous, found = follow("synthetic-50", 20, 0, 3, 200)
    np.testing.assert_array_equal(descent.t, continuous.t)
    np.testing.assert_array_equal(found.t, continuous.t)
    assert descent.history.keys() - continuous.history.keys() == {"score"}
    for name, course in continuous.history.items():
        np.testing.assert_allclose(course[0], descent.history[name][0], atol=1e-12)
    np.testing.assert_allclose(
        continuous.history["loss"], descent.history["loss"], rtol=1e-3
    )
    assert found.change_times is not None
    assert continuous.moves == pytest.approx(descent.moves, rel=0.05)


T = 2e-4 * np.arange(101)


@cache
def a_fit():
    return follow("synthetic-50", 4, 0, 3, 2)[0]


def run(width, **columns):
    """A fit that nobody made."""
    names = ("weight_change", "relative_distance", "activation_change")
    history = {
        "iteration": np.arange(101),
        "loss": 3.0 * np.exp(-2.0 * T),
        "gram_lambda_min": np.ones(101),
        "dead_samples": np.zeros(101),
        **{f"{name}_{i}": 10 * T / width for name in names for i in (1, 2)},
    }
    about = {"data": "made up", "width": width, "lambda_0": 1.0}
    return replace(a_fit(), history=history | columns, **about)


def gone(error=0.0):
    return GradientFlow(*[np.zeros(0)] * 5, error, None, 0, 0, 0)


def pair(descents, continuous):
    return Pair(
        Measured("made up", descents, []),
        Measured("made up", continuous, []),
        [gone() for _ in descents],
    )


def test_a_step_is_small_where_the_losses_are_the_same():
    near = run(10)
    far = run(10, loss=near.history["loss"] * np.linspace(1, 1.2, 101))
    claim = flow.step_is_small
    assert claim.judge(pair([near], [near]), "data").verdict == HOLDS
    assert claim.judge(pair([far], [near]), "data").verdict == NOT
    many = pair([far, *[near] * 9], [near] * 10)
    assert claim.judge(many, "data").verdict == TREND


@pytest.mark.parametrize("claim", flow.CLAIMS[1:], ids=lambda one: one.words[-60:])
def test_every_verdict_is_compared(claim):
    same = pair([run(10), run(20)], [run(10), run(20)])
    found = claim.judge(same, "data")
    assert found.verdict == HOLDS
    assert found.ours.startswith("gradient descent: ")


def test_another_verdict_in_continuous_time_is_told():
    falls, rises = run(10), run(10, loss=np.full(101, 3.0))
    claim = in_both(flow._ON_COURSES[0])
    found = claim.judge(pair([falls], [rises]), "data")
    assert found.verdict == NOT
    assert found.ours.startswith(f"gradient descent: {HOLDS}")
    assert f"flow: {NOT}" in found.ours


# ----------------------------------------------------------------------- constant step
def descent(ratio, loss, diverged=False):
    losses = np.array(loss, dtype=float)
    return Descent(10, ratio, 0.1, 1.0, losses, diverged, False, 1.0)


FALLS = [1.0, 0.5, 0.25]
CLIMBS = [1.0, 2.0, 0.5]
CREEPS = [1.0, 0.99, 0.98]


@pytest.mark.parametrize(
    ("claim", "fits", "verdict"),
    [
        (steps.falls, [(1, FALLS), (2, FALLS), (3, CLIMBS)], HOLDS),
        (steps.falls, [(1, FALLS), (2, CLIMBS)], TREND),
        (steps.falls, [(1, CLIMBS), (2, FALLS)], NOT),
        (steps.keeps_bound, [(1, FALLS), (2, FALLS), (3, CREEPS)], HOLDS),
        (steps.keeps_bound, [(1, FALLS), (2, CREEPS)], TREND),
        (steps.keeps_bound, [(1, CREEPS)], NOT),
        (steps.ends_at_two, [(1, FALLS), (3, [1.0, 2.0])], HOLDS),
        (steps.ends_at_two, [(1, FALLS), (3, CLIMBS)], TREND),
        (steps.ends_at_two, [(1, [1.0, 2.0])], NOT),
    ],
)
def test_the_rules_for_steps(claim, fits, verdict):
    sweep = Sweep("made up", [descent(*one) for one in fits])
    assert claim.judge(sweep, "data").verdict == verdict


def test_what_diverged_keeps_nothing():
    one = descent(1.0, [1.0], diverged=True)
    assert not one.falls
    assert not one.keeps_bound
    assert not one.rises_first
    assert one.end == np.inf
    climbing = descent(3.0, CLIMBS)
    assert climbing.rises_first
    assert climbing.end == 0.5


def test_a_descent_has_its_step_and_says_when_it_diverges():
    found = descend("synthetic-50", 20, 3, 0.1, 10)
    assert len(found.loss) == 11
    assert found.falls
    assert found.keeps_bound
    assert descend("MNIST-01", 20, 3, 1e4, 10).diverged


# -------------------------------------------------------------------- wide first layer
def wide(width1, *, rate=2.0, start=1.0, change=0.1):
    at = np.array([0, 10])
    changes = ("relative_distance", "activation_change")
    history = {
        "iteration": at,
        "loss": 3 * np.exp(-rate * 2e-4 * at),
        "gram_lambda_min": np.full(2, start),
        **{f"{name}_{i}": np.full(2, change) for name in changes for i in (1, 2)},
    }
    return Wide(width1, 100, 1.0, history)


KEEPS, BREAKS = {}, {"rate": 0.5, "start": 0.5}


@pytest.mark.parametrize("claim", first_widths.CLAIMS[:2])
@pytest.mark.parametrize(
    ("at_5", "at_50", "verdict"),
    [(KEEPS, KEEPS, HOLDS), (BREAKS, KEEPS, TREND), (KEEPS, BREAKS, NOT)],
)
def test_the_rules_by_first_width(claim, at_5, at_50, verdict):
    made = FirstWidths("made up", [wide(5, **at_5), wide(50, **at_50)])
    assert claim.judge(made, "data").verdict == verdict


@pytest.mark.parametrize("claim", first_widths.CLAIMS[2:])
def test_changes_fall_with_the_first_width(claim):
    falling = [wide(5, change=0.3), wide(50, change=0.2), wide(500, change=0.1)]
    for runs, verdict in (
        (falling, HOLDS),
        ([falling[0], wide(50, change=0.4), falling[2]], TREND),
        ([falling[0], wide(50, change=0.5)], NOT),
    ):
        assert claim.judge(FirstWidths("made up", runs), "data").verdict == verdict


def test_a_wide_fit_has_its_own_limit():
    narrow, broad = (fit_wide("synthetic-50", width1, 30, 3, 10) for width1 in (5, 50))
    assert len(broad.history["iteration"]) == 11
    assert broad.lambda_0 < narrow.lambda_0
    assert broad.start > narrow.start
