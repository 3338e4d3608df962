"""What a paper says of a figure, judged on a study's rows by a rule that is printed.

A rule says, width by width, whether the paper's words hold. "holds" then means at every
width, "holds in trend" at the largest one, which is where overparameterization theory
speaks. Rules that compare widths say themselves what a trend is. A fit that diverged
breaks the claim at its width.
"""

from collections.abc import Callable
from dataclasses import dataclass

from overparam_sk.experiments.study import Study

__all__ = ["HOLDS", "NOT", "TREND", "Claim", "Finding", "Judgement", "Rule"]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"

# What a study measures of a claim, as text, and the verdict.
Finding = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """How a claim is judged.

    Parameters
    ----------
    text : str
        The rule in words.
    find : callable
        Study -> our figure and the verdict, on the widths that have fits.
    """

    text: str
    find: Callable[[Study], Finding]


@dataclass(frozen=True)
class Judgement:
    """A claim's row for one reading of the paper."""

    claim: str
    reading: str
    ours: str
    verdict: str
    rule: str


@dataclass(frozen=True)
class Claim:
    """The paper's words and the rule that judges them.

    Parameters
    ----------
    words : str
        Quoted from the paper.
    rule : Rule
    """

    words: str
    rule: Rule

    def judge(self, study: Study, reading: str) -> Judgement:
        """Judge a study that is complete.

        Parameters
        ----------
        study : Study
        reading : str
            Which reading of the paper it was made with.

        Returns
        -------
        Judgement
        """
        ours, verdict = _judged(self.rule, study)
        return Judgement(self.words, reading, ours, verdict, self.rule.text)


def _judged(rule: Rule, study: Study) -> Finding:
    failures = study.failures()
    if not failures:
        return rule.find(study)
    lost = f"{len(failures)} of {len(study.rows)} fits diverged"
    if study.failures(study.widths[-1]):
        return f"{lost}, some at the largest width", NOT
    ours, verdict = rule.find(study)
    return f"{ours}; {lost}", TREND if verdict == HOLDS else verdict
