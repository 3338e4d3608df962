"""One training run: from validated data to fitted attributes."""

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.devices import memory_of, resolve_device
from overparam_sk.diagnostics import (
    REGISTRY,
    Diagnostic,
    Measurement,
    Monitor,
    check_gram_fits,
)
from overparam_sk.estimators._checks import check_same_everywhere
from overparam_sk.estimators._data import TrainingData
from overparam_sk.memory import check_room
from overparam_sk.rows import Rows, as_rows, rows_that_fit
from overparam_sk.shards import ALONE, device_of_process, join_processes
from overparam_sk.training import (
    DivergenceError,
    NoImprovement,
    Observer,
    Outcome,
    StepRecord,
    Trainer,
    train,
)
from overparam_sk.world import say, warn_user

__all__ = ["Run", "Seeds", "Start"]

# With record_every="auto" looking may cost about this share of the steps.
_MONITORED_SHARE = 0.08
_MOST_RECORDS = 40
# Rows for the first look at the data, from which the automatic step is computed.
_STEP_SIZE_ROWS = 1000


@dataclass(frozen=True)
class Seeds:
    """Seeds of the weights at initialisation, of the batches and of the subsets."""

    init: int
    batches: int
    subsets: int

    @classmethod
    def draw(cls, random: np.random.RandomState) -> "Seeds":
        """Draw the three, in this order, from ``random``."""
        return cls(*(int(s) for s in random.randint(np.iinfo(np.int32).max, size=3)))


@dataclass(frozen=True)
class Start:
    """The state of an earlier run, to go on from."""

    weights: tuple[NDArray[Any], ...]
    iteration: int
    learning_rate: float | None
    history: dict[str, NDArray[Any]] = field(default_factory=dict)


class Run(ABC):
    """Trains a network on some data and says what became of it.

    Parameters
    ----------
    parameters : SimpleNamespace
        The estimator's parameters, checked.
    data : TrainingData
    seeds : Seeds
    start : Start or None
        None starts from the initialisation.
    n_steps : int
        Gradient steps to do.

    Attributes
    ----------
    dead : bool
        Whether no hidden unit is active on any row that is left to learn from; known
        with the ``attributes``.
    """

    dead: bool
    _trainer: Trainer
    _monitor: Monitor
    _stopper: NoImprovement | None

    def __init__(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> None:
        self._parameters, self._data, self._seeds = parameters, data, seeds
        self._n_steps = n_steps
        self._past = {} if start is None else start.history
        self._device = resolve_device(parameters.device)
        self._shards = ALONE
        if vars(parameters).get("distributed"):
            self._device = device_of_process(self._device)
            self._shards = join_processes(self._device)
            check_same_everywhere(self._shards, self._device, parameters, data, start)
        self._dtype = _dtype_of(data.X, self._device)
        self._check_learning_rate()
        self._rows = self._as_rows(data)
        if "gram_lambda_min" in (diagnostic.name for diagnostic in self._diagnostics()):
            rows = min(parameters.gram_samples, len(self._rows))
            check_gram_fits(rows, self._device, "lower gram_samples")

    @property
    @abstractmethod
    def learning_rate(self) -> float:
        """C or η in use."""

    def predictor(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        return {"init_seed_": self._seeds.init, "device_": str(self._device)}

    @abstractmethod
    def _make_monitor(self) -> Monitor: ...

    @abstractmethod
    def _validation_figure(self) -> float:
        """What early stopping compares, at the latest look; larger is better."""

    @abstractmethod
    def _steps_of_a_look(self) -> float:
        """What a look costs, in gradient steps."""

    @abstractmethod
    def _measure(self, gram_rows: Tensor) -> Measurement:
        """Measure the network over all training rows."""

    @property
    def iteration(self) -> int:
        """Gradient steps done, those of the runs before included."""
        return self._trainer.iteration

    def checkpoints(self) -> list[int]:
        """Iterations at which the run is looked at, the start and the end included."""
        first, n_steps = self._trainer.iteration, self._n_steps
        every = self._parameters.record_every
        if every is None:
            return [first + n_steps]
        if isinstance(every, (tuple, list)):
            inside = {i for i in every if first <= i < first + n_steps}
            return [*sorted(inside), first + n_steps]
        if every == "auto":
            affordable = _MONITORED_SHARE * n_steps / self._steps_of_a_look()
            every = -(-n_steps // int(min(_MOST_RECORDS, max(8, affordable))))
        looks = list(range(first, first + n_steps, every))
        # The run that this one goes on from has looked at the start, but what early
        # stopping may come back to is compared on this run's validation set.
        seen = bool(self._past) and not self._parameters.early_stopping
        return [*looks[seen:], first + n_steps]

    def train(
        self, checkpoints: Sequence[int], observers: Sequence[Observer] = ()
    ) -> Outcome:
        """Run to the last checkpoint, or to where an observer asks to stop."""
        self._monitor = self._make_monitor()
        self._stopper = self._make_stopper()
        own: list[Observer] = [self._monitor]
        if self._data.validation is not None:
            own.append(_FiniteStart(self._monitor))
        if self._stopper is not None:
            own.append(self._stopper)
        if self._parameters.verbose:
            own.append(_Printer(self._monitor))
        outcome = train(
            self._trainer,
            checkpoints,
            [*own, *observers],
            # Of several processes each may be at another step: none can finish alone.
            hold_ctrl_c=self._shards.size == 1,
        )
        if self._stopper is not None and self._stopper.best_weights is not None:
            best = self._stopper.best_weights
            for W, best_W in zip(self._trainer.weights, best, strict=True):
                W.copy_(best_W)
        return outcome

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes, measured on all training rows.

        Raises
        ------
        DivergenceError
            If the loss is no finite number.
        """
        measured = self._measure(self._subset(self._parameters.gram_samples, 2))
        self.dead = measured.dead and measured.loss > 0
        state = {
            **self.predictor(self._trainer.weights),
            "n_iter_": self._trainer.iteration,
            "loss_": measured.loss,
            "learning_rate_": self.learning_rate,
            "history_": self._history(),
        }
        for name, values in measured.diagnostics.items():
            state[f"{name}_"] = values[0] if len(values) == 1 else np.array(values)
        if self._stopper is not None and self._stopper.best_weights is not None:
            state["best_validation_score_"] = self._stopper.best
        return state

    def check_finite(self, state: dict[str, Any]) -> None:
        """Refuse to end with a figure that is none; say so of one on the way."""
        for name, value in state.items():
            if isinstance(value, (float, np.ndarray)) and not np.isfinite(value).all():
                raise DivergenceError(
                    f"{name} must be finite, got NaN or infinity at iteration "
                    f"{self._trainer.iteration}: lower learning_rate, or scale X to "
                    "entries of the order of 1."
                )
        for name, values in self._monitor.history.items():
            if np.isinf(values).any():
                warn_user(
                    f"The course of {name} must be finite, got infinity at iteration "
                    f"{self._monitor.history['iteration'][np.argmax(np.isinf(values))]}"
                    ": history_ keeps it.",
                    RuntimeWarning,
                )

    def _check_learning_rate(self) -> None:
        c, most = self._parameters.learning_rate, torch.finfo(self._dtype).max
        if c != "auto" and c > most:
            precision = str(self._dtype).removeprefix("torch.")
            raise ValueError(
                f"learning_rate must be at most {most:.3g}, the largest number of "
                f"{precision}, got {c:.3g}."
            )

    def _check_room(self, what: str, numbers: float, advice: str) -> None:
        """Refuse weights that the memory cannot hold, and a copy of them."""
        check_room(
            what,
            2 * self._dtype.itemsize * numbers,
            advice,
            memory_of(self._device),
            str(self._device),
        )

    def _as_rows(self, data: TrainingData) -> Rows:
        return as_rows(
            data.X,
            constant=self._parameters.fit_intercept,
            dtype=self._dtype,
            device=self._device,
        )

    def _subset(self, size: int, stream: int, of: int | None = None) -> Tensor:
        """At most ``size`` of the training rows, seeded; sorted, for locality."""
        generator = torch.Generator().manual_seed(self._seeds.subsets + stream)
        n = len(self._rows) if of is None else of
        return torch.randperm(n, generator=generator)[:size].sort().values

    def _step_size_rows(self, weight: Tensor) -> tuple[Tensor, float]:
        """A sample of the rows that have a weight, and its share of these."""
        weighted = weight.cpu().nonzero().flatten()
        size = min(rows_that_fit(self._rows.n_columns), _STEP_SIZE_ROWS)
        subset = weighted[self._subset(size, 0, of=len(weighted))]
        return subset, len(subset) / len(weighted)

    def _diagnostics(self) -> list[type[Diagnostic]]:
        names = self._parameters.diagnostics
        wanted = REGISTRY if names == "all" else names or ()
        return [REGISTRY[name] for name in wanted if name in REGISTRY]

    def _make_stopper(self) -> NoImprovement | None:
        p, monitor = self._parameters, self._monitor
        if self._parameters.early_stopping:
            return NoImprovement(
                self._watched,
                tol=p.tol,
                patience=p.n_iter_no_change or 10,
                keep_best=True,
            )
        if p.n_iter_no_change is not None:
            return NoImprovement(
                lambda: -monitor.latest("loss"),
                tol=p.tol,
                patience=p.n_iter_no_change,
                keep_best=False,
            )
        return None

    def _watched(self) -> float:
        """The validation figure; weights that overflow it are never the best."""
        finite = np.isfinite(self._monitor.latest("val_loss"))
        return self._validation_figure() if finite else -float("inf")

    def _history(self) -> dict[str, NDArray[Any]]:
        """The columns of this run, behind those of the run that it goes on from."""
        now = {name: np.array(values) for name, values in self._monitor.history.items()}
        past = self._past
        if not now or not past:
            return now or past
        # The start may have been looked at again.
        new = now["iteration"] > past["iteration"][-1]
        no_past, no_now = (
            np.full(n, np.nan) for n in (len(past["iteration"]), sum(new))
        )
        return {
            name: np.concatenate(
                [past.get(name, no_past), now[name][new] if name in now else no_now]
            )
            for name in {**past, **now}
        }


@dataclass(frozen=True)
class _FiniteStart:
    """An observer that refuses a validation set out of the training data's range."""

    monitor: Monitor

    def observe(self, record: StepRecord) -> bool:
        """Look at the first loss."""
        losses = self.monitor.history["val_loss"]
        if len(losses) == 1 and not np.isfinite(losses[0]):
            raise ValueError(
                "The loss on the validation set must be finite where the run starts, "
                f"got {losses[0]}: scale the validation set as the training data."
            )
        return False


@dataclass(frozen=True)
class _Printer:
    """An observer that prints the history as it grows."""

    monitor: Monitor

    def observe(self, record: StepRecord) -> bool:
        """Print the latest entry of every column."""
        columns = (
            f"{name} {values[-1]:.4g}"
            for name, values in self.monitor.history.items()
            if name != "iteration"
        )
        say(f"iteration {record.iteration}: " + ", ".join(columns), sys.stdout)
        return False


def _dtype_of(X: Any, device: torch.device) -> torch.dtype:
    """The computation's dtype: that of X, but float32 on MPS, which has no float64."""
    if device.type == "mps" or X.dtype == np.float32:
        return torch.float32
    return torch.float64
