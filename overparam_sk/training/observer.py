"""What the training loop tells, and to whom."""

from dataclasses import dataclass, field
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
    weights : tuple of Tensor
        The live trained weights, one matrix a layer, to be read and not written; they
        move on after the call.
    outputs : Tensor of shape (n,) or None
        Outputs on all training rows, where a full-batch trainer knows them anyway.
    figures : dict of str to float
        What the trainer itself has to say: more columns of the history.
    """

    iteration: int
    weights: tuple[Tensor, ...]
    outputs: Tensor | None = None
    figures: dict[str, float] = field(default_factory=dict)


class Observer(Protocol):
    """Looks at the run at every recorded iteration."""

    def observe(self, record: StepRecord, /) -> bool:
        """Look at ``record``; return True to stop the run here."""
        ...
