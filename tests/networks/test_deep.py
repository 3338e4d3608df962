"""Networks of any depth, their derivatives and Gram matrices, against autograd."""

import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    DeepNetwork,
    deep,
    forward,
    gram_parts,
    initial_layers,
    initial_signed_layers,
    preactivation_gradients,
)

ROW_NORMS = ["clip", "unit", None]
WIDTHS = [(6,), (1,), (3, 8), (1, 5), (5, 1), (4, 3, 7), (1, 1, 2), (3, 6, 2, 5)]
OUTPUTS = [None, 1, 3]


def problem(widths, k, n=7, d=4, seed=0, row_norm=None):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    drawn = initial_signed_layers(
        seed, widths, d, k, row_norm=row_norm, dtype=torch.float64
    )
    return X, DeepNetwork(*drawn)


def close(mine, slow):
    torch.testing.assert_close(mine, slow, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("k", OUTPUTS)
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_all_that_follows_from_the_weights_is_autograds(widths, k, monkeypatch):
    X, net = problem(widths, k)
    n, inner = len(X), X @ X.T
    Z = X @ net.layers[0].T
    at = net.forward(Z)
    leaves = [W.clone().requires_grad_() for W in net.layers]
    u = reference.deep_outputs(leaves, net.w, X)
    close(at.u, u.detach())
    assert at.u.shape == ((n,) if k is None else (n, k))

    residual = torch.randn(at.u.shape, dtype=X.dtype, generator=torch.Generator())
    dZ, *dW = net.gradients(at, residual)
    slow_dW = torch.autograd.grad((u * residual).sum(), leaves)
    for mine, theirs in zip((dZ.T @ X, *dW), slow_dW, strict=True):
        close(mine, theirs)
    moves = tuple(torch.randn_like(W) for W in net.layers)
    parts = torch.func.jacrev(
        lambda *ws: reference.deep_outputs(ws, net.w, X),
        argnums=tuple(range(len(widths))),
    )(*net.layers)
    du = sum((J * M).sum(dim=(-2, -1)) for J, M in zip(parts, moves, strict=True))
    close(net.derivative(at, X @ moves[0].T, moves[1:]), du)

    slow = {s: reference.deep_gram_parts(*net, X, s) for s in ("mean", "full")}
    for mine, theirs in zip(net.gram_parts(at, inner), slow["mean"], strict=True):
        close(mine, theirs)
    for block in (2**20, 2 * n * (k or 1)):  # all units at once, or two
        monkeypatch.setattr(deep, "_BLOCK_ELEMENTS", block)
        for which, expected in slow.items():
            parts = net.gram_parts_by_units(Z, inner, which)
            for mine, theirs in zip(parts, expected, strict=True):
                close(mine, theirs)

    monkeypatch.setattr(deep, "_OUTPUT_ELEMENTS", 3 * net.widest)
    close(net.outputs(Z), u.detach())
    for mine, again, theirs in zip(
        net.patterns_at(Z),
        at.patterns,
        reference.deep_patterns(net.layers, X),
        strict=True,
    ):
        assert torch.equal(mine, theirs)
        assert torch.equal(again, theirs)


@settings(deadline=None)
@given(
    n=st.integers(1, 20),
    d=st.integers(1, 9),
    h1=st.integers(1, 6),
    h2=st.integers(1, 50),
    seed=st.integers(0, 2**31 - 1),
    row_norm=st.sampled_from(ROW_NORMS),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_with_two_layers_and_one_output_it_is_kongs_to_the_bit(
    n, d, h1, h2, seed, row_norm, dtype
):
    options = {"row_norm": row_norm, "dtype": dtype, "constant": bool(seed % 2)}
    kong = initial_layers(seed, h1, h2, d, **options)
    net = DeepNetwork(*initial_signed_layers(seed, (h1, h2), d, **options))
    assert all(map(torch.equal, kong, (*net.layers, net.w)))
    X = torch.randn(n, d + bool(seed % 2), dtype=dtype)
    Z, inner = X @ kong.A.T, X.double() @ X.double().T
    theirs, mine = forward(Z, kong.B, kong.w), net.forward(Z)
    assert all(map(torch.equal, theirs, (*mine.Y, *mine[1:])))
    both = zip(
        preactivation_gradients(theirs, kong.w, theirs.u),
        net.gradients(mine, mine.u),
        strict=True,
    )
    assert all(torch.equal(*pair) for pair in both)
    for parts in (net.gram_parts(mine, inner), net.gram_parts_by_units(Z, inner)):
        both = zip(reversed(gram_parts(theirs, inner)), parts, strict=True)
        assert all(torch.equal(*pair) for pair in both)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_layers_are_of_the_seed_alone(widths):
    options = {"row_norm": None, "dtype": torch.float64}
    layers, w = initial_signed_layers(7, widths, 6, **options)
    single, _ = initial_signed_layers(7, widths, 6, **options | {"dtype": torch.float})
    augmented, _ = initial_signed_layers(7, widths, 6, constant=True, **options)
    _, several = initial_signed_layers(7, widths, 6, 50, **options)
    for W, W32, here in zip(layers, single, augmented, strict=True):
        assert torch.equal(W32.double(), W)
        assert torch.equal(here[:, : W.shape[1]], W)
    assert augmented[0].shape == (widths[0], 7)
    assert all(
        torch.equal(W, V) for W, V in zip(layers[1:], augmented[1:], strict=True)
    )
    assert several.shape == (50, widths[-1])
    assert {*w.tolist(), *several.flatten().tolist()} <= {-1.0, 1.0}
    drawn = [float(W[0, 0]) for W in layers]
    assert len(set(drawn)) == len(widths)  # each of a stream of its own


def test_a_row_that_is_dead_at_a_layer_has_no_gradient_at_any():
    X, net = problem((4, 3, 6), 2)
    net.layers[1][:] = -net.layers[1].abs()  # σ(W_2 y) = 0 for every y >= 0
    Z = X @ net.layers[0].T
    at = net.forward(Z)
    assert not at.u.any()
    assert not sum(net.gram_parts(at, X @ X.T)).any()
    assert not any(dW.any() for dW in net.gradients(at, torch.ones_like(at.u)))
    assert at.patterns[0].any()
