"""Axes to draw in: those that are given, or those of a new figure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.style import import_pyplot, keep_ticks
from overparam_sk.parameters import shown

__all__ = ["axes_grid", "axes_row", "axes_table"]

# Inches; the letters of a wider figure are too small on a page.
_WIDEST = 12.0


def axes_row(ax: Any, n_panels: int) -> NDArray[Any]:
    """Return the given axes as an array of ``n_panels``, or a new figure's row."""
    return _axes(ax, n_panels, 1)


def axes_grid(ax: Any, n_panels: int) -> NDArray[Any]:
    """Return the given axes as an array, or those of a figure with three in a row."""
    n_columns = n_panels if n_panels < 4 else 2 if n_panels == 4 else 3
    return _axes(ax, n_panels, -(-n_panels // n_columns))


def axes_table(ax: Any, n_rows: int, n_columns: int) -> NDArray[Any]:
    """Return the given axes, or those of a new figure, in rows and columns."""
    return _axes(ax, n_rows * n_columns, n_rows).reshape(n_rows, n_columns)


def _axes(ax: Any, n_panels: int, n_rows: int) -> NDArray[Any]:
    if ax is None:
        n_columns = -(-n_panels // n_rows)
        width = min(3.8 * n_columns, _WIDEST)
        figure, made = import_pyplot().subplots(
            n_rows,
            n_columns,
            figsize=(max(width, 5.4), 3.6 * n_rows),
            squeeze=False,
        )
        for empty in made.ravel()[n_panels:]:
            figure.delaxes(empty)
        row: NDArray[Any] = made.ravel()[:n_panels]
        for one in row:
            keep_ticks(one)
        return row
    given = np.array(ax, dtype=object).ravel()
    if len(given) != n_panels or not all(hasattr(one, "set_xlabel") for one in given):
        raise ValueError(
            f"ax must hold {n_panels} axes, got {len(given)} in {shown(ax)}."
        )
    return given
