"""The tabulated kernels of H∞ against exact cases, averages and finite networks."""

import math

import numpy as np
import pytest
import reference
import torch

from overparam_sk.networks import (
    expected_gram_parts,
    forward,
    gram_parts,
    infinite_kernels,
    initial_layers,
    mean_square,
)
from overparam_sk.networks.kong_2019_infinite import _unit_sums

ROW_NORMS = ["clip", "unit", None]
THETA = np.linspace(0, math.pi, 61)


def pair_at(theta, d):
    """Two unit rows at the angle ``theta``."""
    X = torch.zeros(2, d, dtype=torch.float64)
    X[:, 0] = torch.tensor([1.0, math.cos(theta)])
    X[1, 1] = math.sin(theta)
    return X


@pytest.mark.parametrize("row_norm", ROW_NORMS)
@pytest.mark.parametrize("d", [1, 2, 3, 100])
def test_one_unit_is_arc_cosine_exactly(d, row_norm):
    """With h1 = 1 every pair of live features is parallel: nothing is left to sum."""
    kernels = infinite_kernels(1, d, row_norm, 64, 0)
    remaining = math.pi - THETA
    B_kernel = np.sin(THETA) + remaining * np.cos(THETA)
    B_kernel *= mean_square(d, row_norm) / (4 * math.pi)
    A_kernel = np.cos(THETA) * remaining / (4 * math.pi) * mean_square(1, row_norm)
    np.testing.assert_allclose(kernels(THETA), [B_kernel, A_kernel], atol=1e-9)


@pytest.mark.parametrize("turns", [3, 100, 250, 400, 497])
def test_two_units_by_quadrature(turns):
    kernels = infinite_kernels(2, 2, "unit", 2**13, 0)
    slow = reference.two_unit_kernels(turns, 1000)
    fast = kernels(np.array(2 * math.pi * turns / 1000))
    # The grid of 10⁶ midpoints is good to about 1e-5 where cot Θ is steep.
    np.testing.assert_allclose(fast, slow, rtol=0, atol=2e-5)


@pytest.mark.parametrize("row_norm", ROW_NORMS)
@pytest.mark.parametrize("h1", [1, 5, 30])
def test_the_ends_are_exact(h1, row_norm):
    kernels = infinite_kernels(h1, 7, row_norm, 64, 0)
    at_zero = np.array([mean_square(7, row_norm), mean_square(h1, row_norm)]) / 4
    np.testing.assert_allclose(kernels(np.array(0.0)), at_zero, rtol=1e-13)
    np.testing.assert_allclose(kernels(np.array(math.pi)) / at_zero, 0, atol=1e-13)


@pytest.mark.parametrize("d", [2, 20])
@pytest.mark.parametrize("row_norm", ROW_NORMS)
def test_is_the_mean_over_the_first_layer(row_norm, d):
    h1, n_draws, theta = 5, 2000, [0.1, 1.2, 2.4]
    X = torch.cat([pair_at(t, d) for t in theta])
    # Four rotations of the pairs for each A.
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(4, d, d, generator=generator, dtype=torch.float64)
    X = torch.cat([X @ torch.linalg.qr(frame).Q for frame in frames])
    pairs = torch.arange(0, len(X), 2)
    draws = torch.empty(n_draws, 2, 4, len(theta), dtype=torch.float64)
    for seed, draw in enumerate(draws):
        A = initial_layers(seed, h1, 1, d, row_norm=row_norm, dtype=torch.float64).A
        parts = torch.stack(expected_gram_parts(X @ A.T, X @ A.T, X @ X.T, row_norm))
        draw.copy_(parts[:, pairs, pairs + 1].view(draw.shape))
    draws = draws.mean(dim=2)
    kernels = infinite_kernels(h1, d, row_norm, 2**12, 0)
    error = draws.mean(dim=0).numpy() - kernels(np.array(theta))
    standard_error = draws.std(dim=0).numpy() / n_draws**0.5
    assert (abs(error) < 4 * standard_error).all()
    # So that an error of 10 % of κ(0) is seen.
    assert (standard_error < 0.025 * kernels(np.zeros(1))).all()


@pytest.mark.parametrize("row_norm", ROW_NORMS)
def test_is_the_mean_of_finite_networks(row_norm):
    h1, h2, d, n_draws = 5, 20, 100, 3000
    X = torch.cat([pair_at(0.7, d), 2 * pair_at(2.0, d)])
    draws = torch.empty(n_draws, 2, 4, 4, dtype=torch.float64)
    for seed, draw in enumerate(draws):
        net = initial_layers(seed, h1, h2, d, row_norm=row_norm, dtype=torch.float64)
        at = forward(X @ net.A.T, net.B, net.w)
        draw.copy_(torch.stack(gram_parts(at, X @ X.T)))
    kernels = infinite_kernels(h1, d, row_norm, 2**12, 0)
    expected = torch.stack(kernels.gram_parts(X, X))
    standard_error = draws.std(dim=0) / n_draws**0.5
    assert bool(((draws.mean(dim=0) - expected).abs() < 4 * standard_error).all())
    assert float((standard_error / expected.amax(dim=(1, 2), keepdim=True)).max()) < 0.1


def test_the_error_is_small_and_told_truly():
    coarse = infinite_kernels(5, 100, "clip", 2**9, 0)
    fine = infinite_kernels(5, 100, "clip", 2**14, 1)
    scale = fine(np.array(0.0))[:, None]
    assert float((fine.standard_errors(THETA) / scale).max()) < 1e-4
    told = coarse.standard_errors(THETA)[:, 1:-1]
    error = (coarse(THETA) - fine(THETA))[:, 1:-1]
    ratio = np.sqrt((error**2).mean() / (told**2).mean())
    assert 0.3 < ratio < 3


def test_more_angles_would_change_nothing(monkeypatch):
    module = "overparam_sk.networks.kong_2019_infinite"
    kernels = infinite_kernels.__wrapped__(5, 100, None, 2**13, 0)
    monkeypatch.setattr(f"{module}.DEGREE", 48)
    finer = infinite_kernels.__wrapped__(5, 100, None, 2**13, 0)
    assert abs(kernels(THETA) - finer(THETA)).max() < 1e-5


def test_a_unit_that_is_barely_active_does_not_spoil_the_rest():
    """û_1² cot Θ is tiny there, and 1 − cos²Θ rounding, of either sign."""
    generator = torch.Generator().manual_seed(0)
    turns = torch.rand(10_000, 2, generator=generator, dtype=torch.float64)
    turns[:, 0] = 2.0**-31
    turns[:, 1] = (turns[:, 1] - 0.5) / 4  # unit 2 is active on both rows
    for theta in (0.01, 0.7):
        *_, outside = _unit_sums(theta, turns, torch.ones_like(turns))
        assert 0 < outside < 1e-5 * len(turns)


def test_chunks_of_points_add_up(monkeypatch):
    module = "overparam_sk.networks.kong_2019_infinite"
    whole = infinite_kernels.__wrapped__(3, 4, "clip", 64, 0)
    monkeypatch.setattr(f"{module}._CHUNK_ELEMENTS", 9 * 10)  # ten points
    parts = infinite_kernels.__wrapped__(3, 4, "clip", 64, 0)
    np.testing.assert_allclose(parts.coefficients, whole.coefficients, atol=1e-14)


def test_the_table_is_of_its_seed_alone_and_is_kept():
    before = torch.get_rng_state()
    kernels = infinite_kernels(4, 6, None, 32, 5)
    assert torch.equal(torch.get_rng_state(), before)
    assert infinite_kernels(4, 6, None, 32, 5) is kernels
    again = infinite_kernels.__wrapped__(4, 6, None, 32, 5)
    other = infinite_kernels(4, 6, None, 32, 6)
    assert np.array_equal(again.coefficients, kernels.coefficients)
    assert not np.array_equal(other.coefficients, kernels.coefficients)
    with pytest.raises(ValueError, match="read-only"):
        kernels.coefficients[0] = 0
