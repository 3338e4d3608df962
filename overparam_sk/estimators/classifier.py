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
    """Two-layer overparameterized ReLU network, trained by minibatch SGD [1]_.

    f_i(x) = Σ_r a_{i,r} ReLU(⟨w_r, x⟩) with a fixed Gaussian readout a. The first
    layer W starts at W(0) with entries N(0, 1/width) and is trained on the mean
    softmax cross-entropy. Many minibatches are done as one block of matrix products
    (s-step SGD [2]_); the iterates are those of plain SGD up to rounding.

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

    # Whose theorems are about it.
    paper: ClassVar[str] = "li_liang_2018"
    _kind: ClassVar[type[FirstLayerNetwork]] = LiLiang2018

    def to_skorch(self, *, initial: bool = False, **net_params: Any) -> Any:
        """The network as an initialized skorch net, to predict and to train on.

        The net holds an ordinary module of one ``nn.Linear`` and a fixed readout and
        trains it on the mean cross-entropy by ``torch.optim.SGD`` with the step
        c/width, momentum and batch size of this estimator (the automatic step's
        lengthening is not part of it, and it is shortened by as much as the given rows
        are longer than those on (x − offset_)/scale_). ``partial_fit`` goes on from the
        weights, ``fit`` starts from them again. Its X has the dtype of
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
        """
        from overparam_sk.interop import first_layer_net  # skorch: slow to import

        check_is_fitted(self)
        settings = Settings.of(checked_parameters(self))
        m, d = self.hidden_weights_.shape
        W, b = self.hidden_weights_, self.hidden_intercept_
        if FLAG("initial", initial):
            W, b = split_intercept(self._initial(), d)
        shorter = Coordinates.kept_by(vars(self), "cpu").share_of_step()
        defaults = {
            "lr": shorter * self.learning_rate_ / m,
            "optimizer__momentum": settings.momentum,
            "batch_size": settings.batch_rows(),
            "device": self._device_here(),
        }
        weights = (W, b if self.has_intercept_ else None, self.readout_weights_)
        return first_layer_net(weights, self.classes_, defaults | net_params)
