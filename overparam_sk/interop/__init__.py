"""Our networks as skorch nets, and our diagnostics of any PyTorch module."""

from overparam_sk.interop.modules import FirstLayerModule, TwoHiddenModule
from overparam_sk.interop.nets import HalfSquaredSum, first_layer_net, two_hidden_net
from overparam_sk.interop.training_diagnostics import TrainingDiagnostics

__all__ = [
    "FirstLayerModule",
    "HalfSquaredSum",
    "TrainingDiagnostics",
    "TwoHiddenModule",
    "first_layer_net",
    "two_hidden_net",
]
