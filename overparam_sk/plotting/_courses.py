"""The courses of a display, a panel a quantity, against the iteration."""

from collections.abc import Container, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.spread import draw_mean, explain_spread
from overparam_sk.drawing.words import domain_of

__all__ = ["draw_courses", "spread_is_shown"]

# Where half of what a score gains comes in this share of the run, its start is shown
# larger, if somebody has looked there.
_EARLY, _LOOKS_THERE = 0.05, 3


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
    hands, n_curves = pens(len(display.names), cmap), len(display.names)
    early = _is_early(display, panels)
    lines = np.empty((len(panels), n_curves), dtype=object)
    for row, (panel, ax) in enumerate(zip(panels, axes, strict=True)):
        courses = display.courses[panel]
        if panel in logarithmic and all((course > 0).all() for course in courses):
            ax.set_yscale("log")
        ax.set_xlabel("iteration")
        if early:
            ax.set_xscale("symlog", linthresh=1, linscale=0.4)
            ax.set_xlim(0, max(of[-1] for of in display.iterations))
            ax.set_xlabel("iteration, logarithmic from 1 on")
        for i, (name, pen) in enumerate(zip(display.names, hands, strict=True)):
            about = {"n_curves": n_curves, "domain": domain_of(panel), "label": name}
            lines[row, i] = draw_mean(
                ax, display.iterations[i], courses[i], pen, **about
            )
        if spread_is_shown(display):
            explain_spread(ax, n_curves)
    return lines


def spread_is_shown(display: Any) -> bool:
    """Whether a curve has repeats."""
    return any(len(each) > 1 for of in display.courses.values() for each in of)


def _is_early(display: Any, panels: Sequence[str]) -> bool:
    """Whether most happens where a linear axis shows a wall."""
    if "score" not in panels:
        return False
    for at, course in zip(display.iterations, display.courses["score"], strict=True):
        if at[0] < 0 or len(at) < _LOOKS_THERE:
            return False
        mean = course.mean(axis=0)
        half = (mean[0] + mean.max()) / 2
        first = at[0] + _EARLY * (at[-1] - at[0])
        looks = np.sum(at <= first)
        if mean.max() <= mean[0] or at[np.argmax(mean >= half)] > first:
            return False
        if looks < _LOOKS_THERE:
            return False
    return True
