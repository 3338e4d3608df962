"""However long a step is, a fit has learnt, or says that it has not."""

import warnings

import numpy as np
import pytest
from estimators.small_nets import ALL, linearized_both, scaled
from sklearn.exceptions import ConvergenceWarning

from overparam_sk import DivergenceError
from overparam_sk.datasets import make_unit_sphere

rng = np.random.default_rng(0)
rows = rng.normal(size=(24, 3))
TARGETS = {
    "classes": np.arange(24) % 2,
    "overlapping": (rows[:, 0] + rng.normal(size=24) > 0).astype(int),
}
DATA = {
    "standardised": rows,
    "raw": 5 + 2 * rows,
    "small": 1e-2 * rows,
    "sphere": make_unit_sphere(24, 3, random_state=0)[0],
    "one column": 3 + rows[:, :1],
}
STEPS = [10.0**power for power in (-1, 0, 1, 2, 3, 4, 6, 8, 12, 20, 30, 38)]
OFTEN = {"max_iter": 30, "record_every": 10}


def of_batches(make, size):
    return {"batch_size": size} if hasattr(make(), "batch_size") else {}


def ended(net, *data):
    """The loss, and whether something was said; None where it has diverged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            net.fit(*data)
        except DivergenceError:
            return None
    said = any(w.category is ConvergenceWarning for w in caught)
    return net.loss_, said, net.history_["loss"]


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize("X", DATA.values(), ids=DATA)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_fit_has_learnt_or_says_so(make, X, dtype):
    batch = of_batches(make, 8)
    for y in TARGETS.values():
        for step in STEPS:
            if step > np.finfo(dtype).max:
                continue
            net = make(learning_rate=step, **batch, **OFTEN)
            end = ended(net, X.astype(dtype), y)
            if end is not None:
                _, said, course = end
                assert said or course[-1] <= 1.001 * course[0], (step, end)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize("record_every", ["auto", None, (7,)])
def test_a_loss_above_its_start_is_said_whatever_is_recorded(make, record_every):
    """Rows that no network can tell apart: long steps only jump about."""
    X, y = np.ones((24, 2)), np.arange(24) % 2
    X[:, 0] += 0.01 * rng.normal(size=24)
    batch = of_batches(make, 7)
    silent, ends = [], set()
    for step in (1e-3, *STEPS):
        net = make(learning_rate=step, record_every=record_every, max_iter=30, **batch)
        end = ended(net, X, y)
        ends.add("diverged" if end is None else end[1])
        if end is not None and not end[1]:
            silent.append(step)
    assert ends & {"diverged", True}
    assert 1e-3 in silent


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_long_step_that_ends_below_its_start_is_silent(make):
    """As the papers' are."""
    batch = of_batches(make, 24)
    step = 100.0 if batch else 0.1
    if make in (scaled, linearized_both):  # 0 at the start: less is below its loss
        step = 5.0
    net = make(learning_rate=step, max_iter=100, **batch)
    _, said, course = ended(net, rows, TARGETS["classes"])
    assert course[-1] < course[0]
    assert not said
