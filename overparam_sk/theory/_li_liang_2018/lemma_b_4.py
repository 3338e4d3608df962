"""Lemmas A.4 and B.4: how fast the loss falls, and so how small v gets."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from overparam_sk.theory._li_liang_2018.facts import Facts, Floats
from overparam_sk.theory._li_liang_2018.measured import Measured
from overparam_sk.theory.sheet import Relation, SheetRow

__all__ = ["Course", "rows", "without_variance"]

_STEPS = 100
_SIMPLE, _GENERAL = "Lemma A.4", "Lemma B.4"
# ηγm (vδ/(kl))², γ = δ/(kl).
_DECREASE = {"η": 1, "m": 1, "v": 2, "δ": 3, "kl": -3}
_NO_V = "v or δ is 0: nothing is asked of the loss."


@dataclass(frozen=True)
class Course:
    """Gradient descent on a row a component: (S), no variance (§5.1).

    Parameters
    ----------
    eta : float
    loss : ndarray of shape (n_steps + 1,)
    v : ndarray of shape (n_steps + 1,)
        v(t), of W(0) to W(T).
    """

    eta: float
    loss: Floats
    v: Floats


def without_variance(facts: Facts, eta: float, n_steps: int) -> Course:
    """Train the network from W(0) on a row a component, by full-batch steps.

    In the space of functions: Z moves by −η X Xᵀ (D ⊙ S), and W is never formed.
    """
    sample, a = facts.row_each, facts.a
    Z = sample.rows @ facts.W0.T
    inner = eta * (sample.rows @ sample.rows.T)
    loss, v = np.zeros((2, n_steps + 1))
    for t in range(n_steps + 1):
        outputs = np.maximum(Z, 0) @ a.T
        residual = sample.residual(outputs)
        loss[t], v[t] = sample.loss(outputs), sample.pv(residual).max()
        D = (residual * sample.weights[:, None]) @ a
        Z -= inner @ (D * (Z > 0))
    return Course(eta, loss, v)


def rows(facts: Facts, on_all: Measured) -> Iterator[SheetRow]:
    """A.4 on a run of its own, and B.4 on what the fit has left."""
    yield from _simplified(facts)
    yield from _general(facts, on_all)


def _simplified(facts: Facts) -> Iterator[SheetRow]:
    delta, sigma, kl = facts.separation.delta, facts.sigma, facts.kl
    if delta > 0:
        course = without_variance(facts, sigma * delta / kl**2 / _STEPS, _STEPS)
        asked = course.eta * facts.m * course.v[:-1] ** 2 * (delta / kl) ** 3
        ratio: float | None = float((-np.diff(course.loss) / asked).min())
        mean: float | None = float(np.square(course.v[1:]).mean())
    else:
        ratio = mean = None
    how = (
        f"{_STEPS} full-batch steps from W(0) on a row a component, the medoid, with "
        f"Tη = σδ/(k²l²); δ = {delta:.4g} is that of all rows."
    )
    yield SheetRow(
        _SIMPLE,
        "smallest decrease of the loss in a step, over ηγm(v(t)δ/(kl))², γ = δ/(kl)",
        "ΔL/(ηγm(vδ/kl)²)",
        ratio,
        ">=",
        1.0,
        f"{how} Constants 1." if delta > 0 else _NO_V,
    )
    bound = facts.power({"kl": 5, "δ": -4, "σ": -1, "m": -1})
    vacuous = bound is not None and bound.log10 >= 0
    yield SheetRow(
        _SIMPLE,
        "mean of v(t)² over these steps",
        "mean v(t)²",
        mean,
        "<=",
        bound,
        ("v ≤ 1: the bound says nothing." if vacuous else "Constants 1.")
        if delta > 0
        else _NO_V,
    )
    yield SheetRow(
        _SIMPLE,
        "T as the lemma states it, σδ/(klη), over that of its proof, σδ/(k²l²η)",
        "T/T",
        float(kl),
        note="Σ v² = k³l³/(δ³ηm) over the proof's T is the stated k⁵l⁵/(δ⁴σm); over "
        "the stated T it would be k⁴l⁴/(δ⁴σm), for which no coupling is shown.",
    )


def _general(facts: Facts, on_all: Measured) -> Iterator[SheetRow]:
    conditions: tuple[tuple[str, str, float, Relation, dict[str, float]], ...] = (
        ("step, times m", "ηm", facts.eta * facts.m, "<=", {"v": 2, "δ": 3, "kl": -3}),
        ("rows of a batch", "B", facts.batch_size, ">=", {"kl": 6, "v": -4, "δ": -6}),
        (
            "iterations, (vδ/(kl))²σγ/η",
            "T",
            facts.n_steps,
            "<=",
            {"v": 2, "δ": 3, "kl": -3, "σ": 1, "η": -1},
        ),
        (
            "iterations that Lemma B.1 permits with the proof's τ = σγ/(100B)",
            "T",
            facts.n_steps,
            "<=",
            {"σ": 1, "δ": 1, "kl": -1, "B": -1, "η": -1},
        ),
    )
    for quantity, symbol, found, relation, powers in conditions:
        required = facts.power(powers, v=on_all.end.v)
        yield SheetRow(
            _GENERAL,
            f"{quantity}, with v = v(T)" if "v" in powers else quantity,
            symbol,
            found,
            relation,
            required,
            "Constants 1, the 100 too." if required else _NO_V,
        )
    yield from _decreases(facts, on_all)


def _decreases(facts: Facts, on_all: Measured) -> Iterator[SheetRow]:
    start, end = on_all.start, on_all.end
    decreases = (
        (
            "decrease of the loss in a full-batch step from W(0)",
            start.decrease,
            start.v,
        ),
        ("decrease of the loss in a full-batch step from W(T)", end.decrease, end.v),
        (
            "mean decrease of the loss in a step of the run, (L(0) − L(T))/T",
            (start.loss - end.loss) / max(1, facts.n_steps),
            end.v,
        ),
    )
    for quantity, found, v in decreases:
        required = facts.power(_DECREASE, v=v)
        yield SheetRow(
            _GENERAL,
            f"{quantity}; at least ηγm(vδ/(kl))², γ = δ/(kl)",
            "ΔL",
            found,
            ">=",
            required,
            f"v = {v:.4g}. Constants 1." if required else _NO_V,
        )
