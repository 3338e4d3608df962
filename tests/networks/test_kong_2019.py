"""Kong's network, its derivatives and its Gram matrix against autograd."""

import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    SquaredLoss,
    forward,
    gram_parts,
    initial_layers,
    normalize_rows,
    preactivation_gradients,
)

ROW_NORMS = ["clip", "unit", None]


def problem(n=12, d=7, h1=5, h2=40, seed=0, row_norm="clip"):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randn(n, generator=generator, dtype=torch.float64)
    weights = initial_layers(seed, h1, h2, d, row_norm=row_norm, dtype=torch.float64)
    return X, y, weights


@settings(deadline=None)
@given(
    n=st.integers(1, 20),
    d=st.integers(1, 9),
    h1=st.integers(1, 6),
    h2=st.integers(1, 50),
    seed=st.integers(0, 2**31 - 1),
    row_norm=st.sampled_from(ROW_NORMS),
)
def test_outputs_gradients_and_gram_are_autograds(n, d, h1, h2, seed, row_norm):
    X, y, (A, B, w) = problem(n, d, h1, h2, seed, row_norm)
    net = reference.TwoHiddenReLU(A, B, w)
    weight = torch.linspace(0.5, 2, n, dtype=X.dtype)
    u = net(X)
    slow_loss = (weight * (u - y) ** 2).sum() / 2
    dA, dB = torch.autograd.grad(slow_loss, [net.A, net.B])

    at = forward(X @ A.T, B, w)
    torch.testing.assert_close(at.u, u.detach(), rtol=1e-12, atol=1e-13)
    assert SquaredLoss().total(at.u, y, weight) == pytest.approx(
        float(slow_loss.detach())
    )
    dZ, fast_dB = preactivation_gradients(at, w, weight * (at.u - y))
    torch.testing.assert_close(dZ.T @ X, dA, rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(fast_dB, dB, rtol=1e-11, atol=1e-12)

    B_part, A_part = gram_parts(at, X @ X.T)
    slow = reference.two_hidden_gram_parts(A, B, w, X)
    torch.testing.assert_close(B_part, slow[0], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(A_part, slow[1], rtol=1e-12, atol=1e-12)


def test_rows_start_with_the_norm_that_was_asked_for():
    draw = {"dtype": torch.float64, "d": 3}
    clipped = initial_layers(1, 50, 300, row_norm="clip", **draw)
    unit = initial_layers(1, 50, 300, row_norm="unit", **draw)
    raw = initial_layers(1, 50, 300, row_norm=None, **draw)
    for layer in (0, 1):
        norms = raw[layer].norm(dim=1)
        if layer == 0:
            assert bool((norms < 1).any())
        assert bool((norms > 1).any())
        torch.testing.assert_close(clipped[layer].norm(dim=1), norms.clamp_max(1))
        torch.testing.assert_close(unit[layer].norm(dim=1), torch.ones_like(norms))
    assert set(raw.w.tolist()) == {-1.0, 1.0}
    assert abs(float(raw.w.mean())) < 0.3


@pytest.mark.parametrize("row_norm", ROW_NORMS)
def test_row_norms_leave_the_direction(row_norm):
    W = torch.tensor([[3.0, 4.0], [0.3, 0.4]])
    scaled = normalize_rows(W, row_norm)
    torch.testing.assert_close(scaled[:, 0] / scaled[:, 1], torch.tensor([0.75, 0.75]))


def test_the_initialisation_is_of_the_seed_alone():
    draw = {"h1": 4, "h2": 9, "d": 6, "row_norm": None}
    single = initial_layers(7, dtype=torch.float32, **draw)
    double = initial_layers(7, dtype=torch.float64, **draw)
    augmented = initial_layers(7, dtype=torch.float64, constant=True, **draw)
    other = initial_layers(8, dtype=torch.float64, **draw)
    for s, t, o in zip(single, double, other, strict=True):
        assert torch.equal(s.double(), t)
        assert not torch.equal(t, o)
    assert torch.equal(augmented.A[:, :6], double.A)
    assert torch.equal(augmented.B, double.B)
    assert augmented.A.shape == (4, 7)


def test_a_dead_sample_has_a_zero_row_in_the_gram_matrix():
    X, _, (A, B, w) = problem()
    A, X[3] = A.abs(), -X[3].abs()
    at = forward(X @ A.T, B, w)
    H = sum(gram_parts(at, X @ X.T))
    assert float(at.u[3]) == 0.0
    assert torch.equal(H[3], torch.zeros_like(H[3]))
