"""Kong's second setting: a first hidden layer that is over-parameterised as well."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import infinite_width_lambda_min
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments import claims
from overparam_sk.experiments.claims import (
    BY_WIDTH,
    Finding,
    claim,
    falls,
    mean,
    verdict_of_widths,
)
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import LEARNING_RATE, network
from overparam_sk.experiments.reproduction import Experiment, Request, by_claim, scale
from overparam_sk.experiments.tables import Table, markdown_table, median_and_range
from overparam_sk.parameters import repeat_seeds

__all__ = ["CLAIMS", "FIRST_WIDTHS", "FirstWidths", "Wide", "fit_wide"]

each_width = partial(claims.each_width, symbol="h1", summary=median_and_range)

# Looks at a course.
_LOOKS = 10
# Rows of A that H∞ is integrated over.
_N_ROWS = 2**15


@dataclass(frozen=True)
class Wide:
    """One fit.

    Parameters
    ----------
    width1, width2 : int
    lambda_0 : float
        λ_min(H∞) for this h1.
    history : dict of str to ndarray
    """

    width1: int
    width2: int
    lambda_0: float
    history: dict[str, NDArray[Any]]

    @property
    def rate(self) -> float:
        """−log(L(T)/L(0))/t, t = η · iteration."""
        loss, last = self.history["loss"], self.history["iteration"][-1]
        return float(-np.log(loss[-1] / loss[0]) / (LEARNING_RATE * last))

    @property
    def start(self) -> float:
        """λ_min(H(0))/λ_0."""
        return float(self.history["gram_lambda_min"][0]) / self.lambda_0

    def largest(self, column: str) -> float:
        """Largest value in the course."""
        return float(self.history[column].max())


@dataclass(frozen=True)
class FirstWidths:
    """All fits on one data set.

    Parameters
    ----------
    name : str
    runs : list of Wide
    """

    name: str
    runs: list[Wide]

    @property
    def fits(self) -> dict[int, list[Wide]]:
        """h1 -> its fits, ascending."""
        widths = sorted({run.width1 for run in self.runs})
        return {w: [run for run in self.runs if run.width1 == w] for w in widths}


def fit_wide(data: str, width1: int, width2: int, seed: int, max_iter: int) -> Wide:
    """Fit one network, both layers trained."""
    X, y = DATA_SETS[data].load(seed)
    every = max(1, max_iter // _LOOKS)
    others = {"width1": width1, "record_every": every, "n_iter_no_change": None}
    net = network(width2, seed, max_iter, len(X), "cpu", **others).fit(X, y)
    return Wide(width1, width2, _lambda_0(data, width1, seed), net.history_)


@cache
def _lambda_0(data: str, width1: int, seed: int) -> float:
    """λ_min(H∞); every point of the integration is a mean over h1 rows already."""
    X, _ = DATA_SETS[data].load(seed)
    n_points = 2 ** max(4, int(np.log2(_N_ROWS / width1)))
    return infinite_width_lambda_min(
        X, network="kong_2019", width1=width1, row_norm="clip", n_points=n_points
    )[0]


def _measure(request: Request) -> Iterator[tuple[str, FirstWidths]]:
    amounts = request.scale
    work = [
        (width1, amounts["width2"], seed, amounts["max_iter"])
        for width1 in amounts["widths1"]
        for seed in repeat_seeds(request.random_state, amounts["repeats"])
    ]
    fits = request.each(
        [(name, *one) for name in amounts["data"] for one in work],
        lambda one: f"{one[0]}, h1 = {one[1]}",
        lambda one: one[1],
    )
    for name, some in groupby(fits, itemgetter(0)):
        yield name, FirstWidths(name, [fit_wide(*one) for one in some])


@claim(
    '§I: "we show that when the second hidden layer is over-parameterized and much '
    "wider than the first hidden layer (which could be either over-parameterized or "
    "Θ(1)), gradient descent with infinitely small learning rates converges with high "
    'probability."',
    "Every fit falls at the rate λ_0 at least, −log(L(T)/L(0))/t with t = η · "
    "iteration, as Theorem 3 has it, and λ_0 that of H∞ for this h1. Printed: the rate "
    "over λ_0, median [smallest, largest] over the fits, and the rate. "
    f"{BY_WIDTH.replace('width', 'h1')}",
)
def converges(data: FirstWidths) -> Finding:
    """Compare the rates with λ_0, width by width of the first layer."""
    over = each_width(data.fits, lambda run: run.rate / run.lambda_0)
    rates = each_width(data.fits, lambda run: run.rate)
    kept = {
        width: all(run.rate >= run.lambda_0 for run in runs)
        for width, runs in data.fits.items()
    }
    return f"over λ_0 {over}; rates {rates}", verdict_of_widths(kept)


@claim(
    'Lemma 4: "λ_min(H) ≥ (3/4) λ_0" at time t = 0; its proof brings H(0) to H∞ by h2 '
    "alone, where the mean over A needs an h1 of its own",
    "Every start has λ_min(H(0)) ≥ 0.75 λ_0. Printed: λ_min(H(0))/λ_0, median "
    f"[smallest, largest] over the fits. {BY_WIDTH.replace('width', 'h1')}",
    "The mean over A in H∞ is a mean over h1 rows, and h2 does not help.",
)
def begins_at_the_limit(data: FirstWidths) -> Finding:
    """Compare λ_min(H(0)) with λ_0."""
    ours = each_width(data.fits, lambda run: run.start)
    kept = {w: min(r.start for r in runs) >= 0.75 for w, runs in data.fits.items()}
    return ours, verdict_of_widths(kept)


def _where_least(data: FirstWidths, figures: dict[str, Callable[[Wide], float]]) -> str:
    """Say at which h1 each is smallest, and how far all of them go."""
    told = []
    for name, figure in figures.items():
        means = {w: mean(map(figure, runs)) for w, runs in data.fits.items()}
        least = min(means, key=means.__getitem__)
        told.append(f"{name} is smallest at h1 = {least}")
        told[-1] += f" and {max(means.values()):.2g} at most"
    return f"{'; '.join(told)}."


def _falls_with_h1(words: str, *columns: str) -> Any:
    figures: dict[str, Callable[[Wide], float]] = {
        column.replace("_", " "): lambda run, column=column: run.largest(column)  # type: ignore[misc]
        for column in columns
    }

    @claim(
        f'§V-B: "As the networks become wider the threshold generally gets lower": '
        f"{words}, as the first layer becomes wider",
        "Largest values in the course, mean over the fits. holds: in both layers they "
        "fall from every h1 to the next; in trend: in both they are smaller at the "
        "largest h1 than at the smallest.",
        lambda data: _where_least(data, figures),
    )
    def judge(data: FirstWidths) -> Finding:
        return falls(data.fits, figures, symbol="h1")

    return judge


CLAIMS = (
    converges,
    begins_at_the_limit,
    _falls_with_h1(
        "weight change, relative to the initial weights",
        "relative_distance_1",
        "relative_distance_2",
    ),
    _falls_with_h1("pattern change", "activation_change_1", "activation_change_2"),
)


def _table(measured: tuple[FirstWidths, ...]) -> Table:
    columns: dict[str, Callable[[Wide], float]] = {
        "λ_0": lambda run: run.lambda_0,
        "λ_min(H(0))/λ_0": lambda run: run.start,
        "λ_min(H(T))/λ_0": lambda run: (
            float(run.history["gram_lambda_min"][-1]) / run.lambda_0
        ),
        "dead rows at the start": lambda run: float(run.history["dead_samples"][0]),
        "rate": lambda run: run.rate,
        "pattern change 1": lambda run: run.largest("activation_change_1"),
        "2": lambda run: run.largest("activation_change_2"),
        "weight change 1, relative": lambda run: run.largest("relative_distance_1"),
        "2, relative": lambda run: run.largest("relative_distance_2"),
    }
    lines = [
        [
            data.name,
            f"{w}",
            *(median_and_range(map(of, runs)) for of in columns.values()),
        ]
        for data in measured
        for w, runs in data.fits.items()
    ]
    return [["data", "h1", *columns], *lines]


def _words(run: Request, *measured: FirstWidths) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    return [
        f"h1 = {', '.join(map(str, amounts['widths1']))}, trained, h2 = "
        f"{amounts['width2']}, gradient descent of step η = {LEARNING_RATE:g} for "
        f"{amounts['max_iter']} iterations, {amounts['repeats']} repeats. Median "
        "[smallest, largest] over the repeats. In float64; seed "
        f"{run.random_state}; in {run.seconds:.0f} s.",
        markdown_table(_table(measured)),
    ], {
        **amounts,
        "learning_rate": LEARNING_RATE,
        "random_state": run.random_state,
        "run_seconds": round(run.seconds),
    }


# Where a 0 stands on the axis.
_LEAST = 1e-4


def _draw(*measured: FirstWidths) -> Any:
    """Draw λ_min(H(0))/λ_0 by h1, a dead row's 0 at the bottom."""
    figure = new_figure(6.4, 4.6)
    ax = figure.subplots()
    ax.set(
        xscale="log", yscale="log", xlabel="width h₁", ylabel="λ_min(H(0))/λ₀, median"
    )
    for pen, data in zip(pens(len(measured)), measured, strict=True):
        starts = [np.median([run.start for run in runs]) for runs in data.fits.values()]
        line = pen.line(len(starts), label=f"{data.name} (a dead row: {_LEAST:g})")
        ax.plot(list(data.fits), np.maximum(starts, _LEAST), **line)
    bound = {"color": NEUTRAL, "linestyle": ":", "label": "Lemma 4's 3/4"}
    ax.axhline(0.75, **bound)
    label_values(ax, measured[0].fits)
    finish(ax)
    legend_below(figure)
    return figure


FIRST_WIDTHS: Experiment[FirstWidths] = Experiment(
    names=("k19-width1",),
    title="Kong (2019): a first hidden layer of 5 to 2000 units",
    full=scale(
        widths1=(5, 50, 500, 2000),
        width2=4000,
        repeats=2,
        max_iter=100,
        data=("synthetic-50", "MNIST-01"),
    ),
    quick=scale(
        widths1=(5, 50), width2=100, repeats=1, max_iter=20, data=("synthetic-50",)
    ),
    measure=_measure,
    claims=CLAIMS,
    words=_words,
    pictures={"width1.png": _draw},
    dpi=120,
    by="data",
    summary=by_claim,
)
