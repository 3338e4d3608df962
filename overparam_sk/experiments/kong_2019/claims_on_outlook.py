"""What section VI of Kong (2019) observes and asks for, with the rules for it."""

from collections.abc import Callable
from functools import partial

import numpy as np

from overparam_sk.experiments import claims
from overparam_sk.experiments.claims import HOLDS, NOT, Claim, Finding, claim
from overparam_sk.experiments.kong_2019.judging import (
    BY_SHARE,
    by_share,
    kept_by_width,
)
from overparam_sk.experiments.kong_2019.rounding import before_rounding, tenth_rates
from overparam_sk.experiments.kong_2019.runs import Measured, Run
from overparam_sk.experiments.tables import mean_and_std, median_and_range

__all__ = ["ON_OUTLOOK"]

each_width = partial(claims.each_width, symbol="h2")


def _over(figure: float, by: float) -> float:
    """Divide; by 0, the rate of a loss that no longer moves, it is infinite."""
    return figure / by if by else np.inf


def _unevenness(run: Run) -> float:
    rates = tenth_rates(run)
    return _over(max(rates), min(rates)) if min(rates) >= 0 else np.inf


def _start_over_end(run: Run) -> float:
    rates = tenth_rates(run)
    return _over(rates[0], rates[-1])


def _last_change(run: Run) -> float:
    rates = tenth_rates(run)
    return abs(_over(rates[-1], rates[-2]) - 1) if len(rates) > 1 else np.inf


def _of_rates(
    words: str,
    text: str,
    figure: Callable[[Run], float],
    keeps: Callable[[float, float], bool],
    bound: float,
) -> Claim[Measured]:
    """Judge a figure of the rates over the tenths of a fit."""

    @claim(
        words,
        "Rates −Δ log L/Δt over tenths of a fit. A fit keeps it where "
        f"{text}. Printed: that figure, median [smallest, largest] over the fits. "
        f"{BY_SHARE}",
        lambda data: _course_of_rates(data),
        most=0.9,
        bound=bound,
    )
    def judged(data: Measured, most: float, bound: float) -> Finding:
        def kept(run: Run) -> bool:
            return keeps(figure(run), bound)

        ours = each_width(data.fits, figure, summary=median_and_range)
        verdict = by_share(map(kept, data.runs), most)
        return f"{kept_by_width(data, kept)}; {ours}", verdict

    return judged


def _course_of_rates(data: Measured) -> str:
    full = [tenth_rates(run) for run in data.runs]
    rates = np.array([some for some in full if len(some) == 10])
    if not len(rates):
        return "No fit is long enough for ten rates."
    medians = np.median(rates, axis=0)
    written = ", ".join(f"{rate:.3g}" for rate in medians)
    return (
        f"Median rates of the ten tenths: {written}; the fastest is tenth "
        f"{int(medians.argmax()) + 1}."
    )


not_constant = _of_rates(
    '§VI: "It is observed that the logarithm of loss does not decrease at a constant '
    'rate in experiments."',
    "the largest rate is that many times the smallest",
    _unevenness,
    lambda found, bound: found >= bound,
    1.25,
)
faster_first = _of_rates(
    '§VI: "Instead, it decreases much faster during the initial training status"',
    "the first rate is that many times the last",
    _start_over_end,
    lambda found, bound: found >= bound,
    2.0,
)
settles = _of_rates(
    '§VI: "and achieves a stable rate after many iterations"',
    "the last rate differs from the one before by that share of it at most",
    _last_change,
    lambda found, bound: found <= bound,
    0.25,
)


def _first_rate(run: Run) -> float:
    """The rate of the first hundredth of a fit, of one iteration at least."""
    at = max(before_rounding(run) // 100, 1)
    loss = run.history["loss"]
    return float(-np.log(loss[at] / loss[0]) / run.t[at])


def _off_by_modes(run: Run) -> float:
    return abs(_over(run.modes.initial_rate, _first_rate(run)) - 1)


def _off_by_lambda_min(run: Run) -> float:
    smallest = float(run.history["gram_lambda_min"][0])
    return abs(_over(2 * smallest, _first_rate(run)) - 1)


@claim(
    '§VI: "However, the minimum eigenvalue appears to be stable during the whole '
    "training process. Therefore, it is likely that the dynamics are controlled by "
    "some other indicators that dominate the training procedure at the very first "
    'beginning"',
    "Another indicator: all modes of H(0), by which the loss begins to fall at the "
    "rate 2 Σ c_i² λ_i / Σ c_i², c = Qᵀ(u(0) − y), as (45) has it before λ_min. A fit "
    "keeps it where that rate is off the measured one of the first hundredth by less "
    "than 2 λ_min(H(0)) is, and by that share of it at most. Printed: how far off the "
    f"two are, median [smallest, largest] over the fits. {BY_SHARE}",
    lambda data: (
        "The rate changes within the first hundredth already where it is far off: the "
        "measured one is "
        + each_width(data.fits, _first_rate, summary=median_and_range)
        + "."
    ),
    most=0.9,
    off=0.25,
)
def other_indicators(data: Measured, most: float, off: float) -> Finding:
    """Compare the first rate with what the modes and λ_min of H(0) say of it."""

    def keeps(run: Run) -> bool:
        by_modes = _off_by_modes(run)
        return by_modes <= off and by_modes < _off_by_lambda_min(run)

    modes = each_width(data.fits, _off_by_modes, summary=median_and_range)
    smallest = each_width(data.fits, _off_by_lambda_min, summary=median_and_range)
    ours = f"{kept_by_width(data, keeps)}; by the modes {modes}; by λ_min {smallest}"
    return ours, by_share(map(keeps, data.runs), most)


@claim(
    '§VI: "λ_0 for the two-hidden-layer network remains mysterious. … its strict '
    "positiveness and relationship to data as well as network structure are crucial … "
    "a method that either provides an analytic form or an approximation algorithm of "
    'λ_0 is needed"',
    "An approximation algorithm: H∞ has a closed form given A, and the mean over A of "
    "h1 angles is integrated. holds: the standard error is that share of λ_0 at most, "
    "and λ_0 is above three of them, on every draw of the data.",
    "More points, or fewer units, are needed for that.",
    error=0.01,
)
def lambda_0_is_computed(data: Measured, error: float) -> Finding:
    """Compare λ_0 with the error it is known to."""
    known = data.lambda_0s
    relative = max(_over(e, value) for value, e in known.items())
    ours = f"λ_0 = {mean_and_std(known)}, relative error {relative:.1g} at most"
    return ours, HOLDS if relative <= min(error, 1 / 3) else NOT


ON_OUTLOOK = (
    not_constant,
    faster_first,
    settles,
    other_indicators,
    lambda_0_is_computed,
)
