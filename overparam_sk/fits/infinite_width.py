"""LL18's network in a fit at infinite width: SGD in the space of functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor

from overparam_sk.diagnostics import Panel
from overparam_sk.fits.job import Data, Job
from overparam_sk.fits.place import Place
from overparam_sk.fits.sgd_plan import (
    MONITORED_ROWS,
    SGDPlan,
    clipped_batch_size,
    coordinates_of,
    weight_of,
)
from overparam_sk.networks import (
    CrossEntropy,
    DirectedRows,
    KernelRows,
    random_outputs,
)
from overparam_sk.rows import Coordinates, Rows
from overparam_sk.training import FunctionSpaceSGD

__all__ = ["InfiniteWidth"]

LOSS = CrossEntropy()
Moved = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class SeenRows:
    """Rows whose outputs are looked at, f(0) + F.

    Parameters
    ----------
    outputs0 : Tensor of shape (p, k)
        f(0).
    targets : Tensor of shape (p, k)
    weight : Tensor of shape (p,)
    moved : callable
        (R, F) -> F at these rows, in its first k columns.
    """

    outputs0: Tensor
    targets: Tensor
    weight: Tensor
    moved: Moved

    @classmethod
    def of(cls, data: Data, outputs0: Tensor, weight: Tensor, moved: Moved) -> Self:
        """Rows of some data."""
        y = torch.from_numpy(data.y).to(outputs0.device)
        targets = LOSS.write_targets(y, torch.empty_like(outputs0))
        return cls(outputs0, targets, weight, moved)

    def take(self, indices: Tensor) -> "SeenRows":
        """Some of the rows."""
        return SeenRows(
            self.outputs0[indices],
            self.targets[indices],
            self.weight[indices],
            lambda R, F: self.moved(R, F)[indices],
        )


@dataclass
class HeldOutFunction:
    """F at rows that are not trained on: what R has moved them by.

    Parameters
    ----------
    kernel : KernelRows
        Of these rows with the training rows.
    R : Tensor of shape (n, k)
        At the last look; zeros at first.
    F : Tensor of shape (p, k)
        K∞ R there.
    """

    kernel: KernelRows
    R: Tensor
    F: Tensor

    def __call__(self, R: Tensor, _: Tensor) -> Tensor:
        """F now; only training rows seen since the last look cost anything."""
        self.F = self.F + self.kernel.times(R - self.R)
        self.R = R.clone()
        return self.F


@dataclass(frozen=True)
class InfiniteWidth:
    """The limit where it is trained; made by ``begin``.

    Parameters
    ----------
    trainer : FunctionSpaceSGD
    learning_rate : float
        c.
    X : Tensor of shape (n, d)
        As it is given.
    coordinates : Coordinates
        In which it is trained.
    initial_width : int or None
    train_readout : bool
    everything, sample : SeenRows
    held_out : SeenRows or None
    look_cost : float
        In steps.
    """

    trainer: FunctionSpaceSGD
    learning_rate: float
    X: Tensor
    coordinates: Coordinates
    initial_width: int | None
    train_readout: bool
    everything: SeenRows
    sample: SeenRows
    held_out: SeenRows | None
    look_cost: float
    loss: CrossEntropy = LOSS

    @classmethod
    def begin(
        cls,
        job: Job,
        place: Place,
        *,
        initial_width: int | None,
        cache_size: float,
        train_readout: bool,
    ) -> Self:
        """Draw f(0).

        Parameters
        ----------
        job : Job
        place : Place
        initial_width : int or None
            Hidden units of the draw; None is f(0) = 0.
        cache_size : float
            Megabytes up to which a kernel is stored.
        train_readout : bool
        """
        batch_size, rows = clipped_batch_size(job), place.rows(job.data)
        m, room = initial_width or 0, cache_size * 1e6
        numbers = float(m) * (rows.n_columns + job.n_outputs)
        place.check_room(f"A network of width {m}", numbers, "lower initial_width")
        coordinates = coordinates_of(job, place, rows)
        inside = coordinates.of_rows(rows)
        plan = SGDPlan.of(
            job, place, inside, batch_size, readout=1.0 if train_readout else None
        )
        X = _whole(inside)
        directed = DirectedRows.of(X)
        kernel = partial(KernelRows, readout=train_readout)
        draw = partial(
            random_outputs,
            seed=job.seeds.init,
            m=initial_width,
            k=job.n_outputs,
            constant=place.constant,
        )
        everything = SeenRows.of(job.data, draw(X), plan.weight, lambda R, F: F)
        trainer = FunctionSpaceSGD(
            LOSS,
            kernel(directed, directed, room, constant=place.constant),
            everything.outputs0,
            everything.targets,
            plan.weight,
            X.square().sum(dim=1),
            X.shape[1] - place.constant,
            plan.stream,
            learning_rate=plan.learning_rate,
            momentum=plan.momentum,
            lengthen=plan.lengthen,
        )
        held_out = None
        if job.held_out is not None:
            held = place.rows(job.held_out)
            Y = _whole(coordinates.of_rows(held))
            between, F = kernel(DirectedRows.of(Y), directed, room), draw(Y)
            moved = HeldOutFunction(
                between, torch.zeros_like(trainer.R), torch.zeros_like(F)
            )
            weight = weight_of(job.held_out, place)
            held_out = SeenRows.of(job.held_out, F, weight, moved)
        monitored = job.seeds.subset(1, MONITORED_ROWS, len(X)).to(place.device)
        return cls(
            trainer,
            plan.learning_rate,
            X if coordinates.keep_products else _whole(rows),
            coordinates,
            initial_width,
            train_readout,
            everything,
            everything.take(monitored),
            held_out,
            # Over all training rows goes a step for each row of its batch, a look once.
            1 / batch_size,
        )

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: SeenRows) -> Tensor:
        """Return the outputs at some rows; there are no units to show."""
        R, F = weights
        return seen.outputs0 + seen.moved(R, F)[:, : seen.outputs0.shape[1]]

    def state(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        R, _ = weights
        trained_on = R.any(dim=1)
        figures = {f"{name}_": v for name, v in self.trainer.figures.items()}
        return {
            "X_fit_": self.X[trained_on].cpu().numpy(),
            "dual_coef_": R[trained_on].cpu().numpy(),
            "initial_width_": self.initial_width,
            "has_trained_readout_": self.train_readout,
            **self.coordinates.kept(),
            **figures,
        }


def _whole(rows: Rows) -> Tensor:
    """All rows, dense."""
    return rows.take(torch.arange(len(rows), dtype=torch.int64))
