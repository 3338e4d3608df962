"""Where a fit's loss is rounding, and says nothing of the network any more."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments.kong_2019.runs import Run

__all__ = ["before_rounding", "tenth_rates", "tenths"]

Floats = NDArray[np.float64]

# Residuals are rounded to ε times the targets and outputs; a loss is their square, of
# which a factor of a million is room enough.
_ROUNDING = 1e6 * float(np.finfo(np.float64).eps) ** 2


def before_rounding(run: Run) -> int:
    """Last iteration before the loss is rounding; the last of all where it never is."""
    loss = run.history["loss"]
    rounded = np.flatnonzero(loss <= _ROUNDING * loss[0])
    return max(int(rounded[0]) - 1, 0) if len(rounded) else len(loss) - 1


def tenths(run: Run) -> NDArray[np.int64]:
    """The eleven ends of the tenths of a fit up to rounding, without those in one."""
    ends: NDArray[np.int64] = np.unique(
        np.linspace(0, before_rounding(run), 11).round().astype(int)
    )
    return ends


@lru_cache(maxsize=1024)
def tenth_rates(run: Run) -> Floats:
    """−Δ log L/Δt over every tenth, with t = η · iteration."""
    ends = tenths(run)
    rates: Floats = -np.diff(np.log(run.history["loss"][ends])) / np.diff(run.t[ends])
    return rates + 0.0  # a loss that does not move has the rate −0
