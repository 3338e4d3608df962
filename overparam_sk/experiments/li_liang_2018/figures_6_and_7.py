"""Figures 6 and 7 of Li and Liang (2018): other variances, more components."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Claim,
    Finding,
    Rule,
    each_width,
    falls,
    mean,
)
from overparam_sk.experiments.figure import draw_curves
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.figures_1_and_2 import section_7_study
from overparam_sk.experiments.report import singular_value_gap
from overparam_sk.experiments.reproduction import Experiment, Request, Scale, scale
from overparam_sk.experiments.study import FitRow

__all__ = ["FIGURE_6", "FIGURE_7", "Varied"]

_T = data.SYNTHETIC.max_iter


@dataclass(frozen=True)
class Varied:
    """Fits by the value of what was varied."""

    symbol: str
    fits: Mapping[float, list[FitRow]]
    clusters: Mapping[float, int]  # k·l


def _moves(
    rises_instead: bool, figures: Mapping[str, Callable[[FitRow], float]]
) -> Rule[Varied]:
    direction = "rise" if rises_instead else "fall"
    return Rule(
        f"Means of {' and '.join(figures)}. holds: they {direction} from every value "
        "to the next; in trend: from the first value to the last.",
        lambda varied: falls(
            varied.fits, figures, symbol=varied.symbol, rises_instead=rises_instead
        ),
    )


def _decreases(varied: Varied, early: float) -> Finding:
    """Compare the courses of the accuracy: early ones are to fall, ends not to rise."""

    def of_course(row: FitRow) -> float:
        at, score = row.history["iteration"], row.history["val_score"]
        seen = score[(at > 0) & (at <= early * at[-1])]
        return mean(seen) if len(seen) else np.nan

    fits, end = varied.fits, attrgetter("test_accuracy")
    starts = np.diff([mean(map(of_course, rows)) for rows in fits.values()])
    ends = np.diff([mean(map(end, rows)) for rows in fits.values()])
    ours = (
        f"mean over the first {early:.0%} of the steps "
        f"{each_width(fits, of_course, symbol=varied.symbol)}; final test accuracy "
        f"{each_width(fits, end, symbol=varied.symbol)}"
    )
    if (starts < 0).all() and (ends <= 0).all():
        return ours, HOLDS
    return ours, TREND if starts.sum() < 0 and ends.sum() <= 0 else NOT


_DECREASES: Rule[Varied] = Rule(
    "Mean test accuracy over the first tenth of the steps, at the same steps for all "
    "values, and at the end, where many are at 100 %. holds: the first falls from "
    "every value to the next and the last never rises; in trend: so from the first "
    "value to the last.",
    _decreases,
    {"early": 0.1},
)


def _takes_longer(varied: Varied, share: float) -> Finding:
    """Compare the first recorded steps at a share of the fits' own final accuracy."""

    def steps(row: FitRow) -> float:
        at, score = row.history["iteration"], row.history["val_score"]
        reached = at[score >= share * score[-1]]
        return float(reached[0]) if len(reached) else np.nan

    figures = {f"steps to {share:.0%} of a fit's final accuracy": steps}
    return falls(varied.fits, figures, symbol=varied.symbol, rises_instead=True)


_TAKES_LONGER: Rule[Varied] = Rule(
    "Means of the steps to 95 % of a fit's own final test accuracy. holds: they rise "
    "from every value to the next; in trend: from the first value to the last.",
    _takes_longer,
    {"share": 0.95},
)


def _stays(
    words: str, figure: Callable[[FitRow], float], most: float, *, of_the_paper: bool
) -> Rule[Varied]:
    """A figure is at most a bound at every value."""

    def find(varied: Varied, most: float = most) -> Finding:
        ours = each_width(varied.fits, figure, symbol=varied.symbol)
        ok = [mean(map(figure, rows)) <= most for rows in varied.fits.values()]
        verdict = HOLDS if all(ok) else TREND if np.mean(ok[1:]) > 0.5 else NOT
        return f"{words}: {ours}", verdict

    whose = ", as §7 has it of Figure 1" if of_the_paper else ""
    return Rule(
        f"{words}, mean over the repeats, is at most {most:g}{whose}. holds: at every "
        "value; in trend: at most of those after the first.",
        find,
        {} if of_the_paper else {"most": most},
    )


def _rest(varied: Varied, most: float) -> Finding:
    """Compare the singular values after the first k·l with those."""

    def over_the_first(row: FitRow, kl: int) -> float:
        s = row.update_singular_values
        return float(np.sqrt(np.mean(s[kl:] ** 2) / np.mean(s[:kl] ** 2)))

    def gap(row: FitRow, kl: int) -> float:
        return 1 / singular_value_gap(row, kl)[2]

    of_rest, of_gap = (
        {v: [f(row, varied.clusters[v]) for row in rows] for v, rows in fits.items()}
        for f, fits in ((over_the_first, varied.fits), (gap, varied.fits))
    )
    ours = (
        "rest over the first k·l of W − W(0): "
        f"{each_width(of_rest, float, symbol=varied.symbol)}; s_(kl+1)/s_kl "
        f"{each_width(of_gap, float, symbol=varied.symbol)}"
    )
    ok = [mean(figures) <= most for figures in of_rest.values()]
    return ours, HOLDS if all(ok) else TREND if np.mean(ok[1:]) > 0.5 else NOT


_REST: Rule[Varied] = Rule(
    "Root mean square of the singular values of W − W(0) after the first k·l over "
    "that of those, mean over the repeats, is at most 0.2: the first are much larger "
    "than the rest, as in Figure 2. Printed: s_(kl+1)/s_kl. holds: at every value; in "
    "trend: at most of those after the first.",
    _rest,
    {"most": 0.2},
)


def _at(name: str, step: int) -> Callable[[FitRow], float]:
    def figure(row: FitRow) -> float:
        history = row.history
        return float(history[name][np.searchsorted(history["iteration"], step)])

    return figure


def _moved(name: str) -> dict[str, Callable[[FitRow], float]]:
    words = name.replace("_", " ")
    return {f"{words} at step {step}": _at(name, step) for step in (20, 100, _T)}


_SLOWER_6 = (
    'Appendix D.2: "Figure 6 shows that the test accuracy decreases with increasing '
    'variance σ, and it takes longer time to get a good solution."'
)
_SLOWER_7 = (
    'Appendix D.3: "Figure 7 shows that the test accuracy decreases with increasing '
    "number of components l in each class, and it takes longer time to get a good "
    'solution."'
)
_COUPLES = (
    'Appendix D.3: "On the other hand, a larger l leads to more significant coupling '
    'and smaller relative distances at the same time step."'
)
_TRENDS = (
    'Appendix D.2: "On the other hand, an increasing variance does not change the '
    'trends for activation patterns, distance, and the rank of the weight matrix."'
)


def _figure(
    number: int,
    words: str,
    symbol: str,
    param: str,
    kind: type,
    claims: tuple[Claim[Varied], ...],
    full: Scale,
    quick: Scale,
) -> Experiment[Varied]:
    """Vary a parameter of the mixture, of that kind."""
    title = f"Figure {number}, {words}"

    def measure(run: Request) -> Iterator[tuple[str, Varied | None]]:
        fits, clusters = {}, {}
        width = run.scale["width"]
        for value in map(kind, run.scale["values"]):
            run.tell(f"{title}: {symbol} = {value:g}")
            varied: dict[str, Any] = {param: value}
            problem = data.mixture_problem(**varied, random_state=run.random_state)
            amounts = {"widths": (width,), "repeats": run.scale["repeats"]}
            study = section_7_study(
                run, problem, **amounts, max_iter=_T, record_every=4
            )
            if study.interrupted:
                yield "", None
                return
            fits[value], clusters[value] = study.fits(width), problem.n_clusters
        yield "synthetic, rows as drawn", Varied(symbol, fits, clusters)

    def draw(varied: Varied) -> Any:
        return draw_curves(
            {f"{value:g}": rows for value, rows in varied.fits.items()},
            title,
            legend=symbol,
            n_components=None,
            target_accuracy=data.SYNTHETIC.target_accuracy,
        )

    return Experiment(
        names=(f"ll18-fig{number}",),
        title=f"Li and Liang (2018), {title}",
        full=full,
        quick=quick,
        measure=measure,
        claims=claims,
        words=_words,
        pictures={"study.png": draw},
    )


def _words(run: Request, _: Varied) -> tuple[list[str], dict[str, Any]]:
    words = (
        f"{data.in_words(data.SYNTHETIC)}, T = {_T}, m = {run.scale['width']}, "
        f"{run.scale['repeats']} repeats (mean ± standard deviation), seed "
        f"{run.random_state}."
    )
    return [words], run.settings


FIGURE_6 = _figure(
    6,
    "larger variances",
    "σ",
    "component_std",
    float,
    (
        Claim(f"{_SLOWER_6} Accuracy", _DECREASES),
        Claim(f"{_SLOWER_6} Time", _TAKES_LONGER),
        Claim(
            f"{_TRENDS} Patterns",
            _stays(
                "pattern change",
                attrgetter("activation_change"),
                0.1,
                of_the_paper=True,
            ),
        ),
        Claim(
            f"{_TRENDS} Distance",
            _stays(
                "relative distance",
                attrgetter("relative_distance"),
                0.1,
                of_the_paper=True,
            ),
        ),
        Claim(
            f"{_TRENDS} Rank",
            _REST,
            "The rows' noise is in the update too: the gap after the first k·l "
            "singular values closes as it grows.",
        ),
    ),
    scale(width=4000, values=(1, 2, 4, 6, 8, 10), repeats=5),
    scale(width=1000, values=(1, 5, 10), repeats=2),
)
FIGURE_7 = _figure(
    7,
    "more components in each class",
    "l",
    "n_components",
    int,
    (
        Claim(f"{_SLOWER_7} Accuracy", _DECREASES),
        Claim(f"{_SLOWER_7} Time", _TAKES_LONGER),
        Claim(f"{_COUPLES} Coupling", _moves(False, _moved("activation_change"))),
        Claim(
            f"{_COUPLES} Distances",
            _moves(False, _moved("relative_distance")),
            "It rises, as §6 says of the solution: poorly structured data (larger k "
            'and l) "needs more iterations and thus the solution can deviate more '
            'from the initialization".',
        ),
    ),
    scale(width=4000, values=(1, 2, 3, 4, 5, 6, 7), repeats=5),
    scale(width=1000, values=(1, 4, 7), repeats=2),
)
