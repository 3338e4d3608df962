"""Kong's first open direction: a constant step, from small ones up to 2/λ_max and on.

While H stays H(0) the mode of eigenvalue λ_i shrinks by |1 − ηλ_i| a step: all of them
do so up to η = 2/λ_max, and the loss falls at every step.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import DivergenceError
from overparam_sk.diagnostics import gram_matrix, infinite_width_lambda_min
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Claim,
    Finding,
    Rule,
    claim,
)
from overparam_sk.experiments.figure import two_rows
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.judging import ROUNDED
from overparam_sk.experiments.kong_2019.runs import WIDTH1, network
from overparam_sk.experiments.reproduction import Experiment, Request, by_claim, scale
from overparam_sk.experiments.tables import Table, markdown_table, median_and_range
from overparam_sk.parameters import repeat_seeds
from overparam_sk.world import without_warning

__all__ = ["CLAIMS", "STEPS", "Descent", "Sweep", "descend"]

_OPEN = (
    '§VI: "In this paper we proved convergence for the continuous dynamics, … '
    "Therefore, it is significant to prove the convergence theory with a constant step "
    'size."'
)
# Steps at which rounding decides whether a loss falls are after this share of it.
_DONE = 1e-20
# Of L(T)/L(0); what diverged is drawn at the top.
_DRAWN = (1e-12, 100.0)


@dataclass(frozen=True)
class Descent:
    """The losses of one fit.

    Parameters
    ----------
    width : int
        h2.
    ratio : float
        η λ_max(H(0)).
    learning_rate, lambda_0 : float
    loss : ndarray of shape (n_steps + 1,)
        L(0), L(1), ...; of a fit that diverged L(0) alone.
    diverged, off : bool
        Whether it diverged; whether it ended with all units off on all rows.
    growth : float
        λ_max(H(T))/λ_max(H(0)); NaN where it diverged.
    """

    width: int
    ratio: float
    learning_rate: float
    lambda_0: float
    loss: NDArray[np.float64]
    diverged: bool
    off: bool
    growth: float

    @property
    def falls(self) -> bool:
        """Whether the loss falls at every step, up to where rounding decides."""
        seen = self.loss[self.loss > _DONE * self.loss[0]]
        return not self.diverged and bool((np.diff(seen) <= 0).all())

    @property
    def rises_first(self) -> bool:
        """Whether the loss climbs above L(0), to end below it."""
        climbs = bool(self.loss.max() > self.loss[0] * ROUNDED)
        return not self.diverged and climbs and self.end < 1

    @property
    def end(self) -> float:
        """L at the end over L(0); infinite where it diverged."""
        return np.inf if self.diverged else float(self.loss[-1] / self.loss[0])

    @property
    def keeps_bound(self) -> bool:
        """Whether L(k) ≤ (1 − ηλ_0/2)^k L(0) at every step k."""
        steps = np.arange(len(self.loss))
        bound = (1 - self.learning_rate * self.lambda_0 / 2) ** steps
        return not self.diverged and bool(
            (self.loss <= bound * self.loss[0] * ROUNDED).all()
        )


@dataclass(frozen=True)
class Sweep:
    """All fits on one data set.

    Parameters
    ----------
    name : str
    descents : list of Descent
    """

    name: str
    descents: list[Descent]

    @property
    def by_ratio(self) -> dict[float, list[Descent]]:
        """η λ_max(H(0)) -> its fits, ascending."""
        ratios = sorted({one.ratio for one in self.descents})
        return {r: [d for d in self.descents if d.ratio == r] for r in ratios}


def descend(data: str, width: int, seed: int, ratio: float, n_steps: int) -> Descent:
    """Fit one network with a step of so many 1/λ_max(H(0))."""
    X, y = DATA_SETS[data].load(seed)
    fixed = {"diagnostics": None, "n_iter_no_change": None}
    net = network(width, seed, 1, len(X), "cpu", **fixed).fit(X, y)
    start = float(net.history_["loss"][0])
    H = gram_matrix((*net.initial_weights(), net.readout_signs_), X)
    step = ratio / _largest(H)
    lambda_0 = _lambda_0(data, seed)
    net.set_params(learning_rate=step, max_iter=n_steps)
    about = (width, ratio, step, lambda_0)
    try:
        with without_warning("The network predicts 0"):
            net.fit(X, y)
    except DivergenceError:
        return Descent(*about, np.array([start]), True, off=False, growth=np.nan)
    loss, off = net.history_["loss"], not net.predict(X).any()
    return Descent(
        *about, loss, False, off, _largest(gram_matrix(net, X)) * step / ratio
    )


def _largest(H: NDArray[np.float64]) -> float:
    return float(np.linalg.eigvalsh(H)[-1])


@cache
def _lambda_0(data: str, seed: int) -> float:
    X, _ = DATA_SETS[data].load(seed)
    return infinite_width_lambda_min(X, network="kong_2019", width1=WIDTH1)[0]


def _measure(request: Request) -> Iterator[tuple[str, Sweep]]:
    amounts = request.scale
    work = [
        (width, seed, ratio, amounts["max_iter"])
        for width in amounts["widths"]
        for seed in repeat_seeds(request.random_state, amounts["repeats"])
        for ratio in amounts["ratios"]
    ]
    fits = request.each(
        [(name, *one) for name in DATA_SETS for one in work],
        lambda one: f"{one[0]}, h2 = {one[1]}",
    )
    for name, some in groupby(fits, itemgetter(0)):
        yield name, Sweep(name, [descend(*one) for one in some])


def _by_ratio(sweep: Sweep, keeps: Callable[[Descent], bool]) -> str:
    return ", ".join(
        f"{sum(map(keeps, fits))} of {len(fits)} (ηλ_max={ratio:g})"
        for ratio, fits in sweep.by_ratio.items()
    )


def _why(sweep: Sweep) -> str:
    able = [one for one in sweep.descents if not (one.diverged or one.off)]
    growth = median_and_range(one.growth for one in able)
    ends = [
        sum(one.diverged for one in sweep.descents if one.ratio <= 2),
        sum(one.off for one in sweep.descents if one.ratio <= 2),
    ]
    n = sum(one.ratio <= 2 for one in sweep.descents)
    return (
        f"H does not stay H(0): λ_max(H(T)) is {growth} times λ_max(H(0)) in the "
        f"{len(able)} fits that neither diverge nor end with all units off. Of the {n} "
        f"with η ≤ 2/λ_max(H(0)) {ends[0]} diverge and {ends[1]} end so."
    )


def _verdict(sweep: Sweep, keeps: Callable[[Descent], bool]) -> str:
    """Judge the steps up to 2/λ_max, and for a trend those up to 1/λ_max."""
    for most, verdict in ((2.0, HOLDS), (1.0, TREND)):
        able = [one for one in sweep.descents if one.ratio <= most]
        if able and all(map(keeps, able)):
            return verdict
    return NOT


_UP_TO = "holds: in every fit with η ≤ 2/λ_max(H(0)); in trend: with η ≤ 1/λ_max(H(0))."


def _at_every_step(
    words: str, text: str, keeps: Callable[[Descent], bool]
) -> Claim[Sweep]:
    """Claim something of every step of the fits."""
    return Claim(
        f"{_OPEN} {words}",
        Rule(
            f"{text}. Printed: in how many fits, by ηλ_max. {_UP_TO}",
            lambda sweep: (_by_ratio(sweep, keeps), _verdict(sweep, keeps)),
        ),
        _why,
    )


falls = _at_every_step(
    "That the loss falls at every step",
    "L(k + 1) ≤ L(k) at every step k",
    attrgetter("falls"),
)
keeps_bound = _at_every_step(
    "In the form of [6], Theorem 4.1: L(k) ≤ (1 − ηλ_0/2)^k L(0)",
    "L(k) ≤ (1 − ηλ_0/2)^k L(0) at every step k, with λ_0 of H∞",
    attrgetter("keeps_bound"),
)


@claim(
    f"{_OPEN} That it ends at 2/λ_max(H(0)): fits converge below, and not above",
    "A fit ends lower than it began. holds: every fit with η ≤ 2/λ_max(H(0)), and none "
    "above. in trend: every one below, whatever those above do.",
    _why,
)
def ends_at_two(sweep: Sweep) -> Finding:
    """Judge where fits stop converging."""
    below = [one.end < 1 for one in sweep.descents if one.ratio <= 2]
    above = [one.end < 1 for one in sweep.descents if one.ratio > 2]
    ours = _by_ratio(sweep, lambda one: one.end < 1)
    if not all(below):
        return ours, NOT
    return ours, TREND if any(above) else HOLDS


CLAIMS = (falls, keeps_bound, ends_at_two)


def _table(sweeps: tuple[Sweep, ...]) -> Table:
    head = ["data", "ηλ_max(H(0))", "η", "falls at every step", "climbs, then falls"]
    head += [
        "diverges",
        "ends with all units off",
        "L(T)/L(0), median [smallest, largest]",
    ]
    lines = []
    for sweep in sweeps:
        for ratio, fits in sweep.by_ratio.items():
            n = len(fits)
            lines.append(
                [
                    sweep.name,
                    f"{ratio:g}",
                    median_and_range(one.learning_rate for one in fits),
                    f"{sum(one.falls for one in fits)} of {n}",
                    f"{sum(one.rises_first for one in fits)} of {n}",
                    f"{sum(one.diverged for one in fits)} of {n}",
                    f"{sum(one.off for one in fits)} of {n}",
                    median_and_range(one.end for one in fits),
                ]
            )
    return [head, *lines]


def _words(run: Request, *sweeps: Sweep) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    return [
        f"h1 = {WIDTH1}, h2 = {', '.join(map(str, amounts['widths']))}, "
        f"{amounts['repeats']} repeats, {amounts['max_iter']} steps each, at steps of "
        f"{', '.join(f'{ratio:g}' for ratio in amounts['ratios'])} over λ_max(H(0)). "
        "The paper's step is 0.0002. A fit diverges where its loss is no longer a "
        "number, or has climbed until no unit is on. In float64; seed "
        f"{run.random_state}; in {run.seconds:.0f} s.",
        markdown_table(_table(sweeps)),
    ], {**amounts, "random_state": run.random_state, "run_seconds": round(run.seconds)}


def _draw(*sweeps: Sweep) -> Any:
    """Draw where the loss ends, by the step; at the top what diverged."""
    names = [sweep.name for sweep in sweeps]
    figure, axes = two_rows(names, "η λ_max(H(0))", f"L(T)/L(0), at most {_DRAWN[1]:g}")
    for ax, sweep in zip(axes, sweeps, strict=True):
        widths = sorted({one.width for one in sweep.descents})
        ax.set(xscale="log", yscale="log")
        for pen, width in zip(pens(len(widths)), widths, strict=True):
            of_width = [one for one in sweep.descents if one.width == width]
            ratios = np.array([one.ratio for one in of_width])
            ends = np.clip([one.end for one in of_width], *_DRAWN)
            dots = pen.line(0, linestyle="", markersize=4, label=f"h₂ = {width}")
            # Beside each other, not one under the other.
            ax.plot(ratios * 1.12 ** (pen.place - 0.25), ends, **dots)
        limit = {"color": NEUTRAL, "linestyle": ":", "label": "η λ_max(H(0)) = 2"}
        ax.axvline(2, **limit)
        finish(ax)
    legend_below(figure)
    return figure


STEPS: Experiment[Sweep] = Experiment(
    names=("k19-steps",),
    title="Kong (2019), section VI: a constant step",
    full=scale(
        widths=(100, 1000),
        repeats=2,
        max_iter=1000,
        ratios=(0.01, 0.1, 0.5, 1.0, 1.5, 1.9, 2.1, 3.0, 4.0, 8.0),
    ),
    quick=scale(widths=(20,), repeats=1, max_iter=50, ratios=(0.1, 1.0, 4.0)),
    measure=_measure,
    claims=CLAIMS,
    words=_words,
    pictures={"steps.png": _draw},
    dpi=120,
    by="data",
    summary=by_claim,
)
