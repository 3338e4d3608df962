"""All that is shown of networks that neither paper has."""

from overparam_sk.experiments.beyond.lazy import LAZY
from overparam_sk.experiments.beyond.readout import READOUT
from overparam_sk.experiments.reproduction import Paper

__all__ = ["BEYOND"]

BEYOND = Paper(
    "beyond, all in one report: beyond-lazy: output scales, starts and "
    "parametrisations, lazy or rich; beyond-readout: both layers trained, at finite "
    "and infinite width.",
    (LAZY, READOUT),
    name="beyond",
)
