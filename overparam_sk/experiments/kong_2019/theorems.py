"""The sheet of Theorem 3 and its lemmas on the paper's six data sets."""

from collections.abc import Iterator

from overparam_sk.experiments.claims import Claim
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import network
from overparam_sk.experiments.reproduction import Request, scale
from overparam_sk.experiments.theory import asks, rows_hold, sheet_experiment
from overparam_sk.interrupts import fit_whole
from overparam_sk.theory import TheorySheet, theory_sheet

__all__ = ["THEOREMS"]

# The loss to be reached, and the probability with which a theorem may fail.
_EPSILON, _DELTA = 0.02, 0.1


def _measure(run: Request) -> Iterator[tuple[str, TheorySheet]]:
    amounts = run.scale
    for name in amounts["data"]:
        run.tell(f"theorems: {name}")
        X, y = DATA_SETS[name].load(run.random_state)
        net = network(
            amounts["width"], run.random_state, amounts["max_iter"], len(X), run.device
        )
        fit_whole(net, X, y)
        yield name, theory_sheet(net, X, y, epsilon=_EPSILON, delta=_DELTA)


# Theorem 3, the lemmas themselves, (12) and (23) are judged in k19, over many fits.
_CLAIMS: tuple[Claim[TheorySheet], ...] = (
    Claim(
        'Proposition 2: "H∞ is PSD."',
        rows_hold("λ_min(H∞) ≥ 0, to rounding.", ("Proposition 2", "λ_min(H∞)")),
    ),
    Claim(
        'eq. (31): "P(1_i(t){r} ≠ 1_i(0){r}) ≤ 2R_A/√(2π)"',
        rows_hold(
            "By Lemma 3.2 of its reference [6] as much bounds P(|A_r(0)·x| ≤ R_A); "
            "that probability, at the R_A that was seen, is at most 2R_A/√(2π).",
            (
                "eq. (31)",
                "P(|A_r(0)·x| ≤ R_A)",
                "probability of that for a row that is scaled",
            ),
        ),
        "Rows of norm 1 have pre-activations about √d times smaller than N(0, I) rows.",
    ),
    Claim(
        'eq. (41): "E(|H_ij(t) − H_ij(0)| | activation does not change) ≤ … = '
        'O(max(R_A, R_B))"',
        rows_hold(
            "Its last line but one, at the R_A and R_B that were seen, is at most "
            "max(R_A, R_B).",
            ("eq. (41)", "(41)"),
        ),
        "The sum over p, q has h2² terms over h1h2: a factor h2/h1 is lost.",
    ),
    Claim(
        'proof of Lemma 6: "with probability at least 1 − 1/h2^(1/3), the sum '
        '|Σ_q w_q B_qr| can be up bounded by h2^(1/6)", used in eq. (46) at every time',
        rows_hold(
            "The share of columns r that it bounds, at time 0 and at the end, where "
            "(46) has the units that are on at each row and r; it is as large as that "
            "probability.",
            ("eq. (23)", "share of |Σ_q w_q B_qr|"),
            (
                "eq. (46)",
                "share of |Σ_p w_p B_pr 1_i{p,r}|",
                "share within h2^(1/6) of the signed sum of a column at t",
            ),
        ),
        "By (23), which does not hold; the sum is about √(h2/h1).",
    ),
    Claim(
        'eq. (47): "≤ ‖y − u(s)‖_1 ‖A(s)‖_F/√(h1h2) ≤ √(n/h2) ‖y − u(s)‖_2"',
        rows_hold("‖A‖_F ≤ √h1 at the end.", ("eq. (47)", "‖A(t)‖_F")),
        "Rows have norm 1 at time 0 and may grow.",
    ),
    Claim(
        'proof of Lemma 7: "Given the bounds of h1 or h2 above, we are able to show '
        "that R'_A < R_A and R'_B < R_B using basic arithmetic.\"",
        rows_hold("Both radii.", ("Lemma 7", "R'_A"), ("Lemma 7", "R'_B")),
        conditions=(asks("Theorem 3", "h2"),),
    ),
)

_SIX = tuple(name for name in DATA_SETS if " as " not in name)

THEOREMS = sheet_experiment(
    "k19-theory",
    "Kong (2019), Theorem 3 and its lemmas",
    full=scale(data=_SIX, width=4000, max_iter=1000),
    quick=scale(data=_SIX, width=500, max_iter=100),
    measure=_measure,
    claims=_CLAIMS,
)
