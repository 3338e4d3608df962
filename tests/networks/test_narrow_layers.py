"""Networks whose first layers are narrow and given: Kong's, quadrature, finite ones."""

import math

import numpy as np
import pytest
import reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk.networks import (
    DirectedRows,
    expected_gram_parts,
    layer_parts,
    narrow_parts,
)


def normal(*shape, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def layers(widths, d, seed):
    shapes = zip(widths, (d, *widths), strict=False)
    return [normal(h, q, seed=seed + place) for place, (h, q) in enumerate(shapes)]


@settings(deadline=None)
@given(d=st.integers(1, 4), h1=st.integers(1, 6), seed=st.integers(0, 2**31 - 1))
def test_one_narrow_layer_of_two_is_kong_s(d, h1, seed):
    X, Y, A = normal(4, d, seed=seed), normal(3, d, seed=seed + 1), layers((h1,), d, 7)
    Y[0] = X[0]
    X[1] = X[0] + 1e-9 * X[1]
    first, second, covariance = narrow_parts(X, Y, A, 2)
    Z, Z_other = X @ A[0].T, Y @ A[0].T
    B_part, A_part = expected_gram_parts(Z, Z_other, X @ Y.T, None)
    np.testing.assert_allclose(first, A_part, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(second, B_part, rtol=1e-13, atol=1e-15)
    rows = [DirectedRows.of(V.clamp_min(0)) for V in (Z, Z_other)]
    np.testing.assert_allclose(covariance, layer_parts(*rows, 1)[1] / h1, rtol=1e-13)


def finite_parts(X, narrow, widths, generator):
    """Parts of H of a network whose other layers and signs are drawn."""
    shapes = zip(widths, (len(narrow[-1]), *widths), strict=False)
    weights = list(narrow)
    for shape in shapes:
        weights.append(torch.randn(shape, generator=generator, dtype=torch.float64))
    w = torch.randint(0, 2, (widths[-1],), generator=generator).double() * 2 - 1
    return torch.stack(reference.gram_parts_with_readout(weights, w, X))


# narrow widths, the others, draws, and whether the others must be wide for it to be so
CASES = {
    "one narrow, one small": ((3,), (6,), 1500, False),
    "two narrow, one small": ((3, 4), (6,), 1500, False),
    "three narrow, one small": ((2, 3, 2), (6,), 1500, False),
    "one narrow, two wide": ((3,), (80, 80), 150, True),
    "two narrow, two wide": ((3, 4), (80, 80), 150, True),
}


@pytest.mark.parametrize("case", CASES)
def test_is_the_mean_over_the_other_layers(case):
    """With one other layer exactly, at any width; with more up to O(1/width)."""
    narrow, others, n_draws, in_the_limit = CASES[case]
    X, weights = normal(4, 3, seed=1), layers(narrow, 3, 5)
    X[1] = X[0] + 0.01 * X[1]
    generator = torch.Generator().manual_seed(3)
    draws = [finite_parts(X, weights, others, generator) for _ in range(n_draws)]
    found = torch.stack(draws)
    expected = torch.stack(narrow_parts(X, X, weights, len(narrow) + len(others)))
    scale = expected.abs().amax(dim=(1, 2), keepdim=True)
    standard_error = found.std(dim=0) / n_draws**0.5
    # Nothing is random where a row is dead behind the narrow layers.
    bound = 4 * standard_error + 1e-14 * scale
    if in_the_limit:
        bound += 4 / others[0] * scale
    assert bool(((found.mean(dim=0) - expected).abs() <= bound).all())
    assert float((standard_error / scale).max()) < 0.2


def test_blocks_of_rows_are_the_whole(monkeypatch):
    X, Y, weights = normal(7, 3, seed=1), normal(5, 3, seed=2), layers((4, 2), 3, 5)
    whole = narrow_parts(X, Y, weights, 4)
    monkeypatch.setattr("overparam_sk.networks.narrow_layers._BLOCK_ELEMENTS", 1)
    for part, again in zip(whole, narrow_parts(X, Y, weights, 4), strict=True):
        np.testing.assert_allclose(part, again, rtol=1e-14, atol=1e-16)


def test_dead_rows_have_no_part_and_wide_first_layers_are_the_limit():
    X = normal(3, 3, seed=0)
    X[2] = -X[2].abs()
    weights = [torch.eye(3).double()]
    for part in narrow_parts(X, X, weights, 3):
        assert not part[2].any()
    # Given layers so wide that they are their limit, up to O(1/√width).
    width = 3000
    given_ = layers((width,), 3, 2)
    rows = DirectedRows.of(X)
    limit = layer_parts(rows, rows, 3)
    for part, expected in zip(narrow_parts(X, X, given_, 3), limit, strict=True):
        error = (part - expected).abs().max() / expected.max()
        assert float(error) < 8 / math.sqrt(width)
