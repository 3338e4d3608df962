"""What is learned: the rows of a classification problem, and usual settings."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize as scale_to_norm_1

__all__ = ["Defaults", "Problem", "Split", "data_of", "in_float32"]

# X, y, X_test, y_test
Split = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Defaults:
    """Settings of a study where none are given; the first three are the estimator's.

    A batch is no larger than the training rows are many.

    Parameters
    ----------
    learning_rate : float or "auto"
    batch_size : int
    max_iter : int
    widths : tuple of int
    target_accuracy : float
        The test accuracy to which the steps are counted.
    """

    learning_rate: float | str = "auto"
    batch_size: int = 64
    max_iter: int = 2000
    widths: tuple[int, ...] = (250, 500, 1000, 2000)
    target_accuracy: float = 0.95


@dataclass(frozen=True)
class Problem:
    """Training and test rows of one classification problem.

    Parameters
    ----------
    name : str
    X : ndarray of shape (n_samples, n_features), float32
    y : ndarray of shape (n_samples,)
    X_test, y_test : ndarray
    n_classes : int
        k.
    n_components : int or None
        Components of each class, l; None where nobody knows.
    defaults : Defaults
    normalized : bool, default=False
        Whether the rows were scaled to norm 1.
    redraw : callable or None, default=None
        seed -> (X, y, X_test, y_test), for data that each repeat draws anew.
    """

    name: str
    X: NDArray[Any]
    y: NDArray[Any]
    X_test: NDArray[Any]
    y_test: NDArray[Any]
    n_classes: int
    n_components: int | None
    defaults: Defaults
    normalized: bool = False
    redraw: Callable[[int], Split] | None = None

    @property
    def n_clusters(self) -> int:
        """Components in all, k·l; k where l is not known."""
        return self.n_classes * (self.n_components or 1)

    def for_repeat(self, seed: int) -> "Problem":
        """Draw the data of a repeat; data that is not generated stays as it is."""
        if self.redraw is None:
            return self
        X, y, X_test, y_test = self.redraw(seed)
        return replace(self, X=X, y=y, X_test=X_test, y_test=y_test)


def in_float32(split: Split, normalize: bool) -> Split:
    """Rows as the networks take them, scaled to norm 1 if that is asked for."""
    X, y, X_test, y_test = split
    X, X_test = X.astype(np.float32), X_test.astype(np.float32)
    if normalize:
        X, X_test = scale_to_norm_1(X), scale_to_norm_1(X_test)
    return X, y, X_test, y_test


def data_of(problem: Problem) -> dict[str, Any]:
    """The data as arguments of :func:`width_study`."""
    if problem.redraw is not None:
        return {"X": problem.redraw}
    return {
        "X": problem.X,
        "y": problem.y,
        "X_test": problem.X_test,
        "y_test": problem.y_test,
    }
