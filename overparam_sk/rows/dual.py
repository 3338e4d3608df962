"""Training in the dual form: W − W(0) = A X, with a coefficient for each row and unit.

Where there are few rows, W is not moved itself. With K = X Xᵀ, a batch b whose
derivatives are D adds D to the rows b of Aᵀ and K[:, b] D to the pre-activations X Wᵀ
of all rows: 2·B·n·m operations a step, where X_b Wᵀ and DᵀX_b make 4·B·m·d. What stands
for W is P = [W Xᵀ, A], shape (m, 2n), in whose coordinates row s is (e_s, 0) for the
products and (K_s, e_s) for the updates: the engine does not know.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam_sk.rows.contract import RowBlock, RowRoom, Rows
from overparam_sk.rows.dense import DenseBlock, DenseRows
from overparam_sk.rows.products import Products
from overparam_sk.rows.spaces import RowSpace

__all__ = ["DualSpace", "dual_pays"]

# It must save so much of the operations, since there is more to do beside products.
_LARGEST_SHARE = 0.8
# Numbers that P may have beyond the size of W.
_ROOM = 2**24


class DualBlock(RowBlock):
    """Rows of K for the updates, and places of rows for the products."""

    def __init__(self, room: "DualRoom", places: slice) -> None:
        self._room, self._places = room, places
        self._n = len(room.rows)
        self._K = DenseBlock(room.K[places], room.products)

    def times(self, W: Tensor, out: Tensor) -> None:
        """Of all pre-activations those of the rows."""
        torch.index_select(W.T, 0, self._here(), out=out)

    def add_times(self, W: Tensor, scale: Tensor, out: Tensor) -> None:
        """Scaled, and added."""
        out.addcmul_(W.T[self._here()], scale)

    def inner_products(self, out: Tensor) -> None:
        """Of K those between the rows."""
        torch.index_select(self._room.K[self._places], 1, self._here(), out=out)

    def add_outer(self, D: Tensor, W: Tensor, keep: float = 1.0) -> None:
        """K D for the pre-activations, D itself for the coefficients."""
        self._K.add_outer(D, W[:, : self._n], keep)
        A = W.T[self._n :]
        if keep != 1.0:
            A.mul_(keep)
        A.index_add_(0, self._here(), D)

    def _here(self) -> Tensor:
        return self._room.there[self._places]


class DualRoom(RowRoom):
    """Room for rows of K."""

    def __init__(self, rows: "DualRows", n_rows: int, products: Products) -> None:
        self.rows, self.products = rows, products
        self.K = rows.K.new_empty(n_rows, len(rows))
        self.there = torch.empty(0, dtype=torch.int64)

    def load(self, indices: Tensor) -> None:
        """Gather them."""
        self.there = indices.to(self.K.device)
        torch.index_select(self.rows.K, 0, self.there, out=self.K[: len(indices)])

    def squared_norms(self) -> Tensor:
        """The diagonal of K."""
        return self.rows.K.diagonal()[self.there]

    def block(self, places: slice) -> RowBlock:
        """Some of the rows."""
        return DualBlock(self, places)


class DualRows(Rows):
    """Training rows, or some of them, whose products with W stand in P.

    Parameters
    ----------
    given : Rows
        The n training rows.
    K : Tensor of shape (n, n)
    there : Tensor of shape (p,), int64, on the CPU
        Which of them these are.
    """

    def __init__(self, given: Rows, K: Tensor, there: Tensor) -> None:
        d, constant = given.n_given, given.constant
        super().__init__(len(there), d, constant, given.dtype, given.device)
        self.n_columns = 2 * len(K)
        # A step of B rows makes 2·B·n·m operations, as if there were n/2 columns.
        self.work_columns = max(1, len(K) // 2)
        self.K = K
        self._given, self._there = given, there

    def new_room(self, n_rows: int, products: Products) -> RowRoom:
        """Rows of K."""
        return DualRoom(self, n_rows, products)

    def empty_weights(self, m: int) -> Tensor:
        """P column by column: the pre-activations of a row lie together."""
        shape = (self.n_columns, m)
        return torch.empty(shape, dtype=self.dtype, device=self.device).T

    def take(self, indices: Tensor, out: Tensor | None = None) -> Tensor:
        """The given rows themselves."""
        return self._given.take(self._there[indices], out)

    def subset(self, indices: Tensor) -> Rows:
        """Their products stand in P as well."""
        return DualRows(self._given, self.K, self._there[indices])

    def used_columns(self) -> Tensor:
        """Of the given rows, all of them."""
        return self._given.used_columns()

    def of_columns(self, columns: Tensor) -> Rows:
        """The given rows with these columns only, dense."""
        everything = torch.arange(len(self), dtype=torch.int64)
        X = self.take(everything)[:, columns.to(self.device)]
        return DenseRows(X, self.constant)

    def _write(self, indices: Tensor, out: Tensor) -> None:
        out.copy_(self.take(indices)[:, : self.n_given])

    def _multiply(self, M: Tensor, places: slice, out: Tensor) -> None:
        self._times(M, places, out)

    def _times(self, M: Tensor, places: slice, out: Tensor) -> None:
        torch.index_select(M, 0, self._there[places].to(M.device), out=out)

    def _rows_of_a_product(self) -> int:
        return len(self)

    def _transposed_times(self, V: Tensor) -> Tensor:
        spread = V.new_zeros(len(self.K), V.shape[1])
        spread[self._there.to(V.device)] = V
        return self._given.transposed_times(spread)[: self.n_given]


@dataclass(frozen=True)
class DualSpace(RowSpace):
    """The space of the training rows, by their coefficients.

    Parameters
    ----------
    given : Rows
        The training rows.
    """

    given: Rows

    def of_rows(self, rows: Rows) -> Rows:
        """The training rows: no others are met."""
        assert rows is self.given
        everything = torch.arange(len(rows), dtype=torch.int64)
        return DualRows(rows, rows.inner_products(), everything)

    def of_weights(self, W: Tensor) -> Tensor:
        """Their products with the rows, and no coefficients."""
        products = self.given.times(W.T)
        return torch.cat([products, torch.zeros_like(products)]).T

    def update(self, W: Tensor, W0: Tensor, n_given: int) -> Tensor:
        """A X, of the given columns."""
        return self._moved(W)[:, :n_given]

    def dividing(self, scale: Tensor) -> Callable[[Tensor], Tensor]:
        """Column by column."""
        return lambda U: U / scale

    def all_columns(
        self, W: Tensor, initial: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """W(0) + A X."""
        moved = W.new_empty(len(W), n_columns)
        for units, W0 in initial:
            torch.add(W0, self._moved(W[units]), out=moved[units])
        return moved

    def _moved(self, W: Tensor) -> Tensor:
        return self.given.transposed_times(W.T[len(self.given) :]).T


def dual_pays(rows: Rows, *, width: int, rows_seen: int) -> bool:
    """Whether the dual form has fewer operations, in memory of the order of W.

    Parameters
    ----------
    rows : Rows
        All that the network meets while it is trained.
    width : int
        m.
    rows_seen : int
        T·B.
    """
    n, d, m = len(rows), rows.n_columns, width
    if rows.cost_as_non_zeros or n > d or 2 * n * m > m * d + _ROOM:
        return False
    around = 3 * n * m * d + n * n * d  # P before the first step, K, and W at the end
    return rows_seen * n * m + around < _LARGEST_SHARE * 2 * rows_seen * m * d
