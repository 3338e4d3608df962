"""A network at one scale and width: how large its steps may be, and what they do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam_sk.experiments.beyond.lazy.rows import Rows
from overparam_sk.world import without_warning

__all__ = ["OCTAVE", "Cell", "Steps", "largest_stable_step", "look"]

# Steps are looked for among the powers of √2.
OCTAVE = 2
_LOWEST, _HIGHEST = -12 * OCTAVE, 14 * OCTAVE
# A step that is well inside what is stable, and no larger than this.
_SHARE, _MOST = 0.25, 8.0


@dataclass(frozen=True)
class Steps:
    """How many steps are done.

    ``stable`` to see whether the loss falls, at most ``most`` to a loss of ``target``.
    """

    stable: int
    most: int
    target: float


@dataclass(frozen=True)
class Cell:
    """What was found at a scale and a width; NaN where the loss was not reached."""

    largest_step: float  # c*
    drift: float  # of the Gram matrix, when the training loss is the target's
    error: float  # on rows that were not trained on, then
    steps: float  # until then


def is_stable(net: Any, rows: Rows, n_steps: int) -> bool:
    """Whether the loss is finite and at most where it began after each of the steps."""
    net.set_params(max_iter=n_steps, record_every=1)
    try:
        with without_warning("The (loss has risen|network predicts 0)"):
            losses = net.fit(rows.X, rows.y).history_["loss"]
    except FloatingPointError:
        return False
    return bool(np.isfinite(losses).all() and (losses <= losses[0]).all())


def largest_stable_step(make: Callable[..., Any], rows: Rows, n_steps: int) -> float:
    """The largest stable c among the powers of √2, by bisection; NaN if none is.

    Bisection takes it that what is larger than an unstable step is not stable.
    """
    low, high = _LOWEST, _HIGHEST

    def stable(power: int) -> bool:
        c = 2 ** (power / OCTAVE)
        return is_stable(make(learning_rate=c), rows, n_steps)

    if not stable(low):
        return np.nan
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if stable(middle) else (low, middle)
    return float(2 ** (low / OCTAVE))


def look(make: Callable[..., Any], rows: Rows, steps: Steps) -> Cell:
    """Find the largest stable step, and train with a smaller one to the loss."""
    largest = largest_stable_step(make, rows, steps.stable)
    net = make(learning_rate=min(_SHARE * largest, _MOST), record_every=1)
    reached: Any = ()
    for n_steps in (steps.most // 8, steps.most):
        losses = net.set_params(max_iter=n_steps).fit(*rows[:2]).history_["loss"]
        reached = np.flatnonzero(losses <= steps.target)
        if len(reached):
            break
    else:
        return Cell(largest, np.nan, np.nan, np.nan)
    net.set_params(max_iter=int(reached[0]), record_every=None)
    net.set_params(diagnostics=("gram_drift",)).fit(*rows[:2])
    error = 1 - net.score(rows.X_test, rows.y_test)
    return Cell(largest, net.gram_drift_, float(error), float(reached[0]))
