"""The rules for Li and Liang's figures, each printed beside the claims it judges.

A fit that diverged breaks the claim at its width.
"""

import operator
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments.claims import (
    BY_WIDTH,
    HOLDS,
    NOT,
    TREND,
    Finding,
    Rule,
    at_most,
    each_width,
    falls,
    mean,
    verdict_of_widths,
)
from overparam_sk.experiments.study import FitRow, Study

__all__ = [
    "accuracy_converges",
    "accuracy_grows",
    "gap",
    "same_number_of_steps",
    "shrinks",
    "stands_out",
    "stays_below",
]

Floats = NDArray[np.floating[Any]]


def accuracy_converges(final: float, reach: float, share: float) -> Rule[Study]:
    """Every fit ends at ``final`` and reached ``reach`` in a ``share`` of the steps."""

    def find(study: Study, final: float, reach: float, share: float) -> Finding:
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
        ends = each_width(fits, lambda row: row.test_accuracy, ".4f")
        slowest = max(max(steps) for steps in reached.values())
        when = "not by all" if np.isinf(slowest) else f"by step {slowest:.0f} at most"
        ours = f"final test accuracy {ends}; {reach:.0%} reached {when}"
        return ours, verdict_of_widths(ok)

    return _rule(
        f"Every fit ends at a test accuracy of {final:.1%} or more and has reached "
        f"{reach:.0%} within the first {share:.0%} of the steps. {BY_WIDTH}",
        find,
        final=final,
        reach=reach,
        share=share,
    )


def accuracy_grows(share: float) -> Rule[Study]:
    """Early test accuracy, over the first ``share`` of the steps, grows with width."""

    def find(study: Study, share: float) -> Finding:
        fits = _fits(study)
        steps = share * study.fit_params["max_iter"]

        def early(row: FitRow) -> float:
            at = row.history["iteration"]
            seen = row.history["val_score"][(at > 0) & (at <= steps)]
            return float(np.mean(seen)) if len(seen) else np.nan

        values = [[early(row) for row in rows] for rows in fits.values()]
        means = [mean(group) for group in values]
        spread = float(np.hypot(_std(values[0]), _std(values[-1])))
        rises, gain = np.diff(means), means[-1] - means[0]
        ours = f"mean early test accuracy {each_width(fits, early, '.4f')}"
        if gain > spread and (rises >= 0).all():
            return ours, HOLDS
        error = spread / min(map(len, values)) ** 0.5
        return ours, TREND if gain > error else NOT

    return _rule(
        f"Test accuracy averaged over the first {share:.0%} of the steps (recorded "
        "ones). holds: it never falls from a width to the next, and the gain from the "
        "smallest to the largest exceeds their joint standard deviation; in trend: "
        "that gain exceeds the standard error of the difference.",
        find,
        share=share,
    )


def same_number_of_steps() -> Rule[Study]:
    """Compare the mean numbers of steps to the target between the widths."""

    def find(study: Study, factor: float, trend: float) -> Finding:
        fits = _fits(study)
        ours = "steps to {:.0%}: {}".format(
            study.target_accuracy, each_width(fits, _steps, ".0f")
        )
        rows = [row for group in fits.values() for row in group]
        if any(row.steps_to_target is None for row in rows):
            return f"{ours}; not reached by all fits", NOT
        means = [mean(map(_steps, group)) for group in fits.values()]
        low, high = min(means), max(means)
        interval = _interval(rows[0])
        ours += f"; recorded every {interval:.0f} steps"
        return ours, at_most(high, max(factor * low, low + interval), trend * low)

    return _rule(
        "First recorded step at the target, mean of every width. holds: the largest of "
        "the means is at most 1.5 times the smallest, or within one recording interval "
        "of it; in trend: at most 3 times.",
        find,
        factor=1.5,
        trend=3.0,
    )


def stays_below(quantity: str, bound: float) -> Rule[Study]:
    """Compare the largest value in the course, and at the end, with the paper's bound.

    The bound is the paper's, in words or on an axis.
    """

    def largest(row: FitRow) -> float:
        course = row.history.get(quantity, np.empty(0))
        return float(max([*course, getattr(row, quantity)]))

    return _mean_of_each_width(
        "largest in the course",
        largest,
        operator.lt,
        "The largest value in the course, the end included, mean over the repeats, is "
        f"below {bound:g}.",
        bound,
        named_by_the_paper=True,
    )


# A matrix -> its singular values in a row, and on which side of a bound they are to be.
_MATRICES: dict[str, tuple[str, Callable[[float, float], bool], str]] = {
    "W − W(0)": ("update_singular_values", operator.ge, "more"),
    "W": ("weight_singular_values", operator.le, "less"),
}


def gap(matrix: str, n_values: int, bound: float) -> Rule[Study]:
    """Compare s_n / s_{n+1} with a bound: the update is to have a gap, W none."""
    values, allowed, side = _MATRICES[matrix]
    return _mean_of_each_width(
        f"s_{n_values}/s_{n_values + 1} of {matrix}",
        lambda row: _gap(getattr(row, values), n_values),
        allowed,
        f"Ratio of singular value {n_values} of {matrix} to the next, mean over the "
        f"repeats, is {bound:g} or {side}.",
        bound,
    )


def stands_out(matrix: str, n_values: int, bound: float) -> Rule[Study]:
    """Compare the size of the first singular values with that of the rest."""
    values, allowed, side = _MATRICES[matrix]
    return _mean_of_each_width(
        f"first {n_values} over the rest, of {matrix}",
        lambda row: _standing_out(getattr(row, values), n_values),
        allowed,
        f"Root mean square of the first {n_values} singular values of {matrix} over "
        f"that of the rest, mean over the repeats, is {bound:g} or {side}. Printed: "
        "the share of the squared norm that they hold as well.",
        bound,
        also=(
            f"share of ‖{matrix}‖²",
            lambda row: _share(getattr(row, values), n_values),
        ),
    )


def _mean_of_each_width(
    what: str,
    figure: Callable[[FitRow], float],
    allowed: Callable[[float, float], bool],
    text: str,
    bound: float,
    *,
    named_by_the_paper: bool = False,
    also: tuple[str, Callable[[FitRow], float]] | None = None,
) -> Rule[Study]:
    """Judge the mean over the repeats, width by width."""

    def find(study: Study, bound: float = bound) -> Finding:
        fits = _fits(study)
        ok = {w: allowed(mean(map(figure, rows)), bound) for w, rows in fits.items()}
        ours = f"{what}: {each_width(fits, figure)}"
        if also:
            ours += f"; {also[0]}: {each_width(fits, also[1])}"
        return ours, verdict_of_widths(ok)

    own = {} if named_by_the_paper else {"bound": bound}
    return _rule(f"{text} {BY_WIDTH}", find, **own)


def shrinks(*quantities: str) -> Rule[Study]:
    """Compare the quantities at the end between the widths: they are to fall."""
    figures = {_words(name): attrgetter(name) for name in quantities}
    return _rule(
        f"Means at the end of {' and '.join(map(_words, quantities))}. "
        "holds: they fall from every width to the next; in trend: they are smaller at "
        "the largest width than at the smallest.",
        lambda study: falls(_fits(study), figures),
    )


def _rule(text: str, find: Callable[..., Finding], **own: float) -> Rule[Study]:
    """Make a rule for which a fit that diverged breaks the claim at its width."""

    def find_among_all(study: Study, **own: float) -> Finding:
        failures = study.failures()
        if not failures:
            return find(study, **own)
        lost = f"{len(failures)} of {len(study.rows)} fits diverged"
        if study.failures(study.widths[-1]):
            return f"{lost}, some at the largest width", NOT
        ours, verdict = find(study, **own)
        return f"{ours}; {lost}", TREND if verdict == HOLDS else verdict

    return Rule(text, find_among_all, own)


def _fits(study: Study) -> dict[int, list[FitRow]]:
    """Width -> fits that did not diverge, of the widths that have any."""
    fits = {width: study.fits(width) for width in study.widths}
    return {width: rows for width, rows in fits.items() if rows}


def _first(row: FitRow, accuracy: float) -> float:
    (reached,) = np.nonzero(row.history["val_score"] >= accuracy)
    return float(row.history["iteration"][reached[0]]) if len(reached) else np.inf


def _interval(row: FitRow) -> float:
    recorded = row.history["iteration"]
    return float(np.diff(recorded).max()) if len(recorded) > 1 else 0.0


def _words(name: str) -> str:
    return name.replace("_", " ")


def _steps(row: FitRow) -> float:
    return np.nan if row.steps_to_target is None else float(row.steps_to_target)


def _gap(s: Floats, n: int) -> float:
    """s_n / s_{n+1}; NaN, for which no rule holds, where there are not as many."""
    return float(s[n - 1] / s[n]) if len(s) > n and s[n] > 0 else np.nan


def _standing_out(s: Floats, n: int) -> float:
    """Root mean square of the first n over that of the rest; NaN without a rest."""
    rest = s[n:]
    if not np.any(rest):
        return np.nan
    return float(np.sqrt(np.mean(s[:n] ** 2) / np.mean(rest**2)))


def _share(s: Floats, n: int) -> float:
    return float(np.sum(s[:n] ** 2) / np.sum(s**2))


def _std(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
