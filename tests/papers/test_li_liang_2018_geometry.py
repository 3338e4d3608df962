"""Li and Liang (2018), Lemmas A.2 and B.2: ReLU keeps components from cancelling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

UNITS = 4000  # random w_r(0), whose length does not count


def partial_norms(points, weights, rng):
    """‖P_{1,r}‖, P_{1,r} = Σ E[p v 1{⟨w_r(0), x⟩ ≥ 0} x], unit by unit.

    Parameters
    ----------
    points : ndarray of shape (k·l, s, d)
        s rows of each component, as likely as each other.
    weights : ndarray of shape (k·l,)
        p_{a,b} v_{1,a,b}.
    """
    kl, s, d = points.shape
    rows = points.reshape(kl * s, d)
    active = rng.standard_normal((UNITS, d)) @ rows.T >= 0
    return np.linalg.norm(active * np.repeat(weights / s, s) @ rows, axis=1)


def separation(points, n_of_class):
    """δ, the least distance between rows of different classes."""
    rows = points.reshape(len(points), -1, points.shape[2])
    k = len(points) // n_of_class
    classes = rows.reshape(k, -1, points.shape[2])
    return min(
        np.linalg.norm(one[:, None] - other[None], axis=2).min()
        for i, one in enumerate(classes)
        for other in classes[i + 1 :]
    )


def case(k, l, d, s, spread, kind, seed):  # noqa: E741
    """Rows of norm 1 in k·l components, and p v as a softmax may have it."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((k * l, 1, d))
    centres /= np.linalg.norm(centres, axis=2, keepdims=True)
    if kind == "cancelling":  # §A.2: components of class 1 that sum to 0
        centres[1] = -centres[0]
    points = centres + spread / np.sqrt(d) * rng.standard_normal((k * l, s, d))
    points /= np.linalg.norm(points, axis=2, keepdims=True)
    weights = np.concatenate([np.ones(l), -rng.random((k - 1) * l)]) / (k * l)
    if kind == "one":  # all the others are fitted already
        weights[1:] *= 1e-3
    return points, weights, separation(points, l), rng


@pytest.mark.parametrize("kind", ["all", "cancelling", "one"])
@pytest.mark.parametrize(("s", "spread"), [(1, 0.0), (10, 0.02)], ids=["A.2", "B.2"])
@settings(max_examples=20, deadline=None)
@given(
    k=st.integers(2, 5),
    n_of_class=st.integers(2, 4),
    d=st.integers(2, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_lemmas_a_2_and_b_2_a_share_of_units_sees_what_is_wrong(
    kind, s, spread, k, n_of_class, d, seed
):
    """‖P_{1,r}‖ ≥ vδ/(kl) for a share of δ/(kl) of units, all constants being 1."""
    points, weights, delta, rng = case(k, n_of_class, d, s, spread, kind, seed)
    norms = partial_norms(points, weights, rng)
    v, kl = weights.max(), k * n_of_class
    share = np.mean(norms >= v * delta / kl)
    assert share >= min(delta / kl, 1) - 4 * np.sqrt(delta / kl / UNITS)


def test_lemma_a_2_needs_relu():
    """Without it class 1 cancels: Σ p v x = 0, though v is as large as it can be."""
    points, weights, _, _ = case(2, 2, 10, 1, 0.0, "cancelling", 0)
    weights[2:] = 0
    assert np.linalg.norm(weights @ points[:, 0]) < 1e-15
    norms = partial_norms(points, weights, np.random.default_rng(0))
    np.testing.assert_allclose(norms, weights.max(), rtol=1e-12)
