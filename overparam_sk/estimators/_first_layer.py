"""What every estimator around LL18's network does, whatever its outputs mean."""

from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._base import WideNetworkEstimator
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._first_layer_run import FirstLayerRun, momentum_in_use
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._state import split_intercept
from overparam_sk.networks import LiLiang2018, initial_weights
from overparam_sk.rows import as_tensor

__all__ = ["FirstLayerEstimator"]

# Numbers of pre-activations that a prediction holds at a time.
_PREDICT_ELEMENTS = 2**22


class FirstLayerEstimator(WideNetworkEstimator):
    """An estimator around a network whose first layer is trained by s-step SGD."""

    _n_layers: ClassVar[int] = 1

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""
        return hasattr(self, "hidden_weights_")

    def initial_weights(self) -> NDArray[Any]:
        """Hidden weights at initialisation, W(0), regenerated from ``init_seed_``.

        Returns
        -------
        ndarray of shape (width, n_features)
            Entries N(0, 1/width) (LL18, (A3)), in the dtype of ``hidden_weights_``.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        m, d = self.hidden_weights_.shape
        dtype = as_tensor(self.readout_weights_).dtype
        W0: NDArray[Any] = initial_weights(self.init_seed_, m, d, dtype=dtype).numpy()
        return W0

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
        m, d = self.hidden_weights_.shape
        W, b = self.hidden_weights_, self.hidden_intercept_
        if initial:
            W0 = initial_weights(
                self.init_seed_,
                m,
                d,
                constant=self._has_intercept(),
                dtype=as_tensor(self.readout_weights_).dtype,
            )
            W, b = split_intercept(W0, d)
        defaults = {
            "lr": self.learning_rate_ / m,
            "optimizer__momentum": momentum_in_use(self.momentum, self.learning_rate),
            "batch_size": 256 if self.batch_size == "auto" else self.batch_size,
            "device": self._device_here(),
        }
        weights = (W, b if self._has_intercept() else None, self.readout_weights_)
        return first_layer_net(weights, self.classes_, defaults | net_params)

    def _has_intercept(self) -> bool:
        """Whether the fitted network has one, whatever ``fit_intercept`` is by now."""
        return bool(self.hidden_intercept_.any())

    def _make_run(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> Run:
        return FirstLayerRun(
            parameters, data, seeds, start, n_steps, len(self.classes_)
        )

    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        W = self.hidden_weights_
        if self.fit_intercept:
            W = np.column_stack([W, self.hidden_intercept_])
        return (W,)

    def _sizes(self, data: TrainingData) -> dict[str, tuple[Any, Any]]:
        return {
            "width": (self.hidden_weights_.shape[0], self.width),
            "n_features": (self.hidden_weights_.shape[1], data.X.shape[1]),
            "fit_intercept": (self._has_intercept(), bool(self.fit_intercept)),
            "n_classes": (self.readout_weights_.shape[0], len(self.classes_)),
        }

    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return [(self.hidden_weights_, self.initial_weights())]

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs f(x) of the network, shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        rows = self._rows_to_predict(X, like=self.hidden_weights_)
        device = rows.device
        W, b, a = (
            as_tensor(weights, device)
            for weights in (
                self.hidden_weights_,
                self.hidden_intercept_,
                self.readout_weights_,
            )
        )
        network = LiLiang2018(a)
        size = max(1, _PREDICT_ELEMENTS // len(W))
        outputs = [
            network.outputs_(Z.add_(b)).cpu() for _, Z in rows.products(W.T, size)
        ]
        result: NDArray[Any] = torch.cat(outputs).numpy()
        return result
