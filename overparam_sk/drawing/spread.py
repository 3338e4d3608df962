"""Means, and how far repeats spread around them, without hiding other curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.pens import Pen

__all__ = [
    "ANY",
    "AT_LEAST_0",
    "SHARE",
    "STANDARD_DEVIATION",
    "Domain",
    "draw_between",
    "draw_level",
    "draw_mean",
    "draw_means",
    "explain_spread",
    "spread_of",
]

Floats = NDArray[np.float64]
# The smallest and the largest value that a figure can have.
Domain = tuple[float, float]
ANY: Domain = (-np.inf, np.inf)
AT_LEAST_0: Domain = (0.0, np.inf)
SHARE: Domain = (0.0, 1.0)

# Bands of more curves hide each other: those have bars, each at places of its own.
_MOST_BANDS = 2
_BARS = 3
# On a level.
_MARKS = 3

STANDARD_DEVIATION = "±1 standard deviation"


def spread_of(repeats: Floats, domain: Domain = ANY) -> tuple[Floats, Floats, Floats]:
    """Mean, and ±1 standard deviation around it as far as a figure can go.

    Parameters
    ----------
    repeats : ndarray of shape (n_repeats, n_points)
    domain : (float, float)
        Beyond which no repeat can be. A bound of 0 is taken from repeats without a
        negative value.

    Returns
    -------
    mean, low, high : ndarray of shape (n_points,)
        All the same of a single repeat.
    """
    mean = repeats.mean(axis=0)
    if len(repeats) < 2:
        return mean, mean, mean
    std = repeats.std(axis=0, ddof=1)
    least = max(domain[0], 0.0) if (repeats >= 0).all() else domain[0]
    # Rounding may put a mean of values at a bound beyond it.
    low = np.minimum(np.maximum(mean - std, least), mean)
    high = np.maximum(np.minimum(mean + std, domain[1]), mean)
    return mean, low, high


def draw_mean(
    ax: Any,
    x: NDArray[Any],
    repeats: Floats,
    pen: Pen,
    *,
    n_curves: int = 1,
    domain: Domain = ANY,
    **line: Any,
) -> Any:
    """Draw the mean over the repeats and, of several, ±1 standard deviation.

    Parameters
    ----------
    ax : matplotlib Axes
    x : ndarray of shape (n_points,)
    repeats : ndarray of shape (n_repeats, n_points)
    pen : Pen
    n_curves : int, default=1
        How many there are in the panel: of more than two the spread is bars.
    domain : (float, float)
        What the figure can be.
    **line
        Of ``Axes.plot``.

    Returns
    -------
    matplotlib Line2D
    """
    mean, low, high = spread_of(repeats, domain)
    (drawn,) = ax.plot(x, mean, **pen.line(len(x), **line))
    if not (np.isfinite(mean) & ((mean > 0) | (ax.get_yscale() != "log"))).any():
        drawn.set_markevery(None)  # distances along no path at all fail
    if len(repeats) > 1:
        if ax.get_yscale() == "log":
            # A spread that comes near 0 has no lower end there.
            low = np.minimum(np.maximum(low, repeats.min(axis=0)), mean)
        draw_between(ax, x, (low, mean, high), pen, n_curves)
    return drawn


def draw_between(
    ax: Any,
    x: NDArray[Any],
    spread: tuple[Floats, Floats, Floats],
    pen: Pen,
    n_curves: int,
) -> None:
    """Draw a band from the lowest to the highest, or bars where bands would hide."""
    low, middle, high = spread
    if n_curves <= _MOST_BANDS:
        ax.fill_between(x, low, high, color=pen.color, alpha=0.2, linewidth=0)
        return
    step = max(1, (len(x) - 1) // _BARS)
    at = slice(min(len(x) - 1, round(step * (pen.place + 0.5 / n_curves))), None, step)
    lengths = np.array([middle - low, high - middle])[:, at]
    options = {"fmt": "none", "ecolor": pen.color, "elinewidth": 1, "capsize": 2}
    ax.errorbar(x[at], middle[at], lengths, **options)


def explain_spread(ax: Any, n_curves: int, words: str = STANDARD_DEVIATION) -> None:
    """Add to the legend what bands, or bars of more than two curves, are."""
    if n_curves <= _MOST_BANDS:
        band = {"color": "0.6", "linewidth": 8, "solid_capstyle": "butt", "alpha": 0.5}
        ax.plot([], [], label=f"band: {words}", **band)
    else:
        bar = {"color": "0.45", "marker": "|", "markersize": 11, "linestyle": ""}
        ax.plot([], [], label=f"bars: {words}", **bar)


def draw_means(
    ax: Any,
    x: NDArray[Any],
    repeats: Sequence[Floats],
    pen: Pen,
    *,
    domain: Domain = ANY,
    **line: Any,
) -> Any:
    """Draw a few means with error bars of ±1 standard deviation.

    Parameters
    ----------
    ax : matplotlib Axes
    x : ndarray of shape (n_points,)
    repeats : sequence of ndarray of shape (n_repeats,)
        Of each point.
    pen : Pen
    domain : (float, float)
        What the figure can be.
    **line
        Of ``Axes.errorbar``.

    Returns
    -------
    matplotlib ErrorbarContainer
    """
    found = [spread_of(of[:, None], domain) for of in repeats]
    mean, low, high = np.array(found).reshape(-1, 3).T
    lengths = [mean - low, high - mean]
    return ax.errorbar(x, mean, lengths, **pen.line(0, **line))


def draw_level(
    ax: Any, repeats: Floats, pen: Pen, *, domain: Domain = ANY, **line: Any
) -> Any:
    """Draw a mean that no x changes, and ±1 standard deviation, across the axes.

    Its markers stand beside those of other levels, which may be the same.

    Parameters
    ----------
    ax : matplotlib Axes
    repeats : ndarray of shape (n_repeats,)
    pen : Pen
    domain : (float, float)
        What the figure can be.
    **line
        Of ``Axes.plot``.

    Returns
    -------
    matplotlib Line2D
    """
    mean, low, high = (float(v[0]) for v in spread_of(repeats[:, None], domain))
    across = ax.get_yaxis_transform()
    ax.axhspan(low, high, color=pen.color, alpha=0.15, linewidth=0)
    marks = (np.arange(_MARKS) + pen.place) / _MARKS
    x = np.concatenate([[0.0], marks, [1.0]])
    # Markers of a level at the end of the axis are seen whole.
    options = {"linestyle": "-.", "markevery": slice(1, -1), "clip_on": False}
    y, drawn_with = np.full(len(x), mean), pen.line(0, **options, **line)
    (drawn,) = ax.plot(x, y, transform=across, **drawn_with)
    return drawn
