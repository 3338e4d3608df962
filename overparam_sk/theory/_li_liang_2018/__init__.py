"""Li, Liang 2018: its theorem and lemmas, in the order of the paper."""

from typing import Any

from numpy.typing import ArrayLike

from overparam_sk.theory._li_liang_2018 import (
    assumptions,
    lemma_5_1,
    lemma_5_2,
    lemma_b_4,
    theorem_4_1,
)
from overparam_sk.theory._li_liang_2018.facts import Facts
from overparam_sk.theory._li_liang_2018.measured import measure
from overparam_sk.theory.sheet import TheorySheet

__all__ = ["sheet"]


def sheet(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, epsilon: float, delta: float
) -> TheorySheet:
    """The rows of a fitted OverparamReLUClassifier.

    Parameters
    ----------
    estimator : OverparamReLUClassifier
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
    epsilon : float
        ε.
    delta : float
        Not used: the paper's theorems hold "with high probability".
    """
    facts = Facts.of(estimator, X, y, epsilon)
    setting = {
        "N": facts.n,
        "d": facts.rows.shape[1],
        "k": facts.k,
        "l": facts.separation.n_components,
        "δ": facts.separation.delta,
        "ε": epsilon,
        "m": facts.m,
        "σ": facts.sigma,
        "η": facts.eta,
        "B": facts.batch_size,
        "T": facts.n_steps,
    }
    taus = tuple(lemma_5_1.taus(facts).values())
    without = measure(facts, facts.row_each, taus)
    on_all = measure(facts, facts.all_rows, taus)
    rows = (
        *assumptions.rows(facts, on_all.end.loss),
        *theorem_4_1.rows(facts, facts.error(on_all.end.outputs)),
        *lemma_5_1.rows(facts, without, on_all),
        *lemma_5_2.rows(facts, without, on_all),
        *lemma_b_4.rows(facts, on_all),
    )
    return TheorySheet("Li and Liang (2018)", setting, rows)
