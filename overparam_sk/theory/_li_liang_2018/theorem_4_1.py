"""Theorem 4.1 with the powers of its proof (B.3), and what follows for random labels.

The proof has v = ε³/(8kl): an error of ε/2 in components of p ≥ ε/(2kl) means an
E[v_{a,a,b}] of (ε/2)². Lemma B.4, with γ = δ/(kl), makes of it

    ηm = γ (vδ/(kl))² = X,  B = (kl/(vδ))⁴/γ²,
    T = L(0)/(ηm X) = 1/X²,  and T ≤ (σ/η) X  ⇔  m ≥ 1/X⁴,

where X = δ³ε⁶/(64 (kl)⁵) and the paper leaves the 64 to the Õ. It keeps the 8 in B, as
B is written in v.
"""

from collections.abc import Iterator

import numpy as np

from overparam_sk.distances import smallest_distance
from overparam_sk.theory._li_liang_2018.facts import Facts
from overparam_sk.theory.sheet import Relation, SheetRow

__all__ = ["rows"]

_PART = "Theorem 4.1"
_RANDOM = "Theorem 4.1 with a component each row (§4)"
_NO_DISTANCE = "δ = 0: nothing is enough."


def rows(facts: Facts, error: float) -> Iterator[SheetRow]:
    """The theorem's numbers, its conclusion, and the same with every row a component.

    Parameters
    ----------
    facts : Facts
    error : float
        Share of the rows that are not classified rightly.
    """
    yield from _conditions(facts)
    yield SheetRow(
        _PART,
        "share of the rows whose class does not have the largest output alone",
        "error",
        error,
        "<=",
        facts.epsilon,
        "The conclusion. The theorem speaks of new rows; these are the ones given.",
    )
    yield from _random_labels(facts)


# Quantity, symbol, how it is to stand to the product of powers, these, and a note.
_CONDITIONS: tuple[tuple[str, str, Relation, dict[str, int], str], ...] = (
    (
        "hidden units",
        "m",
        ">=",
        {"kl": 20, "δ": -12, "ε": -24},
        "Constants and logarithms 1; with the 8 of v = ε³/(8kl) kept it would be 64⁴ "
        "times as many, 7.2 digits more.",
    ),
    (
        "hidden units, if B.4's proof is to have its own τ = σγ/(100B)",
        "m",
        ">=",
        {"kl": 32, "δ": -20, "ε": -36},
        "Lemma B.4 states t ≤ (vδ/kl)²σγ/η, but its proof uses Lemma B.1 with τ = "
        "σγ/(100B), and so t ≤ σγ/(100Bη), which is 100 (kl/(vδ))²/γ² times less. "
        "Constants, the 100 and the 8 too, are 1.",
    ),
    (
        "iterations, of which the theorem needs at most so many",
        "T",
        "<=",
        {"kl": 10, "δ": -6, "ε": -12},
        "Fewer break nothing, but only after as many is the error promised to be ≤ ε. "
        "Constants and logarithms, L(0) among them, 1.",
    ),
    (
        "step, times m",
        "ηm",
        "<=",
        {"kl": -5, "δ": 3, "ε": 6},
        "Constants 1; the 8 kept, 64 times less.",
    ),
    (
        "rows of a batch, (8k²l²/(ε³δ))⁴ (kl/δ)²",
        "B",
        ">=",
        {"8": 4, "kl": 10, "δ": -6, "ε": -12},
        "(kl/(vδ))⁴/γ² with v = ε³/(8kl), γ = δ/(kl): here the 8 is kept.",
    ),
    (
        "training rows, B·T of the above, as each batch is of new ones",
        "N",
        ">=",
        {"8": 4, "kl": 20, "δ": -12, "ε": -24},
        "N = BT (§3): one pass.",
    ),
)


def _conditions(facts: Facts) -> Iterator[SheetRow]:
    found = {
        "m": facts.m,
        "T": facts.n_steps,
        "ηm": facts.eta * facts.m,
        "B": facts.batch_size,
        "N": facts.n,
    }
    for quantity, symbol, relation, powers, note in _CONDITIONS:
        required = facts.power(powers)
        yield SheetRow(
            _PART,
            quantity,
            symbol,
            found[symbol],
            relation,
            required,
            note if required else _NO_DISTANCE,
        )


def _random_labels(facts: Facts) -> Iterator[SheetRow]:
    """Every example an individual distribution: kl becomes N, λ is 0."""
    distinct, apart = _distinct_rows(facts)
    labelled_twice = facts.separation.delta == 0
    yield SheetRow(
        _RANDOM,
        "smallest distance between two rows that are not equal",
        "δ'",
        apart,
        ">",
        0.0,
        "λ = 0. Of any classes, as labels may be arbitrary. Rows of one label that are "
        "equal are one component."
        + " Equal rows have different labels: no network fits them."
        * labelled_twice,
    )
    symbols = {"δ'": 0.0 if labelled_twice or apart is None else apart, "N": distinct}
    for quantity, powers, note in (
        (
            "hidden units, for an error of ε",
            {"N": 20, "δ'": -12, "ε": -24},
            'Of "m = poly(N, 1/δ\')": the powers are those above, with N components in '
            "all for kl.",
        ),
        (
            "hidden units, to fit every label",
            {"N": 44, "δ'": -12},
            "An error of less than a row: ε = 1/N.",
        ),
    ):
        required = facts.power(powers, **symbols)
        why = "" if required else " There is no δ'."
        yield SheetRow(_RANDOM, quantity, "m", facts.m, ">=", required, note + why)


def _distinct_rows(facts: Facts) -> tuple[int, float | None]:
    """How many rows differ, and the smallest distance of any two; None of one."""
    distinct = np.unique(facts.rows[facts.separation.rows], axis=0)
    if len(distinct) < 2:
        return len(distinct), None
    return len(distinct), smallest_distance(distinct)
