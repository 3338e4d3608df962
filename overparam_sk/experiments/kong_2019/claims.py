"""What Kong (2019) says of the experiments and of λ_min, with the rules for it."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from overparam_sk.experiments import claims
from overparam_sk.experiments.claims import (
    BY_WIDTH,
    HOLDS,
    NOT,
    TREND,
    Claim,
    Finding,
    Rule,
    claim,
    falls,
    mean,
    rule,
    verdict_of_widths,
)
from overparam_sk.experiments.kong_2019.runs import Measured, Run
from overparam_sk.experiments.tables import mean_and_std, median_and_range

__all__ = ["CLAIMS", "RATES"]

each_width = partial(claims.each_width, symbol="h2")

Floats = NDArray[np.float64]

_TENTHS = np.linspace(0, 1, 11)
# How often "with high probability" is to be.
_OFTEN = 0.95


def _at_widths(data: Measured, keep: Callable[[list[Run]], bool]) -> str:
    """Judge the fits of every width."""
    return verdict_of_widths({width: keep(runs) for width, runs in data.fits.items()})


@claim(
    '§V-B: "the logarithm of loss decreases at a bounded rate as t increases"',
    "The loss of every fit falls at every iteration, and over every tenth of them at a "
    "rate −Δ log L/Δt, t = η · iteration, of λ_0 at least. Printed: the smallest and "
    f"the largest rate over a tenth of a fit. {BY_WIDTH}",
)
def loss_decreases(data: Measured) -> Finding:
    """Judge whether every fit's loss falls all the time, and nowhere too slowly."""
    rates = {
        width: np.array([_rates(run) for run in runs])
        for width, runs in data.fits.items()
    }
    ends = ", ".join(
        f"{of.min():.3g} to {of.max():.3g} (h2={width})" for width, of in rates.items()
    )
    return f"rates {ends}", _at_widths(
        data,
        lambda runs: all(
            (np.diff(run.history["loss"]) < 0).all()
            and min(_rates(run)) >= run.lambda_0
            for run in runs
        ),
    )


@claim(
    '§V-B: "the smallest eigenvalue λ_min(H(t)) remains stable during the training '
    'process"',
    "Largest over smallest λ_min(H(t)) of a course: median [smallest, largest] over "
    "the fits; 1 where λ_min is 0 all the time, inf where it is 0 at times. The median "
    f"is at most 2. {BY_WIDTH}",
)
def lambda_min_is_stable(data: Measured) -> Finding:
    """Compare the largest and the smallest λ_min of a course."""
    zero = sum(run.largest("gram_lambda_min") == 0 for run in data.runs)
    alive = [run for run in data.runs if run.history["gram_lambda_min"].min() > 0]
    ours = (
        f"largest over smallest "
        f"{each_width(data.fits, _spread, summary=median_and_range)}; λ_min is 0 all "
        f"the time in {zero} of {len(data.runs)} fits, never in {len(alive)}, whose "
        f"ratio is {median_and_range(map(_spread, alive))}"
    )
    return ours, _at_widths(data, lambda runs: _median(_spread, runs) <= 2)


@claim(
    '§V-B: "a larger λ_min(H(t)) typically yields a faster convergence rate"',
    "Spearman's rank correlation of the mean of λ_min(H(t)) over the course with the "
    "rate −log(L(T)/L(0))/t of the fit. Printed beside it: that of λ_min at the start, "
    "which training has not touched yet, and of 2 Σ c_i² λ_i / Σ c_i², what all modes "
    "of H(0) say of the rate. holds: ρ ≥ 0.5 over all fits; in trend: ρ > 0 with p < "
    "0.05.",
)
def lambda_min_orders_rates(data: Measured) -> Finding:
    """Correlate λ_min of a fit with the rate of its loss."""
    rho, p = _correlation(data.runs, _mean_lambda_min)
    within = [_correlation(r, _mean_lambda_min)[0] for r in data.fits.values()]
    first, _ = _correlation(data.runs, _initial_lambda_min)
    modes, _ = _correlation(data.runs, lambda run: run.modes.initial_rate)
    ours = (
        f"ρ = {rho:.2f} over {len(data.runs)} fits (p = {p:.1g}); within a width "
        f"{mean_and_std(within, '.2f')}; of λ_min(H(0)) "
        f"{mean_and_std([first], '.2f')}; of the rate at 0 by the modes {modes:.2f}"
    )
    if rho >= 0.5:
        return ours, HOLDS
    return ours, TREND if rho > 0 and p < 0.05 else NOT


def changes_rise(*columns: str) -> Rule[Measured]:
    """Judge whether the mean course of each column rises from tenth to tenth."""

    @rule(
        "The mean course over the fits rises in every tenth of the iterations. "
        f"Printed: in how many tenths of single fits it rises. {BY_WIDTH}"
    )
    def rise(data: Measured) -> Finding:
        shares = {
            c: mean((np.diff(_tenths(run, c)) > 0).mean() for run in data.runs)
            for c in columns
        }
        ours = ", ".join(f"{_words(c)} {share:.0%}" for c, share in shares.items())
        return f"tenths with a rise, of all fits: {ours}", _at_widths(
            data,
            lambda runs: all(
                (np.diff(np.mean([_tenths(run, c) for run in runs], axis=0)) > 0).all()
                for c in columns
            ),
        )

    return rise


def changes_stay_below(bound: float, *columns: str) -> Rule[Measured]:
    """Compare the largest changes of a course with a bound."""

    @rule(
        "The largest value in the course, mean over the repeats, is below "
        f"{bound:g} in both layers: the paper names no number. {BY_WIDTH}"
    )
    def stay_below(data: Measured) -> Finding:
        ours = "; ".join(
            f"{_words(column)} {each_width(data.fits, _largest(column))}"
            for column in columns
        )
        return ours, _at_widths(
            data,
            lambda runs: all(mean(map(_largest(c), runs)) < bound for c in columns),
        )

    return stay_below


def changes_fall_with_width(*columns: str) -> Rule[Measured]:
    """Compare the largest changes of the courses between the widths."""
    figures = {_words(column): _largest(column) for column in columns}
    return Rule(
        "Largest values in the course, mean over the repeats. holds: in both layers "
        "they fall from every width to the next; in trend: in both layers they are "
        "smaller at the largest width than at the smallest.",
        lambda data: falls(data.fits, figures, symbol="h2"),
    )


@claim(
    '§VI: "it decreases much faster during the initial training status, and achieves a '
    'stable rate after many iterations"',
    "Rates −Δ log L/Δt, median [smallest, largest] over the fits. That of the first "
    "tenth is at least 2 times that of the last, and from the last tenth but one to "
    f"the last it changes by at most 25%. {BY_WIDTH}",
)
def rate_settles(data: Measured) -> Finding:
    """Compare the rate in the first tenth with that in the last two."""

    def faster(run: Run) -> float:
        return _ratio(run.rate(0, 0.1), run.rate(0.9, 1))

    def change(run: Run) -> float:
        return abs(_ratio(run.rate(0.9, 1), run.rate(0.8, 0.9)) - 1)

    first = each_width(data.fits, faster, summary=median_and_range)
    last = each_width(data.fits, change, summary=median_and_range)
    ours = f"first over last tenth {first}; change at the end {last}"
    return ours, _at_widths(
        data, lambda runs: _median(faster, runs) >= 2 and _median(change, runs) <= 0.25
    )


def _share(
    words: str,
    text: str,
    least: float,
    keeps: Callable[[Run], bool],
    more: Callable[..., str],
) -> Claim[Measured]:
    """Judge the share of a width's fits that keep a bound."""

    @claim(words, f"{text} {BY_WIDTH}")
    def share(data: Measured) -> Finding:
        n_kept = {width: sum(map(keeps, runs)) for width, runs in data.fits.items()}
        counts = ", ".join(
            f"{n_kept[w]} of {len(runs)} (h2={w})" for w, runs in data.fits.items()
        )
        return f"{counts}; {more(data.fits)}", _at_widths(
            data, lambda runs: sum(map(keeps, runs)) >= least * len(runs)
        )

    return share


def _over_bound(run: Run) -> Floats:
    L = run.history["loss"]
    ratio: Floats = L / (np.exp(-run.lambda_0 * run.t) * L[0])
    return ratio


def _smallest(run: Run) -> float:
    return float(run.history["gram_lambda_min"].min()) / run.lambda_0


loss_bound = _share(
    'Theorem 3: "the training error is bounded by L(t) ≤ exp(−λ_0 t)L(0)"',
    "L(t) ≤ exp(−λ_0 t) L(0) at every iteration, in every fit. Printed: in how many "
    "fits, and L(T) / (exp(−λ_0 T) L(0)) at the end.",
    1.0,
    lambda run: bool((_over_bound(run) <= 1).all()),
    lambda fits: (
        f"ratio at the end {each_width(fits, lambda run: float(_over_bound(run)[-1]))}"
    ),
)

lambda_min_stays_above = _share(
    'Lemma 5: "λ_min(H(t)) ≥ λ_0/2", which Lemma 6 supposes',
    f"λ_min(H(t)) ≥ 0.5 λ_0 at every iteration in {_OFTEN:.0%} of the fits. Printed: "
    "in how many, and the smallest λ_min(H(t))/λ_0, median [smallest, largest] over "
    "the fits.",
    _OFTEN,
    lambda run: _smallest(run) >= 0.5,
    lambda fits: (
        f"smallest ratio {each_width(fits, _smallest, summary=median_and_range)}"
    ),
)


@claim(
    'Lemma 4: "λ_min(H) ≥ (3/4) λ_0" "with probability at least 1 − δ at time t = 0"',
    "Share of initialisations with λ_min(H(0)) ≥ 0.75 λ_0, and with λ_min(E[H | A(0)]) "
    f"as large, the mean over B and w alone. The share is at least {_OFTEN:.0%}. "
    f"{BY_WIDTH}",
)
def initial_lambda_min(data: Measured) -> Finding:
    """Compare λ_min(H(0)) of many initialisations with a share of λ_0."""
    starts = data.initialisations
    kept = {
        width: mean(s.lambda_min[width] >= 0.75 * s.lambda_0 for s in starts)
        for width in data.fits
    }
    conditional = mean(s.conditional >= 0.75 * s.lambda_0 for s in starts)
    ours = ", ".join(f"{k:.1%} (h2={width})" for width, k in kept.items())
    return (
        f"of {len(starts)} initialisations: {ours}; λ_min(E[H | A]) {conditional:.1%}",
        verdict_of_widths({width: k >= _OFTEN for width, k in kept.items()}),
    )


@claim(
    'Assumption 2: "λ_0 = λ_min(H∞) > 0"',
    "λ_min of H∞, integrated. holds: it is above three standard errors on every draw "
    "of the data.",
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


def _median(figure: Callable[[Run], float], runs: Iterable[Run]) -> float:
    return float(np.median([figure(run) for run in runs]))


def _rates(run: Run) -> list[float]:
    # 0.0 is added because a loss that does not move has the rate −0.
    return [run.rate(a, b) + 0.0 for a, b in pairwise(_TENTHS)]


def _ratio(over: float, under: float) -> float:
    """Divide; by 0, the rate of a loss that no longer moves, it is infinite."""
    return over / under if under else np.inf


def _spread(run: Run) -> float:
    low, high = run.history["gram_lambda_min"].min(), run.largest("gram_lambda_min")
    if high == 0:
        return 1.0
    return high / low if low > 0 else np.inf


def _mean_lambda_min(run: Run) -> float:
    return float(run.history["gram_lambda_min"].mean())


def _initial_lambda_min(run: Run) -> float:
    return float(run.history["gram_lambda_min"][0])


def _correlation(
    runs: Iterable[Run], figure: Callable[[Run], float]
) -> tuple[float, float]:
    """Spearman's ρ and p of a figure and the rate; NaN where one is constant."""
    listed = list(runs)
    values = [figure(run) for run in listed]
    if len(listed) < 3 or np.ptp(values) == 0:
        return np.nan, np.nan
    found = spearmanr(values, [run.rate() for run in listed])
    return float(found.statistic), float(found.pvalue)


def _tenths(run: Run, column: str) -> list[float]:
    course = run.history[column]
    return [float(course[round(share * (len(course) - 1))]) for share in _TENTHS]


def _largest(column: str) -> Callable[[Run], float]:
    return lambda run: run.largest(column)


def _words(column: str) -> str:
    """`weight_change_2` as "weight change 2"."""
    return column.replace("_", " ")


_WEIGHTS = ("weight_change_1", "weight_change_2")
_DISTANCES = ("relative_distance_1", "relative_distance_2")
_PATTERNS = ("activation_change_1", "activation_change_2")
_LOW = '§V-B: "but are still below a low threshold": '
_LOWER = '§V-B: "As the networks become wider the threshold generally gets lower": '

RATES = lambda_min_orders_rates
CLAIMS = (
    loss_decreases,
    lambda_min_is_stable,
    RATES,
    Claim(
        '§V-B: "both the weight change rate and pattern change rate increase as t '
        'increases"',
        changes_rise(*_WEIGHTS, *_PATTERNS),
    ),
    Claim(
        f"{_LOW}weight change, relative to the initial weights",
        changes_stay_below(0.1, *_DISTANCES),
    ),
    Claim(f"{_LOW}pattern change", changes_stay_below(0.1, *_PATTERNS)),
    Claim(f"{_LOWER}weight change", changes_fall_with_width(*_WEIGHTS)),
    Claim(f"{_LOWER}pattern change", changes_fall_with_width(*_PATTERNS)),
    rate_settles,
    loss_bound,
    assumption_2,
    initial_lambda_min,
    lambda_min_stays_above,
)
