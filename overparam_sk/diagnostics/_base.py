"""What a diagnostic is: something that adds up over what it is shown of a layer.

A diagnostic never sees a wide network at once. It is shown views of a few hidden units
and rows, all in turn, and then asked for its value. Along a run the same code sees one
view of a seeded subset of rows; at the end of a fit it sees all rows.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from overparam_sk.shards import Shards

__all__ = ["Diagnostic", "GramView", "Panel", "PatternView", "View", "WeightView"]


@dataclass(frozen=True)
class WeightView:
    """What training did to u hidden units, without the intercept's column."""

    update: Tensor  # (u, r), W − W(0) in any orthonormal coordinates
    start: float  # ‖W(0)‖_F of these units

    @classmethod
    def between(cls, W0: Tensor, W: Tensor) -> "WeightView":
        """From the units' weights at initialisation and now."""
        return cls(W - W0, float(W0.norm()))


@dataclass(frozen=True)
class PatternView:
    """Activation patterns 1{pre-activation > 0} of u hidden units on r rows."""

    active: Tensor  # (r, u) bool
    active0: Tensor  # (r, u) bool, at initialisation
    rows: slice  # which rows these are
    n: int  # of how many


@dataclass(frozen=True)
class GramView:
    """A summand of the Gram matrix of the whole network on a sample of rows."""

    part: Tensor  # (n, n) float64


View = WeightView | PatternView | GramView


class Diagnostic(ABC):
    """One figure about a layer, or about the whole network.

    Attributes
    ----------
    name : str
        Of the history's column; with an underscore, of the fitted attribute.
    sees : type
        The view it is shown.
    layers : slice
        The layers that have such a figure, each its own. A figure about the whole
        network belongs to the first.
    total : Tensor or None
        Sums over all that was shown: those over parts of a layer add up.
    """

    name: ClassVar[str]
    sees: ClassVar[type]
    layers: ClassVar[slice] = slice(None)
    total: Tensor | None = None

    def add(self, part: Tensor) -> None:
        """Add to the sums."""
        self.total = part if self.total is None else self.total + part

    @abstractmethod
    def accumulate(self, view: View) -> None:
        """Take in some more hidden units or rows."""

    @abstractmethod
    def value(self) -> float:
        """Return the figure for all that was shown."""


class Panel:
    """The diagnostics of one look at a network of ``n_layers`` trained layers."""

    def __init__(self, diagnostics: Iterable[type[Diagnostic]], n_layers: int) -> None:
        self._of = {
            diagnostic: {i: diagnostic() for i in range(n_layers)[diagnostic.layers]}
            for diagnostic in diagnostics
        }

    def sees(self, *kinds: type) -> bool:
        """Whether some diagnostic looks at one of these kinds of view."""
        return any(diagnostic.sees in kinds for diagnostic in self._of)

    def show(self, view: View, layer: int = 0) -> None:
        """Show ``view`` of a layer to the diagnostics that look at such views."""
        for diagnostic, of_layer in self._of.items():
            if diagnostic.sees is type(view) and layer in of_layer:
                of_layer[layer].accumulate(view)

    def add_up(self, shards: Shards) -> None:
        """Take in what the diagnostics of other processes have seen."""
        for of_layer in self._of.values():
            for one in of_layer.values():
                assert one.total is not None
                shards.add_up_(one.total)

    def values(self) -> dict[str, Sequence[float]]:
        """The figures by name, one for each layer that has such a figure."""
        return {
            diagnostic.name: [one.value() for one in of_layer.values()]
            for diagnostic, of_layer in self._of.items()
        }
