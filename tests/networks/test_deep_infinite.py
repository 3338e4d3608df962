"""Infinitely wide deep networks: quadrature, neural-tangents, wide finite networks."""

import math
from pathlib import Path

import numpy as np
import pytest
import reference
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    DirectedRows,
    angular_parts,
    angular_slopes,
    arc_cosine_kernel,
    gated_linear_kernel,
    layer_parts,
)

STORED = np.load(Path(__file__).parent / "data" / "neural_tangents_infinite.npz")
DEPTHS = (1, 2, 3, 4)


def rows(n, d, seed):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n, d)))


def parts_of(X, Y, depth):
    return layer_parts(DirectedRows.of(X), DirectedRows.of(Y), depth)


@settings(deadline=None)
@given(depth=st.integers(1, 5), d=st.integers(2, 5), seed=st.integers(0, 2**31 - 1))
def test_entry_by_entry(depth, d, seed):
    X, Y = rows(2, d, seed), rows(2, d, seed + 1)
    fast = parts_of(X, Y, depth)
    for i, x in enumerate(X.numpy()):
        for j, y in enumerate(Y.numpy()):
            assume(1e-3 < reference.angle(x, y) < math.pi - 1e-3)  # for the reference
            slow = reference.deep_parts(x, y, depth)
            scale = np.linalg.norm(x) * np.linalg.norm(y)
            found = [float(part[i, j]) for part in fast]
            np.testing.assert_allclose(found, slow, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("of", ["X", "new"])
def test_is_the_kernel_of_neural_tangents(depth, of):
    X = torch.from_numpy(STORED["X"])
    Y = X if of == "X" else torch.from_numpy(STORED["X_new"])
    parts = parts_of(Y, X, depth)
    nngp, ntk = (STORED[f"{depth}/{of}/{kind}"] for kind in ("nngp", "ntk"))
    np.testing.assert_allclose(parts[-1], nngp, rtol=1e-10)
    np.testing.assert_allclose(sum(parts), ntk, rtol=1e-10)


def test_one_hidden_layer_has_the_two_kernels_of_its_name():
    X, Y = rows(4, 3, 0), rows(3, 3, 1)
    first, readout = parts_of(X, Y, 1)
    np.testing.assert_allclose(first, gated_linear_kernel(X, Y), atol=1e-15)
    np.testing.assert_allclose(readout, arc_cosine_kernel(X, Y, 1), atol=1e-15)


@pytest.mark.parametrize("depth", DEPTHS)
def test_wide_networks_have_these_parts(depth):
    """Mean over draws; its error from the scatter, and its bias is of order 1/width."""
    X, width, n_draws = rows(5, 4, 0), 300, 60
    generator = torch.Generator().manual_seed(depth)
    draws = torch.empty(n_draws, depth + 1, 5, 5, dtype=torch.float64)
    for draw in draws:
        shapes = [(width, 4), *[(width, width)] * (depth - 1)]
        weights = [torch.randn(s, generator=generator).double() for s in shapes]
        signs = torch.randint(0, 2, (width,), generator=generator).double() * 2 - 1
        inputs, gradients = [X], []
        for W in weights:
            inputs.append((inputs[-1] @ W.T).clamp_min(0))
        G = signs * (inputs[-1] > 0)
        for W, Y in zip(weights[::-1], inputs[-2::-1], strict=True):
            gradients.append((Y @ Y.T) * (G @ G.T))
            G = (G @ W) * (Y > 0)
        both = torch.stack([*gradients[::-1], inputs[-1] @ inputs[-1].T])
        draw.copy_(both / float(width) ** depth)
    expected = torch.stack(parts_of(X, X, depth))
    standard_error = draws.std(dim=0) / n_draws**0.5
    bias = 4 * depth / width * expected.abs().amax(dim=(1, 2), keepdim=True)
    error = (draws.mean(dim=0) - expected).abs()
    assert bool((error <= 4 * standard_error + bias).all())
    assert float((standard_error / expected.abs().amax()).max()) < 0.05


@pytest.mark.parametrize("depth", DEPTHS)
def test_equal_zero_opposite_and_long_rows(depth):
    x = torch.tensor([[3.0, 4.0]]).double()
    X = torch.cat([x, x, -x, 0 * x, 1e100 * x, x + torch.tensor([0, 1e-9])])
    parts = parts_of(X, X, depth)
    for layer, part in enumerate(parts):
        # g = 1/2 on the diagonal: 2^{1−l} 2^{l−L−1}; 2^{−L} for the readout.
        expected = 25 * 2.0**-depth
        assert float(part[0, 1]) == pytest.approx(expected, rel=1e-15), layer
        assert float(part[0, 4]) == pytest.approx(1e100 * expected, rel=1e-14)
        assert not part[3].any()
        # Opposite rows meet in no unit of layer 1, and are orthogonal behind it.
        assert (abs(float(part[0, 2])) < 1e-14) == (layer < 2)
        # Near the diagonal the angle counts: its half-chord is 3/5 · 1e-9 / 5 / 2.
        slope = float(angular_slopes(torch.zeros(1).double(), depth)[layer])
        near = (25 + 4e-9) * 2.0**-depth + 25 * slope * 1.2e-10
        assert float(part[0, 5]) == pytest.approx(near, rel=1e-14)


@pytest.mark.parametrize("depth", DEPTHS)
def test_slopes_are_the_derivatives_in_the_angle(depth):
    theta = torch.linspace(0.01, math.pi - 0.01, 9, dtype=torch.float64)
    step = 1e-5
    above, below = (angular_parts(theta + s, depth) for s in (step, -step))
    slopes = angular_slopes(theta, depth)
    for high, low, slope in zip(above, below, slopes, strict=True):
        np.testing.assert_allclose(slope, (high - low) / (2 * step), atol=1e-9)
    ends = torch.tensor([0.0, 1e-12, 1e-8, math.pi]).double()
    for slope in angular_slopes(ends, depth):
        assert bool(slope.isfinite().all())
        np.testing.assert_allclose(slope[:3], slope[:1].expand(3), atol=1e-7)
