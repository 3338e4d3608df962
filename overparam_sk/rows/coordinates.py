"""Coordinates in which rows are centred, and columns and lengths of one scale."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.rows.contract import RowRoom, Rows, rows_that_fit
from overparam_sk.rows.dense import DenseRoom, DenseRows, as_tensor
from overparam_sk.rows.products import Products
from overparam_sk.rows.spaces import RowSpace

__all__ = ["Coordinates", "Standardised"]

# Root mean square of the rows' lengths, in the coordinates.
_LENGTH = 2.0
# A column that differs from its mean by no more than this many roundings is constant.
_ROUNDINGS = 8


class Coordinates:
    """The rows as they are given."""

    # Whether inner products of rows are those of their coordinates.
    keep_products: ClassVar[bool] = True

    @staticmethod
    def kept_by(fitted: Mapping[str, Any], device: torch.device | str) -> "Coordinates":
        """Those among fitted attributes."""
        if "scale_" not in fitted:
            return Coordinates()
        kept = (as_tensor(fitted[name], device) for name in ("offset_", "scale_"))
        return Standardised(*kept)

    def kept(self) -> dict[str, NDArray[Any]]:
        """The fitted attributes that tell them."""
        return {}

    def at(self, dtype: torch.dtype, device: torch.device) -> "Coordinates":
        """The same elsewhere."""
        return self

    def of_rows(self, rows: Rows) -> Rows:
        """The rows' coordinates; a constant that is appended stays."""
        return rows

    def of_matrix(self, X: Tensor) -> Tensor:
        """Those of dense rows, with a constant column or without."""
        return X

    def of_weights(self, W: Tensor) -> Tensor:
        """W' and b', its last column if there is one."""
        return W

    def given(self, W: Tensor) -> Tensor:
        """W and b of the rows as they are given, for W' and b'."""
        return W

    def given_lengths(self, space: RowSpace) -> Callable[[Tensor], Tensor]:
        """What makes of updates in a space ones as long as in the given columns."""
        return lambda update: update

    def share_of_step(self) -> float:
        """What a step here comes to on the rows as they are given, at least."""
        return 1.0


@dataclass(frozen=True)
class Standardised(Coordinates):
    """x' = (x − offset)/scale, column by column.

    A layer with weights W', b' there is one with W = W'/scale and b = b' − W·offset of
    the rows as they are given.

    Parameters
    ----------
    offset, scale : Tensor of shape (d,)
    """

    keep_products: ClassVar[bool] = False

    offset: Tensor
    scale: Tensor

    @classmethod
    def of(cls, rows: Rows, weight: Tensor) -> Coordinates:
        """Coordinates in which the rows are centred, and columns are of one scale.

        It is the geometric mean of a column's standard deviation and its largest
        deviation: the former alone makes what is rarely there large. All are then
        brought to a mean squared length of the rows.

        Parameters
        ----------
        rows : Rows
        weight : Tensor of shape (n,)
            Rows without weight do not count.

        Returns
        -------
        Coordinates
            The rows as they are given where they cost as their non-zeros, which would
            be no more, or where the columns cannot be brought to one scale in the
            computation's precision.
        """
        if rows.cost_as_non_zeros:
            return Coordinates()
        share = (weight.double() / weight.double().sum()).cpu()
        counting = share.nonzero().flatten()
        offset = torch.zeros(rows.n_given, dtype=torch.float64, device=rows.device)
        low, high = offset + float("inf"), offset - float("inf")
        squares = offset.clone()
        for places, X in _given(rows, counting):
            offset += share[places].to(X.device) @ X
            torch.minimum(low, X.amin(dim=0), out=low)
            torch.maximum(high, X.amax(dim=0), out=high)
        # A mean is rounded; of equal numbers it is that number.
        offset = torch.where(low == high, low, offset)
        for places, X in _given(rows, counting):
            squares += share[places].to(X.device) @ X.sub_(offset).square_()
        reach = torch.maximum(high - offset, offset - low)
        noise = _ROUNDINGS * torch.finfo(rows.dtype).eps * offset.abs()
        constant, one = reach <= noise, torch.ones_like(offset)
        spread = (reach * squares.sqrt()).sqrt()
        away = torch.where(offset == 0, one, offset.abs())
        scale = torch.where(constant, away, spread)
        length = float(torch.where(constant, 0, squares / scale.square()).sum())
        if length > 0:
            scale = scale * (length**0.5 / _LENGTH)
        most = torch.finfo(rows.dtype).max ** 0.25
        fits = ((1 / most < scale) & (scale < most) & (offset.abs() < most)).all()
        if not fits:
            return Coordinates()
        return cls(offset.to(rows.dtype), scale.to(rows.dtype))

    def kept(self) -> dict[str, NDArray[Any]]:
        """Offset and scale."""
        offset, scale = (v.cpu().numpy() for v in (self.offset, self.scale))
        return {"offset_": offset, "scale_": scale}

    def at(self, dtype: torch.dtype, device: torch.device) -> Coordinates:
        """The same elsewhere."""
        return Standardised(*(v.to(device, dtype) for v in (self.offset, self.scale)))

    def of_rows(self, rows: Rows) -> Rows:
        """The rows' coordinates; a constant that is appended stays."""
        return _InCoordinates(rows, self)

    def of_matrix(self, X: Tensor) -> Tensor:
        """Those of dense rows, with a constant column or without."""
        d = len(self.scale)
        return torch.cat([(X[:, :d] - self.offset).div_(self.scale), X[:, d:]], dim=1)

    def given_lengths(self, space: RowSpace) -> Callable[[Tensor], Tensor]:
        """Division by the scale."""
        return space.dividing(self.scale)

    def share_of_step(self) -> float:
        """What a step here comes to on the rows as they are given, at least.

        Their mean squared length is at most |offset|² and the largest scale's square
        times that of the coordinates.
        """
        longest = self.offset.double().norm() / _LENGTH
        return float(1 / (longest**2 + self.scale.double().max() ** 2))

    def of_weights(self, W: Tensor) -> Tensor:
        """W' and b', its last column if there is one."""
        return self._changed(W, self.scale, self.offset)

    def given(self, W: Tensor) -> Tensor:
        """W and b of the rows as they are given, for W' and b'."""
        return self._changed(W, 1 / self.scale, -self.offset / self.scale)

    def _changed(self, W: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
        d = len(scale)
        moved = W[:, d:].double() + (W[:, :d].double() @ offset.double()).unsqueeze(1)
        return torch.cat([W[:, :d] * scale, moved.to(W.dtype)[:, : W.shape[1] - d]], 1)


def _given(rows: Rows, places: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Some rows as they are given, a few at a time, in float64."""
    for some in torch.split(places, rows_that_fit(rows.n_columns)):
        yield some, rows.take(some)[:, : rows.n_given].double()


class _InCoordinates(Rows):
    """Rows that are brought to their coordinates whenever they are taken."""

    def __init__(self, rows: Rows, coordinates: Standardised) -> None:
        super().__init__(
            len(rows), rows.n_given, rows.constant, rows.dtype, rows.device
        )
        self._rows, self._coordinates = rows, coordinates

    def new_room(self, n_rows: int, products: Products) -> RowRoom:
        """Dense rows."""
        return DenseRoom(self, n_rows, products)

    def empty_weights(self, m: int) -> Tensor:
        """As for the given rows."""
        return self._rows.empty_weights(m)

    def subset(self, indices: Tensor) -> Rows:
        """A dense copy."""
        return DenseRows(self.take(indices), constant=False)

    def used_columns(self) -> Tensor:
        """Columns that are not at their offset throughout."""
        used = torch.zeros(self.n_given, dtype=torch.bool, device=self.device)
        for _, X in self.blocks(len(self)):
            used |= (X[:, : self.n_given] != 0).any(dim=0)
        return used.cpu()

    def of_columns(self, columns: Tensor) -> Rows:
        """The same of the given rows."""
        there = columns.to(self.device)
        part = Standardised(
            self._coordinates.offset[there], self._coordinates.scale[there]
        )
        return part.of_rows(self._rows.of_columns(columns))

    def _write(self, indices: Tensor, out: Tensor) -> None:
        self._rows._write(indices, out)
        out.sub_(self._coordinates.offset).div_(self._coordinates.scale)

    def _times(self, M: Tensor, places: slice, out: Tensor) -> None:
        indices = torch.arange(places.start, places.stop, dtype=torch.int64)
        X = torch.empty(
            len(indices), self.n_given, dtype=self.dtype, device=self.device
        )
        self._write(indices, X)
        torch.mm(X, M, out=out)

    def _rows_of_a_product(self) -> int:
        return rows_that_fit(self.n_columns)

    def _transposed_times(self, V: Tensor) -> Tensor:
        product = V.new_zeros(self.n_given, V.shape[1])
        for places, X in self.blocks(len(self)):
            product.addmm_(X[:, : self.n_given].T, V[places])
        return product
