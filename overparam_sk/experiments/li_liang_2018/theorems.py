"""Theorem 4.1 and its lemmas on the data of section 7, and where (A1) holds."""

from collections.abc import Iterator
from typing import Any

from overparam_sk.experiments.claims import Claim, Condition
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.reproduction import Request, scale
from overparam_sk.experiments.theory import (
    asks,
    find_row,
    rows_hold,
    sheet_experiment,
    sheet_of,
)
from overparam_sk.theory import TheorySheet

__all__ = ["THEOREMS"]

_EPSILON = 0.02
# The reading: options of the mixture.
_MIXTURES: dict[str, dict[str, Any]] = {
    "section 7, rows of norm 1": {"normalize": True},
    "section 7, rows as drawn": {},
    "components a tenth as wide, rows of norm 1": {
        "normalize": True,
        "component_std": 0.1,
    },
}


def _measure(run: Request) -> Iterator[tuple[str, TheorySheet]]:
    for reading, options in _MIXTURES.items():
        run.tell(f"theorems: {reading}")
        problem = data.mixture_problem(random_state=run.random_state, **options)
        params = data.training(
            data.SYNTHETIC, device=run.device, random_state=run.random_state
        )
        yield reading, sheet_of(problem, run.scale["width"], params, epsilon=_EPSILON)


def _bound_is_below_1(sheet: TheorySheet) -> tuple[str, bool]:
    row = find_row(sheet, "Lemma A.4", "mean v(t)²")
    digits = row.required_log10
    return row.comparison, digits is not None and digits < 0


_STRUCTURE = asks("(A1)", "λ")
# The lemmas of §5 and A are about one row a component, whose λ is 0.
_NORM_1 = asks("(A2)", "|‖x‖ − 1|")

_CLAIMS = (
    Claim(
        'Theorem 4.1: "Suppose the assumptions (A1)(A2)(A3) are satisfied. Then for '
        "every ε > 0, there is M = poly(k, l, 1/δ, 1/ε) such that for every m ≥ M, "
        "after doing a minibatch SGD with batch size B = poly(k, l, 1/δ, 1/ε, log m) "
        "and learning rate η = 1/(m · poly(k, l, 1/δ, 1/ε, log m)) for T = poly(k, l, "
        "1/δ, 1/ε, log m) iterations, with high probability: Pr[∀j ∈ [k], j ≠ y, "
        'f_y(x, w(T)) > f_j(x, w(T))] ≥ 1 − ε."',
        rows_hold(
            f"The error on the training rows is at most ε = {_EPSILON:g}.",
            ("Theorem 4.1", "error", ""),
        ),
        conditions=(
            _STRUCTURE,
            _NORM_1,
            asks("Theorem 4.1", "m"),
            asks("Theorem 4.1", "ηm"),
            asks("Theorem 4.1", "B"),
            asks("Theorem 4.1", "N"),
        ),
    ),
    Claim(
        'Lemma 5.1: "W.h.p. over the random initialization, for every τ > 0, for every '
        "t = Õ(τ/η), we have that for at least 1 − eτkl/σ fraction of r ∈ [m]: "
        '∂L(w(t))/∂w_r = ∂̃L(w(t))/∂w_r."',
        rows_hold(
            "At t = T, τ = ηT: the share of units whose pattern changed on none of the "
            "components' medoids is at least 1 − eτkl/σ.",
            ("Lemma 5.1", "coupled", ""),
        ),
        conditions=(_NORM_1, asks("Lemma 5.1", "1 − eτkl/σ")),
    ),
    Claim(
        'Lemma 5.2: "For m = Ω̃(k³l²/δ), for every {p_(a,b) v_(i,a,b)} ∈ [−v, v] (that '
        "depends on w_r(0), a_(i,r), etc.) with max{p_(a,b) v_(i,a,b)} = v, there "
        "exists at least Ω(δ/kl) fraction of r ∈ [m] such that ‖∂̃L(w)/∂w_r‖ = "
        'Ω̃(vδ/kl)."',
        rows_hold(
            "On the components' medoids, at W(0) and at W(T): at least δ/(kl) of the "
            "units have a pseudo gradient of norm vδ/(kl) or more.",
            (
                "Lemma 5.2",
                "share ≥ vδ/kl",
                "share of units with a pseudo gradient at W(0)",
            ),
            (
                "Lemma 5.2",
                "share ≥ vδ/kl",
                "share of units with a pseudo gradient at W(T)",
            ),
        ),
        conditions=(_NORM_1, asks("Lemma 5.2", "m")),
    ),
    Claim(
        'Lemma A.4: "for a sufficiently small η, we have that for every T = Θ̃(σδ/klη), '
        '(1/T) Σ_t (v(t))² = Õ(k⁵l⁵/(δ⁴σm))."',
        rows_hold(
            "Full-batch steps on the components' medoids over T = σδ/(k²l²η), the T of "
            "the proof: the mean of v(t)².",
            ("Lemma A.4", "mean v(t)²", ""),
        ),
        conditions=(
            _NORM_1,
            Condition("the bound is below 1, as v² always is", _bound_is_below_1),
        ),
    ),
    Claim(
        "Lemma A.4's proof: \"for a sufficiently small η, we have: L(w(t)) − "
        'L(w(t+1)) = ηΩ̃((v(t)δ/kl)² δm/kl)."',
        rows_hold(
            "Each of these steps lowers the loss by that or more.",
            ("Lemma A.4", "ΔL/(ηγm(vδ/kl)²)", ""),
        ),
        conditions=(_NORM_1,),
    ),
)

THEOREMS = sheet_experiment(
    "ll18-theory",
    "Li and Liang (2018), Theorem 4.1 and its lemmas",
    full=scale(width=16_000),
    quick=scale(width=1000),
    measure=_measure,
    claims=_CLAIMS,
)
