"""The rows of X, dense or sparse, settled once here: the trainer only takes rows."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Rows", "as_rows", "as_tensor", "rows_that_fit"]


# Numbers of a dense block of rows, where nothing else decides its size.
_BLOCK_ELEMENTS = 2**22


def rows_that_fit(n_columns: int) -> int:
    """How many rows of ``n_columns`` numbers make a block of bounded size."""
    return max(1, _BLOCK_ELEMENTS // n_columns)


class Rows(ABC):
    """n rows of d numbers: some of them at a time, or products with all of them.

    Parameters
    ----------
    n_rows, n_columns : int
        The shape of the given matrix.
    constant : bool
        Whether a constant 1 is appended to every row.
    dtype, device : torch.dtype, torch.device
        Of the rows that are handed out.
    """

    def __init__(
        self,
        n_rows: int,
        n_columns: int,
        constant: bool,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        self.n_rows = n_rows
        self.n_given = n_columns
        self.n_columns = n_columns + constant
        self.dtype = dtype
        self.device = device

    def __len__(self) -> int:
        return self.n_rows

    @abstractmethod
    def _write(self, indices: Tensor, out: Tensor) -> None:
        """Write the given columns of the rows ``indices`` into ``out``."""

    @abstractmethod
    def _times(self, M: Tensor) -> Tensor:
        """The given columns times ``M`` (n_given, p)."""

    @abstractmethod
    def _transposed_times(self, V: Tensor) -> Tensor:
        """The transposed given columns times ``V`` (n, p)."""

    def times(self, M: Tensor) -> Tensor:
        """X M for M of shape (d, p), shape (n, p)."""
        product = self._times(M[: self.n_given])
        return product + M[-1] if self.n_columns > self.n_given else product

    def transposed_times(self, V: Tensor) -> Tensor:
        """Xᵀ V for V of shape (n, p), shape (d, p)."""
        product = self._transposed_times(V)
        if self.n_columns == self.n_given:
            return product
        return torch.cat([product, V.sum(dim=0, keepdim=True)])

    def inner_products(self) -> Tensor:
        """X Xᵀ, shape (n, n)."""
        n = len(self)
        inner = torch.empty(n, n, dtype=self.dtype, device=self.device)
        for places, X in self.blocks(len(self)):
            inner[:, places] = self.times(X.T)
        return inner

    def take(self, indices: Tensor, out: Tensor | None = None) -> Tensor:
        """Rows ``indices`` (a CPU int64 tensor) as a dense (len(indices), d) tensor."""
        if out is None:
            shape = (len(indices), self.n_columns)
            out = torch.empty(shape, dtype=self.dtype, device=self.device)
        self._write(indices, out[:, : self.n_given])
        out[:, self.n_given :] = 1
        return out

    def blocks(self, size: int) -> Iterator[tuple[slice, Tensor]]:
        """All rows in order, their places and the dense rows, few at a time.

        At most ``size`` rows, and fewer if they are so long that the dense block would
        be large.
        """
        size = min(size, rows_that_fit(self.n_columns))
        for start in range(0, self.n_rows, size):
            places = slice(start, min(start + size, self.n_rows))
            yield places, self.take(torch.arange(places.start, places.stop))


class _DenseRows(Rows):
    def __init__(self, X: Tensor, constant: bool) -> None:
        super().__init__(X.shape[0], X.shape[1], constant, X.dtype, X.device)
        self._X = X

    def _write(self, indices: Tensor, out: Tensor) -> None:
        indices = indices.to(self.device)
        if out.is_contiguous():
            torch.index_select(self._X, 0, indices, out=out)
        else:
            out.copy_(self._X[indices])

    def _times(self, M: Tensor) -> Tensor:
        return self._X @ M

    def _transposed_times(self, V: Tensor) -> Tensor:
        return self._X.T @ V


class _SparseRows(Rows):
    def __init__(
        self, X: Any, constant: bool, dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__(X.shape[0], X.shape[1], constant, dtype, device)
        self._X = X

    def _write(self, indices: Tensor, out: Tensor) -> None:
        out.copy_(torch.from_numpy(self._X[indices.numpy()].toarray()))

    def _times(self, M: Tensor) -> Tensor:
        return torch.from_numpy(self._X @ M.cpu().numpy()).to(M)

    def _transposed_times(self, V: Tensor) -> Tensor:
        return torch.from_numpy(self._X.T @ V.cpu().numpy()).to(V)


def as_tensor(array: NDArray[Any], device: torch.device | str = "cpu") -> Tensor:
    """``array`` as a tensor on ``device``; on the CPU it shares the memory.

    Our code never writes to it, so that a read-only array (a memory map, say) is as
    good as any other and PyTorch's warning about it is of no use.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable")
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)


def as_rows(
    X: Any, *, constant: bool, dtype: torch.dtype, device: torch.device
) -> Rows:
    """Rows of a numpy array or of a scipy CSR matrix.

    A dense X moves to ``device`` whole; a sparse one stays on the CPU and only the
    rows that are asked for become dense.
    """
    if hasattr(X, "toarray"):
        return _SparseRows(X, constant, dtype, device)
    return _DenseRows(as_tensor(X, device).to(dtype), constant)
