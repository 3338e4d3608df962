"""What the runs that train a softmax cross-entropy by minibatch SGD have in common."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.rows import as_tensor
from overparam_sk.training import CurvatureStep, MinibatchStream, safe_learning_rate
from overparam_sk.world import warn_user

__all__ = ["MONITORED_ROWS", "SoftmaxRun", "batch_size_in_use", "momentum_in_use"]

# Training rows that the history looks at.
MONITORED_ROWS = 100


def momentum_in_use(momentum: Any, learning_rate: Any) -> float:
    """What "auto" stands for: 0.9 with an automatic step, otherwise plain SGD."""
    if momentum != "auto":
        return float(momentum)
    return 0.9 if learning_rate == "auto" else 0.0


def batch_size_in_use(batch_size: Any, n_rows: int) -> int:
    """B: what "auto" stands for or the number that was given, at most all rows."""
    return min(256 if batch_size == "auto" else batch_size, n_rows)


class SoftmaxRun(Run):
    """Trains outputs for classes by minibatch SGD on the mean cross-entropy.

    Parameters
    ----------
    parameters, data, seeds, start, n_steps
        As for `Run`.
    n_classes : int
    """

    _c: float

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
        self._k = n_classes
        self._weight = self._as_weight(data)
        self._batch_size = batch_size_in_use(parameters.batch_size, len(self._rows))
        if parameters.batch_size not in ("auto", self._batch_size):
            # In the words of MLPClassifier.
            warn_user(
                "Got `batch_size` larger than sample size. It is going to be clipped: "
                f"{parameters.batch_size} to {self._batch_size}.",
                UserWarning,
            )

    @property
    def learning_rate(self) -> float:
        """C in use."""
        return self._c

    def _validation_figure(self) -> float:
        return self._monitor.latest("val_score")

    def _stream(self, iteration: int) -> MinibatchStream:
        """The batches of a stretch of a run, which must not repeat an earlier one's."""
        mixed = np.random.SeedSequence([self._seeds.batches, iteration])
        seed = int(mixed.generate_state(1)[0])
        return MinibatchStream(len(self._rows), self._batch_size, seed)

    def _momentum(self) -> float:
        p = self._parameters
        return momentum_in_use(p.momentum, p.learning_rate)

    def _lengthen(self) -> CurvatureStep | None:
        auto = self._parameters.learning_rate == "auto"
        return CurvatureStep(self._c) if auto else None

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
