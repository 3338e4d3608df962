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
_EARLY = 0.05


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
    half = _half_gained(display, panels)
    early = bool(half) and all(is_early and look > 1 for look, is_early in half)
    unseen = bool(half) and all(is_early and look == 1 for look, is_early in half)
    lines = np.empty((len(panels), n_curves), dtype=object)
    for row, (panel, ax) in enumerate(zip(panels, axes, strict=True)):
        courses = display.courses[panel]
        if panel in logarithmic and all((course > 0).all() for course in courses):
            ax.set_yscale("log")
        ax.set_xlabel("iteration")
        if unseen:
            first = min(of[1] for of in display.iterations)
            ax.set_xlabel(f"iteration, first looked at {first}")
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


def _half_gained(display: Any, panels: Sequence[str]) -> list[tuple[int, bool]]:
    """Look at which half of a score's gain is seen, and whether that is early."""
    found: list[tuple[int, bool]] = []
    scores = display.courses["score"] if "score" in panels else ()
    for at, course in zip(display.iterations, scores, strict=False):
        mean = course.mean(axis=0)
        look = int(np.argmax(mean >= (mean[0] + mean.max()) / 2))
        found.append((look, bool(at[look] <= at[0] + _EARLY * (at[-1] - at[0]))))
    return found
