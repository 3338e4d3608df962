"""A network up to the step at which its test accuracy first reaches a target."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone

__all__ = ["FirstCrossing", "FirstCrossingAsVariance", "crossing_figures"]


class FirstCrossing(ClassifierMixin, BaseEstimator):
    """Fits a network, and once more with a look at every step near the crossing.

    Parameters
    ----------
    net : OverparamReLUClassifier or InfiniteWidthReLUClassifier
    target : float
        Validation score to be reached.
    every : int
        Steps between two looks of the first fit. The second one has the same batches.

    Attributes
    ----------
    steps_ : int or None
        First step at which the validation score is the target's, but for one that is
        lost again before the next look of the first fit.
    constant_ : float
        √m ‖W − W(0)‖_F / ‖W(0)‖_F at that step, or its limit; NaN if there is none.
    final_constant_ : float
        The same at the end of the first fit.
    """

    def __init__(self, net: Any = None, target: float = 1.0, every: int = 20) -> None:
        self.net = net
        self.target = target
        self.every = every

    def fit(self, X: Any, y: Any, X_val: Any, y_val: Any) -> "FirstCrossing":
        """Fit, find the crossing, and fit up to it."""
        net = clone(self.net).set_params(record_every=self.every)
        self.net_ = net.fit(X, y, X_val=X_val, y_val=y_val)
        self.classes_ = net.classes_
        self.final_constant_ = float(_constants(net)[-1])
        self.steps_, self.constant_ = None, float("nan")
        after = self._first(net)
        if after is None:
            return self
        at = net.history_["iteration"]
        low, high = int(at[max(0, after - 1)]), int(at[after])
        near = clone(net).set_params(
            record_every=tuple(range(low, high + 1)), max_iter=max(1, high)
        )
        near.fit(X, y, X_val=X_val, y_val=y_val)
        first = self._first(near)
        # Rounding may move the crossing out of sight: then it is the last step.
        first = len(near.history_["iteration"]) - 1 if first is None else first
        self.steps_ = int(near.history_["iteration"][first])
        self.constant_ = float(_constants(near)[first])
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict with the first fit, which ran to its end."""
        labels: NDArray[Any] = self.net_.predict(X)
        return labels

    def _first(self, net: Any) -> int | None:
        (reached,) = np.nonzero(net.history_["val_score"] >= self.target)
        return int(reached[0]) if len(reached) else None


class FirstCrossingAsVariance(FirstCrossing):
    """The same from W(0) of variance 1/√m, which §7 may mean, instead of (A3)'s 1/m.

    The network is homogeneous in W. With W = s U and s = m^(1/4), U(0) is that of (A3)
    and f(x; W) = f(s x; U), so ∇_U L = s ∇_W L, and a step η for W is one of η/s² for
    U: plain SGD on the rows s x with c/s². Ratios of W are those of U.
    """

    def fit(self, X: Any, y: Any, X_val: Any, y_val: Any) -> "FirstCrossingAsVariance":
        """Fit as U, find the crossing, and fit up to it."""
        scale = self._scale()
        step = self.net.learning_rate / scale**2
        of_rows = FirstCrossing(
            clone(self.net).set_params(learning_rate=step), self.target, self.every
        ).fit(scale * X, y, scale * X_val, y_val)
        for name, value in vars(of_rows).items():
            if name.endswith("_"):
                setattr(self, name, value)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict with the first fit, which ran to its end."""
        return super().predict(self._scale() * X)

    def _scale(self) -> float:
        return float(self.net.width**0.25)


def _constants(net: Any) -> NDArray[Any]:
    """√m ‖W − W(0)‖_F / ‖W(0)‖_F along the run, or its limit."""
    history: dict[str, NDArray[Any]] = net.history_
    if "distance_constant" in history:
        return history["distance_constant"]
    constants: NDArray[Any] = history["relative_distance"] * net.width**0.5
    return constants


def crossing_figures(model: FirstCrossing, X: Any, y: Any) -> dict[str, Any]:
    """What is kept of a fit, as a scorer."""
    return {
        "accuracy": float(model.score(X, y)),
        "steps": np.nan if model.steps_ is None else float(model.steps_),
        "constant": model.constant_,
        "final_constant": model.final_constant_,
    }
