"""Rows on which a deep network is looked at: patterns and Gram matrix, now and then."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from overparam_sk.linalg import inner_products
from overparam_sk.networks import DeepForward, DeepNetwork, active_together
from overparam_sk.rows import DenseRows, Rows, rows_that_fit

__all__ = ["SampleRows", "SeenRows"]


@dataclass(frozen=True)
class SeenRows:
    """Rows on which the network is looked at.

    Parameters
    ----------
    rows : Rows
    targets : Tensor of shape (n,) or (n, k)
    weight : Tensor of shape (n,)
    initial : DeepNetwork
        At initialisation.
    gram_rows : Tensor of shape (p,), int64, on the CPU
        Places of the rows of the Gram matrix.
    measured : Rows
        The same rows, of which the Gram matrix is made.
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    initial: DeepNetwork
    gram_rows: Tensor
    measured: Rows

    def blocks(self) -> Iterator[slice]:
        """Places of some successive rows, all of them in turn."""
        n, size = len(self.rows), rows_that_fit(self.initial.widest)
        return (slice(i, min(i + size, n)) for i in range(0, n, size))

    def patterns0(self, places: slice) -> tuple[Tensor, ...]:
        """1{Z_l > 0} of each layer of the initial network on some rows, bool."""
        return self.initial.patterns_at(self._Z0[places])

    def gram_parts(
        self, now: DeepNetwork, at: DeepForward, active: Tensor
    ) -> tuple[Tensor, ...]:
        """The parts of the Gram matrix, one for each layer.

        ``at`` and the last layer's pattern ``active`` are of the last block of rows.
        """
        return self._gram_parts(now)

    def gram_parts0(self) -> tuple[Tensor, ...]:
        """The parts of H(0)."""
        return self._gram_parts(self.initial)

    @cached_property
    def gram_targets(self) -> tuple[Tensor, Tensor]:
        """Targets and weights of the rows of the Gram matrix."""
        there = self.gram_rows.to(self.weight.device)
        return self.targets[there], self.weight[there]

    def _gram_parts(self, net: DeepNetwork) -> tuple[Tensor, ...]:
        X = self.rows.take(self.gram_rows)
        return net.gram_parts_by_units(X @ net.layers[0].T, self._inner)

    @property
    def _inner(self) -> Tensor:
        """X Xᵀ of the rows of the Gram matrix."""
        return inner_products(self.measured.take(self.gram_rows))

    @cached_property
    def _Z0(self) -> Tensor:
        return self.rows.times(self.initial.layers[0].T)


class PairCounts:
    """S Sᵀ along a run: on how many units two rows are active together.

    Few units change their pattern between two looks, so that a look costs these alone.
    The counts are integers: nothing drifts.
    """

    def __init__(self) -> None:
        self._active: Tensor | None = None
        self._counts = torch.empty(0, dtype=torch.float32)

    def at(self, active: Tensor) -> Tensor:
        """Counts for the patterns ``active`` (n, h), bool; shape (n, n), float32."""
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
        X, measured = (
            DenseRows(rows.take(everything.gram_rows), constant=False)
            for rows in (everything.rows, everything.measured)
        )
        places = torch.arange(len(X), dtype=torch.int64)
        return cls(X, *everything.gram_targets, everything.initial, places, measured)

    def blocks(self) -> Iterator[slice]:
        """All rows at once."""
        yield slice(0, len(self.rows))

    def patterns0(self, places: slice) -> tuple[Tensor, ...]:
        """As they were when first looked at."""
        return self._patterns0

    def gram_parts(
        self, now: DeepNetwork, at: DeepForward, active: Tensor
    ) -> tuple[Tensor, ...]:
        """Of what the look has found anyway."""
        return now.gram_parts(at, self._inner, self._pairs.at(active))

    def gram_parts0(self) -> tuple[Tensor, ...]:
        """As they were when first looked at."""
        return self._gram0

    @cached_property
    def _patterns0(self) -> tuple[Tensor, ...]:
        return super().patterns0(slice(None))

    @cached_property
    def _gram0(self) -> tuple[Tensor, ...]:
        return self.initial.gram_parts(self.initial.forward(self._Z0), self._inner)

    @cached_property
    def _inner(self) -> Tensor:
        return super()._inner
