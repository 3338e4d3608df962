"""Rows on which a network of hidden units is looked at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat
from typing import Self

import torch
from torch import Tensor

from overparam_sk.diagnostics import (
    GradientView,
    GramDriftView,
    Panel,
    PatternView,
)
from overparam_sk.fits.initial_units import ROW_BLOCK, InitialUnits, UnitsAtStart
from overparam_sk.fits.job import Data
from overparam_sk.fits.outputs import preactivations_of
from overparam_sk.linalg import inner_products
from overparam_sk.networks import FirstLayerNetwork, gate_gram
from overparam_sk.rows import Rows

__all__ = ["SampleRows", "SeenRows", "on_rows", "units_gram"]


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
    offsets : Tensor of shape (n, k) or None, default=None
        −α f(0) of the units that this process holds, where the network is centred.
    """

    rows: Rows
    targets: Tensor
    weight: Tensor
    initial: Iterable[UnitsAtStart]
    gram_rows: Tensor
    measured: Rows
    offsets: Tensor | None = None

    @classmethod
    def of(
        cls,
        start: FirstLayerNetwork,
        rows: Rows,
        data: Data,
        weight: Tensor,
        initial: InitialUnits,
        gram_rows: Tensor | None = None,
    ) -> Self:
        """All rows of some data; ``start`` is the network at initialisation."""
        y = torch.from_numpy(data.y).to(rows.device)
        room = torch.empty(
            len(rows), len(start.a), dtype=rows.dtype, device=rows.device
        )
        targets = start.loss.write_targets(y, room)
        none = torch.empty(0, dtype=torch.int64)
        places = none if gram_rows is None else gram_rows
        offsets = -initial.outputs(start, rows) if start.centered else None
        return cls(rows, targets, weight, initial, places, rows, offsets)

    def sample(self, indices: Tensor) -> "SampleRows":
        """Some of the rows, all of which have a part in the Gram matrix."""
        there = indices.to(self.weight.device)
        return SampleRows(
            self.rows.subset(indices),
            self.targets[there],
            self.weight[there],
            self.initial,
            torch.arange(len(indices), dtype=torch.int64),
            self.measured.subset(indices),
            None if self.offsets is None else self.offsets[there],
        )

    def outputs_before(self, network: FirstLayerNetwork) -> Tensor:
        """What the units add their outputs to, shape (n, k)."""
        if self.offsets is not None:
            return self.offsets.clone()
        return network.a.new_zeros(len(self.rows), len(network.a))

    @cached_property
    def inner(self) -> Tensor:
        """X Xᵀ of the rows of the Gram matrix."""
        return inner_products(self.measured.take(self.gram_rows))

    @cached_property
    def gram_targets(self) -> tuple[Tensor, Tensor]:
        """Targets and weights of the rows of the Gram matrix."""
        there = self.gram_rows.to(self.weight.device)
        return self.targets[there], self.weight[there]

    def of_gram(self, places: slice, units: Tensor) -> Tensor:
        """Of what units are on successive rows that on rows of the Gram matrix."""
        inside = (self.gram_rows >= places.start) & (self.gram_rows < places.stop)
        here = self.gram_rows[inside] - places.start
        if len(here) == len(units):
            return units
        return units[here.to(units.device)]

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


def units_gram(
    part: FirstLayerNetwork,
    active: Tensor,
    inner: Tensor,
    width: int,
    hidden: Tensor | None = None,
) -> Tensor:
    """Some units' part of H = (J_W J_Wᵀ/m + J_a J_aᵀ)/k, shape (n, n), float64.

    Parameters
    ----------
    part : FirstLayerNetwork
        The units.
    active : Tensor of shape (n, u), bool
        Their patterns.
    inner : Tensor of shape (n, n), float64
        X Xᵀ.
    width : int
        m.
    hidden : Tensor of shape (n, u) or None, default=None
        Their values, where the readout is trained.
    """
    H = inner * gate_gram(part.slopes(active), part.reader) / width
    return H if hidden is None else H + inner_products(hidden)


def on_rows(
    network: FirstLayerNetwork,
    W: Tensor,
    units: UnitsAtStart,
    rows: Rows,
    panel: Panel,
) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
    """Places of blocks of rows, and pre-activations there, now and at initialisation.

    The last are None where neither the network nor a diagnostic needs them.
    """
    fixed = network.gate_weights
    if fixed is None and panel.sees(PatternView, GradientView, GramDriftView):
        fixed = units.W
    before: Iterator[Tensor | None] = repeat(None)
    if fixed is not None and units.Z is None:
        before = preactivations_of(rows, fixed, None, ROW_BLOCK)
    products = rows.products(W.T, ROW_BLOCK)
    for (places, Z), Z0 in zip(products, before, strict=False):
        yield places, Z, Z0 if units.Z is None else units.Z[places]
