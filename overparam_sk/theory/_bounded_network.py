"""A fitted classifier as the bounds see it: rows, weights and where they began."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.arrays import check_finite, real_array, real_rows
from overparam_sk.memory import check_room
from overparam_sk.parameters import shown
from overparam_sk.theory.bound import Assumption

__all__ = ["BoundedNetwork", "Labelled", "margins", "outputs_of"]

Floats = NDArray[np.floating[Any]]

# Numbers of pre-activations that stand at a time.
_BLOCK_ELEMENTS = 2**23


@dataclass(frozen=True)
class Labelled:
    """Rows in float64, with the constant 1 of an intercept, and numbers of classes."""

    X: NDArray[np.float64]
    labels: NDArray[np.int64]

    def in_their_units(self) -> "Labelled":
        """Each row over its largest entry: the outputs' order knows no unit."""
        largest = np.abs(self.X).max(axis=1, keepdims=True)
        return Labelled(self.X / np.where(largest > 0, largest, 1), self.labels)

    def blocks(self, m: int) -> Iterator["Labelled"]:
        """Some rows at a time, of m hidden units."""
        size = max(1, _BLOCK_ELEMENTS // m)
        for start in range(0, len(self.X), size):
            some = slice(start, start + size)
            yield Labelled(self.X[some], self.labels[some])


@dataclass(frozen=True)
class BoundedNetwork:
    """f(x) = Σ_r a_r ReLU(w_r·x) with its W(0).

    Parameters
    ----------
    train : Labelled
    test : Labelled or None
    W, W0 : ndarray of shape (m, d)
        With the intercept's column, where there is one.
    a : ndarray of shape (k, m)
    compressed : CompressedClassifier
        Of full rank.
    blind : bool
        Whether W(0) was drawn without a look at the rows.
    """

    train: Labelled
    test: Labelled | None
    W: NDArray[np.float64]
    W0: NDArray[np.float64]
    a: NDArray[np.float64]
    compressed: Any
    blind: bool

    @classmethod
    def of(cls, estimator: Any, X: Any, y: Any, X_test: Any, y_test: Any) -> Any:
        """Take it from a fitted estimator, if its network is this one.

        Raises
        ------
        ValueError
            If it is another, or the rows do not fit to it.
        """
        if (X_test is None) != (y_test is None):
            raise ValueError("X_test and y_test must be given together or not at all.")
        names = ("compress", "hidden_weights_", "readout_weights_", "decision_function")
        known = not isinstance(estimator, type)
        known = known and all(hasattr(estimator, name) for name in names)
        if not known or not _is_plain(estimator):
            raise ValueError(_refusal(estimator))
        m, d = estimator.hidden_weights_.shape
        small = estimator.compress(min(m, d + estimator.has_intercept_))
        net = cls(
            train=_labelled(estimator, "X", X, "y", y),
            test=None
            if X_test is None
            else _labelled(estimator, "X_test", X_test, "y_test", y_test),
            W=_weights(estimator),
            W0=_weights(small.truncate(0).expand()),
            a=estimator.readout_weights_.astype(np.float64),
            compressed=small,
            # In centred coordinates of one scale, W(0) follows the rows' own.
            blind=not hasattr(estimator, "scale_"),
        )
        net.check_outputs(estimator, X)
        return net

    @property
    def n(self) -> int:
        """Training rows."""
        return len(self.train.X)

    @property
    def k(self) -> int:
        """Classes."""
        return len(self.a)

    @property
    def trivial(self) -> float:
        """What guessing at random does."""
        return 1 - 1 / self.k

    @property
    def always_asked(self) -> tuple[Assumption, ...]:
        """What every bound of a random W(0) takes for granted."""
        return (
            Assumption("rows drawn independently from one distribution", None),
            Assumption("W(0) and the readout drawn without a look at them", self.blind),
        )

    def errors(self, W: NDArray[np.float64]) -> tuple[float, float | None]:
        """Shares of the training and of the test rows that such weights get wrong."""
        test = None if self.test is None else self._error(self.test, W)
        return self._error(self.train, W), test

    def margins(self, rows: Labelled, W: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of each row, with such weights."""
        return np.concatenate(
            [
                margins(outputs_of(part.X @ W.T, self.a), part.labels)
                for part in rows.blocks(len(W))
            ]
        )

    def _error(self, rows: Labelled, W: NDArray[np.float64]) -> float:
        found = check_finite("The margins", self.margins(rows.in_their_units(), W))
        return float((found <= 0).mean())

    def check_outputs(self, estimator: Any, X: Any) -> None:
        """Refuse an estimator whose outputs are those of other units."""
        some = self.train.X[:100]
        own = outputs_of(some @ self.W.T, self.a)
        if self.k == 2:
            own = own[:, 1:] - own[:, :1]
        theirs = np.asarray(estimator.decision_function(X))[: len(some)]
        theirs = theirs.reshape(len(some), -1)
        if not np.allclose(own, theirs, rtol=1e-2, atol=1e-2 * np.abs(own).max()):
            raise ValueError(_refusal(estimator))


def outputs_of(Z: Floats, a: Floats) -> Floats:
    """Outputs f of pre-activations Z, shape (n, k)."""
    return np.maximum(Z, 0) @ a.T


def margins(outputs: Floats, labels: NDArray[np.int64]) -> Floats:
    """The right output less the largest of the others: of a row that is wrong ≤ 0."""
    rows = np.arange(len(labels))
    right = outputs[rows, labels]
    others = outputs.copy()
    others[rows, labels] = -np.inf
    return np.asarray(right - others.max(axis=1))


def _is_plain(estimator: Any) -> bool:
    """Whether outputs are those of f and the readout is fixed, where it is known."""
    own = vars(estimator)
    others = own.get("has_trained_readout_", False) or own.get("is_centered_", False)
    return not others and own.get("output_scale_", 1.0) == 1.0


def _refusal(estimator: Any) -> str:
    return (
        "estimator must be a fitted classifier f(x) = Σ a_r ReLU(w_r·x) whose first "
        "layer alone is trained, as an OverparamReLUClassifier with train_readout=False"
        ", output_scale=None and parametrization='ntk' (none of the bounds "
        "speaks of a TwoHiddenReLURegressor, whose loss is unbounded), got "
        f"{shown(estimator)}."
    )


def _weights(estimator: Any) -> NDArray[np.float64]:
    W = estimator.hidden_weights_.astype(np.float64)
    if estimator.has_intercept_:
        W = np.column_stack([W, estimator.hidden_intercept_.astype(np.float64)])
    return np.ascontiguousarray(W)


def _labelled(estimator: Any, X_name: str, X: Any, y_name: str, y: Any) -> Labelled:
    rows = real_rows(X_name, X, sparse=True)
    d = estimator.hidden_weights_.shape[1]
    n = rows.shape[0]
    if rows.shape[1] != d:
        raise ValueError(f"{X_name} must have {d} columns, got {rows.shape[1]}.")
    check_room(f"{X_name} as a dense array", 8.0 * n * (d + 1), "pass fewer rows")
    rows = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
    if estimator.has_intercept_:
        rows = np.column_stack([rows, np.ones(n)])
    return Labelled(rows, _labels(estimator.classes_, y_name, y, n))


def _labels(classes: NDArray[Any], name: str, y: Any, n: int) -> NDArray[np.int64]:
    given = np.asarray(y)
    if given.shape == (n, 1):
        given = given[:, 0]
    if given.shape != (n,):
        raise ValueError(
            f"{name} must have shape ({n},), a label for each row, got {given.shape}."
        )
    if given.dtype.kind in "fc":
        given = real_array(name, given, 1)
    known = np.isin(given, classes)
    if not known.all():
        raise ValueError(
            f"{name} must be of the classes {shown(classes.tolist())}, got "
            f"{shown(given[~known][0])}."
        )
    return np.searchsorted(classes, given).astype(np.int64)
