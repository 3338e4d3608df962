"""What a paper says of a figure, judged on what was measured by a rule that is printed.

A rule says, width by width, whether the paper's words hold. "holds" then means at every
width, "holds in trend" at the largest one, which is where overparameterization theory
speaks. Rules that compare widths say themselves what a trend is. A condition is part of
a claim: where what was measured does not meet it, the claim was not tested.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from overparam_sk.experiments.tables import mean_and_std
from overparam_sk.experiments.verdicts import HOLDS, NOT, TREND, UNTESTED, moves

__all__ = [
    "BY_WIDTH",
    "HOLDS",
    "NOT",
    "TREND",
    "UNTESTED",
    "Claim",
    "Condition",
    "Finding",
    "Judgement",
    "Rule",
    "at_most",
    "claim",
    "each_width",
    "falls",
    "log_slope",
    "mean",
    "rule",
    "verdict_of_widths",
]

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
        What was measured, and the thresholds ``own`` as keywords -> our figure and the
        verdict.
    own : dict of str to float, default={}
        The thresholds that the paper does not name, which are ours. The rule says so,
        and a judgement says how its verdict moves with each.
    """

    text: str
    find: Callable[..., Finding]
    own: Mapping[str, float] = field(default_factory=dict)

    @property
    def in_words(self) -> str:
        """The rule, and which of its thresholds are not the paper's."""
        if not self.own:
            return self.text
        own = ", ".join(f"{name} {value:g}" for name, value in self.own.items())
        plural = "s" if len(self.own) > 1 else ""
        return f"{self.text} Threshold{plural} of our own: {own}."

    def moves(self, measured: Measured) -> str:
        """Say how the verdict moves with each threshold of our own, the rest kept."""

        def at(name: str) -> Callable[[float], str]:
            return lambda value: self.find(measured, **{**self.own, name: value})[1]

        return "; ".join(moves(name, v, at(name)) for name, v in self.own.items())


def rule(text: str, **own: float) -> Callable[[Callable[..., Finding]], Rule[Any]]:
    """Make a rule of the function below; ``own`` are thresholds that it takes."""
    return lambda find: Rule(text, find, own)


@dataclass(frozen=True)
class Condition(Generic[Measured]):
    """What a claim supposes.

    Parameters
    ----------
    words : str
        The condition, quoted or in our words.
    look : callable
        What was measured -> the figures, in words, and whether they meet it.
    """

    words: str
    look: Callable[[Measured], tuple[str, bool]]


@dataclass(frozen=True)
class Judgement:
    """A claim's row for one reading of the paper, or for one of its data sets.

    Raises
    ------
    ValueError
        If it was not tested, for no reason.
    """

    claim: str
    reading: str
    ours: str
    verdict: str
    rule: str
    reason: str = ""
    conditions: str = ""
    threshold: str = ""

    def __post_init__(self) -> None:
        if self.verdict == UNTESTED and not self.reason:
            raise ValueError("reason must say what was out of reach, got an empty one")


@dataclass(frozen=True)
class Claim(Generic[Measured]):
    """The paper's words and the rule that judges them.

    Parameters
    ----------
    words : str
        Quoted from the paper, the whole sentence.
    rule : Rule
    reason : str or callable, default=""
        Why it does not hold as printed, where that is known; or what was measured ->
        why.
    conditions : tuple of Condition, default=()
        What the claim supposes. Where one is not met the verdict is `UNTESTED`,
        whatever the rule says; the reason has both.
    """

    words: str
    rule: Rule[Measured]
    reason: str | Callable[[Measured], str] = ""
    conditions: tuple[Condition[Measured], ...] = ()

    def judge(self, measured: Measured, reading: str) -> Judgement:
        """Judge what was measured, complete, with a reading of the paper or a data set.

        Returns
        -------
        Judgement
        """
        ours, verdict = self.rule.find(measured, **self.rule.own)
        met: list[str] = []
        unmet: list[str] = []
        for condition in self.conditions:
            figures, is_met = condition.look(measured)
            (met if is_met else unmet).append(f"{condition.words}: {figures}")
        reason = ""
        if unmet:
            reason = (
                f"Out of reach: {'; '.join(unmet)}. The rule alone says: {verdict}."
            )
            verdict = UNTESTED
        elif verdict != HOLDS:
            reason = (
                self.reason if isinstance(self.reason, str) else self.reason(measured)
            )
        return Judgement(
            self.words,
            reading,
            ours,
            verdict,
            self.rule.in_words,
            reason,
            "; ".join(
                [*(f"met: {one}" for one in met), *(f"not met: {one}" for one in unmet)]
            ),
            self.rule.moves(measured),
        )


def claim(
    words: str,
    text: str,
    reason: str | Callable[[Any], str] = "",
    *,
    conditions: tuple[Condition[Any], ...] = (),
    **own: float,
) -> Callable[[Callable[..., Finding]], Claim[Any]]:
    """Make a claim that is judged by the function below, whose rule ``text`` is.

    ``own`` are thresholds of ours, which the function takes as keywords.
    """
    return lambda find: Claim(words, Rule(text, find, own), reason, conditions)


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


def log_slope(places: Iterable[float], figures: Iterable[float]) -> float:
    """Exponent of a power law, by least squares on the logarithms."""
    x, y = (np.log(np.array(list(values))) for values in (places, figures))
    return float(np.polyfit(x, y, 1)[0])


def mean(values: Iterable[float]) -> float:
    """Return the mean of an iterable."""
    return float(np.mean(list(values)))
