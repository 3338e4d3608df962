"""Gram matrices of infinitely wide networks, and their smallest eigenvalue."""

from functools import reduce
from operator import add
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from overparam_sk.arrays import check_finite
from overparam_sk.diagnostics._wide_gram import FirstWeights, Network, Part, WideGram
from overparam_sk.linalg import smallest_eigenvalue
from overparam_sk.networks import N_SCRAMBLES, RowNorm
from overparam_sk.world import in_own_world

__all__ = ["infinite_width_gram", "infinite_width_lambda_min"]


@in_own_world
def infinite_width_gram(
    X: ArrayLike,
    Y: ArrayLike | None = None,
    *,
    network: Network = "li_liang_2018",
    width1: int = 5,
    row_norm: RowNorm = "clip",
    first_weights: FirstWeights = None,
    part: Part = "sum",
    depth: int = 2,
    train_readout: bool = False,
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
    units; it does not depend on the width of the second. It is ‖x‖ ‖y‖ κ(θ), with κ
    tabulated by quasi-Monte Carlo once and kept. With ``first_weights`` it is E[H | A],
    the expectation over the other layers alone, which is a closed form.

    "deep_relu" is the limit of the network with ``depth`` hidden layers of N(0, 1)
    weights, without row norms, as they grow ([3]_): a closed recursion. With
    ``first_weights`` these layers are narrow and given, and it is the expectation over
    the others as they grow; the parts of the narrow layers stay random around theirs.

    Parameters
    ----------
    X : array-like of shape (n, d)
    Y : array-like of shape (p, d), default=None
        X if None.
    network : {"li_liang_2018", "kong_2019", "deep_relu"}, default="li_liang_2018"
    width1 : int, default=5
        h1 of "kong_2019"; without effect if ``first_weights`` are given.
    row_norm : {"clip", "unit", None}, default="clip"
        How the Gaussian rows of both layers of "kong_2019" are scaled: to norm at most
        1, to norm 1, or not at all. ``first_weights`` are taken as they are.
    first_weights : array-like of shape (h1, d) or sequence of them, default=None
        A of "kong_2019"; (h1, d + 1) with an intercept. Of "deep_relu" the weights
        W_1, …, W_s of the first layers, each of shape (h_l, h_(l-1)), s < ``depth``.
    part : {"sum", "first", "second", "readout"} or int, default="sum"
        The gradients in which layer make the matrix: that of a number, of which "first"
        is 1 and "second" 2, or the readout. "sum" is all that are trained. The
        readout's, of "li_liang_2018" and "deep_relu", is the covariance of the outputs
        at initialisation (NNGP), too.
    depth : int, default=2
        Hidden layers of "deep_relu".
    train_readout : bool, default=False
        Whether the readout of "li_liang_2018" or "deep_relu" is trained as well, so
        that its part is in the sum.
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
        If an option is none of those above or not one of the network's, if X, Y or
        ``first_weights`` is not a dense 2-D array of finite numbers of the right shape,
        or if the squared norm of a row overflows.

    See Also
    --------
    infinite_width_lambda_min : Its smallest eigenvalue, with a standard error.

    References
    ----------
    .. [1] Y. Li, Y. Liang, "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.
    .. [2] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019, Prop. 1, eq. (17).
    .. [3] A. Jacot, F. Gabriel, C. Hongler. "Neural Tangent Kernel: Convergence and
       Generalization in Neural Networks", NeurIPS 2018.

    Examples
    --------
    >>> from overparam_sk.diagnostics import infinite_width_gram
    >>> infinite_width_gram([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    array([[0.5  , 0.   , 1.125],
           [0.   , 2.   , 2.25 ],
           [1.125, 2.25 , 9.   ]])
    """
    asked = WideGram.of(
        network=network,
        width1=width1,
        row_norm=row_norm,
        first_weights=first_weights,
        part=part,
        depth=depth,
        train_readout=train_readout,
        fit_intercept=fit_intercept,
        n_points=n_points,
        random_state=random_state,
        scramble=scramble,
    )
    parts = asked.parts(*asked.two(X, Y))
    gram = reduce(add, (part for part in parts if part is not None))
    return check_finite("H∞", gram.numpy())


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
