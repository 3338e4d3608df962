"""Searches and studies over widths, of any estimators.

``diagnostic_scoring`` makes what the papers measure a ``scoring`` for scikit-learn's
searches; ``width_study`` runs hours of fits that survive whatever stops them.
"""

from overparam_sk.model_selection.fitting import Fit
from overparam_sk.model_selection.power_law import PowerLaw, fit_power_law
from overparam_sk.model_selection.result import WidthStudy
from overparam_sk.model_selection.scorers import diagnostic_scorer, diagnostic_scoring
from overparam_sk.model_selection.study import width_study

__all__ = [
    "Fit",
    "PowerLaw",
    "WidthStudy",
    "diagnostic_scorer",
    "diagnostic_scoring",
    "fit_power_law",
    "width_study",
]
