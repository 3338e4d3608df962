"""Skorch nets that carry on where an estimator stands."""

from typing import Any

import torch
from numpy.typing import NDArray
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import Tensor, nn

from overparam_sk.interop.modules import FirstLayerModule, TwoHiddenModule
from overparam_sk.networks import SquaredLoss
from overparam_sk.world import in_own_world

__all__ = ["HalfSquaredSum", "OneTargetNet", "first_layer_net", "two_hidden_net"]


class HalfSquaredSum(nn.Module):
    """L = ½ Σ_i (u_i − y_i)², a sum over the batch (K19 eq. 3)."""

    def forward(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """The loss of a batch."""
        return SquaredLoss().of_samples(outputs, targets).sum()


class OneTargetNet(NeuralNetRegressor):
    """A net of one output a row, whatever its loss: y has shape (n,) or (n, 1)."""

    def get_loss(
        self, y_pred: Tensor, y_true: Any, *args: Any, **kwargs: Any
    ) -> Tensor:
        """The loss of a batch.

        Raises
        ------
        ValueError
            If y has another shape, of which a loss would make n times n differences.
        """
        if y_true.shape not in {(len(y_pred),), (len(y_pred), 1)}:
            raise ValueError(
                "y must have shape (n_samples,) or (n_samples, 1), got one of shape "
                f"{tuple(y_true.shape)} for a batch of {len(y_pred)} samples."
            )
        loss: Tensor = super().get_loss(
            y_pred, y_true.reshape(len(y_pred)), *args, **kwargs
        )
        return loss


@in_own_world
def first_layer_net(
    weights: tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any]],
    classes: NDArray[Any],
    net_params: dict[str, Any],
) -> NeuralNetClassifier:
    """A net that trains LL18's network on the mean cross-entropy.

    Parameters
    ----------
    weights : tuple of ndarray
        Those of `FirstLayerModule`.
    classes : ndarray of shape (k,)
        Their number counts; the net predicts indices into them.
    net_params : dict
        Of skorch's net, in addition to these or instead of them.

    Returns
    -------
    skorch.NeuralNetClassifier
        Initialized.
    """
    names = ("hidden_weights", "hidden_intercept", "readout_weights")
    defaults = {
        "criterion": nn.CrossEntropyLoss,
        "classes": list(range(len(classes))),
        "iterator_train__shuffle": True,
    }
    return _initialized(
        NeuralNetClassifier, FirstLayerModule, names, weights, defaults | net_params
    )


@in_own_world
def two_hidden_net(
    weights: tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any], NDArray[Any]],
    net_params: dict[str, Any],
) -> OneTargetNet:
    """A net that trains K19's network on `HalfSquaredSum`, all rows at once.

    Parameters
    ----------
    weights : tuple of ndarray
        Those of `TwoHiddenModule`.
    net_params : dict
        Of skorch's net, in addition to these or instead of them.

    Returns
    -------
    OneTargetNet
        Initialized.
    """
    names = ("first_weights", "first_intercept", "second_weights", "readout_signs")
    defaults = {"criterion": HalfSquaredSum, "batch_size": -1}
    net: OneTargetNet = _initialized(
        OneTargetNet, TwoHiddenModule, names, weights, defaults | net_params
    )
    return net


def _initialized(
    net: Any, module: type[nn.Module], names: Any, weights: Any, net_params: Any
) -> Any:
    given = {f"module__{name}": W for name, W in zip(names, weights, strict=True)}
    options = {"optimizer": torch.optim.SGD, "train_split": None, "verbose": 0}
    return net(module, **{**options, **given, **net_params}).initialize()
