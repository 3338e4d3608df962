"""A network of any depth in a fit: all layers, by full-batch gradient descent.

K19's network (eqs. 4, 5) is that of two layers and one output.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
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
from overparam_sk.fits.deep_rows import SampleRows, SeenRows
from overparam_sk.fits.job import Data, Job
from overparam_sk.fits.place import Place, split_intercept
from overparam_sk.fits.sgd_plan import coordinates_of, step_size_rows, weight_of
from overparam_sk.networks import (
    DeepNetwork,
    Loss,
    RowNorm,
    SquaredLoss,
    initial_signed_layers,
)
from overparam_sk.rows import Coordinates, Rows, as_tensor
from overparam_sk.threads import share_out
from overparam_sk.training import (
    DivergenceError,
    GradientDescent,
    PenalisedLoss,
    Point,
    linear_figure,
    safe_full_batch_step,
)

__all__ = ["Deep"]

# Numbers of a layer's pre-activations that stand at a time in a step: they stay in
# the cache between the products that read them (docs/performance.md).
_STEP_ELEMENTS = 2**20
# Blocks of rows whose gradients stand before they are added up: so many, and of wide
# layers those of so many numbers.
_BLOCKS_AT_A_TIME, _GRADIENT_ELEMENTS = 16, 2**22


@dataclass(frozen=True)
class TrainingRows:
    """All that is trained on, and the pass over it that a step is.

    Parameters
    ----------
    rows : Rows
    targets : Tensor of shape (n,) or (n, k)
    weight : Tensor of shape (n,)
    w : Tensor of shape (h_L,) or (k, h_L)
        The readout.
    loss : Loss
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    w: Tensor
    loss: Loss

    @cached_property
    def factors(self) -> Tensor:
        """Of each row's loss in L, shape (n,)."""
        return self.weight / self.weight.sum() if self.loss.mean else self.weight

    def evaluate(self, layers: tuple[Tensor, ...]) -> Point:
        """Outputs, loss and the gradients in all layers.

        The residual of a row needs that row alone, so that one pass does for all
        layers and no matrix of all rows stands above the first.
        """
        net = DeepNetwork(layers, self.w)
        Z = self.rows.times(layers[0].T)
        dZ, sums = torch.empty_like(Z), [torch.zeros_like(W) for W in layers[1:]]
        u, of_blocks = torch.empty_like(self.targets), dict[int, Sequence[Tensor]]()
        factors = self.factors if u.ndim == 1 else self.factors.unsqueeze(1)
        size = max(1, _STEP_ELEMENTS // net.widest)

        def look_at(first: int) -> None:
            block = slice(first, first + size)
            at = net.forward(Z[block])
            u[block] = at.u
            residual = self.loss.residual(at.u, self.targets[block])
            dZ[block], *above = net.gradients(at, factors[block] * residual)
            of_blocks[first] = above

        starts = range(0, len(Z), size)
        together = self._blocks_together(sums)
        for i in range(0, len(starts), together):
            some = starts[i : i + together]
            share_out([partial(look_at, first) for first in some])
            for first in some:
                for total, part in zip(sums, of_blocks.pop(first), strict=True):
                    total += part
        loss = self.loss.total(u, self.targets, self.weight)
        return Point(layers, u, loss, (self.rows.transposed_times(dZ).T, *sums))

    @staticmethod
    def _blocks_together(gradients: Sequence[Tensor]) -> int:
        """Blocks whose gradients may stand at once."""
        numbers = sum(part.numel() for part in gradients)
        return min(_BLOCKS_AT_A_TIME, max(1, _GRADIENT_ELEMENTS // max(1, numbers)))


@dataclass(frozen=True)
class Deep:
    """The network where it is trained; made by ``begin``.

    Parameters
    ----------
    trainer : GradientDescent
    initial : DeepNetwork
        At initialisation.
    coordinates : Coordinates
        Of the rows, in which the first layer's weights are.
    row_norm : {"clip", "unit"} or None
    names : tuple of str
        Of the fitted attributes that are the layers; none for a list of them.
    everything, sample : SeenRows
    held_out : SeenRows or None
    loss : Loss
    """

    trainer: GradientDescent
    initial: DeepNetwork
    coordinates: Coordinates
    row_norm: RowNorm
    names: tuple[str, ...]
    everything: SeenRows
    sample: SeenRows
    held_out: SeenRows | None
    loss: Loss

    @classmethod
    def begin(
        cls,
        job: Job,
        place: Place,
        *,
        widths: tuple[int, ...],
        row_norm: RowNorm,
        loss: Loss,
        names: tuple[str, ...] = (),
    ) -> Self:
        """Draw the network, or take it from where an earlier run has left it.

        Parameters
        ----------
        job : Job
        place : Place
        widths : tuple of int
            h_1, …, h_L.
        row_norm : {"clip", "unit"} or None
        loss : Loss
        names : tuple of str, default=()
        """
        given = place.rows(job.data)
        _check_room(given, widths, place)
        # The papers' regression is one of the rows as they are.
        coordinates = coordinates_of(job, place, given) if loss.mean else Coordinates()
        rows = coordinates.of_rows(given)
        targets, weight = _targets("y", loss, job, job.data, place)
        drawn = initial_signed_layers(
            job.seeds.init,
            widths,
            rows.n_given,
            targets.shape[1] if targets.ndim == 2 else None,
            row_norm=row_norm,
            constant=place.constant,
            dtype=place.dtype,
            device=place.device,
        )
        initial = DeepNetwork(*drawn)
        gram_rows = job.seeds.subset(2, job.settings.gram_samples, len(rows))
        everything = SeenRows(rows, targets, weight, initial, gram_rows, given)
        held_out = None
        if job.held_out is not None:
            name = "the validation set's y"
            held = _targets(name, loss, job, job.held_out, place)
            _check_as_many(targets, held[0])
            there = place.rows(job.held_out)
            inside = coordinates.of_rows(there)
            held_out = SeenRows(inside, *held, initial, gram_rows[:0], there)
        return cls(
            _trainer(job, place, everything, loss, coordinates),
            initial,
            coordinates,
            row_norm,
            names,
            everything,
            SampleRows.of(everything),
            held_out,
            loss,
        )

    @property
    def learning_rate(self) -> float:
        """η in use."""
        return self.trainer.step

    @property
    def look_cost(self) -> float:
        """A step makes about 6·n·h_l·h_{l−1} operations a layer.

        A look at r rows makes 2·r²·h_L at most, and k times as many for each layer
        between the first and the last.
        """
        n, d = len(self.everything.rows), self.everything.rows.n_columns
        r, widths = len(self.sample.rows), [len(W) for W in self.initial.layers]
        products = sum(W.numel() for W in self.initial.layers[1:]) or widths[0] * d
        gates = widths[-1] + len(self.initial.signs) * sum(widths[1:-1])
        return 1 + r * r * gates / (3 * n * products)

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: SeenRows) -> Tensor:
        """Show all layers on some rows, and return the outputs there."""
        now, n = DeepNetwork(tuple(weights), self.initial.w), len(seen.rows)
        if panel.sees(WeightView):
            self._show_weights(panel, weights)
        Z = seen.rows.times(weights[0].T)
        u = torch.empty_like(seen.targets)
        for places in seen.blocks():
            at = now.forward(Z[places])
            u[places] = at.u
            if panel.sees(PatternView, GramView, GramDriftView):
                active = at.patterns
            if panel.sees(PatternView):
                both = zip(active, seen.patterns0(places), strict=True)
                for layer, pair in enumerate(both):
                    panel.show(PatternView(*pair, places, n), layer=layer)
        if panel.sees(GramView, GramDriftView):
            parts = seen.gram_parts(now, at, active[-1])
            for part in parts:
                panel.show(GramView(part, *seen.gram_targets))
            if panel.sees(GramDriftView):
                for pair in zip(parts, seen.gram_parts0(), strict=True):
                    panel.show(GramDriftView(*pair))
        return u

    def state(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        whole = self.coordinates.given(weights[0])
        first, intercept = split_intercept(whole, self.everything.rows.n_given)
        layers = [first, *(W.cpu().numpy() for W in weights[1:])]
        named: dict[str, Any] = {"layer_weights_": layers}
        if self.names:
            named = dict(zip(self.names, layers, strict=True))
        return {
            **named,
            "first_intercept_": intercept,
            "has_intercept_": self.everything.rows.constant,
            "readout_signs_": self.initial.w.cpu().numpy(),
            "row_norm_": self.row_norm,
            **self.coordinates.kept(),
        }

    def _show_weights(self, panel: Panel, weights: Sequence[Tensor]) -> None:
        """An intercept's column, the first layer's last, is no part of a distance."""
        given = slice(self.everything.rows.n_given)
        for layer, pair in enumerate(zip(self.initial.layers, weights, strict=True)):
            W0, W = pair
            if not layer:
                W0, W = (self.coordinates.given(V)[:, given] for V in pair)
            panel.show(WeightView.between(W0, W), layer=layer)


def _trainer(
    job: Job, place: Place, seen: SeenRows, loss: Loss, coordinates: Coordinates
) -> GradientDescent:
    settings, net = job.settings, seen.initial
    if job.resume is not None:
        past = (as_tensor(W).to(place.device, place.dtype) for W in job.resume.weights)
        first, *above = past
        net = DeepNetwork((coordinates.of_weights(first), *above), net.w)
    training = TrainingRows(seen.rows, seen.targets, seen.weight, net.w, loss)
    step, penalised = settings.learning_rate, None
    if step is None and job.resume is not None:
        step = job.resume.learning_rate
    if step is None:
        subset, share = step_size_rows(job, seen.rows, seen.weight)
        there = subset.to(place.device)
        weight, X = training.factors[there] / share, seen.rows.take(subset)
        step, spectrum = safe_full_batch_step(X, net, weight, loss.steepest)
        ends_by_itself = settings.until_done and not settings.early_stopping
        if isinstance(loss, SquaredLoss) and ends_by_itself:
            unit = loss.of_constant(seen.targets, seen.weight) or 1.0
            n = _rows_to_tell_by(seen.weight)
            linear = linear_figure(X, seen.targets[there], weight, n)
            penalised = PenalisedLoss(spectrum, n, unit, linear)
    try:
        return GradientDescent(
            net.layers,
            training.evaluate,
            step=step,
            momentum=settings.momentum,
            guard=settings.learning_rate is None,
            penalised=penalised,
            iteration=job.first_iteration,
        )
    except DivergenceError as error:
        if job.resume is None:
            raise
        raise ValueError(
            "The loss must be finite where training goes on, got another for these "
            "rows: scale X to the range of the rows before."
        ) from error


def _check_room(rows: Rows, widths: tuple[int, ...], place: Place) -> None:
    """Refuse layers, and the first one's pre-activations, that have no room."""
    first, *above = widths
    numbers = float(first) * (rows.n_columns + len(rows)) + widths[-1]
    numbers += sum(float(h) * below for h, below in zip(above, widths, strict=False))
    *others, last = map(str, widths)
    told = f"widths {', '.join(others)} and {last}" if others else f"width {last}"
    place.check_room(f"A network of {told}", numbers, "lower them")


def _check_as_many(targets: Tensor, held: Tensor) -> None:
    if targets.shape[1:] != held.shape[1:]:
        here, there = (t.shape[1] if t.ndim == 2 else 1 for t in (targets, held))
        raise ValueError(f"y_val must have the {here} targets of y, got {there}.")


def _rows_to_tell_by(weight: Tensor) -> float:
    """How many rows there are; whole weights say how often each was given."""
    weight = weight[weight > 0]
    counts = bool((weight == weight.round()).all())
    return float(weight.double().sum()) if counts else len(weight)


def _targets(
    name: str, loss: Loss, job: Job, data: Data, place: Place
) -> tuple[Tensor, Tensor]:
    """Targets and weights; refused where in the place's precision there is no loss."""
    shape = data.y.shape if job.n_outputs == 1 else (len(data.y), job.n_outputs)
    room = torch.empty(shape, dtype=place.dtype, device="cpu")
    targets = loss.write_targets(as_tensor(data.y), room).to(place.device)
    weight = weight_of(data, place) if loss.mean else place.tensor(data.weight)
    if not bool(weight.any()):
        raise ValueError(
            f"sample_weight must have a positive entry in {place.precision}, got "
            f"weights up to {data.weight.max():.3g}: scale sample_weight."
        )
    squares = targets.square().reshape(len(targets), -1).sum(dim=1)
    if not bool((weight * squares).sum().isfinite()):
        raise ValueError(
            f"The weighted sum of squares of {name} must be a finite number in "
            f"{place.precision}, got entries up to {np.abs(data.y).max():.3g} and "
            f"weights up to {data.weight.max():.3g}: scale y or sample_weight."
        )
    return targets, weight
