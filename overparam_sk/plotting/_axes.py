"""The little that the displays need of matplotlib, imported when they draw."""

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.parameters import shown

__all__ = [
    "axes_grid",
    "axes_row",
    "axes_table",
    "colors",
    "draw_courses",
    "draw_mean_and_band",
    "import_pyplot",
    "write_out_small_range",
]


def import_pyplot() -> Any:
    """matplotlib.pyplot; an ImportError names the extra that brings it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "plot needs matplotlib; install it with: pip install 'overparam-sk[plot]'"
        ) from error
    return plt


def import_colormap() -> Any:
    """The type of matplotlib's colour maps."""
    from matplotlib.colors import Colormap

    return Colormap


def axes_row(ax: Any, n_panels: int) -> NDArray[Any]:
    """Return the given axes as an array of ``n_panels``, or a new figure's row."""
    return _axes(ax, n_panels, 1)


def axes_grid(ax: Any, n_panels: int) -> NDArray[Any]:
    """Return the given axes as an array of ``n_panels``, or those of two new rows."""
    return _axes(ax, n_panels, 1 if n_panels < 4 else 2)


def axes_table(ax: Any, n_rows: int, n_columns: int) -> NDArray[Any]:
    """Return the given axes, or those of a new figure, in rows and columns."""
    return _axes(ax, n_rows * n_columns, n_rows).reshape(n_rows, n_columns)


def _axes(ax: Any, n_panels: int, n_rows: int) -> NDArray[Any]:
    if ax is None:
        n_columns = -(-n_panels // n_rows)
        figure, made = import_pyplot().subplots(
            n_rows,
            n_columns,
            figsize=(4.2 * n_columns, 3.4 * n_rows),
            squeeze=False,
            layout="tight",
        )
        for empty in made.ravel()[n_panels:]:
            figure.delaxes(empty)
        row: NDArray[Any] = made.ravel()[:n_panels]
        return row
    given = np.array(ax, dtype=object).ravel()
    if len(given) != n_panels or not all(hasattr(one, "set_xlabel") for one in given):
        raise ValueError(
            f"ax must hold {n_panels} axes, got {len(given)} in {shown(ax)}."
        )
    return given


def colors(n_curves: int, cmap: str | None) -> list[Any]:
    """One colour a curve: those of the cycle, or spread over a colour map."""
    if cmap is None:
        return [f"C{i % 10}" for i in range(n_curves)]
    # The last tenth of the usual maps is too light to be seen on white.
    places = np.linspace(0.0, 0.9, n_curves)
    plt = import_pyplot()
    known = isinstance(cmap, str) and cmap in plt.colormaps()
    if not known and not isinstance(cmap, import_colormap()):
        raise ValueError(
            f"cmap must be the name of a colour map or a Colormap, got {shown(cmap)}."
        )
    return list(plt.get_cmap(cmap)(places))


def draw_mean_and_band(
    ax: Any, x: NDArray[Any], repeats: NDArray[Any], **line: Any
) -> Any:
    """Draw the mean over the repeats and, of several, a band of ±1 standard deviation.

    Parameters
    ----------
    ax : matplotlib Axes
    x : ndarray of shape (n_points,)
    repeats : ndarray of shape (n_repeats, n_points)
    **line
        Of ``Axes.plot``.

    Returns
    -------
    matplotlib Line2D
    """
    mean = repeats.mean(axis=0)
    (drawn,) = ax.plot(x, mean, **line)
    if len(repeats) > 1:
        std = repeats.std(axis=0, ddof=1)
        low = mean - std
        if (repeats >= 0).all():
            # Nothing falls below a bound that every repeat keeps.
            low = np.maximum(low, 0)
        if ax.get_yscale() == "log":
            # A band that comes near 0 has no lower edge there.
            low = np.maximum(low, repeats.min(axis=0))
        ax.fill_between(
            x, low, mean + std, color=drawn.get_color(), alpha=0.2, linewidth=0
        )
    return drawn


def draw_courses(
    axes: NDArray[Any],
    panels: Sequence[str],
    display: Any,
    cmap: str | None,
    logarithmic: Container[str] = (),
) -> NDArray[Any]:
    """Draw a panel of every curve's course on each of the axes.

    Parameters
    ----------
    axes : ndarray of shape (n_panels,)
    panels : sequence of str
        Columns of ``display.courses``.
    display : display with ``names``, ``iterations`` and ``courses``
    cmap : str or None
    logarithmic : container of str
        Panels on a logarithmic axis, if all of their values are positive.

    Returns
    -------
    ndarray of shape (n_panels, n_curves) of matplotlib Line2D
    """
    shades = colors(len(display.names), cmap)
    lines = np.empty((len(panels), len(shades)), dtype=object)
    for row, (panel, ax) in enumerate(zip(panels, axes, strict=True)):
        courses = display.courses[panel]
        if panel in logarithmic and all((course > 0).all() for course in courses):
            ax.set_yscale("log")
        for i, name in enumerate(display.names):
            line = {"color": shades[i], "label": name}
            lines[row, i] = draw_mean_and_band(
                ax, display.iterations[i], courses[i], **line
            )
        ax.set_xlabel("iteration")
    return lines


def write_out_small_range(ax: Any) -> None:
    """Write 25 instead of 2.5 × 10¹ on a log axis of less than a decade."""
    low, high = ax.get_ylim()
    if ax.get_yscale() == "log" and high < 10 * low:
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")
