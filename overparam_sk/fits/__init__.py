"""What a fit is: a job, a network, observers in; fitted attributes out. Torch only."""

from overparam_sk.fits.deep import Deep
from overparam_sk.fits.first_layer import FirstLayer
from overparam_sk.fits.fit import Fitted, fit
from overparam_sk.fits.flow_ensemble import FlowEnsemble, WideNetwork
from overparam_sk.fits.infinite_width import InfiniteWidth
from overparam_sk.fits.job import Data, Job, Resume, Seeds
from overparam_sk.fits.network import Begin
from overparam_sk.fits.outputs import outputs_of
from overparam_sk.fits.place import Place, split_intercept, with_intercept
from overparam_sk.fits.settings import (
    SPECTRUM,
    Settings,
    asked_diagnostics,
    asked_for,
    names_asked_for,
)
from overparam_sk.fits.together import fit_many, pays_together

__all__ = [
    "SPECTRUM",
    "Begin",
    "Data",
    "Deep",
    "FirstLayer",
    "Fitted",
    "FlowEnsemble",
    "InfiniteWidth",
    "Job",
    "Place",
    "Resume",
    "Seeds",
    "Settings",
    "WideNetwork",
    "asked_diagnostics",
    "asked_for",
    "fit",
    "fit_many",
    "names_asked_for",
    "outputs_of",
    "pays_together",
    "split_intercept",
    "with_intercept",
]
