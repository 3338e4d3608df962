"""What Kong's theorem and lemmas suppose, beside what the experiments have.

Every constant that the paper leaves in an O or Ω is 1, and δ is 1/10 where the paper
leaves it open: a smaller one asks for more.
"""

import math

import numpy as np

from overparam_sk.experiments.claims import Condition
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    WIDTH1,
    Initialisation,
    Measured,
    Run,
)
from overparam_sk.theory import PowerProduct

__all__ = [
    "DELTA",
    "LEMMA_4_WIDTH",
    "LEMMA_5_RADII",
    "LEMMA_6_PREMISE",
    "SMALL_STEP",
    "THEOREM_3_WIDTH",
    "bounded_until",
    "lemma_4_width",
    "lemma_5_radii",
    "lemma_6_radii",
    "theorem_3_width",
]

DELTA = 0.1
# A step that is as good as infinitely small: one more such step changes a mode of the
# residual by a thousandth.
_SMALL = 1e-3


def theorem_3_width(run: Run, delta: float = DELTA) -> PowerProduct:
    """n^(9/2) L(0)^(3/2) h1^(3/2) / (λ_0^6 δ^3), for the L(0) and λ_0 of a fit."""
    loss = float(run.history["loss"][0])
    return PowerProduct(
        {
            "n": run.n_samples,
            "L(0)": loss,
            "h1": WIDTH1,
            "λ_0": run.lambda_0,
            "δ": delta,
        },
        {"n": 4.5, "L(0)": 1.5, "h1": 1.5, "λ_0": -6, "δ": -3},
    )


def lemma_4_width(start: Initialisation, n: int, delta: float = DELTA) -> PowerProduct:
    """n² log(2n²/δ) / λ_0^6, as printed; the proof ends with 32 n² log(..) / λ_0²."""
    log = "log(2n²/δ)"
    return PowerProduct(
        {"n": n, "λ_0": start.lambda_0, log: math.log(2 * n**2 / delta)},
        {"n": 2, "λ_0": -6, log: 1},
    )


def lemma_5_radii(run: Run, delta: float = DELTA) -> tuple[float, float]:
    """R_A = δλ_0/(n h1) and R_B = δλ_0/n."""
    radius = delta * run.lambda_0 / run.n_samples
    return radius / WIDTH1, radius


def lemma_6_radii(run: Run) -> tuple[float, float]:
    """R'_A and R'_B, (2/λ_0) √(2nL(0)/(h1 h2^(2/3))) and (2/λ_0) √(2nL(0)/h2)."""
    squared = 2 * run.n_samples * float(run.history["loss"][0])
    first = math.sqrt(squared / (WIDTH1 * run.width ** (2 / 3)))
    second = math.sqrt(squared / run.width)
    return 2 / run.lambda_0 * first, 2 / run.lambda_0 * second


def bounded_until(run: Run) -> int:
    """Last iteration up to which λ_min(H) ≥ λ_0/2 from the start on; −1 for none."""
    below = np.flatnonzero(run.history["gram_lambda_min"] < run.lambda_0 / 2)
    return int(below[0]) - 1 if len(below) else len(run.t) - 1


def _theorem_3(data: Measured) -> tuple[str, bool]:
    widest = data.fits[max(data.fits)]
    digits, ones = (
        float(np.median([theorem_3_width(run, d).log10 for run in widest]))
        for d in (DELTA, 1.0)
    )
    costliest = theorem_3_width(widest[0]).costliest
    met = all(math.log10(r.width) >= theorem_3_width(r).log10 for r in data.runs)
    return (
        f"10^{digits:.1f} at δ = {DELTA:g} and 10^{ones:.1f} at δ = 1, most of it by "
        f"{costliest}, against {max(data.fits)}",
        met,
    )


def _lemma_4(data: Measured) -> tuple[str, bool]:
    n = data.runs[0].n_samples
    digits = [lemma_4_width(start, n).log10 for start in data.initialisations]
    return (
        f"10^{np.median(digits):.1f} at δ = {DELTA:g} against {max(data.fits)}",
        math.log10(min(data.fits)) >= max(digits),
    )


def _lemma_5(data: Measured) -> tuple[str, bool]:
    over = np.array([np.divide(r.moves, lemma_5_radii(r)) for r in data.runs])
    first, second = np.median(over, axis=0)
    return (
        f"the farthest units of A and of B are {first:.2g} R_A and {second:.2g} R_B "
        f"from their start at T (c = 1, δ = {DELTA:g}), median over the fits",
        bool((over <= 1).all()),
    )


def _lemma_6(data: Measured) -> tuple[str, bool]:
    untils = [bounded_until(run) for run in data.runs]
    largest = max(run.history["gram_lambda_min"][0] / run.lambda_0 for run in data.runs)
    met = sum(until >= 1 for until in untils)
    return (
        f"from the start on in {met} of {len(untils)} fits, as λ_min(H(0)) is "
        f"{largest:.2g} λ_0 at most",
        met > 0,
    )


def _step(data: Measured) -> tuple[str, bool]:
    largest = [LEARNING_RATE * run.modes.eigenvalues[0] for run in data.runs]
    return (
        f"η λ_max(H(0)) is {np.median(largest):.2g}, {max(largest):.2g} at most",
        max(largest) <= _SMALL,
    )


THEOREM_3_WIDTH = Condition(
    "h2 = Ω(n^(9/2) L(0)^(3/2) h1^(3/2)/(λ_0^6 δ^3))", _theorem_3
)
LEMMA_4_WIDTH = Condition("h2 = Ω(n²/λ_0^6 log(2n²/δ))", _lemma_4)
LEMMA_5_RADII = Condition(
    "‖A_r(t) − A_r(0)‖ ≤ R_A = O(cδλ_0/(n h1)), ‖B_p(t) − B_p(0)‖ ≤ R_B = O(cδλ_0/n)",
    _lemma_5,
)
LEMMA_6_PREMISE = Condition("λ_min(H(s)) ≥ λ_0/2 for all s in [0, t]", _lemma_6)
SMALL_STEP = Condition(
    f"a step that is infinitely small (our reading: η λ_max ≤ {_SMALL:g})", _step
)
