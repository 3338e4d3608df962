"""Lemma 5.1, the data's structure and the start's scale: the rules, and small runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from overparam_sk import OverparamReLUClassifier
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, UNTESTED
from overparam_sk.experiments.li_liang_2018.coupling import COUPLING, Coupled
from overparam_sk.experiments.li_liang_2018.figures_4_and_5 import AS_VARIANCE
from overparam_sk.experiments.li_liang_2018.first_crossing import (
    FirstCrossing,
    FirstCrossingAsVariance,
    crossing_figures,
)
from overparam_sk.experiments.li_liang_2018.start_scale import (
    START_SCALE,
    Started,
    Starts,
)
from overparam_sk.experiments.li_liang_2018.structure import STRUCTURE, Learnt, Swept
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.reproductions import named_experiments
from overparam_sk.experiments.verdicts import VERDICTS


def verdicts_of(claims, measured):
    return [claim.judge(measured, "").verdict for claim in claims]


def coupled(share, after=0.6, rows=20, norm_error=0.0):
    return Coupled(rows, norm_error, {0.1: 0.9 + share, 0.5: 0.5 + share}, after, 0.1)


@pytest.mark.parametrize(
    ("small", "large", "expected"),
    [
        ({"share": 0.01}, {"share": 0.0}, [HOLDS, HOLDS]),
        ({"share": -0.01, "after": 0.4}, {"share": 0.0}, [TREND, TREND]),
        ({"share": 0.01}, {"share": -0.01, "after": 0.5}, [NOT, NOT]),
        # Other rows than the lemma's.
        ({"share": 0.0, "rows": 1000}, {"share": 0.0}, [UNTESTED, HOLDS]),
        ({"share": 0.0, "norm_error": 0.1}, {"share": 0.0}, [UNTESTED, HOLDS]),
    ],
)
def test_the_rules_of_lemma_5_1(small, large, expected):
    fits = {10: [coupled(**small)], 20: [coupled(**large)]}
    assert verdicts_of(COUPLING.claims, fits) == expected


def learnt(steps=10.0, change=0.1, distance=1.0, rank=20.0, lambda_=0.05):
    return Learnt(1.0, lambda_, steps, change, distance, rank)


def swept(d=(10.0, 10.0), **others):
    rising = {2: [learnt(1, 0.1, 1, 1)], 4: [learnt(2, 0.1, 2, 2)]}
    of_d = {10**i: [learnt(s, **others)] for i, s in enumerate(d)}
    return Swept({"d": of_d, "k": rising, "l": rising})


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (swept(), [HOLDS] * 9),
        (swept((10.0, 14.0)), [HOLDS] * 9),
        (swept((10.0, 29.0)), [TREND, *[HOLDS] * 8]),
        (swept((10.0, 31.0)), [NOT, *[HOLDS] * 8]),
        (swept((10.0, np.nan)), [NOT, *[HOLDS] * 8]),
        (swept(lambda_=0.07), [*[UNTESTED] * 3, *[HOLDS] * 6]),
    ],
)
def test_the_rules_of_structure(made, expected):
    assert verdicts_of(STRUCTURE.claims, made) == expected


def test_structure_that_costs_less_is_not_what_the_paper_says():
    falling = {2: [learnt(2, 0.1, 2, 2)], 4: [learnt(1, 0.1, 1, 1)]}
    made = Swept({"d": swept().by["d"], "k": falling, "l": falling})
    assert verdicts_of(STRUCTURE.claims, made) == [*[HOLDS] * 3, *[NOT] * 6]


def starts(small, usual, large, fixed=(10.0, 40.0), other_width=10.0):
    def fit(steps):
        return [Started(steps, 1.0, 1.0)]

    by_scale = {
        0.1: {10: fit(small), 20: fit(small)},
        1.0: {10: fit(other_width), 20: fit(usual)},
        9.0: {10: fit(large), 20: fit(large)},
    }
    return Starts(by_scale, dict(zip((10, 20), map(fit, fixed), strict=True)))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (starts(30, 10, np.nan), [HOLDS, HOLDS]),
        (starts(29, 10, 30), [TREND, HOLDS]),
        (starts(29, 10, 29), [NOT, HOLDS]),
        (starts(np.nan, np.nan, np.nan), [NOT, NOT]),
        (starts(30, 10, 30, fixed=(10.0, 10.0)), [HOLDS, NOT]),
        (starts(60, 20, 60), [HOLDS, TREND]),
    ],
)
def test_the_rules_of_the_starts_scale(made, expected):
    assert verdicts_of(START_SCALE.claims, made) == expected


@pytest.mark.parametrize("width", [40, 81])
def test_the_variance_reading_is_plain_gradient_descent_from_its_start(width):
    """W(0) of variance 1/√m, and the step c/m: as a loop over W itself has it."""
    random = np.random.default_rng(width)
    X = random.normal(size=(24, 6)).astype(np.float32)
    y = np.arange(24) % 3
    options = {"learning_rate": 2.0, "batch_size": 24, "max_iter": 12}
    net = OverparamReLUClassifier(
        width, fit_intercept=False, device="cpu", random_state=3, **options
    )
    found = FirstCrossingAsVariance(net, 2.0, 4).fit(X, y, X, y)  # never reached
    usual = net.fit(X, y)
    A = usual.readout_weights_.astype(float)
    start = usual.initial_weights().astype(float) * width**0.25
    assert start.var() == pytest.approx(width**-0.5, rel=0.3)
    W = start.copy()
    for _ in range(12):
        Z = X @ W.T
        residual = softmax(np.maximum(Z, 0) @ A.T, axis=1) - np.eye(3)[y]
        W -= 2.0 / width * ((residual @ A) * (Z > 0)).T @ X / len(X)
    distance = np.linalg.norm(W - start) / np.linalg.norm(start)
    assert found.final_constant_ == pytest.approx(distance * width**0.5, rel=1e-4)
    outputs = np.maximum(X @ W.T, 0) @ A.T
    assert (found.predict(X) == outputs.argmax(axis=1)).all()
    accuracy = crossing_figures(found, X, y)["accuracy"]
    assert accuracy == (outputs.argmax(axis=1) == y).mean()
    of_a3 = FirstCrossing(net, 2.0, 4).fit(X, y, X, y)
    assert abs(of_a3.final_constant_ / found.final_constant_ - 1) > 0.1


SMALL = {
    "ll18-coupling": (COUPLING, {"widths": (30, 60), "repeats": 1}),
    "ll18-structure": (
        STRUCTURE,
        {"d": (20, 40), "k": (2, 3), "l": (1, 2), "width": 60, "n_samples": 60}
        | {"repeats": 1, "max_iter": 40, "every": 20},
    ),
    "ll18-scale": (
        START_SCALE,
        {"scales": (0.1, 1.0), "widths": (30, 60), "repeats": 1, "every": 200},
    ),
    "ll18-variance": (
        AS_VARIANCE,
        {"synthetic": {"widths": (30, 60), "repeats": 1, "max_iter": 20, "every": 10}},
    ),
}


@pytest.mark.parametrize("name", SMALL)
def test_they_run_small(tmp_path, name):
    experiment, amounts = SMALL[name]
    if name == "ll18-variance":
        amounts["synthetic"]["limit"] = False
    small = replace(experiment, quick=amounts)
    asked = Request(tmp_path, quick=True, device="cpu", progress=False)
    assert small.reproduce(replace(asked, tell=lambda line: None))
    content = json.loads((tmp_path / "claims.json").read_text("utf-8"))
    assert {claim["verdict"] for claim in content["claims"]} <= set(VERDICTS)
    assert len({c["claim"] for c in content["claims"]}) == len(experiment.claims)
    for picture in experiment.pictures:
        assert (tmp_path / picture).exists()
    assert named_experiments()[name] is experiment
