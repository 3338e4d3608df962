"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.bound import Assumption, Bound, GeneralizationBounds
from overparam_sk.theory.generalization import generalization_bounds
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet

__all__ = [
    "Assumption",
    "Bound",
    "GeneralizationBounds",
    "PowerProduct",
    "SheetRow",
    "TheorySheet",
    "generalization_bounds",
]
