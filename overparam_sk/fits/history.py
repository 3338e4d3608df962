"""What looks at a run: the history that is written, printed and watched."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.diagnostics import Diagnostic, Panel, history_columns
from overparam_sk.fits.job import Job
from overparam_sk.fits.network import NetworkInFit, Seen, seen_last
from overparam_sk.fits.place import Place
from overparam_sk.shards import Shards
from overparam_sk.training import Goal, NoImprovement, NothingToGain, StepRecord
from overparam_sk.world import say

__all__ = ["FiniteStart", "Printer", "Recorder", "goal_of", "stopping_rule"]

# A penalised loss does not fall all the way: it pauses before a unit finds its place.
_PAUSES_SHARE = 4 / 5
# What gains less than half of what a linear fit gains over the mean, and by more than
# this less, is slow: its columns are not of one scale.
_OF_LINEAR, _LESS_THAN_LINEAR = 0.5, 0.05
# A loss within this share of that of outputs of 0 has learnt nothing to speak of.
_NEXT_TO_NOTHING = 0.001


@dataclass
class Recorder:
    """An observer that writes the history of a run.

    Loss and score are those of ``network.sample``, or of all training rows where the
    trainer knows all outputs anyway; the diagnostics are those of the sample.

    Parameters
    ----------
    network : NetworkInFit
    diagnostics : sequence of Diagnostic classes
    shards : Shards

    Attributes
    ----------
    history : dict of str to list of float
    """

    network: NetworkInFit
    diagnostics: Sequence[type[Diagnostic]]
    shards: Shards
    history: dict[str, list[float]] = field(default_factory=dict, init=False)

    def observe(self, record: StepRecord) -> bool:
        """Append one entry to every column of the history."""
        network, weights = self.network, record.weights
        panel, outputs = Panel(self.diagnostics, along=True), record.outputs
        seen = network.sample if outputs is None else network.everything
        if outputs is None or panel.sees():
            shown = network.show(panel, weights, network.sample)
            outputs = shown if outputs is None else outputs
        panel.add_up(self.shards)
        entry = {
            "iteration": record.iteration,
            **self._loss_and_score("", outputs, seen),
        }
        if network.held_out is not None:
            outputs = network.show(Panel(()), weights, network.held_out)
            entry |= self._loss_and_score("val_", outputs, network.held_out)
        entry |= {**history_columns(panel.values()), **record.figures}
        for name, value in entry.items():
            self.history.setdefault(name, []).append(value)
        return False

    def loss_now(self) -> float:
        """The loss of an entry, were there one of the trainer's weights."""
        network, outputs = self.network, self.network.trainer.outputs
        if outputs is not None:
            return network.loss.total(
                outputs, network.everything.targets, network.everything.weight
            )
        seen = network.sample
        outputs = network.show(Panel(()), network.trainer.weights, seen)
        return network.loss.total(outputs, seen.targets, seen.weight)

    def latest(self, name: str) -> float:
        """The last entry of a column."""
        return self.history[name][-1]

    def after(self, past: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The columns of this run, behind those of the runs that it goes on from."""
        now = {name: np.array(values) for name, values in self.history.items()}
        if not now or not past:
            return now or past
        # The start may have been looked at again.
        new = now["iteration"] > past["iteration"][-1]
        no_past = np.full(len(past["iteration"]), np.nan)
        no_now = np.full(sum(new), np.nan)
        return {
            name: np.concatenate(
                [past.get(name, no_past), now[name][new] if name in now else no_now]
            )
            for name in {**past, **now}
        }

    def _loss_and_score(
        self, prefix: str, outputs: Tensor, seen: Seen
    ) -> dict[str, float]:
        loss, asked = self.network.loss, (outputs, seen.targets, seen.weight)
        return {
            f"{prefix}loss": loss.total(*asked),
            f"{prefix}score": loss.score(*asked),
        }


def goal_of(job: Job, place: Place, net: NetworkInFit) -> Goal | None:
    """What ends a run by itself, or None; a validation set that is watched goes before.

    What is asked is what training knows anyway, whatever is recorded.
    """
    settings, trainer = job.settings, net.trainer
    if not settings.until_done or settings.early_stopping:
        return None

    def loss() -> float:
        if trainer.penalised_loss is not None:
            return trainer.penalised_loss.loss
        outputs, _, targets, weight = seen_last(net)
        if not bool(weight.any()):
            return float("inf")
        # All processes go on, or none.
        return place.shards.agree(
            net.loss.total(outputs, targets, weight), place.device
        )

    start, seen = trainer.penalised_loss, net.everything
    # Who has learnt next to nothing has not converged, however flat the loss is.
    nothing = (1 - _NEXT_TO_NOTHING) * net.loss.total(
        torch.zeros_like(seen.targets), seen.targets, seen.weight
    )
    return NothingToGain(
        loss,
        tol=settings.tol,
        first=trainer.iteration,
        steps_per_pass=settings.steps_per_pass(len(job.data.y)),
        flat_share=0.0 if start is None else _PAUSES_SHARE,
        enough=nothing if start is None else _near_linear(start.linear),
    )


def _near_linear(linear: float) -> float:
    """The penalised loss that a fit must have come to, where a linear one has this."""
    gain = 1 - linear
    if not gain > _LESS_THAN_LINEAR:  # nothing to compare with
        return float("inf")
    return 1 - min(_OF_LINEAR * gain, gain - _LESS_THAN_LINEAR)


def stopping_rule(
    recorder: Recorder, *, tol: float, patience: int | None, early_stopping: bool
) -> NoImprovement | None:
    """An observer that stops a run whose watched figure no longer improves, or None."""
    if patience is None:
        return None
    if not early_stopping:
        return NoImprovement(
            lambda: -recorder.latest("loss"),
            tol=tol,
            patience=patience,
            keep_best=False,
        )
    held = recorder.network.held_out
    assert held is not None
    # A score has a scale, on which tol is the same for all targets.
    by_score = recorder.network.loss.score_tells(held.targets, held.weight)

    def watched() -> float:
        """The validation figure; weights that overflow it are never the best."""
        if not np.isfinite(recorder.latest("val_loss")):
            return -float("inf")
        return (
            recorder.latest("val_score") if by_score else -recorder.latest("val_loss")
        )

    return NoImprovement(watched, tol=tol, patience=patience, keep_best=True)


@dataclass(frozen=True)
class FiniteStart:
    """An observer that refuses a validation set out of the training data's range."""

    recorder: Recorder

    def observe(self, record: StepRecord) -> bool:
        """Look at the first loss."""
        losses = self.recorder.history["val_loss"]
        if len(losses) == 1 and not np.isfinite(losses[0]):
            raise ValueError(
                "The loss on the validation set must be finite where the run starts, "
                f"got {losses[0]}: scale the validation set as the training data."
            )
        return False


@dataclass(frozen=True)
class Printer:
    """An observer that prints the history as it grows."""

    recorder: Recorder

    def observe(self, record: StepRecord) -> bool:
        """Print the latest entry of every column."""
        columns = (
            f"{name} {values[-1]:.4g}"
            for name, values in self.recorder.history.items()
            if name != "iteration"
        )
        say(f"iteration {record.iteration}: " + ", ".join(columns), sys.stdout)
        return False
