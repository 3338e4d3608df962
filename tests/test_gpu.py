"""The same code on CUDA; ``benchmarks/gpu.py`` runs these on a bare GPU machine."""

import pickle

import numpy as np
import pytest
import torch
from reference import plain_sgd
from scipy import sparse
from sklearn.base import clone

from overparam_sk import (
    DeepReLUClassifier,
    DeepReLURegressor,
    DivergenceError,
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import gram_matrix
from overparam_sk.networks import LiLiang2018, initial_weights, readout_weights
from overparam_sk.rows import as_rows
from overparam_sk.training import MinibatchStream, SStepSGD

pytestmark = pytest.mark.gpu

FAST = {
    "width": 300,
    "max_iter": 100,
    "n_iter_no_change": None,
    "batch_size": 16,
    "random_state": 0,
}


def problem():
    return make_clustered_mixture(300, 50, n_classes=4, random_state=0)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("block_rows", [1, 48, 256, 10**6])
@pytest.mark.parametrize("B", [1, 16, 64])
def test_engine_has_the_iterates_of_plain_sgd_on_the_cpu(B, block_rows, momentum):
    X, y = (torch.from_numpy(array) for array in problem())
    W = initial_weights(0, 300, 50, dtype=torch.float64)
    a = readout_weights(0, 4, 300, dtype=torch.float64)
    batches = MinibatchStream(300, B, seed=7).take(41).view(41, B)
    expected = plain_sgd(W, a, X, y, batches, step=0.01, momentum=momentum)
    device = torch.device("cuda")
    trainer = SStepSGD(
        LiLiang2018(a.to(device)),
        W.to(device),
        as_rows(X.numpy(), constant=False, dtype=X.dtype, device=device),
        y,
        4,
        torch.ones(300, dtype=X.dtype, device=device),
        MinibatchStream(300, B, seed=7),
        step=0.01,
        block_rows=block_rows,
        momentum=momentum,
    )
    trainer.advance(41)
    error = (trainer.W.cpu() - expected).norm() / (expected - W).norm()
    assert float(error) <= 1e-10


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_fit_is_that_of_the_cpu(container):
    X, y = problem()
    there = OverparamReLUClassifier(**FAST, device="cuda").fit(container(X), y)
    here = OverparamReLUClassifier(**FAST, device="cpu").fit(X, y)
    assert there.device_ == "cuda"
    np.testing.assert_array_equal(there.initial_weights(), here.initial_weights())
    np.testing.assert_allclose(there.hidden_weights_, here.hidden_weights_, atol=1e-9)
    np.testing.assert_allclose(there.decision_function(X), here.decision_function(X))
    for name in ("activation_change_", "relative_distance_", "gram_lambda_min_"):
        assert getattr(there, name) == pytest.approx(getattr(here, name))
    for name, column in here.history_.items():
        np.testing.assert_allclose(there.history_[name], column, rtol=1e-6, atol=1e-12)


OTHERS = {
    "both layers": OverparamReLUClassifier(train_readout=True, **FAST),
    "lazy": OverparamReLUClassifier(output_scale=30.0, **FAST),
    "mean field": OverparamReLUClassifier(
        parametrization="mean_field", learning_rate=0.1, train_readout=True, **FAST
    ),
    "linear in both": LinearizedReLUClassifier(
        train_readout=True, output_scale=1.0, **FAST
    ),
    "infinite width": InfiniteWidthReLUClassifier(
        train_readout=True,
        **{name: value for name, value in FAST.items() if name != "width"},
    ),
}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("name", OTHERS)
def test_what_neither_paper_has_is_that_of_the_cpu(name, container):
    X, y = problem()
    there = clone(OTHERS[name]).set_params(device="cuda").fit(container(X), y)
    here = clone(OTHERS[name]).set_params(device="cpu").fit(X, y)
    assert there.device_ == "cuda"
    found, expected = (net.decision_function(X) for net in (there, here))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
    for name, column in here.history_.items():
        np.testing.assert_allclose(there.history_[name], column, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_regression_is_that_of_the_cpu(container):
    X, y = problem()
    options = {
        "max_iter": 200,
        "n_iter_no_change": None,
        "record_every": 10,
        "random_state": 0,
    }
    there = TwoHiddenReLURegressor(**options, device="cuda").fit(container(X), y)
    here = TwoHiddenReLURegressor(**options, device="cpu").fit(X, y)
    assert there.device_ == "cuda"
    for mine, theirs in zip(
        here.initial_weights(), there.initial_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    for name in ("first_weights_", "second_weights_", "weight_change_"):
        np.testing.assert_allclose(getattr(there, name), getattr(here, name), atol=1e-8)
    assert there.dead_samples_ == here.dead_samples_
    np.testing.assert_allclose(there.predict(X), here.predict(X), atol=1e-7)
    for name, column in here.history_.items():
        np.testing.assert_allclose(there.history_[name], column, rtol=1e-5, atol=1e-9)
    H = gram_matrix(there, X, device="cuda")
    np.testing.assert_allclose(H, gram_matrix(there, X), rtol=1e-9, atol=1e-12)


DEEP = {
    "numbers": (DeepReLURegressor((20, 5, 300)), lambda y: y.astype(float)),
    "targets": (DeepReLURegressor((20, 5, 300)), lambda y: np.eye(4)[y]),
    "classes": (DeepReLUClassifier((20, 5, 300)), lambda y: y),
}


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("name", DEEP)
def test_a_deep_network_is_that_of_the_cpu(name, container):
    X, y = problem()
    net, targets = DEEP[name]
    net.set_params(max_iter=20, n_iter_no_change=None, record_every=5, random_state=0)
    there = clone(net).set_params(device="cuda").fit(container(X), targets(y))
    here = clone(net).set_params(device="cpu").fit(container(X), targets(y))
    assert there.device_ == "cuda"
    assert there.learning_rate_ == pytest.approx(here.learning_rate_)
    for mine, theirs in zip(here.layer_weights_, there.layer_weights_, strict=True):
        np.testing.assert_allclose(theirs, mine, atol=1e-8)
    np.testing.assert_array_equal(there.dead_rows_, here.dead_rows_)
    for name, column in here.history_.items():
        np.testing.assert_allclose(there.history_[name], column, rtol=1e-5, atol=1e-9)
    for which in ("mean", "full"):
        H = gram_matrix(there, X, which=which, device="cuda")
        expected = gram_matrix(there, X, which=which)
        np.testing.assert_allclose(H, expected, rtol=1e-9, atol=1e-12)


def test_same_seed_same_bits():
    X, y = problem()
    fits = [OverparamReLUClassifier(**FAST, device="cuda").fit(X, y) for _ in range(2)]
    np.testing.assert_array_equal(*[net.hidden_weights_ for net in fits])


def test_auto_takes_the_gpu_and_the_state_is_numpy():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST).fit(X.astype("f4"), y)
    assert net.device_.startswith("cuda")
    back = pickle.loads(pickle.dumps(net))
    assert isinstance(back.hidden_weights_, np.ndarray)
    back.device_ = "cpu"
    np.testing.assert_allclose(
        back.decision_function(X), net.decision_function(X), rtol=1e-3, atol=1e-3
    )


def test_divergence():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, device="cuda", learning_rate=1e38)
    with pytest.raises(DivergenceError, match="lower learning_rate"):
        net.fit(1e3 * X.astype("f4"), y)
