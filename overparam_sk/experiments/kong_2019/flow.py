"""Continuous time beside gradient descent: whether a claim's verdict is another.

Kong proves his theorem for an infinitely small step and simulates that by 2·10⁻⁴. Here
both are followed from the same start, looked at at the same times, and judged by the
same rules; what the rules suppose is the same for both and left out.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np

from overparam_sk.diagnostics import infinite_width_lambda_min, residual_modes
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    Claim,
    Finding,
    Rule,
    claim,
    each_width,
)
from overparam_sk.experiments.figure import two_rows
from overparam_sk.experiments.kong_2019.claims_on_figures import ON_FIGURES
from overparam_sk.experiments.kong_2019.claims_on_outlook import (
    ON_OUTLOOK,
    lambda_0_is_computed,
)
from overparam_sk.experiments.kong_2019.claims_on_theory import ON_THEORY, assumption_1
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.judging import BY_SHARE, by_share
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    WIDTH1,
    Measured,
    Run,
    network,
)
from overparam_sk.experiments.reproduction import Experiment, Request, by_claim, scale
from overparam_sk.experiments.tables import markdown_table, median_and_range
from overparam_sk.interrupts import fit_whole
from overparam_sk.parameters import repeat_seeds
from overparam_sk.theory import GradientFlow, gradient_flow

__all__ = ["CLAIMS", "FLOW", "Pair", "follow", "in_both"]

# Looks at a course, evenly spread over the iterations.
_LOOKS = 100
# Relative tolerances, the first that so many steps suffice for; absolute ones are a
# thousandth. Where units stay at 0 that are not located, steps get short.
_TOLERANCES = (1e-5, 1e-4, 1e-3, 1e-2)
_MAX_STEPS = 1000
# Second layers on synthetic rows whose pattern changes are located.
_LOCATED = 100
_STEP = (
    '§V-A: "We set the learning rate as small as 0.0002 to simulate the continuous '
    'dynamics."'
)


@dataclass(frozen=True)
class Pair:
    """The same starts on one data set, by gradient descent and in continuous time.

    Parameters
    ----------
    descent, flow : Measured
        Fit by fit in the same order; without initialisations.
    flows : list of GradientFlow
        Of those fits.
    """

    descent: Measured
    flow: Measured
    flows: list[GradientFlow]

    @property
    def fits(self) -> dict[int, list[tuple[Run, Run, GradientFlow]]]:
        """Width -> each of its fits, by descent and by flow."""
        of_width: dict[int, list[tuple[Run, Run, GradientFlow]]] = {}
        both = zip(self.descent.runs, self.flow.runs, self.flows, strict=True)
        for found in both:
            of_width.setdefault(found[0].width, []).append(found)
        return of_width


def follow(data: str, width: int, repeat: int, seed: int, max_iter: int) -> Any:
    """Fit one network and follow its flow.

    Returns
    -------
    tuple of Run, Run, GradientFlow
        Both with the looks that they have in common.
    """
    X, y = DATA_SETS[data].load(seed)
    every = max(1, max_iter // _LOOKS)
    net = network(width, seed, max_iter, len(X), "cpu", record_every=every)
    started = time.perf_counter()
    history = fit_whole(net, X, y).history_
    seconds = time.perf_counter() - started
    about = (data, width, repeat, seed, len(X), *_lambda_0(data, seed))
    modes = residual_modes(net, X, y)
    descent = Run(*about, modes, history, _moves(history), seconds)
    flow = _flow(data, net, X, y, descent.t)
    course = {name: flow.history[name] for name in history if name in flow.history}
    course["iteration"] = history["iteration"]
    continuous = replace(
        descent,
        history=course,
        moves=_moves(course),
        # Of the end by descent it knows nothing.
        modes=replace(
            modes, iterations=modes.iterations[:1], coefficients=modes.coefficients[:1]
        ),
    )
    return descent, continuous, flow


def _moves(history: dict[str, Any]) -> tuple[float, float]:
    first, second = (float(history[f"largest_unit_change_{i}"][-1]) for i in (1, 2))
    return first, second


@cache
def _lambda_0(data: str, seed: int) -> tuple[float, float]:
    X, _ = DATA_SETS[data].load(seed)
    return infinite_width_lambda_min(X, network="kong_2019", width1=WIDTH1)


def _flow(data: str, start: Any, X: Any, y: Any, times: Any) -> GradientFlow:
    """Follow the flow as closely as `_MAX_STEPS` allow."""
    # On images some 10⁴ patterns change even at 100 units: minutes to locate them all.
    if data.startswith("synthetic") and len(start.second_weights_) <= _LOCATED:
        return gradient_flow(start, X, y, times, events=True)
    usual: dict[str, Any] = {"events": False, "max_steps": _MAX_STEPS}
    for rtol in _TOLERANCES[:-1]:
        with suppress(ValueError):
            return gradient_flow(
                start, X, y, times, rtol=rtol, atol=rtol / 1000, **usual
            )
    rtol = _TOLERANCES[-1]
    return gradient_flow(start, X, y, times, rtol=rtol, atol=rtol / 1000, **usual)


def _measure(request: Request) -> Iterator[tuple[str, Pair]]:
    amounts = request.scale
    seeds = repeat_seeds(request.random_state, amounts["repeats"])
    work = [(width, *one) for width in amounts["widths"] for one in enumerate(seeds)]
    fits = request.each(
        [(name, *one) for name in DATA_SETS for one in work],
        lambda one: f"{one[0]}, h2 = {one[1]}",
        lambda one: one[1],
    )
    for name, some in groupby(fits, itemgetter(0)):
        found = [follow(*one, amounts["max_iter"]) for one in some]
        descents, continuous, flows = map(list, zip(*found, strict=True))
        both = Measured(name, descents, []), Measured(name, continuous, [])
        yield name, Pair(*both, flows)


def _apart(both: tuple[Run, Run, GradientFlow]) -> float:
    """The largest relative difference of the losses."""
    descent, continuous, _ = both
    return float(np.abs(descent.history["loss"] / continuous.history["loss"] - 1).max())


def _error(both: tuple[Run, Run, GradientFlow]) -> float:
    """What the outputs' error makes of the loss, relatively: ‖δu‖ √2/√L at most."""
    _, continuous, flow = both
    return float(
        flow.error
        * np.sqrt(2 * continuous.n_samples / continuous.history["loss"].min())
    )


@claim(
    _STEP,
    "A fit keeps it where the loss of gradient descent is the flow's up to that share "
    "of it, at every look. Printed: the largest share in the course, and beside it how "
    "much of it the flow's own error may be, √(2n/L) times the estimate for an output; "
    f"median [smallest, largest] over the fits. {BY_SHARE}",
    most=0.9,
    share=0.1,
)
def step_is_small(pair: Pair, most: float, share: float) -> Finding:
    """Compare the losses of descent and flow."""
    options: dict[str, Any] = {"symbol": "h2", "summary": median_and_range}
    apart = each_width(pair.fits, _apart, **options)
    error = each_width(pair.fits, _error, **options)
    kept = [_apart(both) <= share for some in pair.fits.values() for both in some]
    ours = f"{sum(kept)} of {len(kept)} fits; apart {apart}; the flow's error {error}"
    return ours, by_share(kept, most)


def in_both(of_descent: Claim[Measured]) -> Claim[Pair]:
    """Ask whether a claim's rule says the same of gradient descent and of the flow."""

    def same(pair: Pair) -> Finding:
        rule = of_descent.rule
        (ours, by_descent), (theirs, by_flow) = (
            rule.find(one, **rule.own) for one in (pair.descent, pair.flow)
        )
        told = f"gradient descent: {by_descent} ({ours}); flow: {by_flow} ({theirs})"
        return told, HOLDS if by_descent == by_flow else NOT

    return Claim(
        f"{_STEP} The verdict on: {of_descent.words}",
        Rule(
            "holds: the rule of `k19` for this claim, without its conditions, has the "
            "same verdict on gradient descent and on the flow.",
            same,
        ),
        "The verdict is another in continuous time.",
    )


# What is said of a start alone is the same for both.
_ON_COURSES = [
    one
    for one in (*ON_FIGURES, *ON_OUTLOOK, *ON_THEORY)
    if one not in (lambda_0_is_computed, assumption_1)
]
CLAIMS: tuple[Claim[Pair], ...] = (step_is_small, *map(in_both, _ON_COURSES))


def _verdicts(pairs: Sequence[Pair]) -> str:
    """Write a line for each claim: the verdicts by descent and by flow."""
    table = [["the paper", *(pair.flow.name for pair in pairs)]]
    for one in _ON_COURSES:
        rule = one.rule
        cells = []
        for pair in pairs:
            both = [rule.find(m, **rule.own)[1] for m in (pair.descent, pair.flow)]
            cells.append(both[0] if both[0] == both[1] else " → ".join(both))
        table.append([one.words, *cells])
    return markdown_table(table)


def _words(run: Request, *pairs: Pair) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    located = sum(
        flow.change_times is not None for pair in pairs for flow in pair.flows
    )
    total = sum(len(pair.flows) for pair in pairs)
    return [
        f"h1 = {WIDTH1}, h2 = {', '.join(map(str, amounts['widths']))}, "
        f"{amounts['repeats']} repeats, to t = "
        f"{LEARNING_RATE * amounts['max_iter']:g}: "
        f"{amounts['max_iter']} iterations of η = {LEARNING_RATE:g}, and the gradient "
        "flow by an adaptive Runge-Kutta pair of the smallest relative tolerance among "
        f"{', '.join(f'{rtol:g}' for rtol in _TOLERANCES)} that {_MAX_STEPS} steps "
        "suffice for, in float64, with "
        f"pattern changes located in {located} of {total} flows (synthetic rows, h2 ≤ "
        f"{_LOCATED}). Both are looked at {_LOOKS + 1} times. Seed "
        f"{run.random_state}; in {run.seconds:.0f} s.",
        "Verdict by gradient descent, and by the flow where it is another:",
        _verdicts(pairs),
    ], {
        **amounts,
        "tolerances": _TOLERANCES,
        "max_steps": _MAX_STEPS,
        "learning_rate": LEARNING_RATE,
        "random_state": run.random_state,
        "run_seconds": round(run.seconds),
    }


def _draw(*pairs: Pair) -> Any:
    """Draw how far apart the losses are."""
    names = [pair.flow.name for pair in pairs]
    figure, axes = two_rows(names, "time t", "|L_descent / L_flow − 1|, median")
    for ax, pair in zip(axes, pairs, strict=True):
        hands = pens(len(pair.fits))
        for pen, (width, found) in zip(hands, pair.fits.items(), strict=True):
            apart = [
                np.abs(d.history["loss"] / f.history["loss"] - 1) for d, f, _ in found
            ]
            t, middle = found[0][1].t[1:], np.median(apart, axis=0)[1:]
            ax.plot(t, middle, **pen.line(len(t), label=f"h₂ = {width}"))
        ax.set(yscale="log")
        finish(ax)
    legend_below(figure)
    return figure


FLOW: Experiment[Pair] = Experiment(
    names=("k19-flow",),
    title="Kong (2019) in continuous time: gradient flow against gradient descent",
    full=scale(widths=(100, 1000), repeats=2, max_iter=1000),
    quick=scale(widths=(20,), repeats=1, max_iter=100),
    measure=_measure,
    claims=CLAIMS,
    words=_words,
    pictures={"apart.png": _draw},
    dpi=120,
    by="data",
    summary=by_claim,
)
