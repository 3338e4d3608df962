"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.bound import Assumption, Bound, GeneralizationBounds
from overparam_sk.theory.dispatch import theory_sheet
from overparam_sk.theory.flow import GradientFlow, gradient_flow
from overparam_sk.theory.generalization import generalization_bounds
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet
from overparam_sk.theory.slips import SLIPS, Slip

__all__ = [
    "SLIPS",
    "Assumption",
    "Bound",
    "GeneralizationBounds",
    "GradientFlow",
    "PowerProduct",
    "SheetRow",
    "Slip",
    "TheorySheet",
    "generalization_bounds",
    "gradient_flow",
    "theory_sheet",
]
