"""What a curve is drawn with, so that it is told from the others in grey as well."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam_sk.drawing.style import import_pyplot
from overparam_sk.parameters import shown

__all__ = ["Pen", "colors", "pens"]

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_STYLES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (6, 2, 1, 2)), (0, (2, 1)))
# Of a course of more points, only some have a marker: as far apart, in shares of the
# axes, so that those of several curves stand beside each other.
_ALL_MARKED = 12
_APART = 0.16


@dataclass(frozen=True)
class Pen:
    """A colour and a marker.

    Parameters
    ----------
    color : matplotlib colour
    marker : str
    linestyle : str or tuple
    place : float
        Where among the curves it stands, from 0 to below 1.
    """

    color: Any
    marker: str
    linestyle: Any
    place: float

    def line(self, n_points: int, **more: Any) -> dict[str, Any]:
        """Options of ``Axes.plot`` for a curve of so many points."""
        drawn = {
            "color": self.color,
            "marker": self.marker,
            "linestyle": self.linestyle,
        }
        if n_points > _ALL_MARKED:
            drawn["markevery"] = (_APART * self.place, _APART)
        return {**drawn, **more}


def pens(n_curves: int, cmap: Any = None) -> list[Pen]:
    """One pen a curve."""
    return [
        Pen(
            color,
            _MARKERS[i % len(_MARKERS)],
            _STYLES[i // len(_MARKERS) % len(_STYLES)],
            i / n_curves,
        )
        for i, color in enumerate(colors(n_curves, cmap))
    ]


def colors(n_curves: int, cmap: Any = None) -> list[Any]:
    """One colour a curve: those of the style's cycle, or spread over a colour map.

    Raises
    ------
    ValueError
        If there is no such colour map.
    """
    plt = import_pyplot()
    if cmap is None:
        cycle = plt.rcParams["axes.prop_cycle"].by_key()["color"]
        return [cycle[i % len(cycle)] for i in range(n_curves)]
    from matplotlib.colors import Colormap

    known = isinstance(cmap, str) and cmap in plt.colormaps()
    if not known and not isinstance(cmap, Colormap):
        raise ValueError(
            f"cmap must be the name of a colour map or a Colormap, got {shown(cmap)}."
        )
    # The last fifth of the usual maps is too light to be seen on white.
    return list(plt.get_cmap(cmap)(np.linspace(0.0, 0.8, n_curves)))
