"""The two-layer overparameterized ReLU network of Li and Liang (2018)."""

from typing import Any, ClassVar

from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._first_layer import FirstLayerClassifier
from overparam_sk.estimators._parameters import checked_parameters, estimator
from overparam_sk.estimators._snapshots import Retraced
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import SoftmaxClassifier
from overparam_sk.estimators._together import FittedTogether
from overparam_sk.fits import Settings, split_intercept
from overparam_sk.networks import FirstLayerNetwork, LiLiang2018
from overparam_sk.parameters import FLAG
from overparam_sk.rows import Coordinates

__all__ = ["OverparamReLUClassifier"]


@estimator
class OverparamReLUClassifier(
    FirstLayerClassifier,
    SoftmaxClassifier,
    Retraced,
    FittedTogether,
    StampedEstimator,
):
    """Two-layer overparameterized ReLU network, trained by minibatch SGD.

    f_i(x) = Σ_r a_{i,r} ReLU(⟨w_r, x⟩) with a fixed Gaussian readout a [1]_. The first
    layer W starts at W(0) with entries N(0, 1/width) and is trained on the mean
    softmax cross-entropy. Many minibatches are done as one block of matrix products
    (s-step SGD [2]_); the iterates are those of plain SGD up to rounding.

    Attributes
    ----------
    gram_lambda_min_ : float
        Smallest eigenvalue of the class-averaged Gram matrix
        H_st = x_s·x_t (1/m) Σ_r ā_r 1_rs 1_rt, ā_r = mean_i a²_{i,r}, at the end of
        the fit, on at most ``gram_samples`` training rows. With ``train_readout`` its
        part, Σ_r ReLU(w_r·x_s) ReLU(w_r·x_t), is added.
    relative_distance_ : float or ndarray of shape (2,)
        ‖W − W(0)‖_F / ‖W(0)‖_F of ``hidden_weights_`` (LL18 §7) and, with
        ``train_readout``, the same of ``readout_weights_``; so it is with
        ``weight_change_``, with ``largest_unit_change_`` (of a unit's n_classes
        weights) and, as lists, with ``update_singular_values_`` and
        ``effective_rank_``.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : Trains both layers, by other solvers.
    InfiniteWidthReLUClassifier : The limit of infinite width.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018. §3: network, loss and SGD;
       (A3): initialisation; §7: diagnostics.
    .. [2] A. Devarakonda, J. Demmel. "Avoiding Communication in Logistic Regression",
       2020.
    .. [3] L. Chizat, E. Oyallon, F. Bach. "On Lazy Training in Differentiable
       Programming", NeurIPS 2019: ``output_scale``. G. Yang, E. J. Hu. "Tensor Programs
       IV: Feature Learning in Infinite-Width Neural Networks", ICML 2021:
       ``parametrization``.

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

    _kind: ClassVar[type[FirstLayerNetwork]] = LiLiang2018

    @property
    def paper(self) -> str | None:
        """Whose theorems are about it: None if the network is not quite that one."""
        whole = not self.__sklearn_is_fitted__() or self._as_published()
        return "li_liang_2018" if whole else None

    def to_skorch(self, *, initial: bool = False, **net_params: Any) -> Any:
        """The network as an initialized skorch net, to predict and to train on.

        The net holds an ordinary module of one ``nn.Linear`` and a readout, which is a
        parameter with a step of its own if it is trained and has ``output_scale_`` as a
        factor, and trains it on the mean cross-entropy by ``torch.optim.SGD`` with the
        step, momentum and batch size of this estimator (the automatic step's
        lengthening is not part of it, and it is shortened by as much as the given rows
        are longer than those on (x − ``offset_``)/``scale_``). ``partial_fit`` goes on
        from the weights, ``fit`` starts from them again. Its X has the dtype of
        ``hidden_weights_`` and its y holds indices into ``classes_``, as do its
        predictions.

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
        ValueError
            If f(0) is taken off the outputs (``output_scale``): no module has that.
        """
        from overparam_sk.interop import first_layer_net  # skorch: slow to import

        check_is_fitted(self)
        settings = Settings.of(checked_parameters(self))
        if self.is_centered_:
            raise ValueError(
                "output_scale must be None for a net without f(0), got "
                f"{self.output_scale}."
            )
        m, d = self.hidden_weights_.shape
        W, b, a = self.hidden_weights_, self.hidden_intercept_, self.readout_weights_
        if FLAG("initial", initial):
            W, b = split_intercept(self._initial(), d)
            a = self.initial_readout()
        shorter = Coordinates.kept_by(vars(self), "cpu").share_of_step()
        c, alpha = shorter * self.learning_rate_, self.output_scale_
        steps = {"optimizer__param_groups": [("readout", {"lr": c})]}
        defaults = {
            "lr": c / (alpha**2 * m),
            **(steps if self.has_trained_readout_ else {}),
            "module__train_readout": self.has_trained_readout_,
            "optimizer__momentum": settings.momentum,
            "batch_size": settings.batch_rows(),
            "device": self._device_here(),
        }
        weights = (W, b if self.has_intercept_ else None, alpha * a)
        return first_layer_net(weights, self.classes_, defaults | net_params)
