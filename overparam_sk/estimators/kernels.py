"""The infinite width as a kernel for scikit-learn's kernel machines."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel

from overparam_sk.arrays import check_finite, real_rows
from overparam_sk.diagnostics._wide_gram import FirstWeights, Network, Part, WideGram
from overparam_sk.networks import RowNorm
from overparam_sk.parameters import (
    FLAG,
    checked,
    either,
    number,
    one_of,
    several,
    such_that,
    suggesting,
)
from overparam_sk.world import OwnWorld

__all__ = ["InfiniteWidthKernel"]

Bounds = Sequence[float] | Literal["fixed"]

# Rows of the blocks of which the diagonal is taken.
_BLOCK_ROWS = 32
_POSITIVE = number(0, above=True)
_PAIR = "two finite numbers > 0, of which the second is not the smaller one"
_BOUNDS = either(
    one_of("fixed"),
    such_that(
        several(_POSITIVE, _PAIR),
        lambda pair: len(pair) == 2 and pair[0] <= pair[1],
        _PAIR,
    ),
)
_SCALES = ("weight_variance", "bias_variance", "readout_scale")
_RULES = {
    **dict.fromkeys(_SCALES, _POSITIVE),
    **dict.fromkeys((f"{name}_bounds" for name in _SCALES), _BOUNDS),
}


class InfiniteWidthKernel(OwnWorld, Kernel):
    """The Gram matrix of an infinitely wide network, as a kernel.

    For ``GaussianProcessRegressor(kernel=k)``, ``SVC(kernel=k)``, ``SVR(kernel=k)`` and
    ``KernelRidge(kernel=k)``, also in sums and products with scikit-learn's kernels.
    What a Gaussian process tunes is ``weight_variance`` and, where they have an effect,
    ``bias_variance`` and ``readout_scale``.

    Parameters
    ----------
    network : {"li_liang_2018", "kong_2019", "deep_relu"}, default="li_liang_2018"
        Whose Gram matrix; all parameters up to ``train_readout`` are those of
        `overparam_sk.diagnostics.infinite_width_gram`, which says more of each.
    width1 : int, default=5
        Units of the first hidden layer of "kong_2019", h1.
    row_norm : {"clip", "unit", None}, default="clip"
        How the rows of the weights of "kong_2019" are scaled.
    first_weights : array-like of shape (h1, d) or sequence of them, default=None
        A of "kong_2019", where it is known; of "deep_relu" the narrow first layers.
    part : {"sum", "first", "second", "readout"} or int, default="sum"
        The layer whose gradients make the matrix; "sum" is all that are trained.
        "readout" is the covariance of the network's outputs at initialisation: a
        Gaussian process with this kernel is that of the network (NNGP).
    fit_intercept : bool, default=False
        Whether to append a constant to each row.
    n_points : int, default=2**15
        Points of the quasi-Monte Carlo behind "kong_2019", a power of two.
    random_state : int, default=0
        Seed of the points.
    depth : int, default=2
        Hidden layers of "deep_relu".
    train_readout : bool, default=False
        Whether the readout's part is in the sum, of "li_liang_2018" and "deep_relu".
    weight_variance : float, default=1.0
        A factor of the matrix: ReLU is positively homogeneous, so that of the variances
        of the weights in all layers only the product counts.
    bias_variance : float, default=1.0
        The variance of the constant's weights over that of the others; of effect with
        ``fit_intercept``. The constant is its root: ``first_weights`` see that.
    readout_scale : float, default=1.0
        The factor of the readout's part in the sum, as of a step of its own.
    weight_variance_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        Between which it is tuned, as in scikit-learn's kernels.
    bias_variance_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        The same; fixed without an intercept, and where ``first_weights`` are given.
    readout_scale_bounds : pair of floats > 0 or "fixed", default=(1e-5, 1e5)
        The same; fixed where the sum has no readout's part.

    Examples
    --------
    >>> from overparam_sk import InfiniteWidthKernel
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> SVC(kernel=InfiniteWidthKernel(fit_intercept=True)).fit(X, y).score(X, y)
    0.99...
    """

    @suggesting
    def __init__(
        self,
        network: Network = "li_liang_2018",
        width1: int = 5,
        row_norm: RowNorm = "clip",
        first_weights: FirstWeights = None,
        part: Part = "sum",
        fit_intercept: bool = False,
        n_points: int = 2**15,
        random_state: int = 0,
        depth: int = 2,
        train_readout: bool = False,
        weight_variance: float = 1.0,
        bias_variance: float = 1.0,
        readout_scale: float = 1.0,
        weight_variance_bounds: Bounds = (1e-5, 1e5),
        bias_variance_bounds: Bounds = (1e-5, 1e5),
        readout_scale_bounds: Bounds = (1e-5, 1e5),
    ) -> None:
        self.network = network
        self.width1 = width1
        self.row_norm = row_norm
        self.first_weights = first_weights
        self.part = part
        self.fit_intercept = fit_intercept
        self.n_points = n_points
        self.random_state = random_state
        self.depth = depth
        self.train_readout = train_readout
        self.weight_variance = weight_variance
        self.bias_variance = bias_variance
        self.readout_scale = readout_scale
        self.weight_variance_bounds = weight_variance_bounds
        self.bias_variance_bounds = bias_variance_bounds
        self.readout_scale_bounds = readout_scale_bounds

    @property
    def hyperparameter_weight_variance(self) -> Hyperparameter:
        """What is tuned of ``weight_variance``."""
        return _hyperparameter("weight_variance", self.weight_variance_bounds)

    @property
    def hyperparameter_bias_variance(self) -> Hyperparameter:
        """What is tuned of ``bias_variance``."""
        free = self.fit_intercept and self.first_weights is None
        return _hyperparameter("bias_variance", self.bias_variance_bounds, free)

    @property
    def hyperparameter_readout_scale(self) -> Hyperparameter:
        """What is tuned of ``readout_scale``."""
        free = self.train_readout and self.part == "sum"
        return _hyperparameter("readout_scale", self.readout_scale_bounds, free)

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
        """Compare the parameters, also arrays of different shapes and several."""
        if not isinstance(other, InfiniteWidthKernel):
            return False
        theirs = other.get_params()
        return all(_same(v, theirs[n]) for n, v in self.get_params().items())

    def __call__(
        self, X: ArrayLike, Y: ArrayLike | None = None, eval_gradient: bool = False
    ) -> Any:
        """Return the kernel of the rows of X and of Y, or of X and X.

        Parameters
        ----------
        X : array-like of shape (n, d)
        Y : array-like of shape (p, d), default=None
        eval_gradient : bool, default=False
            Whether to return the derivatives in ``theta``, the logarithms of what is
            tuned, as well.

        Returns
        -------
        K : ndarray of shape (n, p), float64
        K_gradient : ndarray of shape (n, n, n_dims), float64
            If ``eval_gradient``.

        Raises
        ------
        ValueError
            As `infinite_width_gram` does, for a parameter that breaks its rule, and if
            a gradient is asked for with a Y.
        """
        eval_gradient = FLAG("eval_gradient", eval_gradient)
        if eval_gradient and Y is not None:
            raise ValueError(
                "Y must be None where eval_gradient is True, got an array."
            )
        options = self.get_params()
        scales = checked({name: options.pop(name) for name in _RULES}, _RULES)
        asked = WideGram.of(**options)
        variance, bias = scales["weight_variance"], scales["bias_variance"]
        weights = variance, variance
        if asked.part == "sum":
            weights = variance, variance * scales["readout_scale"]
        rows = asked.two(X, Y, bias**0.5)

        def whole(parts: Sequence[Any]) -> NDArray[np.float64]:
            """The parts that are asked for, each with its factor, added up."""
            there = [
                factor * part.numpy()
                for factor, part in zip(weights, parts, strict=True)
                if part is not None
            ]
            return check_finite("The kernel", sum(there[1:], there[0]))

        parts = asked.parts(*rows)
        K = whole(parts)
        if not eval_gradient:
            return K
        derivatives: dict[str, Callable[[], NDArray[np.float64]]] = {
            "weight_variance": lambda: K,
            "readout_scale": lambda: whole((None, parts[1])),
            "bias_variance": lambda: bias * whole(asked.constant_slopes(rows[0])),
        }
        tuned = [one.name for one in self.hyperparameters if not one.fixed]
        gradient = np.empty((*K.shape, len(tuned)))
        for place, name in enumerate(tuned):
            gradient[..., place] = derivatives[name]()
        return K, gradient

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


def _hyperparameter(name: str, bounds: Any, free: bool = True) -> Hyperparameter:
    if not free:
        return Hyperparameter(name, "numeric", "fixed")
    return Hyperparameter(name, "numeric", _BOUNDS(f"{name}_bounds", bounds))


def _same(one: Any, other: Any) -> bool:
    """Whether parameters are equal, arrays and sequences of arrays included."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return np.array_equal(one, other)
