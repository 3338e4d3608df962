"""Stop a run that no longer improves."""

from collections.abc import Callable
from math import inf, isfinite

from torch import Tensor

from overparam_sk.training.loop import StepRecord

__all__ = ["NoImprovement", "NothingToGain"]

# Steps before the first question, between two, and their share of those done.
_FEWEST_STEPS = 16
_BETWEEN_SHARE = 8
# What is flat has been so for as many passes, and steps.
_FLAT_PASSES = 10
_FLAT_STEPS = 40


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


class NothingToGain:
    """The goal of a run: a training loss that is small, or has stopped falling.

    It is asked at iterations of its own, which do not depend on what is recorded: once
    a pass over the rows, or less often by a share of the steps that were done, so that
    it costs next to nothing.

    Parameters
    ----------
    loss : callable
        Returns the training loss of late.
    tol : float
        A loss up to this is small. One is flat that has fallen by no more a pass, over
        the last ten passes and at least 40 steps.
    first : int
        The iteration at which the run starts.
    steps_per_pass : int
        Steps in which each row is seen once.
    flat_share : float, default=0.0
        What is flat has been so for this share of all steps, too.
    enough : float, default=inf
        What is flat above this is only slow.
    """

    def __init__(
        self,
        loss: Callable[[], float],
        *,
        tol: float,
        first: int,
        steps_per_pass: int,
        flat_share: float = 0.0,
        enough: float = inf,
    ) -> None:
        self._enough = enough
        self._loss = loss
        self._flat_share = flat_share
        self._tol = tol
        self._first = first
        self._steps_per_pass = steps_per_pass
        self._losses: list[tuple[int, float]] = []  # steps done, loss

    def next_question(self, iteration: int) -> int:
        """Where to ask next, after ``iteration``."""
        done, steps = iteration - self._first, 0
        while steps <= done:
            more = max(_FEWEST_STEPS, steps // _BETWEEN_SHARE, self._steps_per_pass)
            steps += more
        return self._first + steps

    def is_reached(self, iteration: int) -> bool:
        """Whether the loss is small or flat at ``iteration``, the present one."""
        steps, loss = iteration - self._first, self._loss()
        self._losses.append((steps, loss))
        if loss <= self._tol:
            return True
        few = max(_FLAT_STEPS, _FLAT_PASSES * self._steps_per_pass)
        flat = max(few, int(self._flat_share * steps))
        before = [other for then, other in self._losses if then <= steps - flat]
        since = [other for then, other in self._losses if then > steps - flat]
        passes = few / self._steps_per_pass
        if not before or not isfinite(min(since)):
            return False
        if min(before + since) > self._enough:
            return False
        return min(since) >= min(before) - self._tol * passes
