"""Lemmas 4 to 7 of Kong (2019)."""

import numpy as np
from numpy.typing import NDArray

from overparam_sk.theory._kong_2019.assumptions import ROUNDING
from overparam_sk.theory._kong_2019.measured import Layers, Measured
from overparam_sk.theory._kong_2019.numbers import UNBOUND, Numbers
from overparam_sk.theory.sheet import SheetRow
from overparam_sk.theory.slips import cite

__all__ = ["rows"]

_GATED = "|Σ_p w_p B_pr 1_i{p,r}|"


def rows(m: Measured, numbers: Numbers) -> list[SheetRow]:
    """Rows of the sheet on the lemmas, with (23) and (46) to (49)."""
    return [
        *_lemma_4(m, numbers),
        *_lemma_5(m, numbers),
        *_lemma_6(m, numbers),
        *_lemma_7(m, numbers),
    ]


def _lemma_4(m: Measured, numbers: Numbers) -> list[SheetRow]:
    part = "Lemma 4"
    log = "log(2n²/δ)"
    dead = int((~m.start.patterns.first.any(axis=1)).sum())
    printed = numbers.product({"n": 2, "λ_0": -6, log: 1})
    proof = numbers.product({"32": 1, "n": 2, "λ_0": -2, log: 1})
    needs = "" if printed else UNBOUND
    return [
        SheetRow(part, "width, as printed", "h2", m.h2, ">=", printed, needs),
        SheetRow(
            part,
            "width, as its proof has it",
            "h2",
            m.h2,
            ">=",
            proof,
            needs + cite("K19", "Lemma 4"),
        ),
        SheetRow(
            part,
            "smallest eigenvalue at the start",
            "λ_min(H(0))",
            float(m.start.eigenvalues[0]),
            ">=",
            0.75 * numbers.lambda_0,
            f"{dead} rows with σ(A x) = 0. " + cite("K19", "Lemma 4, every h2"),
        ),
        *_lemma_4_sums(m),
    ]


def _lemma_4_sums(m: Measured) -> list[SheetRow]:
    squares = np.square(m.start.B).sum(axis=0)
    slip = cite("K19", "eq. 23")
    symbol = "max_r Σ_q B_qr(0)²"
    most = float(squares.max())
    return [SheetRow("eq. (23)", "a column's squares", symbol, most, "<=", 1.0, slip)]


def _lemma_5(m: Measured, numbers: Numbers) -> list[SheetRow]:
    part = "Lemma 5"
    return [
        *(
            SheetRow(
                part,
                f"largest move of a row of {W}",
                f"max ‖{W}(t) − {W}(0)‖",
                move,
                "<=",
                R,
                f"R_{W}, with c = 1",
            )
            for W, move, R in zip("AB", m.moves, numbers.R, strict=True)
        ),
        SheetRow(
            part,
            "smallest eigenvalue, the least at any look",
            "λ_min(H(t))",
            m.smallest_gram_eigenvalue,
            ">=",
            numbers.lambda_0 / 2,
            "which Lemma 6 supposes",
        ),
    ]


def _lemma_6(m: Measured, numbers: Numbers) -> list[SheetRow]:
    part = "Lemma 6"
    needs = "" if numbers.lambda_0 else UNBOUND
    rows = [
        SheetRow(
            part,
            f"largest move of a row of {W}",
            f"max ‖{W}(t) − {W}(0)‖",
            move,
            "<=",
            R,
            f"{needs}R'_{W}",
        )
        for W, move, R in zip("AB", m.moves, numbers.R_prime, strict=True)
    ]
    for time, layers in {"0": m.start, "t": m.end}.items():
        rows.append(
            SheetRow(
                "eq. (45)",
                f"rate of the flow's loss at {time}",
                f"−L'({time})/L({time})",
                layers.decay if layers.loss else None,
                ">=",
                numbers.lambda_0,
                "rᵀH r/L with r = u − y",
            )
        )
    return rows + _sums(m) + _norms(m)


def _sums(m: Measured) -> list[SheetRow]:
    """|Σ_q w_q B_qr| ≤ h2^(1/6), of (23), which (46) has at every time."""
    start, end = m.start, m.end
    on = ", of the units that are on"
    cases = {
        "at 0": ("eq. (23)", "|Σ_q w_q B_qr|", start.sums, ""),
        f"at 0{on}": ("eq. (46)", _GATED, _of_units_on(start), "eq. 46"),
        "at t": ("eq. (46)", "|Σ_q w_q B_qr|", end.sums, ""),
        f"at t{on}": ("eq. (46)", _GATED, _of_units_on(end), "eq. 46, all r"),
    }
    bound, often = m.h2 ** (1 / 6), 1 - m.h2 ** (-1 / 3)
    rows = []
    for when, (part, symbol, sums, slip) in cases.items():
        sizes = np.abs(sums)
        note = cite("K19", slip) if slip else "h2^(1/6)"
        words = f"signed sum of a column {when}"
        most = float(sizes.max()) if sizes.size else None
        share = float((sizes <= bound).mean()) if sizes.size else None
        rows += [
            SheetRow(
                part, f"largest {words}", f"max {symbol}", most, "<=", bound, note
            ),
            SheetRow(
                part,
                f"share within h2^(1/6) of the {words}",
                f"share of {symbol}",
                share,
                ">=",
                often,
                "1 − 1/h2^(1/3), by (23) with τ = h2^(1/6)",
            ),
        ]
    return rows


def _of_units_on(layers: Layers) -> NDArray[np.float64]:
    """The gated sums of each row and each unit that is on there."""
    return layers.gated_sums[layers.patterns.first]


def _norms(m: Measured) -> list[SheetRow]:
    return [
        SheetRow(
            "eq. (47)",
            f"norm of A at {time}",
            f"‖A({time})‖_F",
            float(np.linalg.norm(layers.A)),
            "<=",
            m.h1**0.5 * (1 + ROUNDING),
            cite("K19", "eq. 47, ‖A(s)‖") if time == "t" else "",
        )
        for time, layers in {"0": m.start, "t": m.end}.items()
    ]


def _lemma_7(m: Measured, numbers: Numbers) -> list[SheetRow]:
    part = "Lemma 7"
    needs = "" if numbers.lambda_0 else UNBOUND
    radii = [
        SheetRow(part, f"the cycle, {W}", f"R'_{W}", R_, "<=", R, f"{needs}R_{W}")
        for W, R_, R in zip("AB", numbers.R_prime, numbers.R, strict=True)
    ]
    A = {"n": 4.5, "L(0)": 1.5, "h1": 1.5, "δ": -3.0}
    widths: dict[str, dict[str, float]] = {
        "from R'_A ≤ R_A, with λ_0³ as §IV-C prints": {**A, "λ_0": -4.5},
        "from R'_A ≤ R_A, with λ_0⁴ as it follows": {"8": 1.5, **A, "λ_0": -6},
        "from R'_B ≤ R_B": {"8": 1, "n": 3, "L(0)": 1, "λ_0": -4, "δ": -2},
    }
    notes = (cite("K19", "§IV-C"), "Theorem 3's, with the constant", "")
    return [
        *radii,
        *(
            SheetRow(
                part, f"width, {words}", "h2", m.h2, ">=", numbers.product(powers), note
            )
            for (words, powers), note in zip(widths.items(), notes, strict=True)
        ),
        SheetRow(
            part,
            "the cycle with √(h2/h1) for h2^(1/6) in (46), A",
            "R'_A",
            numbers.R_prime_A_by_columns,
            "<=",
            numbers.R[0],
            "R_A: h2 is in neither",
        ),
        SheetRow(
            part,
            "width, from R'_B ≤ R_B h1/h2, as (41) asks before it is written as an O",
            "h2",
            m.h2,
            "<=",
            numbers.product({"8": -1, "n": -3, "L(0)": -1, "h1": 2, "λ_0": 4, "δ": 2}),
            "at most, not at least. " + cite("K19", "eq. 41"),
        ),
    ]
