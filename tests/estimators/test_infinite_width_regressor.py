"""The ensemble of infinitely wide networks: neural-tangents, its formulas, its door."""

import math
from pathlib import Path

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor

from overparam_sk import InfiniteWidthKernel, InfiniteWidthReLURegressor
from overparam_sk.networks import DirectedRows, layer_parts

STORED = np.load(
    Path(__file__).parents[1] / "networks/data/neural_tangents_infinite.npz"
)
TIMES = (0.0, 0.3, 5.0, 1e4, np.inf)
RNG = np.random.default_rng(0)
X, X_NEW = RNG.normal(size=(9, 3)), RNG.normal(size=(6, 3))
y = np.sin(X.sum(axis=1))


def slow(depth, trained, t, *, y=y, weight=None, alpha=0.0, constant=True):
    """Mean and covariance at X_NEW by the formulas of tests/reference.py."""
    rows = np.concatenate([X, X_NEW])
    if constant:
        rows = np.column_stack([rows, np.ones(len(rows))])
    directed = DirectedRows.of(torch.from_numpy(rows))
    parts = [part.numpy() for part in layer_parts(directed, directed, depth)]
    gram = sum(parts[layer - 1] for layer in trained)
    weight = np.ones(len(X)) if weight is None else weight
    covariance = parts[-1]
    return reference.flow_ensemble(
        gram, covariance, len(X), y, t, weight=weight, alpha=alpha
    )


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
@pytest.mark.parametrize(("kind", "layers"), [("nngp", "readout"), ("ntk", "all")])
@pytest.mark.parametrize("noise", ["exact", "noise"])
def test_is_the_ensemble_of_neural_tangents(depth, kind, layers, noise):
    alpha = float(STORED["noise"]) if noise == "noise" else 0.0
    net = InfiniteWidthReLURegressor(
        depth, trained_layers=layers, alpha=alpha, fit_intercept=False
    ).fit(STORED["X"], STORED["y"])
    stored = (STORED[f"{depth}/{kind}/{noise}/{of}"] for of in ("mean", "cov"))
    for t, mean, cov in zip(STORED["times"], *stored, strict=True):
        found, spread = net.predict(STORED["X_new"], return_cov=True, t=t)
        std = net.predict(STORED["X_new"], return_std=True, t=t)[1]
        scale = max(1.0, abs(mean).max())
        np.testing.assert_allclose(found, mean, rtol=0, atol=1e-10 * scale)
        if kind == "ntk" and alpha:  # theirs leaves out the noise that each one sees
            assert (spread[..., 0].diagonal() >= np.diag(cov) - 1e-12).all()
            continue
        for target in range(2):
            allowed = 1e-10 * abs(cov).max()
            np.testing.assert_allclose(spread[..., target], cov, rtol=0, atol=allowed)
            variance = np.diag(cov)
            np.testing.assert_allclose(
                std[:, target] ** 2, variance, rtol=0, atol=allowed
            )


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize(
    ("depth", "layers", "trained"),
    [
        (1, "hidden", (1,)),
        (2, "hidden", (1, 2)),
        (2, "all", (1, 2, 3)),
        (3, "readout", (4,)),
        (3, (2,), (2,)),
        (3, [4, 1], (1, 4)),
    ],
)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_is_the_formula(depth, layers, trained, alpha, t, fit_intercept):
    weight = np.array([1.0, 2.0, 0.5, 1.0, 1.0, 3.0, 1.0, 1.0, 0.1])
    net = InfiniteWidthReLURegressor(
        depth, trained_layers=layers, alpha=alpha, fit_intercept=fit_intercept
    ).fit(X, y, weight)
    expected = slow(
        depth, trained, t, weight=weight, alpha=alpha, constant=fit_intercept
    )
    mean, cov = net.predict(X_NEW, return_cov=True, t=t)
    np.testing.assert_allclose(mean, expected[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(cov, expected[1], rtol=0, atol=1e-9)
    std = net.predict(X_NEW, return_std=True, t=t)[1]
    np.testing.assert_allclose(std**2, np.diag(expected[1]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.05])
@pytest.mark.parametrize("depth", [1, 3])
def test_the_readout_alone_ends_in_the_bayesian_posterior(depth, alpha):
    kernel = InfiniteWidthKernel(
        "deep_relu", depth=depth, part="readout", fit_intercept=True
    )
    process = GaussianProcessRegressor(kernel, optimizer=None)
    process.set_params(alpha=max(alpha, 1e-12))
    expected = process.fit(X, y).predict(X_NEW, return_cov=True)
    net = InfiniteWidthReLURegressor(depth, trained_layers="readout", alpha=alpha)
    found = net.fit(X, y).predict(X_NEW, return_cov=True)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)
    std = process.predict(X_NEW, return_std=True)[1]
    assert net.predict(X_NEW, return_std=True)[1] == pytest.approx(std, abs=1e-7)


def test_the_end_meets_the_targets_and_the_beginning_is_the_prior():
    net = InfiniteWidthReLURegressor(2).fit(X, y)
    mean, std = net.predict(X, return_std=True)
    np.testing.assert_allclose(mean, y, rtol=0, atol=1e-10)
    assert (std < 1e-6).all()
    mean, std = net.predict(X, return_std=True, t=0)
    assert not mean.any()
    lengths = (X**2).sum(axis=1) + 1
    np.testing.assert_allclose(std, np.sqrt(lengths / 4), rtol=1e-14)
    assert net.score(X, y) == pytest.approx(1.0)


def test_time_is_read_when_it_predicts():
    net = InfiniteWidthReLURegressor(time=0.7).fit(X, y)
    early, end = net.predict(X_NEW), net.predict(X_NEW, t=math.inf)
    np.testing.assert_array_equal(early, net.predict(X_NEW, t=0.7))
    assert abs(early - end).max() > 0.1
    for over in (None, math.inf, np.inf):
        np.testing.assert_array_equal(net.set_params(time=over).predict(X_NEW), end)
    # A small step of gradient descent, many times.
    directed = DirectedRows.of(torch.from_numpy(np.column_stack([X, np.ones(9)])))
    K, f = layer_parts(directed, directed, 1)[0].numpy(), np.zeros(9)
    for _ in range(70_000):
        f -= 1e-5 * K @ (f - y)
    np.testing.assert_allclose(net.predict(X, t=0.7), f, atol=1e-4)


@pytest.mark.parametrize("alpha", [0.0, 0.2])
@pytest.mark.parametrize("t", TIMES)
def test_a_weight_is_how_often_a_row_is_given(t, alpha):
    times = np.array([1, 2, 0, 1, 3, 1, 1, 0, 1])
    net = InfiniteWidthReLURegressor(2, alpha=alpha, trained_layers="all")
    weighted = net.fit(X, y, times).predict(X_NEW, return_cov=True, t=t)
    assert len(net.X_fit_) == 7
    repeated = np.repeat(X, times, axis=0), np.repeat(y, times)
    given_often = net.fit(*repeated).predict(X_NEW, return_cov=True, t=t)
    for one, other in zip(weighted, given_often, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)
    assert net.eigenvalues_.shape == (7,)  # of 10 rows


@pytest.mark.parametrize("layers", ["hidden", "all"])
def test_finite_networks_are_such_an_ensemble(layers):
    """200 networks of 500 units, by gradient descent with a step of 1/(10 λ_max).

    Their mean and variance are known up to standard errors; what else they differ by is
    of order 1/m and, for a step η, at most η λ_max / 2e of where the flow has been.
    """
    n_nets, m, rng = 200, 500, np.random.default_rng(1)
    rows = torch.from_numpy(np.column_stack([np.vstack([X, X_NEW]), np.ones(15)]))
    W = torch.from_numpy(rng.standard_normal((n_nets, 4, m)))
    a = torch.from_numpy(rng.standard_normal((n_nets, m, 1)))
    net = InfiniteWidthReLURegressor(trained_layers=layers).fit(X, y)
    step = 0.1 / net.eigenvalues_[0]
    given, targets = rows[:9], torch.from_numpy(y)[:, None]
    done, outputs = 0, {}
    for n_steps in (0, 20, 100):
        for _ in range(n_steps - done):
            H = (given @ W).clamp_min_(0)
            residual = step * m**-0.5 * (H @ a * m**-0.5 - targets)
            D = residual * a.mT * (H > 0)
            if layers == "all":
                a -= H.mT @ residual
            W -= given.T @ D
        done = n_steps
        outputs[n_steps] = ((rows @ W).clamp_min_(0) @ a).squeeze(2) * m**-0.5
    for n_steps, found in outputs.items():
        mean, std = net.predict(rows[:, :3], return_std=True, t=n_steps * step)
        size = abs(y).max() + net.predict(rows[:, :3], True, t=0)[1].max()
        bias = (10 / m + 0.1 / (2 * math.e)) * size
        error = abs(found.mean(dim=0).numpy() - mean)
        assert (error <= 4 * std / n_nets**0.5 + bias).all()
        error = abs(found.var(dim=0).numpy() - std**2)
        assert (error <= 4 * std**2 * (2 / n_nets) ** 0.5 + 2 * std * bias).all()


@pytest.mark.parametrize("layers", ["hidden", "readout"])
def test_rows_that_say_several_things_are_met_by_their_mean(layers):
    twice, said = np.vstack([X, X, -X[:1]]), np.concatenate([y, y + 1, [0.3]])
    for rows in (twice, np.vstack([twice, np.zeros((2, 3))])):
        targets = np.concatenate([said, np.full(len(rows) - len(twice), 9.0)])
        net = InfiniteWidthReLURegressor(1, trained_layers=layers, fit_intercept=False)
        mean, std = net.fit(rows, targets).predict(rows, return_std=True)
        np.testing.assert_allclose(mean[:9], y + 0.5, rtol=0, atol=1e-8)
        assert (std < 1e-5).all()
        assert len(net.eigenvalues_) == 10
        # A row of zeros is 0 for each of them.
        assert not mean[len(twice) :].any()


def test_a_row_twice_as_long_says_twice_as_much():
    """Without an intercept they are collinear features: the kernel is singular."""
    net = InfiniteWidthReLURegressor(3, trained_layers="all", fit_intercept=False)
    net.fit(np.vstack([X, 2 * X]), np.concatenate([y, 2 * y]))
    assert len(net.eigenvalues_) == 9
    mean, std = net.predict(np.vstack([X, -1.5 * X, 7 * X]), return_std=True)
    np.testing.assert_allclose(mean[:9], y, rtol=0, atol=1e-9)
    np.testing.assert_allclose(mean[18:], 7 * y, rtol=0, atol=1e-8)
    assert (std[:9] < 1e-6).all()


@pytest.mark.parametrize("scale", [0.0, 1e-170, 1e-158, 1e-150])
def test_nothing_to_learn_is_said(scale):
    net = InfiniteWidthReLURegressor(fit_intercept=False)
    with pytest.warns(ConvergenceWarning, match="kernel of the rows of X is 0"):
        net.fit(scale * X, y)
    mean, std = net.predict(X, return_std=True)
    assert not mean.any()
    np.testing.assert_allclose(std, np.linalg.norm(X, axis=1) / 2**0.5)


@pytest.mark.parametrize("scale", [1e-140, 1e-100, 1e100, 1e150])
def test_units_are_the_user_s(scale):
    net = InfiniteWidthReLURegressor(2, fit_intercept=False)
    expected = net.fit(X, y).predict(X_NEW, return_std=True)
    found = net.fit(scale * X, y).predict(scale * X_NEW, return_std=True)
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-8)
    np.testing.assert_allclose(found[1], scale * expected[1], atol=1e-7 * scale)
    found = net.fit(X, 1e300 * y).predict(X_NEW)
    np.testing.assert_allclose(found, 1e300 * expected[0], rtol=0, atol=1e292)


@pytest.mark.parametrize("t", [0.5, None])
def test_several_targets_are_each_on_its_own(t):
    both = np.column_stack([y, X[:, 0] ** 2])
    net = InfiniteWidthReLURegressor(2, time=t)
    mean, std = net.fit(X, both).predict(X_NEW, return_std=True)
    cov = net.predict(X_NEW, return_cov=True)[1]
    assert mean.shape == std.shape == (6, 2)
    assert cov.shape == (6, 6, 2)
    for target in range(2):
        alone = net.fit(X, both[:, target]).predict(X_NEW, return_std=True)
        np.testing.assert_allclose(mean[:, target], alone[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(std[:, target], alone[1], rtol=0, atol=1e-12)
        alone = net.predict(X_NEW, return_cov=True)[1]
        np.testing.assert_allclose(cov[..., target], alone, rtol=0, atol=1e-12)
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        column = net.fit(X, both[:, :1]).predict(X_NEW)  # one target, as elsewhere
    np.testing.assert_allclose(column, mean[:, 0], rtol=0, atol=1e-12)


def test_blocks_are_the_whole(monkeypatch):
    net = InfiniteWidthReLURegressor(2, alpha=0.1, time=2.0)
    whole = [net.fit(X, y).predict(X_NEW, return_cov=True)]
    whole.append(net.predict(X_NEW, return_std=True))
    monkeypatch.setattr("overparam_sk.fits.flow_ensemble._BLOCK_ELEMENTS", 1)
    again = [net.fit(X, y).predict(X_NEW, return_cov=True)]
    again.append(net.predict(X_NEW, return_std=True))
    for one, other in zip(sum(whole, ()), sum(again, ()), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_many_rows_are_no_square_matrix():
    """10⁵ of them: 80 GB."""
    many = np.resize(X_NEW, (100_000, 3))
    net = InfiniteWidthReLURegressor().fit(X, y)
    mean, std = net.predict(many, return_std=True)
    few = net.predict(X_NEW, return_std=True)
    np.testing.assert_allclose(mean[-4:], few[0][:4], rtol=0, atol=1e-12)
    np.testing.assert_allclose(std[-4:], few[1][:4], rtol=0, atol=1e-12)
    with pytest.raises(MemoryError, match="covariance of 100000 rows must fit"):
        net.predict(many, return_cov=True)


def test_sparse_rows_and_single_precision_are_computed_in_float64():
    net = InfiniteWidthReLURegressor(2)
    single = X.astype(np.float32)
    expected = net.fit(single.astype(float), y).predict(X_NEW)
    for rows in (single, sparse.csr_array(single.astype(float))):
        found = net.fit(rows, y).predict(sparse.csr_matrix(X_NEW))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    depth=st.integers(1, 4),
    layers=st.sampled_from(["hidden", "all", "readout"]),
    alpha=st.sampled_from([0.0, 0.1]),
    t=st.floats(0, 50),
    seed=st.integers(0, 2**31 - 1),
)
def test_what_must_not_matter(depth, layers, alpha, t, seed):
    """The order of the rows, a rotation of the columns, and a scale with its time."""
    rng = np.random.default_rng(seed)
    net = InfiniteWidthReLURegressor(depth, trained_layers=layers, alpha=alpha)
    net.set_params(fit_intercept=False)
    mean, std = net.fit(X, y).predict(X_NEW, return_std=True, t=t)
    order, Q = rng.permutation(9), np.linalg.qr(rng.normal(size=(3, 3)))[0]
    net.fit(X[order] @ Q, y[order])
    again = net.predict(X_NEW @ Q, return_std=True, t=t)
    np.testing.assert_allclose(again[0], mean, rtol=0, atol=1e-8)
    np.testing.assert_allclose(again[1] ** 2, std**2, rtol=0, atol=1e-8)
    net.set_params(alpha=4 * alpha).fit(2 * X, y)
    again = net.predict(2 * X_NEW, return_std=True, t=t / 4)
    np.testing.assert_allclose(again[0], mean, rtol=0, atol=1e-8)
    np.testing.assert_allclose(again[1] ** 2, 4 * std**2, rtol=0, atol=1e-8)
    later = net.predict(X, return_std=True, t=t + 1)[1]
    if layers == "readout" and not alpha:  # who learns from fewer rows knows less
        assert (later <= net.predict(X, return_std=True, t=t)[1] + 1e-7).all()


def test_before_it_is_fitted_it_predicts_nothing():
    with pytest.raises(NotFittedError):
        InfiniteWidthReLURegressor().predict(X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"depth": 0}, "depth must be an integer from 1 to 512, got 0"),
        ({"trained_layers": (3,)}, r"from 1 to depth \+ 1 = 2, got \(3,\)"),
        ({"trained_layers": ()}, r"from 1 to depth \+ 1 = 2, got \(\)"),
        ({"trained_layers": "first"}, "must be 'hidden' or 'all' or 'readout' or a tu"),
        ({"time": -1}, "time must be None or a number >= 0, got -1"),
        ({"alpha": -1}, "alpha must be a finite number >= 0, got -1"),
    ],
)
def test_parameters_that_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        InfiniteWidthReLURegressor(**parameters).fit(X, y)


def test_what_is_refused_when_it_predicts():
    net = InfiniteWidthReLURegressor().fit(X, y)
    with pytest.raises(ValueError, match="return_cov must be False where return_std"):
        net.predict(X, return_std=True, return_cov=True)
    with pytest.raises(ValueError, match="t must be None or a number >= 0, got nan"):
        net.predict(X, t=np.nan)
    with pytest.raises(ValueError, match="scale X as the training data"):
        net.predict(1e200 * X, return_std=True)
    with pytest.raises(ValueError, match="y must be finite in float64"):
        net.fit(X, np.full(9, 1.7e308))
    with pytest.raises(ValueError, match="kernel of the rows of X must be finite"):
        net.fit(1e200 * X, y)
    assert not hasattr(net, "modes_")
