"""Kong 2019: Theorem 3 and its lemmas beside a fitted network."""

from typing import Any

from numpy.typing import ArrayLike

from overparam_sk.theory._kong_2019 import assumptions, changes, lemmas, theorem_3
from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory._kong_2019.numbers import Numbers
from overparam_sk.theory.sheet import TheorySheet

__all__ = ["sheet"]


def sheet(
    estimator: Any, X: ArrayLike, y: ArrayLike, *, epsilon: float, delta: float
) -> TheorySheet:
    """Put what Kong (2019) asks for beside a fitted `TwoHiddenReLURegressor`.

    An intercept is one more column of ones, and of A.

    Parameters
    ----------
    estimator : fitted TwoHiddenReLURegressor
    X : array-like of shape (n, d)
        All rows that it was fitted on.
    y : array-like of shape (n,)
    epsilon : float
        The loss to be reached; the theorems themselves have none.
    delta : float
        The probability δ with which they may fail, in (0, 1).

    Raises
    ------
    ValueError
        If the network was fitted on other rows, on some of them alone or with other
        weights than 1.
    """
    m = Measured.of(estimator, X, y)
    numbers = Numbers(m, delta)
    setting = {
        "n": m.n,
        "d": m.start.X.shape[1],
        "h1": m.h1,
        "h2": m.h2,
        "ε": epsilon,
        "δ": delta,
        "λ_0": numbers.lambda_0,
        "L(0)": m.start.loss,
    }
    rows = (
        *assumptions.rows(m),
        *theorem_3.rows(m, numbers, epsilon),
        *lemmas.rows(m, numbers),
        *changes.rows(m, numbers),
    )
    return TheorySheet("Kong (2019)", setting, rows)
