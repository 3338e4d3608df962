"""The verdicts, and how one moves with a threshold that is not the paper's."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

__all__ = [
    "HOLDS",
    "MARKS",
    "MEANINGS",
    "NOT",
    "PALETTE",
    "TREND",
    "UNTESTED",
    "VERDICTS",
    "ink",
    "moves",
]

HOLDS = "holds"
TREND = "holds in trend"
NOT = "does not hold as printed"
UNTESTED = "not tested: conditions out of reach"

VERDICTS = (HOLDS, TREND, NOT, UNTESTED)

# Of Okabe and Ito's colours, and a grey, which the colour-blind can tell apart; the
# marks are for whoever sees no colour.
PALETTE = {HOLDS: "#0072B2", TREND: "#F0E442", NOT: "#D55E00", UNTESTED: "#D4D4D4"}
MARKS = {HOLDS: "✓", TREND: "~", NOT: "✗", UNTESTED: "?"}
MEANINGS = {
    HOLDS: "what was measured is as the paper says, by the rule, wherever it was tried",
    TREND: "not everywhere, but where the rule says that it counts: mostly at the "
    "largest width",
    NOT: "what was measured is not as the paper prints it; the reason stands beside "
    "it, where it is known",
    UNTESTED: "the claim supposes what no run can have, so that nothing follows",
}

# How far from a threshold others are tried, as a factor, in how many steps, and how
# closely it is looked for where a verdict turns.
_FAR, _N_TRIED, _CLOSE = 1000.0, 61, 1e-4


def ink(verdict: str) -> str:
    """Colour of what is written on a verdict's: on the dark blue it is white."""
    return "#ffffff" if verdict == HOLDS else "#000000"


def moves(name: str, value: float, verdict: Callable[[float], str]) -> str:
    """Say for which values of a threshold the verdict would be another.

    Parameters
    ----------
    name : str
    value : float
        The threshold that was used, above 0.
    verdict : callable
        Threshold -> verdict.

    Returns
    -------
    str
        The verdicts as the threshold grows from a thousandth to a thousand times
        ``value``, and where they turn, found by bisection.
    """
    tried = (value * np.geomspace(1 / _FAR, _FAR, _N_TRIED)).tolist()
    found = [(threshold, verdict(threshold)) for threshold in tried]
    turns = [turn for pair in pairwise(found) for turn in _turns(*pair, verdict)]
    if not turns:
        return f"{name} {value:g}: {found[0][1]}, whatever it is"
    words = ", ".join(f"{before} up to {at:.3g}" for at, before in turns)
    return f"{name} {value:g}: {words}, {found[-1][1]} beyond"


def _turns(
    low: tuple[float, str], high: tuple[float, str], verdict: Callable[[float], str]
) -> list[tuple[float, str]]:
    """List where the verdict turns between two thresholds, and what it was before."""
    if low[1] == high[1]:
        return []
    if high[0] / low[0] <= 1 + _CLOSE:
        return [low]
    threshold = float(np.sqrt(low[0] * high[0]))
    middle = threshold, verdict(threshold)
    return [*_turns(low, middle, verdict), *_turns(middle, high, verdict)]
