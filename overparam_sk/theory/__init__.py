"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.dispatch import theory_sheet
from overparam_sk.theory.flow import GradientFlow, gradient_flow
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet
from overparam_sk.theory.slips import SLIPS, Slip

__all__ = [
    "SLIPS",
    "GradientFlow",
    "PowerProduct",
    "SheetRow",
    "Slip",
    "TheorySheet",
    "gradient_flow",
    "theory_sheet",
]
