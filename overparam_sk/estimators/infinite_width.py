"""The two-layer ReLU network of Li and Liang (2018) at infinite width."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._data import finite_outputs
from overparam_sk.estimators._parameters import estimator, parameter
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import CLASS_WEIGHT, SoftmaxClassifier
from overparam_sk.estimators._training import Auto, TrainedNetwork
from overparam_sk.fits import Begin, Fitted, InfiniteWidth
from overparam_sk.networks import DirectedRows, KernelRows, random_outputs
from overparam_sk.parameters import COUNT, FLAG, either, number, one_of
from overparam_sk.rows import Coordinates, as_tensor
from overparam_sk.threads import one_thread

__all__ = ["InfiniteWidthReLUClassifier"]


@estimator
class InfiniteWidthReLUClassifier(SoftmaxClassifier, TrainedNetwork, StampedEstimator):
    """The limit of `OverparamReLUClassifier` as its width goes to infinity.

    Not a kernel machine fitted by another method [1]_, [2]_: the same minibatch SGD on
    the softmax cross-entropy, with the same batches for the same ``random_state``, in
    the space of functions. f(0) is a draw of the network's Gaussian process, and a step
    is f ← f − (c/B) Σ_s K∞(·, x_s)(o_s − 1{y_s}) over its batch, with
    K∞(x, y) = x·y (π − θ)/2π. Memory or time is quadratic in the number of rows.

    Parameters
    ----------
    learning_rate : "auto" or float, default="auto"
        c, as in `OverparamReLUClassifier`.
    batch_size : "auto" or int, default="auto"
        B; "auto" is min(256, n_samples).
    initial_width : int or None, default=16384
        f(0) is drawn as the outputs of a network of so many hidden units at
        initialisation: over the readout exactly a Gaussian process, with the kernel of
        the limit up to O(1/√initial_width). With the width and the ``random_state`` of
        an `OverparamReLUClassifier` both start at the same function. None is f(0) = 0.
    train_readout : bool, default=False
        Whether it is the limit of networks whose readout is trained, too: K∞ is then
        the sum of two kernels, the above and that of f(0),
        ‖x‖ ‖y‖ (sin θ + (π − θ) cos θ)/2π.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    cache_size : float, default=1000
        Megabytes (10⁶ bytes) up to which the kernel of the training rows is stored,
        with an intercept twice, and the same for a validation set. Beyond, its rows are
        computed anew in every step.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    X_fit_ : ndarray of shape (n_seen, n_features) or (n_seen, n_features + 1)
        The training rows that a batch has held, with the constant 1 where there is an
        intercept.
    offset_ : ndarray of shape (n_features,)
        As for `OverparamReLUClassifier`; there where ``scale_`` is.
    scale_ : ndarray of shape (n_features,)
        With an automatic step, an intercept and rows that are not sparse: the kernel,
        f(0) and ``distance_constant_`` are those of (x − ``offset_``)/``scale_``.
    dual_coef_ : ndarray of shape (n_seen, n_classes)
        R: f(x) = f(0)(x) + K∞(x, X) R.
    initial_width_ : int or None
        Hidden units of the draw of f(0).
    has_trained_readout_ : bool
        Whether K∞ has the readout's part.
    loss_ : float
        Mean (weighted) cross-entropy on the training rows, in nats.
    learning_rate_ : float
        c in use; with "auto" the shortest.
    distance_constant_ : float
        √(tr(RᵀK∞R)/n_features), the limit of √m ‖W − W(0)‖_F / ‖W(0)‖_F of the networks
        of width m. With an intercept its part of K∞ is left out here, as the networks
        leave its column out of their distance; and so is a trained readout's.
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss`` and ``score`` on a seeded subset of 100 training rows,
        the same as that of `OverparamReLUClassifier`; with a validation set
        ``val_loss`` and ``val_score``; and ``distance_constant``.

    See Also
    --------
    OverparamReLUClassifier : The network at a finite width.
    InfiniteWidthKernel : K∞ for kernel machines.

    Notes
    -----
    Every prediction draws f(0) anew, initial_width·n_features normal numbers, for one
    row as for many.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018. §3: network, loss and SGD.
    .. [2] A. Jacot, F. Gabriel, C. Hongler. "Neural Tangent Kernel: Convergence and
       Generalization in Neural Networks", NeurIPS 2018.

    Examples
    --------
    >>> from overparam_sk import InfiniteWidthReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> X, y = make_clustered_mixture(400, 100, random_state=0)
    >>> limit = InfiniteWidthReLUClassifier(random_state=0).fit(X[:300], y[:300])
    >>> limit.score(X[300:], y[300:])
    1.0
    >>> limit.dual_coef_.shape
    (300, 10)
    """

    batch_size: int | Auto = parameter(
        default="auto", rule=either(one_of("auto"), COUNT)
    )
    initial_width: int | None = parameter(
        default=16384, rule=either(one_of(None), COUNT)
    )
    train_readout: bool = parameter(default=False, rule=FLAG)
    class_weight: Any = parameter(default=None, rule=CLASS_WEIGHT)
    cache_size: float = parameter(default=1000, rule=number(0))

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are coefficients."""
        return "dual_coef_" in vars(self)

    @property
    def diagnostic_columns(self) -> tuple[str, ...]:
        """Names of the figures that it has beside loss and score."""
        return ("distance_constant",)

    def _warn_of(self, fitted: Fitted) -> None:
        """There are no hidden units that could all be inactive."""
        super()._warn_of(replace(fitted, dead=False))

    def _network(self, parameters: dict[str, Any]) -> Begin:
        return partial(
            InfiniteWidth.begin,
            initial_width=parameters["initial_width"],
            cache_size=parameters["cache_size"],
            train_readout=parameters["train_readout"],
        )

    def _outputs(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        constant = self.X_fit_.shape[1] > self.n_features_in_
        rows = self._rows_to_predict(X, like=self.X_fit_, constant=constant)
        X_fit, R = (
            as_tensor(array, rows.device) for array in (self.X_fit_, self.dual_coef_)
        )
        coordinates = Coordinates.kept_by(vars(self), rows.device)
        rows, X_fit = coordinates.of_rows(rows), coordinates.of_matrix(X_fit)
        with one_thread(rows.device):
            fitted = DirectedRows.of(X_fit)
            outputs = []
            for _, Y in rows.blocks(len(rows)):
                outputs0 = random_outputs(
                    Y,
                    seed=self.init_seed_,
                    m=self.initial_width_,
                    k=R.shape[1],
                    constant=constant,
                )
                there, readout = DirectedRows.of(Y), self.has_trained_readout_
                moved = KernelRows(there, fitted, room=0, readout=readout).times(R)
                outputs.append((outputs0 + moved).cpu().numpy())
        return finite_outputs(np.concatenate(outputs))
