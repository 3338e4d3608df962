"""What rows are: some of them at a time, or products with all of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from overparam_sk.rows.products import Products

__all__ = ["RowBlock", "RowRoom", "Rows", "rows_that_fit"]


# Numbers of a dense block of rows, where nothing else decides its size.
_BLOCK_ELEMENTS = 2**22


def rows_that_fit(n_columns: int) -> int:
    """How many rows of ``n_columns`` numbers make a block of bounded size."""
    return max(1, _BLOCK_ELEMENTS // n_columns)


class RowBlock(ABC):
    """R rows X, gathered for the products of the s-step engine."""

    @abstractmethod
    def times(self, W: Tensor, out: Tensor) -> None:
        """Write X Wᵀ, shape (R, m), to ``out``."""

    @abstractmethod
    def add_times(self, W: Tensor, scale: Tensor, out: Tensor) -> None:
        """Add diag(scale) X Wᵀ to ``out``; ``scale`` has shape (R, 1)."""

    @abstractmethod
    def inner_products(self, out: Tensor) -> None:
        """Write X Xᵀ, shape (R, R), to ``out``."""

    @abstractmethod
    def add_outer(self, D: Tensor, W: Tensor, keep: float = 1.0) -> None:
        """Make ``W`` keep · W + Dᵀ X, for D of shape (R, m)."""


class RowRoom(ABC):
    """Memory for some rows, which are gathered at once and multiplied in blocks.

    It is used again by the rows that are loaded next.
    """

    @abstractmethod
    def load(self, indices: Tensor) -> None:
        """Gather the rows ``indices``, a CPU int64 tensor."""

    @abstractmethod
    def squared_norms(self) -> Tensor:
        """|x_s|² of the rows that are loaded."""

    @abstractmethod
    def block(self, places: slice) -> RowBlock:
        """The rows in these places, whatever is loaded there from now on."""


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

    Attributes
    ----------
    cost_as_non_zeros : bool
        Whether products cost as the numbers that are not zero.
    work_columns : int
        Columns of dense rows whose steps would cost as much.
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
        self.constant = constant
        self.dtype = dtype
        self.device = device
        self.cost_as_non_zeros = False
        self.work_columns = self.n_columns

    def __len__(self) -> int:
        return self.n_rows

    @abstractmethod
    def new_room(self, n_rows: int, products: Products) -> RowRoom:
        """Room for ``n_rows`` rows at a time, and how they are multiplied."""

    @abstractmethod
    def empty_weights(self, m: int) -> Tensor:
        """Memory for W, shape (m, d), in the order that products with a block like."""

    @abstractmethod
    def subset(self, indices: Tensor) -> "Rows":
        """Some of the rows, to be looked at again and again."""

    @abstractmethod
    def used_columns(self) -> Tensor:
        """Which given columns hold anything but zeros: (n_given,) bool, on the CPU."""

    @abstractmethod
    def of_columns(self, columns: Tensor) -> "Rows":
        """The same rows with the given columns ``columns`` only (int64, on the CPU)."""

    @abstractmethod
    def _write(self, indices: Tensor, out: Tensor) -> None:
        """Write the given columns of the rows ``indices`` into ``out``."""

    @abstractmethod
    def _times(self, M: Tensor, places: slice, out: Tensor) -> None:
        """Write the given columns of some successive rows times ``M`` (n_given, p)."""

    @abstractmethod
    def _rows_of_a_product(self) -> int:
        """How many rows ``_times`` can take at once in bounded memory."""

    @abstractmethod
    def _transposed_times(self, V: Tensor) -> Tensor:
        """The transposed given columns times ``V`` (n, p)."""

    def products(self, M: Tensor, size: int) -> Iterator[tuple[slice, Tensor]]:
        """X M for M of shape (d, p), at most ``size`` rows at a time, with places.

        All in the same memory: the next product overwrites the last.
        """
        size = min(size, len(self), self._rows_of_a_product())
        room = torch.empty(size, M.shape[1], dtype=M.dtype, device=self.device)
        for places in self._slices(size):
            product = room[: places.stop - places.start]
            self._multiply(M, places, product)
            yield places, product

    def times(self, M: Tensor) -> Tensor:
        """X M for M of shape (d, p), shape (n, p)."""
        product = torch.empty(len(self), M.shape[1], dtype=M.dtype, device=self.device)
        for places in self._slices(self._rows_of_a_product()):
            self._multiply(M, places, product[places])
        return product

    def _multiply(self, M: Tensor, places: slice, out: Tensor) -> None:
        self._times(M[: self.n_given], places, out)
        if self.constant:
            out += M[-1]

    def transposed_times(self, V: Tensor) -> Tensor:
        """Xᵀ V for V of shape (n, p), shape (d, p)."""
        product = self._transposed_times(V)
        if not self.constant:
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
        for places in self._slices(min(size, rows_that_fit(self.n_columns))):
            indices = torch.arange(places.start, places.stop, dtype=torch.int64)
            yield places, self.take(indices)

    def _slices(self, size: int) -> Iterator[slice]:
        for start in range(0, self.n_rows, size):
            yield slice(start, min(start + size, self.n_rows))
