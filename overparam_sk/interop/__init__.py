"""skorch, both ways: our networks as skorch nets, our diagnostics in any skorch net."""

from overparam_sk.interop.diagnostics_callback import TrainingDiagnostics
from overparam_sk.interop.modules import FirstLayerModule, TwoHiddenModule
from overparam_sk.interop.nets import HalfSquaredSum, first_layer_net, two_hidden_net

__all__ = [
    "FirstLayerModule",
    "HalfSquaredSum",
    "TrainingDiagnostics",
    "TwoHiddenModule",
    "first_layer_net",
    "two_hidden_net",
]
