"""The closed forms against Monte Carlo, quadrature and formulas pair by pair."""

import math

import numpy as np
import pytest
import reference
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad

from overparam_sk.networks import (
    angles,
    arc_cosine_kernel,
    gate_gram,
    gated_linear_kernel,
    supported_squares,
)

numbers = st.floats(-10, 10).map(lambda v: round(v, 3))
matrices = [arrays(float, (rows, 3), elements=numbers) for rows in (4, 2)]


def rows(*vectors):
    return torch.tensor(vectors, dtype=torch.float64)


# General, nearly parallel and nearly opposite pairs, some with unequal supports.
PAIRS = {
    "general": ([1.0, -2.0, 0.5], [0.3, 1.0, 2.0]),
    "one support in the other": ([1.0, 2.0, 0.0], [0.3, 1.0, 2.0]),
    "supports that cross": ([1.0, 2.0, 0.0], [0.0, 1.0, 2.0]),
    "disjoint supports": ([1.0, 2.0, 0.0], [0.0, 0.0, 2.0]),
    "nearly parallel": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0 + 1e-5]),
    "nearly parallel, another support": ([1.0, 2.0, 0.0], [1.0, 2.0, 1e-5]),
    "nearly opposite": ([1.0, 2.0, 3.0], [-1.0, -2.0, -3.0 + 1e-5]),
}


def by_quadrature(u, v, moment):
    """E[moment(b) 1{b·u > 0} 1{b·v > 0}] over the plane of u and v, by scipy.

    ``moment(direction)`` is the mean of a quadratic form of b given the direction, in
    the plane, of its projection.
    """
    e1 = u / np.linalg.norm(u)
    e2 = v - (v @ e1) * e1
    e2 -= (e2 @ e1) * e1  # once more, for nearly parallel pairs
    e2 /= np.linalg.norm(e2)
    to_v = math.atan2(v @ e2, v @ e1)
    wedge = to_v - math.pi / 2, math.pi / 2

    def integrand(phi):
        return moment(math.cos(phi) * e1 + math.sin(phi) * e2, e1, e2) / (2 * math.pi)

    return quad(integrand, *wedge, epsabs=1e-14, epsrel=1e-13)[0]


def one(direction, e1, e2):
    return 1.0


def product(u, v):
    return lambda direction, e1, e2: 2 * (direction @ u) * (direction @ v)


def common_squares(u, v):
    def moment(direction, e1, e2):
        common = (u != 0) & (v != 0)
        # The squared length in the plane has mean 2; off the plane b is independent.
        squares = 2 * direction**2 + 1 - e1**2 - e2**2
        return squares[common].sum()

    return moment


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_expectations_by_quadrature(pair):
    u, v = np.array(pair[0]), np.array(pair[1])
    U, V = rows(pair[0]), rows(pair[1])
    close = {"rel": 1e-9, "abs": 1e-14}
    gates = by_quadrature(u, v, one)
    assert float(arc_cosine_kernel(U, V, 0)) == pytest.approx(gates, **close)
    degree_1 = by_quadrature(u, v, product(u, v))
    assert float(arc_cosine_kernel(U, V, 1)) == pytest.approx(degree_1, **close)
    assert float(gated_linear_kernel(U, V)) == pytest.approx(u @ v * gates, **close)
    squares = by_quadrature(u, v, common_squares(u, v))
    assert float(supported_squares(U, V)) == pytest.approx(squares, **close)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_expectations_by_monte_carlo(pair):
    U, V = rows(pair[0]), rows(pair[1])
    n_draws = 400_000
    generator = torch.Generator().manual_seed(0)
    b = torch.randn(n_draws, 3, generator=generator, dtype=torch.float64)
    to_u, to_v = (b @ U.T).squeeze(1), (b @ V.T).squeeze(1)
    gates = ((to_u > 0) & (to_v > 0)).double()
    common = ((U != 0) & (V != 0)).double()
    draws = {
        arc_cosine_kernel(U, V, 0): gates,
        arc_cosine_kernel(U, V, 1): gates * to_u * to_v,
        supported_squares(U, V): gates * (b.square() * common).sum(dim=1),
    }
    for expected, draw in draws.items():
        standard_error = float(draw.std()) / n_draws**0.5
        # A gate that nearly never opens may not have opened once.
        assert abs(float(draw.mean() - expected)) < 4.5 * standard_error + 1e-5


@pytest.mark.parametrize("r", [0, 1, 2])
def test_the_square_of_one_entry(r):
    """The formula of a single r, on which the slow E[H | A] stands."""
    u, v = np.array([1.0, -2.0, 0.5]), np.array([0.3, 1.0, 2.0])

    def moment(direction, e1, e2):
        return 2 * direction[r] ** 2 + 1 - e1[r] ** 2 - e2[r] ** 2

    expected = by_quadrature(u, v, moment)
    assert reference.gated_square(r, u, v) == pytest.approx(expected, rel=1e-12)


@given(X=matrices[0], Y=matrices[1])
def test_angles_and_kernel_pair_by_pair(X, Y):
    cosine, theta = angles(torch.from_numpy(X), torch.from_numpy(Y))
    expected = [[reference.angle(x, y) for y in Y.tolist()] for x in X.tolist()]
    np.testing.assert_allclose(theta, expected, rtol=0, atol=2e-14)
    np.testing.assert_allclose(cosine, np.cos(expected), rtol=0, atol=1e-15)
    kernel = gated_linear_kernel(torch.from_numpy(X), torch.from_numpy(Y))
    slow = [[reference.gated_linear_kernel(x, y) for y in Y.tolist()] for x in X]
    np.testing.assert_allclose(kernel, slow, rtol=0, atol=3e-12)


@given(U=matrices[0], V=matrices[1])
def test_supported_squares_entry_by_entry(U, V):
    U, V = U.clip(0), V.clip(0)
    squares = supported_squares(torch.from_numpy(U), torch.from_numpy(V))
    for row, u in zip(squares.tolist(), U, strict=True):
        for value, v in zip(row, V, strict=True):
            common = np.flatnonzero((u > 0) & (v > 0))
            if reference.angle(u, v) > 1e-3:
                expected = sum(reference.gated_square(r, u, v) for r in common)
                assert value == pytest.approx(expected, abs=1e-12)
            else:
                assert value == pytest.approx(len(common) / 2, abs=2e-3)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("gap", [0.0, 1e-150, 1e-12, 1e-8, 1e-4, 0.03])
def test_small_gaps_keep_their_digits(gap, scale):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    X = torch.cat([X, torch.zeros(5, 1, dtype=X.dtype)], dim=1)
    X /= X.norm(dim=1, keepdim=True)
    tilted = X + gap * rows([0.0, 0.0, 1.0])
    theta = angles(scale * X, tilted)[1].diagonal()
    np.testing.assert_allclose(theta, math.atan(gap), rtol=1e-11, atol=3e-16)
    opposite = angles(-scale * X, tilted)[1].diagonal()
    np.testing.assert_allclose(opposite, math.pi - math.atan(gap), rtol=1e-14)


def test_equal_rows_are_at_the_angle_zero(monkeypatch):
    # Two pairs a block, so that several blocks meet.
    monkeypatch.setattr("overparam_sk.networks.arc_cosine._CHUNK_ELEMENTS", 14)
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(50, 7, generator=generator, dtype=torch.float64)
    theta = angles(X, torch.cat([X, X]))[1]
    assert torch.equal(theta[:, :50].diagonal(), torch.zeros(50, dtype=X.dtype))
    assert torch.equal(theta[:, 50:].diagonal(), torch.zeros(50, dtype=X.dtype))
    assert float((theta[:, :50] + torch.eye(50)).min()) > 0.1


def test_is_the_limit_of_the_finite_gram():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    m = 200_000
    W = torch.randn(m, 3, generator=generator, dtype=torch.float64)
    a = torch.randn(10, m, generator=generator, dtype=torch.float64)
    H = (X @ X.T) * gate_gram(X @ W.T > 0, a) / m
    error = (H - gated_linear_kernel(X, X)) / torch.outer(X.norm(dim=1), X.norm(dim=1))
    # One entry averages m terms ā_r·1·1 of variance at most 0.5·(1 + 2/10).
    assert float(error.abs().max()) < 5 * (0.6 / m) ** 0.5


def test_same_opposite_and_zero_rows():
    x = rows([3.0, 4.0])
    assert float(gated_linear_kernel(x, x)) == 12.5  # |x|²/2
    assert float(gated_linear_kernel(x, -x)) == 0.0
    assert float(arc_cosine_kernel(x, x, 1)) == 12.5
    assert float(supported_squares(x, x)) == 1.0  # two entries, half the time
    assert float(supported_squares(x, -x)) == 0.0
    for kernel in (
        gated_linear_kernel,
        supported_squares,
        lambda X, Y: arc_cosine_kernel(X, Y, 0),
        lambda X, Y: arc_cosine_kernel(X, Y, 1),
    ):
        assert float(kernel(x, 0 * x)) == float(kernel(0 * x, 0 * x)) == 0.0


def test_another_degree_is_refused():
    with pytest.raises(ValueError, match="degree must be an integer from 0 to 1"):
        arc_cosine_kernel(rows([1.0]), rows([1.0]), 2)
