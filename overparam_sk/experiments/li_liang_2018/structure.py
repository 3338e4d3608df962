"""How learning depends on the data's d, k and l: LL18, sections 4 and 6.

One of them is varied at a time, on a mixture that meets (A1) where d is: section 7's
own variance does not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture, separability
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.words import domain_of
from overparam_sk.experiments.claims import (
    NOT,
    Claim,
    Condition,
    Finding,
    Rule,
    at_most,
    each_width,
    falls,
    mean,
)
from overparam_sk.experiments.figure import SPREAD, new_figure, plot_means
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.first_crossing import FirstCrossing
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["STRUCTURE", "Learnt", "Swept"]

_TARGET = data.SYNTHETIC.target_accuracy
# So small that the components of norm 1 meet (A1) at l = 2.
_STD = 0.15
_FIXED = {"d": 1000, "k": 10, "l": 2}


@dataclass(frozen=True)
class Learnt:
    """A fit up to the first step at the accuracy; NaN where there is none."""

    delta: float
    lambda_: float  # of (A1)
    steps: float
    activation_change: float
    distance: float  # ‖W − W(0)‖_F, whose share of ‖W(0)‖_F = √d falls with d alone
    effective_rank: float


@dataclass(frozen=True)
class Swept:
    """Fits by the value of d, k or l."""

    by: Mapping[str, Mapping[int, list[Learnt]]]


_FIGURES: dict[str, Callable[[Learnt], float]] = {
    f"steps to {_TARGET:.0%}": attrgetter("steps"),
    "pattern change": attrgetter("activation_change"),
    "‖W − W(0)‖": attrgetter("distance"),
    "effective rank of the update": attrgetter("effective_rank"),
}

_SYMBOLS = {"d": "features", "k": "classes", "l": "components"}


def _same(name: str) -> Rule[Swept]:
    """A figure is the same for all d."""

    def find(swept: Swept, factor: float, trend: float) -> Finding:
        fits, figure = swept.by["d"], _FIGURES[name]
        ours = f"{name}: {each_width(fits, figure, symbol='d')}"
        means = [mean(map(figure, group)) for group in fits.values()]
        if not np.isfinite(means).all():
            return f"{ours}; not reached by all fits", NOT
        return ours, at_most(max(means) / min(means), factor, trend)

    return Rule(
        f"{name} at the first step at {_TARGET:.0%} test accuracy, mean of every d, at "
        "k, l and the spread of the means fixed. holds: the largest is at most 1.5 "
        "times the smallest; in trend: 3 times, where d itself grows by 100.",
        find,
        {"factor": 1.5, "trend": 3.0},
    )


def _rises(symbol: str, name: str) -> Rule[Swept]:
    return Rule(
        f"Mean of {name}, at the first step at {_TARGET:.0%} test accuracy. holds: it "
        f"rises from every {symbol} to the next; in trend: from the first to the last.",
        lambda swept: falls(
            swept.by[symbol],
            {name: _FIGURES[name]},
            symbol=symbol,
            rises_instead=True,
        ),
    )


def _look_at_separability(swept: Swept) -> tuple[str, bool]:
    fits = swept.by["d"]
    worst = max(one.lambda_ for group in fits.values() for one in group)
    bound = 1 / (8 * _FIXED["l"])
    shown = each_width(fits, attrgetter("delta"), symbol="d")
    return f"λ = {worst:.3g} at most, 1/(8l) = {bound:g}; δ = {shown}", worst <= bound


_SEPARABLE = Condition("(A1), with λ ≤ 1/(8l)", _look_at_separability)
_DIMENSION_FREE = (
    '§4: "Our result is also dimension free: There is no dependency on the underlying '
    'dimension d of the data, the complexity is fully captured by k, l, 1/δ."'
)
_POORER = (
    '§6: "Indeed, our analysis shows that when the network size is fixed (and '
    "sufficiently overparameterized), learning over poorly structured data (larger k "
    "and l) needs more iterations and thus the solution can deviate more from the "
    'initialization and has higher complexity."'
)
_STEPS, _PATTERNS, _DISTANCE, _RANK = _FIGURES

_CLAIMS = (
    *(
        Claim(f"{_DIMENSION_FREE} {name}", _same(name), "", (_SEPARABLE,))
        for name in (_STEPS, _PATTERNS, _DISTANCE)
    ),
    *(
        Claim(f"{_POORER} Larger {symbol}: {words}", _rises(symbol, name))
        for symbol in ("k", "l")
        for words, name in (
            ("iterations", _STEPS),
            ("distance", _DISTANCE),
            ("rank", _RANK),
        )
    ),
)


def _measure(run: Request) -> Iterator[tuple[str, Swept]]:
    by: dict[str, dict[int, list[Learnt]]] = {symbol: {} for symbol in _FIXED}
    work = [(s, v, seed) for s in _FIXED for v in run.scale[s] for seed in run.seeds]
    for symbol, value, seed in run.each(work, lambda one: f"{one[0]} = {one[1]}"):
        learnt = _learn(run, {**_FIXED, symbol: value}, seed)
        by[symbol].setdefault(value, []).append(learnt)
    yield "synthetic, rows scaled to norm 1", Swept(by)


def _learn(run: Request, sizes: Mapping[str, int], seed: int) -> Learnt:
    n = run.scale["n_samples"]
    X, y = make_clustered_mixture(
        2 * n,
        sizes["d"],
        n_classes=sizes["k"],
        n_components=sizes["l"],
        component_std=_STD,
        normalize=True,
        random_state=seed,
    )
    X = X.astype(np.float32)
    apart = separability(X[:n], y[:n], sizes["l"])
    params = data.training(
        data.SYNTHETIC, fit_intercept=False, device=run.device, random_state=seed
    )
    params |= {"max_iter": run.scale["max_iter"], "diagnostics": ("relative_distance",)}
    net = OverparamReLUClassifier(run.scale["width"], **params)
    found = FirstCrossing(net, _TARGET, run.scale["every"])
    steps = found.fit(X[:n], y[:n], X[n:], y[n:]).steps_
    if steps is None:
        return Learnt(apart.delta, apart.lambda_, *[np.nan] * 4)
    # The same batches, up to there.
    net.set_params(max_iter=max(1, steps), record_every=None, diagnostics="all")
    net.fit(X[:n], y[:n])
    return Learnt(
        apart.delta,
        apart.lambda_,
        float(steps),
        net.activation_change_,
        net.weight_change_,
        net.effective_rank_,
    )


def _words(run: Request, swept: Swept) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    words = (
        f"The mixture of section 7 with σ = {_STD}, which meets (A1) at norm 1, d = "
        f"{_FIXED['d']}, k = {_FIXED['k']}, l = {_FIXED['l']} where they are not "
        f"varied, {amounts['n_samples']} training rows, m = {amounts['width']}, "
        f"{data.in_words(data.SYNTHETIC)}, {amounts['repeats']} repeats (mean ± "
        f"standard deviation). Measured at the first step of {amounts['max_iter']} at "
        f"{_TARGET:.0%} test accuracy. Theorem 4.1 has a smallest width, M, of which "
        "the paper gives no number: whether m is above it cannot be said."
    )
    tables = [markdown_table(_table(symbol, f)) for symbol, f in swept.by.items()]
    return [words, *tables], run.settings


def _table(symbol: str, fits: Mapping[int, list[Learnt]]) -> Table:
    columns: dict[str, Callable[[Learnt], float]] = {
        "δ": attrgetter("delta"),
        "λ": attrgetter("lambda_"),
        **_FIGURES,
    }
    lines = [
        [f"{value}", *(mean_and_std(map(of, group)) for of in columns.values())]
        for value, group in fits.items()
    ]
    return [[symbol, *columns], *lines]


def _draw(swept: Swept) -> Any:
    figure = new_figure(2.9 * len(_FIGURES), 2.7 * len(swept.by) + 0.5)
    rows = figure.subplots(len(swept.by), len(_FIGURES))
    for (symbol, fits), row in zip(swept.by.items(), rows, strict=True):
        for ax, (name, of_fit) in zip(row, _FIGURES.items(), strict=True):
            ax.set(xscale="log", xlabel=f"{symbol}, {_SYMBOLS[symbol]}", ylabel=name)
            plot_means(ax, fits, of_fit, domain=domain_of(name), label=SPREAD)
            ax.set_ylim(0, None)
            label_values(ax, fits)
            finish(ax)
    legend_below(figure)
    return figure


STRUCTURE = Experiment(
    names=("ll18-structure",),
    title="Li and Liang (2018), sections 4 and 6: dimension, classes and components",
    full=scale(
        d=(100, 300, 1000, 3000, 10000),
        k=(2, 5, 10, 20, 40),
        l=(1, 2, 4, 8),
        width=1000,
        n_samples=1000,
        repeats=3,
        max_iter=200,
        every=20,
    ),
    quick=scale(
        d=(100, 1000),
        k=(2, 10),
        l=(1, 4),
        width=500,
        n_samples=400,
        repeats=2,
        max_iter=100,
        every=20,
    ),
    measure=_measure,
    claims=_CLAIMS,
    words=_words,
    pictures={"structure.png": _draw},
)
