"""The regressor with nothing set: it ends before noise is fitted, and not before."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_friedman1, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import scale

from overparam_sk import TwoHiddenReLURegressor

random = np.random.RandomState


def noisy(y, share, seed=0):
    return y + share * y.std() * random(seed).normal(size=len(y))


def regression(noise):
    X, y = make_regression(600 if noise else 240, 20, n_informative=10, random_state=0)
    return X, noisy(y, noise)


def wave(noise):
    X = random(0).uniform(-1, 1, (240, 2))
    return X, noisy(np.sin(3 * X[:, 0]) * np.cos(2 * X[:, 1]), noise)


NOISY = {
    "friedman1": make_friedman1(600, noise=5.0, random_state=0),
    "linear": regression(1.0),
    "noise alone": (random(0).normal(size=(600, 8)), random(1).normal(size=600)),
}
SMOOTH = {
    "friedman1": make_friedman1(240, random_state=0),
    "linear": regression(0.0),
    "wave": wave(0.0),
    "wide": make_regression(120, 50, n_informative=50, random_state=0),
}


def scores(X, y, **parameters):
    """R² on the other half, and steps."""
    X, y = scale(X), scale(y)
    half, found = len(y) // 2, []
    for seed in range(2):
        net = TwoHiddenReLURegressor(
            width2=200, random_state=seed, diagnostics=None, **parameters
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(X[:half], y[:half])
        found.append((net.score(X[half:], y[half:]), net.n_iter_))
    return np.mean(found, axis=0)


@pytest.mark.parametrize("data", NOISY.values(), ids=NOISY)
def test_noise_is_not_fitted(data):
    here, steps = scores(*data)
    assert here > scores(*data, n_iter_no_change=None)[0] + 0.05
    assert steps < 1000


@pytest.mark.parametrize("data", SMOOTH.values(), ids=SMOOTH)
def test_where_there_is_no_noise_nothing_is_lost(data):
    assert scores(*data)[0] > scores(*data, n_iter_no_change=None)[0] - 0.01


def test_rows_that_are_given_twice_count_twice():
    X, y = scale(NOISY["friedman1"][0]), scale(NOISY["friedman1"][1])
    weights = random(0).randint(1, 3, 600)
    net = TwoHiddenReLURegressor(width2=60, random_state=0)
    weighted = net.fit(X, y, weights)
    predicted, steps = weighted.predict(X), weighted.n_iter_
    net.fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    assert net.n_iter_ == steps < 1000
    np.testing.assert_allclose(net.predict(X), predicted, rtol=1e-6, atol=1e-8)


def test_weights_that_are_no_counts_are_factors():
    X, y = scale(NOISY["friedman1"][0]), scale(NOISY["friedman1"][1])
    steps = [
        TwoHiddenReLURegressor(width2=60, random_state=0)
        .fit(X, y, np.full(len(y), factor))
        .n_iter_
        for factor in (1.0, 0.3, 3e-5)
    ]
    assert len(set(steps)) == 1
    assert steps[0] < 1000


@pytest.mark.parametrize("raw_y", [False, True])
def test_raw_columns_are_fitted_or_said_to_be_raw(raw_y):
    rng = random(0)
    X = rng.normal(size=(200, 6)) * [1, 15, 30, 1, 0.5, 12] + [50, 95, 190, 4, 4, 90]
    y = X @ [3, 1, 0.2, -5, 40, 0.3] + 30 * rng.normal(size=200)
    y = y if raw_y else scale(y)
    linear = LinearRegression().fit(X, y).score(X, y)
    for seed in range(3):
        net = TwoHiddenReLURegressor(random_state=seed, diagnostics=None)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            net.fit(X, y)
        as_good = net.score(X, y) > linear - 0.1
        said = [str(w.message) for w in caught if w.category is ConvergenceWarning]
        assert as_good or any("Scale X" in message for message in said)
