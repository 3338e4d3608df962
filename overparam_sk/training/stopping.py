"""Stop a run that no longer improves."""

from collections.abc import Callable

from torch import Tensor

from overparam_sk.training.loop import StepRecord

__all__ = ["NoImprovement"]


class NoImprovement:
    """An observer that stops when a figure has not risen for a number of looks.

    Parameters
    ----------
    figure : callable
        Returns the latest figure; larger is better.
    tol : float
        A rise of no more than this is no improvement.
    patience : int
        Looks without improvement after which to stop.
    keep_best : bool
        Whether to keep a copy of the weights at the best figure.

    Attributes
    ----------
    best : float
    best_weights : tuple of Tensor or None
    """

    def __init__(
        self,
        figure: Callable[[], float],
        *,
        tol: float,
        patience: int,
        keep_best: bool,
    ) -> None:
        self._figure = figure
        self._tol = tol
        self._patience = patience
        self._keep_best = keep_best
        self._looks_without = 0
        self._to_beat = -float("inf")
        self.best = -float("inf")
        self.best_weights: tuple[Tensor, ...] | None = None

    def observe(self, record: StepRecord) -> bool:
        """Compare the latest figure with the best one so far."""
        figure = self._figure()
        if figure > self.best:
            self.best = figure
            if self._keep_best:
                self.best_weights = tuple(W.clone() for W in record.weights)
        if figure > self._to_beat + self._tol:
            self._to_beat = figure
            self._looks_without = 0
        else:
            self._looks_without += 1
        return self._looks_without >= self._patience
