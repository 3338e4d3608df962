"""The two-layer ReLU network of Li and Liang (2018) at infinite width."""

from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._base import WideNetworkEstimator
from overparam_sk.estimators._callbacks import with_callbacks
from overparam_sk.estimators._data import TrainingData, finite_outputs
from overparam_sk.estimators._infinite_width_run import InfiniteWidthRun
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._softmax import SoftmaxClassifier
from overparam_sk.networks import DirectedRows, KernelRows, random_outputs
from overparam_sk.rows import as_tensor

__all__ = ["InfiniteWidthReLUClassifier"]


class InfiniteWidthReLUClassifier(SoftmaxClassifier, WideNetworkEstimator):
    """The limit of `OverparamReLUClassifier` as its width goes to infinity [1]_, [2]_.

    Not a kernel machine fitted by another method: the same minibatch SGD on the softmax
    cross-entropy, with the same batches for the same ``random_state``, in the space of
    functions. f(0) is a draw of the network's Gaussian process, and a step is
    f ← f − (c/B) Σ_s K∞(·, x_s)(o_s − 1{y_s}) over its batch, with
    K∞(x, y) = x·y (π − θ)/2π. Memory or time is quadratic in the number of rows.

    Parameters
    ----------
    learning_rate : "auto" or float, default="auto"
        c, as in `OverparamReLUClassifier`.
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1); "auto" is 0.9 with ``learning_rate="auto"`` and
        otherwise 0.
    batch_size : "auto" or int, default="auto"
        B; "auto" is min(256, n_samples).
    max_iter : int, default=1000
        Gradient steps.
    initial_width : int or None, default=16384
        f(0) is drawn as the outputs of a network of so many hidden units at
        initialisation: over the readout exactly a Gaussian process, with the kernel of
        the limit up to O(1/√initial_width). With the width and the ``random_state`` of
        an `OverparamReLUClassifier` both start at the same function. None is f(0) = 0.
    tol : float, default=1e-4
        A change of the watched figure up to this is no improvement.
    n_iter_no_change : int or None, default=None
        Recorded iterations without improvement after which training stops. It watches
        the loss or, with ``early_stopping``, the validation score (where None means
        10). None runs all ``max_iter`` steps.
    early_stopping : bool, default=False
        Stop when the validation score no longer improves, and keep the best function.
    validation_fraction : float, default=0.1
        Share of the training data set apart for it, if no ``X_val`` is given.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    fit_intercept : bool, default=True
        Whether a constant 1 is appended to every row. The paper has False.
    record_every : "auto", int, tuple of int or None, default="auto"
        Iterations between two entries of ``history_``; a tuple holds the iterations
        themselves.
    cache_size : float, default=1000
        Megabytes (10⁶ bytes) up to which the kernel of the training rows is stored,
        with an intercept twice, and the same for a validation set. Beyond, its rows are
        computed anew in every step.
    device : {"auto", "cpu", "cuda", "cuda:<index>", "mps"}, default="auto"
        "auto" is the first CUDA device where there is one, and otherwise the CPU.
    random_state : int, RandomState instance or None, default=None
        Decides f(0), the batches and the subsets.
    verbose : int or bool, default=0
        Whether to print every recorded iteration.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only when all feature names of X are strings.
    X_fit_ : ndarray of shape (n_seen, n_features) or (n_seen, n_features + 1)
        The training rows that a batch has held, with the constant 1 where there is an
        intercept.
    dual_coef_ : ndarray of shape (n_seen, n_classes)
        R: f(x) = f(0)(x) + K∞(x, X) R.
    init_seed_ : int
        Seed of f(0).
    initial_width_ : int or None
        Hidden units of the draw of f(0).
    n_iter_ : int
        Gradient steps done.
    loss_ : float
        Mean (weighted) cross-entropy on the training rows, in nats.
    learning_rate_ : float
        c in use; with "auto" the shortest.
    distance_constant_ : float
        √(tr(RᵀK∞R)/n_features), the limit of √m ‖W − W(0)‖_F / ‖W(0)‖_F of the networks
        of width m. With an intercept its part of K∞ is left out here, as the networks
        leave its column out of their distance.
    device_ : str
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss`` and ``score`` on a seeded subset of 100 training rows,
        the same as that of `OverparamReLUClassifier`; with a validation set
        ``val_loss`` and ``val_score``; and ``distance_constant``.
    best_validation_score_ : float
        With ``early_stopping``.

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

    _n_layers: ClassVar[int] = 0
    _own_columns: ClassVar[tuple[str, ...]] = ("distance_constant",)
    # What has no meaning here, or no weights to go on from.
    diagnostics: ClassVar[None] = None
    warm_start: ClassVar[bool] = False

    def __init__(
        self,
        *,
        learning_rate: Any = "auto",
        momentum: Any = "auto",
        batch_size: Any = "auto",
        max_iter: int = 1000,
        initial_width: int | None = 16384,
        tol: float = 1e-4,
        n_iter_no_change: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        fit_intercept: bool = True,
        record_every: Any = "auto",
        cache_size: float = 1000,
        device: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.initial_width = initial_width
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.record_every = record_every
        self.cache_size = cache_size
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> "InfiniteWidthReLUClassifier":
        """Train the limit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float32 is computed in float32, everything else in float64. A sparse X is
            made dense.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows, scored at every recorded iteration.
        y_val : array-like of shape (n_val,), default=None
            Their labels.

        Returns
        -------
        self : InfiniteWidthReLUClassifier

        Raises
        ------
        ValueError
            For a parameter, data or a device that cannot be used.
        DivergenceError
            If the outputs stop being finite; also a ValueError and a
            FloatingPointError. The estimator is then unfitted.

        Warns
        -----
        ConvergenceWarning
            After Ctrl-C, once; the estimator is fitted with what was trained, as with a
            smaller ``max_iter``.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are coefficients."""
        return hasattr(self, "dual_coef_")

    def _make_run(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> Run:
        parameters.diagnostics, parameters.gram_samples = None, 1
        return InfiniteWidthRun(
            parameters, data, seeds, start, n_steps, len(self.classes_)
        )

    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        return (self.dual_coef_,)

    def _sizes(self, data: TrainingData) -> dict[str, tuple[Any, Any]]:
        return {}

    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return []

    def _outputs(self, X: Any) -> NDArray[Any]:
        check_is_fitted(self)
        constant = self.X_fit_.shape[1] > self.n_features_in_
        rows = self._rows_to_predict(X, like=self.X_fit_, constant=constant)
        X_fit, R = (
            as_tensor(array, rows.device) for array in (self.X_fit_, self.dual_coef_)
        )
        seen = DirectedRows.of(X_fit)
        outputs = []
        for _, Y in rows.blocks(len(rows)):
            start = random_outputs(
                Y,
                seed=self.init_seed_,
                m=self.initial_width_,
                k=R.shape[1],
                constant=constant,
            )
            moved = KernelRows(DirectedRows.of(Y), seen, room=0).times(R)
            outputs.append((start + moved).cpu().numpy())
        return finite_outputs(np.concatenate(outputs))
