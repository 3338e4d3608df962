"""The function that is a fit: prepare, train, measure, hand over numpy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
import torch
from torch import Tensor

from overparam_sk.devices import resolve_device
from overparam_sk.diagnostics import GramView, Panel, check_gram_fits
from overparam_sk.diagnostics.registry import custom
from overparam_sk.fits.history import (
    FiniteStart,
    Printer,
    Recorder,
    goal_of,
    stopping_rule,
)
from overparam_sk.fits.job import Job
from overparam_sk.fits.network import Begin, NetworkInFit, looked_at, seen_last
from overparam_sk.fits.place import Place
from overparam_sk.threads import one_thread
from overparam_sk.training import (
    DivergenceError,
    Goal,
    NoImprovement,
    Observer,
    Outcome,
    train,
)
from overparam_sk.world import warn_user

__all__ = ["FitObserver", "Fitted", "Run", "fit"]

# Up to this times the loss at the start is no rise: short steps may hardly move it. Who
# goes on from an earlier run may have been given other rows.
_NO_RISE = 1.001
_NO_RISE_ON_OTHER_ROWS = 2.0
# What comes of a fit beside the state of a network and its diagnostics.
_ATTRIBUTES = ("n_iter_", "history_", "best_validation_score_")
_COLUMNS = ("iteration", "loss", "score", "val_loss", "val_score", "learning_rate")


class FitObserver(Observer, Protocol):
    """Looks at a fit from outside."""

    def begin(
        self, n_looks: int, state: Callable[[Sequence[Tensor]], dict[str, Any]], /
    ) -> None:
        """Before the first step: how often it will look, at most.

        ``state`` gives the fitted attributes of an estimator that is ready to predict
        with the weights of a record.
        """
        ...


@dataclass(frozen=True)
class Fitted:
    """What became of a job.

    Parameters
    ----------
    attributes : dict
        The fitted attributes.
    outcome : Outcome
    planned : int
        The iteration that the run was to end at.
    dead : bool
        Whether every output is exactly 0, as where no hidden unit is active on any row,
        though there is something left to learn.
    unconverged : bool
        Whether all steps were done, and something was left to gain.
    risen : tuple of two floats or None
        The loss of the history's rows at the start and at the end, if it has risen.
    """

    attributes: dict[str, Any]
    outcome: Outcome
    planned: int
    dead: bool
    unconverged: bool
    risen: tuple[float, float] | None


def fit(job: Job, network: Begin, observers: Sequence[FitObserver] = ()) -> Fitted:
    """Train a network and measure it on all training rows.

    Parameters
    ----------
    job : Job
    network : callable
        Takes the job and its `Place` and returns the network, ready to be trained.
    observers : sequence of FitObserver

    Returns
    -------
    Fitted

    Raises
    ------
    ValueError
        For what cannot be computed with.
    DivergenceError
        If a fitted attribute would be no finite number.
    """
    with one_thread(resolve_device(job.settings.device, job.work)):
        run = Run.begin(job, network, observers)
        # Of several processes each may be at another step: none can finish alone.
        alone = run.place.shards.size == 1
        return run.end(train(run.net.trainer, *run.course, hold_ctrl_c=alone))


@dataclass(frozen=True)
class Run:
    """A fit that was begun: whoever advances it asks for what came of it.

    Parameters
    ----------
    job : Job
    place : Place
    net : NetworkInFit
    course : tuple
        What `train` needs to know beside the trainer: where to look, who looks, and
        what ends the run by itself.
    recorder : Recorder
    stopper : NoImprovement or None
    start : float or None
        Where the loss of the history starts; None where the history will tell.
    """

    job: Job
    place: Place
    net: NetworkInFit
    course: tuple[Sequence[int], Sequence[Observer], Goal | None]
    recorder: Recorder
    stopper: NoImprovement | None
    start: float | None

    @classmethod
    def begin(
        cls, job: Job, network: Begin, observers: Sequence[FitObserver] = ()
    ) -> Self:
        """Put the network where it is trained; `fit` has the rest."""
        place = Place.of(job, network)
        _check_what_is_asked(job, place)
        return cls.of(job, place, network(job, place), observers)

    @classmethod
    def of(
        cls,
        job: Job,
        place: Place,
        net: NetworkInFit,
        observers: Sequence[FitObserver] = (),
    ) -> Self:
        """That of a network which is ready to be trained."""
        settings = job.settings
        _check_names(job, place, net)
        looks = settings.checkpoints(
            net.trainer.iteration, job.n_steps, net.look_cost, resumes=bool(job.past)
        )
        for observer in observers:
            observer.begin(len(looks), partial(_state, job, place, net))
        recorder = Recorder(net, settings.wanted, place.shards)
        own: list[Observer] = [recorder]
        if job.held_out is not None:
            own.append(FiniteStart(recorder))
        stopper = stopping_rule(
            recorder,
            tol=settings.tol,
            patience=settings.patience,
            early_stopping=settings.early_stopping,
        )
        if stopper is not None:
            own.append(stopper)
        if settings.verbose:
            own.append(Printer(recorder))
        course = (looks, [*own, *observers], goal_of(job, place, net))
        start = _loss_at_start(job, recorder, looks)
        return cls(job, place, net, course, recorder, stopper, start)

    def end(self, outcome: Outcome) -> Fitted:
        """Measure the network, and hand over what there is to keep."""
        job, net, trainer = self.job, self.net, self.net.trainer
        best = _take_best(self.stopper, trainer.weights)
        trainer.release()
        measured, dead = _measured(job, self.place, net, moved=best is not None)
        attributes = _state(job, self.place, net, trainer.weights) | measured
        attributes["history_"] = self.recorder.after(job.past)
        if best is not None:
            attributes["best_validation_score_"] = best
        _check_finite(job, attributes, self.recorder, trainer.iteration)
        unconverged = outcome is Outcome.FINISHED and job.settings.until_done
        # Who goes on does so step by step, and knows it.
        unconverged = unconverged and job.resume is None
        unconverged = unconverged and not job.settings.early_stopping
        risen = None if best is not None else _risen(job, self.recorder, self.start)
        planned = self.course[0][-1]
        return Fitted(attributes, outcome, planned, dead, unconverged, risen)


def _state(
    job: Job, place: Place, net: NetworkInFit, weights: Sequence[Tensor]
) -> dict[str, Any]:
    """The fitted attributes of an estimator that is ready to predict."""
    common = {"init_seed_": job.seeds.init, "device_": str(place.device)}
    return {**common, **net.state(weights)}


def _check_names(job: Job, place: Place, net: NetworkInFit) -> None:
    """Refuse a diagnostic of one's own with the name of something else."""
    if custom(job.settings.diagnostics):
        state = _state(job, place, net, net.trainer.weights)
        columns = (*_COLUMNS, *net.trainer.figures)
        job.settings.check_names([*state, *_ATTRIBUTES], columns)


def _loss_at_start(job: Job, recorder: Recorder, looks: Sequence[int]) -> float | None:
    """Where the loss of the history starts; None where the history will tell.

    Of the rows of one pass, which are others than those before, no history tells.
    """
    told = job.resume is not None or looks[0] == recorder.network.trainer.iteration
    told = told and not (job.resume is not None and job.settings.one_pass)
    return None if told else recorder.loss_now()


def _risen(
    job: Job, recorder: Recorder, start: float | None
) -> tuple[float, float] | None:
    """The loss at the start of training and now, if that is above it."""
    slack = _NO_RISE if job.resume is None else _NO_RISE_ON_OTHER_ROWS
    if start is None:
        history = job.past or recorder.history
        start = history["loss"][0] if len(history.get("loss", ())) else float("inf")
    end = recorder.latest("loss")
    return (start, end) if end > slack * start else None


def _check_what_is_asked(job: Job, place: Place) -> None:
    """Refuse what this place cannot do, before anything is allocated."""
    settings, most = job.settings, torch.finfo(place.dtype).max
    if settings.learning_rate is not None and settings.learning_rate > most:
        raise ValueError(
            f"learning_rate must be at most {most:.3g}, the largest number of "
            f"{place.precision}, got {settings.learning_rate:.3g}."
        )
    if Panel(settings.wanted).sees(GramView):
        rows = min(settings.gram_samples, len(job.data.y))
        check_gram_fits(rows, place.device, "lower gram_samples")
    if settings.precision != "ieee" and place.dtype != torch.float32:
        raise ValueError(
            f"precision must be 'ieee' unless X is float32, got {settings.precision!r} "
            f"for {place.precision}."
        )


def _take_best(
    stopper: NoImprovement | None, weights: Sequence[Tensor]
) -> float | None:
    """Go back to the best weights, if they were kept; what they were worth."""
    if stopper is None or stopper.best_weights is None:
        return None
    for W, best_W in zip(weights, stopper.best_weights, strict=True):
        W.copy_(best_W)
    return stopper.best


def _measured(
    job: Job, place: Place, net: NetworkInFit, *, moved: bool
) -> tuple[dict[str, Any], bool]:
    """Loss and diagnostics, and whether the network is dead.

    On all training rows; where no diagnostic asks for them, and the weights are those
    that training has ended with, what training has seen of them will do. ``moved`` says
    that they are others.
    """
    panel, rows = Panel(job.settings.wanted), net.everything
    outputs, units, targets, weight = seen_last(net)
    # Without weights there is no mean, and where the last row sees no unit they may all
    # have died on the way.
    telling = bool(weight.any()) and bool(units[-1:].any())
    if panel.sees() or moved or not telling:
        outputs = net.show(panel, net.trainer.weights, rows)
        outputs, units, targets, weight = looked_at(rows, outputs)
        panel.add_up(place.shards)
    loss = net.loss.total(outputs, targets, weight)
    figures = {
        f"{name}_": values[0] if len(values) == 1 else np.array(values)
        for name, values in panel.values().items()
    }
    dead = loss > net.loss.perfect and not bool(units[weight > 0].any())
    measured = {
        "n_iter_": net.trainer.iteration,
        "loss_": loss,
        "learning_rate_": net.learning_rate,
        **figures,
    }
    return measured, dead


def _check_finite(
    job: Job, attributes: dict[str, Any], recorder: Recorder, iteration: int
) -> None:
    """Refuse to end with a figure that is none; say so of one on the way."""
    own = custom(job.settings.diagnostics)
    for name, value in attributes.items():
        if isinstance(value, (float, np.ndarray)) and not np.isfinite(value).all():
            kind = own.get(name.removesuffix("_"))
            mend = "" if kind is None else f"look at {kind.__name__}.value, "
            raise DivergenceError(
                f"{name} must be finite, got NaN or infinity at iteration {iteration}: "
                f"{mend}lower learning_rate, or scale X to entries of the order of 1."
            )
    for name, values in recorder.history.items():
        if np.isinf(values).any():
            where = recorder.history["iteration"][np.argmax(np.isinf(values))]
            warn_user(
                f"The course of {name} must be finite, got infinity at iteration "
                f"{where}: history_ keeps it.",
                RuntimeWarning,
            )
