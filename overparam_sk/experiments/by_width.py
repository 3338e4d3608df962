"""Figures that are compared width by width: as text, and as a verdict."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Finding
from overparam_sk.experiments.tables import mean_and_std

__all__ = ["BY_WIDTH", "each_width", "falls", "mean", "verdict_of_widths"]

Row = TypeVar("Row")

BY_WIDTH = "holds: at every width; in trend: at the largest width."


def verdict_of_widths(ok: Mapping[Any, bool]) -> str:
    """Say what holds at every width, or only at the largest."""
    if all(ok.values()):
        return HOLDS
    return TREND if ok[max(ok)] else NOT


def each_width(
    fits: Mapping[Any, Sequence[Row]],
    figure: Callable[[Row], float],
    form: str = ".3g",
    *,
    symbol: str = "m",
    summary: Callable[[Iterable[float], str], str] = mean_and_std,
) -> str:
    """Write one figure a width, with its spread over the repeats."""
    return ", ".join(
        f"{summary(map(figure, rows), form)} ({symbol}={width})"
        for width, rows in fits.items()
    )


def falls(
    fits: Mapping[Any, Sequence[Row]],
    figures: Mapping[str, Callable[[Row], float]],
    *,
    symbol: str = "m",
    rises_instead: bool = False,
) -> Finding:
    """Compare the widths' means of named figures: all are to fall as width grows."""
    sign = -1 if rises_instead else 1
    steps = [
        sign * np.diff([mean(map(figure, rows)) for rows in fits.values()])
        for figure in figures.values()
    ]
    ours = "; ".join(
        f"{name} {each_width(fits, figure, symbol=symbol)}"
        for name, figure in figures.items()
    )
    if len(fits) > 1 and all((rises < 0).all() for rises in steps):
        return ours, HOLDS
    fell = len(fits) > 1 and all(rises.sum() < 0 for rises in steps)
    return ours, TREND if fell else NOT


def mean(values: Iterable[float]) -> float:
    """Return the mean of an iterable."""
    return float(np.mean(list(values)))
