"""Figures 6 and 7 of Li and Liang (2018): other variances, more components."""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from overparam_sk.experiments.by_width import each_width, falls, mean
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Claim, Finding, Rule
from overparam_sk.experiments.claims_report import publish
from overparam_sk.experiments.figure import draw_curves
from overparam_sk.experiments.problems import mixture_problem
from overparam_sk.experiments.report import singular_value_gap
from overparam_sk.experiments.study import FitRow, run_study, usual_store

__all__ = ["MIXTURES", "Mixtures", "Scale", "Varied", "reproduce"]

_TARGET = 0.98


@dataclass(frozen=True)
class Scale:
    """How much of a figure is run."""

    width: int
    values: tuple[float, ...]
    repeats: int


@dataclass(frozen=True)
class Varied:
    """Fits by the value of what was varied."""

    symbol: str
    fits: Mapping[float, list[FitRow]]
    clusters: Mapping[float, int]  # k·l


@dataclass(frozen=True)
class Mixtures:
    """A figure that varies one parameter of the synthetic data."""

    title: str
    symbol: str
    param: str  # of mixture_problem
    kind: type
    full: Scale
    quick: Scale
    claims: tuple[Claim[Varied], ...]


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
    return {f"{words} at step {step}": _at(name, step) for step in (20, 100, 400)}


_TRENDS = (
    '"an increasing variance does not change the trends for activation patterns, '
    'distance, and the rank of the weight matrix"'
)

MIXTURES: dict[str, Mixtures] = {
    "ll18-fig6": Mixtures(
        "Figure 6, larger variances",
        "σ",
        "component_std",
        float,
        Scale(4000, (1, 2, 4, 6, 8, 10), 5),
        Scale(1000, (1, 5, 10), 2),
        (
            Claim(
                '"the test accuracy decreases with increasing variance σ"',
                _moves(False, _ACCURACY),
                "After T = 400 steps the accuracy is 100 % at small σ.",
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
    ),
    "ll18-fig7": Mixtures(
        "Figure 7, more components in each class",
        "l",
        "n_components",
        int,
        Scale(4000, (1, 2, 3, 4, 5, 6, 7), 5),
        Scale(1000, (1, 4, 7), 2),
        (
            Claim(
                '"the test accuracy decreases with increasing number of components l"',
                _moves(False, _ACCURACY),
                "After T = 400 steps the accuracy is 100 % for small l.",
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
    ),
}


def reproduce(
    name: str,
    *,
    out: Path,
    quick: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    device: str = "auto",
    random_state: int = 0,
    progress: bool = True,
    tell: Callable[[str], Any] = print,
) -> bool:
    """Run a figure at the settings of section 7, and judge what the paper says of it.

    Writes claims.md, claims.json and study.png; the fits are kept in store/.

    Parameters
    ----------
    name : str
        A key of ``MIXTURES``.
    out, quick, device, random_state, progress, tell
        As for :func:`overparam_sk.experiments.li_liang_2018.reproduce`.
    data_home : path-like, default=None
        Not read: the data is generated.

    Returns
    -------
    bool
        False after Ctrl-C; then nothing is judged.
    """
    del data_home
    figure = MIXTURES[name]
    scale = figure.quick if quick else figure.full
    fits, clusters = {}, {}
    for value in map(figure.kind, scale.values):
        tell(f"{figure.title}: {figure.symbol} = {value:g}")
        problem = mixture_problem(**{figure.param: value}, random_state=random_state)
        what: dict[str, Any] = {
            "problem": problem,
            "widths": (scale.width,),
            "repeats": scale.repeats,
            "fit_params": {
                "learning_rate": 10.0,
                "batch_size": 16,
                "max_iter": 400,
                "record_every": 4,
                "device": device,
            },
            "random_state": random_state,
        }
        study = run_study(
            **what,
            target_accuracy=_TARGET,
            store=usual_store(out, **what),
            progress=progress,
        )
        if study.interrupted:
            return False
        fits[value], clusters[value] = study.fits(scale.width), problem.n_clusters
    varied = Varied(figure.symbol, fits, clusters)
    judgements = [claim.judge(varied, "rows as drawn") for claim in figure.claims]
    words = (
        f"c = 10, B = 16, T = 400, m = {scale.width}, {scale.repeats} repeats (mean ± "
        f"standard deviation), seed {random_state}."
    )
    publish(
        judgements,
        out,
        title=f"Li and Liang (2018), {figure.title}",
        paragraphs=[words],
        settings={**asdict(scale), "random_state": random_state},
        picture=(
            "study.png",
            lambda path: draw_curves(
                {f"{value:g}": rows for value, rows in fits.items()},
                path,
                figure.title,
                legend=figure.symbol,
                n_components=None,
                target_accuracy=_TARGET,
            ),
        ),
        tell=tell,
    )
    return True
