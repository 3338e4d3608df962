"""Differences from a limit as c·m^(−p), of any sign, with an interval that is exact."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

__all__ = ["DecayingDifference"]

Floats = NDArray[np.float64]
Interval = tuple[float, float]

# Exponents that are looked at; beyond their ends nothing is told apart.
_POWERS = np.linspace(-10.0, 10.0, 4001)
_UNKNOWN = (np.nan, np.nan)


@dataclass(frozen=True)
class DecayingDifference:
    """D(m) = c·m^(−p) + noise, where a unit has one difference at every width.

    Logarithms are of no use, as noise may make a difference negative. So c and p are
    those of least squares in D itself, weighted by m, because a network fluctuates
    about its limit by O(1/√m).

    The p of least squares solves Σ_w u_w(p) D(m_w) = 0, with numbers u_w(p) that depend
    on the widths and p alone and in which c·m^(−p) drops out: Σ_w u_w(p) m_w^(−p) = 0.
    So for the true p each unit gives Σ_w u_w D_w of mean 0, whatever c is and however
    the noise of its widths hangs together, and Student's t test of that mean has its
    level with two units too. The interval is made of the p that it does not refuse, as
    Fieller's is of ratios.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        At least two, different and positive.
    differences : ndarray of shape (n_units, n_widths)
    """

    widths: Floats
    differences: Floats

    def fit(self) -> tuple[float, float]:
        """Return c and p of weighted least squares; p between −10 and 10.

        Of no difference at all both are 0.
        """
        means = self.differences.mean(axis=0)
        if not means.any():
            return 0.0, 0.0
        g, u = self._shapes(_POWERS)
        # What is left of the weighted sum of squares falls as this share rises.
        explained = (g * self._weights @ means) ** 2 / (g**2 @ self._weights)
        best = int(explained.argmax())
        low, high = max(best - 1, 0), min(best + 1, len(_POWERS) - 1)
        slopes = u[[low, high]] @ means
        p = float(_POWERS[best])
        if slopes[0] * slopes[1] < 0:
            p = _root(lambda p: self._slopes(p, means), _POWERS[low], _POWERS[high])
        return float(self._heights(p, means)), p

    def intervals(self, level: float) -> tuple[Interval, Interval]:
        """Confidence intervals of c and of p.

        That of p holds the truth with probability ``level`` if the differences are
        normal; that of c, which takes a p-interval of a higher level, at least.
        Infinite where nothing on that side is refused; NaN for a single unit, and
        where every p is refused.
        """
        if len(self.differences) < 2:
            return _UNKNOWN, _UNKNOWN
        of_p = self._powers(level)
        # Bonferroni: half of what may go wrong for p, half for c beside it.
        half = (1 + level) / 2
        low, high = self._powers(half)
        if not np.isfinite([low, high]).all():
            of_c = _UNKNOWN if np.isnan(low) else (-np.inf, np.inf)
            return of_c, of_p
        heights = self._heights(np.linspace(low, high, 501), self.differences.T)
        middle, error = _mean_and_error(heights)
        reach = _quantile(half, len(self.differences)) * error
        return (float((middle - reach).min()), float((middle + reach).max())), of_p

    def _powers(self, level: float) -> Interval:
        quantile = _quantile(level, len(self.differences))

        def excess(p: float | Floats) -> Floats:
            mean, error = _mean_and_error(self._slopes(p, self.differences.T))
            return np.abs(mean) - quantile * error

        _, p = self.fit()
        kept = _POWERS[excess(_POWERS) <= 0]
        if abs(p) < _POWERS[-1]:
            kept = np.sort([*kept, p])
        if not len(kept):
            return _UNKNOWN
        below, above = _POWERS[kept[0] > _POWERS], _POWERS[kept[-1] < _POWERS]
        low = _edge(excess, kept[0], below[-1]) if len(below) else -np.inf
        high = _edge(excess, kept[-1], above[0]) if len(above) else np.inf
        return low, high

    @property
    def _weights(self) -> Floats:
        return np.asarray(self.widths / self.widths.max())

    @property
    def _places(self) -> Floats:
        """Log m about its mean."""
        logs = np.log(self.widths)
        return np.asarray(logs - logs.mean())

    def _shapes(self, p: float | Floats) -> tuple[Floats, Floats]:
        """G = m^(−p), up to a factor, and u(p): one row for each p."""
        g = np.exp(-np.multiply.outer(p, self._places))
        heavy = self._weights * g
        middle = (heavy * g) @ self._places / np.sum(heavy * g, axis=-1)
        u = heavy * (self._places - np.expand_dims(middle, -1))
        return g, u / np.linalg.norm(u, axis=-1, keepdims=True)

    def _slopes(self, p: float | Floats, differences: Floats) -> Floats:
        return np.asarray(self._shapes(p)[1] @ differences)

    def _heights(self, p: float | Floats, differences: Floats) -> Floats:
        """The c of least squares, for each p."""
        g, _ = self._shapes(p)
        heavy = self._weights * g / (g**2 @ self._weights)[..., None]
        scale = np.exp(np.asarray(p) * np.log(self.widths).mean())
        return np.asarray((heavy * scale[..., None]) @ differences)


def _mean_and_error(of_units: Floats) -> tuple[Floats, Floats]:
    """Mean over the last axis, and its standard error."""
    n = of_units.shape[-1]
    return of_units.mean(axis=-1), of_units.std(axis=-1, ddof=1) / n**0.5


def _quantile(level: float, n_units: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, n_units - 1))


def _edge(excess: Callable[..., Floats], inside: float, outside: float) -> float:
    """Where the interval ends; ``inside`` itself where both ends are rounding noise."""
    if excess(inside) >= 0 or excess(outside) <= 0:
        return float(inside)
    return _root(excess, inside, outside)


def _root(function: Callable[..., Floats], low: float, high: float) -> float:
    return float(brentq(lambda p: float(function(p)), low, high))
