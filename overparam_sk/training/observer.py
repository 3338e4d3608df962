"""What the training loop tells, and to whom."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

__all__ = ["Observer", "StepRecord"]


@dataclass(frozen=True)
class StepRecord:
    """The state of a run at a recorded iteration.

    Parameters
    ----------
    iteration : int
        Gradient steps done so far.
    W : Tensor of shape (m, d)
        The live weights, to be read and not written; they move on after the call.
    """

    iteration: int
    W: Tensor


class Observer(Protocol):
    """Looks at the run at every recorded iteration."""

    def observe(self, record: StepRecord, /) -> bool:
        """Look at ``record``; return True to stop the run here."""
        ...
