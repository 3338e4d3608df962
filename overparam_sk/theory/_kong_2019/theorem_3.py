"""Theorem 3 of Kong (2019), and what section IV-C makes of L(0)."""

import math

import numpy as np

from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory._kong_2019.numbers import UNBOUND, Numbers
from overparam_sk.theory.sheet import SheetRow
from overparam_sk.theory.slips import cite

__all__ = ["rows"]

_NO_TIME = (
    "Not tested: only a constant step without momentum has the flow's time t = η · "
    "iteration."
)


def rows(m: Measured, numbers: Numbers, epsilon: float) -> list[SheetRow]:
    """Rows of the sheet on the theorem."""
    return [*_theorem_3(m, numbers, epsilon), *_start(m, numbers)]


def _theorem_3(m: Measured, numbers: Numbers, epsilon: float) -> list[SheetRow]:
    part = "Theorem 3"
    width = numbers.product({"n": 4.5, "L(0)": 1.5, "h1": 1.5, "λ_0": -6, "δ": -3})
    needs = "" if width else UNBOUND
    return [
        SheetRow(
            part,
            "width of the second layer",
            "h2",
            m.h2,
            ">=",
            width,
            needs + cite("K19", "eq. 41"),
        ),
        SheetRow(
            part,
            "loss over the bound, the most at a look after the first",
            "L(t)/(exp(−λ_0 t) L(0))",
            _over_bound(m),
            "<=",
            1.0,
            _NO_TIME if m.step is None else "of the steps taken, not of the flow",
        ),
        SheetRow(
            part,
            "iterations to a loss of ε, where the bound has log(L(0)/ε)/(λ_0 η)",
            "t/η",
            _first_below(m, epsilon),
            "<=",
            _iterations(m, numbers, epsilon),
            _NO_TIME if m.step is None else "found at a look; none if not reached",
        ),
    ]


def _over_bound(m: Measured) -> float | None:
    """The largest ratio after the first look: it is 1 there."""
    if m.times is None or len(m.times) < 2 or not m.history["loss"][0]:
        return None
    with np.errstate(divide="ignore"):
        logs = np.log(m.history["loss"] / m.history["loss"][0])
    return float(np.exp((logs + m.lambda_0[0] * m.times)[1:].max()))


def _first_below(m: Measured, epsilon: float) -> float | None:
    below = np.flatnonzero(m.history["loss"] <= epsilon)
    return float(m.history["iteration"][below[0]]) if below.size else None


def _iterations(m: Measured, numbers: Numbers, epsilon: float) -> float | None:
    if m.step is None or not numbers.lambda_0:
        return None
    if m.start.loss <= epsilon:
        return 0.0
    # Their ratio may be too large for a float.
    logs = math.log(m.start.loss) - math.log(epsilon)
    return logs / (numbers.lambda_0 * m.step)


def _start(m: Measured, numbers: Numbers) -> list[SheetRow]:
    y = m.start.y
    expected = numbers.bases["E L(0)"]
    return [
        SheetRow(
            "eq. (12)",
            "expected loss at the start, computed, and as printed: ‖y‖² + n",
            "E L(0)",
            expected,
            "==",
            float(y @ y) + m.n,
            cite("K19", "eq. 12"),
        ),
        SheetRow(
            "§IV-C",
            "loss at the start, by Markov's inequality from (12)",
            "L(0)",
            m.start.loss,
            "<=",
            numbers.product({"n": 1, "δ": -1}),
            "O(n/δ)",
        ),
        SheetRow(
            "§IV-C",
            "the same, from E L(0)",
            "L(0)",
            m.start.loss,
            "<=",
            numbers.product({"E L(0)": 1, "δ": -1}) or 0.0,
        ),
    ]
