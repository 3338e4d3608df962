"""Eqs. (31) to (44) of Kong (2019): patterns and Gram matrix against their bounds."""

import numpy as np

from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory._kong_2019.numbers import Numbers
from overparam_sk.theory._kong_2019.patterns import chance_near_zero, changed_shares
from overparam_sk.theory.sheet import SheetRow
from overparam_sk.theory.slips import cite

__all__ = ["rows"]

_CHANGE = "mean |H_ij(t) − H_ij(0)|"
_MOVES = "with the largest moves for R_A, R_B"
# Equation -> what has changed, its symbol, the slip.
_SHARES = {
    "31": ("patterns of the first layer", "1_i{r}", "eq. 31"),
    "33": ("patterns of the second layer", "1_i{p}", "eq. 32"),
    "34": ("patterns of two units on a row", "1_i{p,r}", ""),
    "35": ("patterns of two units on two rows", "1_ij{p,r}", ""),
    "36": ("two rows with any changed pattern", "∪_{p,r} 1_ij{p,r}", "eq. 36"),
}


def rows(m: Measured, numbers: Numbers) -> list[SheetRow]:
    """Rows of the sheet on what changed between time 0 and now."""
    return [*_patterns(m, numbers), *_gram(m, numbers), *_markov(m, numbers)]


def _patterns(m: Measured, numbers: Numbers) -> list[SheetRow]:
    found = changed_shares(m.start.patterns, m.end.patterns)
    R_A = m.moves[0]
    near = float((np.abs(m.start.first) <= R_A).mean())
    chance = chance_near_zero(R_A, m.start.A.shape[1], m.row_norm)
    bounds = numbers.pattern_bounds
    event = {
        "share of |A_r(0)·x_i| ≤ R_A, which (31) goes by": near,
        "probability of that for a row that is scaled as A's are": chance,
    }
    return [
        *(
            SheetRow(
                "eq. (31)",
                words,
                "P(|A_r(0)·x| ≤ R_A)",
                value,
                "<=",
                bounds["31"],
                cite("K19", "eq. 31"),
            )
            for words, value in event.items()
        ),
        *(
            SheetRow(
                f"eq. ({eq})",
                f"share of {words}" + (", changed" if eq != "36" else ""),
                symbol,
                found[eq],
                "<=",
                bounds[eq],
                f"{_MOVES}. {_empty(bounds[eq])}{cite('K19', slip) if slip else ''}",
            )
            for eq, (words, symbol, slip) in _SHARES.items()
        ),
    ]


def _empty(bound: float) -> str:
    return "A bound from 1 on says nothing. " if bound >= 1 else ""


def _gram(m: Measured, numbers: Numbers) -> list[SheetRow]:
    """Eqs. (36) to (42)."""
    bounds = numbers.gram_bounds
    now, start, change = (
        float(np.abs(H).mean()) for H in (m.end.gram, m.start.gram, m.drift)
    )
    by_patterns = (
        f"{_MOVES}; (41) alone, where no pattern changes, is {bounds['41']:.3g}"
    )
    found = [
        ("38", "mean entry of H now", "mean |H_ij(t)|", now, "p ≠ q"),
        ("39", "mean entry of H at the start", "mean |H_ij(0)|", start, ""),
    ]
    return [
        *(
            SheetRow(
                f"eq. ({eq})",
                words,
                symbol,
                value,
                "<=",
                bounds[eq],
                cite("K19", f"eq. {eq}, {slip}") if slip else "",
            )
            for eq, words, symbol, value, slip in found
        ),
        SheetRow(
            "eq. (36)",
            "mean change of an entry, by (35), (38), (39) and the last line of (41)",
            _CHANGE,
            change,
            "<=",
            bounds["36"],
            by_patterns,
        ),
        SheetRow(
            "eq. (41)",
            "its last line, Σ_{p,q} and all, against the O it is written as",
            "(41)",
            bounds["41"],
            "<=",
            bounds["41, as an O"],
            f"max(R_A, R_B) with constant 1. {cite('K19', 'eq. 41')}",
        ),
        SheetRow(
            "eq. (42)",
            "mean change of an entry",
            _CHANGE,
            change,
            "<=",
            bounds["42"],
            f"max(h1 R_A, R_B) with constant 1, {_MOVES}",
        ),
    ]


def _markov(m: Measured, numbers: Numbers) -> list[SheetRow]:
    """Eq. (43): what makes λ_min(H(t)) ≥ λ_0/2 of ¾ λ_0."""
    lambda_0 = numbers.lambda_0
    return [
        SheetRow(
            "eq. (43)",
            "mean change of an entry, as Markov's inequality asks",
            _CHANGE,
            float(np.abs(m.drift).mean()),
            "<=",
            numbers.delta * lambda_0 / (4 * m.n),
            "then ‖H(t) − H(0)‖_F ≤ λ_0/4 with probability 1 − δ",
        ),
        SheetRow(
            "eq. (43)",
            "change of the Gram matrix",
            "‖H(t) − H(0)‖",
            float(np.linalg.norm(m.drift, 2)),
            "<=",
            lambda_0 / 4,
        ),
    ]
