"""How a metric scales with width: L∞ + c·m^(−p), with confidence intervals."""

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from overparam_sk.arrays import check_finite, real_array
from overparam_sk.memory import check_room
from overparam_sk.model_selection._decay import DecayingDifference
from overparam_sk.model_selection.fitting import Fit
from overparam_sk.model_selection.result import WidthStudy
from overparam_sk.parameters import (
    COUNT,
    either,
    instance,
    number,
    one_of,
    random_generator,
    shown,
)
from overparam_sk.world import in_own_world

__all__ = ["PowerLaw", "fit_power_law"]

Floats = NDArray[np.float64]
Unit = tuple[int, int | None]

_LEVEL = number(0, 1, above=True, below=True)
_STUDY = instance(WidthStudy, "a WidthStudy")
_NAME = instance(str, "the name of a metric")
_ESTIMATOR = either(one_of(None), instance(str, "the name of an estimator"))
_LIMIT = either(
    one_of(None), number(), instance(str, "the name of an estimator of the study")
)


@dataclass(frozen=True)
class PowerLaw:
    """A metric as L∞ + c·m^(−p) of the width m.

    Parameters
    ----------
    metric, estimator : str
    c, p : float
    c_interval, p_interval : tuple of float
        NaN where the study has a single repeat and fold. With a limit, infinite where
        the study does not bound them, and NaN where every p is refused.
    confidence_level : float
    n_fits : int
    limit : float, default=0.0
        L∞; of a limit with a value for each repeat their mean.
    """

    metric: str
    estimator: str
    c: float
    p: float
    c_interval: tuple[float, float]
    p_interval: tuple[float, float]
    confidence_level: float
    n_fits: int
    limit: float = 0.0

    def __call__(self, width: ArrayLike) -> Floats:
        """Return L∞ + c·m^(−p).

        Parameters
        ----------
        width : array-like

        Returns
        -------
        ndarray of the same shape

        Raises
        ------
        ValueError
            If it is not made of positive numbers.
        """
        m = real_array("width", width)
        if not (m > 0).all():
            raise ValueError(f"width must be positive, got {shown(width)}.")
        return check_finite("The law at this width", self.limit + self.c * m**-self.p)

    def __str__(self) -> str:
        """Write the law and its intervals."""
        (c_low, c_high), (p_low, p_high) = self.c_interval, self.p_interval
        limit = f"{self.limit:.4g} + " if self.limit else ""
        return (
            f"{self.metric} of {self.estimator}: {limit}{self.c:.3g} m^{-self.p:.3f}, "
            f"c in [{c_low:.3g}, {c_high:.3g}], p in [{p_low:.3f}, {p_high:.3f}] "
            f"({self.confidence_level:.0%})"
        )


@in_own_world
def fit_power_law(
    study: WidthStudy,
    metric: str,
    *,
    estimator: str | None = None,
    limit: float | str | None = None,
    confidence_level: float = 0.95,
    n_resamples: int = 9999,
    random_state: Any = 0,
) -> PowerLaw:
    """Fit c·m^(−p), or L∞ + c·m^(−p) with a given L∞, to a metric of a study.

    Without a limit by least squares on logarithms. LL18 Section 7 and Lemma 5.2 expect
    p = 1/2 of the relative distance. The bootstrap draws whole repeats (and folds),
    because the fits of a repeat share seed and data. Its percentiles are widened for
    few repeats (Hesterberg 2015, §5.3); simulated with normal errors, the 95 % interval
    then holds the truth in 50 % of cases with 2 repeats, 75 % with 3, 92 % with 5, and
    94 % with 10.

    With a limit, which is computed and not fitted, by least squares on the differences
    from it, weighted by m, whatever their signs. The interval of p is then made of all
    p that Student's t test does not refuse: with normal errors it holds the truth in
    95 % of cases or more from two repeats on, and is infinite where the study cannot
    tell. ``limit=0`` gives such intervals to a metric that falls to 0.

    Parameters
    ----------
    study : WidthStudy
    metric : str
        One of ``study.metrics``, such as "relative_distance"; a trailing underscore
        may stay.
    estimator : str, default=None
        None is the one estimator of the study that has the parameter and the metric.
    limit : float or str, default=None
        L∞: a number, or the name of an estimator of the study which does not have the
        parameter, such as an InfiniteWidthReLUClassifier beside the networks. It was
        fitted and scored on the same rows with the same seeds, and its metric is
        subtracted repeat by repeat (and fold by fold), so that what both share drops
        out. Then only repeats count in which all fits are done.
    confidence_level : float, default=0.95
    n_resamples : int, default=9999
    random_state : int, RandomState instance or None, default=0
        Of the bootstrap, which a study with a limit does without.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError
        If there is no such metric, estimator or limit, fewer than two widths, or,
        without a limit, a value that is not positive.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.model_selection import fit_power_law, width_study
    >>> from sklearn.datasets import load_iris
    >>> net = OverparamReLUClassifier(
    ...     max_iter=50, n_iter_no_change=None, fit_intercept=False
    ... )
    >>> study = width_study(
    ...     net, *load_iris(return_X_y=True), values=[100, 400, 1600], repeats=3, cv=2,
    ...     random_state=0,
    ... )
    >>> law = fit_power_law(study, "relative_distance_")
    >>> 0.4 < law.p < 0.6
    True
    """
    confidence_level = _LEVEL("confidence_level", confidence_level)
    n_resamples = COUNT("n_resamples", n_resamples)
    random = random_generator(random_state)
    metric = _STUDY("study", study).column(_NAME("metric", metric))
    estimator = _ESTIMATOR("estimator", estimator)
    name = _the_estimator(study, metric) if estimator is None else estimator
    limit = _LIMIT("limit", limit)
    fits = _fits(study, name, metric)
    if limit is not None:
        return _beside_a_limit(study, metric, name, fits, limit, confidence_level)
    units, widths, values = _points(study, fits, metric)
    x, y = np.log(widths), np.log(values)
    n_units = units.max() + 1
    sums = np.zeros((n_units, 5))
    np.add.at(sums, units, np.stack([np.ones_like(x), x, y, x * x, x * y], axis=1))
    c, p = _least_squares(sums.sum(axis=0))
    check_room(
        f"{n_resamples} resamples", 8.0 * n_resamples * n_units, "lower n_resamples"
    )
    counts = random.multinomial(n_units, [1 / n_units] * n_units, n_resamples)
    drawn = _least_squares(counts @ sums)
    c_interval, p_interval = (_interval(d, confidence_level, n_units) for d in drawn)
    return PowerLaw(
        *(metric, name, float(c), float(p)),
        *(c_interval, p_interval, confidence_level, len(x)),
    )


def _beside_a_limit(
    study: WidthStudy,
    metric: str,
    name: str,
    fits: list[Fit],
    limit: float | str,
    level: float,
) -> PowerLaw:
    limits = _limits(study, metric, limit, {_unit(fit) for fit in fits})
    widths = sorted({fit.value for fit in fits})
    found = {(_unit(fit), fit.value): fit.scores[metric] for fit in fits}
    whole = [unit for unit in limits if all((unit, m) in found for m in widths)]
    if not whole:
        raise ValueError(
            f"study must have a repeat in which {name!r} at every {study.param} and "
            f"the limit have {metric}, got none."
        )
    differences = check_finite(
        f"{metric} less its limit",
        np.array([[found[unit, m] - limits[unit] for m in widths] for unit in whole]),
    )
    # In units of the largest, so that no square over- or underflows.
    scale = float(np.abs(differences).max()) or 1.0
    law = DecayingDifference(np.array(widths, dtype=np.float64), differences / scale)
    (c, p), (of_c, of_p) = law.fit(), law.intervals(level)
    return PowerLaw(
        *(metric, name, c * scale, p, (of_c[0] * scale, of_c[1] * scale), of_p, level),
        n_fits=len(whole) * len(widths),
        limit=float(sum(limits[unit] / len(whole) for unit in whole)),
    )


def _limits(
    study: WidthStudy, metric: str, limit: float | str, units: set[Unit]
) -> dict[Unit, float]:
    """L∞ of each repeat and fold that has one."""
    if not isinstance(limit, str):
        return dict.fromkeys(sorted(units, key=str), limit)
    found = {
        _unit(fit): fit.scores[metric]
        for fit in study.fits
        if fit.estimator == limit
        and fit.value is None
        and not np.isnan(fit.scores.get(metric, np.nan))
    }
    if not found:
        fits = [f for f in study.fits if (f.estimator, f.value) == (limit, None)]
        there = [m for m in study.metrics if any(_is_there(f, m) for f in fits)]
        raise ValueError(
            f"limit must be a number or the name of an estimator without {study.param} "
            f"that has {metric}, got {limit!r}"
            + (f", which has {there}." if there else ".")
        )
    return found


def _is_there(fit: Fit, metric: str) -> bool:
    score = fit.scores.get(metric)
    return isinstance(score, Real) and not np.isnan(float(score))


def _unit(fit: Fit) -> Unit:
    """What shares seed and rows: a draw of the bootstrap, a row of differences."""
    return fit.repeat, fit.fold


def _fits(study: WidthStudy, name: str, metric: str) -> list[Fit]:
    """Those of an estimator that have the metric, at positive widths."""
    fits = [
        fit
        for fit in study.fits
        if fit.estimator == name
        and fit.value is not None
        and not np.isnan(fit.scores.get(metric, np.nan))
    ]
    if len({fit.value for fit in fits}) < 2:
        raise ValueError(
            f"estimator must have {metric} at two widths or more, got {name!r} with "
            f"{sorted({fit.value for fit in fits})}."
        )
    for fit in fits:
        if isinstance(fit.value, str) or not fit.value > 0:
            raise ValueError(
                f"{study.param} must be a positive number to follow a power law, got "
                f"{fit.value!r}."
            )
        if np.isinf(fit.scores[metric]):
            raise ValueError(
                f"{metric} must be finite to follow a power law, got "
                f"{fit.scores[metric]} at {study.param}={fit.value}, repeat "
                f"{fit.repeat}."
            )
    return fits


def _points(
    study: WidthStudy, fits: list[Fit], metric: str
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Return the repeat (and fold), the width and the metric of every fit."""
    for fit in fits:
        if not fit.scores[metric] > 0:
            raise ValueError(
                f"{metric} must be positive to follow a power law without a limit, got "
                f"{fit.scores[metric]} at {study.param}={fit.value}, repeat "
                f"{fit.repeat}."
            )
    drawn = [_unit(fit) for fit in fits]
    order = list(dict.fromkeys(drawn))
    return (
        np.array([order.index(unit) for unit in drawn]),
        np.array([fit.value for fit in fits], dtype=np.float64),
        np.array([fit.scores[metric] for fit in fits], dtype=np.float64),
    )


def _the_estimator(study: WidthStudy, metric: str) -> str:
    names = {
        fit.estimator
        for fit in study.fits
        if fit.value is not None and not np.isnan(fit.scores.get(metric, np.nan))
    }
    if len(names) != 1:
        raise ValueError(
            f"estimator must be given where not just one has {metric} at several "
            f"values of {study.param}, got {sorted(names)}."
        )
    return names.pop()


def _least_squares(sums: Any) -> tuple[Any, Any]:
    """C and p of sums (..., 5) of 1, x, y, x², xy over the points."""
    n, x, y, xx, xy = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    spread = n * xx - x * x
    one_width = spread <= 1e-9 * n * xx
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(one_width, np.nan, (n * xy - x * y) / spread)
        return np.exp((y - slope * x) / n), -slope


def _interval(drawn: Floats, level: float, n_units: int) -> tuple[float, float]:
    """Percentiles of the bootstrap, widened as Student's t is beside the normal."""
    if n_units == 1:
        return np.nan, np.nan
    t = np.sqrt(n_units / (n_units - 1)) * stats.t.ppf((1 - level) / 2, n_units - 1)
    tail = stats.norm.cdf(t)
    # A resample of an incomplete study may have a single width, and no slope.
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return float(low), float(high)
