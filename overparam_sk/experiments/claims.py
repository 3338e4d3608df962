"""What a paper says of a figure, judged on what was measured by a rule that is printed.

A rule says, width by width, whether the paper's words hold. "holds" then means at every
width, "holds in trend" at the largest one, which is where overparameterization theory
speaks. Rules that compare widths say themselves what a trend is.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from overparam_sk.experiments.tables import mean_and_std

__all__ = [
    "BY_WIDTH",
    "HOLDS",
    "NOT",
    "TREND",
    "Claim",
    "Finding",
    "Judgement",
    "Rule",
    "at_most",
    "claim",
    "each_width",
    "falls",
    "mean",
    "rule",
    "verdict_of_widths",
]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"

BY_WIDTH = "holds: at every width; in trend: at the largest width."

# What is measured of a claim, as text, and the verdict.
Finding = tuple[str, str]

# What the rules of an experiment look at.
Measured = TypeVar("Measured")
Row = TypeVar("Row")


@dataclass(frozen=True)
class Rule(Generic[Measured]):
    """How a claim is judged.

    Parameters
    ----------
    text : str
        The rule in words.
    find : callable
        What was measured -> our figure and the verdict.
    """

    text: str
    find: Callable[[Measured], Finding]


def rule(text: str) -> Callable[[Callable[[Measured], Finding]], Rule[Measured]]:
    """Make a rule of the function below."""
    return lambda find: Rule(text, find)


@dataclass(frozen=True)
class Judgement:
    """A claim's row for one reading of the paper, or for one of its data sets."""

    claim: str
    reading: str
    ours: str
    verdict: str
    rule: str
    reason: str = ""


@dataclass(frozen=True)
class Claim(Generic[Measured]):
    """The paper's words and the rule that judges them.

    Parameters
    ----------
    words : str
        Quoted from the paper.
    rule : Rule
    reason : str, default=""
        Why it does not hold as printed, where that is known.
    """

    words: str
    rule: Rule[Measured]
    reason: str = ""

    def judge(self, measured: Measured, reading: str) -> Judgement:
        """Judge what was measured, complete, with a reading of the paper or a data set.

        Returns
        -------
        Judgement
        """
        ours, verdict = self.rule.find(measured)
        reason = "" if verdict == HOLDS else self.reason
        return Judgement(self.words, reading, ours, verdict, self.rule.text, reason)


def claim(
    words: str, text: str, reason: str = ""
) -> Callable[[Callable[[Measured], Finding]], Claim[Measured]]:
    """Make a claim that is judged by the function below, whose rule ``text`` is."""
    return lambda find: Claim(words, Rule(text, find), reason)


def at_most(figure: float, holds: float, trend: float) -> str:
    """Say whether a figure keeps a bound, or the wider one of a trend; NaN does not."""
    return HOLDS if figure <= holds else TREND if figure <= trend else NOT


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
