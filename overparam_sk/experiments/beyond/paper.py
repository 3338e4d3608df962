"""All that is shown of networks that neither paper has."""

from overparam_sk.experiments.beyond.readout import READOUT
from overparam_sk.experiments.reproduction import Paper

__all__ = ["BEYOND"]

BEYOND = Paper(
    "beyond, all in one report: beyond-readout: both layers trained, at finite and "
    "infinite width.",
    (READOUT,),
    name="beyond",
)
