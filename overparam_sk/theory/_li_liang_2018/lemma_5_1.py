"""Lemma 5.1 (A.1) and Lemma B.1: most units keep the gradient of fixed patterns."""

import math
from collections.abc import Iterator

import numpy as np

from overparam_sk.theory._li_liang_2018.facts import Facts
from overparam_sk.theory._li_liang_2018.measured import Measured
from overparam_sk.theory.sheet import SheetRow

__all__ = ["rows", "taus"]

_PART = "Lemma 5.1 (A.1)"
_GENERAL = "Lemma B.1"
_VACUOUS = " The bound is not positive: any share would do."


def taus(facts: Facts) -> dict[str, float]:
    """τ by the run, t = T = τ/η, and by what was seen, the largest move of a unit."""
    moved = float(np.linalg.norm(facts.W - facts.W0, axis=1).max())
    return {"ηT": facts.eta * facts.n_steps, "R": moved}


def rows(facts: Facts, without: Measured, on_all: Measured) -> Iterator[SheetRow]:
    """The coupling, on a row a component and on all rows.

    Parameters
    ----------
    facts : Facts
    without, on_all : Measured
        Without variance, on a row a component, and on all rows.
    """
    by_name = taus(facts)
    yield SheetRow(
        _PART,
        "largest move of a unit, max_r ‖w_r(T) − w_r(0)‖; at most τ = ηT",
        "R",
        by_name["R"],
        "<=",
        by_name["ηT"],
        "t = Õ(τ/η) at t = T, constants 1: also the L ≥ |a_{i,r}| of the proof, "
        "‖w_r(t) − w_r(0)‖ ≤ Lηt, for rows of norm 1.",
    )
    for name, tau in by_name.items():
        bound = 1 - math.e * tau * facts.kl / facts.sigma
        yield from _of_components(facts, without, name, tau, bound)
    yield SheetRow(
        _PART,
        "share of (unit, row) pairs whose pattern changed, on these rows",
        "changed",
        without.changed,
    )
    yield SheetRow(
        _PART,
        f"share of units whose pattern changed on none of all {facts.n} rows",
        "coupled, all",
        on_all.coupled,
        note="The lemma is not about them: its bound would be 1 − eτN/σ.",
    )
    yield SheetRow(
        _PART,
        "share of (unit, row) pairs whose pattern changed, on all rows",
        "changed, all",
        on_all.changed,
    )
    for name, tau in by_name.items():
        yield from _of_any_row(facts, on_all, name, tau)


def _of_components(
    facts: Facts, without: Measured, name: str, tau: float, bound: float
) -> Iterator[SheetRow]:
    vacuous = "" if bound > 0 else _VACUOUS
    yield SheetRow(
        _PART,
        f"1 − eτkl/σ with τ = {name} says something only if it is positive",
        "1 − eτkl/σ",
        bound,
        ">",
        0.0,
        f"τ = {tau:.4g}, σ = {facts.sigma:.4g}, kl = {facts.kl}.",
    )
    yield SheetRow(
        _PART,
        f"share of units with |⟨w_r(0), x⟩| ≥ τ = {name} at all of the components' "
        "rows: H of the proof",
        "|H|/m",
        without.far[tau],
        ">=",
        bound,
        f"Of {len(facts.medoids)} rows, the medoid of each component." + vacuous,
    )
    yield SheetRow(
        _PART,
        "share of units whose pattern changed on none of these rows: gradient = "
        "pseudo gradient",
        "coupled",
        without.coupled,
        ">=",
        bound,
        f"With τ = {name}." + vacuous,
    )


def _of_any_row(
    facts: Facts, on_all: Measured, name: str, tau: float
) -> Iterator[SheetRow]:
    bound = 1 - 10 * tau / facts.sigma
    yield SheetRow(
        _GENERAL,
        f"1 − 10τ/σ with τ = {name} says something only if it is positive",
        "1 − 10τ/σ",
        bound,
        ">",
        0.0,
        f"τ = {tau:.4g}, σ = {facts.sigma:.4g}.",
    )
    yield SheetRow(
        _GENERAL,
        f"share of units with the pattern of w_r(0) and |⟨w_r(T), x⟩| ≥ τ = {name}, "
        "at the row x where it is least",
        "coupled, x",
        on_all.far_and_same[tau],
        ">=",
        bound,
        "For every single x." + ("" if bound > 0 else _VACUOUS),
    )
