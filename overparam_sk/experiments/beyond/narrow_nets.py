"""Networks that are wide but for one layer: how they are drawn, and what must follow.

A row is dead behind a layer of h units if it activates none of them. A unit's weights
b ~ N(0, I) are symmetric whatever the layers below made of the row: it is off with
probability 1/2, and h of them with 2^−h, at any place of a network and at any width.
How many rows are dead *together* is a matter of their angles: a unit is off on two rows
at the angle θ with probability (π − θ)/2π, so that N of n rows are dead with

    E[N] = n 2^−h,    Var[N] = Σ_ij [((π − θ_ij)/2π)^h − 4^−h].

The angles are those behind the layers below, where they follow from the data's by the
arc-cosine recursion as these layers grow, and shrink with every one.

How large the parts of H(0) are follows from the same symmetry. As E[b bᵀ] is a multiple
of I, and products of two units' gradients have mean 0 by the signs of the readout,

    E[H_l(x, x)] = |x|² 2^−L Π_{j≠l} E|b_j|²/h_{j−1},    h_0 = d,

for the part of W_l, a row x, and the rows b_j of W_j, at any widths, narrow or not.
E|b_j|² is h_{j−1} for rows that are left as they are, and E[min(1, χ²)] for clipped
ones: with wide layers 1, whence the order Π_{j≠l} 1/h_{j−1}.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from overparam_sk.diagnostics import infinite_width_gram

__all__ = [
    "Limit",
    "RowNorm",
    "dead_rows",
    "draw",
    "expected_sizes",
    "features",
    "hidden_widths",
    "limit_of",
    "sizes",
]

Floats = NDArray[np.float64]
RowNorm = Literal["clip"] | None
Weights = tuple[Floats, ...]

# Gaussian rows that stand at a time.
_DRAWS_AT_A_TIME = 1000


def hidden_widths(
    depth: int, position: int, narrow: int, width: int
) -> tuple[int, ...]:
    """h_1, …, h_L: all ``width`` but that of a position, from 1; none of position 0."""
    places = range(1, depth + 1)
    return tuple(narrow if place == position else width for place in places)


def draw(
    rng: np.random.Generator, widths: Sequence[int], d: int, row_norm: RowNorm
) -> Weights:
    """W_1(0), …, W_L(0) and the signs w, as `DeepReLURegressor` starts from."""
    layers = []
    for h, below in zip(widths, (d, *widths), strict=False):
        W = rng.standard_normal((h, below))
        if row_norm == "clip":
            W /= np.linalg.norm(W, axis=1, keepdims=True).clip(min=1)
        layers.append(W)
    return *layers, rng.choice([-1.0, 1.0], widths[-1])


def features(layers: Sequence[Floats], X: Floats) -> list[Floats]:
    """Y_0 = X and what each layer makes of it, shapes (n, h_l)."""
    Y = [X]
    for W in layers:
        Y.append(np.maximum(Y[-1] @ W.T, 0))
    return Y


def dead_rows(layers: Sequence[Floats], X: Floats) -> NDArray[np.bool_]:
    """Which rows activate no unit of some layer, and so none above, shape (n,)."""
    dead: NDArray[np.bool_] = np.equal(features(layers, X)[-1].max(axis=1), 0)
    return dead


def sizes(weights: Weights, X: Floats) -> Floats:
    """Mean over the rows of H_l(x, x), the part of each layer, shape (L,).

    Those of ``gram_matrix(…, layer=l)``, without the rest of the matrices.
    """
    *layers, w = weights
    Y = features(layers, X)
    G, found = w * (Y[-1] > 0), list[float]()
    for W, below in zip(layers[::-1], Y[-2::-1], strict=True):
        squares = (below**2).sum(axis=1) * (G**2).sum(axis=1)
        found.insert(0, float(squares.mean()))
        G = (G @ W) * (below > 0)
    return np.array(found) / math.prod(float(len(W)) for W in layers)


def expected_sizes(widths: Sequence[int], d: int, row_norm: RowNorm) -> Floats:
    """What they are in the mean over networks, for rows of norm 1, shape (L,)."""
    below = np.array([d, *widths[:-1]], dtype=float)
    ratio = np.ones_like(below)
    if row_norm == "clip":
        ratio = chi2.cdf(1, below + 2) + chi2.sf(1, below) / below
    others = [np.delete(ratio, at).prod() for at in range(len(ratio))]
    return np.array(others) * 0.5 ** len(ratio)


@dataclass(frozen=True)
class Limit:
    """The number N of dead rows behind infinitely wide layers and h units.

    Parameters
    ----------
    mean, variance : float
        Of N, in closed form.
    any, all : float
        Probability that a row is dead, and that all are; means over Gaussian draws.
    """

    mean: float
    variance: float
    any: float
    all: float

    @property
    def least(self) -> float:
        """What any is at least by the second moment, E[N]²/E[N²]."""
        return self.mean**2 / (self.variance + self.mean**2)


def limit_of(
    X: Floats, position: int, narrow: Sequence[int], n_draws: int, seed: int
) -> dict[int, Limit]:
    """By h, what a layer of h units does at a position, behind wide layers.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        None of its rows is 0.
    position : int
        From 1: at 1 the layer sees the data.
    narrow : sequence of int
        h.
    n_draws : int
        For what has no closed form.
    seed : int
    """
    K = X @ X.T
    if position > 1:
        deep = {"network": "deep_relu", "depth": position - 1}
        K = infinite_width_gram(X, part="readout", **deep)  # type: ignore[arg-type]
    scale = np.sqrt(np.diag(K))
    cosines = (K / np.outer(scale, scale)).clip(-1, 1)
    np.fill_diagonal(cosines, 1)
    off = (np.pi - np.arccos(cosines)) / (2 * np.pi)
    counts = _gaussian_counts(cosines, narrow, n_draws, seed)
    return {
        h: Limit(
            len(X) * 2.0**-h,
            float((off**h - 4.0**-h).sum()),
            float((counts[h] > 0).mean()),
            float((counts[h] == len(X)).mean()),
        )
        for h in narrow
    }


def _gaussian_counts(
    cosines: Floats, narrow: Sequence[int], n_draws: int, seed: int
) -> dict[int, NDArray[np.int64]]:
    """Dead rows among Gaussian pre-activations of the correlations ``cosines``."""
    values, vectors = np.linalg.eigh(cosines)
    root = np.sqrt(values.clip(min=0))[:, None] * vectors.T
    rng, found = np.random.default_rng(seed), dict[int, list[NDArray[np.int64]]]()
    for first in range(0, n_draws, _DRAWS_AT_A_TIME):
        some = min(_DRAWS_AT_A_TIME, n_draws - first)
        normal = rng.standard_normal((some, max(narrow), len(cosines)))
        off = normal @ root <= 0
        for h in narrow:
            found.setdefault(h, []).append(off[:, :h].all(axis=1).sum(axis=1))
    return {h: np.concatenate(parts) for h, parts in found.items()}
