"""The numbers of Kong (2019): widths, radii and bounds, with every O and Ω as 1."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.stats import chi2

from overparam_sk.networks import RowNorm
from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory.powers import PowerProduct

__all__ = ["UNBOUND", "Numbers", "expected_loss", "mean_square"]

UNBOUND = "λ_0 = 0: no width is large enough. "


def mean_square(d: int, row_norm: RowNorm) -> float:
    """Of an entry of a row of N(0, I_d), scaled by ``row_norm``."""
    if row_norm is None:
        return 1.0
    if row_norm == "unit":
        return 1 / d
    # E min(s, 1)/d with s the squared norm, whose density times s is d times that of
    # two more degrees of freedom.
    return float(chi2.cdf(1, d + 2) + chi2.sf(1, d) / d)


def expected_loss(measured: Measured) -> float:
    """E L(0) = ½ ‖y‖² + ½ Σ_i E u_i², where eq. (12) has ‖y‖² + n.

    Half of a symmetric square lies above 0, in either layer: with a and b the mean
    squares of an entry of A and of B, E u_i² = a b ‖x_i‖²/4.
    """
    X, y = measured.start.X, measured.start.y
    a = mean_square(X.shape[1], measured.row_norm)
    b = mean_square(measured.h1, measured.row_norm)
    return float(y @ y) / 2 + a * b * float(np.square(X).sum()) / 8


@dataclass(frozen=True)
class Numbers:
    """What the lemmas make of a network's n, h1, h2, L(0) and λ_0.

    Parameters
    ----------
    measured : Measured
    delta : float
        The probability that a lemma may fail with, in (0, 1).
    """

    measured: Measured
    delta: float

    @cached_property
    def bases(self) -> dict[str, float]:
        """Symbol -> value, of what is raised to powers."""
        m = self.measured
        return {
            "8": 8.0,
            "32": 32.0,
            "n": float(m.n),
            "h1": float(m.h1),
            "L(0)": m.start.loss,
            "λ_0": m.lambda_0[0],
            "δ": self.delta,
            "E L(0)": expected_loss(m),
            # Their ratio may be too large for a float.
            "log(2n²/δ)": math.log(2 * m.n**2) - math.log(self.delta),
        }

    def product(self, powers: dict[str, float]) -> PowerProduct | None:
        """Return the product; None where λ_0, L(0) or E L(0) is 0."""
        bases = {symbol: self.bases[symbol] for symbol in powers}
        return PowerProduct(bases, powers) if all(bases.values()) else None

    @property
    def lambda_0(self) -> float:
        """λ_min(H∞)."""
        return self.measured.lambda_0[0]

    @property
    def R(self) -> tuple[float, float]:
        """R_A and R_B of Lemma 5, with c = 1."""
        R_B = self.delta * self.lambda_0 / self.measured.n
        return R_B / self.measured.h1, R_B

    @property
    def R_prime(self) -> tuple[float, float] | tuple[None, None]:
        """R'_A and R'_B of Lemma 6; None where λ_0 is 0."""
        m = self.measured
        scale = self._scale
        if scale is None:
            return None, None
        return scale * (m.h1 * m.h2 ** (2 / 3)) ** -0.5, scale * m.h2**-0.5

    @property
    def R_prime_A_by_columns(self) -> float | None:
        """R'_A with √(h2/h1), what a column's sum is about, for h2^(1/6) in (46)."""
        return None if self._scale is None else self._scale / self.measured.h1

    @property
    def _scale(self) -> float | None:
        """(2/λ_0) √(2nL(0))."""
        if not self.lambda_0:
            return None
        m = self.measured
        return 2 / self.lambda_0 * math.sqrt(2 * m.n * m.start.loss)

    @cached_property
    def pattern_bounds(self) -> dict[str, float]:
        """Eqs. (31) to (35), with the largest moves for R_A and R_B."""
        R_A, R_B = self.measured.moves
        R_Y = self.measured.h1 * R_A
        sums = {"31": R_A, "33": R_Y + R_B, "34": R_Y + R_A + R_B}
        sums["35"] = sums["36"] = 2 * sums["34"]
        return {eq: 2 * R / math.sqrt(2 * math.pi) for eq, R in sums.items()}

    @cached_property
    def gram_bounds(self) -> dict[str, float]:
        """Eqs. (36) to (42), with the largest moves for R_A and R_B."""
        m = self.measured
        R_A, R_B = m.moves
        A, B = 2 * R_A + R_A**2, 2 * R_B + R_B**2
        now = 2 * (1 + R_A**2 + (1 + R_B**2) / m.h2)
        start = 2 * (1 + 1 / m.h2)
        # The last line of (41), before it is written as an O: Σ_{p,r}, Σ_p, Σ_{p,q}.
        same = (m.h1 * m.h2 * A + m.h2 * B + m.h2**2 * B) / (m.h1 * m.h2)
        return {
            "38": now,
            "39": start,
            "41": same,
            "41, as an O": max(R_A, R_B),
            "36": same + self.pattern_bounds["36"] * (now + start),
            "42": max(m.h1 * R_A, R_B),
        }
