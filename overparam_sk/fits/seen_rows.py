"""Rows on which a network of hidden units is looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor

from overparam_sk.fits.initial_units import UnitsAtStart
from overparam_sk.linalg import inner_products
from overparam_sk.rows import Rows

__all__ = ["SampleRows", "SeenRows"]


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

    @cached_property
    def gram_targets(self) -> tuple[Tensor, Tensor]:
        """Targets and weights of the rows of the Gram matrix."""
        there = self.gram_rows.to(self.weight.device)
        return self.targets[there], self.weight[there]

    def of_gram(self, places: slice, patterns: Tensor) -> Tensor:
        """Of the patterns of successive rows those of rows of the Gram matrix."""
        inside = (self.gram_rows >= places.start) & (self.gram_rows < places.stop)
        here = self.gram_rows[inside] - places.start
        if len(here) == len(patterns):
            return patterns
        return patterns[here.to(patterns.device)]

    def initial_gram(self, gram: Callable[[], Tensor]) -> Tensor:
        """H(0) of some units on the rows of the Gram matrix, as ``gram`` makes it."""
        return gram()


@dataclass(frozen=True)
class SampleRows(SeenRows):
    """Rows that are looked at again and again, each time with all units at once."""

    _gram0: list[Tensor] = field(default_factory=list)

    def initial_gram(self, gram: Callable[[], Tensor]) -> Tensor:
        """As it was when first looked at."""
        if not self._gram0:
            self._gram0.append(gram())
        return self._gram0[0]
