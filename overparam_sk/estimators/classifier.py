"""The two-layer overparameterized ReLU network of Li and Liang (2018)."""

from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._first_layer import FirstLayerClassifier
from overparam_sk.estimators._softmax_run import momentum_in_use
from overparam_sk.estimators._state import split_intercept
from overparam_sk.networks import LiLiang2018, SoftmaxNetwork
from overparam_sk.parameters import FLAG

__all__ = ["OverparamReLUClassifier"]


class OverparamReLUClassifier(FirstLayerClassifier):
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
    record_every : "auto", int, tuple of int or None, default="auto"
        Iterations between two entries of ``history_``. "auto" looks at least 8
        and at most 40 times, and between them as often as costs about a tenth of the
        steps (a validation set and eigenvalues not counted); None at the end only. A
        tuple holds the iterations themselves; the last one always is an entry.
    diagnostics : "all", None or tuple of str, default="all"
        Which of "activation_change", "coupling", "relative_distance", "weight_change",
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
    effective_rank_ : int
        How many of them carry 99 % of the squared norm.
    coupling_ : float
        Share of hidden units whose pattern has changed on no training row: their
        gradient is the pseudo gradient (LL18 §5.1, Lemma 5.1).
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss``, ``score``, with a validation set ``val_loss`` and
        ``val_score``, and the course of each diagnostic: on a seeded subset of 100
        training rows (``relative_distance``: of 2²¹/r hidden units, r the columns of W
        in training), so that the last entry and the fitted attribute agree only up to
        sampling; with ``coupling`` also ``pseudo_gradient_error``, ‖∇L − ∇̃L‖/‖∇L‖ on
        these rows (LL18 §5.1); and ``block_size``, which is halved when a block finds
        no memory.
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

    _network: ClassVar[type[SoftmaxNetwork]] = LiLiang2018

    def to_skorch(self, *, initial: bool = False, **net_params: Any) -> Any:
        """The network as an initialized skorch net, to predict and to train on.

        The net holds an ordinary module of one ``nn.Linear`` and a fixed readout and
        trains it on the mean cross-entropy by ``torch.optim.SGD`` with the step
        c/width, momentum and batch size of this estimator (the automatic step's
        lengthening is not part of it). ``partial_fit`` goes on from the weights,
        ``fit`` starts from them again. Its X has the dtype of ``hidden_weights_`` and
        its y holds indices into ``classes_``, as do its predictions.

        Parameters
        ----------
        initial : bool, default=False
            Whether to start from W(0) instead of the fitted weights.
        **net_params
            Parameters of skorch's net, such as ``max_epochs``, ``callbacks``,
            ``train_split`` or ``optimizer__lr``; they go before those above.

        Returns
        -------
        skorch.NeuralNetClassifier

        Raises
        ------
        NotFittedError
            Before ``fit``: the sizes of the network come from the data.
        """
        from overparam_sk.interop import first_layer_net  # skorch: slow to import

        check_is_fitted(self)
        p, initial = self._plain_parameters(), FLAG("initial", initial)
        m, d = self.hidden_weights_.shape
        W, b = self.hidden_weights_, self.hidden_intercept_
        if initial:
            W, b = split_intercept(self._initial(), d)
        defaults = {
            "lr": self.learning_rate_ / m,
            "optimizer__momentum": momentum_in_use(p.momentum, p.learning_rate),
            "batch_size": 256 if p.batch_size == "auto" else p.batch_size,
            "device": self._device_here(),
        }
        weights = (W, b if self._has_intercept() else None, self.readout_weights_)
        return first_layer_net(weights, self.classes_, defaults | net_params)
