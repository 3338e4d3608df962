"""What a paper says of a figure, judged on a study's rows by a rule that is printed.

A rule says, width by width, whether the paper's words hold. "holds" then means at every
width, "holds in trend" at the largest one, which is where overparameterization theory
speaks. Rules that compare widths say themselves what a trend is. A fit that diverged
breaks the claim at its width.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from overparam_sk.experiments.report import mean_and_std, singular_value_gap
from overparam_sk.experiments.study import FitRow, Study

__all__ = [
    "HOLDS",
    "NOT",
    "TREND",
    "Claim",
    "Judgement",
    "Rule",
    "accuracy_converges",
    "accuracy_grows",
    "gap_in_the_update",
    "no_gap_in_the_weights",
    "same_number_of_steps",
    "share_of_the_update",
    "share_of_the_weights",
    "shrinks",
    "stays_below",
]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"

# What a study measures of a claim, as text, and the verdict.
Finding = tuple[str, str]

_BY_WIDTH = "holds: at every width; in trend: at the largest width."


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


def accuracy_converges(final: float, reach: float, share: float) -> Rule:
    """Every fit ends at ``final`` and reached ``reach`` in a ``share`` of the steps."""

    def find(study: Study) -> Finding:
        steps = share * study.fit_params["max_iter"]
        fits = _fits(study)
        reached = {
            width: [_first(row, reach) for row in rows] for width, rows in fits.items()
        }
        ok = {
            width: all(row.test_accuracy >= final for row in rows)
            and max(reached[width]) <= steps
            for width, rows in fits.items()
        }
        ends = _by_width(fits, lambda row: row.test_accuracy, ".4f")
        slowest = max(max(steps) for steps in reached.values())
        when = "not by all" if np.isinf(slowest) else f"by step {slowest:.0f} at most"
        return f"final test accuracy {ends}; {reach:.0%} reached {when}", _verdict(ok)

    return Rule(
        f"Every fit ends at a test accuracy of {final:.1%} or more and has reached "
        f"{reach:.0%} within the first {share:.0%} of the steps. {_BY_WIDTH}",
        find,
    )


def accuracy_grows(share: float) -> Rule:
    """Early test accuracy, over the first ``share`` of the steps, grows with width."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        steps = share * study.fit_params["max_iter"]

        def early(row: FitRow) -> float:
            at = row.history["iteration"]
            seen = row.history["val_score"][(at > 0) & (at <= steps)]
            return float(np.mean(seen)) if len(seen) else np.nan

        values = {w: [early(row) for row in rows] for w, rows in fits.items()}
        means = [float(np.mean(v)) for v in values.values()]
        spread = float(np.hypot(*(_std(list(values.values())[i]) for i in (0, -1))))
        rises = np.diff(means)
        gain = means[-1] - means[0]
        ours = f"mean early test accuracy {_by_width(fits, early, '.4f')}"
        if gain > spread and (rises >= 0).all():
            return ours, HOLDS
        return ours, TREND if gain > 0 else NOT

    return Rule(
        f"Test accuracy averaged over the first {share:.0%} of the steps (recorded "
        "ones). holds: it never falls from a width to the next, and the gain from the "
        "smallest to the largest exceeds their joint standard deviation; in trend: it "
        "is higher at the largest width than at the smallest.",
        find,
    )


def same_number_of_steps() -> Rule:
    """Compare the mean numbers of steps to the target between the widths."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        ours = "steps to {:.0%}: {}".format(
            study.target_accuracy,
            _by_width(fits, lambda row: _or_nan(row.steps_to_target), ".0f"),
        )
        rows = [row for group in fits.values() for row in group]
        if any(row.steps_to_target is None for row in rows):
            return f"{ours}; not reached by all fits", NOT
        means = [
            np.mean([_or_nan(r.steps_to_target) for r in g]) for g in fits.values()
        ]
        low, high = float(min(means)), float(max(means))
        interval = _interval(rows[0])
        ours += f"; recorded every {interval:.0f} steps"
        if high - low <= interval or high <= 1.5 * low:
            return ours, HOLDS
        return ours, TREND if high <= 3 * low else NOT

    return Rule(
        "First recorded step at the target, mean of every width. holds: the largest of "
        "the means is at most 1.5 times the smallest, or within one recording interval "
        "of it; in trend: at most 3 times.",
        find,
    )


def stays_below(quantity: str, bound: float) -> Rule:
    """Mean over the repeats of the largest value in the course and at the end."""

    def find(study: Study) -> Finding:
        fits = _fits(study)

        def largest(row: FitRow) -> float:
            course = row.history.get(quantity, np.empty(0))
            return float(max([*course, getattr(row, quantity)]))

        ok = {
            w: np.mean([largest(r) for r in rows]) < bound for w, rows in fits.items()
        }
        return f"largest in the course: {_by_width(fits, largest)}", _verdict(ok)

    return Rule(
        "Mean over the repeats of the largest value in the course, the end included, "
        f"is below {bound:g}. {_BY_WIDTH}",
        find,
    )


def gap_in_the_update(least: float) -> Rule:
    """s_kl / s_{kl+1} of W − W(0) is at least ``least``."""

    def find(study: Study) -> Finding:
        fits, kl = _fits(study), study.n_clusters

        def gap(row: FitRow) -> float:
            return singular_value_gap(row, kl)[2]

        ok = {w: np.mean([gap(r) for r in rows]) >= least for w, rows in fits.items()}
        return f"s_{kl}/s_{kl + 1} of W − W(0): {_by_width(fits, gap)}", _verdict(ok)

    return Rule(
        "Ratio of the k·l-th singular value of W − W(0) to the next, mean over the "
        f"repeats, is {least:g} or more. {_BY_WIDTH}",
        find,
    )


def no_gap_in_the_weights(most: float) -> Rule:
    """s_kl / s_{kl+1} of W is at most ``most``."""

    def find(study: Study) -> Finding:
        fits, kl = _fits(study), study.n_clusters

        def gap(row: FitRow) -> float:
            s = row.weight_singular_values
            return float(s[kl - 1] / s[kl]) if len(s) > kl and s[kl] > 0 else np.nan

        ok = {w: np.mean([gap(r) for r in rows]) <= most for w, rows in fits.items()}
        return f"s_{kl}/s_{kl + 1} of W: {_by_width(fits, gap)}", _verdict(ok)

    return Rule(
        "Ratio of the k·l-th singular value of W to the next, mean over the repeats, "
        f"is {most:g} or less. {_BY_WIDTH}",
        find,
    )


def share_of_the_update(n_values: int, least: float) -> Rule:
    """The first singular values hold a share of ‖W − W(0)‖_F² of at least ``least``."""

    def find(study: Study) -> Finding:
        fits = _fits(study)

        def share(row: FitRow) -> float:
            return _share(row.update_singular_values, n_values)

        ok = {w: np.mean([share(r) for r in rows]) >= least for w, rows in fits.items()}
        return f"share of ‖W − W(0)‖²: {_by_width(fits, share)}", _verdict(ok)

    return Rule(
        f"The first {n_values} singular values of W − W(0) hold {least:.0%} or more of "
        f"its squared norm, mean over the repeats. {_BY_WIDTH}",
        find,
    )


def share_of_the_weights(n_values: int, most: float) -> Rule:
    """The first singular values hold a share of ‖W‖_F² of at most ``most``."""

    def find(study: Study) -> Finding:
        fits = _fits(study)

        def share(row: FitRow) -> float:
            return _share(row.weight_singular_values, n_values)

        ok = {w: np.mean([share(r) for r in rows]) <= most for w, rows in fits.items()}
        return f"share of ‖W‖²: {_by_width(fits, share)}", _verdict(ok)

    return Rule(
        f"The first {n_values} singular values of W hold {most:.0%} or less of its "
        f"squared norm, mean over the repeats. {_BY_WIDTH}",
        find,
    )


def shrinks(*quantities: str) -> Rule:
    """The quantities fall as the network gets wider."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        steps, texts = [], []
        for name in quantities:
            means = [np.mean([getattr(r, name) for r in g]) for g in fits.values()]
            steps.append(np.diff(means))
            values = _by_width(fits, lambda row, name=name: getattr(row, name))
            texts.append(f"{name.replace('_', ' ')} {values}")
        if len(fits) > 1 and all((falls < 0).all() for falls in steps):
            return "; ".join(texts), HOLDS
        fell = len(fits) > 1 and all(falls.sum() < 0 for falls in steps)
        return "; ".join(texts), TREND if fell else NOT

    return Rule(
        f"Means at the end of {' and '.join(q.replace('_', ' ') for q in quantities)}. "
        "holds: they fall from every width to the next; in trend: they are smaller at "
        "the largest width than at the smallest.",
        find,
    )


def _fits(study: Study) -> dict[int, list[FitRow]]:
    """Width -> fits that did not diverge, of the widths that have any."""
    fits = {width: study.fits(width) for width in study.widths}
    return {width: rows for width, rows in fits.items() if rows}


def _verdict(ok: Mapping[int, bool]) -> str:
    if all(ok.values()):
        return HOLDS
    return TREND if ok[max(ok)] else NOT


def _by_width(
    fits: Mapping[int, list[FitRow]],
    figure: Callable[[FitRow], float],
    form: str = ".3g",
) -> str:
    """One figure a width, with its spread over the repeats."""
    return ", ".join(
        f"{mean_and_std(map(figure, rows), form)} (m={width})"
        for width, rows in fits.items()
    )


def _first(row: FitRow, accuracy: float) -> float:
    (reached,) = np.nonzero(row.history["val_score"] >= accuracy)
    return float(row.history["iteration"][reached[0]]) if len(reached) else np.inf


def _interval(row: FitRow) -> float:
    recorded = row.history["iteration"]
    return float(np.diff(recorded).max()) if len(recorded) > 1 else 0.0


def _or_nan(steps: int | None) -> float:
    return np.nan if steps is None else float(steps)


def _share(s: np.ndarray[tuple[int, ...], np.dtype[np.floating]], n: int) -> float:
    return float(np.sum(s[:n] ** 2) / np.sum(s**2))


def _std(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
