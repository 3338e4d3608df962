"""Rows on which a network of hidden units is looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from overparam_sk.fits.initial_units import UnitsAtStart
from overparam_sk.linalg import inner_products
from overparam_sk.rows import Rows

__all__ = ["SeenRows"]


@dataclass(frozen=True)
class SeenRows:
    """Rows on which the network is looked at.

    Parameters
    ----------
    rows : Rows
    targets : Tensor of shape (n, k)
    weight : Tensor of shape (n,)
    initial : iterable of UnitsAtStart
    gram_rows : Tensor of shape (p,), int64, on the CPU
        Places of the rows of the Gram matrix, ascending.
    measured : Rows
        The same rows, of which the Gram matrix is made.
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    initial: Iterable[UnitsAtStart]
    gram_rows: Tensor
    measured: Rows

    @cached_property
    def inner(self) -> Tensor:
        """X Xᵀ of the rows of the Gram matrix."""
        return inner_products(self.measured.take(self.gram_rows))

    def of_gram(self, places: slice, patterns: Tensor) -> Tensor:
        """Of the patterns of successive rows those of rows of the Gram matrix."""
        inside = (self.gram_rows >= places.start) & (self.gram_rows < places.stop)
        here = self.gram_rows[inside] - places.start
        if len(here) == len(patterns):
            return patterns
        return patterns[here.to(patterns.device)]
