"""How far a probability may be above a frequency: the inverse of the binary kl."""

import math

from scipy.optimize import brentq

__all__ = ["binary_kl", "kl_inverse"]


def binary_kl(q: float, p: float) -> float:
    """kl(q ‖ p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)), in nats."""
    terms = ((q, p), (1 - q, 1 - p))
    if any(a > 0 and b <= 0 for a, b in terms):
        return math.inf
    return math.fsum(a * math.log(a / b) for a, b in terms if a > 0)


def kl_inverse(q: float, budget: float) -> float:
    """Largest p with kl(q ‖ p) ≤ ``budget``; of q = 0 it is 1 − exp(−budget).

    By Hoeffding (1963, Theorem 1) the mean q of N independent variables in [0, 1] whose
    means have the average p is so small as to have kl(q ‖ p) ≥ ε, below p, with
    probability at most exp(−Nε): they may differ from each other.
    """
    if q >= 1 or budget == math.inf:
        return 1.0
    # From above: what is rounded is rounded against us.
    top = math.nextafter(1.0, 0.0)
    if binary_kl(q, top) <= budget:
        return 1.0
    root = brentq(lambda p: binary_kl(q, p) - budget, q, top, xtol=1e-14)
    return min(1.0, float(root) + 1e-13)
