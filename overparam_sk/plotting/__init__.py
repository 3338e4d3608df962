"""Displays of fitted networks: arrays first, drawn only when asked.

A display is made by a ``from_*`` class method, holds numpy arrays, and draws them with
``plot``, the only place that needs matplotlib.
"""

from overparam_sk.plotting.convergence import ConvergenceDisplay
from overparam_sk.plotting.coordinate_check import CoordinateCheckDisplay
from overparam_sk.plotting.kernel_drift import KernelDriftDisplay
from overparam_sk.plotting.phase_diagram import PhaseDiagramDisplay
from overparam_sk.plotting.training_dynamics import TrainingDynamicsDisplay
from overparam_sk.plotting.update_spectrum import UpdateSpectrumDisplay
from overparam_sk.plotting.width_study import WidthStudyDisplay

__all__ = [
    "ConvergenceDisplay",
    "CoordinateCheckDisplay",
    "KernelDriftDisplay",
    "PhaseDiagramDisplay",
    "TrainingDynamicsDisplay",
    "UpdateSpectrumDisplay",
    "WidthStudyDisplay",
]
