"""The residual in the eigenvectors of H(0): which of them decide how the loss falls.

With a Gram matrix that stays H(0), gradient descent of step η multiplies the residual's
part along the eigenvector of λ_i by 1 − ηλ_i a step, so that

    L(t) = ½ Σ_i c_i² (1 − ηλ_i)^(2t),    c = Qᵀ (u(0) − y).
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from overparam_sk.diagnostics import gram_matrix

__all__ = ["Modes", "measure_modes"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Modes:
    """The residual of one run in the eigenvectors of its H(0).

    Parameters
    ----------
    eigenvalues : ndarray of shape (n,)
        λ_i of H(0), descending.
    iterations : ndarray of shape (k,)
        Where the residual was looked at; the first is 0.
    coefficients : ndarray of shape (k, n)
        c_i there.
    """

    eigenvalues: Floats
    iterations: NDArray[np.int64]
    coefficients: Floats

    @property
    def loss_shares(self) -> Floats:
        """Share of L(0) that mode i holds, at every iteration looked at; (k, n)."""
        squares = self.coefficients**2
        shares: Floats = squares / squares[0].sum()
        return shares

    def share_of_top(self, n_modes: int) -> float:
        """Share of L(0) in the ``n_modes`` largest eigenvalues."""
        return float(self.loss_shares[0, :n_modes].sum())

    @property
    def initial_rate(self) -> float:
        """−d log L/dt at t = 0 by eq. (45): 2 Σ c_i² λ_i / Σ c_i²."""
        return float(2 * self.loss_shares[0] @ self.eigenvalues)

    def predicted_shares(self, learning_rate: float) -> Floats:
        """`loss_shares` if H stayed H(0)."""
        start = self.loss_shares[0]
        shares: Floats = self._powers(learning_rate, self.iterations) * start
        return shares

    def predicted_loss(self, learning_rate: float, iterations: ArrayLike) -> Floats:
        """L(t) if H stayed H(0)."""
        powers = self._powers(learning_rate, np.asarray(iterations))
        losses: Floats = powers @ self.coefficients[0] ** 2 / 2
        return losses

    def _powers(self, learning_rate: float, iterations: NDArray[Any]) -> Floats:
        factors: Floats = (1 - learning_rate * self.eigenvalues) ** (
            2 * iterations[:, None]
        )
        return factors


def measure_modes(
    net: Any, X: NDArray[Any], y: NDArray[Any], iterations: Sequence[int]
) -> Modes:
    """Decompose the residual at 0, at ``iterations`` and at the end.

    Gradient descent has no randomness but its start: a shorter fit of the same seed
    passes through the same weights.

    Parameters
    ----------
    net : fitted TwoHiddenReLURegressor
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        What it was fitted to.
    iterations : sequence of int
        Between 0 and the end.
    """
    start = copy(net)
    start.first_weights_, start.second_weights_ = net.initial_weights()
    shorter = {"record_every": None, "diagnostics": None, "gram_samples": 1}
    shorter |= {"n_iter_no_change": None}
    nets = [
        start,
        *(clone(net).set_params(max_iter=t, **shorter).fit(X, y) for t in iterations),
        net,
    ]
    values, vectors = np.linalg.eigh(gram_matrix(start, X))
    residuals = np.array([one.predict(X) - y for one in nets])
    return Modes(
        # Rounding leaves eigenvalues of a singular matrix at about ±1e-17.
        eigenvalues=np.maximum(values[::-1], 0),
        iterations=np.array([0, *iterations, net.n_iter_]),
        coefficients=(residuals @ vectors)[:, ::-1],
    )
