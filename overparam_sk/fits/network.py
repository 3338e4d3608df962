"""The contract between a fit and a network: how it is trained, shown, scored, kept."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from torch import Tensor

from overparam_sk.diagnostics import Panel
from overparam_sk.fits.job import Job
from overparam_sk.fits.place import Place
from overparam_sk.networks import Loss
from overparam_sk.training import Trainer

__all__ = ["Begin", "NetworkInFit", "Seen", "looked_at", "seen_last"]


class Seen(Protocol):
    """Rows on which a network is looked at; what else is known of them is its own."""

    @property
    def targets(self) -> Tensor:
        """As the loss has them."""
        ...

    @property
    def weight(self) -> Tensor:
        """Of the samples, shape (n,)."""
        ...


class NetworkInFit(Protocol):
    """What a fit must know of a network: how it is trained, shown, scored and kept."""

    @property
    def trainer(self) -> Trainer:
        """Where it starts, and how it advances."""
        ...

    @property
    def loss(self) -> Loss:
        """What is trained, and the score."""
        ...

    @property
    def learning_rate(self) -> float:
        """The fitted attribute."""
        ...

    @property
    def look_cost(self) -> float:
        """What a look along the run costs, in gradient steps."""
        ...

    @property
    def sample(self) -> Seen:
        """Training rows that are looked at along the run."""
        ...

    @property
    def everything(self) -> Seen:
        """All training rows, looked at once at the end."""
        ...

    @property
    def held_out(self) -> Seen | None:
        """The validation rows, or None."""
        ...

    def show(self, panel: Panel, weights: Sequence[Tensor], seen: Any, /) -> Tensor:
        """Show what the diagnostics look at, on some rows; return the outputs there."""
        ...

    def state(self, weights: Sequence[Tensor], /) -> dict[str, Any]:
        """The fitted attributes that a prediction with these weights needs."""
        ...


def seen_last(net: NetworkInFit) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """`looked_at` what training has seen last; maybe no row."""
    outputs, places = net.trainer.recent()
    return looked_at(net.everything, outputs, places.to(outputs.device))


def looked_at(
    seen: Seen, outputs: Tensor, places: Tensor | slice = slice(None)
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Outputs, those of hidden units alone, targets and weights, of some rows.

    What outputs are where no hidden unit is active is 0, or the rows' ``offsets``.
    """
    offsets = getattr(seen, "offsets", None)
    units = outputs if offsets is None else outputs - offsets[places]
    return outputs, units, seen.targets[places], seen.weight[places]


Begin = Callable[[Job, Place], NetworkInFit]
"""Puts a network where it is trained: one of those in this folder, or another."""
