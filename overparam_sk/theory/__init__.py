"""Theorems as numbers: what the papers ask for, beside what a fitted estimator did."""

from overparam_sk.theory.powers import PowerProduct
from overparam_sk.theory.sheet import SheetRow, TheorySheet
from overparam_sk.theory.slips import SLIPS, Slip

__all__ = ["SLIPS", "PowerProduct", "SheetRow", "Slip", "TheorySheet"]
