"""H(0) of Kong's network at h2 → ∞: its Gaussian against networks that are wide."""

import numpy as np
import pytest

from overparam_sk.experiments.kong_2019.limit import _covariance, limit_gram


def layer(n=4, d=3, h1=3, seed=0):
    random = np.random.default_rng(seed)
    X, A = random.standard_normal((n, d)), random.standard_normal((h1, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Z = X @ A.T
    return X, A, Z, np.maximum(Z, 0)


@pytest.mark.parametrize("seed", range(4))
def test_the_covariance_is_that_of_one_unit_of_the_second_layer(seed):
    """E[b_r b_s 1{b·y_i > 0} 1{b·y_j > 0}] of b ~ N(0, I), of which w is no part."""
    *_, Z, Y = layer(seed=seed)
    row, unit = np.nonzero(Z > 0)
    norms = np.linalg.norm(Y, axis=1, keepdims=True)
    U = Y / np.where(norms > 0, norms, 1)
    cosine = np.clip(U @ U.T, -1, 1)
    np.fill_diagonal(cosine, 1)
    gates = (np.pi - np.arccos(cosine)) / (2 * np.pi)
    found = _covariance(U, cosine, gates, row, unit)
    b = np.random.default_rng(seed).standard_normal((400_000, 3))
    gated = b[:, unit] * (b @ Y.T > 0)[:, row]
    np.testing.assert_allclose(found, gated.T @ gated / len(b), atol=6e-3)
    assert np.abs(found[unit[:, None] != unit]).max() > 0.05  # they hang together


def test_draws_have_the_mean_and_the_spread_of_wide_networks():
    X, A, Z, Y = layer(seed=1)
    h1, h2, n_draws = 3, 2000, 400
    random = np.random.default_rng(0)

    def wide():
        B, w = random.standard_normal((h2, h1)), random.choice([-1, 1], h2)
        B /= np.maximum(1, np.linalg.norm(B, axis=1, keepdims=True))
        S2 = Y @ B.T > 0
        V = (Z > 0) * ((S2 * w) @ B)
        return ((Y @ Y.T) * (S2 @ S2.T.astype(float)) + (X @ X.T) * (V @ V.T)) / (
            h1 * h2
        )

    of_networks = np.array([wide() for _ in range(n_draws)])
    of_limit = np.array([limit_gram(X, A, seed) for seed in range(n_draws)])
    spread = of_networks.std(axis=0)
    error = 5 * spread * (2 / n_draws) ** 0.5 + 1e-12
    assert (np.abs(of_networks.mean(axis=0) - of_limit.mean(axis=0)) < error).all()
    seen = spread > 1e-6
    ratio = of_limit.std(axis=0)[seen] / spread[seen]
    np.testing.assert_allclose(ratio, 1, atol=0.3)
