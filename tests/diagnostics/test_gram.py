"""The Gram matrix of both networks against the Jacobian of torch.func, in float64."""

import re
import subprocess
import sys

import numpy as np
import pytest
import reference
import torch
from estimators.small_nets import WITH_WEIGHTS
from estimators.small_nets import X as SMALL_X
from estimators.small_nets import y as small_y
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from overparam_sk import (
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.diagnostics import gram_lambda_min, gram_matrix, gram_spectrum
from overparam_sk.networks import initial_signed_layers


def first_layer(rng, n, d, m, k=3):
    params = rng.normal(size=(m, d)), rng.normal(size=(k, m))
    return params, rng.normal(size=(n, d))


def two_hidden(rng, n, d, m):
    params = (
        rng.normal(size=(4, d)),
        rng.normal(size=(m, 4)),
        rng.choice([-1.0, 1.0], size=m),
    )
    return params, rng.normal(size=(n, d))


def slow_gram(params, X):
    tensors = [torch.from_numpy(part) for part in (*params, X)]
    if len(params) == 2:
        return reference.jacobian_gram(*tensors).numpy()
    return sum(reference.two_hidden_gram_parts(*tensors)).numpy()


NETWORKS = {"li_liang_2018": first_layer, "kong_2019": two_hidden}


@settings(deadline=None, max_examples=30)
@given(
    name=st.sampled_from(sorted(NETWORKS)),
    n=st.integers(1, 12),
    d=st.integers(1, 8),
    m=st.integers(1, 40),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_gram_matrix_is_the_jacobians(name, n, d, m, seed):
    params, X = NETWORKS[name](np.random.default_rng(seed), n, d, m)
    expected = slow_gram(params, X)
    H = gram_matrix(params, X)
    assert H.dtype == np.float64
    scale = max(1.0, abs(expected).max())
    np.testing.assert_allclose(H, expected, rtol=1e-12, atol=1e-12 * scale)
    np.testing.assert_allclose(
        gram_matrix(params, sparse.csr_array(X)), H, rtol=1e-12, atol=1e-12 * scale
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_few_units_at_a_time_add_up(name, monkeypatch):
    params, X = NETWORKS[name](np.random.default_rng(0), 9, 5, 70)
    whole = gram_matrix(params, X)
    monkeypatch.setattr("overparam_sk.diagnostics.gram._BLOCK_ELEMENTS", 100)
    np.testing.assert_allclose(gram_matrix(params, X), whole, rtol=1e-12)


def test_full_keeps_the_outputs_apart():
    (W, a), X = first_layer(np.random.default_rng(1), 6, 4, 30)
    full = gram_matrix((W, a), X, which="full")
    jacobian = torch.func.jacrev(
        lambda V: torch.relu(torch.from_numpy(X) @ V.T) @ torch.from_numpy(a).T
    )(torch.from_numpy(W))
    J = jacobian.reshape(6 * 3, -1).numpy()  # rows in the order (sample, output)
    np.testing.assert_allclose(full, J @ J.T / 30, rtol=1e-12, atol=1e-12)
    blocks = full.reshape(6, 3, 6, 3)
    mean = np.einsum("sitj,ij->st", blocks, np.eye(3)) / 3
    np.testing.assert_allclose(gram_matrix((W, a), X), mean, rtol=1e-12)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(
    "make",
    [lambda **o: OverparamReLUClassifier(30, **o), TwoHiddenReLURegressor],
    ids=["classifier", "regressor"],
)
def test_a_fitted_estimator_gives_its_own_figure(make, fit_intercept):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(25, 6)), np.arange(25) % 3
    options = {"max_iter": 20, "n_iter_no_change": None, "random_state": 0}
    net = make(fit_intercept=fit_intercept, **options).fit(X, y)
    assert gram_lambda_min(net, X) == pytest.approx(
        net.gram_lambda_min_, rel=1e-8, abs=1e-14
    )
    if not fit_intercept:
        params = [v for k, v in sorted(vars(net).items()) if "weights_" in k]
        if hasattr(net, "readout_signs_"):
            params.append(net.readout_signs_)
        np.testing.assert_allclose(gram_matrix(tuple(params), X), gram_matrix(net, X))


@pytest.mark.parametrize("name", NETWORKS)
def test_rank_deficiency_is_exactly_zero(name):
    params, X = NETWORKS[name](np.random.default_rng(3), 20, 30, 400)
    X = X[np.diag(gram_matrix(params, X)) > 0]
    assert len(X) > 10
    assert gram_lambda_min(params, X) > 0
    repeated = np.vstack([X, X[:1]])
    assert gram_lambda_min(params, repeated) == 0.0
    narrow, X = NETWORKS[name](np.random.default_rng(3), 20, 2, 3)
    assert gram_lambda_min(narrow, X) == 0.0  # 20 rows, at most 20 parameters


def test_a_dead_row_explains_the_zero():
    X = np.random.default_rng(0).normal(size=(60, 10))
    y = X[:, 0]
    net = TwoHiddenReLURegressor(
        max_iter=5, learning_rate=1e-4, fit_intercept=False, random_state=0
    ).fit(X, y)
    dead = (X @ net.first_weights_.T <= 0).all(axis=1)
    assert net.dead_samples_ == dead.sum() > 0
    assert net.gram_lambda_min_ == 0.0
    assert gram_lambda_min(net, X[~dead]) > 0


def test_wrong_arguments_are_named():
    params, X = first_layer(np.random.default_rng(0), 5, 4, 6)
    with pytest.raises(ValueError, match="which must be 'mean' or 'full', got 'sum'"):
        gram_matrix(params, X, which="sum")
    with pytest.raises(ValueError, match=re.escape("4), as the weights have, got (5,")):
        gram_matrix(params, X[:, :3])
    with pytest.raises(ValueError, match=r"got arrays of shapes \[\(6, 4\), \(6, 4\)"):
        gram_matrix((params[0], params[0]), X)
    with pytest.raises(ValueError, match="must be a fitted OverparamReLUClassifier"):
        gram_matrix(OverparamReLUClassifier(), X)
    with pytest.raises(ValueError, match=r"X must be .* finite numbers, got NaN"):
        gram_matrix(params, X * np.nan)


def test_a_matrix_larger_than_the_memory_is_refused_before_it_is_allocated():
    (W, a), _ = first_layer(np.random.default_rng(0), 1, 1, 2)
    with pytest.raises(MemoryError, match=r"got 32(,\d+){4} bytes .* pass fewer"):
        gram_matrix((W, a), np.ones((1_000_000, 1)))


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
@pytest.mark.parametrize("name", NETWORKS)
def test_memory_is_a_few_matrices_and_one_block(name):
    program = """
import resource, sys, numpy as np
from overparam_sk.diagnostics import gram_matrix
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
rng = np.random.default_rng(0)
n, m, d = 1500, 40_000, 30
X = rng.normal(size=(n, d))
def network(m):
    if sys.argv[1] == "li_liang_2018":
        return rng.normal(size=(m, d)), rng.normal(size=(2, m))
    return rng.normal(size=(5, d)), rng.normal(size=(m, 5)), np.ones(m)
gram_matrix(network(50), X[:50])
params = network(m)
before = peak()
gram_matrix(params, X)
print(peak() - before)
"""
    run = subprocess.run(
        [sys.executable, "-c", program, name],
        capture_output=True,
        text=True,
        check=True,
    )
    block, matrix = 8 * 2**23, 8 * 1500**2
    # All pre-activations would be 480 MB, the Jacobian 28 GB.
    assert float(run.stdout) < 4 * matrix + 3 * block + 30e6


def test_the_device_is_resolved_as_the_estimators_do():
    W, a, X = np.eye(3), np.ones((2, 3)), np.eye(3)
    auto = gram_matrix((W, a), X, device="auto")
    np.testing.assert_allclose(auto, gram_matrix((W, a), X), rtol=1e-12)
    with pytest.raises(ValueError, match="device must name a device of this machine"):
        gram_matrix((W, a), X, device="cuda:99")
    with pytest.raises(ValueError, match=r"device must be 'auto', .*, got 'gpu'"):
        gram_matrix((W, a), X, device="gpu")


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_gram_matrix_of_frozen_patterns_is_that_of_the_initialisation(
    fit_intercept,
):
    X = np.random.default_rng(0).normal(size=(12, 4))
    y = np.arange(12) % 3
    options = {"fit_intercept": fit_intercept, "random_state": 0, "learning_rate": 5.0}
    g = LinearizedReLUClassifier(50, max_iter=50, n_iter_no_change=None, **options).fit(
        X, y
    )
    f = OverparamReLUClassifier(50, max_iter=1, n_iter_no_change=None, **options).fit(
        X, y
    )
    W0 = g.gate_weights()
    augmented = np.column_stack([X, np.ones(12)]) if fit_intercept else X
    expected = gram_matrix((W0, g.readout_weights_), augmented)
    np.testing.assert_allclose(gram_matrix(g, X), expected)
    assert g.gram_lambda_min_ == pytest.approx(np.linalg.eigvalsh(expected)[0])
    assert g.history_["gram_lambda_min"][-1] == pytest.approx(g.gram_lambda_min_)
    assert np.abs(gram_matrix(f, X) - expected).max() > 0


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("which", ["mean", "full"])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_parts_of_the_layers_add_up(name, which, initial):
    net = WITH_WEIGHTS[name]().fit(SMALL_X, small_y)
    options = {"which": which, "initial": initial}
    parts, layers = [], net.gram_source.n_layers
    for layer in range(1, layers + 1):
        parts.append(gram_matrix(net, SMALL_X, layer=layer, **options))
        values = gram_spectrum(net, SMALL_X, layer=layer, **options)
        np.testing.assert_allclose(values.sum(), np.trace(parts[-1]))
        assert gram_lambda_min(net, SMALL_X, layer=layer, **options) == values[-1]
    whole = gram_matrix(net, SMALL_X, **options)
    np.testing.assert_allclose(sum(parts), whole, rtol=1e-12, atol=1e-13)
    with pytest.raises(ValueError, match=rf"layer must be at most {layers}, .* got 9"):
        gram_matrix(net, SMALL_X, layer=9)


@pytest.mark.parametrize("widths", [(6,), (3, 8), (4, 3, 7)], ids=str)
@pytest.mark.parametrize("k", [None, 2])
def test_layers_and_signs_are_a_network(widths, k):
    layers, w = initial_signed_layers(
        0, widths, 4, k, row_norm=None, dtype=torch.double
    )
    if len(widths) == 1 and k:
        return  # (W, a) is Li and Liang's
    X = torch.randn(9, 4, dtype=torch.double)
    given = tuple(part.numpy() for part in (*layers, w))
    slow = reference.deep_gram_parts(layers, w, X)
    close = {"rtol": 1e-11, "atol": 1e-13}
    np.testing.assert_allclose(gram_matrix(given, X.numpy()), sum(slow), **close)
    full = gram_matrix(given, X.numpy(), which="full")
    expected = sum(reference.deep_gram_parts(layers, w, X, "full"))
    np.testing.assert_allclose(full, expected, **close)
    last = gram_matrix(given, X.numpy(), layer=len(widths))
    np.testing.assert_allclose(last, slow[-1], **close)


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [(3,)],
        [(3, 2)],
        [(3, 2), (4,)],
        [(3, 2), (4, 2), (4,)],
        [(3, 2), (4, 3), (5, 3), (5,)],
        [(3, 2), (3,), (3,)],
    ],
    ids=str,
)
def test_weights_that_are_no_network_are_refused(shapes):
    with pytest.raises(ValueError, match="estimator_or_params must be a fitted"):
        gram_matrix(tuple(np.ones(shape) for shape in shapes), np.ones((2, 2)))
