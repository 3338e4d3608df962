"""The rules by which claims are judged, each printed beside the claims it judges."""

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Finding, Rule
from overparam_sk.experiments.report import mean_and_std
from overparam_sk.experiments.study import FitRow, Study

__all__ = [
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

Floats = NDArray[np.floating[Any]]

_BY_WIDTH = "holds: at every width; in trend: at the largest width."


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

        values = [[early(row) for row in rows] for rows in fits.values()]
        means = [_mean(group) for group in values]
        spread = float(np.hypot(_std(values[0]), _std(values[-1])))
        rises, gain = np.diff(means), means[-1] - means[0]
        ours = f"mean early test accuracy {_by_width(fits, early, '.4f')}"
        if gain > spread and (rises >= 0).all():
            return ours, HOLDS
        error = spread / min(map(len, values)) ** 0.5
        return ours, TREND if gain > error else NOT

    return Rule(
        f"Test accuracy averaged over the first {share:.0%} of the steps (recorded "
        "ones). holds: it never falls from a width to the next, and the gain from the "
        "smallest to the largest exceeds their joint standard deviation; in trend: "
        "that gain exceeds the standard error of the difference.",
        find,
    )


def same_number_of_steps() -> Rule:
    """Compare the mean numbers of steps to the target between the widths."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        ours = "steps to {:.0%}: {}".format(
            study.target_accuracy,
            _by_width(fits, _steps, ".0f"),
        )
        rows = [row for group in fits.values() for row in group]
        if any(row.steps_to_target is None for row in rows):
            return f"{ours}; not reached by all fits", NOT
        means = [_mean(map(_steps, group)) for group in fits.values()]
        low, high = min(means), max(means)
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
    """Compare the largest value in the course, and at the end, with a bound."""

    def largest(row: FitRow) -> float:
        course = row.history.get(quantity, np.empty(0))
        return float(max([*course, getattr(row, quantity)]))

    return _mean_of_each_width(
        "largest in the course",
        largest,
        lambda mean: mean < bound,
        "The largest value in the course, the end included, mean over the repeats, is "
        f"below {bound:g}.",
    )


def gap_in_the_update(n_values: int, least: float) -> Rule:
    """Compare s_n / s_{n+1} of W − W(0) with what "much larger" must be."""
    return _mean_of_each_width(
        f"s_{n_values}/s_{n_values + 1} of W − W(0)",
        lambda row: _gap(row.update_singular_values, n_values),
        lambda mean: mean >= least,
        f"Ratio of singular value {n_values} of W − W(0) to the next, mean over the "
        f"repeats, is {least:g} or more.",
    )


def no_gap_in_the_weights(n_values: int, most: float) -> Rule:
    """Compare s_n / s_{n+1} of W with the ratio that would be a gap."""
    return _mean_of_each_width(
        f"s_{n_values}/s_{n_values + 1} of W",
        lambda row: _gap(row.weight_singular_values, n_values),
        lambda mean: mean <= most,
        f"Ratio of singular value {n_values} of W to the next, mean over the repeats, "
        f"is {most:g} or less.",
    )


def share_of_the_update(n_values: int, least: float) -> Rule:
    """Compare the share of ‖W − W(0)‖² in the first singular values with a bound."""
    return _mean_of_each_width(
        "share of ‖W − W(0)‖²",
        lambda row: _share(row.update_singular_values, n_values),
        lambda mean: mean >= least,
        f"The first {n_values} singular values of W − W(0) hold {least:.0%} or more of "
        "its squared norm, mean over the repeats.",
    )


def share_of_the_weights(n_values: int, most: float) -> Rule:
    """Compare the share of ‖W‖² in the first singular values with a bound."""
    return _mean_of_each_width(
        "share of ‖W‖²",
        lambda row: _share(row.weight_singular_values, n_values),
        lambda mean: mean <= most,
        f"The first {n_values} singular values of W hold {most:.0%} or less of its "
        "squared norm, mean over the repeats.",
    )


def _mean_of_each_width(
    what: str,
    figure: Callable[[FitRow], float],
    allowed: Callable[[float], bool],
    text: str,
) -> Rule:
    """Judge the mean over the repeats, width by width."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        ok = {w: bool(allowed(_mean(map(figure, rows)))) for w, rows in fits.items()}
        return f"{what}: {_by_width(fits, figure)}", _verdict(ok)

    return Rule(f"{text} {_BY_WIDTH}", find)


def shrinks(*quantities: str) -> Rule:
    """Compare the quantities at the end between the widths: they are to fall."""

    def find(study: Study) -> Finding:
        fits = _fits(study)
        steps, texts = [], []
        for figure in map(attrgetter, quantities):
            steps.append(np.diff([_mean(map(figure, rows)) for rows in fits.values()]))
            texts.append(_by_width(fits, figure))
        ours = "; ".join(
            f"{_words(name)} {text}"
            for name, text in zip(quantities, texts, strict=True)
        )
        if len(fits) > 1 and all((rises < 0).all() for rises in steps):
            return ours, HOLDS
        fell = len(fits) > 1 and all(rises.sum() < 0 for rises in steps)
        return ours, TREND if fell else NOT

    return Rule(
        f"Means at the end of {' and '.join(map(_words, quantities))}. "
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


def _words(name: str) -> str:
    return name.replace("_", " ")


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def _steps(row: FitRow) -> float:
    return np.nan if row.steps_to_target is None else float(row.steps_to_target)


def _gap(s: Floats, n: int) -> float:
    """s_n / s_{n+1}; NaN, for which no rule holds, where there are not as many."""
    return float(s[n - 1] / s[n]) if len(s) > n and s[n] > 0 else np.nan


def _share(s: Floats, n: int) -> float:
    return float(np.sum(s[:n] ** 2) / np.sum(s**2))


def _std(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
