"""The infinite width as a kernel for scikit-learn's kernel machines."""

import inspect
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.gaussian_process.kernels import Kernel

from overparam_sk.arrays import real_rows
from overparam_sk.diagnostics import infinite_width_gram
from overparam_sk.diagnostics.infinite_width import Network, Part
from overparam_sk.networks import RowNorm
from overparam_sk.parameters import FLAG
from overparam_sk.world import OwnWorld

__all__ = ["InfiniteWidthKernel"]

# Rows of the blocks of which the diagonal is taken.
_BLOCK_ROWS = 32


class InfiniteWidthKernel(OwnWorld, Kernel):
    """The Gram matrix of an infinitely wide network, as a kernel.

    For ``GaussianProcessRegressor(kernel=k)``, ``SVC(kernel=k)``, ``SVR(kernel=k)`` and
    ``KernelRidge(kernel=k)``, also in sums and products with scikit-learn's kernels.
    It has no hyperparameters that a Gaussian process would tune.

    Parameters
    ----------
    network : {"li_liang_2018", "kong_2019"}, default="li_liang_2018"
        Whose Gram matrix; all of these are parameters of
        `overparam_sk.diagnostics.infinite_width_gram`, which says more of each.
    width1 : int, default=5
        Units of the first hidden layer of "kong_2019", h1.
    row_norm : {"clip", "unit", None}, default="clip"
        How the rows of the weights of "kong_2019" are scaled.
    first_weights : array-like of shape (h1, d), default=None
        A of "kong_2019", where it is known.
    part : {"sum", "first", "second"}, default="sum"
        The layer whose gradients make the matrix; "sum" is both.
    fit_intercept : bool, default=False
        Whether to append a constant 1 to each row.
    n_points : int, default=2**15
        Points of the quasi-Monte Carlo behind "kong_2019", a power of two.
    random_state : int, default=0
        Seed of the points.

    Examples
    --------
    >>> from overparam_sk import InfiniteWidthKernel
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> SVC(kernel=InfiniteWidthKernel(fit_intercept=True)).fit(X, y).score(X, y)
    0.99...
    """

    def __init__(
        self,
        network: Network = "li_liang_2018",
        width1: int = 5,
        row_norm: RowNorm = "clip",
        first_weights: ArrayLike | None = None,
        part: Part = "sum",
        fit_intercept: bool = False,
        n_points: int = 2**15,
        random_state: int = 0,
    ) -> None:
        self.network = network
        self.width1 = width1
        self.row_norm = row_norm
        self.first_weights = first_weights
        self.part = part
        self.fit_intercept = fit_intercept
        self.n_points = n_points
        self.random_state = random_state

    def __repr__(self) -> str:
        """Show the parameters that are not the defaults, as estimators do."""
        parameters = inspect.signature(type(self)).parameters
        shown = {name: repr(value) for name, value in self.get_params().items()}
        changed = (
            f"{name}={' '.join(text.split())}"
            for name, text in shown.items()
            if text != repr(parameters[name].default)
        )
        return f"{type(self).__name__}({', '.join(changed)})"

    def __eq__(self, other: object) -> bool:
        """Compare the parameters, also arrays of different shapes."""
        if not isinstance(other, InfiniteWidthKernel):
            return False
        theirs = other.get_params()
        return all(np.array_equal(v, theirs[n]) for n, v in self.get_params().items())

    def __call__(
        self, X: ArrayLike, Y: ArrayLike | None = None, eval_gradient: bool = False
    ) -> Any:
        """Return the kernel of the rows of X and of Y, or of X and X.

        Parameters
        ----------
        X : array-like of shape (n, d)
        Y : array-like of shape (p, d), default=None
        eval_gradient : bool, default=False
            Whether to return the gradient in the hyperparameters as well: there are
            none.

        Returns
        -------
        K : ndarray of shape (n, p), float64
        K_gradient : ndarray of shape (n, n, 0)
            If ``eval_gradient``.

        Raises
        ------
        ValueError
            As `infinite_width_gram` does, and if a gradient is asked for with a Y.
        """
        eval_gradient = FLAG("eval_gradient", eval_gradient)
        if eval_gradient and Y is not None:
            raise ValueError(
                "Y must be None where eval_gradient is True, got an array."
            )
        K = infinite_width_gram(X, Y, **self.get_params())
        return (K, np.empty((*K.shape, 0))) if eval_gradient else K

    def diag(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the diagonal of ``self(X)``, without the rest of it.

        Parameters
        ----------
        X : array-like of shape (n, d)

        Returns
        -------
        ndarray of shape (n,)
        """
        rows = real_rows("X", X)
        starts = range(0, len(rows), _BLOCK_ROWS)
        return np.concatenate(
            [np.diagonal(self(rows[start : start + _BLOCK_ROWS])) for start in starts]
        )

    def is_stationary(self) -> bool:
        """Return False: the kernel depends on the rows' norms and directions."""
        return False
