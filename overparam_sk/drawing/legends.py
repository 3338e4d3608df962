"""Legends that stand where they hide nothing."""

import textwrap
from collections.abc import Iterable
from typing import Any

from overparam_sk.drawing.scales import fit_words

__all__ = ["legend_below", "legend_of", "nothing_to_show"]

# An inch of a legend holds about so many letters, its handle taken off.
_LETTERS, _HANDLE = 13.0, 0.6
# Inches of one of its rows.
_ROW = 0.21


def legend_below(figure: Any, title: str | None = None) -> Any:
    """Gather what the axes name into one legend below them all, which is added.

    Parameters
    ----------
    figure : matplotlib Figure
    title : str, default=None

    Returns
    -------
    matplotlib Legend or None
        None where nothing has a name.
    """
    named = _named(figure.axes)
    for ax in figure.axes:
        if ax.get_legend() is not None:
            ax.get_legend().remove()
    if not named:
        return None
    longest = max(map(len, named)) / _LETTERS + _HANDLE
    most = max(1, min(len(named), int(figure.bbox.width / figure.dpi / longest)))
    columns = -(-len(named) // -(-len(named) // most))  # rows of one length
    options = {"ncols": columns, "title": title, "loc": "outside lower center"}
    legend = figure.legend(list(named.values()), list(named), **options)
    rows = -(-len(named) // columns) + (title is not None)
    figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + _ROW * rows)
    return legend


def legend_of(axes: Iterable[Any], ours: bool, title: str | None = None) -> None:
    """Below a figure that is ours; of somebody else's, in the first of the axes."""
    axes = list(axes)
    named = _named(axes)
    if ours:
        legend_below(axes[0].figure, title)
    elif named:
        axes[0].legend(list(named.values()), list(named), title=title)


def _named(axes: Iterable[Any]) -> dict[str, Any]:
    """What the axes name, each name once."""
    named: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(label, handle)
    return named


def nothing_to_show(ax: Any, why: str) -> None:
    """Write into an empty panel why it is, without axes that would be invented."""
    ax.set_axis_off()
    fit_words(ax)
    why = textwrap.fill(why, 30)
    ax.text(0.5, 0.5, why, ha="center", va="center", transform=ax.transAxes)
