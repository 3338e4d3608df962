"""The diagnostics of one look at a network.

A diagnostic never sees a wide network at once. It is shown views of a few hidden units
and rows, all in turn, and then asked for its value. Along a run the same code sees one
view of a seeded subset of rows; at the end of a fit it sees all rows. A `Panel` holds
one of each for every layer that has such a figure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

from numpy import ndarray
from torch import Tensor

from overparam_sk.diagnostics.diagnostic import Diagnostic, is_ours
from overparam_sk.diagnostics.views import View
from overparam_sk.parameters import shown
from overparam_sk.shards import Shards

__all__ = ["Panel", "history_columns"]


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
                # One's own may work in place; training goes on with what it sees.
                seen = view if is_ours(diagnostic) else _copy(view)
                of_layer.setdefault(layer, diagnostic()).accumulate(seen)

    def add_up(self, shards: Shards) -> None:
        """Take in what the diagnostics of other processes have seen."""
        for of_layer in self._of.values():
            for one in of_layer.values():
                one.add_up(shards)

    def values(self) -> dict[str, Sequence[float]]:
        """The figures by name, one for each layer of which there was a view."""
        return {
            diagnostic.name: [_number(of_layer[layer]) for layer in sorted(of_layer)]
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


def _copy(view: View) -> View:
    """A view of tensors that nobody else has."""
    seen = vars(view).items()
    own: dict[str, Any] = {n: t.clone() for n, t in seen if isinstance(t, Tensor)}
    return replace(view, **own)


def _number(diagnostic: Diagnostic) -> float:
    """Its value as a plain number; ValueError if it is none."""
    found: Any = diagnostic.value()
    if isinstance(found, (Tensor, ndarray)) and len(found.reshape(-1)) == 1:
        found = found.item()
    if not isinstance(found, Real):
        raise ValueError(
            f"{type(diagnostic).__name__}.value must return a number, got "
            f"{shown(found)}."
        )
    return int(found) if isinstance(found, Integral) else float(found)
