"""The rules for Kong's observations and bounds, each printed beside its claim."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from overparam_sk.experiments import by_width
from overparam_sk.experiments.by_width import BY_WIDTH, falls, mean, verdict_of_widths
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Finding, Rule
from overparam_sk.experiments.kong_2019.measured import Measured
from overparam_sk.experiments.kong_2019.runs import Run
from overparam_sk.experiments.tables import mean_and_std, median_and_range

__all__ = [
    "assumption_2",
    "changes_fall_with_width",
    "changes_rise",
    "changes_stay_below",
    "initial_lambda_min",
    "lambda_min_is_stable",
    "lambda_min_orders_rates",
    "lambda_min_stays_above",
    "loss_bound",
    "loss_decreases",
    "rate_settles",
]

each_width = partial(by_width.each_width, symbol="h2")

Floats = NDArray[np.float64]

_TENTHS = np.linspace(0, 1, 11)
# How often "with high probability" is to be.
_OFTEN = 0.95


def loss_decreases() -> Rule[Measured]:
    """Judge whether every fit's loss falls all the time, and nowhere too slowly."""

    def find(data: Measured) -> Finding:
        rates = {
            width: np.array([_rates(run) for run in runs])
            for width, runs in data.fits.items()
        }
        ok = {
            width: all(
                (np.diff(run.history["loss"]) < 0).all()
                and min(_rates(run)) >= run.lambda_0
                for run in runs
            )
            for width, runs in data.fits.items()
        }
        ends = ", ".join(
            f"{of.min():.3g} to {of.max():.3g} (h2={width})"
            for width, of in rates.items()
        )
        return f"rates {ends}", verdict_of_widths(ok)

    return Rule(
        "The loss of every fit falls at every iteration, and over every tenth of them "
        "at a rate −Δ log L/Δt, t = η · iteration, of λ_0 at least. Printed: the "
        "smallest and the largest rate over a tenth of a fit. "
        f"{BY_WIDTH}",
        find,
    )


def lambda_min_is_stable(factor: float) -> Rule[Measured]:
    """Compare the largest and the smallest λ_min of a course."""

    def find(data: Measured) -> Finding:
        ours = each_width(data.fits, _spread, summary=median_and_range)
        zero = sum(run.largest("gram_lambda_min") == 0 for run in data.runs)
        alive = [run for run in data.runs if run.history["gram_lambda_min"].min() > 0]
        ok = {
            width: float(np.median([_spread(run) for run in runs])) <= factor
            for width, runs in data.fits.items()
        }
        return (
            f"largest over smallest {ours}; λ_min is 0 all the time in {zero} of "
            f"{len(data.runs)} fits, never in {len(alive)}, whose ratio is "
            f"{median_and_range(map(_spread, alive))}",
            verdict_of_widths(ok),
        )

    return Rule(
        "Largest over smallest λ_min(H(t)) of a course: median [smallest, largest] "
        "over the fits; 1 where λ_min is 0 all the time, inf where it is 0 at times. "
        f"The median is at most {factor:g}. {BY_WIDTH}",
        find,
    )


def lambda_min_orders_rates(strong: float) -> Rule[Measured]:
    """Correlate λ_min of a fit with the rate of its loss."""

    def find(data: Measured) -> Finding:
        rho, p = _correlation(data.runs, _mean_lambda_min)
        within = [_correlation(r, _mean_lambda_min)[0] for r in data.fits.values()]
        first, _ = _correlation(data.runs, _initial_lambda_min)
        modes, _ = _correlation(data.runs, lambda run: run.modes.initial_rate)
        ours = (
            f"ρ = {rho:.2f} over {len(data.runs)} fits (p = {p:.1g}); within a width "
            f"{mean_and_std(within, '.2f')}; of λ_min(H(0)) "
            f"{mean_and_std([first], '.2f')}; of the rate at 0 by the modes {modes:.2f}"
        )
        if rho >= strong:
            return ours, HOLDS
        return ours, TREND if rho > 0 and p < 0.05 else NOT

    return Rule(
        "Spearman's rank correlation of the mean of λ_min(H(t)) over the course with "
        "the rate −log(L(T)/L(0))/t of the fit. Printed beside it: that of λ_min at "
        "the start, which training has not touched yet, and of 2 Σ c_i² λ_i / Σ c_i², "
        f"what all modes of H(0) say of the rate. holds: ρ ≥ {strong:g} over all fits; "
        "in trend: ρ > 0 with p < 0.05.",
        find,
    )


def changes_rise(*columns: str) -> Rule[Measured]:
    """Judge whether the mean course of each column rises from tenth to tenth."""

    def find(data: Measured) -> Finding:
        ok = {
            width: all(
                (np.diff(np.mean([_tenths(run, c) for run in runs], axis=0)) > 0).all()
                for c in columns
            )
            for width, runs in data.fits.items()
        }
        shares = {
            c: mean((np.diff(_tenths(run, c)) > 0).mean() for run in data.runs)
            for c in columns
        }
        ours = ", ".join(f"{_words(c)} {share:.0%}" for c, share in shares.items())
        return f"tenths with a rise, of all fits: {ours}", verdict_of_widths(ok)

    return Rule(
        "The mean course over the fits rises in every tenth of the iterations. "
        f"Printed: in how many tenths of single fits it rises. {BY_WIDTH}",
        find,
    )


def changes_stay_below(bound: float, *columns: str) -> Rule[Measured]:
    """Compare the largest changes of a course with a bound."""

    def find(data: Measured) -> Finding:
        ok = {
            width: all(mean(run.largest(c) for run in runs) < bound for c in columns)
            for width, runs in data.fits.items()
        }
        ours = "; ".join(
            f"{_words(column)} {each_width(data.fits, _largest(column))}"
            for column in columns
        )
        return ours, verdict_of_widths(ok)

    return Rule(
        "The largest value in the course, mean over the repeats, is below "
        f"{bound:g} in both layers: the paper names no number. {BY_WIDTH}",
        find,
    )


def changes_fall_with_width(*columns: str) -> Rule[Measured]:
    """Compare the largest changes of the courses between the widths."""
    figures = {_words(column): _largest(column) for column in columns}
    return Rule(
        "Largest values in the course, mean over the repeats. holds: in both layers "
        "they fall from every width to the next; in trend: in both layers they are "
        "smaller at the largest width than at the smallest.",
        lambda data: falls(data.fits, figures, symbol="h2"),
    )


def rate_settles(ratio: float, settled: float) -> Rule[Measured]:
    """Compare the rate in the first tenth with that in the last two."""

    def find(data: Measured) -> Finding:
        fits = data.fits

        def faster(run: Run) -> float:
            return _ratio(run.rate(0, 0.1), run.rate(0.9, 1))

        def change(run: Run) -> float:
            return abs(_ratio(run.rate(0.9, 1), run.rate(0.8, 0.9)) - 1)

        ok = {
            width: float(np.median([faster(run) for run in runs])) >= ratio
            and float(np.median([change(run) for run in runs])) <= settled
            for width, runs in fits.items()
        }
        first = each_width(fits, faster, summary=median_and_range)
        last = each_width(fits, change, summary=median_and_range)
        ours = f"first over last tenth {first}; change at the end {last}"
        return ours, verdict_of_widths(ok)

    return Rule(
        "Rates −Δ log L/Δt, median [smallest, largest] over the fits. That of the "
        f"first tenth is at least {ratio:g} times that of the last, and from the last "
        f"tenth but one to the last it changes by at most {settled:.0%}. {BY_WIDTH}",
        find,
    )


def loss_bound() -> Rule[Measured]:
    """Compare L(t) with exp(−λ_0 t) L(0) at every iteration."""

    def over_bound(run: Run) -> Floats:
        L = run.history["loss"]
        ratio: Floats = L / (np.exp(-run.lambda_0 * run.t) * L[0])
        return ratio

    return _share_rule(
        lambda run: bool((over_bound(run) <= 1).all()),
        "L(t) ≤ exp(−λ_0 t) L(0) at every iteration, in every fit. Printed: in how "
        "many fits, and L(T) / (exp(−λ_0 T) L(0)) at the end.",
        1.0,
        lambda data: (
            "ratio at the end "
            + each_width(data.fits, lambda run: float(over_bound(run)[-1]))
        ),
    )


def lambda_min_stays_above(share: float) -> Rule[Measured]:
    """Compare λ_min(H(t)) with a share of λ_0 at every iteration."""

    def smallest(run: Run) -> float:
        return float(run.history["gram_lambda_min"].min()) / run.lambda_0

    return _share_rule(
        lambda run: smallest(run) >= share,
        f"λ_min(H(t)) ≥ {share:g} λ_0 at every iteration in {_OFTEN:.0%} of the fits. "
        "Printed: in how many, and the smallest λ_min(H(t))/λ_0, median [smallest, "
        "largest] over the fits.",
        _OFTEN,
        lambda data: (
            "smallest ratio "
            + each_width(data.fits, smallest, summary=median_and_range)
        ),
    )


def initial_lambda_min(share: float) -> Rule[Measured]:
    """Compare λ_min(H(0)) of many initialisations with a share of λ_0."""

    def find(data: Measured) -> Finding:
        starts = data.initialisations
        kept = {
            width: mean(s.lambda_min[width] >= share * s.lambda_0 for s in starts)
            for width in data.fits
        }
        conditional = mean(s.conditional >= share * s.lambda_0 for s in starts)
        ours = ", ".join(f"{k:.1%} (h2={width})" for width, k in kept.items())
        return (
            f"of {len(starts)} initialisations: {ours}; "
            f"λ_min(E[H | A]) {conditional:.1%}",
            verdict_of_widths({width: k >= _OFTEN for width, k in kept.items()}),
        )

    return Rule(
        f"Share of initialisations with λ_min(H(0)) ≥ {share:g} λ_0, and with "
        "λ_min(E[H | A(0)]) as large, the mean over B and w alone. The share is at "
        f"least {_OFTEN:.0%}. {BY_WIDTH}",
        find,
    )


def assumption_2() -> Rule[Measured]:
    """Compare λ_0 with its standard error."""

    def find(data: Measured) -> Finding:
        known = data.lambda_0s
        draws = f" over {len(known)} draws of the data" if len(known) > 1 else ""
        ours = (
            f"λ_0 = {mean_and_std(known)}{draws}, standard error of the integration "
            f"{max(known.values()):.1g} at most"
        )
        positive = all(value > 3 * error for value, error in known.items())
        return ours, HOLDS if positive else NOT

    return Rule(
        "λ_min of H∞, integrated. holds: it is above three standard errors on every "
        "draw of the data.",
        find,
    )


def _share_rule(
    kept: Callable[[Run], bool],
    text: str,
    least: float,
    more: Callable[[Measured], str],
) -> Rule[Measured]:
    """Judge the share of a width's fits that keep a bound."""

    def find(data: Measured) -> Finding:
        n_kept = {w: sum(map(kept, runs)) for w, runs in data.fits.items()}
        ok = {w: n_kept[w] >= least * len(runs) for w, runs in data.fits.items()}
        counts = ", ".join(
            f"{n_kept[w]} of {len(runs)} (h2={w})" for w, runs in data.fits.items()
        )
        return f"{counts}; {more(data)}", verdict_of_widths(ok)

    return Rule(f"{text} {BY_WIDTH}", find)


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
