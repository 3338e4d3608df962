"""Dense rows, and dense blocks of any rows."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.rows.contract import RowBlock, RowRoom, Rows, rows_that_fit
from overparam_sk.rows.products import Products, multiply

__all__ = ["DenseRoom", "DenseRows", "as_tensor"]


# With fewer columns W lies column after column: an update of rows of a few numbers each
# would take several times as long (docs/performance.md).
_FEW_COLUMNS = 16


class DenseBlock(RowBlock):
    """Rows as one dense matrix, whatever they come from."""

    def __init__(self, X: Tensor, products: Products) -> None:
        self._X = X
        self._products = products

    def times(self, W: Tensor, out: Tensor) -> None:
        """X Wᵀ."""
        self._products.multiply(self._X, W.T, out)

    def add_times(self, W: Tensor, scale: Tensor, out: Tensor) -> None:
        """Add diag(scale) X Wᵀ."""
        self._products.add_product(self._X * scale, W.T, out)

    def inner_products(self, out: Tensor) -> None:
        """X Xᵀ."""
        self._products.multiply(self._X, self._X.T, out)

    def add_outer(self, D: Tensor, W: Tensor, keep: float = 1.0) -> None:
        """Add Dᵀ X: no gradient matrix is formed."""
        self._products.add_product(D.T, self._X, W, keep)


class DenseRoom(RowRoom):
    """Memory for rows as one dense matrix."""

    def __init__(self, rows: Rows, n_rows: int, products: Products) -> None:
        shape = (n_rows, rows.n_columns)
        self._room = torch.empty(shape, dtype=rows.dtype, device=rows.device)
        self._rows = rows
        self._products = products
        self._X = self._room

    def load(self, indices: Tensor) -> None:
        """Gather the rows ``indices``."""
        self._X = self._rows.take(indices, out=self._room[: len(indices)])

    def squared_norms(self) -> Tensor:
        """|x_s|²."""
        return self._X.square().sum(dim=1)

    def block(self, places: slice) -> RowBlock:
        """A part of the matrix."""
        return DenseBlock(self._room[places], self._products)


class DenseRows(Rows):
    """Rows of a tensor, or of some of its columns."""

    def __init__(
        self, X: Tensor, constant: bool, columns: Tensor | None = None
    ) -> None:
        n_given = X.shape[1] if columns is None else len(columns)
        super().__init__(X.shape[0], n_given, constant, X.dtype, X.device)
        self._X = X
        self._columns = columns

    def new_room(self, n_rows: int, products: Products) -> RowRoom:
        """A dense matrix."""
        return DenseRoom(self, n_rows, products)

    def empty_weights(self, m: int) -> Tensor:
        """W row by row, or column by column where there are few."""
        d = self.n_columns
        if d < _FEW_COLUMNS and self.device.type == "cpu":
            return torch.empty(d, m, dtype=self.dtype, device=self.device).T
        return torch.empty(m, d, dtype=self.dtype, device=self.device)

    def subset(self, indices: Tensor) -> Rows:
        """A dense copy."""
        return DenseRows(self.take(indices), constant=False)

    def used_columns(self) -> Tensor:
        """Columns with a number that is not zero."""
        used = torch.zeros(self.n_given, dtype=torch.bool, device=self.device)
        for places in self._slices(rows_that_fit(self.n_given)):
            used |= (self._given(places) != 0).any(dim=0)
        return used.cpu()

    def of_columns(self, columns: Tensor) -> Rows:
        """No copy is made: columns are picked as the rows are taken."""
        assert self._columns is None
        return DenseRows(self._X, self.constant, columns.to(self.device))

    def _given(self, places: slice) -> Tensor:
        X = self._X[places]
        return X if self._columns is None else X.index_select(1, self._columns)

    def _write(self, indices: Tensor, out: Tensor) -> None:
        indices = indices.to(self.device)
        if self._columns is not None:
            X = self._X.index_select(0, indices)
            torch.index_select(X, 1, self._columns, out=out)
        elif out.is_contiguous():
            torch.index_select(self._X, 0, indices, out=out)
        else:
            out.copy_(self._X[indices])

    def _times(self, M: Tensor, places: slice, out: Tensor) -> None:
        multiply(self._given(places), M, out)

    def _rows_of_a_product(self) -> int:
        if self._columns is None:
            return len(self)
        return rows_that_fit(self.n_columns)

    def _transposed_times(self, V: Tensor) -> Tensor:
        if self._columns is None:
            return self._X.T @ V
        return (self._X.T @ V)[self._columns]


def as_tensor(array: NDArray[Any], device: torch.device | str = "cpu") -> Tensor:
    """``array`` as a tensor on ``device``; on the CPU it shares the memory.

    Our code never writes to it, so that a read-only array (a memory map, say) is as
    good as any other and PyTorch's warning about it is of no use.
    """
    array = np.ascontiguousarray(array)
    if not array.flags.writeable:
        array = np.asarray(_Writeable(array))
    return torch.from_numpy(array).to(device)


class _Writeable:
    """A read-only array under a name by which PyTorch does not warn of it.

    To filter the warning instead would change the filters of every thread.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array  # numpy's view of this object keeps it alive
        described = array.__array_interface__
        self.__array_interface__ = described | {"data": (described["data"][0], False)}
