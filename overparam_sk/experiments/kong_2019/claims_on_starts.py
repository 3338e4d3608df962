"""What Kong (2019) says of the start, judged on many initialisations.

"With probability at least p" fails where the interval of Clopper and Pearson of the
share, of level 95%, ends below p.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from overparam_sk.experiments.claims import (
    BY_WIDTH,
    HOLDS,
    NOT,
    UNTESTED,
    Finding,
    claim,
    mean,
    verdict_of_widths,
)
from overparam_sk.experiments.kong_2019.conditions import DELTA, LEMMA_4_WIDTH
from overparam_sk.experiments.kong_2019.judging import (
    ROUNDED,
    WITH_PROBABILITY,
    may_be_of,
    with_interval,
)
from overparam_sk.experiments.kong_2019.runs import (
    WIDTH1,
    Initialisation,
    Measured,
    Start,
)
from overparam_sk.experiments.tables import mean_and_std, median_and_range

__all__ = ["LEMMA_5", "ON_STARTS", "why_not_lambda_0"]


@claim(
    'Assumption 2: "λ_0 = λ_min(H∞) > 0"',
    "λ_min of H∞, integrated. holds: it is above three standard errors on every draw "
    "of the data.",
    "What is integrated cannot tell it from 0.",
)
def assumption_2(data: Measured) -> Finding:
    """Compare λ_0 with its standard error."""
    known = data.lambda_0s
    draws = f" over {len(known)} draws of the data" if len(known) > 1 else ""
    ours = (
        f"λ_0 = {mean_and_std(known)}{draws}, standard error of the integration "
        f"{max(known.values()):.1g} at most"
    )
    positive = all(value > 3 * error for value, error in known.items())
    return ours, HOLDS if positive else NOT


def _starts(
    data: Measured, keeps: Callable[[Initialisation, Start], bool]
) -> Mapping[int, list[bool]]:
    """Width -> whether each initialisation keeps something there."""
    return {
        width: [keeps(one, one.starts[width]) for one in data.initialisations]
        for width in data.fits
    }


def _by_start(kept: Mapping[int, Sequence[bool]]) -> str:
    n = len(next(iter(kept.values())))
    shares = ", ".join(
        f"{with_interval(some)} (h2={width})" for width, some in kept.items()
    )
    return f"of {n} initialisations {shares}"


def _at_limit(data: Measured, least: float) -> list[bool]:
    return [one.limit >= least * one.lambda_0 for one in data.initialisations]


def why_not_lambda_0(data: Measured) -> str:
    """Say what λ_min(H(0)) is, with and without dead rows, up to h2 = ∞."""
    starts = data.initialisations
    alive = [one for one in starts if one.dead == 0]
    widest = max(data.fits)
    rest = (
        "in the rest λ_min(H(0))/λ_0 is "
        + median_and_range(one.lambda_min[widest] / one.lambda_0 for one in alive)
        + f" at h2 = {widest}, "
        + median_and_range(one.limit / one.lambda_0 for one in alive)
        + " at h2 → ∞, and λ_min(E[H | A])/λ_0 "
        + median_and_range(one.conditional / one.lambda_0 for one in alive)
        if alive
        else "there is no rest"
    )
    return (
        f"{1 - len(alive) / len(starts):.1%} of the starts have a dead row, σ(A x) = "
        f"0, and λ_min = 0 at any h2: a given row is one with probability 2^−{WIDTH1} "
        f"= {2.0**-WIDTH1:.1%}, which no h2 changes; {rest}. H∞ is a mean over A(0), "
        f"which h1 = {WIDTH1} rows do not come close to: (24) has h1 h2 independent "
        "terms where there are h1, and where the terms p ≠ q do not shrink."
    )


@claim(
    'Lemma 4: "If h2 = Ω(n²/λ_0^6 log(2n²/δ)), then we have λ_min(H) ≥ (3/4) λ_0 with '
    'probability at least 1 − δ at time t = 0"',
    "The lemma's width is out of reach, its limit is not: as h2 → ∞ H(0) tends, given "
    "A(0), to a matrix that can be drawn, and a lemma that is true of all large h2 is "
    "true of it. Share of the initialisations with λ_min ≥ (3/4) λ_0 in that limit, "
    "with its interval, and at our widths; share with λ_min(E[H | A(0)]) as large, the "
    "mean over B and w alone. does not hold: the interval in the limit ends below 1 − "
    "δ. Else it is not tested, or holds where the width is met.",
    lambda data: _lemma_4_reason(data),
    delta=DELTA,
)
def lemma_4(data: Measured, delta: float) -> Finding:
    """Compare λ_min(H(0)) of many initialisations, and of the limit, with λ_0."""
    kept = _starts(data, lambda one, start: start.lambda_min >= 0.75 * one.lambda_0)
    limit = _at_limit(data, 0.75)
    conditional = [s.conditional >= 0.75 * s.lambda_0 for s in data.initialisations]
    ours = (
        f"{_by_start(kept)}, {with_interval(limit)} (h2 → ∞); λ_min(E[H | A]) "
        f"{with_interval(conditional)}; asked: h2 = {LEMMA_4_WIDTH.look(data)[0]}"
    )
    if not may_be_of(limit, 1 - delta):
        return ours, NOT
    if not LEMMA_4_WIDTH.look(data)[1]:
        return ours, UNTESTED
    verdict = verdict_of_widths({w: may_be_of(k, 1 - delta) for w, k in kept.items()})
    return ours, verdict


def _lemma_4_reason(data: Measured) -> str:
    if may_be_of(_at_limit(data, 0.75), 1 - DELTA):
        return f"{LEMMA_4_WIDTH.words}: {LEMMA_4_WIDTH.look(data)[0]}."
    return why_not_lambda_0(data)


LEMMA_5 = (
    'Lemma 5: "Suppose at time t, there exists a small constant c > 0 such that '
    "‖A_r(t) − A_r(0)‖ ≤ R_A ∀r, ‖B_p(t) − B_p(0)‖ ≤ R_B ∀p, where R_A = O(cδλ_0/(n "
    "h1)), R_B = O(cδλ_0/n). Then with probability at least 1 − δ over initialization, "
    'λ_min(H(t)) ≥ λ_0/2"'
)


@claim(
    f"{LEMMA_5}, at t = 0",
    "At t = 0 nothing has moved and every R is kept; the lemma asks for no width. "
    "Share of the initialisations with λ_min(H(0)) ≥ λ_0/2, with its interval, at our "
    f"widths and as h2 → ∞. {WITH_PROBABILITY} {BY_WIDTH}",
    why_not_lambda_0,
    delta=DELTA,
)
def lemma_5_at_0(data: Measured, delta: float) -> Finding:
    """Compare λ_min(H(0)) of many initialisations with λ_0/2."""
    kept = _starts(data, lambda one, start: start.lambda_min >= 0.5 * one.lambda_0)
    ours = f"{_by_start(kept)}, {with_interval(_at_limit(data, 0.5))} (h2 → ∞)"
    return ours, verdict_of_widths(
        {w: may_be_of(k, 1 - delta) for w, k in kept.items()}
    )


@claim(
    'Eq. (12): "E L(0) = ‖y‖² + n"',
    "Mean of L(0) over the initialisations, at every width, beside ‖y‖² + n. holds: it "
    "is three standard errors from it at most. " + BY_WIDTH,
    lambda data: _why_not_the_mean(data),
)
def equation_12(data: Measured) -> Finding:
    """Compare the mean of L(0) with what is printed."""
    starts = data.initialisations
    losses = {w: np.array([one.starts[w].loss for one in starts]) for w in data.fits}
    printed = np.array([_printed(data, one) for one in starts])
    kept = {
        w: abs((loss - printed).mean())
        <= 3 * (loss - printed).std() / np.sqrt(len(starts))
        for w, loss in losses.items()
    }
    ours = ", ".join(f"{mean_and_std(loss)} (h2={w})" for w, loss in losses.items())
    return f"L(0) {ours}; printed {mean_and_std(printed)}", verdict_of_widths(kept)


def _printed(data: Measured, one: Initialisation) -> float:
    return 2 * one.half_squares + data.runs[0].n_samples


def _why_not_the_mean(data: Measured) -> str:
    half = mean(one.half_squares for one in data.initialisations)
    outputs = mean(
        start.loss - one.half_squares
        for one in data.initialisations
        for start in one.starts.values()
    )
    return (
        "L = ½‖u − y‖² and E u = 0 make it ½‖y‖² + ½ E‖u‖², and with rows of norm 1 at "
        "most E u_i² = E[A_rs²] E[B_pr²]/4 is far below 2: measured ½‖y‖² = "
        f"{half:.3g} and L(0) − ½‖y‖² = {outputs:.2g}. It is Θ(n), which is what the "
        "proof needs, all the same."
    )


def _first_column(start: Start) -> float:
    # One unit a start: those of one start are not independent.
    return start.column_sums[0]


@claim(
    'Eq. (23): "P(|Σ_q w_q B_qr| ≥ τ) ≤ Σ_q B_qr²/τ² ≤ 1/τ²", with τ = h2^(1/6) in '
    "(46) to (49)",
    "Share of the initialisations with |Σ_q w_q B_q1| < h2^(1/6), with its interval, "
    "beside 1 − h2^(−1/3). holds: the interval reaches it. " + BY_WIDTH,
    lambda data: _columns(data),
)
def equation_23(data: Measured) -> Finding:
    """Compare the column sums of B with h2^(1/6)."""
    kept = {
        w: [_first_column(one.starts[w]) < w ** (1 / 6) for one in data.initialisations]
        for w in data.fits
    }
    asked = ", ".join(f"{1 - w ** (-1 / 3):.1%} (h2={w})" for w in data.fits)
    verdict = verdict_of_widths(
        {w: may_be_of(some, 1 - w ** (-1 / 3)) for w, some in kept.items()}
    )
    return f"{_by_start(kept)}; asked {asked}", verdict


def _columns(data: Measured) -> str:
    squares = ", ".join(
        f"{mean(s.starts[w].column_squares for s in data.initialisations):.3g} (h2={w})"
        for w in data.fits
    )
    sums = ", ".join(
        f"{np.median([_first_column(s.starts[w]) for s in data.initialisations]):.3g} "
        f"against {w ** (1 / 6):.3g} (h2={w})"
        for w in data.fits
    )
    return (
        "Normalised are the rows of B, and the sum goes over a column: Σ_q B_qr² is "
        f"about h2/h1, not 1 at most: {squares}. Median |Σ_q w_q B_q1|: {sums}."
    )


def _speed_limits(data: Measured, start: Start, width: int) -> tuple[float, float]:
    """What (46) and (47) have for ‖dA_r/ds‖ and ‖dB_p/ds‖ at s = 0."""
    squared = 2 * data.runs[0].n_samples * start.loss
    first = squared / (WIDTH1 * width ** (2 / 3))
    return float(np.sqrt(first)), float(np.sqrt(squared / width))


def _slow(data: Measured, layer: int) -> Mapping[int, list[bool]]:
    return {
        w: [
            one.starts[w].speeds[layer]
            <= _speed_limits(data, one.starts[w], w)[layer] * ROUNDED
            for one in data.initialisations
        ]
        for w in data.fits
    }


def _over_limits(data: Measured, layer: int) -> str:
    return ", ".join(
        median_and_range(
            one.starts[w].speeds[layer] / _speed_limits(data, one.starts[w], w)[layer]
            for one in data.initialisations
        )
        + f" (h2={w})"
        for w in data.fits
    )


@claim(
    'Eq. (46), "with probability at least 1 − 1/h2^(1/3)": "‖dA_r(s)/ds‖ ≤ √(2n '
    'exp(−λ_0 s)L(0)/(h1 h2^(2/3)))", at s = 0',
    "Share of the initialisations in which every unit of the first layer keeps it, "
    "with its interval, beside 1 − h2^(−1/3). holds: the interval reaches it. Printed: "
    f"the fastest unit over the bound, median [smallest, largest]. {BY_WIDTH}",
    "It takes (23) for granted, which does not hold; what saves it where it is kept is "
    "the step from ‖y − u‖_1 to √n ‖y − u‖_2, which is generous.",
)
def equation_46(data: Measured) -> Finding:
    """Compare the first layer's speed at the start with its bound."""
    kept = _slow(data, 0)
    ours = f"{_by_start(kept)}; over the bound {_over_limits(data, 0)}"
    return ours, verdict_of_widths(
        {w: may_be_of(some, 1 - w ** (-1 / 3)) for w, some in kept.items()}
    )


@claim(
    'Eq. (47): "‖dB_p(s)/ds‖ ≤ √(2n exp(−λ_0 s)L(0)/h2)", at s = 0',
    "In every initialisation every unit of the second layer keeps it. Printed: the "
    f"fastest unit over the bound, median [smallest, largest]. {BY_WIDTH}",
    "It takes ‖A(0)‖_F ≤ √h1, which is what rows of norm 1 at most have.",
)
def equation_47(data: Measured) -> Finding:
    """Compare the second layer's speed at the start with its bound."""
    kept = _slow(data, 1)
    ours = f"{_by_start(kept)}; over the bound {_over_limits(data, 1)}"
    return ours, verdict_of_widths({w: all(some) for w, some in kept.items()})


ON_STARTS = (
    assumption_2,
    lemma_4,
    lemma_5_at_0,
    equation_12,
    equation_23,
    equation_46,
    equation_47,
)
