"""A training run of LL18's network at infinite width."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.diagnostics import (
    FunctionSpaceMonitor,
    Measurement,
    Monitor,
    SeenRows,
)
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import Seeds, Start
from overparam_sk.estimators._softmax_run import MONITORED_ROWS, SoftmaxRun
from overparam_sk.networks import KernelRows, LiLiang2018, random_outputs
from overparam_sk.rows import Rows
from overparam_sk.training import FunctionSpaceSGD

__all__ = ["InfiniteWidthRun"]


class InfiniteWidthRun(SoftmaxRun):
    """Trains the limit of LL18's network.

    Parameters
    ----------
    parameters, data, seeds, start, n_steps, n_classes
        As for `SoftmaxRun`.
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
        super().__init__(parameters, data, seeds, start, n_steps, n_classes)
        self._c = self._learning_rate(start)
        self._X = _whole(self._rows)
        # The contract's losses need no readout.
        self._network = LiLiang2018(self._X.new_empty(n_classes, 0))
        kernel = KernelRows(self._X, self._X, self._room())
        self._training = self._seen(self._X, data.y, self._weight, kernel)
        self._trainer: FunctionSpaceSGD = FunctionSpaceSGD(
            self._network,
            kernel,
            self._training.start,
            self._training.targets,
            self._weight,
            self._X.square().sum(dim=1),
            self._X.shape[1],
            self._stream(0),
            learning_rate=self._c,
            momentum=self._momentum(),
            lengthen=self._lengthen(),
        )

    def predictor(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        (R,) = weights
        seen = R.any(dim=1)
        return {
            "X_fit_": self._X[seen].cpu().numpy(),
            "dual_coef_": R[seen].cpu().numpy(),
            "initial_width_": self._parameters.initial_width,
            "device_": str(self._device),
        }

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes, with the constant of the distance."""
        constant = self._trainer.distance_constant
        return {**super().attributes(), "distance_constant_": constant}

    def _measure(self, gram_rows: Tensor) -> Measurement:
        loss, _ = self._training.loss_and_score(self._network, self._trainer.R)
        return Measurement(loss, {})

    def _steps_of_a_look(self) -> float:
        # A step is a product with B rows of the kernel, a look one with the sample's.
        return min(MONITORED_ROWS, len(self._X)) / self._batch_size

    def _make_monitor(self) -> Monitor:
        subset = self._subset(MONITORED_ROWS, 1).to(self._device)
        all_rows = self._training
        sample = SeenRows(
            all_rows.kernel,
            subset,
            all_rows.start[subset],
            all_rows.targets[subset],
            all_rows.weight[subset],
        )
        validation = None
        if self._data.validation is not None:
            held = self._data.validation
            X = _whole(self._as_rows(held))
            kernel = KernelRows(X, self._X, self._room())
            validation = self._seen(X, held.y, self._as_weight(held), kernel)
        return FunctionSpaceMonitor(self._network, sample, validation)

    def _seen(
        self, X: Tensor, y: NDArray[np.int64], weight: Tensor, kernel: KernelRows
    ) -> SeenRows:
        start = random_outputs(
            X,
            seed=self._seeds.init,
            m=self._parameters.initial_width,
            k=self._k,
            constant=self._parameters.fit_intercept,
        )
        return SeenRows(kernel, None, start, self._one_hot(y), weight)

    def _room(self) -> float:
        return float(self._parameters.cache_size * 1e6)


def _whole(rows: Rows) -> Tensor:
    return rows.take(torch.arange(len(rows)))
