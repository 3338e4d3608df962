"""LL18's network in a fit, trained by s-step SGD: W and, if asked for, a."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
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
from overparam_sk.fits.job import Job
from overparam_sk.fits.place import Place, split_intercept
from overparam_sk.fits.seen_rows import SampleRows, SeenRows, on_rows, units_gram
from overparam_sk.fits.sgd_plan import (
    MONITORED_ROWS,
    SGDPlan,
    clipped_batch_size,
    coordinates_of,
    weight_of,
)
from overparam_sk.networks import (
    AS_PUBLISHED,
    FirstLayerNetwork,
    Loss,
    Scaling,
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


@dataclass(frozen=True)
class FirstLayer:
    """The network where it is trained; made by ``begin``.

    Parameters
    ----------
    network : FirstLayerNetwork
        The units that this process holds.
    readout0 : Tensor of shape (k, m) or None
        Their readout at initialisation, where it is trained.
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
    readout0: Tensor | None
    trainer: Trainer
    plan: SGDPlan
    initial: InitialUnits
    everything: SeenRows
    sample: SampleRows
    held_out: SeenRows | None
    look_cost: float

    @classmethod
    def begin(
        cls,
        job: Job,
        place: Place,
        *,
        kind: type[FirstLayerNetwork],
        width: int,
        train_readout: bool = False,
        scaling: Scaling = AS_PUBLISHED,
    ) -> Self:
        """Draw the network, or take it from where an earlier run has left it.

        Parameters
        ----------
        job : Job
        place : Place
        kind : type of FirstLayerNetwork
        width : int
            m.
        train_readout : bool, default=False
        scaling : Scaling, default=AS_PUBLISHED
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
        both: dict[str, float] = {}
        if train_readout:
            both = {"readout": scaling.init, "laziness": scaling.laziness(width)}
        plan = SGDPlan.of(job, place, rows, batch_size, **both)
        numbers = float(width) * (rows.n_columns + job.n_outputs) / place.shards.size
        place.check_room(f"A network of width {width}", numbers, "lower width")
        initial = InitialUnits(
            job.seeds.init,
            width,
            given.n_given,
            scaling.init,
            units,
            place,
            coordinates,
            space,
        )
        start, W = _weights(kind, job, rows, initial, scaling)
        gram_rows = job.seeds.subset(2, job.settings.gram_samples, len(rows))
        everything = SeenRows.of(start, rows, job.data, plan.weight, initial, gram_rows)
        if not coordinates.keep_products:
            everything = replace(everything, measured=given)
        held_out = None
        if held is not None and job.held_out is not None:
            held, weight = space.of_rows(held), weight_of(job.held_out, place)
            seen = SeenRows.of(start, held, job.held_out, weight, initial)
            held_out = replace(seen, initial=[UnitsAtStart()])
        sample = _sample(job, start, everything, initial)
        network = _as_left(job, start, initial) if train_readout else start
        return cls(
            network,
            start.a if train_readout else None,
            _trainer(job, network, W, everything, plan, width, train_readout),
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

    @property
    def fits_in_a_batch(self) -> bool:
        """Whether W alone is trained, and the outputs are f."""
        net = self.network
        of_f = Scaling(net.output_scale, net.centered).of_outputs_alone
        return self.readout0 is None and of_f

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: SeenRows) -> Tensor:
        """Show the units, some at a time, on some rows; return the outputs there."""
        W, network = weights[0], self._with_readout(weights)
        n, n_given = len(seen.rows), self.everything.rows.n_given
        outputs = seen.outputs_before(network)
        if self.readout0 is not None and panel.sees(WeightView):
            panel.show(WeightView.between(self.readout0.T, network.a.T), layer=1)
        views: list[PatternView] = []
        for units in seen.initial:
            part, here = network.of_units(units.places), W[units.places]
            if panel.sees(WeightView):
                panel.show(units.moved_to(here, self.initial.space, n_given))
            gated, of_gram = part.gate_weights is not None, []
            for places, Z, Z0 in on_rows(part, here, units, seen.rows, panel):
                if panel.sees(PatternView, GradientView, GramView, GramDriftView):
                    active = Z > 0
                    # Who does not see patterns does not miss those at initialisation.
                    before = active if Z0 is None else Z0 > 0
                    view = PatternView(active, before, places, n)
                    panel.show(view)
                    if panel.sees(GradientView):
                        views.append(view)
                    if panel.sees(GramView, GramDriftView):
                        some = [before if gated else active, before]
                        if self.readout0 is not None:
                            start = part.values(Z if Z0 is None else Z0)
                            some += [start if gated else part.values(Z), start]
                        of_gram.append([seen.of_gram(places, one) for one in some])
                outputs[places] += part.outputs_(Z, Z0 if gated else None)
            if of_gram:
                self._show_gram(panel, part, units.places, of_gram, seen)
        self.network.shards.add_up_(outputs)
        if panel.sees(GradientView):
            panel.show(self._gradients(network, views, outputs, seen))
        return outputs

    def state(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        initial, shards = self.initial, self.initial.place.shards
        n_columns = initial.n_given + initial.place.constant
        W = initial.space.all_columns(weights[0], initial.all_columns(), n_columns)
        W = shards.bring_together(initial.coordinates.given(W), initial.width)
        hidden, intercept = split_intercept(W, initial.n_given)
        network = self._with_readout(weights)
        readout = shards.bring_together(network.a.T, initial.width).T
        return {
            "hidden_weights_": hidden,
            "hidden_intercept_": intercept,
            "has_intercept_": initial.place.constant,
            "readout_weights_": readout.contiguous().numpy(),
            "has_trained_readout_": self.readout0 is not None,
            "init_scale_": initial.scale,
            "output_scale_": network.output_scale,
            "is_centered_": network.centered,
            **initial.coordinates.kept(),
        }

    def _with_readout(self, weights: Sequence[Tensor]) -> FirstLayerNetwork:
        """The network with the readout of some weights, where it is among them."""
        return self.network if len(weights) == 1 else self.network.reading(weights[1])

    def _show_gram(
        self,
        panel: Panel,
        part: FirstLayerNetwork,
        units: slice,
        of_gram: Sequence[Sequence[Tensor]],
        seen: SeenRows,
    ) -> None:
        """Show some units' part of H, and of H(0), from what they are on its rows."""
        joined = [_joined(some) for some in zip(*of_gram, strict=True)]
        now, start, *values = joined
        inner, m = seen.inner, self.initial.width
        H = units_gram(part, now, inner, m, *values[:1])
        panel.show(GramView(H, *seen.gram_targets))
        if panel.sees(GramDriftView):
            a0 = self.readout0
            before = part if a0 is None else part.reading(a0[:, units])
            made = partial(units_gram, before, start, inner, m, *values[1:])
            panel.show(GramDriftView(H, seen.initial_gram(made)))

    def _gradients(
        self,
        network: FirstLayerNetwork,
        views: list[PatternView],
        outputs: Tensor,
        seen: SeenRows,
    ) -> GradientView:
        """What the gradients on the rows of a sample are made of."""
        residual = self.loss.residual(outputs, seen.targets)
        residual *= seen.weight.unsqueeze(1)
        now = network.slopes(_joined([view.active for view in views]))
        start = network.slopes(_joined([view.active0 for view in views]))
        return GradientView(now, start, residual, network.reader, seen.inner)


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
    kind: type[FirstLayerNetwork],
    job: Job,
    rows: Rows,
    initial: InitialUnits,
    scaling: Scaling,
) -> tuple[FirstLayerNetwork, Tensor]:
    """The network with its readout at initialisation; and W before the first step."""
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
    return kind.made(a, drawn, place.shards, scaling), W


def _as_left(
    job: Job, start: FirstLayerNetwork, initial: InitialUnits
) -> FirstLayerNetwork:
    """The network with a readout of its own, where an earlier run has left it."""
    if job.resume is None:
        return start.reading(start.a.clone())
    past = as_tensor(job.resume.weights[1][:, initial.units], start.a.device)
    return start.reading(past.to(start.a.dtype, copy=True).contiguous())


def _sample(
    job: Job,
    start: FirstLayerNetwork,
    everything: SeenRows,
    initial: InitialUnits,
) -> SampleRows:
    """A seeded subset of the training rows, for the history."""
    indices = job.seeds.subset(1, MONITORED_ROWS, len(everything.rows))
    looks = Panel(job.settings.wanted, along=True)
    known = looks.sees(PatternView, WeightView, GradientView, GramDriftView)
    known = known or start.gate_weights is not None
    sample = everything.sample(indices)
    kept = initial.kept(sample.rows) if known else [UnitsAtStart()]
    return replace(sample, initial=kept)


def _trainer(
    job: Job,
    network: FirstLayerNetwork,
    W: Tensor,
    seen: SeenRows,
    plan: SGDPlan,
    width: int,
    train_readout: bool,
) -> SStepSGD:
    """Steps of c/(α m) for W, and of c/α for a."""
    settings = job.settings
    trainer = SStepSGD(
        network,
        W,
        seen.rows,
        torch.from_numpy(job.data.y),
        job.n_outputs,
        plan.weight,
        plan.stream,
        step=plan.learning_rate / (network.output_scale * width),
        momentum=plan.momentum,
        lengthen=plan.lengthen,
        offsets=seen.offsets,
        readout_steps=float(width) if train_readout else None,
        precision=settings.precision,
        may_redo=network.shards.size == 1,
        block_rows=settings.block_rows(
            W, seen.rows.work_columns, plan.stream.batch_size
        ),
    )
    trainer.iteration = job.first_iteration
    return trainer
