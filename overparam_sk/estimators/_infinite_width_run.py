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
    HeldOutRows,
    Measurement,
    Monitor,
    SeenRows,
)
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import Seeds, Start
from overparam_sk.estimators._softmax_run import MONITORED_ROWS, SoftmaxRun
from overparam_sk.networks import (
    DirectedRows,
    KernelRows,
    LiLiang2018,
    random_outputs,
)
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
        m = parameters.initial_width or 0
        numbers = float(m) * (self._rows.n_columns + n_classes)
        self._check_room(f"A network of width {m}", numbers, "lower initial_width")
        self._c = self._learning_rate(start)
        self._X = _whole(self._rows)
        # The contract's losses need no readout.
        self._network = LiLiang2018(self._X.new_empty(n_classes, 0))
        self._constant = parameters.fit_intercept
        self._directed = DirectedRows.of(self._X)
        self._training = self._seen(self._X, data.y, self._weight)
        self._trainer: FunctionSpaceSGD = FunctionSpaceSGD(
            self._network,
            KernelRows(
                self._directed, self._directed, self._room(), constant=self._constant
            ),
            self._training.start,
            self._training.targets,
            self._weight,
            self._X.square().sum(dim=1),
            self._X.shape[1] - self._constant,
            self._stream(0),
            learning_rate=self._c,
            momentum=self._momentum(),
            lengthen=self._lengthen(),
        )

    def predictor(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        R, _ = weights
        seen = R.any(dim=1)
        return {
            **super().predictor(weights),
            "X_fit_": self._X[seen].cpu().numpy(),
            "dual_coef_": R[seen].cpu().numpy(),
            "initial_width_": self._parameters.initial_width,
        }

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes, with the constant of the distance."""
        figures = {f"{name}_": v for name, v in self._trainer.figures.items()}
        return {**super().attributes(), **figures}

    def _measure(self, gram_rows: Tensor) -> Measurement:
        loss, _ = self._training.loss_and_score(self._network, self._trainer.F)
        return Measurement(loss, {})

    def _steps_of_a_look(self) -> float:
        # Over all training rows goes a step for each row of its batch, a look once.
        return 1 / self._batch_size

    def _make_monitor(self) -> Monitor:
        subset = self._subset(MONITORED_ROWS, 1).to(self._device)
        validation = None
        if self._data.validation is not None:
            held = self._data.validation
            X = _whole(self._as_rows(held))
            seen = self._seen(X, held.y, self._as_weight(held))
            kernel = KernelRows(DirectedRows.of(X), self._directed, self._room())
            R, F = torch.zeros_like(self._trainer.R), torch.zeros_like(seen.start)
            validation = HeldOutRows(seen, kernel, R, F)
        sample = self._training.take(subset)
        return FunctionSpaceMonitor(self._network, sample, subset, validation)

    def _seen(self, X: Tensor, y: NDArray[np.int64], weight: Tensor) -> SeenRows:
        start = random_outputs(
            X,
            seed=self._seeds.init,
            m=self._parameters.initial_width,
            k=self._k,
            constant=self._constant,
        )
        return SeenRows(start, self._one_hot(y), weight)

    def _room(self) -> float:
        return float(self._parameters.cache_size * 1e6)


def _whole(rows: Rows) -> Tensor:
    return rows.take(torch.arange(len(rows), dtype=torch.int64))
