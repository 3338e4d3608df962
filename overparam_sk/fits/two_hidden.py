"""K19's network in a fit: both layers, by full-batch gradient descent (eqs. 4, 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from overparam_sk.diagnostics import (
    GramDriftView,
    GramView,
    Panel,
    PatternView,
    WeightView,
)
from overparam_sk.fits.job import Data, Job
from overparam_sk.fits.place import Place, split_intercept
from overparam_sk.fits.sgd_plan import step_size_rows
from overparam_sk.fits.two_hidden_rows import SampleRows, SeenRows
from overparam_sk.networks import (
    Kong2019Weights,
    RowNorm,
    SquaredLoss,
    forward,
    initial_layers,
    preactivation_gradients,
)
from overparam_sk.rows import Rows, as_tensor
from overparam_sk.threads import share_out
from overparam_sk.training import (
    GradientDescent,
    PenalisedLoss,
    Point,
    linear_figure,
    safe_full_batch_step,
)

__all__ = ["TwoHidden"]

# Numbers of second-layer pre-activations that stand at a time in a step: they stay in
# the cache between the products that read them (docs/performance.md).
_STEP_ELEMENTS = 2**20
# Blocks of rows whose gradients in B stand before they are added up.
_BLOCKS_AT_A_TIME = 16

LOSS = SquaredLoss()


@dataclass(frozen=True)
class TrainingRows:
    """All that is trained on, and the pass over it that a step is.

    Parameters
    ----------
    rows : Rows
    targets, weight : Tensor of shape (n,)
    w : Tensor of shape (h2,)
        The readout.
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    w: Tensor

    def evaluate(self, weights: tuple[Tensor, ...]) -> Point:
        """Outputs, loss and both gradients at A and B.

        The residual of a row needs that row alone, so that one pass does for both
        layers and no (n, h2) matrix stands whole.
        """
        A, B = weights
        Z = self.rows.times(A.T)
        dZ, dB = torch.empty_like(Z), torch.zeros_like(B)
        u = torch.empty_like(self.targets)
        of_blocks: dict[int, Tensor] = {}
        size = max(1, _STEP_ELEMENTS // len(B))

        def look_at(first: int) -> None:
            block = slice(first, first + size)
            at = forward(Z[block], B, self.w)
            u[block] = at.u
            residual = self.weight[block] * LOSS.residual(at.u, self.targets[block])
            dZ[block], of_blocks[first] = preactivation_gradients(at, self.w, residual)

        starts = range(0, len(Z), size)
        for i in range(0, len(starts), _BLOCKS_AT_A_TIME):
            some = starts[i : i + _BLOCKS_AT_A_TIME]
            share_out([partial(look_at, first) for first in some])
            for first in some:
                dB += of_blocks.pop(first)
        loss = LOSS.total(u, self.targets, self.weight)
        return Point(weights, u, loss, (self.rows.transposed_times(dZ).T, dB))


@dataclass(frozen=True)
class TwoHidden:
    """The network where it is trained; made by ``begin``.

    Parameters
    ----------
    trainer : GradientDescent
    initial : Kong2019Weights
        At initialisation.
    row_norm : {"clip", "unit"} or None
    everything, sample : SeenRows
    held_out : SeenRows or None
    """

    trainer: GradientDescent
    initial: Kong2019Weights
    row_norm: RowNorm
    everything: SeenRows
    sample: SeenRows
    held_out: SeenRows | None
    loss: SquaredLoss = LOSS

    @classmethod
    def begin(
        cls, job: Job, place: Place, *, width1: int, width2: int, row_norm: RowNorm
    ) -> Self:
        """Draw the network, or take it from where an earlier run has left it.

        Parameters
        ----------
        job : Job
        place : Place
        width1, width2 : int
            h1 and h2.
        row_norm : {"clip", "unit"} or None
        """
        rows, settings = place.rows(job.data), job.settings
        numbers = float(width1) * (rows.n_columns + len(rows) + width2) + width2
        what = f"A network of widths {width1} and {width2}"
        place.check_room(what, numbers, "lower them")
        targets, weight = _targets("y", job.data, place)
        initial = initial_layers(
            job.seeds.init,
            width1,
            width2,
            rows.n_given,
            row_norm=row_norm,
            constant=place.constant,
            dtype=place.dtype,
            device=place.device,
        )
        gram_rows = job.seeds.subset(2, settings.gram_samples, len(rows))
        everything = SeenRows(rows, targets, weight, initial, gram_rows)
        held_out = None
        if job.held_out is not None:
            held = _targets("the validation set's y", job.held_out, place)
            held_out = SeenRows(place.rows(job.held_out), *held, initial, gram_rows[:0])
        return cls(
            _trainer(job, place, everything),
            initial,
            row_norm,
            everything,
            SampleRows.of(everything),
            held_out,
        )

    @property
    def learning_rate(self) -> float:
        """η in use."""
        return self.trainer.step

    @property
    def look_cost(self) -> float:
        """A step makes about 6·n·h1·h2 operations, a look at r rows 2·r²·h2 at most."""
        n, h1 = len(self.everything.rows), len(self.initial.A)
        r = len(self.sample.rows)
        return 1 + r * r / (3 * n * h1)

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: SeenRows) -> Tensor:
        """Show both layers on some rows, and return the outputs there."""
        (A, B), initial = weights, self.initial
        now = Kong2019Weights(A, B, initial.w)
        given = slice(self.everything.rows.n_given)  # an intercept's column comes last
        if panel.sees(WeightView):
            panel.show(WeightView.between(initial.A[:, given], A[:, given]), layer=0)
            panel.show(WeightView.between(initial.B, B), layer=1)
        Z, n = seen.rows.times(A.T), len(seen.rows)
        u = Z.new_empty(n)
        patterns = panel.sees(PatternView)
        if patterns:
            first = PatternView(Z > 0, seen.first_pattern(), slice(0, n), n)
            panel.show(first, layer=0)
        for places in seen.blocks():
            at = forward(Z[places], B, initial.w)
            u[places] = at.u
            if panel.sees(PatternView, GramView, GramDriftView):
                active = at.S2 > 0
            if patterns:
                active0 = seen.second_pattern(places)
                panel.show(PatternView(active, active0, places, n), layer=1)
        if panel.sees(GramView, GramDriftView):
            parts = seen.gram_parts(now, at, active)
            for part in parts:
                panel.show(GramView(part, *seen.gram_targets))
            if panel.sees(GramDriftView):
                for pair in zip(parts, seen.initial_gram_parts(), strict=True):
                    panel.show(GramDriftView(*pair))
        return u

    def state(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        A, B = weights
        first, intercept = split_intercept(A, self.everything.rows.n_given)
        return {
            "first_weights_": first,
            "first_intercept_": intercept,
            "has_intercept_": self.everything.rows.constant,
            "second_weights_": B.cpu().numpy(),
            "readout_signs_": self.initial.w.cpu().numpy(),
            "row_norm_": self.row_norm,
        }


def _trainer(job: Job, place: Place, seen: SeenRows) -> GradientDescent:
    settings, weights = job.settings, seen.initial
    if job.resume is not None:
        A, B = (as_tensor(W).to(place.device, place.dtype) for W in job.resume.weights)
        weights = Kong2019Weights(A, B, seen.initial.w)
    step, penalised = settings.learning_rate, None
    if step is None:
        subset, share = step_size_rows(job, seen.rows, seen.weight)
        weight = seen.weight[subset.to(place.device)] / share
        X = seen.rows.take(subset)
        step, spectrum = safe_full_batch_step(X, weights, weight)
        if settings.until_done and not settings.early_stopping:
            unit = LOSS.of_constant(seen.targets, seen.weight) or 1.0
            n = _rows_to_tell_by(seen.weight)
            there = subset.to(place.device)
            linear = linear_figure(X, seen.targets[there], weight, n)
            penalised = PenalisedLoss(spectrum, n, unit, linear)
    training = TrainingRows(seen.rows, seen.targets, seen.weight, seen.initial.w)
    return GradientDescent(
        (weights.A, weights.B),
        training.evaluate,
        step=step,
        momentum=settings.momentum,
        guard=settings.learning_rate is None,
        penalised=penalised,
        iteration=job.first_iteration,
    )


def _rows_to_tell_by(weight: Tensor) -> float:
    """How many rows there are; whole weights say how often each was given."""
    weight = weight[weight > 0]
    counts = bool((weight == weight.round()).all())
    return float(weight.double().sum()) if counts else len(weight)


def _targets(name: str, data: Data, place: Place) -> tuple[Tensor, Tensor]:
    """Targets and weights; refused where in the place's precision there is no loss."""
    targets, weight = place.tensor(data.y), place.tensor(data.weight)
    if not bool(weight.any()):
        raise ValueError(
            f"sample_weight must have a positive entry in {place.precision}, got "
            f"weights up to {data.weight.max():.3g}: scale sample_weight."
        )
    if not bool((weight * targets.square()).sum().isfinite()):
        raise ValueError(
            f"The weighted sum of squares of {name} must be a finite number in "
            f"{place.precision}, got entries up to {np.abs(data.y).max():.3g} and "
            f"weights up to {data.weight.max():.3g}: scale y or sample_weight."
        )
    return targets, weight
