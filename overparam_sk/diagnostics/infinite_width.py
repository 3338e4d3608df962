"""Gram matrices of infinitely wide networks, and their smallest eigenvalue."""

from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from overparam_sk.arrays import check_finite, real_rows
from overparam_sk.linalg import smallest_eigenvalue
from overparam_sk.networks import (
    MOST_UNITS,
    N_SCRAMBLES,
    RowNorm,
    expected_gram_parts,
    gated_linear_kernel,
    infinite_kernels,
)
from overparam_sk.parameters import (
    FLAG,
    SEED,
    checked,
    either,
    integer,
    one_of,
    such_that,
)
from overparam_sk.world import in_own_world

__all__ = ["Network", "Part", "infinite_width_gram", "infinite_width_lambda_min"]

Network = Literal["li_liang_2018", "kong_2019"]
Part = Literal["sum", "first", "second"]

_RULES = {
    "network": one_of("li_liang_2018", "kong_2019"),
    "width1": integer(1, MOST_UNITS),
    "row_norm": one_of("clip", "unit", None),
    "part": one_of("sum", "first", "second"),
    "fit_intercept": FLAG,
    "n_points": such_that(
        integer(1, 2**30), lambda n: n.bit_count() == 1, "a power of two up to 2**30"
    ),
    "random_state": SEED,
    "scramble": either(one_of(None), integer(0, N_SCRAMBLES - 1)),
}


@in_own_world
def infinite_width_gram(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    network: Network = "li_liang_2018",
    width1: int = 5,
    row_norm: RowNorm = "clip",
    first_weights: ArrayLike | None = None,
    part: Part = "sum",
    fit_intercept: bool = False,
    n_points: int = 2**15,
    random_state: int = 0,
    scramble: int | None = None,
) -> NDArray[np.float64]:
    """Compute the expected Gram matrix H∞ of a network at initialisation.

    "li_liang_2018" is the class-averaged Gram matrix of the two-layer network of [1]_
    as its width grows, x·y (π − θ)/2π with θ the angle between x and y.

    "kong_2019" is H∞ of [2]_ (eq. 17), the expectation over all weights of the Gram
    matrix of the network with two hidden layers, of which the first has ``width1``
    units; it does not depend on the width of the second. It is |x| |y| κ(θ), with κ
    tabulated by quasi-Monte Carlo once and kept. With ``first_weights`` it is E[H | A],
    the expectation over the other layers alone, which is a closed form.

    Parameters
    ----------
    X : array-like of shape (n, d)
    Y : array-like of shape (p, d), default=None
        X if None.
    network : {"li_liang_2018", "kong_2019"}, default="li_liang_2018"
    width1 : int, default=5
        h1 of "kong_2019"; without effect if ``first_weights`` are given.
    row_norm : {"clip", "unit", None}, default="clip"
        How the Gaussian rows of both layers of "kong_2019" are scaled: to norm at most
        1, to norm 1, or not at all. ``first_weights`` are taken as they are.
    first_weights : array-like of shape (h1, d), default=None
        A of "kong_2019"; (h1, d + 1) with an intercept.
    part : {"sum", "first", "second"}, default="sum"
        The gradients in which layer make the matrix; "sum" is both. "li_liang_2018"
        trains the first layer alone.
    fit_intercept : bool, default=False
        Whether to append a constant 1 to each row.
    n_points : int, default=2**15
        Points of each of the 8 scrambles behind κ, a power of two. At the default
        and ``width1=5`` the standard error is at most 3e-5 of κ(0) and the table takes
        about a second, in proportion to ``n_points * width1``.
    random_state : int, default=0
        Seed of the points.
    scramble : int, default=None
        Take κ from this one of the 8 scrambles instead of their mean. The scatter over
        scrambles of whatever is computed from the matrix is its integration error.
        Without effect where the matrix is a closed form.

    Returns
    -------
    ndarray of shape (n, p), float64

    Raises
    ------
    ValueError
        If an option is none of those above, if X, Y or ``first_weights`` is not a
        dense 2-D array of finite numbers of the right shape, or if the squared norm of
        a row overflows.

    See Also
    --------
    infinite_width_lambda_min : Its smallest eigenvalue, with a standard error.

    References
    ----------
    .. [1] Y. Li, Y. Liang, "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.
    .. [2] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019, Prop. 1, eq. (17).

    Examples
    --------
    >>> from overparam_sk.diagnostics import infinite_width_gram
    >>> infinite_width_gram([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    array([[0.5  , 0.   , 1.125],
           [0.   , 2.   , 2.25 ],
           [1.125, 2.25 , 9.   ]])
    """
    parameters = {
        "network": network,
        "width1": width1,
        "row_norm": row_norm,
        "part": part,
        "fit_intercept": fit_intercept,
        "n_points": n_points,
        "random_state": random_state,
        "scramble": scramble,
    }
    p = checked(parameters, _RULES)
    _check_network(p["network"], p["part"], first_weights)
    X_ = _rows("X", X, p["fit_intercept"])
    Y_ = X_ if Y is None else _rows("Y", Y, p["fit_intercept"])
    if Y_.shape[1] != X_.shape[1]:
        raise ValueError(
            f"Y must have the {X_.shape[1] - p['fit_intercept']} columns of X, "
            f"got {Y_.shape[1] - p['fit_intercept']}."
        )
    if p["network"] == "li_liang_2018":
        return check_finite("H∞", gated_linear_kernel(X_, Y_).numpy())
    if first_weights is not None:
        A = _as_first_weights(first_weights, X_)
        parts = expected_gram_parts(X_ @ A.T, Y_ @ A.T, X_ @ Y_.T, p["row_norm"])
    else:
        kernels = infinite_kernels(
            p["width1"], X_.shape[1], p["row_norm"], p["n_points"], p["random_state"]
        )
        parts = kernels.gram_parts(X_, Y_, p["scramble"])
    B_part, A_part = parts
    asked = {"sum": A_part + B_part, "first": A_part, "second": B_part}[p["part"]]
    return check_finite("H∞", asked.numpy())


@in_own_world
def infinite_width_lambda_min(X: ArrayLike, **options: Any) -> tuple[float, float]:
    """Compute the smallest eigenvalue λ_0 of H∞, and how well it is known.

    λ_0 > 0 is Assumption 2 of [1]_.

    Parameters
    ----------
    X : array-like of shape (n, d)
    **options
        Keyword arguments of `infinite_width_gram`, but ``scramble``.

    Returns
    -------
    value : float
        An eigenvalue that is rounding noise is reported as 0.0.
    standard_error : float
        Of the value, over the scrambles of the points behind H∞; 0.0 where the matrix
        is a closed form. A value of a few standard errors may as well be zero.

    Raises
    ------
    ValueError
        As `infinite_width_gram` does.

    References
    ----------
    .. [1] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019.

    Examples
    --------
    >>> from overparam_sk.diagnostics import infinite_width_lambda_min
    >>> infinite_width_lambda_min([[1.0, 0.0], [0.0, 2.0]])
    (0.5, 0.0)
    """

    def value(scramble: int | None) -> float:
        gram = infinite_width_gram(X, scramble=scramble, **options)
        return smallest_eigenvalue(torch.from_numpy(gram))

    whole = value(None)  # first, because it refuses what the options must not be
    integrated = options.get("network") == "kong_2019"
    if not integrated or options.get("first_weights") is not None:
        return whole, 0.0
    values = [value(scramble) for scramble in range(N_SCRAMBLES)]
    return whole, float(np.std(values, ddof=1)) / N_SCRAMBLES**0.5


def _rows(name: str, X: Any, constant: bool = False) -> Tensor:
    """X as a float64 tensor, with a column of ones if ``constant``."""
    rows = torch.from_numpy(real_rows(name, X))
    return torch.nn.functional.pad(rows, (0, 1), value=1.0) if constant else rows


def _check_network(network: Network, part: Part, first_weights: Any) -> None:
    """Refuse what Li and Liang's network does not have."""
    if network == "li_liang_2018":
        if part == "second":
            raise ValueError(
                "part must be 'sum' or 'first' for network='li_liang_2018', which "
                "trains its first layer alone, got 'second'."
            )
        if first_weights is not None:
            raise ValueError(
                "first_weights must be None for network='li_liang_2018', got an array."
            )


def _as_first_weights(first_weights: ArrayLike, X: Tensor) -> Tensor:
    A = _rows("first_weights", first_weights)
    if A.shape[1] != X.shape[1]:
        raise ValueError(
            f"first_weights must have {X.shape[1]} columns, one for each column of X "
            f"and for the intercept, got {A.shape[1]}."
        )
    return A
