"""Theory made measurable: what the papers look at, next to every fit."""

from overparam_sk.diagnostics._base import Diagnostic
from overparam_sk.diagnostics.accumulated_update import (
    RelativeDistance,
    relative_distance,
    update_singular_values,
)
from overparam_sk.diagnostics.coupling import ActivationChange, activation_change
from overparam_sk.diagnostics.gram import GramLambdaMin
from overparam_sk.diagnostics.infinite_width import (
    infinite_width_gram,
    infinite_width_lambda_min,
)
from overparam_sk.diagnostics.measurement import (
    Measurement,
    Monitor,
    Sample,
    measure,
)

# A new diagnostic is one file and one line here: it then is a fitted attribute and a
# column of the history.
REGISTRY: dict[str, type[Diagnostic]] = {
    diagnostic.name: diagnostic
    for diagnostic in (ActivationChange, RelativeDistance, GramLambdaMin)
}

__all__ = [
    "REGISTRY",
    "Diagnostic",
    "Measurement",
    "Monitor",
    "Sample",
    "activation_change",
    "infinite_width_gram",
    "infinite_width_lambda_min",
    "measure",
    "relative_distance",
    "update_singular_values",
]
