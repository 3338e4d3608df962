"""Axes that end where figures do: at the bounds of a share, at rounding, at ticks."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.spread import ANY, Domain

__all__ = [
    "above_rounding",
    "finish",
    "fit_words",
    "label_values",
    "within",
    "write_out_small_range",
]

# A share that is all but constant is shown in a window of this height.
_FLAT, _WINDOW = 0.01, 0.1
# And what is all but constant on a log axis, in one of this factor up and down.
_FLAT_FACTOR, _WINDOW_FACTOR = 1.01, 1.2
# What a letter is wide, over its height.
_LETTER = 0.56
# What labels and legends leave of the axes' size.
_KEPT = 0.85


def above_rounding(values: NDArray[Any], dtype: Any = np.float64) -> NDArray[np.bool_]:
    """Where values are more than the dtype's rounding of the largest: not noise."""
    least = np.max(values, initial=0.0) * np.finfo(dtype).eps
    return np.asarray(values > least)


def finish(ax: Any, domain: Domain = ANY) -> None:
    """What an axis needs when all is drawn: its ends, and ticks that are read."""
    within(ax, domain)
    low, high = ax.get_ylim()
    if ax.get_yscale() == "log" and low < high * np.finfo(float).eps:
        ax.set_ylim(bottom=high * np.finfo(float).eps)  # below it is rounding
    if ax.get_yscale() == "log" and high < _FLAT_FACTOR * low:
        ax.set_ylim(low / _WINDOW_FACTOR, high * _WINDOW_FACTOR)
    write_out_small_range(ax)
    fit_words(ax)


def within(ax: Any, domain: Domain) -> None:
    """Let the y axis end where the figure must; a flat one becomes no mountain."""
    low, high = ax.get_ylim()
    if domain == (0.0, 1.0) and high - low < _FLAT:
        middle = (low + high) / 2
        low, high = middle - _WINDOW / 2, middle + _WINDOW / 2
        if high > 1 or low < 0:
            low, high = (1 - _WINDOW, 1.0) if high > 1 else (0.0, _WINDOW)
    ends = max(low, domain[0]), min(high, domain[1])
    if not ends[0] < ends[1]:
        return
    ax.set_ylim(*ends)
    for line in ax.lines:  # markers that stand on the end are seen whole
        if (
            line.get_transform() == ax.transData
            and np.isin(line.get_ydata(), ends).any()
        ):
            line.set_clip_on(False)


def fit_words(ax: Any) -> None:
    """Break labels and a title that are longer than the axes beside them."""
    words = (
        (ax.yaxis.label, ax.bbox.height),
        *((text, ax.bbox.width) for text in (ax.xaxis.label, ax.title)),
    )
    for text, pixels in words:
        letter = _LETTER * text.get_size() / 72
        letters = max(int(_KEPT * pixels / ax.figure.dpi / letter), 12)
        if len(text.get_text()) > letters and "$" not in text.get_text():
            text.set_text(textwrap.fill(text.get_text(), letters))


def write_out_small_range(ax: Any) -> None:
    """Write 25 instead of 2.5 × 10¹ on a log axis of less than a decade."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    low, high = ax.get_ylim()
    if ax.get_yscale() == "log" and high < 10 * low:
        ax.yaxis.set_major_locator(MaxNLocator(5))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_locator(NullLocator())


def label_values(ax: Any, values: Iterable[float], axis: str = "x") -> None:
    """Put ticks at values, and labels at those of them that have room."""
    numbers = np.unique(np.asarray(list(values), dtype=float))
    ours = getattr(ax, f"{axis}axis")
    log = ours.get_scale() == "log"
    places = np.log(numbers) if log else numbers
    span = np.ptp(places) * 1.1 or 1.0
    pixels = ax.bbox.width if axis == "x" else ax.bbox.height
    inches = _KEPT * pixels / ax.figure.dpi
    size = ours.get_major_ticks(1)[0].label1.get_size() / 72
    labels, free = [], -np.inf
    for number, place in zip(numbers, places, strict=True):
        text = f"{number:g}"
        width = _LETTER * size * (len(text) + 1) if axis == "x" else 1.5 * size
        half = width / 2 / inches * span
        has_room = place - half >= free
        free = place + half if has_room else free
        labels.append(text if has_room else "")
    ours.set_ticks(numbers, labels=labels)
    ours.set_ticks([], minor=True)
