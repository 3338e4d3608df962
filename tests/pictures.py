"""What is wrong with a picture: the drawn figure is asked, not its pixels."""

from itertools import combinations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.text import Text

# A picture is read in a column of this many pixels, in letters of no fewer.
COLUMN, LETTER = 800, 8
MOST_DECADES = 16
SHARES = ("accuracy", "share", "test error")


def faults(figure):
    """One line a fault of a figure."""
    FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    drawn = [ax for ax in figure.axes if ax.axison]
    plain = [ax for ax in drawn if ax.get_label() != "<colorbar>"]
    words = [(text, text.get_window_extent()) for text in _texts(figure, drawn)]
    return [
        *_unlabelled(plain),
        *_cut_or_small(figure, words),
        *_overlapping(words),
        *_legends(figure, plain),
        *(fault for ax in plain for fault in _alike(ax)),
        *(fault for ax in plain for fault in _ends(ax)),
        *(f"{_name(ax)}: empty axes" for ax in plain if not ax.has_data()),
    ]


def _name(ax):
    title = ax.get_title() or ax.get_ylabel()
    return repr(title.replace("\n", " "))


def _unlabelled(axes):
    """Axes without words, but for those that share a neighbour's."""
    for ax in axes:
        for axis, siblings in (
            ("x", ax.get_shared_x_axes()),
            ("y", ax.get_shared_y_axes()),
        ):
            group = [ax, *siblings.get_siblings(ax)]
            if not any(getattr(one, f"get_{axis}label")() for one in group):
                yield f"{_name(ax)}: no label of {axis}"


def _cut_or_small(figure, words):
    edge, width = figure.bbox, figure.get_figwidth()
    for text, box in words:
        inside = edge.x0 - 1 <= box.x0 and box.x1 <= edge.x1 + 1
        if not (inside and edge.y0 - 1 <= box.y0 and box.y1 <= edge.y1 + 1):
            yield f"cut at the edge: {text.get_text()!r}"
        if text.get_size() / 72 / width * COLUMN < LETTER:
            yield f"too small: {text.get_text()!r} of {text.get_size():g} points"


def _texts(figure, axes):
    """All words that are seen; of ticks those within the axis."""
    ticks = [label for ax in axes for label in _tick_labels(ax)]
    of_axes = {id(t) for ax in figure.axes for t in _all_tick_labels(ax)}
    hidden = {
        id(text)
        for ax in figure.axes
        if not ax.axison
        for text in _titles_and_labels(ax)
    }
    words = [
        text
        for text in figure.findobj(Text)
        if text.get_visible()
        and text.get_text().strip()
        and id(text) not in of_axes | hidden
    ]
    return words + ticks


def _titles_and_labels(ax):
    return [ax.xaxis.label, ax.yaxis.label]


def _all_tick_labels(ax):
    return [
        label
        for axis in (ax.xaxis, ax.yaxis)
        for tick in (*axis.majorTicks, *axis.minorTicks)
        for label in (tick.label1, tick.label2)
    ]


def _tick_labels(ax):
    found = []
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        if not axis.get_visible():
            continue
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            within = low - 1e-9 * abs(low) <= tick.get_loc() <= high * (1 + 1e-9)
            if within and tick.label1.get_visible() and tick.label1.get_text():
                found.append(tick.label1)
    return found


def _overlapping(words):
    for (one, a), (other, b) in combinations(words, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        # The boxes of words that lean in a row overlap, and they do not.
        leaning = one.get_rotation() % 90 and one.get_rotation() == other.get_rotation()
        if wide > 1 and high > 1 and not leaning:
            yield f"overlap: {one.get_text()!r} and {other.get_text()!r}"


def _legends(figure, axes):
    below = {text.get_text() for one in figure.legends for text in one.get_texts()}
    for ax in axes:
        legend, named = ax.get_legend(), ax.get_legend_handles_labels()[1]
        shown = set(below)
        if legend is not None:
            shown |= {text.get_text() for text in legend.get_texts()}
            box = legend.get_window_extent()
            for line in ax.lines:
                points = line.get_transform().transform(line.get_xydata())
                if len(points) and any(box.contains(*point) for point in points):
                    yield f"{_name(ax)}: legend on {line.get_label()!r}"
        elsewhere = {
            text.get_text()
            for one in axes
            if one.get_legend()
            for text in one.get_legend().get_texts()
        }
        missing = [name for name in named if name not in shown | elsewhere]
        if missing and (shown or len(set(named)) > 1):
            yield f"{_name(ax)}: not in the legend: {missing}"


def _alike(ax):
    """Curves that colour alone tells apart."""
    hands = {}
    for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
        line = handle.lines[0] if hasattr(handle, "has_yerr") else handle
        if not hasattr(line, "get_marker"):
            continue
        dashes = getattr(line, "_unscaled_dash_pattern", line.get_linestyle())
        hands.setdefault((str(line.get_marker()), str(dashes)), set()).add(label)
    for names in hands.values():
        if len(names) > 1:
            yield f"{_name(ax)}: told apart by colour alone: {sorted(names)}"


def _ends(ax):
    """Axes beyond what a share can be, or of noise."""
    low, high = sorted(ax.get_ylim())
    words = ax.get_ylabel().replace("\n", " ")
    if any(word in words for word in SHARES) and "log₁₀" not in words:
        if low < 0 or high > 1:
            yield f"{_name(ax)}: a share from {low:g} to {high:g}"
        if high - low < 0.01:
            yield f"{_name(ax)}: a mountain of {high - low:g}"
        for lines in ax.findobj(LineCollection):
            ends = [segment[:, 1] for segment in lines.get_segments() if len(segment)]
            y = np.concatenate(ends) if ends else np.zeros(1)
            if (
                lines.get_transform() == ax.transData
                and not ((y >= 0) & (y <= 1)).all()
            ):
                yield f"{_name(ax)}: bars of a share from {y.min():g} to {y.max():g}"
    for axis in "xy":
        low, high = getattr(ax, f"get_{axis}lim")()
        if getattr(ax, f"get_{axis}scale")() == "log":
            decades = abs(np.log10(high / low))
            if decades > MOST_DECADES:
                yield f"{_name(ax)}: {decades:.0f} decades"
        if "+" in getattr(ax, f"{axis}axis").get_offset_text().get_text():
            yield f"{_name(ax)}: ticks beside an offset"
