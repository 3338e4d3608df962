"""SGD in function space is its definition, and the limit of the s-step engine."""

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    CrossEntropy,
    DirectedRows,
    KernelRows,
    arc_cosine_kernel,
    initial_weights,
    random_outputs,
    readout_weights,
)
from overparam_sk.training import (
    CurvatureStep,
    DivergenceError,
    FunctionSpaceSGD,
    MinibatchStream,
)


def problem(n=30, d=6, k=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randint(0, k, (n,), generator=generator)
    f0 = torch.randn(n, k, generator=generator, dtype=torch.float64)
    return X, y, f0


def slow_kernel(Y, X):
    return torch.tensor(
        [[reference.gated_linear_kernel(y.tolist(), x.tolist()) for x in X] for y in Y],
        dtype=torch.float64,
    )


def trainer_of(X, y, f0, B, *, weight, room=np.inf, c=0.7, constant=False, **options):
    rows = DirectedRows.of(X)
    return FunctionSpaceSGD(
        CrossEntropy(),
        KernelRows(rows, rows, room, constant=constant),
        f0,
        torch.nn.functional.one_hot(y, f0.shape[1]).double(),
        weight,
        X.square().sum(dim=1),
        X.shape[1] - constant,
        MinibatchStream(len(X), B, seed=7),
        learning_rate=c,
        **options,
    )


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(2, 20),
    B=st.integers(1, 30),
    momentum=st.sampled_from([0.0, 0.5, 0.9]),
    stored=st.booleans(),
    constant=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_it_is_the_definition(n, B, momentum, stored, constant, seed):
    X, y, f0 = problem(n, seed=seed)
    if constant:
        X[:, -1] = 1.0
    weight = torch.linspace(0, 2, n, dtype=torch.float64)
    options = {"room": np.inf if stored else 0, "constant": constant}
    trainer = trainer_of(X, y, f0, B, weight=weight, momentum=momentum, **options)
    assert trainer._kernel.is_stored == stored
    for cut in (1, 6, 4):
        trainer.advance(cut)
    batches = MinibatchStream(n, B, seed=7).take(11).view(11, B)
    K = slow_kernel(X, X)
    R, f = reference.function_space_sgd(
        K, f0, y, batches, c=0.7, weight=weight, momentum=momentum
    )
    torch.testing.assert_close(trainer.R, R, rtol=1e-9, atol=1e-11)
    for F in (trainer.F[:, :3], trainer._kernel.times(trainer.R)):
        torch.testing.assert_close(f0 + F, f)
    given_columns = 6 - constant
    if constant:
        K = K * (1 - 1 / (X @ X.T))
    distance = float(torch.trace(R.T @ K @ R) / given_columns) ** 0.5
    figure = pytest.approx(distance, rel=1e-7, abs=1e-9)
    assert trainer.figures == {"distance_constant": figure}
    assert trainer.iteration == 11


@settings(deadline=None, max_examples=20)
@given(p=st.integers(0, 5), n=st.integers(0, 9), room=st.sampled_from([0, np.inf]))
def test_a_product_skips_rows_of_zeros(p, n, room):
    generator = torch.Generator().manual_seed(10 * n + p)
    Y, X, V = (torch.randn(r, 4, generator=generator).double() for r in (p, n, n))
    V[::2] = 0
    kernel = KernelRows(DirectedRows.of(Y), DirectedRows.of(X), room)
    expected = slow_kernel(Y, X).reshape(p, n) @ V
    torch.testing.assert_close(kernel.times(V), expected)


def test_lengthened_steps_are_shorter_steps_of_a_lengthened_rule():
    """A factor of its own for every batch, as the s-step engine has it."""
    X, _, f0 = problem()
    f0 = 5 * f0
    y = f0.argmax(dim=1)  # which are nearly fitted
    ones = torch.ones(len(X), dtype=torch.float64)
    trainer = trainer_of(X, y, f0, 5, weight=ones, lengthen=CurvatureStep())
    batch = MinibatchStream(len(X), 5, seed=7).take(1)
    o = torch.softmax(f0[batch], dim=1)
    h = (2 * (1 - o[torch.arange(5), y[batch]])).clamp(max=0.5)
    lengths = X[batch].square().sum(dim=1)
    factor = float(0.5 / ((h**2 @ lengths) / lengths.sum()).sqrt())
    assert factor > 1
    trainer.advance(1)
    plain = trainer_of(X, y, f0, 5, weight=ones)
    plain.advance(1)
    torch.testing.assert_close(trainer.R, factor * plain.R)


@pytest.mark.parametrize("constant", [False, True])
def test_the_draw_is_the_network_of_that_width_at_its_start(constant):
    X, *_ = problem()
    m, k, seed = 500, 4, 3
    W0 = initial_weights(seed, m, 6, constant=constant, dtype=X.dtype)
    a = readout_weights(seed, k, m, dtype=X.dtype)
    X = torch.nn.functional.pad(X, (0, int(constant)), value=1.0)
    expected = reference.TwoLayerReLU(W0, a)(X).detach()
    drawn = random_outputs(X, seed=seed, m=m, k=k, constant=constant)
    torch.testing.assert_close(drawn, expected)
    none = random_outputs(X, seed=seed, m=None, k=k, constant=constant)
    assert not none.any()


def test_the_draw_has_the_covariance_of_the_process():
    X, *_ = problem(n=6)
    k = 4000  # outputs are independent given the hidden weights
    f0 = random_outputs(X, seed=0, m=k, k=k, constant=False)
    covariance = f0 @ f0.T / k
    expected = arc_cosine_kernel(X, X, 1)
    scale = expected.diagonal().sqrt()
    error = (covariance - expected) / torch.outer(scale, scale)
    # Both averages, over k outputs and m = k units, have an error of O(1/√k).
    assert error.abs().max() < 6 / k**0.5


def test_divergence_has_a_name():
    X, y, f0 = problem()
    f0[3] = np.inf
    ones = torch.ones(len(X), dtype=torch.float64)
    with pytest.raises(DivergenceError, match="lower learning_rate"):
        trainer_of(X, y, f0, len(X), weight=ones).advance(1)
