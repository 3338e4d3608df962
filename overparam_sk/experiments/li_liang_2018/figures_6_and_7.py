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


def _steps_to_its_own_accuracy(row: FitRow) -> float:
    """First recorded step at 95 % of the fit's own final test accuracy."""
    at, score = row.history["iteration"], row.history["val_score"]
    return float(at[np.argmax(score >= 0.95 * score[-1])])


def _stays(
    words: str, figure: Callable[[FitRow, int], float], most: float
) -> Rule[Varied]:
    """A figure is at most a bound at every value."""

    def find(varied: Varied) -> Finding:
        of_value = {
            value: [figure(row, varied.clusters[value]) for row in rows]
            for value, rows in varied.fits.items()
        }
        ours = each_width(of_value, float, symbol=varied.symbol)
        ok = [mean(figures) <= most for figures in of_value.values()]
        verdict = HOLDS if all(ok) else TREND if np.mean(ok[1:]) > 0.5 else NOT
        return f"{words}: {ours}", verdict

    return Rule(
        f"{words}, mean over the repeats, is at most {most:g}. holds: at every value; "
        "in trend: at most of those after the first.",
        find,
    )


def _gap(row: FitRow, clusters: int) -> float:
    """s_{kl+1} / s_kl of W − W(0)."""
    return 1 / singular_value_gap(row, clusters)[2]


def _early_accuracy(row: FitRow) -> float:
    """Mean test accuracy over the first tenth of the steps."""
    at, score = row.history["iteration"], row.history["val_score"]
    return float(score[(at > 0) & (at <= at[-1] / 10)].mean())


def _at(name: str, step: int) -> Callable[[FitRow], float]:
    def figure(row: FitRow) -> float:
        history = row.history
        return float(history[name][np.searchsorted(history["iteration"], step)])

    return figure


_ACCURACY: dict[str, Callable[[FitRow], float]] = {
    "final test accuracy": attrgetter("test_accuracy"),
    "mean over the first tenth of the steps": _early_accuracy,
}
_TIME = {"steps to 95 % of a fit's final accuracy": _steps_to_its_own_accuracy}


def _moved(name: str) -> dict[str, Callable[[FitRow], float]]:
    words = name.replace("_", " ")
    return {f"{words} at step {step}": _at(name, step) for step in (20, 100, _T)}


_TRENDS = (
    '"an increasing variance does not change the trends for activation patterns, '
    'distance, and the rank of the weight matrix"'
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
        yield "rows as drawn", Varied(symbol, fits, clusters)

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
        Claim(
            '"the test accuracy decreases with increasing variance σ"',
            _moves(False, _ACCURACY),
            f"After T = {_T} steps the accuracy is 100 % at small σ.",
        ),
        Claim('"it takes longer time to get a good solution"', _moves(True, _TIME)),
        Claim(
            f"{_TRENDS}: patterns",
            _stays("pattern change", lambda row, _: row.activation_change, 0.1),
        ),
        Claim(
            f"{_TRENDS}: distance",
            _stays("relative distance", lambda row, _: row.relative_distance, 0.1),
        ),
        Claim(
            f"{_TRENDS}: rank",
            _stays("s_21/s_20 of W − W(0)", _gap, 1 / 1.5),
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
        Claim(
            '"the test accuracy decreases with increasing number of components l"',
            _moves(False, _ACCURACY),
            f"After T = {_T} steps the accuracy is 100 % for small l.",
        ),
        Claim('"it takes longer time to get a good solution"', _moves(True, _TIME)),
        Claim(
            '"a larger l leads to more significant coupling" at the same time step',
            _moves(False, _moved("activation_change")),
        ),
        Claim(
            '"and smaller relative distances at the same time step"',
            _moves(False, _moved("relative_distance")),
        ),
    ),
    scale(width=4000, values=(1, 2, 3, 4, 5, 6, 7), repeats=5),
    scale(width=1000, values=(1, 4, 7), repeats=2),
)
