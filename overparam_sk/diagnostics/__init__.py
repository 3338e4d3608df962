"""Theory made measurable: what the papers look at, next to every fit."""

from overparam_sk.diagnostics._base import (
    Diagnostic,
    GramView,
    Panel,
    PatternView,
    WeightView,
)
from overparam_sk.diagnostics.accumulated_update import (
    RelativeDistance,
    WeightChange,
    effective_rank,
    relative_distance,
    update_singular_values,
)
from overparam_sk.diagnostics.coupling import (
    ActivationChange,
    Coupling,
    activation_change,
)
from overparam_sk.diagnostics.dead_samples import DeadSamples
from overparam_sk.diagnostics.first_layer import (
    FirstLayerMonitor,
    InitialUnits,
    Sample,
    measure_first_layer,
)
from overparam_sk.diagnostics.function_space import (
    FunctionSpaceMonitor,
    HeldOutRows,
    SeenRows,
)
from overparam_sk.diagnostics.gram import (
    GramLambdaMin,
    check_gram_fits,
    gram_lambda_min,
    gram_matrix,
)
from overparam_sk.diagnostics.infinite_width import (
    infinite_width_gram,
    infinite_width_lambda_min,
)
from overparam_sk.diagnostics.monitor import Measurement, Monitor, history_columns
from overparam_sk.diagnostics.two_hidden import (
    TwoHiddenMonitor,
    measure_two_hidden,
    squared_spread,
)

# A new diagnostic is one file and one line here: it then is a fitted attribute and a
# column of the history.
REGISTRY: dict[str, type[Diagnostic]] = {
    diagnostic.name: diagnostic
    for diagnostic in (
        ActivationChange,
        Coupling,
        RelativeDistance,
        WeightChange,
        DeadSamples,
        GramLambdaMin,
    )
}

__all__ = [
    "REGISTRY",
    "Diagnostic",
    "FirstLayerMonitor",
    "FunctionSpaceMonitor",
    "GramView",
    "HeldOutRows",
    "InitialUnits",
    "Measurement",
    "Monitor",
    "Panel",
    "PatternView",
    "Sample",
    "SeenRows",
    "TwoHiddenMonitor",
    "WeightView",
    "activation_change",
    "check_gram_fits",
    "effective_rank",
    "gram_lambda_min",
    "gram_matrix",
    "history_columns",
    "infinite_width_gram",
    "infinite_width_lambda_min",
    "measure_first_layer",
    "measure_two_hidden",
    "relative_distance",
    "squared_spread",
    "update_singular_values",
]
