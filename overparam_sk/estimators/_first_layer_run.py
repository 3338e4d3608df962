"""A training run of LL18's network by s-step SGD."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import torch
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
from overparam_sk.estimators._run import Seeds, Start
from overparam_sk.estimators._softmax_run import MONITORED_ROWS, SoftmaxRun
from overparam_sk.estimators._state import split_intercept
from overparam_sk.networks import (
    SoftmaxNetwork,
    initial_weight_chunks,
    readout_weights,
)
from overparam_sk.rows import RowSpace, WholeSpace, as_tensor, row_space
from overparam_sk.training import SStepSGD, auto_block_rows

__all__ = ["FirstLayerRun"]


class FirstLayerRun(SoftmaxRun):
    """Trains LL18's network.

    Parameters
    ----------
    parameters, data, seeds, start, n_steps
        As for `Run`.
    n_classes : int
    network : type of SoftmaxNetwork
    """

    def __init__(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
        n_classes: int,
        network: type[SoftmaxNetwork],
    ) -> None:
        super().__init__(parameters, data, seeds, start, n_steps, n_classes)
        check_precision(parameters.precision, self._dtype)
        numbers = {"the number of classes": float(n_classes)}
        check_same_numbers(self._shards, self._device, numbers)
        self._n_given = self._rows.n_given
        self._held = None if data.validation is None else self._as_rows(data.validation)
        self._enter_row_space(start)
        self._c = self._learning_rate(start)
        m = parameters.width
        self._units = self._shards.units(m)
        held = float(m) * (self._rows.n_columns + n_classes) / self._shards.size
        self._check_room(f"A network of width {m}", held, "lower width")
        a = readout_weights(
            seeds.init,
            n_classes,
            m,
            dtype=self._dtype,
            device=self._device,
        )
        self._network = network(a[:, self._units].contiguous(), self._shards)
        self._trainer: SStepSGD = self._make_trainer(start)

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
            **super().predictor(weights),
            "hidden_weights_": hidden,
            "hidden_intercept_": intercept,
            "readout_weights_": readout.contiguous().numpy(),
        }

    def _steps_of_a_look(self) -> float:
        # A step is 4Bmd operations, a look at r rows 2rmd.
        monitored = min(MONITORED_ROWS, len(self._rows))
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

    def _make_trainer(self, start: Start | None) -> SStepSGD:
        p, rows = self._parameters, self._rows
        iteration = 0 if start is None else start.iteration
        W = rows.empty_weights(self._units.stop - self._units.start)
        self._W0 = torch.empty_like(W) if self._network.frozen else None
        for held in (W if start is None else None, self._W0):
            if held is not None:
                for units, chunk, _ in self._initial_units():
                    held[units] = chunk
        if start is not None:
            W.copy_(as_tensor(start.weights[0][self._units]))
        trainer = SStepSGD(
            self._network,
            W,
            rows,
            torch.from_numpy(self._data.y),
            self._k,
            self._weight,
            self._stream(iteration),
            step=self._c / p.width,
            momentum=self._momentum(),
            lengthen=self._lengthen(),
            precision=p.precision,
            W0=self._W0,
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
        subset = self._subset(MONITORED_ROWS, 1)
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
            self._W0,
        )
