"""Sparse rows, and blocks of them that never become dense."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam_sk.rows.contract import RowBlock, RowRoom, Rows, rows_that_fit
from overparam_sk.rows.dense import DenseRoom, DenseRows
from overparam_sk.rows.products import Products, multiply
from overparam_sk.world import without_warning

__all__ = ["SparseRows"]

# Below this share of non-zeros sparse products are faster than dense ones: they go at
# the speed of memory, dense ones at that of arithmetic (docs/performance.md).
_SPARSE_DENSITY = 0.02
# Numbers of an update that are made at a time.
_UPDATE_ELEMENTS = 2**22


# PyTorch says once in a process that its CSR tensors are a beta; here they only
# multiply. It may say so now, in vain.
with without_warning("Sparse CSR"), suppress(UserWarning):
    torch.eye(1, dtype=torch.float32, device="cpu").to_sparse_csr()


class SparseRoom(RowRoom):
    """Which rows are loaded; each block gathers its own when it is first asked."""

    def __init__(self, rows: "SparseRows") -> None:
        self.rows = rows
        self.indices = torch.empty(0, dtype=torch.int64)
        self._update = torch.empty(0, dtype=rows.dtype)

    def load(self, indices: Tensor) -> None:
        """Remember the rows ``indices``."""
        self.indices = indices

    def squared_norms(self) -> Tensor:
        """|x_s|²."""
        X = self.rows.matrix[self.indices.numpy()]
        norms = torch.zeros(len(self.indices), dtype=self.rows.dtype)
        values = torch.from_numpy(X.data).to(self.rows.dtype)
        norms.index_add_(0, _owners(torch.from_numpy(X.indptr)), values.square())
        return norms + self.rows.constant

    def block(self, places: slice) -> RowBlock:
        """Some of the rows."""
        return SparseBlock(self, places)

    def update_of(self, m: int) -> Tensor:
        """Room for parts of an update of m units, shape (size, m)."""
        if not len(self._update):
            size = max(1, _UPDATE_ELEMENTS // m)
            self._update = torch.empty(size, m, dtype=self.rows.dtype)
        return self._update


class SparseBlock(RowBlock):
    """Rows in CSR form, on the CPU, beside weights that lie column after column.

    Products and updates cost as the non-zeros; only columns that a block has touch W.
    """

    def __init__(self, room: SparseRoom, places: slice) -> None:
        self._room = room
        self._places = places
        self._constant, self._n_given = room.rows.constant, room.rows.n_given
        self._loaded: Tensor | None = None

    def _gather(self) -> None:
        """The rows that are loaded now."""
        if self._loaded is self._room.indices:
            return
        self._loaded = self._room.indices
        self._X = X = self._room.rows.matrix[self._loaded[self._places].numpy()]
        self._values = torch.from_numpy(X.data).to(self._room.rows.dtype)
        self._columns = torch.from_numpy(X.indices).long()
        starts = torch.from_numpy(X.indptr).long()
        self._owners = _owners(starts)
        self._csr = torch.sparse_csr_tensor(
            starts, self._columns, self._values, X.shape, check_invariants=False
        )

    def times(self, W: Tensor, out: Tensor) -> None:
        """X Wᵀ."""
        self._gather()
        self._room.update_of(len(W))  # before W changes, lest that stops halfway
        torch.addmm(out, self._csr, self._given(W), beta=0, out=out)
        if self._constant:
            out += W[:, -1]

    def add_times(self, W: Tensor, scale: Tensor, out: Tensor) -> None:
        """Add diag(scale) X Wᵀ."""
        product = torch.empty_like(out)
        self.times(W, product)
        out.addcmul_(product, scale)

    def inner_products(self, out: Tensor) -> None:
        """X Xᵀ."""
        self._gather()
        out.copy_(torch.from_numpy((self._X @ self._X.T).toarray()))
        out += self._constant

    def add_outer(self, D: Tensor, W: Tensor, keep: float = 1.0) -> None:
        """Add Dᵀ X, one non-zero after another."""
        self._gather()
        if keep != 1.0:
            W.mul_(keep)
        by_column, room = self._given(W), self._room.update_of(len(W))
        size, values = len(room), self._values.unsqueeze(1)
        for start in range(0, len(values), size):
            part = slice(start, start + size)
            update = room[: len(values[part])]
            torch.index_select(D, 0, self._owners[part], out=update).mul_(values[part])
            by_column.index_add_(0, self._columns[part], update)
        if self._constant:
            W[:, -1] += D.sum(dim=0)

    def _given(self, W: Tensor) -> Tensor:
        return W.T[: self._n_given]


def _owners(starts: Tensor) -> Tensor:
    """The row of each non-zero, from where the rows start."""
    rows = torch.arange(len(starts) - 1, dtype=torch.int64)
    return torch.repeat_interleave(rows, starts.long().diff())


class SparseRows(Rows):
    """Rows of a scipy CSR matrix, which stays where it is, on the CPU."""

    def __init__(
        self, X: Any, constant: bool, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__(X.shape[0], X.shape[1], constant, dtype, device)
        if not X.has_canonical_format:  # a number may be given in parts
            X = X.copy()
            X.sum_duplicates()
        self.matrix = X
        density = X.nnz / max(1, X.shape[0] * X.shape[1])
        self.cost_as_non_zeros = device.type == "cpu" and density < _SPARSE_DENSITY

    def new_room(self, n_rows: int, products: Products) -> RowRoom:
        """Sparse where that is faster; sparse products are those of the dtype."""
        if self.cost_as_non_zeros:
            return SparseRoom(self)
        return DenseRoom(self, n_rows, products)

    def empty_weights(self, m: int) -> Tensor:
        """W column by column for sparse blocks, so that a non-zero meets one piece."""
        shape = (self.n_columns, m) if self.cost_as_non_zeros else (m, self.n_columns)
        W = torch.empty(shape, dtype=self.dtype, device=self.device)
        return W.T if self.cost_as_non_zeros else W

    def subset(self, indices: Tensor) -> Rows:
        """A dense copy."""
        return DenseRows(self.take(indices), constant=False)

    def used_columns(self) -> Tensor:
        """Columns with a stored number."""
        counts = np.bincount(self.matrix.indices, minlength=self.n_given)
        return torch.from_numpy(counts > 0)

    def of_columns(self, columns: Tensor) -> Rows:
        """A copy of the stored numbers."""
        matrix = self.matrix[:, columns.numpy()]
        return SparseRows(matrix, self.constant, self.dtype, self.device)

    def _write(self, indices: Tensor, out: Tensor) -> None:
        out.copy_(torch.from_numpy(self.matrix[indices.numpy()].toarray()))

    def _times(self, M: Tensor, places: slice, out: Tensor) -> None:
        X = self.matrix[places]
        if self.cost_as_non_zeros:
            out.copy_(torch.from_numpy(X @ M.numpy()))
        else:
            multiply(torch.from_numpy(X.toarray()).to(M), M, out)

    def _rows_of_a_product(self) -> int:
        return len(self) if self.cost_as_non_zeros else rows_that_fit(self.n_columns)

    def _transposed_times(self, V: Tensor) -> Tensor:
        return torch.from_numpy(self.matrix.T @ V.cpu().numpy()).to(V)
