"""The verdicts, and how one moves with a threshold that is not the paper's."""

from collections.abc import Callable

import numpy as np

__all__ = ["HOLDS", "MARKS", "NOT", "PALETTE", "TREND", "UNTESTED", "VERDICTS", "moves"]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"
UNTESTED = "not tested: conditions out of reach"

VERDICTS = (HOLDS, TREND, NOT, UNTESTED)

# Of Okabe and Ito's colours, and a grey, which the colour-blind can tell apart; the
# marks are for whoever sees no colour.
PALETTE = {HOLDS: "#0072B2", TREND: "#F0E442", NOT: "#D55E00", UNTESTED: "#D4D4D4"}
MARKS = {HOLDS: "✓", TREND: "~", NOT: "✗", UNTESTED: "?"}

_RANKS = {NOT: 0, UNTESTED: 0, TREND: 1, HOLDS: 2}
# How far from a threshold another is tried, as a factor, and how closely the critical
# one is looked for.
_FAR, _CLOSE = 1000.0, 1e-4


def moves(name: str, value: float, verdict: Callable[[float], str]) -> str:
    """Say for which values of a threshold the verdict would be another.

    Parameters
    ----------
    name : str
    value : float
        The threshold that was used, above 0.
    verdict : callable
        Threshold -> verdict, which only gets better, or only worse, as it grows.

    Returns
    -------
    str
        The critical thresholds, of which each is found by bisection, up to a thousandth
        and a thousand times ``value``.
    """
    low, high = value / _FAR, value * _FAR
    ends = _RANKS[verdict(low)], _RANKS[verdict(high)]
    if ends[0] == ends[1]:
        return f"{name} {value:g}: {verdict(value)}, whatever it is"
    grows, words = ends[0] < ends[1], []
    side = "from {:.3g} on" if grows else "up to {:.3g}"
    for wanted in (HOLDS, TREND):
        rank = _RANKS[wanted]

        def reached(threshold: float, rank: int = rank) -> bool:
            return _RANKS[verdict(threshold)] >= rank

        if min(ends) < rank <= max(ends):
            critical = _critical(low, high, reached)
            words.append(f"{wanted} {side.format(critical)}")
    if min(ends) == _RANKS[TREND]:
        words.append(f"{TREND} else")
    return f"{name} {value:g}: {', '.join(words)}"


def _critical(low: float, high: float, reached: Callable[[float], bool]) -> float:
    """Return where ``reached`` turns, between two thresholds that differ in it."""
    at_low = reached(low)
    while high / low > 1 + _CLOSE:
        middle = float(np.sqrt(low * high))
        if reached(middle) == at_low:
            low = middle
        else:
            high = middle
    return low if at_low else high
