"""The one training loop: step, notify, stop."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from overparam_sk.interrupts import CtrlC

__all__ = [
    "DivergenceError",
    "Goal",
    "Observer",
    "Outcome",
    "Recent",
    "StepRecord",
    "Trainer",
    "train",
]


class DivergenceError(ValueError, FloatingPointError):
    """The outputs of the network are no longer finite, or no unit is active."""


class Outcome(Enum):
    """Why a run ended."""

    FINISHED = "all steps were done"
    CONVERGED = "the goal was reached"
    STOPPED = "an observer asked to stop"
    INTERRUPTED = "interrupted from the keyboard"


class Recent(NamedTuple):
    """What training itself has seen last of the outputs, at no further cost.

    At most one pass over the rows: minibatch SGD sees the outputs of a batch before its
    step, full-batch descent those of all rows at the present weights.
    """

    outputs: Tensor  # (p, k) or (p,)
    places: Tensor  # (p,), int64, which training rows they are of

    @classmethod
    def nothing(cls, like: Tensor, k: int) -> Self:
        """Before the first step."""
        return cls(like.new_empty(0, k), torch.empty(0, dtype=torch.int64))


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

    def advance(self, n_steps: int, stop: Callable[[], bool], /) -> None:
        """Do ``n_steps`` more gradient steps, or fewer if ``stop`` says so.

        It is asked after each stretch of steps at whose end all that makes up the state
        belongs to one iteration.
        """
        ...

    def recent(self) -> Recent:
        """What the last pass over the training rows has seen."""
        ...

    def release(self) -> None:
        """Give back all memory but that of the weights: there will be no more steps."""
        ...


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


class Goal(Protocol):
    """Says that a run is done, at iterations that do not depend on who looks at it."""

    def next_question(self, iteration: int, /) -> int:
        """The first iteration after ``iteration`` at which to ask."""
        ...

    def is_reached(self, iteration: int, /) -> bool:
        """Whether the run is done; asked where ``next_question`` says, and at its end.

        All of several processes must say the same.
        """
        ...


def train(
    trainer: Trainer,
    checkpoints: Iterable[int],
    observers: Sequence[Observer],
    *,
    goal: Goal | None = None,
    hold_ctrl_c: bool = True,
) -> Outcome:
    """Advance ``trainer`` from checkpoint to checkpoint and show it to the observers.

    Parameters
    ----------
    trainer : Trainer
    checkpoints : iterable of int
        Iterations at which the observers look, ascending; the last ends the run. One
        that is already reached is looked at without a step.
    observers : sequence of Observer
        All of them see every checkpoint, also the one at which some ask to stop, and
        where the goal was reached.
    goal : Goal or None, default=None
        Ends the run where it is reached.
    hold_ctrl_c : bool, default=True
        Whether Ctrl-C, once, lets the trainer finish what it is doing and the observers
        look at where it stops: then all is as if the run had been meant to end there.

    Returns
    -------
    Outcome

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C is not held back, or pressed again; the trainer is then of no use.
    """
    ctrl_c = CtrlC(hold=True)
    with ctrl_c if hold_ctrl_c else nullcontext():
        outcome = _run(trainer, checkpoints, observers, goal, ctrl_c)
    return Outcome.INTERRUPTED if ctrl_c.pressed else outcome


def _run(
    trainer: Trainer,
    checkpoints: Iterable[int],
    observers: Sequence[Observer],
    goal: Goal | None,
    ctrl_c: CtrlC,
) -> Outcome:
    for checkpoint in checkpoints:
        reached = _reach(trainer, checkpoint, goal, ctrl_c)
        record = StepRecord(
            trainer.iteration, trainer.weights, trainer.outputs, trainer.figures
        )
        stops = [observer.observe(record) for observer in observers]
        if reached:
            return Outcome.CONVERGED
        if any(stops) or ctrl_c.pressed:
            return Outcome.STOPPED
    if goal is not None and goal.is_reached(trainer.iteration):
        return Outcome.CONVERGED
    return Outcome.FINISHED


def _reach(trainer: Trainer, checkpoint: int, goal: Goal | None, ctrl_c: CtrlC) -> bool:
    """Advance to ``checkpoint``, or to where the goal is reached: whether it was."""
    while True:
        here = trainer.iteration
        question = checkpoint if goal is None else goal.next_question(here)
        trainer.advance(min(question, checkpoint) - here, lambda: ctrl_c.pressed)
        asked = trainer.iteration == question
        if goal is not None and asked and goal.is_reached(question):
            return True
        if trainer.iteration >= checkpoint or ctrl_c.pressed:
            return False
