"""LL18's network in a fit: its first layer, trained by s-step SGD."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from typing import Any, Self

import torch
from torch import Tensor

from overparam_sk.diagnostics import (
    GradientView,
    GramDriftView,
    GramView,
    Panel,
    PatternView,
    WeightView,
)
from overparam_sk.fits.initial_units import InitialUnits, UnitsAtStart
from overparam_sk.fits.job import Data, Job
from overparam_sk.fits.outputs import patterns_of
from overparam_sk.fits.place import Place, split_intercept
from overparam_sk.fits.seen_rows import SampleRows, SeenRows
from overparam_sk.fits.sgd_plan import (
    MONITORED_ROWS,
    SGDPlan,
    clipped_batch_size,
    coordinates_of,
    weight_of,
)
from overparam_sk.networks import (
    FirstLayerNetwork,
    Loss,
    gate_gram,
    readout_weights,
)
from overparam_sk.rows import (
    DualSpace,
    Rows,
    RowSpace,
    WholeSpace,
    as_tensor,
    dual_pays,
    row_space,
)
from overparam_sk.training import SStepSGD, Trainer

__all__ = ["FirstLayer"]

# Rows of X that meet a chunk of units at a time in the pass over all rows.
_ROW_BLOCK = 2048


@dataclass(frozen=True)
class FirstLayer:
    """The network where it is trained; made by ``begin``.

    Parameters
    ----------
    network : FirstLayerNetwork
        The units that this process holds.
    trainer : Trainer
    plan : SGDPlan
    initial : InitialUnits
    everything : SeenRows
    sample : SampleRows
    held_out : SeenRows or None
    look_cost : float
        In steps.
    """

    network: FirstLayerNetwork
    trainer: Trainer
    plan: SGDPlan
    initial: InitialUnits
    everything: SeenRows
    sample: SampleRows
    held_out: SeenRows | None
    look_cost: float

    @classmethod
    def begin(
        cls, job: Job, place: Place, *, kind: type[FirstLayerNetwork], width: int
    ) -> Self:
        """Draw the network, or take it from where an earlier run has left it.

        Parameters
        ----------
        job : Job
        place : Place
        kind : type of FirstLayerNetwork
        width : int
            m.
        """
        batch_size, units = clipped_batch_size(job), place.shards.units(width)
        _check_processes(job, place, width)
        given = place.rows(job.data)
        held = None if job.held_out is None else place.rows(job.held_out)
        coordinates = coordinates_of(job, place, given)
        inside = coordinates.of_rows(given)
        held = held and coordinates.of_rows(held)
        space = _space(job, inside, held, batch_size, width // place.shards.size)
        rows = space.of_rows(inside)
        plan = SGDPlan.of(job, place, rows, batch_size)
        numbers = float(width) * (rows.n_columns + job.n_outputs) / place.shards.size
        place.check_room(f"A network of width {width}", numbers, "lower width")
        initial = InitialUnits(
            job.seeds.init, width, given.n_given, units, place, coordinates, space
        )
        network, W = _weights(kind, job, rows, initial)
        gram_rows = job.seeds.subset(2, job.settings.gram_samples, len(rows))
        everything = _seen(network, rows, job.data, plan.weight, initial, gram_rows)
        if not coordinates.keep_products:
            everything = replace(everything, measured=given)
        held_out = None
        if held is not None and job.held_out is not None:
            held, weight = space.of_rows(held), weight_of(job.held_out, place)
            held_out = _seen(
                network, held, job.held_out, weight, [UnitsAtStart()], gram_rows[:0]
            )
        sample = _sample(job, network, everything, initial)
        return cls(
            network,
            _trainer(job, network, W, rows, plan, step=plan.learning_rate / width),
            plan,
            initial,
            everything,
            sample,
            held_out,
            # A step is 4Bmd operations, a look at r rows 2rmd.
            look_cost=len(sample.weight) / (2 * batch_size),
        )

    @property
    def loss(self) -> Loss:
        """The network's."""
        return self.network.loss

    @property
    def learning_rate(self) -> float:
        """The fitted attribute."""
        return self.plan.learning_rate

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: SeenRows) -> Tensor:
        """Show the units, some at a time, on some rows; return the outputs there."""
        (W,) = weights
        n, n_given = len(seen.rows), self.everything.rows.n_given
        outputs = W.new_zeros(n, len(self.network.a))
        views: list[PatternView] = []
        for units in seen.initial:
            part, here = self.network.of_units(units.places), W[units.places]
            if panel.sees(WeightView):
                panel.show(units.moved_to(here, self.initial.space, n_given))
            gated, patterns = part.gate_weights is not None, []
            for places, Z, active0 in _on_rows(part, here, units, seen.rows, panel):
                if panel.sees(PatternView, GradientView, GramView, GramDriftView):
                    active = Z > 0
                    # Who does not see patterns does not miss those at initialisation.
                    before = active if active0 is None else active0
                    view = PatternView(active, before, places, n)
                    panel.show(view)
                    if panel.sees(GradientView):
                        views.append(view)
                    if panel.sees(GramView, GramDriftView):
                        switched = before if gated else active
                        pair = (seen.of_gram(places, s) for s in (switched, before))
                        patterns.append(tuple(pair))
                outputs[places] += part.outputs_(Z, active0 if gated else None)
            if patterns:
                self._show_gram(panel, part, patterns, seen)
        self.network.shards.add_up_(outputs)
        if panel.sees(GradientView):
            panel.show(self._gradients(views, outputs, seen))
        return outputs

    def state(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        initial, shards = self.initial, self.initial.place.shards
        n_columns = initial.n_given + initial.place.constant
        W = initial.space.all_columns(weights[0], initial.all_columns(), n_columns)
        W = shards.bring_together(initial.coordinates.given(W), initial.width)
        hidden, intercept = split_intercept(W, initial.n_given)
        readout = shards.bring_together(self.network.a.T, initial.width).T
        return {
            "hidden_weights_": hidden,
            "hidden_intercept_": intercept,
            "has_intercept_": initial.place.constant,
            "readout_weights_": readout.contiguous().numpy(),
            **initial.coordinates.kept(),
        }

    def _show_gram(
        self,
        panel: Panel,
        part: FirstLayerNetwork,
        patterns: Sequence[tuple[Tensor, ...]],
        seen: SeenRows,
    ) -> None:
        """Show some units' part of H, and of H(0), from their patterns on its rows."""
        now, start = (_joined(some) for some in zip(*patterns, strict=True))

        def gram(active: Tensor) -> Tensor:
            gates = gate_gram(part.slopes(active), part.a)
            return seen.inner * gates / self.initial.width

        H = gram(now)
        panel.show(GramView(H, *seen.gram_targets))
        if panel.sees(GramDriftView):
            H0 = seen.initial_gram(partial(gram, start))
            panel.show(GramDriftView(H, H0))

    def _gradients(
        self, views: list[PatternView], outputs: Tensor, seen: SeenRows
    ) -> GradientView:
        """What the gradients on the rows of a sample are made of."""
        residual = self.loss.residual(outputs, seen.targets)
        residual *= seen.weight.unsqueeze(1)
        now = self.network.slopes(_joined([view.active for view in views]))
        start = self.network.slopes(_joined([view.active0 for view in views]))
        return GradientView(now, start, residual, self.network.a, seen.inner)


def _on_rows(
    network: FirstLayerNetwork,
    W: Tensor,
    units: UnitsAtStart,
    rows: Rows,
    panel: Panel,
) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
    """Places of blocks of rows, pre-activations, and patterns at initialisation.

    The last are None where neither the network nor a diagnostic needs them.
    """
    fixed = network.gate_weights
    if fixed is None and panel.sees(PatternView, GradientView, GramDriftView):
        fixed = units.W
    before: Iterator[Tensor | None] = repeat(None)
    if fixed is not None and units.active is None:
        before = patterns_of(rows, fixed, None, _ROW_BLOCK)
    products = rows.products(W.T, _ROW_BLOCK)
    for (places, Z), active0 in zip(products, before, strict=False):
        yield places, Z, active0 if units.active is None else units.active[places]


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def _check_processes(job: Job, place: Place, width: int) -> None:
    """Refuse a network that the processes cannot share."""
    size = place.shards.size
    if width < size:
        raise ValueError(
            f"width must be at least {size}, the number of processes, with "
            f"distributed=True, got {width}."
        )
    place.check_same({"the number of classes": float(job.n_outputs)})


def _space(
    job: Job, given: Rows, held: Rows | None, batch_size: int, width: int
) -> RowSpace:
    """Where W moves: the space that the rows span, if fewer columns save enough."""
    if job.resume is not None:  # which may have left the space of these rows
        return WholeSpace()
    seen = job.n_steps * batch_size
    if held is None and dual_pays(given, width=width, rows_seen=seen):
        return DualSpace(given)
    parts = [given] if held is None else [given, held]
    return row_space(parts, width=width, rows_seen=seen)


def _weights(
    kind: type[FirstLayerNetwork], job: Job, rows: Rows, initial: InitialUnits
) -> tuple[FirstLayerNetwork, Tensor]:
    """The readout and, where there is one, the gate; and W before the first step."""
    place, units = initial.place, initial.units
    a = readout_weights(
        initial.seed,
        job.n_outputs,
        initial.width,
        dtype=place.dtype,
        device=place.device,
    )[:, units].contiguous()

    def drawn() -> Tensor:
        W0 = rows.empty_weights(units.stop - units.start)
        initial.write(W0)
        return W0

    if job.resume is None:
        W = drawn()
    else:
        W = rows.empty_weights(units.stop - units.start)
        past = as_tensor(job.resume.weights[0][units], rows.device)
        W.copy_(initial.coordinates.of_weights(past))
    return kind.made(a, drawn, place.shards), W


def _seen(
    network: FirstLayerNetwork,
    rows: Rows,
    data: Data,
    weight: Tensor,
    initial: Iterable[UnitsAtStart],
    gram_rows: Tensor,
) -> SeenRows:
    """All rows of some data."""
    y = torch.from_numpy(data.y).to(rows.device)
    room = torch.empty(len(rows), len(network.a), dtype=rows.dtype, device=rows.device)
    targets = network.loss.write_targets(y, room)
    return SeenRows(rows, targets, weight, initial, gram_rows, measured=rows)


def _sample(
    job: Job, network: FirstLayerNetwork, everything: SeenRows, initial: InitialUnits
) -> SampleRows:
    """A seeded subset of the training rows, for the history."""
    indices = job.seeds.subset(1, MONITORED_ROWS, len(everything.rows))
    rows, there = everything.rows.subset(indices), indices.to(everything.weight.device)
    looks = Panel(job.settings.wanted, along=True)
    known = looks.sees(PatternView, WeightView, GradientView, GramDriftView)
    known = known or network.gate_weights is not None
    return SampleRows(
        rows,
        everything.targets[there],
        everything.weight[there],
        initial.kept(rows) if known else [UnitsAtStart()],
        torch.arange(len(rows), dtype=torch.int64),
        everything.measured.subset(indices),
    )


def _trainer(
    job: Job,
    network: FirstLayerNetwork,
    W: Tensor,
    rows: Rows,
    plan: SGDPlan,
    step: float,
) -> SStepSGD:
    settings = job.settings
    trainer = SStepSGD(
        network,
        W,
        rows,
        torch.from_numpy(job.data.y),
        job.n_outputs,
        plan.weight,
        plan.stream,
        step=step,
        momentum=plan.momentum,
        lengthen=plan.lengthen,
        precision=settings.precision,
        may_redo=network.shards.size == 1,
        block_rows=settings.block_rows(W, rows.work_columns, plan.stream.batch_size),
    )
    trainer.iteration = job.first_iteration
    return trainer
