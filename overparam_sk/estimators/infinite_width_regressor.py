"""Deep ReLU networks at infinite width on the squared loss, with their uncertainty."""

import math
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from overparam_sk.estimators._data import finite_outputs
from overparam_sk.estimators._parameters import (
    checked_parameters,
    estimator,
    parameter,
)
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import NumbersRegressor
from overparam_sk.fits import FlowEnsemble, WideNetwork
from overparam_sk.networks import DEPTH
from overparam_sk.parameters import (
    COUNT,
    FLAG,
    either,
    number,
    one_of,
    several,
    shown,
)
from overparam_sk.rows import Rows, as_rows, as_tensor
from overparam_sk.world import warn_user

__all__ = ["InfiniteWidthReLURegressor"]

_TIME = either(one_of(None), number(0, infinite=True))
_LAYERS = either(
    one_of("hidden", "all", "readout"), several(COUNT, "a tuple of integers >= 1")
)


@estimator
class InfiniteWidthReLURegressor(NumbersRegressor, StampedEstimator):
    """Mean and spread of infinitely wide ReLU networks at any time of their training.

    f(x) = (Π_l h_l)^(−1/2) wᵀσ(W_L … σ(W_1 x)) with h_1, …, h_L → ∞, from weights
    N(0, 1), under gradient flow on ½ Σ_i (f(x_i) − y_i)². Networks from different
    weights make a Gaussian process at every time t ([1]_, [2]_): its mean and its
    covariance are in closed form, from one eigendecomposition. Gradient descent with a
    small step η is at t = η times its steps. Time is cubic and memory quadratic in the
    number of training rows; all is float64.

    Parameters
    ----------
    depth : int, default=1
        Hidden layers L, up to 512.
    trained_layers : {"hidden", "all", "readout"} or tuple of int, default="hidden"
        Which layers are trained: W_1 to W_L, as in this package's networks; all, with
        the readout w; w alone; or those of a tuple, of which L + 1 is the readout.
        With w alone, and at t → ∞, the prediction is the Bayesian posterior of the
        network's Gaussian process (NNGP).
    time : float or None, default=None
        t of the predictions, unless they are asked for another; None and infinity are
        the end of training. Read by `predict`: it can be set after ``fit``.
    alpha : float, default=0.0
        Variance of the noise on the targets, as in scikit-learn's
        ``GaussianProcessRegressor``: every network is trained on targets with noise of
        its own, and with the penalty ½ alpha ‖θ − θ(0)‖² on the distance of its weights
        from where they started ([3]_).
    fit_intercept : bool, default=True
        Whether a constant 1 is appended to every row.

    Attributes
    ----------
    X_fit_ : ndarray of shape (n_fit, n_features) or (n_fit, n_features + 1)
        The training rows of positive weight, with the constant 1 where there is an
        intercept.
    eigenvalues_ : ndarray of shape (rank,)
        Rates at which the modes of the residual are learnt, as e^(−(λ + alpha)t),
        descending: eigenvalues of D Θ D for the Gram matrix Θ of the trained layers and
        D = diag(sample_weight)^(1/2), without those that are rounding noise.
    modes_ : ndarray of shape (n_fit, rank)
        D times the eigenvectors.
    prior_modes_ : ndarray of shape (rank, rank)
        Covariance in these modes of the outputs before training.
    target_modes_ : ndarray of shape (rank,) or (rank, n_targets)
        The targets in these modes.
    trained_layers_ : ndarray of shape (depth + 1,), bool
        Which layers are trained; the last is the readout.
    alpha_ : float
        The noise in use.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Only when all feature names of X are strings.

    See Also
    --------
    InfiniteWidthKernel : The kernels, for scikit-learn's Gaussian processes.
    InfiniteWidthReLUClassifier : Minibatch SGD on the cross-entropy at infinite width.
    TwoHiddenReLURegressor : A network of finite width.

    References
    ----------
    .. [1] A. Jacot, F. Gabriel, C. Hongler. "Neural Tangent Kernel: Convergence and
       Generalization in Neural Networks", NeurIPS 2018.
    .. [2] J. Lee, L. Xiao, S. Schoenholz, Y. Bahri, R. Novak, J. Sohl-Dickstein,
       J. Pennington. "Wide Neural Networks of Any Depth Evolve as Linear Models Under
       Gradient Descent", NeurIPS 2019, eqs. (13)-(16).
    .. [3] A. Matthews, J. Hron, R. Turner, Z. Ghahramani. "Sample-then-optimize
       posterior sampling for Bayesian linear models", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from overparam_sk import InfiniteWidthReLURegressor
    >>> X = np.array([[-1.0], [0.0], [1.0]])
    >>> ensemble = InfiniteWidthReLURegressor(depth=2).fit(X, [1.0, 0.0, 1.0])
    >>> mean, std = ensemble.predict([[0.5], [3.0]], return_std=True)
    >>> mean.round(3), std.round(3)
    (array([0.429, 1.794]), array([0.078, 0.701]))
    >>> ensemble.predict([[0.5], [3.0]], return_std=True, t=0.0)[1].round(3)
    array([0.559, 1.581])
    """

    depth: int = parameter(default=1, rule=DEPTH, kw_only=False)
    trained_layers: Literal["hidden", "all", "readout"] | tuple[int, ...] = parameter(
        default="hidden", rule=_LAYERS
    )
    time: float | None = parameter(default=None, rule=_TIME)
    alpha: float = parameter(default=0.0, rule=number(0))
    fit_intercept: bool = parameter(default=True, rule=FLAG)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether the flow is solved."""
        return "modes_" in vars(self)

    def __sklearn_tags__(self) -> Any:
        """Sparse input is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Solve the flow.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; the outputs of several are independent of each other.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples in the loss: a weight of 2 is the same
            as the row given twice.

        Returns
        -------
        self : InfiniteWidthReLURegressor

        Raises
        ------
        ValueError
            For a parameter or data that cannot be used.
        MemoryError
            If there is no room for the kernels of the rows.

        Warns
        -----
        ConvergenceWarning
            If the kernel of the rows is 0, so that nothing can be learnt.
        """
        plain = checked_parameters(self)
        network = WideNetwork(_trained(plain["trained_layers"], plain["depth"]))
        self._forget()
        data = self._validated(X, y, sample_weight, reset=True)
        rows, targets, weight = data.X, data.y, data.weight
        there = weight > 0
        ensemble = FlowEnsemble.of(
            network,
            _rows(rows[there], constant=plain["fit_intercept"]),
            as_tensor(targets[there]),
            as_tensor(weight[there]),
            plain["alpha"],
        )
        self._replace_fit((), ensemble.kept())
        if not len(self.eigenvalues_):
            warn_user(
                "The kernel of the rows of X is 0 with their sample_weight: nothing "
                "can be learnt, and all predictions have mean 0. Use "
                "fit_intercept=True, or scale X to mean 0 and standard deviation 1, "
                "and sample_weight to mean 1.",
                ConvergenceWarning,
            )
        return self

    def predict(
        self,
        X: ArrayLike,
        return_std: bool = False,
        return_cov: bool = False,
        t: float | None = None,
    ) -> NDArray[Any] | tuple[NDArray[Any], NDArray[Any]]:
        """Mean of the ensemble, and its standard deviation or covariance.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        return_std : bool, default=False
            Whether to return the standard deviation at each row as well. Rows are taken
            a block at a time, however many there are.
        return_cov : bool, default=False
            Whether to return the covariance of all rows as well.
        t : float or None, default=None
            Time of the training; 0 is before it, infinity its end. None is ``time``.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_targets)
        std : ndarray of shape (n_samples,) or (n_samples, n_targets)
            If ``return_std``. Of the outputs, without the noise of a target.
        cov : ndarray of shape (n_samples, n_samples) or \
(n_samples, n_samples, n_targets)
            If ``return_cov``.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            For an argument or data that cannot be used, if both ``return_std`` and
            ``return_cov`` are asked for, or if a result leaves the range of float64.
        MemoryError
            If there is no room for the covariance.
        """
        check_is_fitted(self)
        return_std = FLAG("return_std", return_std)
        return_cov = FLAG("return_cov", return_cov)
        if return_std and return_cov:
            raise ValueError(
                "return_cov must be False where return_std is True, got True."
            )
        t = _TIME("time", self.time) if t is None else _TIME("t", t)
        t = math.inf if t is None else t
        ensemble = FlowEnsemble.kept_by(vars(self))
        # What overflows float64 is refused as infinite; numpy need not warn as well.
        with np.errstate(over="ignore"):
            given = validate_data(
                self, X, reset=False, accept_sparse="csr", dtype=np.float64
            )
        rows = _rows(given, constant=self.X_fit_.shape[1] > self.n_features_in_)
        mean = finite_outputs(ensemble.means(rows, t).numpy())
        if return_std:
            return mean, self._of_each_target(ensemble.variances(rows, t).sqrt())
        if return_cov:
            return mean, self._of_each_target(ensemble.covariances(rows, t))
        return mean

    def _of_each_target(self, spread: Any) -> NDArray[Any]:
        """The same for every target, along a last axis where there are several."""
        one: NDArray[Any] = finite_outputs(spread.numpy())
        if self.target_modes_.ndim == 1:
            return one
        return np.repeat(one[..., np.newaxis], self.target_modes_.shape[1], axis=-1)


def _rows(X: Any, *, constant: bool) -> Rows:
    return as_rows(
        X, constant=constant, dtype=torch.float64, device=torch.device("cpu")
    )


def _trained(layers: Any, depth: int) -> list[bool]:
    """Whether each of W_1, …, W_L and the readout is trained."""
    every = range(1, depth + 2)
    names = {"hidden": every[:-1], "readout": every[-1:], "all": every}
    chosen = names[layers] if isinstance(layers, str) else layers
    if not chosen or max(chosen) > depth + 1:
        raise ValueError(
            f"trained_layers must name layers from 1 to depth + 1 = {depth + 1}, got "
            f"{shown(layers)}."
        )
    return [layer in chosen for layer in every]
