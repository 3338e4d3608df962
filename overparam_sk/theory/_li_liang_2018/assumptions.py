"""Assumptions (A1) to (A3) of §3, and how the network was trained."""

import math
from collections.abc import Iterator

import numpy as np

from overparam_sk.theory._li_liang_2018.facts import Facts, Floats
from overparam_sk.theory.sheet import SheetRow

__all__ = ["rows"]

# Rows that were scaled to norm 1 in float32 have it to this.
_ROUNDING = 1e-6
# A sample of Gaussians has a mean square no further from its expectation, in standard
# errors.
_ERRORS = 5.0
# Losses of float32 outputs are known to this, relative to this much at least.
_SAME_LOSS, _SMALL_LOSS = 1e-3, 1e-3


def rows(facts: Facts, loss: float) -> Iterator[SheetRow]:
    """The assumptions, in the paper's order; ``loss`` is that of the rows at w(T)."""
    yield from _separability(facts)
    yield _antipodes(facts)
    yield _norms(facts)
    yield from _initialisation(facts)
    yield from _training(facts, loss)


def _separability(facts: Facts) -> Iterator[SheetRow]:
    found, part = facts.separation, "(A1)"
    n_components, delta = found.n_components, found.delta
    yield SheetRow(
        part,
        "smallest distance between rows of different classes",
        "δ",
        delta,
        ">",
        0.0,
        "The supports are those of the given rows: of more rows δ is smaller and λ "
        "larger."
        + " In the network's coordinates, (x − offset_)/scale_."
        * facts.scaled,
    )
    apart = delta > 0
    yield SheetRow(
        part,
        f"largest diameter of a component over δ; l = {n_components}, so 1/(8l)",
        "λ",
        found.lambda_ if apart else None,
        "<=",
        found.bound,
        "" if apart else "δ = 0: rows of two classes are equal.",
    )
    permitted = apart and found.lambda_ > 0
    yield SheetRow(
        part,
        "α of footnote 1, λ ≤ 1/((1+α)l), that λ permits",
        "α",
        1 / (found.lambda_ * n_components) - 1 if permitted else None,
        ">" if permitted or not apart else None,
        0.0,
        '1/(8l) is α = 7. "paying a large polynomial in 1/α in the sample complexity", '
        "which the paper does not state."
        if permitted
        else "λ = 0 permits every α > 0."
        if apart
        else "δ = 0: rows of two classes are equal.",
    )


def _antipodes(facts: Facts) -> SheetRow:
    """What the proof of Lemma A.2 takes from (A1), and (A1) does not give."""
    delta = facts.separation.delta
    return SheetRow(
        "(A1), as Lemma A.2's proof uses it",
        "smallest 1 − ⟨x, x'⟩² of rows x, x' of different classes, scaled to norm 1",
        "1 − ⟨x,x'⟩²",
        _smallest_square_of_sine(facts),
        ">=",
        delta**2,
        '"By assumption" it is said to be at least δ². For unit vectors D apart it is '
        "D²(1 − D²/4) < D²: 0 for x' = −x, which (A1) does not exclude. Where it is 0 "
        "the theorem may fail: a hexagon of alternating labels meets (A1) and (A2), "
        "and no network without a constant 1 learns it.",
    )


def _smallest_square_of_sine(facts: Facts) -> float:
    places = facts.separation.rows
    labels = facts.labels[places]
    lengths = np.linalg.norm(facts.rows[places], axis=1, keepdims=True)
    units = facts.rows[places] / np.where(lengths > 0, lengths, 1)
    largest = 0.0
    for label in np.unique(labels)[:-1]:
        cosines = units[labels == label] @ units[labels > label].T
        largest = max(largest, float(np.square(cosines).max()))
    return max(0.0, 1 - largest)


def _norms(facts: Facts) -> SheetRow:
    lengths = np.linalg.norm(facts.rows, axis=1)
    constant = facts.rows.shape[1] > 0 and bool((facts.rows[:, -1] == 1).all())
    return SheetRow(
        "(A2)",
        "largest distance of a row's norm from 1",
        "|‖x‖ − 1|",
        float(np.abs(lengths - 1).max()),
        "<=",
        _ROUNDING,
        f"Norms from {lengths.min():.4g} to {lengths.max():.4g}"
        + ", the constant 1 of the intercept counted" * constant
        + f"; {_ROUNDING:g} is float32's rounding.",
    )


def _initialisation(facts: Facts) -> Iterator[SheetRow]:
    part = "(A3)"
    drawn = (
        ("w_r(0)", facts.W0, facts.sigma, "σ = 1/√m"),
        ("a_{i,r}", facts.a, 1.0, "1"),
    )
    for symbol, entries, std, name in drawn:
        yield SheetRow(
            part,
            f"mean square of the entries of {symbol}, which are N(0, s²), s = {name}: "
            "distance from s² in standard errors",
            symbol,
            _standard_errors(entries, std),
            "<=",
            _ERRORS,
            f"Root mean square {math.sqrt(np.square(entries).mean()):.4g}, "
            f"s = {std:.4g}."
            + (" Not of hidden_weights_, but in the coordinates (x − offset_)/scale_.")
            * (facts.scaled and entries is facts.W0),
        )


def _standard_errors(entries: Floats, std: float) -> float:
    """A mean of the squares of N Gaussians has the variance 2 s⁴/N."""
    ratio = float(np.square(entries / std).mean())
    return abs(ratio - 1) / math.sqrt(2 / entries.size)


def _training(facts: Facts, loss: float) -> Iterator[SheetRow]:
    part = "§3, learning process"
    yield SheetRow(
        part,
        "momentum: SGD has none",
        "momentum",
        facts.momentum,
        "<=",
        0.0,
    )
    yield SheetRow(
        part,
        "1 if the step is constant and the loss the mean cross-entropy",
        "plain",
        float(facts.is_plain),
        ">=",
        1.0,
        ""
        if facts.is_plain
        else 'learning_rate="auto" lengthens the step (η is the shortest), or '
        "class_weight weighs the rows.",
    )
    theirs = facts.loss_of_fit
    yield SheetRow(
        part,
        "loss on these rows against that of the fit's own, all with weight 1: their "
        f"difference over the larger, or over {_SMALL_LOSS:g}",
        "L(w(T))",
        None if theirs is None else abs(loss - theirs) / max(loss, theirs, _SMALL_LOSS),
        "<=",
        _SAME_LOSS,
        "Not tested: without diagnostics loss_ is of the last pass's batches."
        if theirs is None
        else f"{loss:.4g} here, {theirs:.4g} in the fit: other rows, or weights, make "
        "them differ.",
    )
    yield SheetRow(
        part,
        "passes over the rows, T·B/N: the paper's T = N/B is one",
        "T·B/N",
        facts.n_steps * facts.batch_size / facts.n,
        "<=",
        1.0,
        "The proof takes every batch as new rows, independent of w(t).",
    )
