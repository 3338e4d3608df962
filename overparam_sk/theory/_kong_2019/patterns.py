"""Changed patterns of two hidden layers, counted without a loop over pairs of units."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import beta, chi

from overparam_sk.networks import RowNorm

__all__ = ["Patterns", "chance_near_zero", "changed_shares"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Patterns:
    """Which units are on, row by row.

    Parameters
    ----------
    first : ndarray of shape (n, h1), bool
        1_i{r} (eq. 14).
    second : ndarray of shape (n, h2), bool
        1_i{p}.
    """

    first: Bools
    second: Bools

    def __and__(self, other: "Patterns") -> "Patterns":
        """What is on in both."""
        return Patterns(self.first & other.first, self.second & other.second)

    @property
    def pairs_on(self) -> Floats:
        """For each row, how many (p, r) have 1_i{p, r} = 1_i{p} 1_i{r} = 1."""
        on: Floats = self.first.sum(axis=1) * self.second.sum(axis=1).astype(float)
        return on

    @property
    def pairs_on_together(self) -> Floats:
        """For each two rows, how many (p, r) have 1_ij{p, r} = 1; shape (n, n)."""
        one, two = (layer.astype(float) for layer in (self.first, self.second))
        on: Floats = (one @ one.T) * (two @ two.T)
        return on


def changed_shares(before: Patterns, after: Patterns) -> dict[str, float]:
    """Shares of patterns that changed, by the equation that bounds their probability.

    Parameters
    ----------
    before, after : Patterns

    Returns
    -------
    dict of str to float
        "31": of 1_i{r}; "33": of 1_i{p}; "34": of 1_i{p, r}; "35": of 1_ij{p, r}, the
        rows i = j among them; "36": of the (i, j) with any changed 1_ij{p, r}.
    """
    both = before & after
    single, double = (
        getattr(before, kind) + getattr(after, kind) - 2 * getattr(both, kind)
        for kind in ("pairs_on", "pairs_on_together")
    )
    pairs = before.first.shape[1] * before.second.shape[1]
    return {
        "31": float((before.first != after.first).mean()),
        "33": float((before.second != after.second).mean()),
        "34": float(single.mean()) / pairs,
        "35": float(double.mean()) / pairs,
        "36": float((double > 0).mean()),
    }


def chance_near_zero(radius: float, d: int, row_norm: RowNorm) -> float:
    """P(|a·x| ≤ radius) for a unit x and a row a of N(0, I_d), scaled by ``row_norm``.

    That is the event behind eq. (31), in which a has not been scaled. (a·x)²/‖a‖² has
    the distribution Beta(1/2, (d − 1)/2).
    """

    def of_norm(norm: float) -> float:
        share = (radius / norm) ** 2 if norm * 1e150 > radius else math.inf
        if d == 1:
            return float(share >= 1)
        return float(beta.cdf(share, 0.5, (d - 1) / 2))

    if row_norm is None:
        return math.erf(radius / math.sqrt(2))
    if row_norm == "unit":
        return of_norm(1.0)
    short, _ = quad(lambda norm: chi.pdf(norm, d) * of_norm(norm), 0.0, 1.0)
    return float(short + chi.sf(1.0, d) * of_norm(1.0))
