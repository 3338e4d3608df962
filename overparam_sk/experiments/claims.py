"""What a paper says of a figure, judged on what was measured by a rule that is printed.

A rule says, width by width, whether the paper's words hold. "holds" then means at every
width, "holds in trend" at the largest one, which is where overparameterization theory
speaks. Rules that compare widths say themselves what a trend is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["HOLDS", "NOT", "TREND", "Claim", "Finding", "Judgement", "Rule"]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"

# What is measured of a claim, as text, and the verdict.
Finding = tuple[str, str]

# What the rules of an experiment look at.
Measured = TypeVar("Measured")


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
        """Judge what was measured.

        Parameters
        ----------
        measured : Study or other
            What the rule looks at, complete.
        reading : str
            Which reading of the paper it was made with, or on which data.

        Returns
        -------
        Judgement
        """
        ours, verdict = self.rule.find(measured)
        reason = "" if verdict == HOLDS else self.reason
        return Judgement(self.words, reading, ours, verdict, self.rule.text, reason)
