"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.flow import GradientFlow, gradient_flow
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet

__all__ = [
    "GradientFlow",
    "PowerProduct",
    "SheetRow",
    "TheorySheet",
    "gradient_flow",
]
