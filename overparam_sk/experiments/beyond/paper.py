"""All that is shown of networks that neither paper has."""

from overparam_sk.experiments.beyond.captions import CAPTIONS
from overparam_sk.experiments.beyond.depth import DEPTH
from overparam_sk.experiments.beyond.lazy import LAZY
from overparam_sk.experiments.beyond.readout import READOUT
from overparam_sk.experiments.beyond.uncertainty import UNCERTAINTY
from overparam_sk.experiments.reproduction import Paper

__all__ = ["BEYOND"]

BEYOND = Paper(
    "beyond, all in one report: beyond-readout: both layers trained, at finite and "
    "infinite width; beyond-lazy: output scales, starts and parametrisations, lazy or "
    "rich; beyond-depth: a narrow layer at each depth of a wide network; "
    "beyond-uncertainty: ensembles beside their limit.",
    (READOUT, LAZY, DEPTH, UNCERTAINTY),
    name="beyond",
    captions=CAPTIONS,
)
