"""The scale of the initialisation: LL18, section 6.

W(0) is s times that of (A3). The network is homogeneous in W, so that this is (A3)'s
W(0) on rows s x, with the step η/s² (see `FirstCrossingAsVariance`, where s = m^(1/4)).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.words import domain_of
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Finding, claim
from overparam_sk.experiments.figure import SPREAD, new_figure, plot_means
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.first_crossing import FirstCrossing
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["START_SCALE", "Started", "Starts"]

_TARGET = data.SYNTHETIC.target_accuracy


@dataclass(frozen=True)
class Started:
    """A fit from W(0) of one scale; NaN for what is at an accuracy never reached."""

    steps: float
    constant: float  # √m times the relative distance, at that step
    accuracy: float  # at the end


@dataclass(frozen=True)
class Starts:
    """Fits by scale s and width, and with σ that does not change with the width."""

    by_scale: Mapping[float, Mapping[int, list[Started]]]
    fixed: Mapping[int, list[Started]]  # σ of the smallest width at every width


def _steps(fits: list[Started]) -> float:
    """Mean number of steps to the accuracy; infinite if one does not reach it."""
    steps = [one.steps for one in fits]
    return float(np.mean(steps)) if np.isfinite(steps).all() else np.inf


def _shown(by: Mapping[Any, float], symbol: str) -> str:
    words = (
        f"{'not reached by all' if np.isinf(n) else format(n, '.0f')} ({symbol}={at:g})"
        for at, n in by.items()
    )
    return ", ".join(words)


@claim(
    '§6: "We also note that it is essential to carefully set the scale of the '
    'initialization, which is a extensively studied topic [20, 28]."',
    f"Mean steps to {_TARGET:.0%} test accuracy at every scale s of W(0), (A3) being "
    "s = 1, at the largest width. holds: at s = 1 all fits reach it, and both at the "
    "smallest s and at the largest it takes 3 times as many steps or is not reached by "
    "all; in trend: so at one of them.",
    factor=3.0,
)
def _scale_is_essential(starts: Starts, factor: float) -> Finding:
    widest = {s: _steps(fits[max(fits)]) for s, fits in starts.by_scale.items()}
    usual = widest[1.0]
    worse = [widest[end] >= factor * usual for end in (min(widest), max(widest))]
    ours = f"steps to {_TARGET:.0%}: {_shown(widest, 's')}"
    if np.isinf(usual) or not any(worse):
        return ours, NOT
    return ours, HOLDS if all(worse) else TREND


@claim(
    '§6: "Our initialization has a scale related to the number of hidden units, which '
    "is particularly useful when the network size is varying, and thus can be of "
    'interest in such practical settings."',
    f"Largest over smallest mean of the steps to {_TARGET:.0%} over the widths, with σ "
    "= 1/√m, and with the σ of the smallest width at all. holds: the first is at most "
    "1.5, the second larger; in trend: the second is larger.",
    factor=1.5,
)
def _scale_goes_with_the_width(starts: Starts, factor: float) -> Finding:
    with_m = {m: _steps(fits) for m, fits in starts.by_scale[1.0].items()}
    fixed = {m: _steps(fits) for m, fits in starts.fixed.items()}
    ours = f"σ = 1/√m: {_shown(with_m, 'm')}; σ fixed: {_shown(fixed, 'm')}"
    spreads = [max(of.values()) / min(of.values()) for of in (with_m, fixed)]
    if not spreads[1] > spreads[0]:
        return ours, NOT
    return ours, HOLDS if spreads[0] <= factor else TREND


def _measure(run: Request) -> Iterator[tuple[str, Starts]]:
    widths, scales = run.scale["widths"], run.scale["scales"]
    by_scale: dict[float, dict[int, list[Started]]] = {s: {} for s in scales}
    fixed: dict[int, list[Started]] = {}
    # Scale by scale, and then the same σ at all widths, where the scale is None.
    work = [(s, m, seed) for s in (*scales, None) for m in widths for seed in run.seeds]
    for s, m, seed in run.each(work, lambda one: f"m = {one[1]}", lambda one: one[1]):
        into = fixed if s is None else by_scale[s]
        started = _start(run, m, (m / min(widths)) ** 0.5 if s is None else s, seed)
        into.setdefault(m, []).append(started)
    yield "synthetic, rows as drawn", Starts(by_scale, fixed)


def _start(run: Request, width: int, s: float, seed: int) -> Started:
    problem = data.mixture_problem(random_state=seed)
    params = data.training(
        data.SYNTHETIC, fit_intercept=False, device=run.device, random_state=seed
    )
    params["learning_rate"] /= s**2
    params["diagnostics"] = ("relative_distance",)
    net = OverparamReLUClassifier(width, **params)
    rows = s * problem.X, problem.y, s * problem.X_test, problem.y_test
    found = FirstCrossing(net, _TARGET, run.scale["every"]).fit(*rows)
    steps = np.nan if found.steps_ is None else float(found.steps_)
    return Started(steps, found.constant_, float(found.score(*rows[2:])))


def _words(run: Request, starts: Starts) -> tuple[list[str], dict[str, Any]]:
    words = (
        f"The synthetic data of section 7, {data.in_words(data.SYNTHETIC)}, T = "
        f"{data.SYNTHETIC.max_iter}, {run.scale['repeats']} repeats (mean ± standard "
        "deviation). W(0) is s times that of (A3); s = m^(1/4) is the reading of "
        "section 7's N(0, 1/√m) as a variance."
    )
    return [words, markdown_table(_table(starts))], run.settings


_FIGURES: dict[str, Callable[[Started], float]] = {
    f"steps to {_TARGET:.0%}": attrgetter("steps"),
    "distance · √m there": attrgetter("constant"),
    "test accuracy at the end": attrgetter("accuracy"),
}


def _table(starts: Starts) -> Table:
    named = {f"{s:g}": fits for s, fits in starts.by_scale.items()}
    lines = [
        [s, f"{m}", *(mean_and_std(map(of, group)) for of in _FIGURES.values())]
        for s, fits in {**named, "σ fixed": starts.fixed}.items()
        for m, group in fits.items()
    ]
    return [["s", "width", *_FIGURES], *lines]


def _draw(starts: Starts) -> Any:
    figure = new_figure(3.8 * len(_FIGURES), 4.2)
    panels = zip(figure.subplots(1, len(_FIGURES)), _FIGURES.items(), strict=True)
    for ax, (name, of) in panels:
        ax.set(xscale="log", xlabel="s, scale of W(0)", ylabel=name)
        for m, pen in zip(starts.fixed, pens(len(starts.fixed)), strict=True):
            fits = {s: by_width[m] for s, by_width in starts.by_scale.items()}
            label, domain = f"m = {m}, {SPREAD}", domain_of(name)
            plot_means(ax, fits, of, pen=pen, domain=domain, label=label)
        label_values(ax, starts.by_scale)
        finish(ax, domain_of(name))
    legend_below(figure)
    return figure


# s = 1 is (A3).
START_SCALE = Experiment(
    names=("ll18-scale",),
    title="Li and Liang (2018), section 6: the scale of the initialisation",
    full=scale(
        scales=(0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
        widths=(1000, 4000),
        repeats=3,
        every=20,
    ),
    quick=scale(scales=(0.1, 1.0, 30.0), widths=(250, 1000), repeats=2, every=40),
    measure=_measure,
    claims=(_scale_is_essential, _scale_goes_with_the_width),
    words=_words,
    pictures={"scales.png": _draw},
)
