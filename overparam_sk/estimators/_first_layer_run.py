"""A training run of LL18's network by s-step SGD."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.diagnostics import (
    FirstLayerMonitor,
    InitialUnits,
    Measurement,
    Monitor,
    Sample,
    measure_first_layer,
)
from overparam_sk.estimators._checks import check_precision, check_same_numbers
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._state import split_intercept
from overparam_sk.networks import (
    LiLiang2018,
    initial_weight_chunks,
    readout_weights,
)
from overparam_sk.rows import RowSpace, WholeSpace, as_tensor, row_space
from overparam_sk.training import (
    CurvatureStep,
    MinibatchStream,
    SStepSGD,
    auto_block_rows,
    safe_learning_rate,
)

__all__ = ["FirstLayerRun", "batch_size_in_use", "momentum_in_use"]

# Training rows that the history looks at.
_MONITORED_ROWS = 100


def momentum_in_use(momentum: Any, learning_rate: Any) -> float:
    """What "auto" stands for: 0.9 with an automatic step, otherwise plain SGD."""
    if momentum != "auto":
        return float(momentum)
    return 0.9 if learning_rate == "auto" else 0.0


def batch_size_in_use(batch_size: Any, n_rows: int) -> int:
    """B: what "auto" stands for, or the number that was given."""
    return min(256, n_rows) if batch_size == "auto" else int(batch_size)


class FirstLayerRun(Run):
    """Trains LL18's network.

    Parameters
    ----------
    parameters, data, seeds, start, n_steps
        As for `Run`.
    n_classes : int
    """

    def __init__(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
        n_classes: int,
    ) -> None:
        super().__init__(parameters, data, seeds, start, n_steps)
        check_precision(parameters.precision, self._dtype)
        numbers = {"the number of classes": float(n_classes)}
        check_same_numbers(self._shards, self._device, numbers)
        self._k = n_classes
        self._weight = self._as_weight(data)
        self._batch_size = batch_size_in_use(parameters.batch_size, len(self._rows))
        self._n_given = self._rows.n_given
        self._held = None if data.validation is None else self._as_rows(data.validation)
        self._enter_row_space(start)
        self._c = self._learning_rate(start)
        self._units = self._shards.units(parameters.width)
        a = readout_weights(
            seeds.init,
            n_classes,
            parameters.width,
            dtype=self._dtype,
            device=self._device,
        )
        self._network = LiLiang2018(a[:, self._units].contiguous(), self._shards)
        self._trainer: SStepSGD = self._make_trainer(start)

    @property
    def learning_rate(self) -> float:
        """C in use."""
        return self._c

    def attributes(self) -> dict[str, Any]:
        """Measured when W and a copy of it are all that there is to hold."""
        self._trainer.release()
        return super().attributes()

    def predictor(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        n_columns = self._n_given + self._parameters.fit_intercept
        W = self._space.all_columns(weights[0], self._initial_chunks(), n_columns)
        m = self._parameters.width
        W = self._shards.bring_together(W, m)
        hidden, intercept = split_intercept(W, self._n_given)
        readout = self._shards.bring_together(self._network.a.T, m).T
        return {
            "hidden_weights_": hidden,
            "hidden_intercept_": intercept,
            "readout_weights_": readout.contiguous().numpy(),
            "device_": str(self._device),
        }

    def _validation_figure(self) -> float:
        return self._monitor.latest("val_score")

    def _steps_of_a_look(self) -> float:
        # A step is 4Bmd operations, a look at r rows 2rmd.
        monitored = min(_MONITORED_ROWS, len(self._rows))
        return monitored / (2 * self._batch_size)

    def _measure(self, gram_rows: Tensor) -> Measurement:
        return measure_first_layer(
            self._diagnostics(),
            self._network,
            self._parameters.width,
            self._trainer.W,
            self._rows,
            torch.from_numpy(self._data.y).to(self._device),
            self._weight,
            gram_rows,
            self._initial_units,
        )

    def _as_weight(self, data: TrainingData) -> Tensor:
        weight = data.weight / data.weight.max()  # whose sum is an ordinary number
        return as_tensor(weight / weight.mean(), self._device).to(self._dtype)

    def _one_hot(self, y: NDArray[np.int64]) -> Tensor:
        classes = torch.from_numpy(y).to(self._device)
        return torch.nn.functional.one_hot(classes, self._k).to(self._dtype)

    def _learning_rate(self, start: Start | None) -> float:
        if self._parameters.learning_rate != "auto":
            return float(self._parameters.learning_rate)
        if start is not None and start.learning_rate is not None:
            return start.learning_rate
        subset, _ = self._step_size_rows(self._weight)
        c = safe_learning_rate(
            self._rows.take(subset),
            self._weight[subset.to(self._device)],
            self._batch_size,
        )
        return self._shards.agree(c, self._device)

    def _make_trainer(self, start: Start | None) -> SStepSGD:
        p, rows, n = self._parameters, self._rows, len(self._rows)
        auto = p.learning_rate == "auto"
        iteration = 0 if start is None else start.iteration
        W = rows.empty_weights(self._units.stop - self._units.start)
        if start is None:
            for units, chunk, _ in self._initial_units():
                W[units] = chunk
        else:
            W.copy_(as_tensor(start.weights[0][self._units]))
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
            momentum=momentum_in_use(p.momentum, p.learning_rate),
            lengthen=CurvatureStep(self._c) if auto else None,
            precision=p.precision,
            may_redo=self._shards.size == 1,
            block_rows=(
                auto_block_rows(*W.shape) if p.block_size == "auto" else p.block_size
            ),
        )
        trainer.iteration = iteration
        return trainer

    def _enter_row_space(self, start: Start | None) -> None:
        """From here on rows and W are those in the space that the rows span."""
        self._space: RowSpace = WholeSpace()
        if start is None:  # an earlier run may have left the space of these rows
            parts = [self._rows] if self._held is None else [self._rows, self._held]
            self._space = row_space(
                parts,
                width=self._parameters.width // self._shards.size,
                rows_seen=self._n_steps * self._batch_size,
            )
        self._rows = self._space.of_rows(self._rows)
        if self._held is not None:
            self._held = self._space.of_rows(self._held)

    def _initial_chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """W(0) in all columns, a few units at a time."""
        return initial_weight_chunks(
            self._seeds.init,
            self._parameters.width,
            self._n_given,
            held=self._units,
            constant=self._parameters.fit_intercept,
            dtype=self._dtype,
            device=self._device,
        )

    def _initial_units(self) -> Iterator[InitialUnits]:
        """W(0) in the coordinates of the rows."""
        for units, W in self._initial_chunks():
            norms = W[:, : self._n_given].norm(dim=1)
            yield InitialUnits(units, self._space.of_weights(W), norms)

    def _make_monitor(self) -> Monitor:
        subset = self._subset(_MONITORED_ROWS, 1)
        sample = Sample(
            self._rows.take(subset),
            self._one_hot(self._data.y[subset.numpy()]),
            self._weight[subset.to(self._device)],
        )
        validation = None
        if self._held is not None and self._data.validation is not None:
            held = self._data.validation
            validation = (self._held, self._one_hot(held.y), self._as_weight(held))
        return FirstLayerMonitor(
            self._diagnostics(),
            self._network,
            self._parameters.width,
            self._units.start,
            self._rows.n_given,
            sample,
            self._initial_units,
            validation,
        )
