"""A sheet as a picture: found and asked on one axis of powers of ten."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from overparam_sk.drawing.legends import legend_of, nothing_to_show
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.style import NEUTRAL, import_pyplot, keep_ticks, styled

__all__ = ["draw"]

# In the order of the pens: colours that are told apart, and another marker each.
_VERDICTS = ("holds", "does not hold")


@styled
def draw(paper: str, rows: Sequence[Mapping[str, Any]], ax: Any) -> Any:
    """Draw the rows that compare two positive numbers, the first on top.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    compared = [
        row
        for row in rows
        if row["verdict"] in _VERDICTS
        and row["found"] > 0
        and row["required_log10"] is not None
    ]
    ours = ax is None
    if ours:
        ax = _new_axes(len(compared))
    if not compared:
        nothing_to_show(ax, "nothing to show: no row compares two positive numbers")
        return ax
    for verdict, pen in zip(_VERDICTS, pens(len(_VERDICTS)), strict=True):
        some = [(i, r) for i, r in enumerate(compared) if r["verdict"] == verdict]
        for place, row in some:
            _draw_row(ax, place, row, pen)
        if some:
            found = {"label": f"found, {verdict}", **pen.line(0, linestyle="-")}
            ax.plot([], [], **found)
    bar = {"color": "black", "marker": "|", "markersize": 12, "linestyle": ""}
    ax.plot([], [], label="asked for", **bar)
    names = [f"{row['part']}: {row['symbol']} {row['relation']}" for row in compared]
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.set(xlabel="power of ten, log₁₀", ylabel="row of the sheet")
    ax.set_title(f"{paper}; beside a row, what costs most", parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.2)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    legend_of([ax], ours)
    return ax


def _draw_row(ax: Any, place: int, row: Mapping[str, Any], pen: Pen) -> None:
    found, required = math.log10(row["found"]), row["required_log10"]
    ax.plot([found, required], [place, place], color=pen.color, linewidth=1)
    ax.plot(found, place, pen.marker, color=pen.color)
    ax.plot(required, place, "|", color="black", markersize=12)
    if row["costliest"] is not None and row["verdict"] == "does not hold":
        cost = row["costs"][row["costliest"]]
        ax.annotate(
            f"   {row['costliest']}: {cost:+.1f}",
            (max(found, required), place),
            va="center",
            parse_math=False,
        )


def _new_axes(n_rows: int) -> Any:
    _, ax = import_pyplot().subplots(figsize=(10, 2.0 + 0.32 * n_rows))
    keep_ticks(ax)
    return ax
