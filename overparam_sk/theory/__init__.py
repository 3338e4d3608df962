"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.dispatch import theory_sheet
from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet

__all__ = ["PowerProduct", "SheetRow", "TheorySheet", "theory_sheet"]
