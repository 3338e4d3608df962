"""A sheet as a picture: found and asked on one axis of powers of ten."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["draw"]

# Two colours that are told apart without red and green, and another marker each.
_STYLES = {"holds": ("#0072b2", "o"), "does not hold": ("#d55e00", "X")}


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
        if row["verdict"] in _STYLES
        and row["found"] > 0
        and row["required_log10"] is not None
    ]
    if ax is None:
        ax = _new_axes(len(compared))
    for place, row in enumerate(compared):
        color, marker = _STYLES[row["verdict"]]
        found, required = math.log10(row["found"]), row["required_log10"]
        ax.plot([found, required], [place, place], color=color, linewidth=1)
        ax.plot(found, place, marker, color=color, label=_once(ax, row["verdict"]))
        ax.plot(required, place, "|", color="black", markersize=12)
        if row["costliest"] is not None and row["verdict"] == "does not hold":
            cost = row["costs"][row["costliest"]]
            ax.annotate(
                f"   {row['costliest']}: {cost:+.1f}",
                (max(found, required), place),
                fontsize="small",
                va="center",
                parse_math=False,
            )
    names = [f"{row['part']}: {row['symbol']} {row['relation']}" for row in compared]
    ax.set_yticks(range(len(names)), names, fontsize="small", parse_math=False)
    ax.set(
        xlabel="log10: found (marker), asked (bar), what costs most where it is missed"
    )
    ax.set_title(paper, parse_math=False)
    ax.invert_yaxis()
    ax.margins(x=0.2)
    if compared:
        ax.legend()
    return ax


def _once(ax: Any, label: str) -> str | None:
    """A label that the legend does not have yet."""
    return None if label in ax.get_legend_handles_labels()[1] else label


def _new_axes(n_rows: int) -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            "A picture needs matplotlib; install it with: pip install "
            "'overparam-sk[plot]'"
        ) from error
    _, ax = plt.subplots(figsize=(10, 1.5 + 0.3 * n_rows), layout="constrained")
    return ax
