"""What section V-B of Kong (2019) says of its figures, with the rules for it."""

from collections.abc import Callable, Iterable
from functools import lru_cache, partial

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
    Condition,
    Finding,
    claim,
    mean,
    verdict_of_widths,
)
from overparam_sk.experiments.kong_2019.judging import (
    BY_PAIRS,
    BY_SHARE,
    Pairs,
    by_pairs,
    by_share,
    kept_by_width,
    pairs_in_order,
)
from overparam_sk.experiments.kong_2019.rounding import before_rounding, tenth_rates
from overparam_sk.experiments.kong_2019.runs import Measured, Run
from overparam_sk.experiments.tables import median_and_range

__all__ = ["ON_ALL_DATA", "ON_FIGURES"]

each_width = partial(claims.each_width, symbol="h2")

# Lemma 5's proof lets H(t) be this share of λ_0 from H(0).
_NEAR = 0.25


def _falls_fast_enough(run: Run) -> bool:
    return bool(min(tenth_rates(run)) >= run.lambda_0)


def _dead_rows(data: Measured) -> str:
    """Say how many rows have no gradient in the fits whose loss stops falling."""
    broken = [run for run in data.runs if not _falls_fast_enough(run)]
    shares = [run.largest("dead_samples") / run.n_samples for run in broken]
    return (
        f"In the {len(broken)} fits that do not keep it "
        f"{median_and_range(shares, '.0%')} of the rows are dead at a time, σ(A x) = "
        "0, and have no gradient while they are: with 5 units in the first layer a "
        "few steps can turn all of them off on many rows at once."
    )


@claim(
    '§V-B: "First, the logarithm of loss decreases at a bounded rate as t increases, '
    "showing that the gradient descent algorithm converges at a bounded rate. This "
    'directly substantiates our main result in Theorem 3."',
    'Bounded from below, as §IV-A has it: "a lower bounded convergence rate is '
    'provided in Theorem 3". A fit keeps it where the rate −Δ log L/Δt, t = η · '
    "iteration, is λ_0 at least over every tenth of it. Printed: the smallest and the "
    f"largest of these rates. {BY_SHARE}",
    _dead_rows,
    most=0.9,
)
def loss_decreases(data: Measured, most: float) -> Finding:
    """Judge whether a fit's loss falls all the time, and nowhere too slowly."""
    rates = {w: np.array([tenth_rates(r) for r in rs]) for w, rs in data.fits.items()}
    ends = ", ".join(
        f"{of.min():.3g} to {of.max():.3g} (h2={width})" for width, of in rates.items()
    )
    kept = kept_by_width(data, _falls_fast_enough)
    return f"{kept}; rates {ends}", by_share(map(_falls_fast_enough, data.runs), most)


def _course(run: Run) -> NDArray[np.float64]:
    course: NDArray[np.float64] = run.history["gram_lambda_min"]
    return course


@lru_cache(maxsize=1024)
def _moves(run: Run) -> float:
    """The largest |λ_min(H(t)) − λ_min(H(0))| over λ_0."""
    return float(np.abs(_course(run) - _course(run)[0]).max()) / run.lambda_0


def _why_it_moves(data: Measured) -> str:
    starts = [_course(run)[0] / run.lambda_0 for run in data.runs]
    rises = [(_course(r).max() - _course(r)[0]) / r.lambda_0 for r in data.runs]
    falls = [(_course(r)[0] - _course(r).min()) / r.lambda_0 for r in data.runs]
    return (
        f"λ_min(H(0)) is {median_and_range(starts)} λ_0; from there it rises by "
        f"{median_and_range(rises)} λ_0 and falls by {median_and_range(falls)} λ_0: "
        "training wakes rows that no unit, or few, were on for."
    )


@claim(
    '§V-B: "In addition, the smallest eigenvalue λ_min(H(t)) remains stable during the '
    'training process"; §VI: "the minimum eigenvalue λ_min(H(t)) appears to be stable '
    'during the whole training process"',
    "A fit keeps it where |λ_min(H(t)) − λ_min(H(0))| ≤ λ_0/4 all the time: as far as "
    "Lemma 5's proof lets H(t) be from H(0). Printed: that distance over λ_0, median "
    "[smallest, largest] over the fits; and largest over smallest λ_min of the fits in "
    f"which no row is ever dead, which makes it 0. {BY_SHARE}",
    _why_it_moves,
    most=0.9,
    distance=_NEAR,
)
def lambda_min_is_stable(data: Measured, most: float, distance: float) -> Finding:
    """Compare λ_min with where it was at the start."""

    def keeps(run: Run) -> bool:
        return _moves(run) <= distance

    alive = [run for run in data.runs if _course(run).min() > 0]
    dead = [run for run in data.runs if _course(run).min() <= 0]
    always = sum(run.largest("gram_lambda_min") == 0 for run in dead)
    spread = median_and_range(_course(run).max() / _course(run).min() for run in alive)
    ours = (
        f"{kept_by_width(data, keeps)}; {sum(map(keeps, alive))} of the {len(alive)} "
        f"without a dead row, {sum(map(keeps, dead))} of the {len(dead)} with one at a "
        f"time, of which {always} have λ_min = 0 always; distance "
        f"{each_width(data.fits, _moves, summary=median_and_range)}; largest over "
        f"smallest without a dead row {spread}"
    )
    return ours, by_share(map(keeps, data.runs), most)


def _mean_lambda_min(run: Run) -> float:
    return float(_course(run).mean())


def _ordered(runs: Iterable[Run], figure: Callable[[Run], float]) -> Pairs:
    listed = list(runs)
    return pairs_in_order([figure(run) for run in listed], [r.rate() for r in listed])


@lru_cache(maxsize=64)
def _what_orders_rates(data: Measured) -> str:
    first = _ordered(data.runs, lambda run: float(_course(run)[0]))
    modes = _ordered(data.runs, lambda run: run.modes.initial_rate)
    return (
        f"λ_min(H(0)), which training has not touched yet, orders {first}; 2 Σ c_i² "
        f"λ_i / Σ c_i², what all modes of H(0) say of the rate, {modes}."
    )


def _some_differ(data: Measured) -> tuple[str, bool]:
    values = {_mean_lambda_min(run) for run in data.runs}
    return f"{len(values)} values in {len(data.runs)} fits", len(values) > 1


@claim(
    '§V-B: "a larger λ_min(H(t)) typically yields a faster convergence rate"',
    "Of the pairs of fits that differ in both: the share in which the larger mean of "
    "λ_min(H(t)) over the course goes with the larger rate −log(L(T)/L(0))/t. Printed "
    "beside it: that of λ_min at the start, which training has not touched yet, and of "
    f"2 Σ c_i² λ_i / Σ c_i², what all modes of H(0) say of the rate. {BY_PAIRS}",
    lambda data: _what_orders_rates(data),
    conditions=(Condition("two fits differ in λ_min", _some_differ),),
    most=0.75,
)
def lambda_min_orders_rates(data: Measured, most: float) -> Finding:
    """Compare λ_min of fits with the rates of their losses."""
    pairs = _ordered_by_mean(data)
    ours = f"{pairs} of {len(data.runs)} fits; {_what_orders_rates(data)}"
    return ours, by_pairs(pairs, most)


@lru_cache(maxsize=64)
def _ordered_by_mean(data: Measured) -> Pairs:
    return _ordered(data.runs, _mean_lambda_min)


def changes_rise(words: str, *columns: str) -> Claim[Measured]:
    """Judge whether a change rises with t in a fit."""

    @claim(
        '§V-B: "Finally, both the weight change rate and pattern change rate increase '
        f'as t increases": {words}',
        "A fit keeps it where Spearman's ρ of t and the change is large in both "
        f"layers. Printed: the ρ, median [smallest, largest] over the fits. {BY_SHARE}",
        lambda data: _where_they_stop(data, columns),
        most=0.9,
        rho=0.9,
    )
    def rise(data: Measured, most: float, rho: float) -> Finding:
        found = {
            c: each_width(data.fits, partial(_rho, c), summary=median_and_range)
            for c in columns
        }
        ours = "; ".join(f"{_words(c)} {some}" for c, some in found.items())

        def keeps(run: Run) -> bool:
            return min(_rho(c, run) for c in columns) >= rho

        kept = by_share(map(keeps, data.runs), most)
        return f"{kept_by_width(data, keeps)}; ρ: {ours}", kept

    return rise


@lru_cache(maxsize=4096)
def _rho(column: str, run: Run) -> float:
    """Spearman's ρ of t and a course up to rounding; 0 where it never moves."""
    course = run.history[column][: before_rounding(run) + 1]
    if len(course) < 3 or np.ptp(course) == 0:
        return 0.0
    return float(spearmanr(np.arange(len(course)), course).statistic)


def _where_they_stop(data: Measured, columns: tuple[str, ...]) -> str:
    def at(run: Run, column: str) -> float:
        return float(run.history[column].argmax() / (len(run.t) - 1))

    places = "; ".join(
        f"{_words(c)} {median_and_range((at(run, c) for run in data.runs), '.0%')}"
        for c in columns
    )
    return (
        f"They are largest after so much of the run: {places}; then they fall back, or "
        "stay as the loss does."
    )


def changes_stay_below(words: str, *columns: str) -> Claim[Measured]:
    """Compare the largest changes of a course with a bound."""

    @claim(
        f'§V-B: "but are still below a low threshold": {words}',
        "The largest value in the course, mean over the repeats, is low in both "
        f"layers; the paper names no number. {BY_WIDTH}",
        lambda data: _largest_of_all(data, columns),
        low=0.1,
    )
    def stay_below(data: Measured, low: float) -> Finding:
        ours = "; ".join(
            f"{_words(column)} {each_width(data.fits, _largest(column))}"
            for column in columns
        )
        kept = {
            width: all(mean(map(_largest(c), runs)) < low for c in columns)
            for width, runs in data.fits.items()
        }
        return ours, verdict_of_widths(kept)

    return stay_below


def _largest_of_all(data: Measured, columns: tuple[str, ...]) -> str:
    rises = ", ".join(
        f"{_words(c)} {median_and_range(map(_largest(c), data.runs))}" for c in columns
    )
    return f"Over all fits: {rises}. Less would be too low a threshold."


def changes_fall_with_width(words: str, *columns: str) -> Claim[Measured]:
    """Compare the largest changes of the courses between the widths."""

    @claim(
        '§V-B: "As the networks become wider the threshold generally gets lower": '
        f"{words}",
        "Of the pairs of fits of two widths: the share in which the wider one has the "
        "lower largest value in its course, in the layer that has less of them. "
        f"Printed: these values, mean over the repeats. {BY_PAIRS}",
        lambda data: _from_end_to_end(data, columns),
        most=0.75,
    )
    def fall(data: Measured, most: float) -> Finding:
        pairs = {c: _narrower_is_larger(data, c) for c in columns}
        found = {by_pairs(some, most) for some in pairs.values()}
        ours = "; ".join(
            f"{_words(c)} {pairs[c]}: {each_width(data.fits, _largest(c))}"
            for c in columns
        )
        return ours, next(v for v in (NOT, TREND, HOLDS) if v in found)

    return fall


@lru_cache(maxsize=256)
def _narrower_is_larger(data: Measured, column: str) -> Pairs:
    narrowness = [-run.width for run in data.runs]
    return pairs_in_order(narrowness, [run.largest(column) for run in data.runs])


def _from_end_to_end(data: Measured, columns: tuple[str, ...]) -> str:
    narrow, wide = min(data.fits), max(data.fits)
    ends = ", ".join(
        f"{_words(c)} {mean(map(_largest(c), data.fits[narrow])):.3g} to "
        f"{mean(map(_largest(c), data.fits[wide])):.3g}"
        for c in columns
    )
    return (
        f"From h2 = {narrow} to {wide} the means go from {ends}; the repeats differ by "
        "more than that, or it does not fall."
    )


def _largest(column: str) -> Callable[[Run], float]:
    return lambda run: run.largest(column)


def _words(column: str) -> str:
    """`weight_change_2` as "weight change 2"."""
    return column.replace("_", " ")


def especially(
    words: str, text: str, figure: Callable[[list[Run]], float]
) -> Claim[Measured]:
    """Compare a share on images with that on synthetic data."""

    @claim(
        f'§V-B: "This is especially shown on real-world datasets": {words}',
        f"{text}, mean over the data sets of images and over the synthetic ones. "
        "holds: it is larger on images.",
        "It is the synthetic data that show it, or show it as much.",
    )
    def more(data: Measured) -> Finding:
        shares: dict[bool, list[float]] = {True: [], False: []}
        for name in dict.fromkeys(run.data for run in data.runs):
            runs = [run for run in data.runs if run.data == name]
            shares[not name.startswith("synthetic")].append(figure(runs))
        images, synthetic = mean(shares[True]), mean(shares[False])
        ours = f"images {images:.0%}, synthetic {synthetic:.0%}"
        return ours, HOLDS if images > synthetic else NOT

    return more


_WEIGHTS = ("weight_change_1", "weight_change_2")
_DISTANCES = ("relative_distance_1", "relative_distance_2")
_PATTERNS = ("activation_change_1", "activation_change_2")
_AS_RECORDED = "weight change, ‖A(t) − A(0)‖_F and ‖B(t) − B(0)‖_F as in §V-A"
_RELATIVE = "weight change, relative to the initial weights"

ON_FIGURES = (
    loss_decreases,
    lambda_min_is_stable,
    lambda_min_orders_rates,
    changes_rise("weight change", *_WEIGHTS),
    changes_rise("pattern change", *_PATTERNS),
    changes_stay_below(_RELATIVE, *_DISTANCES),
    changes_stay_below("pattern change", *_PATTERNS),
    changes_fall_with_width(_AS_RECORDED, *_WEIGHTS),
    changes_fall_with_width(_RELATIVE, *_DISTANCES),
    changes_fall_with_width("pattern change", *_PATTERNS),
)
ON_ALL_DATA = (
    lambda_min_orders_rates,
    especially(
        "a stable λ_min(H(t))",
        "Share of the fits of a data set in which λ_min(H(t)) is stable by its rule",
        lambda runs: mean(_moves(run) <= _NEAR for run in runs),
    ),
    especially(
        "a larger λ_min(H(t)) that is faster",
        "Share of the pairs of fits of a data set that its rule counts",
        lambda runs: _ordered(runs, _mean_lambda_min).share,
    ),
)
