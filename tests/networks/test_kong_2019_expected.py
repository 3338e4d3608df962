"""E[H | A] entry by entry, and against the average over finite networks."""

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    expected_gram_parts,
    forward,
    gram_parts,
    mean_square,
    normalize_rows,
)

ROW_NORMS = ["clip", "unit", None]


def rows(n, d, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


@settings(deadline=None)
@given(
    n=st.integers(1, 6),
    d=st.integers(1, 5),
    h1=st.integers(1, 6),
    seed=st.integers(0, 2**31 - 1),
    row_norm=st.sampled_from(ROW_NORMS),
)
def test_entry_by_entry(n, d, h1, seed, row_norm):
    X, A = rows(n, d, seed), rows(h1, d, seed + 1)
    other = torch.cat([X[:1], rows(2, d, seed + 2)])
    parts = expected_gram_parts(X @ A.T, other @ A.T, X @ other.T, row_norm)
    square = mean_square(h1, row_norm)
    for i, x in enumerate(X):
        for j, z in enumerate(other):
            slow = reference.expected_two_hidden_gram(A, x, z, square)
            fast = [float(part[i, j]) for part in parts]
            assert fast == pytest.approx(slow, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("row_norm", ROW_NORMS)
@pytest.mark.parametrize("q", [1, 2, 5, 100])
def test_mean_square_of_an_entry(q, row_norm):
    n_rows = 20_000
    squares = normalize_rows(rows(n_rows, q, 0), row_norm).square().mean(dim=1)
    standard_error = float(squares.std()) / n_rows**0.5
    error = abs(float(squares.mean()) - mean_square(q, row_norm))
    assert error < 4 * standard_error + 1e-15


@pytest.mark.parametrize("row_norm", ROW_NORMS)
def test_is_the_mean_over_finite_networks(row_norm):
    """At any h2, also a small one: only w's signs remove the terms p ≠ q."""
    n, d, h1, h2, n_draws = 6, 4, 3, 8, 4000
    X, A = rows(n, d, 0), rows(h1, d, 1)
    X[1], X[2] = X[0] + 0.01 * X[1], -X[0]
    draws = torch.empty(n_draws, 2, n, n, dtype=torch.float64)
    generator = torch.Generator().manual_seed(2)
    for draw in draws:
        B = torch.randn(h2, h1, generator=generator, dtype=torch.float64)
        w = torch.randint(0, 2, (h2,), generator=generator).double() * 2 - 1
        at = forward(X @ A.T, normalize_rows(B, row_norm), w)
        draw.copy_(torch.stack(gram_parts(at, X @ X.T)))
    expected = torch.stack(expected_gram_parts(X @ A.T, X @ A.T, X @ X.T, row_norm))
    standard_error = draws.std(dim=0) / n_draws**0.5
    assert bool(((draws.mean(dim=0) - expected).abs() <= 4 * standard_error).all())
    assert float(standard_error.max() / expected.abs().max()) < 0.05


def test_equal_supports_and_dead_rows_are_exact():
    A = torch.eye(3, dtype=torch.float64)
    X = torch.tensor([[1.0, 2, -1], [1, 2 + 1e-9, -2], [-1, -1, -1]]).double()
    B_part, A_part = expected_gram_parts(X @ A.T, X @ A.T, X @ X.T, None)
    # Two of the three units are active on the nearly equal rows 0 and 1.
    np.testing.assert_allclose(A_part[:2, :2], (X @ X.T)[:2, :2] / 3, rtol=1e-9)
    np.testing.assert_allclose(B_part[:2, :2], 5 / 6, rtol=1e-8)
    for part in (B_part, A_part):
        assert not part[2].any()
        assert not part[:, 2].any()
