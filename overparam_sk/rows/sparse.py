"""Sparse rows, and blocks of them that never become dense."""

from contextlib import suppress
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam_sk.rows.contract import RowBlock, Rows, rows_that_fit
from overparam_sk.rows.dense import DenseBlock
from overparam_sk.rows.products import Products
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


class SparseBlock(RowBlock):
    """Rows in CSR form, on the CPU, beside weights that lie column after column.

    Products and updates cost as the non-zeros; only columns that a block has touch W.
    """

    def __init__(self, rows: "SparseRows") -> None:
        self._rows = rows
        self._update = torch.empty(0, dtype=rows.dtype)

    def load(self, indices: Tensor) -> None:
        """Gather the rows ``indices``."""
        self._X = self._rows.matrix[indices.numpy()]
        X = self._X
        self._values = torch.from_numpy(X.data).to(self._rows.dtype)
        self._columns = torch.from_numpy(X.indices).long()
        starts = torch.from_numpy(X.indptr).long()
        self._owners = torch.repeat_interleave(
            torch.arange(len(indices), dtype=torch.int64), starts.diff()
        )
        self._csr = torch.sparse_csr_tensor(
            starts, self._columns, self._values, X.shape, check_invariants=False
        )

    def squared_norms(self) -> Tensor:
        """|x_s|²."""
        norms = self._values.new_zeros(len(self._csr))
        norms.index_add_(0, self._owners, self._values.square())
        return norms + self._rows.constant

    def times(self, W: Tensor, out: Tensor) -> None:
        """X Wᵀ."""
        if not len(self._update):  # taken before W changes, lest that stops halfway
            size = max(1, _UPDATE_ELEMENTS // len(W))
            self._update = W.new_empty(size, len(W))
        torch.addmm(out, self._csr, self._given(W), beta=0, out=out)
        if self._rows.constant:
            out += W[:, -1]

    def add_times(self, W: Tensor, scale: Tensor, out: Tensor) -> None:
        """Add diag(scale) X Wᵀ."""
        product = torch.empty_like(out)
        self.times(W, product)
        out.addcmul_(product, scale)

    def inner_products(self, out: Tensor) -> None:
        """X Xᵀ."""
        out.copy_(torch.from_numpy((self._X @ self._X.T).toarray()))
        out += self._rows.constant

    def add_outer(self, D: Tensor, W: Tensor) -> None:
        """Add Dᵀ X, one non-zero after another."""
        by_column = self._given(W)
        size, values = len(self._update), self._values.unsqueeze(1)
        for start in range(0, len(values), size):
            part = slice(start, start + size)
            update = self._update[: len(values[part])]
            torch.index_select(D, 0, self._owners[part], out=update).mul_(values[part])
            by_column.index_add_(0, self._columns[part], update)
        if self._rows.constant:
            W[:, -1] += D.sum(dim=0)

    def _given(self, W: Tensor) -> Tensor:
        return W.T[: self._rows.n_given]


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

    def new_block(self, n_rows: int, products: Products) -> RowBlock:
        """Sparse where that is faster; sparse products are those of the dtype."""
        if self.cost_as_non_zeros:
            return SparseBlock(self)
        return DenseBlock(self, n_rows, products)

    def empty_weights(self, m: int) -> Tensor:
        """W column by column for sparse blocks, so that a non-zero meets one piece."""
        shape = (self.n_columns, m) if self.cost_as_non_zeros else (m, self.n_columns)
        W = torch.empty(shape, dtype=self.dtype, device=self.device)
        return W.T if self.cost_as_non_zeros else W

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
            torch.mm(torch.from_numpy(X.toarray()).to(M), M, out=out)

    def _rows_of_a_product(self) -> int:
        return len(self) if self.cost_as_non_zeros else rows_that_fit(self.n_columns)

    def _transposed_times(self, V: Tensor) -> Tensor:
        return torch.from_numpy(self.matrix.T @ V.cpu().numpy()).to(V)
