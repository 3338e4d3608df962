"""The setting of Kong (2019), section III, and its two assumptions."""

import numpy as np

from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory.sheet import SheetRow

__all__ = ["ROUNDING", "rows", "setting"]

# Float32 rows that were divided by their norm.
ROUNDING = 1e-6


def rows(m: Measured) -> list[SheetRow]:
    """Rows of the sheet on what the theorems suppose."""
    return [*setting(m), *_assumptions(m)]


def setting(m: Measured) -> list[SheetRow]:
    """Section III-A: rows, targets, initialisation and step."""
    part = "§III-A"
    off = float(np.abs(np.linalg.norm(m.start.X, axis=1) - 1).max())
    rows = max(float(np.linalg.norm(W, axis=1).max()) for W in (m.start.A, m.start.B))
    step = None if m.step is None else m.step * float(m.start.eigenvalues[-1])
    return [
        SheetRow(
            part,
            "rows have norm 1",
            "max |‖x_i‖ − 1|",
            off,
            "<=",
            ROUNDING,
            note="the constant 1 of fit_intercept=True counted" * m.has_intercept,
        ),
        SheetRow(
            part,
            "targets are bounded",
            "max |y_i|",
            float(np.abs(m.start.y).max()),
            note="by some constant C, which no bound depends on",
        ),
        SheetRow(
            part,
            "rows of A(0) and B(0) have norm 1 at most",
            "max ‖A_r(0)‖, ‖B_p(0)‖",
            rows,
            "<=",
            1 + ROUNDING,
        ),
        SheetRow(
            part,
            "share of the readout that is ±1",
            "w",
            float((np.abs(m.start.w) == 1).mean()),
            "==",
            1.0,
        ),
        SheetRow(part, "momentum of the descent", "β", m.momentum, "==", 0.0),
        SheetRow(
            part,
            "the step, in units of the largest eigenvalue",
            "η λ_max(H(0))",
            step,
            note='"infinitely small": a number that is not 0 has to be judged by how '
            "far the descent is from the flow; it diverges from 2 on"
            + ("" if step is not None else ". The step was not constant."),
        ),
    ]


def _assumptions(m: Measured) -> list[SheetRow]:
    lambda_0, error = m.lambda_0
    values = np.linalg.eigvalsh(m.expected_gram)
    rounding = m.n * float(np.finfo(float).eps) * float(values[-1])
    return [
        SheetRow(
            "Assumption 1",
            "partial overparameterization",
            "h2/h1",
            m.h2 / m.h1,
            ">",
            1.0,
            'h2 ≫ h1: the paper has no number for "much larger" but Theorem 3\'s',
        ),
        SheetRow(
            "Proposition 2",
            "H∞ is positive semi-definite, to rounding",
            "λ_min(H∞)",
            float(values[0]),
            ">=",
            -rounding,
        ),
        SheetRow(
            "Assumption 2",
            "λ_0 is positive: above three standard errors of its integration",
            "λ_0",
            lambda_0,
            ">",
            3 * error,
        ),
    ]
