"""Rows on which K19's network is looked at: patterns and Gram matrix, now and then."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from overparam_sk.linalg import inner_products
from overparam_sk.networks import (
    Forward,
    Kong2019Weights,
    active_together,
    forward,
    gram_parts,
    gram_parts_by_units,
)
from overparam_sk.rows import DenseRows, Rows, rows_that_fit

__all__ = ["SampleRows", "SeenRows"]


@dataclass(frozen=True)
class SeenRows:
    """Rows on which the network is looked at.

    Parameters
    ----------
    rows : Rows
    targets, weight : Tensor of shape (n,)
    initial : Kong2019Weights
        At initialisation.
    gram_rows : Tensor of shape (p,), int64, on the CPU
        Places of the rows of the Gram matrix.
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    initial: Kong2019Weights
    gram_rows: Tensor

    def blocks(self) -> Iterator[slice]:
        """Places of some successive rows, all of them in turn."""
        n, size = len(self.rows), rows_that_fit(len(self.initial.B))
        return (slice(i, min(i + size, n)) for i in range(0, n, size))

    def first_pattern(self) -> Tensor:
        """1{A(0)_r·x_i > 0}, shape (n, h1), bool."""
        return self._Z0 > 0

    def second_pattern(self, places: slice) -> Tensor:
        """1{B(0)_p·σ(A(0) x_i) > 0} of some rows, bool (eq. 14)."""
        return forward(self._Z0[places], self.initial.B, self.initial.w).S2 > 0

    def gram_parts(
        self, now: Kong2019Weights, at: Forward, active: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The two parts of the Gram matrix (Prop. 1).

        ``at`` and the pattern ``active`` are of the last block of rows.
        """
        return self._gram_parts(now)

    def initial_gram_parts(self) -> tuple[Tensor, Tensor]:
        """The two parts of H(0)."""
        return self._gram_parts(self.initial)

    @cached_property
    def gram_targets(self) -> tuple[Tensor, Tensor]:
        """Targets and weights of the rows of the Gram matrix."""
        there = self.gram_rows.to(self.weight.device)
        return self.targets[there], self.weight[there]

    def _gram_parts(self, weights: Kong2019Weights) -> tuple[Tensor, Tensor]:
        X, (A, B, w) = self.rows.take(self.gram_rows), weights
        return gram_parts_by_units(X @ A.T, B, w, inner_products(X))

    @cached_property
    def _Z0(self) -> Tensor:
        return self.rows.times(self.initial.A.T)


class PairCounts:
    """S2 S2ᵀ along a run: on how many units two rows are active together.

    Few units change their pattern between two looks, so that a look costs these alone.
    The counts are integers: nothing drifts.
    """

    def __init__(self) -> None:
        self._active: Tensor | None = None
        self._counts = torch.empty(0, dtype=torch.float32)

    def at(self, active: Tensor) -> Tensor:
        """Counts for the patterns ``active`` (n, h2), bool; shape (n, n), float32."""
        if self._active is None:
            self._counts = active_together(active)
        else:
            units = (active != self._active).any(dim=0).nonzero().flatten()
            added = active_together(active[:, units]) - active_together(
                self._active[:, units]
            )
            self._counts = self._counts + added
        self._active = active
        return self._counts


@dataclass(frozen=True)
class SampleRows(SeenRows):
    """Rows that are looked at again and again; all are rows of the Gram matrix."""

    _pairs: PairCounts = field(default_factory=PairCounts)

    @classmethod
    def of(cls, everything: SeenRows) -> Self:
        """The rows of the Gram matrix."""
        X = everything.rows.take(everything.gram_rows)
        return cls(
            DenseRows(X, constant=False),
            *everything.gram_targets,
            everything.initial,
            torch.arange(len(X), dtype=torch.int64),
        )

    def blocks(self) -> Iterator[slice]:
        """All rows at once."""
        yield slice(0, len(self.rows))

    def first_pattern(self) -> Tensor:
        """As they were when first looked at."""
        return self._first

    def second_pattern(self, places: slice) -> Tensor:
        """As they were when first looked at."""
        return self._second

    def gram_parts(
        self, now: Kong2019Weights, at: Forward, active: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Of what the look has found anyway."""
        return gram_parts(at, self._inner, self._pairs.at(active))

    def initial_gram_parts(self) -> tuple[Tensor, Tensor]:
        """As they were when first looked at."""
        return self._gram0

    @cached_property
    def _first(self) -> Tensor:
        return super().first_pattern()

    @cached_property
    def _second(self) -> Tensor:
        return super().second_pattern(slice(None))

    @cached_property
    def _gram0(self) -> tuple[Tensor, Tensor]:
        start = forward(self._Z0, self.initial.B, self.initial.w)
        return gram_parts(start, self._inner)

    @cached_property
    def _inner(self) -> Tensor:
        return inner_products(self.rows.take(self.gram_rows))
