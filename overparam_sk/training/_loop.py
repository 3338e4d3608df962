"""The one training loop: step, notify, stop."""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Protocol

from torch import Tensor

from overparam_sk.training.observer import Observer, StepRecord

__all__ = ["Outcome", "Trainer", "train"]


class Outcome(Enum):
    """Why a run ended."""

    FINISHED = "all steps were done"
    STOPPED = "an observer asked to stop"
    INTERRUPTED = "interrupted from the keyboard"


class Trainer(Protocol):
    """A state and a way to advance it."""

    iteration: int

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The live trained weights, one matrix a layer."""
        ...

    @property
    def outputs(self) -> Tensor | None:
        """Outputs on all training rows, if they are known at no cost."""
        ...

    @property
    def figures(self) -> dict[str, float]:
        """What an observer cannot see of the way in which the steps are done."""
        ...

    def advance(self, n_steps: int, /) -> None:
        """Do ``n_steps`` more gradient steps."""
        ...


def train(
    trainer: Trainer, checkpoints: Iterable[int], observers: Sequence[Observer]
) -> Outcome:
    """Advance ``trainer`` from checkpoint to checkpoint and show it to the observers.

    Parameters
    ----------
    trainer : Trainer
    checkpoints : iterable of int
        Iterations at which the observers look, ascending; the last ends the run. One
        that is already reached is looked at without a step.
    observers : sequence of Observer
        All of them see every checkpoint, also the one at which some ask to stop.

    Returns
    -------
    Outcome
        After Ctrl-C the trainer holds the last completed block of steps.
    """
    try:
        for checkpoint in checkpoints:
            trainer.advance(checkpoint - trainer.iteration)
            record = StepRecord(
                trainer.iteration, trainer.weights, trainer.outputs, trainer.figures
            )
            stops = [observer.observe(record) for observer in observers]
            if any(stops):
                return Outcome.STOPPED
    except KeyboardInterrupt:
        return Outcome.INTERRUPTED
    return Outcome.FINISHED
