"""What a diagnostic is: something that adds up over what it is shown of a layer.

A diagnostic never sees a wide network at once. It is shown views of a few hidden units
and rows, all in turn, and then asked for its value. Along a run the same code sees one
view of a seeded subset of rows; at the end of a fit it sees all rows. A `Panel` holds
one of each for every layer that has such a figure.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from overparam_sk.shards import Shards

__all__ = [
    "Diagnostic",
    "GradientView",
    "GramDriftView",
    "GramView",
    "Panel",
    "PatternView",
    "View",
    "WeightView",
    "history_columns",
]


@dataclass(frozen=True)
class WeightView:
    """What training did to u hidden units, without the intercept's column."""

    update: Tensor  # (u, r), W − W(0) in any orthonormal coordinates
    norm0: float  # ‖W(0)‖_F of these units

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
    targets: Tensor  # (n, k) or (n,), of these rows, as the loss has them
    weight: Tensor  # (n,), of these samples


@dataclass(frozen=True)
class GramDriftView:
    """A summand of the same Gram matrix, and that at initialisation."""

    part: Tensor  # (n, n) float64
    part0: Tensor  # (n, n) float64


@dataclass(frozen=True)
class GradientView:
    """What the gradients of u hidden units on n rows are made of (LL18 eq. 1)."""

    slopes: Tensor  # (n, u), of ReLU the patterns, bool
    slopes0: Tensor  # (n, u), at initialisation
    residual: Tensor  # (n, k), ∂ℓ/∂f times the samples' weights
    a: Tensor  # (k, u), the readout
    inner: Tensor  # (n, n) float64, X Xᵀ


View = WeightView | PatternView | GramView | GramDriftView | GradientView


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
    along : tuple of Diagnostic classes
        What goes with it into the history, and has no fitted attribute.
    total : Tensor or None
        Sums over all that was shown: those over parts of a layer add up.
    """

    name: ClassVar[str]
    sees: ClassVar[type]
    layers: ClassVar[slice] = slice(None)
    along: "ClassVar[tuple[type[Diagnostic], ...]]" = ()
    total: Tensor | None = None

    def add(self, part: Tensor) -> None:
        """Add to the sums."""
        self.total = part if self.total is None else self.total + part

    def add_up(self, shards: Shards) -> None:
        """Take in what other processes have seen; those are sums, too."""
        assert self.total is not None
        # A copy: what one diagnostic was shown was shown to others, too.
        self.total = shards.add_up_(self.total.clone())

    @abstractmethod
    def accumulate(self, view: View) -> None:
        """Take in some more hidden units or rows."""

    @abstractmethod
    def value(self) -> float:
        """Return the figure for all that was shown."""


class Panel:
    """The diagnostics of one look at a network.

    Parameters
    ----------
    diagnostics : iterable of Diagnostic classes
    along : bool, default=False
        Whether this look is one along a run, for the history.
    """

    def __init__(
        self, diagnostics: Iterable[type[Diagnostic]], *, along: bool = False
    ) -> None:
        asked = list(diagnostics)
        others = [other for one in asked for other in one.along] if along else []
        self._of: dict[type[Diagnostic], dict[int, Diagnostic]] = {
            diagnostic: {} for diagnostic in (*others, *asked)
        }
        self._kinds = frozenset(diagnostic.sees for diagnostic in self._of)

    def sees(self, *kinds: type) -> bool:
        """Whether some diagnostic looks at one of these kinds of view, or at any."""
        return not self._kinds.isdisjoint(kinds or self._kinds)

    def show(self, view: View, layer: int = 0) -> None:
        """Show ``view`` of a layer to the diagnostics that look at such views."""
        for diagnostic, of_layer in self._of.items():
            has_it = layer in range(layer + 1)[diagnostic.layers]
            if diagnostic.sees is type(view) and has_it:
                of_layer.setdefault(layer, diagnostic()).accumulate(view)

    def add_up(self, shards: Shards) -> None:
        """Take in what the diagnostics of other processes have seen."""
        for of_layer in self._of.values():
            for one in of_layer.values():
                one.add_up(shards)

    def values(self) -> dict[str, Sequence[float]]:
        """The figures by name, one for each layer of which there was a view."""
        return {
            diagnostic.name: [of_layer[layer].value() for layer in sorted(of_layer)]
            for diagnostic, of_layer in self._of.items()
            if of_layer
        }


def history_columns(figures: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Columns of a history: ``name``, or one for each layer, ``name_1``, ``name_2``."""
    return {
        name if len(values) == 1 else f"{name}_{layer}": value
        for name, values in figures.items()
        for layer, value in enumerate(values, start=1)
    }
