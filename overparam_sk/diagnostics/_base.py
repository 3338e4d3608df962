"""What a diagnostic is: something that adds up over chunks of hidden units.

A diagnostic never sees the whole network at once. It is shown views of a few hidden
units, all units in turn, and then asked for its value. Along a run the same code sees
one view of a seeded subset of rows; at the end of a fit it sees all rows.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

__all__ = ["Diagnostic", "PatternView", "SampleView", "View", "WeightView"]


@dataclass(frozen=True)
class WeightView:
    """Weights of u hidden units, without the intercept's column."""

    W: Tensor  # (u, d)
    W0: Tensor  # (u, d), at initialisation


@dataclass(frozen=True)
class PatternView:
    """Activation patterns 1{pre-activation > 0} of u hidden units on n rows."""

    active: Tensor  # (n, u) bool
    active0: Tensor  # (n, u) bool, at initialisation


@dataclass(frozen=True)
class SampleView:
    """u hidden units on the sample of training rows for which a Gram matrix is made."""

    X: Tensor  # (n, d)
    Z: Tensor  # (n, u) pre-activations
    a: Tensor  # (k, u) readout
    m: int  # hidden units of the whole network


View = WeightView | PatternView | SampleView


class Diagnostic(ABC):
    """One figure about a network.

    Attributes
    ----------
    name : str
        Of the history's column; with an underscore, of the fitted attribute.
    sees : type
        The view it is shown.
    """

    name: ClassVar[str]
    sees: ClassVar[type]

    @abstractmethod
    def accumulate(self, view: View) -> None:
        """Take in some more hidden units."""

    @abstractmethod
    def value(self) -> float:
        """Return the figure for all units that were shown."""
