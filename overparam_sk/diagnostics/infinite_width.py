"""Gram matrices of infinitely wide networks, and their smallest eigenvalue."""

from numbers import Integral
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from overparam_sk.linalg import smallest_eigenvalue
from overparam_sk.networks import (
    N_SCRAMBLES,
    RowNorm,
    expected_gram_parts,
    gated_linear_kernel,
    infinite_kernels,
)

__all__ = ["Network", "Part", "infinite_width_gram", "infinite_width_lambda_min"]

Network = Literal["li_liang_2018", "kong_2019"]
Part = Literal["sum", "first", "second"]

_CHOICES: dict[str, tuple[Any, ...]] = {
    "network": ("li_liang_2018", "kong_2019"),
    "part": ("sum", "first", "second"),
    "row_norm": ("clip", "unit", None),
}


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
    X_ = _rows("X", X, fit_intercept)
    Y_ = X_ if Y is None else _rows("Y", Y, fit_intercept)
    if Y_.shape[1] != X_.shape[1]:
        raise ValueError(
            f"Y must have the {X_.shape[1] - fit_intercept} columns of X, "
            f"got {Y_.shape[1] - fit_intercept}."
        )
    A = _check_options(X_, network, row_norm, first_weights, part)
    if network == "li_liang_2018":
        return gated_linear_kernel(X_, Y_).numpy()
    if A is not None:
        B_part, A_part = expected_gram_parts(X_ @ A.T, Y_ @ A.T, X_ @ Y_.T, row_norm)
    else:
        _check_table(width1, n_points, random_state, scramble)
        kernels = infinite_kernels(
            width1, X_.shape[1], row_norm, n_points, random_state
        )
        B_part, A_part = kernels.gram_parts(X_, Y_, scramble)
    parts = {"sum": A_part + B_part, "first": A_part, "second": B_part}
    return parts[part].numpy()


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

    integrated = options.get("network") == "kong_2019"
    if not integrated or options.get("first_weights") is not None:
        return value(None), 0.0
    values = [value(scramble) for scramble in range(N_SCRAMBLES)]
    return value(None), float(np.std(values, ddof=1)) / N_SCRAMBLES**0.5


def _rows(name: str, X: Any, constant: bool = False) -> Tensor:
    """X as a float64 tensor, with a column of ones if ``constant``."""
    sparse = hasattr(X, "toarray")
    X = X if sparse else np.asarray(X, dtype=np.float64)
    if sparse or X.ndim != 2 or 0 in X.shape:
        kind = "a sparse matrix" if sparse else "an array"
        raise ValueError(
            f"{name} must be a dense 2-D array with rows and columns, got {kind} of "
            f"shape {X.shape}."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.square(X).sum(axis=1)
    if not np.isfinite(squares).all():
        raise ValueError(
            f"{name} must have rows of finite numbers and of finite squared norm, got "
            f"{int((~np.isfinite(squares)).sum())} other rows."
        )
    rows = torch.tensor(X)
    return torch.nn.functional.pad(rows, (0, 1), value=1.0) if constant else rows


def _check_options(
    X: Tensor,
    network: Network,
    row_norm: RowNorm,
    first_weights: ArrayLike | None,
    part: Part,
) -> Tensor | None:
    """Refuse what cannot be asked for; return A, if it is given."""
    given = {"network": network, "row_norm": row_norm, "part": part}
    for name, value in given.items():
        if value not in _CHOICES[name]:
            choices = ", ".join(map(repr, _CHOICES[name]))
            raise ValueError(f"{name} must be one of {choices}, got {value!r}.")
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
    if first_weights is None:
        return None
    A = _rows("first_weights", first_weights)
    if A.shape[1] != X.shape[1]:
        raise ValueError(
            f"first_weights must have {X.shape[1]} columns, one for each column of X "
            f"and for the intercept, got {A.shape[1]}."
        )
    return A


def _check_table(
    width1: int, n_points: int, random_state: int, scramble: int | None
) -> None:
    """Refuse what no table can be made of."""
    _check_integer("width1", width1, 1)
    _check_integer("n_points", n_points, 1)
    if n_points & (n_points - 1):
        raise ValueError(f"n_points must be a power of two, got {n_points}.")
    _check_integer("random_state", random_state, 0)
    if scramble is not None and scramble not in range(N_SCRAMBLES):
        raise ValueError(
            f"scramble must be None or 0 to {N_SCRAMBLES - 1}, got {scramble!r}."
        )


def _check_integer(name: str, value: Any, least: int) -> None:
    integer = isinstance(value, Integral) and not isinstance(value, bool)
    if not integer or value < least:
        raise ValueError(f"{name} must be an integer >= {least}, got {value!r}.")
