"""H(0) for h2 → ∞ with h1 as it is: a random matrix, and neither H∞ nor E[H | A].

Given A = A(0), the part of H(0) that comes from B is a mean over the h2 rows of B and
settles. The part that comes from A does not: it is

    (1/h1) x_i·x_j Σ_r 1_i{r} 1_j{r} g_r(i) g_r(j),
    g_r(i) = h2^(−1/2) Σ_p w_p B_pr 1{B_p·y_i > 0},    y_i = σ(A x_i),

and by the central limit theorem g becomes Gaussian, not small, with mean 0 and with b a
row of B

    E[g_r(i) g_s(j)] = E[b_r b_s 1{b·y_i > 0} 1{b·y_j > 0}]
                     = E[b_r²] {(π − θ)/2π δ_rs + [û_r v̂_s + v̂_r û_s
                                − cos θ (û_r û_s + v̂_r v̂_s)] / (2π sin θ)}

where û, v̂ are the directions of y_i, y_j and θ is the angle between them. Its mean is
E[H | A]; for that to be what H(0) comes close to, and H∞ in turn, h1 has to grow too.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import infinite_width_gram

__all__ = ["limit_gram"]

Floats = NDArray[np.float64]

# Sines of angles below this are rounding: the bracket above, 0 at θ = 0, is not left.
_PARALLEL = 1e-7


def limit_gram(X: Floats, A: Floats, random_state: int) -> Floats:
    """Draw H(0) at h2 → ∞.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    A : ndarray of shape (h1, d)
    random_state : int
        Seed of g.

    Returns
    -------
    ndarray of shape (n, n)
    """
    Z = X @ A.T
    Y, h1 = np.maximum(Z, 0), A.shape[0]
    norms = np.linalg.norm(Y, axis=1, keepdims=True)
    U = Y / np.where(norms > 0, norms, 1)
    cosine = np.clip(U @ U.T, -1, 1)
    np.fill_diagonal(cosine, 1)
    gates = (np.pi - np.arccos(cosine)) / (2 * np.pi)
    g = np.zeros_like(Z)
    seen = np.nonzero(Z > 0)
    g[seen] = _gaussian(_covariance(U, cosine, gates, *seen), random_state)
    B_part = (Y @ Y.T) * gates
    A_part = _mean_square(h1) * (X @ X.T) * (g @ g.T)
    gram: Floats = (B_part + A_part) / h1
    return gram


def _covariance(
    U: Floats,
    cosine: Floats,
    gates: Floats,
    row: NDArray[np.int64],
    unit: NDArray[np.int64],
) -> Floats:
    """Of the g that H(0) sees, over E[b_r²]; one of it for each unit on at a row."""
    i, j = row[:, None], row[None, :]
    r, s = unit[:, None], unit[None, :]
    c = cosine[i, j]
    sine = np.sqrt(np.maximum((1 - c) * (1 + c), 0))
    bracket = U[i, r] * U[j, s] + U[j, r] * U[i, s]
    bracket -= c * (U[i, r] * U[i, s] + U[j, r] * U[j, s])
    away = sine > _PARALLEL
    turned = np.where(away, bracket, 0) / np.where(away, 2 * np.pi * sine, 1)
    found: Floats = gates[i, j] * (r == s) + turned
    return found


def _gaussian(covariance: Floats, random_state: int) -> Floats:
    values, vectors = np.linalg.eigh(covariance)
    normal = np.random.default_rng(random_state).standard_normal(len(values))
    drawn: Floats = vectors @ (np.sqrt(np.maximum(values, 0)) * normal)
    return drawn


@cache
def _mean_square(h1: int) -> float:
    """E[b_r²]: of one row that all units see alike, E[H | A] is (1 + E[b_r²])/2."""
    one = infinite_width_gram(
        np.ones((1, 1)),
        network="kong_2019",
        width1=h1,
        row_norm="clip",
        first_weights=np.ones((h1, 1)),
    )
    return float(2 * one[0, 0] - 1)
