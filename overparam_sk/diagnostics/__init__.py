"""Theory made measurable: what the papers look at, next to every fit."""

from overparam_sk.diagnostics.accumulated_update import (
    LargestUnitChange,
    RelativeDistance,
    WeightChange,
    effective_rank,
    relative_distance,
    update_singular_values,
)
from overparam_sk.diagnostics.diagnostic import REGISTRY, Diagnostic
from overparam_sk.diagnostics.gram import (
    GramLambdaMin,
    GramSource,
    check_gram_fits,
    gram_lambda_min,
    gram_matrix,
    gram_spectrum,
)
from overparam_sk.diagnostics.infinite_width import (
    infinite_width_gram,
    infinite_width_lambda_min,
)
from overparam_sk.diagnostics.kernel_drift import GramAlignment, GramDrift
from overparam_sk.diagnostics.modes import (
    DescentSource,
    ResidualModes,
    residual_modes,
)
from overparam_sk.diagnostics.panel import Panel, history_columns
from overparam_sk.diagnostics.patterns import (
    ActivationChange,
    Coupling,
    DeadRows,
    DeadSamples,
    activation_change,
)
from overparam_sk.diagnostics.registry import register
from overparam_sk.diagnostics.views import (
    GradientView,
    GramDriftView,
    GramView,
    PatternView,
    WeightView,
)

# A new diagnostic is one file and one line here: it then is a fitted attribute and a
# column of the history.
for _diagnostic in (
    ActivationChange,
    Coupling,
    RelativeDistance,
    WeightChange,
    DeadSamples,
    DeadRows,
    GramLambdaMin,
    GramDrift,
    GramAlignment,
    LargestUnitChange,
):
    register(_diagnostic)

__all__ = [
    "REGISTRY",
    "DescentSource",
    "Diagnostic",
    "GradientView",
    "GramDriftView",
    "GramSource",
    "GramView",
    "Panel",
    "PatternView",
    "ResidualModes",
    "WeightView",
    "activation_change",
    "check_gram_fits",
    "effective_rank",
    "gram_lambda_min",
    "gram_matrix",
    "gram_spectrum",
    "history_columns",
    "infinite_width_gram",
    "infinite_width_lambda_min",
    "register",
    "relative_distance",
    "residual_modes",
    "update_singular_values",
]
