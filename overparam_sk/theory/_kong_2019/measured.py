"""What the theorems of Kong (2019) speak of, measured on a fitted network."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import validate_data

from overparam_sk.diagnostics import (
    gram_matrix,
    infinite_width_gram,
    infinite_width_lambda_min,
)
from overparam_sk.networks import RowNorm
from overparam_sk.theory._kong_2019.patterns import Patterns

__all__ = ["Layers", "Measured"]

Floats = NDArray[np.float64]
# The outputs of a float32 network, made of sums over h2 units, differ in the seventh
# digit from those made here; rows of another fit differ in the first.
_SAME_LOSS = 1e-3


@dataclass(frozen=True)
class Layers:
    """A, B and w at one time, and what follows from them on the rows.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)
    A : ndarray of shape (h1, d)
    B : ndarray of shape (h2, h1)
    w : ndarray of shape (h2,)
    """

    X: Floats
    y: Floats
    A: Floats
    B: Floats
    w: Floats

    @cached_property
    def first(self) -> Floats:
        """A x_i, shape (n, h1)."""
        return self.X @ self.A.T

    @cached_property
    def patterns(self) -> Patterns:
        """1_i{r} and 1_i{p} (eq. 14)."""
        Y = np.maximum(self.first, 0)
        return Patterns(self.first > 0, Y @ self.B.T > 0)

    @cached_property
    def gated_sums(self) -> Floats:
        """Σ_p w_p B_pr 1_i{p, r} of eq. (46), shape (n, h1)."""
        signed = self.w[:, None] * self.B
        found: Floats = (self.patterns.second @ signed) * self.patterns.first
        return found

    @property
    def sums(self) -> Floats:
        """Σ_q w_q B_qr of eq. (23), shape (h1,)."""
        return self.w @ self.B

    @cached_property
    def residual(self) -> Floats:
        """U − y: wᵀσ(B y_i) is the gated sums' product with y_i = σ(A x_i)."""
        u = (self.gated_sums * self.first).sum(axis=1) / np.sqrt(self.B.size)
        found: Floats = u - self.y
        return found

    @property
    def loss(self) -> float:
        """L = ½ ‖u − y‖² (eq. 3)."""
        return float(self.residual @ self.residual) / 2

    @cached_property
    def gram(self) -> Floats:
        """H (eq. 9)."""
        return gram_matrix((self.A, self.B, self.w), self.X)

    @cached_property
    def eigenvalues(self) -> Floats:
        """Those of H, ascending; rounding noise is 0."""
        values = np.linalg.eigvalsh(self.gram)
        noise = len(values) * np.finfo(float).eps * values[-1]
        return np.where(np.abs(values) > noise, values, 0.0)

    @property
    def decay(self) -> float:
        """−L'/L = rᵀHr/L of the flow (eq. 45); NaN where the loss is 0."""
        r = self.residual
        return float(r @ self.gram @ r) / self.loss if self.loss else float("nan")


@dataclass(frozen=True)
class Measured:
    """A fitted network at time 0 and now.

    Parameters
    ----------
    start, end : Layers
    row_norm : {"clip", "unit"} or None
    step : float or None
        η where it is constant, and there is no momentum; otherwise there is no time t.
    momentum : float
    history : dict of str to ndarray
    has_intercept : bool
        Whether the last column of the rows is the constant 1.
    """

    start: Layers
    end: Layers
    row_norm: RowNorm
    step: float | None
    momentum: float
    history: dict[str, NDArray[Any]]
    has_intercept: bool

    @classmethod
    def of(cls, estimator: Any, X: ArrayLike, y: ArrayLike) -> Self:
        """Take it from a fitted `TwoHiddenReLURegressor` and its training rows.

        Raises
        ------
        ValueError
            If X and y are not what it was fitted on.
        """
        X_, y_ = validate_data(
            estimator, X, y, reset=False, dtype=np.float64, y_numeric=True
        )
        if estimator.has_intercept_:
            X_ = np.column_stack([X_, np.ones(len(X_))])
        A0, B0 = estimator.initial_weights()
        signs = estimator.readout_signs_
        start, end = (
            Layers(X_, *(part.astype(np.float64) for part in (y_, A, B, signs)))
            for A, B in (
                (_whole(estimator, A0, estimator.initial_intercept()), B0),
                (
                    _whole(
                        estimator, estimator.first_weights_, estimator.first_intercept_
                    ),
                    estimator.second_weights_,
                ),
            )
        )
        _check_same_rows(start, end, estimator)
        momentum = 0.0 if estimator.momentum == "auto" else float(estimator.momentum)
        constant = estimator.learning_rate != "auto" and not momentum
        step = float(estimator.learning_rate_) if constant else None
        row_norm, history = estimator.row_norm_, estimator.history_
        has_intercept = bool(estimator.has_intercept_)
        return cls(start, end, row_norm, step, momentum, history, has_intercept)

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.start.y)

    @property
    def h1(self) -> int:
        """Units of the first hidden layer."""
        return len(self.start.A)

    @property
    def h2(self) -> int:
        """Units of the second hidden layer."""
        return len(self.start.w)

    @cached_property
    def expected_gram(self) -> Floats:
        """H∞ (eq. 17)."""
        return infinite_width_gram(
            self.start.X, network="kong_2019", width1=self.h1, row_norm=self.row_norm
        )

    @cached_property
    def lambda_0(self) -> tuple[float, float]:
        """λ_min(H∞), and the standard error of its integration (Assumption 2)."""
        return infinite_width_lambda_min(
            self.start.X, network="kong_2019", width1=self.h1, row_norm=self.row_norm
        )

    @cached_property
    def drift(self) -> Floats:
        """H(t) − H(0)."""
        return self.end.gram - self.start.gram

    @cached_property
    def moves(self) -> tuple[float, float]:
        """max_r ‖A_r − A_r(0)‖ and max_p ‖B_p − B_p(0)‖: the most at any look."""
        ends = (self.end.A - self.start.A, self.end.B - self.start.B)
        first, second = (
            max(
                np.linalg.norm(change, axis=1).max(),
                *self.history.get(f"largest_unit_change_{layer}", [0.0]),
            )
            for layer, change in enumerate(ends, 1)
        )
        return float(first), float(second)

    @property
    def smallest_gram_eigenvalue(self) -> float:
        """λ_min(H(t)), the least at any look."""
        looks: Any = self.history.get("gram_lambda_min", [])
        ends = (self.start.eigenvalues[0], self.end.eigenvalues[0])
        return float(min(*ends, *looks))

    @property
    def times(self) -> Floats | None:
        """The flow's time η · iteration of each look, where the step is constant."""
        if self.step is None:
            return None
        times: Floats = self.step * self.history["iteration"]
        return times


def _whole(estimator: Any, A: Floats, intercept: Floats) -> Floats:
    """A with the weights of the constant 1, where there is one, as its last column."""
    return np.column_stack([A, intercept]) if estimator.has_intercept_ else A


def _check_same_rows(start: Layers, end: Layers, estimator: Any) -> None:
    pairs = {"first": (start, estimator.history_["loss"][0])}
    pairs["last"] = (end, estimator.loss_)
    for when, (layers, theirs) in pairs.items():
        if abs(layers.loss - theirs) > _SAME_LOSS * max(start.loss, theirs):
            raise ValueError(
                "X and y must be what the estimator was fitted on, all rows with "
                f"weight 1: its {when} loss was {theirs:g}, theirs is "
                f"{layers.loss:g}."
            )
