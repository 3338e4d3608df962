"""A training run of K19's network by full-batch gradient descent."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from torch import Tensor

from overparam_sk.diagnostics import (
    Measurement,
    Monitor,
    TwoHiddenMonitor,
    measure_two_hidden,
    squared_spread,
)
from overparam_sk.estimators._checks import check_targets
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._state import split_intercept
from overparam_sk.networks import Kong2019Weights, initial_layers
from overparam_sk.rows import as_tensor
from overparam_sk.training import GradientDescent, safe_full_batch_step

__all__ = ["TwoHiddenRun"]


class TwoHiddenRun(Run):
    """Trains K19's network; the parameters are those of `Run`."""

    def __init__(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> None:
        super().__init__(parameters, data, seeds, start, n_steps)
        h1, h2 = parameters.width1, parameters.width2
        numbers = float(h1) * (self._rows.n_columns + len(self._rows) + h2) + h2
        self._check_room(f"A network of widths {h1} and {h2}", numbers, "lower them")
        self._targets, self._weight = self._as_targets("y", data)
        self._initial = initial_layers(
            seeds.init,
            h1,
            h2,
            self._rows.n_given,
            row_norm=parameters.row_norm,
            constant=parameters.fit_intercept,
            dtype=self._dtype,
            device=self._device,
        )
        self._descent = self._make_trainer(start)
        self._trainer = self._descent

    @property
    def learning_rate(self) -> float:
        """η in use."""
        return self._descent.step

    def predictor(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        A, B = weights
        first, intercept = split_intercept(A, self._rows.n_given)
        return {
            **super().predictor(weights),
            "first_weights_": first,
            "first_intercept_": intercept,
            "second_weights_": B.cpu().numpy(),
            "readout_signs_": self._initial.w.cpu().numpy(),
            "row_norm_": self._parameters.row_norm,
        }

    def _as_targets(self, name: str, data: TrainingData) -> tuple[Tensor, Tensor]:
        targets, weight = (
            as_tensor(part, self._device).to(self._dtype)
            for part in (data.y, data.weight)
        )
        check_targets(name, data.y, data.weight, targets, weight)
        return targets, weight

    def _validation_figure(self) -> float:
        if self._r2_tells:
            return self._monitor.latest("val_score")
        return -self._monitor.latest("val_loss")

    def _steps_of_a_look(self) -> float:
        # A step makes about 6·n·h1·h2 operations, a look at r rows 2·r²·h2 at most.
        n, h1 = len(self._rows), self._parameters.width1
        r = min(self._parameters.gram_samples, n)
        return float(1 + r * r / (3 * n * h1))

    def _make_trainer(self, start: Start | None) -> GradientDescent:
        p = self._parameters
        auto = p.learning_rate == "auto"
        weights = self._initial
        if start is not None:
            A, B = (as_tensor(W).to(self._device, self._dtype) for W in start.weights)
            weights = Kong2019Weights(A, B, weights.w)
        trainer = GradientDescent(
            weights,
            self._rows,
            self._targets,
            self._weight,
            step=self._safe_step(weights) if auto else float(p.learning_rate),
            momentum=0.0 if p.momentum == "auto" else p.momentum,
            guard=auto,
        )
        trainer.iteration = 0 if start is None else start.iteration
        return trainer

    def _safe_step(self, weights: Kong2019Weights) -> float:
        subset, share = self._step_size_rows(self._weight)
        weight = self._weight[subset.to(self._device)] / share
        return safe_full_batch_step(self._rows.take(subset), weights, weight)

    def _make_monitor(self) -> Monitor:
        validation = None
        if self._data.validation is not None:
            held = self._data.validation
            targets = self._as_targets("the validation set's y", held)
            # Of constant targets R² says nothing; elsewhere it is the loss, but has a
            # scale, on which tol is the same for all targets.
            self._r2_tells = squared_spread(*targets) > 0
            validation = (self._as_rows(held), *targets)
        return TwoHiddenMonitor(
            self._diagnostics(),
            self._initial,
            self._rows.n_given,
            self._rows.take(self._subset(self._parameters.gram_samples, 2)),
            self._targets,
            self._weight,
            validation,
        )

    def _measure(self, gram_rows: Tensor) -> Measurement:
        return measure_two_hidden(
            self._diagnostics(),
            Kong2019Weights(*self._descent.weights, self._initial.w),
            self._initial,
            self._rows,
            self._targets,
            self._weight,
            gram_rows,
        )
