"""How Kong's claims are judged: by shares of fits, by pairs of fits, by intervals."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest, kendalltau

from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.kong_2019.runs import Measured, Run

__all__ = [
    "BY_PAIRS",
    "BY_SHARE",
    "ROUNDED",
    "WITH_PROBABILITY",
    "Pairs",
    "by_pairs",
    "by_share",
    "interval",
    "kept_by_width",
    "may_be_of",
    "pairs_in_order",
    "with_interval",
]

# Losses and speeds are known to this relative precision: a bound is not broken by less.
ROUNDED = 1 + 1e-12

BY_SHARE = "holds: in every fit; in trend: in most of the fits."
BY_PAIRS = (
    "holds: in most of the pairs; in trend: in more than half of them, with p < 0.05 "
    "by Kendall's test."
)


WITH_PROBABILITY = "holds: the interval of the share reaches the probability."


class Pairs(NamedTuple):
    """How two figures order pairs of fits.

    Attributes
    ----------
    share : float
        Of the pairs that differ in both figures: those ordered alike. NaN if none does.
    p : float
        Of Kendall's test, two-sided.
    """

    share: float
    p: float

    def __str__(self) -> str:
        if np.isnan(self.share):
            return "no two fits differ in it"
        return f"{self.share:.0%} of the pairs (p = {self.p:.1g})"


def pairs_in_order(x: Sequence[float], y: Sequence[float]) -> Pairs:
    """Compare all pairs of fits in two figures."""
    a, b = (np.sign(np.subtract.outer(v, v)) for v in map(np.asarray, (x, y)))
    both = a * b
    compared = int(np.count_nonzero(both))
    if not compared:
        return Pairs(np.nan, np.nan)
    share = float(np.count_nonzero(both > 0) / compared)
    return Pairs(share, float(kendalltau(x, y).pvalue))


def by_pairs(pairs: Pairs, most: float) -> str:
    """Judge pairs of which most are to be ordered alike; without one, none is."""
    if pairs.share >= most:
        return HOLDS
    return TREND if pairs.share > 0.5 and pairs.p < 0.05 else NOT


def by_share(kept: Iterable[bool], most: float) -> str:
    """Judge what every fit is to keep."""
    share = float(np.mean(list(kept)))
    return HOLDS if share == 1 else TREND if share >= most else NOT


def kept_by_width(data: Measured, keeps: Callable[[Run], bool]) -> str:
    """Count the fits that keep something, all together and at every width."""
    counts = ", ".join(
        f"{sum(map(keeps, runs))} of {len(runs)} (h2={width})"
        for width, runs in data.fits.items()
    )
    return f"{sum(map(keeps, data.runs))} of {len(data.runs)} fits: {counts}"


@lru_cache(maxsize=4096)
@lru_cache(maxsize=4096)
def interval(n_kept: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a probability, of level 95%."""
    found = binomtest(n_kept, n).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def may_be_of(kept: Sequence[bool], probability: float) -> bool:
    """Whether a share may be that of something of at least this probability."""
    return interval(sum(kept), len(kept))[1] >= probability


def with_interval(kept: Sequence[bool]) -> str:
    """Write "90.0% [76.3%, 97.2%]"."""
    low, high = interval(sum(kept), len(kept))
    return f"{np.mean(kept):.1%} [{low:.1%}, {high:.1%}]"
