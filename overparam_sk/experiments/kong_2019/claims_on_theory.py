"""What Kong (2019) supposes and proves of the course, judged on the fits."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments import claims
from overparam_sk.experiments.claims import (
    BY_WIDTH,
    HOLDS,
    NOT,
    TREND,
    Finding,
    claim,
    verdict_of_widths,
)
from overparam_sk.experiments.kong_2019.claims_on_starts import (
    LEMMA_5,
    why_not_lambda_0,
)
from overparam_sk.experiments.kong_2019.conditions import (
    DELTA,
    LEMMA_5_RADII,
    LEMMA_6_PREMISE,
    SMALL_STEP,
    THEOREM_3_WIDTH,
    bounded_until,
    lemma_6_radii,
)
from overparam_sk.experiments.kong_2019.judging import (
    ROUNDED,
    WITH_PROBABILITY,
    kept_by_width,
    may_be_of,
    with_interval,
)
from overparam_sk.experiments.kong_2019.runs import WIDTH1, Measured, Run
from overparam_sk.experiments.tables import median_and_range

__all__ = ["ON_THEORY"]

each_width = partial(claims.each_width, symbol="h2")


@claim(
    'Assumption 1: "The network is partially over-parameterized: h2 ≫ h1."',
    "h2/h1 is large, the paper names no number. " + BY_WIDTH,
    f"The first layer has {WIDTH1} units, of which the narrowest second has few times.",
    large=10.0,
)
def assumption_1(data: Measured, large: float) -> Finding:
    """Compare the widths."""
    ratios = {width: width / WIDTH1 for width in data.fits}
    ours = ", ".join(f"{ratio:g} (h2={width})" for width, ratio in ratios.items())
    verdict = verdict_of_widths({w: ratio >= large for w, ratio in ratios.items()})
    return f"h2/h1 {ours}", verdict


def _keeps_loss(run: Run) -> bool:
    """L(t) ≤ exp(−λ_0 t) L(0) at every iteration."""
    return bool((_over_bound(run) <= ROUNDED).all())


def _over_bound(run: Run) -> NDArray[np.float64]:
    loss = run.history["loss"]
    ratio: NDArray[np.float64] = loss / (np.exp(-run.lambda_0 * run.t) * loss[0])
    return ratio


@claim(
    'Theorem 3: "Under Assumption 1 and Assumption 2, if the number of nodes of the '
    "second hidden layer satisfies h2 = Ω(n^(9/2) L(0)^(3/2) h1^(3/2)/(λ_0^6 δ^3)), "
    "then with probability ≥ 1 − δ over random initialization, the training error is "
    'bounded by L(t) ≤ exp(−λ_0 t)L(0)", for a learning rate that is "infinitely '
    'small"',
    "Share of the fits with L(t) ≤ exp(−λ_0 t) L(0) at every iteration, and its "
    "interval. holds: it reaches 1 − δ at every width; in trend: over all of them. "
    "Printed: L(T) / (exp(−λ_0 T) L(0)).",
    "The interval of the share ends below 1 − δ.",
    conditions=(THEOREM_3_WIDTH, SMALL_STEP),
    delta=DELTA,
)
def theorem_3(data: Measured, delta: float) -> Finding:
    """Count the fits whose loss keeps the bound."""
    kept = [_keeps_loss(run) for run in data.runs]
    over = each_width(data.fits, lambda run: float(_over_bound(run)[-1]))
    ours = (
        f"{with_interval(kept)}: {kept_by_width(data, _keeps_loss)}; at the end {over}"
    )
    widths = [[_keeps_loss(r) for r in runs] for runs in data.fits.values()]
    if all(may_be_of(some, 1 - delta) for some in [*widths, kept]):
        return ours, HOLDS
    return ours, TREND if may_be_of(kept, 1 - delta) else NOT


def _smallest(run: Run) -> float:
    return float(run.history["gram_lambda_min"].min()) / run.lambda_0


@claim(
    f"{LEMMA_5}, at t > 0",
    "Share of the fits with λ_min(H(t)) ≥ λ_0/2 at every iteration, with its interval. "
    "Printed: the smallest λ_min(H(t))/λ_0, median [smallest, largest] over the fits. "
    f"{WITH_PROBABILITY} {BY_WIDTH}",
    why_not_lambda_0,
    conditions=(LEMMA_5_RADII,),
    delta=DELTA,
)
def lemma_5(data: Measured, delta: float) -> Finding:
    """Count the fits whose λ_min stays above λ_0/2."""

    def keeps(run: Run) -> bool:
        return _smallest(run) >= 0.5

    kept = {w: [keeps(r) for r in runs] for w, runs in data.fits.items()}
    ours = (
        f"{kept_by_width(data, keeps)}; smallest ratio "
        f"{each_width(data.fits, _smallest, summary=median_and_range)}"
    )
    return ours, verdict_of_widths(
        {w: may_be_of(k, 1 - delta) for w, k in kept.items()}
    )


_LEMMA_6 = 'Lemma 6: "Suppose λ_min(H(s)) ≥ λ_0/2 ∀s ∈ [0, t]. Then '


def _as_long(data: Measured, keeps: Callable[[Run, slice], bool]) -> Finding:
    """Judge the fits that keep Lemma 6's premise, for as long as they do."""
    able = [run for run in data.runs if bounded_until(run) >= 1]
    kept = sum(keeps(run, slice(0, bounded_until(run) + 1)) for run in able)
    everywhere = sum(keeps(run, slice(None)) for run in data.runs)
    ours = (
        f"{kept} of the {len(able)} fits with the premise keep it as long as that; "
        f"{everywhere} of all {len(data.runs)} fits, with the premise or without, to T"
    )
    return ours, HOLDS if kept == len(able) else NOT


@claim(
    f'{_LEMMA_6}the training error is bounded as L(t) ≤ exp(−λ_0 t)L(0)", by (45)',
    "holds: in every fit with the premise, up to the last t that has it.",
    "The step is not infinitely small.",
    conditions=(LEMMA_6_PREMISE,),
)
def lemma_6_loss(data: Measured) -> Finding:
    """Judge the loss as long as λ_min is as large as the lemma supposes."""
    return _as_long(
        data, lambda run, until: bool((_over_bound(run)[until] <= ROUNDED).all())
    )


def _within_radii(run: Run, until: slice) -> bool:
    # Frobenius norms, which no row's change exceeds.
    moves = (run.history[f"weight_change_{layer}"][until] for layer in (1, 2))
    return all(
        bool((move <= radius).all())
        for move, radius in zip(moves, lemma_6_radii(run), strict=True)
    )


@claim(
    f"{_LEMMA_6}the modification of A and B from initialization can be bounded as "
    "‖A_r(t) − A_r(0)‖ ≤ R'_A ∀r and ‖B_p(t) − B_p(0)‖ ≤ R'_B ∀p, where R'_A = (2/λ_0) "
    "√(2nL(0)/(h1 h2^(2/3))) and R'_B = (2/λ_0) √(2nL(0)/h2)\", by (48), (49)",
    "holds: in every fit with the premise, up to the last t that has it; the Frobenius "
    "norms of the changes, which are at least as large, stand for those of the rows.",
    "(48) takes (23) for granted, which does not hold.",
    conditions=(LEMMA_6_PREMISE,),
)
def lemma_6_moves(data: Measured) -> Finding:
    """Judge the changes as long as λ_min is as large as the lemma supposes."""
    ours, verdict = _as_long(data, _within_radii)
    over = [np.divide(r.moves, lemma_6_radii(r)) for r in data.runs]
    first, second = (median_and_range(one) for one in zip(*over, strict=True))
    return f"{ours}; farthest unit at T over R'_A {first}, over R'_B {second}", verdict


@claim(
    'Lemma 7: "If h2 = Ω(n^(9/2) L(0)^(3/2) h1^(3/2)/(λ_0^6 δ^3)), then with high '
    "probability the following statements hold: for any t > 0, ‖A_r(t) − A_r(0)‖ ≤ "
    "R'_A ∀r, ‖B_p(t) − B_p(0)‖ ≤ R'_B ∀p, and L(t) ≤ exp(−λ_0 t)L(0)\"",
    "Share of the fits that keep all three at every iteration, with its interval. "
    f"{WITH_PROBABILITY}",
    "The interval of the share ends below 1 − δ.",
    conditions=(THEOREM_3_WIDTH, SMALL_STEP),
    delta=DELTA,
)
def lemma_7(data: Measured, delta: float) -> Finding:
    """Count the fits that keep all of it."""
    kept = [_keeps_loss(run) and _within_radii(run, slice(None)) for run in data.runs]
    return with_interval(kept), HOLDS if may_be_of(kept, 1 - delta) else NOT


ON_THEORY = (
    assumption_1,
    theorem_3,
    lemma_5,
    lemma_6_loss,
    lemma_6_moves,
    lemma_7,
)
