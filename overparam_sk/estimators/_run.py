"""One training run of a first layer: from validated data to fitted attributes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.diagnostics import REGISTRY, Monitor, Sample, measure
from overparam_sk.estimators._checks import resolve_device
from overparam_sk.estimators._data import TrainingData
from overparam_sk.networks import (
    LiLiang2018,
    initial_weight_chunks,
    initial_weights,
    readout_weights,
)
from overparam_sk.rows import Rows, as_rows, as_tensor, rows_that_fit
from overparam_sk.training import (
    CurvatureStep,
    DivergenceError,
    MinibatchStream,
    NoImprovement,
    Observer,
    Outcome,
    SStepSGD,
    StepRecord,
    auto_block_rows,
    safe_learning_rate,
    train,
)

__all__ = ["FirstLayerRun", "Seeds", "Start", "fitted_weights"]

# Training rows that the history looks at, and how often with record_every="auto":
# looking may cost about this share of the steps.
_MONITORED_ROWS = 100
_MONITORED_SHARE = 0.08
_MOST_RECORDS = 40
# Training rows from which the largest safe step is computed.
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

    W: NDArray[Any]
    iteration: int
    learning_rate: float | None
    history: dict[str, NDArray[Any]] = field(default_factory=dict)


class FirstLayerRun:
    """Trains LL18's network on some data and says what became of it.

    Parameters
    ----------
    parameters : SimpleNamespace
        The estimator's parameters, checked.
    data : TrainingData
    n_classes : int
    seeds : Seeds
    start : Start or None
        None starts from W(0).
    """

    def __init__(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        n_classes: int,
        seeds: Seeds,
        start: Start | None,
    ) -> None:
        p = self._parameters = parameters
        self._data, self._seeds, self._k = data, seeds, n_classes
        self._past = {} if start is None else start.history
        self._device = resolve_device(p.device)
        self._dtype = _dtype_of(data.X, self._device)
        self._rows = self._as_rows(data)
        self._weight = self._as_weight(data)
        self._batch_size = (
            min(256, len(self._rows)) if p.batch_size == "auto" else p.batch_size
        )
        self._c = self._learning_rate(start)
        a = readout_weights(
            seeds.init, n_classes, p.width, dtype=self._dtype, device=self._device
        )
        self._network = LiLiang2018(a)
        self._trainer = self._make_trainer(start)
        self._stopper: NoImprovement | None = None

    @property
    def iteration(self) -> int:
        """Gradient steps done, those of the runs before included."""
        return self._trainer.iteration

    @property
    def steps_of_a_pass(self) -> int:
        """⌈n/B⌉."""
        return -(-len(self._rows) // self._batch_size)

    def predictor(self, W: Tensor) -> dict[str, Any]:
        """The fitted attributes that a prediction with the weights W needs."""
        return {
            **fitted_weights(W, self._rows.n_given),
            "readout_weights_": self._network.a.cpu().numpy(),
            "device_": str(self._device),
        }

    def checkpoints(self, n_steps: int) -> list[int]:
        """Iterations at which the run is looked at, the start and the end included."""
        first = self._trainer.iteration
        every = self._parameters.record_every
        if every is None:
            return [first + n_steps]
        if every == "auto":
            monitored = min(_MONITORED_ROWS, len(self._rows))
            # A step is 4Bmd operations, a look at r rows 2rmd.
            affordable = _MONITORED_SHARE * n_steps * 2 * self._batch_size / monitored
            every = -(-n_steps // int(min(_MOST_RECORDS, max(8, affordable))))
        looks = list(range(first, first + n_steps, every))
        return [*looks[bool(self._past) :], first + n_steps]

    def train(
        self, checkpoints: Sequence[int], observers: Sequence[Observer] = ()
    ) -> Outcome:
        """Run to the last checkpoint, or to where an observer asks to stop."""
        self._monitor = self._make_monitor()
        self._stopper = self._make_stopper()
        own: list[Observer] = [self._monitor]
        if self._stopper is not None:
            own.append(self._stopper)
        if self._parameters.verbose:
            own.append(_Printer(self._monitor))
        outcome = train(self._trainer, checkpoints, [*own, *observers])
        if self._stopper is not None and self._stopper.best_W is not None:
            self._trainer.W.copy_(self._stopper.best_W)
        return outcome

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes, measured on all training rows.

        Raises
        ------
        DivergenceError
            If the loss is no finite number.
        """
        subset = self._subset(self._parameters.gram_samples, 2)
        measured = measure(
            self._diagnostics(),
            self._network,
            self._trainer.W,
            self._rows,
            torch.from_numpy(self._data.y).to(self._device),
            self._weight,
            subset,
            self._initial_chunks(),
        )
        if not np.isfinite(measured.loss):
            raise DivergenceError(
                f"The training loss must be finite, got {measured.loss} at iteration "
                f"{self._trainer.iteration}: lower learning_rate, or scale X to "
                "smaller values."
            )
        state = {
            **self.predictor(self._trainer.W),
            "init_seed_": self._seeds.init,
            "n_iter_": self._trainer.iteration,
            "loss_": measured.loss,
            "learning_rate_": self._c,
            "history_": self._history(),
            **{f"{name}_": value for name, value in measured.diagnostics.items()},
        }
        if self._stopper is not None and self._stopper.best_W is not None:
            state["best_validation_score_"] = self._stopper.best
        return state

    def _as_rows(self, data: TrainingData) -> Rows:
        return as_rows(
            data.X,
            constant=self._parameters.fit_intercept,
            dtype=self._dtype,
            device=self._device,
        )

    def _as_weight(self, data: TrainingData) -> Tensor:
        return as_tensor(data.weight / data.weight.mean(), self._device).to(self._dtype)

    def _subset(self, size: int, stream: int) -> Tensor:
        """At most ``size`` training rows, seeded; sorted, for locality."""
        generator = torch.Generator().manual_seed(self._seeds.subsets + stream)
        return torch.randperm(len(self._rows), generator=generator)[:size].sort().values

    def _one_hot(self, y: NDArray[np.int64]) -> Tensor:
        classes = torch.from_numpy(y).to(self._device)
        return torch.nn.functional.one_hot(classes, self._k).to(self._dtype)

    def _learning_rate(self, start: Start | None) -> float:
        if self._parameters.learning_rate != "auto":
            return float(self._parameters.learning_rate)
        if start is not None and start.learning_rate is not None:
            return start.learning_rate
        fit = rows_that_fit(self._rows.n_columns)
        subset = self._subset(min(fit, _STEP_SIZE_ROWS), 0)
        return safe_learning_rate(
            self._rows.take(subset),
            self._weight[subset.to(self._device)],
            self._batch_size,
        )

    def _make_trainer(self, start: Start | None) -> SStepSGD:
        p, rows, n = self._parameters, self._rows, len(self._rows)
        auto = p.learning_rate == "auto"
        iteration = 0 if start is None else start.iteration
        if start is None:
            W = initial_weights(
                self._seeds.init,
                p.width,
                rows.n_given,
                constant=p.fit_intercept,
                dtype=self._dtype,
                device=self._device,
            )
        else:
            W = as_tensor(start.W).to(self._device, self._dtype, copy=True)
        # Another stretch of a run must not repeat the first one's batches.
        mixed = np.random.SeedSequence([self._seeds.batches, iteration])
        trainer = SStepSGD(
            self._network,
            W,
            rows,
            torch.from_numpy(self._data.y),
            self._k,
            self._weight,
            MinibatchStream(n, self._batch_size, int(mixed.generate_state(1)[0])),
            step=self._c / p.width,
            momentum=(0.9 if auto else 0.0) if p.momentum == "auto" else p.momentum,
            lengthen=CurvatureStep(self._c) if auto else None,
            block_rows=(
                auto_block_rows(*W.shape) if p.block_size == "auto" else p.block_size
            ),
        )
        trainer.iteration = iteration
        return trainer

    def _initial_chunks(self) -> Any:
        return partial(
            initial_weight_chunks,
            self._seeds.init,
            self._parameters.width,
            self._rows.n_given,
            constant=self._parameters.fit_intercept,
            dtype=self._dtype,
            device=self._device,
        )

    def _diagnostics(self) -> list[Any]:
        names = self._parameters.diagnostics
        wanted = REGISTRY if names == "all" else names or ()
        return [REGISTRY[name] for name in wanted if name in REGISTRY]

    def _make_monitor(self) -> Monitor:
        subset = self._subset(_MONITORED_ROWS, 1)
        sample = Sample(
            self._rows.take(subset),
            self._one_hot(self._data.y[subset.numpy()]),
            self._weight[subset.to(self._device)],
        )
        validation = None
        if self._data.validation is not None:
            held = self._data.validation
            validation = (
                self._as_rows(held),
                self._one_hot(held.y),
                self._as_weight(held),
            )
        return Monitor(
            self._diagnostics(),
            self._network,
            self._rows.n_given,
            sample,
            self._initial_chunks(),
            validation,
        )

    def _make_stopper(self) -> NoImprovement | None:
        p, monitor = self._parameters, self._monitor
        # A single pass of partial_fit has no validation set to watch.
        if p.early_stopping and monitor.validation is not None:
            return NoImprovement(
                lambda: monitor.latest("val_score"),
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

    def _history(self) -> dict[str, NDArray[Any]]:
        """The columns of this run, behind those of the run that it goes on from."""
        now = {name: np.array(values) for name, values in self._monitor.history.items()}
        if not now:
            return self._past
        if not self._past:
            return now
        rows = len(self._past["iteration"])
        missing = np.full(rows, np.nan)
        return {
            name: np.concatenate([self._past.get(name, missing), values])
            for name, values in now.items()
        }


def fitted_weights(W: Tensor, n_given: int) -> dict[str, NDArray[Any]]:
    """``hidden_weights_`` and ``hidden_intercept_`` of the trained matrix."""
    whole: NDArray[Any] = W.detach().cpu().numpy()
    if whole.shape[1] > n_given:
        return {
            "hidden_weights_": whole[:, :n_given],
            "hidden_intercept_": whole[:, n_given],
        }
    return {
        "hidden_weights_": whole,
        "hidden_intercept_": np.zeros(len(whole), dtype=whole.dtype),
    }


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
        print(f"iteration {record.iteration}: " + ", ".join(columns))
        return False


def _dtype_of(X: Any, device: torch.device) -> torch.dtype:
    """The computation's dtype: that of X, but float32 on MPS, which has no float64."""
    if device.type == "mps" or X.dtype == np.float32:
        return torch.float32
    return torch.float64
