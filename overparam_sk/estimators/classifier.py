"""The two-layer overparameterized ReLU network of Li and Liang (2018)."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from overparam_sk.estimators._callbacks import with_callbacks
from overparam_sk.estimators._checks import (
    check_known_classes,
    check_sample_weight,
    check_several_classes,
)
from overparam_sk.estimators._data import TrainingData, validate
from overparam_sk.estimators._first_layer import FirstLayerEstimator
from overparam_sk.estimators._first_layer_run import batch_size_in_use

__all__ = ["OverparamReLUClassifier"]


class OverparamReLUClassifier(ClassifierMixin, FirstLayerEstimator):
    """Two-layer overparameterized ReLU network, trained by minibatch SGD [1]_.

    f_i(x) = Σ_r a_{i,r} ReLU(⟨w_r, x⟩) with a fixed Gaussian readout a. The first
    layer W starts at W(0) with entries N(0, 1/width) and is trained on the mean
    softmax cross-entropy. Many minibatches are done as one block of matrix products
    (s-step SGD [2]_); the iterates are those of plain SGD up to rounding.

    Parameters
    ----------
    width : int, default=1000
        Hidden units m.
    learning_rate : "auto" or float, default="auto"
        c; the step is η = c/width, so that one value serves every width. A number is
        a constant step, as in the paper: 10 on its synthetic data, 4·10³ on MNIST.
        "auto" takes the largest safe c, from the top eigenvalue of the infinite-width
        Gram matrix of the training rows, and lengthens the step as the softmax
        saturates and the loss flattens.
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1), exact in the s-step engine too. "auto" is 0.9
        with ``learning_rate="auto"`` and otherwise 0, the paper's plain SGD. Every
        call of ``fit`` or ``partial_fit`` starts at rest.
    batch_size : "auto" or int, default="auto"
        Rows of a minibatch, B. "auto" is min(256, n_samples), so that small data is
        full-batch: deterministic, and exactly sample-weight equivalent. Permutations
        of successive epochs are joined and cut into batches of exactly B.
    max_iter : int, default=1000
        Gradient steps, the paper's T.
    tol : float, default=1e-4
        A change of the watched figure up to this is no improvement.
    n_iter_no_change : int or None, default=None
        Recorded iterations without improvement after which training stops. It
        watches the loss or, with ``early_stopping``, the validation score (where
        None means 10). None runs all ``max_iter`` steps.
    early_stopping : bool, default=False
        Stop when the validation score no longer improves, and keep the weights of
        the best one. Watches ``X_val``, ``y_val`` given to ``fit``, and otherwise a
        stratified share of the training data set apart.
    validation_fraction : float, default=0.1
        That share.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    fit_intercept : bool, default=True
        Whether a constant 1 is appended to every row. The paper has False: the
        network is then positively homogeneous in x and cannot use a row's length.
    warm_start : bool, default=False
        Whether ``fit`` goes on from the present weights, for ``max_iter`` more steps.
    record_every : "auto", int or None, default="auto"
        Iterations between two entries of ``history_``. "auto" looks at least 8
        and at most 40 times, and between them as often as costs about a tenth of the
        steps (a validation set and eigenvalues not counted); None at the end only.
    diagnostics : "all", None or tuple of str, default="all"
        Which of "activation_change", "relative_distance", "weight_change",
        "dead_samples", "gram_lambda_min" and "update_singular_values" are measured.
    gram_samples : int, default=200
        Training rows, a seeded subset, of the Gram matrix.
    block_size : "auto" or int, default="auto"
        Rows that the s-step engine does at a time. Speed only.
    precision : {"ieee", "bf16x6"}, default="ieee"
        How training multiplies float32 matrices. "bf16x6" splits them into pieces of
        bfloat16, exactly, and adds six products up in float32: as exact, and meant for
        tensor cores; slower elsewhere. Patterns and diagnostics are not affected.
    device : {"auto", "cpu", "cuda", "cuda:<index>", "mps"}, default="auto"
        "auto" is the first CUDA device where there is one, and otherwise the CPU.
    distributed : bool, default=False
        Whether the processes that ``torchrun`` has started train one network together:
        each holds a part of the hidden units, and B·n_classes numbers are added up in
        every step. All must be given the same data, parameters and an integer
        ``random_state``, and all end with the whole fitted network. Callbacks must be
        the same in all of them. With GPUs each process takes its own.
    random_state : int, RandomState instance or None, default=None
        Decides W(0), the readout, the batches and the subsets.
    verbose : int or bool, default=0
        Whether to print every recorded iteration.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only when all feature names of X are strings.
    hidden_weights_ : ndarray of shape (width, n_features)
        W.
    hidden_intercept_ : ndarray of shape (width,)
        Weights of the constant 1; zeros with ``fit_intercept=False``.
    readout_weights_ : ndarray of shape (n_classes, width)
        a, entries N(0, 1), not trained.
    init_seed_ : int
        Seed from which W(0) and a are regenerated on any device.
    n_iter_ : int
        Gradient steps done; a warm start counts on.
    loss_ : float
        Mean (weighted) cross-entropy on the training rows, in nats.
    learning_rate_ : float
        c in use; with "auto" the shortest.
    device_ : str
    activation_change_ : float
        Share of (hidden unit, training row) pairs whose pattern 1{⟨w_r, x⟩ > 0}
        differs from that at initialisation (LL18 §7).
    relative_distance_ : float
        ‖W − W(0)‖_F / ‖W(0)‖_F of ``hidden_weights_`` (LL18 §7).
    weight_change_ : float
        ‖W − W(0)‖_F of ``hidden_weights_``.
    dead_samples_ : int
        Training rows on which no hidden unit is active.
    gram_lambda_min_ : float
        Smallest eigenvalue of the class-averaged Gram matrix
        H_st = x_s·x_t (1/m) Σ_r ā_r 1_rs 1_rt, ā_r = mean_i a²_{i,r}, at the end of
        the fit, on at most ``gram_samples`` training rows.
    update_singular_values_ : ndarray of shape (min(width, n_features),)
        Singular values of ``hidden_weights_ - initial_weights()`` in float64,
        descending (LL18 §7); computed when first looked at.
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss``, ``score``, with a validation set ``val_loss`` and
        ``val_score``, and the course of each diagnostic: on a seeded subset of 100
        training rows (``relative_distance``: of 2²¹/n_features hidden units), so that
        the last entry and the fitted attribute agree only up to sampling; and
        ``block_size``, which is halved when a block finds no memory.
    best_validation_score_ : float
        With ``early_stopping``.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : Trains both layers, by other solvers.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018. §3: network, loss and SGD;
       (A3): initialisation; §7: diagnostics.
    .. [2] A. Devarakonda, J. Demmel. "Avoiding Communication in Logistic Regression",
       2020.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from sklearn.model_selection import train_test_split
    >>> X, y = make_clustered_mixture(400, 100, random_state=0)
    >>> X, X_test, y, y_test = train_test_split(X, y, random_state=0)
    >>> net = OverparamReLUClassifier(width=500, random_state=0).fit(X, y)
    >>> net.score(X_test, y_test)
    1.0
    >>> net.update_singular_values_.shape
    (100,)
    """

    def __init__(
        self,
        width: int = 1000,
        *,
        learning_rate: Any = "auto",
        momentum: Any = "auto",
        batch_size: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        n_iter_no_change: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        fit_intercept: bool = True,
        warm_start: bool = False,
        record_every: Any = "auto",
        diagnostics: Any = "all",
        gram_samples: int = 200,
        block_size: Any = "auto",
        precision: str = "ieee",
        device: str = "auto",
        distributed: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.width = width
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.warm_start = warm_start
        self.record_every = record_every
        self.diagnostics = diagnostics
        self.gram_samples = gram_samples
        self.block_size = block_size
        self.precision = precision
        self.device = device
        self.distributed = distributed
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
    ) -> "OverparamReLUClassifier":
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float32 is computed in float32, everything else in float64. A sparse X
            stays sparse where that is faster, and is otherwise made dense a block of
            rows at a time.
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
        self : OverparamReLUClassifier

        Raises
        ------
        ValueError
            For a parameter, data or a device that cannot be used.
        DivergenceError
            If the outputs stop being finite; also a ValueError and a
            FloatingPointError. The estimator is then unfitted.
        MemoryError
            If there is no room for a block of one batch beside the weights.

        Warns
        -----
        ConvergenceWarning
            After Ctrl-C; the estimator is fitted with what was trained.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> "OverparamReLUClassifier":
        """Go on training for one pass over the given data, ⌈n_samples/B⌉ steps.

        The learning rate of the first call stays in use. The diagnostics are those on
        the data of the last call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will come; needed in the first call only, and there taken
            from y if it is left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.

        Returns
        -------
        self : OverparamReLUClassifier

        Raises
        ------
        ValueError, DivergenceError
            As in ``fit``.
        """
        self._check_parameters()
        resume = self.__sklearn_is_fitted__()
        if not resume:
            self._forget()
            if classes is not None:
                self.classes_ = np.unique(classes)
        try:
            data = self._validated(X, y, sample_weight, reset=not resume)
            start = self._start(data, self.learning_rate_) if resume else None
            n = len(data.y)
            n_steps = -(-n // batch_size_in_use(self.batch_size, n))
            self._train(data, n_steps, start)
        except FloatingPointError:
            self._forget()
            raise
        return self

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Outputs f(x) of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) if binary
            If binary, f_1(x) − f_0(x): positive for ``classes_[1]``.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest output.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self._outputs(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Softmax of the outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        probabilities: NDArray[Any] = softmax(self._outputs(X), axis=1)
        return probabilities

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Logarithm of the softmax of the outputs, without underflow.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        logarithms: NDArray[Any] = log_softmax(self._outputs(X), axis=1)
        return logarithms

    def _validated(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> TrainingData:
        X, y = validate(self, X, y, reset=reset)
        check_classification_targets(y)
        if not hasattr(self, "classes_"):
            self.classes_ = np.unique(y)
        check_several_classes(self.classes_)
        weight = check_sample_weight(sample_weight, X)
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, y)
        return TrainingData(X, self._encoded("y", y), weight)

    def _validated_held(self, X: Any, y: Any) -> TrainingData:
        X, y = validate(self, X, y, reset=False)
        return TrainingData(X, self._encoded("y_val", column_or_1d(y)), np.ones(len(y)))

    def _encoded(self, name: str, y: NDArray[Any]) -> NDArray[np.int64]:
        """Class indices of labels."""
        check_known_classes(name, y, self.classes_)
        return np.searchsorted(self.classes_, y).astype(np.int64)
