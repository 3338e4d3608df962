"""LL18's hidden units at initialisation, as a fit asks for them: W(0) is never kept."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.diagnostics import WeightView
from overparam_sk.fits.place import Place
from overparam_sk.networks import FirstLayerNetwork, initial_weight_chunks
from overparam_sk.rows import Coordinates, Rows, RowSpace

__all__ = ["ROW_BLOCK", "InitialUnits", "UnitsAtStart"]

# Rows of X that meet a chunk of units at a time in a pass over all rows.
ROW_BLOCK = 2048
# Numbers of W(0) that the history holds on to: units are exchangeable, so a leading
# subset of 2²¹/d of them gives the distance along the run to about one per cent.
_KEPT_ELEMENTS = 2**21


class UnitsAtStart(NamedTuple):
    """Some hidden units at initialisation, as far as anybody asks."""

    places: slice = slice(None)
    W: Tensor | None = None  # (v, r), of the first v of them, in the rows' coordinates
    norm: float = 0.0  # ‖W(0)‖_F of these v, of all given columns
    measure: Callable[[Tensor], Tensor] = torch.clone  # gives updates their lengths
    Z: Tensor | None = None  # (n, u), pre-activations on the rows that are seen

    def moved_to(self, W: Tensor, space: RowSpace, n_given: int) -> WeightView:
        """What training did to those that are known, to ``W`` of all of them."""
        assert self.W is not None
        update = space.update(W[: len(self.W)], self.W, n_given)
        return WeightView(self.measure(update), self.norm)


@dataclass(frozen=True)
class InitialUnits:
    """W(0) of the units that this process holds, drawn anew whenever it is asked for.

    Parameters
    ----------
    seed, width, n_given : int
    scale : float
        Factor of W(0).
    units : slice
    place : Place
    coordinates : Coordinates
        Of the rows that W(0) is drawn for.
    space : RowSpace
        Of the rows in these coordinates.
    """

    seed: int
    width: int
    n_given: int
    scale: float
    units: slice
    place: Place
    coordinates: Coordinates
    space: RowSpace

    def all_columns(self) -> Iterator[tuple[slice, Tensor]]:
        """W(0), a few units at a time, in the rows' coordinates."""
        return initial_weight_chunks(
            self.seed,
            self.width,
            self.n_given,
            held=self.units,
            constant=self.place.constant,
            scale=self.scale,
            dtype=self.place.dtype,
            device=self.place.device,
        )

    def __iter__(self) -> Iterator[UnitsAtStart]:
        for places, W in self.all_columns():
            norm = float(self._lengths(W).norm())
            here = self.space.of_weights(W)
            yield UnitsAtStart(places, here, norm, self._measure)

    def write(self, W: Tensor) -> None:
        """Write W(0), in the coordinates of the rows, to ``W``."""
        for units in self:
            assert units.W is not None
            W[units.places] = units.W

    def outputs(self, network: FirstLayerNetwork, rows: Rows) -> Tensor:
        """α f(0) on some rows, shape (n, k), of a network with its readout a(0)."""
        outputs = network.a.new_zeros(len(rows), len(network.a))
        for units in self:
            assert units.W is not None
            part = network.of_units(units.places)
            for places, Z in rows.products(units.W.T, ROW_BLOCK):
                outputs[places] += part.outputs_(Z, Z.clone())
        return outputs

    def kept(self, rows: Rows) -> list[UnitsAtStart]:
        """All units at once: Z(0) on some rows, and W(0) of leading units."""
        room = max(1, _KEPT_ELEMENTS // rows.n_columns)
        room = max(0, room - self.units.start)
        Z, kept, norms = [], [], []
        for _, W in self.all_columns():
            norms.append(self._lengths(W[:room]))
            W = self.space.of_weights(W)
            Z.append(rows.times(W.T))
            kept.append(W[:room].clone())
            room -= len(kept[-1])
        norm = float(torch.cat(norms).norm())
        known = (torch.cat(kept), norm, self._measure, torch.cat(Z, 1))
        return [UnitsAtStart(slice(None), *known)]

    @cached_property
    def _measure(self) -> Callable[[Tensor], Tensor]:
        return self.coordinates.given_lengths(self.space)

    def _lengths(self, W: Tensor) -> Tensor:
        """Of each unit's weights, in the given columns."""
        given = self.coordinates.given(W)[:, : self.n_given]
        lengths: Tensor = given.norm(dim=1)
        return lengths
