"""The space that the rows span: W moves nowhere else, if training in it is worth it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam_sk.rows.contract import Rows, rows_that_fit
from overparam_sk.rows.dense import DenseRows

__all__ = ["BasisSpace", "ColumnSpace", "RowSpace", "WholeSpace", "row_space"]

# Rows whose coordinates are computed at a time.
_ROW_BLOCK = 1024


class RowSpace(ABC):
    """Coordinates of a space in which the given parts of some rows lie.

    With Q (d, r) orthonormal, a row x = Q c has pre-activations W x = (W Q) c, and what
    it adds to W is a multiple of cᵀ Qᵀ: training on coordinates is training. A constant
    that is appended to the rows stays a column of its own, so that lengths of the
    given part are those of the coordinates.
    """

    @abstractmethod
    def of_rows(self, rows: Rows) -> Rows:
        """The coordinates of rows that lie in the space."""

    @abstractmethod
    def of_weights(self, W: Tensor) -> Tensor:
        """W Q for the weights of some units, the constant's column kept."""

    def update(self, W: Tensor, W0: Tensor, n_given: int) -> Tensor:
        """W − W(0) without the constant's column, in any orthonormal coordinates.

        Parameters
        ----------
        W, W0 : Tensor of shape (u, r) or (u, r + 1)
            In coordinates, of some units.
        n_given : int
            Columns of the rows in coordinates, but for the constant.
        """
        return W[:, :n_given] - W0[:, :n_given]

    @abstractmethod
    def all_columns(
        self, W: Tensor, initial: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """The weights in all columns, from W in coordinates.

        Parameters
        ----------
        W : Tensor of shape (m, r) or (m, r + 1)
        initial : iterable of (slice, Tensor)
            The weights before training in all columns, a few units at a time: they
            hold what did not move. They are written over.
        n_columns : int
            d or d + 1.

        Returns
        -------
        Tensor of shape (m, n_columns)
        """

    @abstractmethod
    def dividing(self, scale: Tensor) -> Callable[[Tensor], Tensor]:
        """What makes of updates U (u, r) such that have the lengths of U Qᵀ / scale.

        Parameters
        ----------
        scale : Tensor of shape (d,)
        """


class WholeSpace(RowSpace):
    """No coordinates: rows and weights as they are."""

    def of_rows(self, rows: Rows) -> Rows:
        """The rows."""
        return rows

    def of_weights(self, W: Tensor) -> Tensor:
        """The weights."""
        return W

    def all_columns(
        self, W: Tensor, initial: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """W."""
        return W

    def dividing(self, scale: Tensor) -> Callable[[Tensor], Tensor]:
        """Column by column."""
        return lambda U: U / scale


class _PartSpace(RowSpace):
    """A space in which W has fewer columns."""

    def all_columns(
        self, W: Tensor, initial: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """The weights before training, moved within the space."""
        moved = W.new_empty(len(W), n_columns)
        for units, W0 in initial:
            moved[units] = self._move(W0, W[units])
        return moved

    @abstractmethod
    def _move(self, W0: Tensor, W: Tensor) -> Tensor:
        """``W0``, moved within the space to where its coordinates are ``W``."""


@dataclass(frozen=True)
class ColumnSpace(_PartSpace):
    """The space of some columns; the others are zero in every row.

    Parameters
    ----------
    columns : Tensor of shape (r,), int64, on the CPU
    n_given : int
        d.
    """

    columns: Tensor
    n_given: int

    def of_rows(self, rows: Rows) -> Rows:
        """The rows without the other columns."""
        return rows.of_columns(self.columns)

    def of_weights(self, W: Tensor) -> Tensor:
        """The weights of the columns, and the constant's."""
        return W[:, self._places(W)]

    def dividing(self, scale: Tensor) -> Callable[[Tensor], Tensor]:
        """Column by column."""
        here = scale[self.columns.to(scale.device)]
        return lambda U: U / here

    def _move(self, W0: Tensor, W: Tensor) -> Tensor:
        W0[:, self._places(W0)] = W
        return W0

    def _places(self, W: Tensor) -> Tensor:
        constant = torch.arange(self.n_given, W.shape[1], dtype=torch.int64)
        return torch.cat([self.columns, constant]).to(W.device)


@dataclass(frozen=True)
class BasisSpace(_PartSpace):
    """The space of an orthonormal basis.

    Parameters
    ----------
    Q : Tensor of shape (d, r)
    """

    Q: Tensor

    def of_rows(self, rows: Rows) -> Rows:
        """The rows' coordinates, dense."""
        shape = (len(rows), self.Q.shape[1])
        C = torch.empty(shape, dtype=rows.dtype, device=rows.device)
        for places, X in rows.blocks(_ROW_BLOCK):
            torch.mm(X[:, : rows.n_given], self.Q, out=C[places])
        return DenseRows(C, rows.constant)

    def of_weights(self, W: Tensor) -> Tensor:
        """W Q, and the constant's column."""
        n_given = len(self.Q)
        return torch.cat([W[:, :n_given] @ self.Q, W[:, n_given:]], dim=1)

    def dividing(self, scale: Tensor) -> Callable[[Tensor], Tensor]:
        """By a basis of what the division makes of the space: r columns are enough."""
        R = torch.linalg.qr(self.Q / scale.unsqueeze(1)).R
        return lambda U: U @ R.T

    def _move(self, W0: Tensor, W: Tensor) -> Tensor:
        n_given, r = self.Q.shape
        W0[:, :n_given].addmm_(W[:, :r] - W0[:, :n_given] @ self.Q, self.Q.T)
        W0[:, n_given:] = W[:, r:]
        return W0


# Fewer columns are not worth a search: what is in them costs less than to look.
_FEWEST_COLUMNS = 64
# A basis must be this much smaller than the columns.
_LARGEST_SHARE = 0.9
# What a basis costs, against what it saves, both in multiplications; and what it may
# cost to find out that there is none, against the training.
_SEARCH_SHARE = 0.25
_PROBE_SHARE = 0.05
# Numbers that a basis may need beside two matrices of the size of W.
_ROOM = 2**24
# Multiplications of an eigenvalue problem of n rows, in units of n³.
_EIGENVALUES = 10


def row_space(parts: Sequence[Rows], *, width: int, rows_seen: int) -> RowSpace:
    """The space that the given columns of all these rows span.

    Parameters
    ----------
    parts : sequence of Rows
        Training rows, and any others that the network will meet while it is trained.
    width : int
        m, the rows of W.
    rows_seen : int
        Rows that training is going to look at, T·B: what fewer columns save.

    Returns
    -------
    RowSpace
        A basis, or the columns that are not zero throughout, or the whole space
        where neither saves anything.
    """
    d = parts[0].n_given
    if d < _FEWEST_COLUMNS:
        return WholeSpace()
    used = torch.stack([rows.used_columns() for rows in parts]).any(dim=0)
    columns = used.nonzero().flatten()
    if len(columns) == 0:
        return WholeSpace()
    Q = None
    if not any(rows.cost_as_non_zeros for rows in parts):
        Q = _Search(parts, columns, width, rows_seen).basis()
    if Q is not None:
        return BasisSpace(Q)
    return ColumnSpace(columns, d) if len(columns) < d else WholeSpace()


@dataclass(frozen=True)
class _Search:
    """The search for a basis of the rows ``parts``, zero outside of ``columns``."""

    parts: Sequence[Rows]
    columns: Tensor
    width: int
    rows_seen: int

    def basis(self) -> Tensor | None:
        """Q (d, r), or None if there is none that pays."""
        n, d = self._n_rows(), len(self.columns)
        if n <= d:
            fits = 3 * n * d <= 2 * self.width * d + _ROOM
            if not fits or not self._pays(n, 4 * d * n**2):
                return None
            return self._of_few_rows()
        training = 2 * self.rows_seen * self.width * d
        if (_EIGENVALUES + 1) * d**3 > _PROBE_SHARE * training:
            return None
        r = self._rank_of_some()
        if not self._pays(r, n * d**2 + _EIGENVALUES * d**3):
            return None
        return self._of_many_rows()

    def _pays(self, r: int, search: int) -> bool:
        """Whether a basis of r vectors, found by ``search``, is worth it."""
        n, d, m = self._n_rows(), len(self.columns), self.width
        if r > _LARGEST_SHARE * d or r * (m + n + d) > m * d + _ROOM:
            return False
        change = n * d * r + 4 * m * d * r  # of coordinates, there and back
        return search + change < _SEARCH_SHARE * 2 * self.rows_seen * m * (d - r)

    def _rank_of_some(self) -> int:
        """The rank of about d rows: all of them together have no smaller one."""
        rows = max(self.parts, key=len)
        wanted = len(self.columns) + _FEWEST_COLUMNS
        size = min(len(rows), wanted)
        steps = torch.arange(size, dtype=torch.int64)
        places = steps * (len(rows) - 1) // max(1, size - 1)
        X = rows.take(places)[:, self.columns.to(rows.device)].double()
        gram = X.T @ X
        if not gram.isfinite().all():
            return len(gram)
        # Positive definite with the noise taken off: most data ends here, and soon.
        noise = self._noise(gram.trace().unsqueeze(0)) * len(gram)
        off = gram - noise * torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
        if torch.linalg.cholesky_ex(off).info == 0:
            return len(gram)
        eigenvalues = torch.linalg.eigvalsh(gram)
        return int((eigenvalues > self._noise(eigenvalues)).sum())

    def _of_few_rows(self) -> Tensor:
        """As many vectors as rows: each row is kept up to its rounding error."""
        Q = torch.linalg.qr(torch.cat(list(self._blocks())).T).Q
        return self._in_all_columns(Q)

    def _of_many_rows(self) -> Tensor | None:
        """From the eigenvectors of XᵀX."""
        d, some = len(self.columns), self.parts[0]
        gram = torch.zeros(d, d, dtype=torch.float64, device=some.device)
        for X in self._blocks():
            gram.addmm_(X.double().T, X.double())
        if not gram.isfinite().all():
            return None
        eigenvalues, vectors = torch.linalg.eigh(gram)
        Q = vectors[:, eigenvalues > self._noise(eigenvalues)]
        if not self._pays(Q.shape[1], 0):
            return None
        # An eigenvector of XᵀX may lean out of the row space by its rounding error;
        # XᵀX times it does not.
        span = torch.zeros_like(Q)
        for X in self._blocks():
            span.addmm_(X.double().T, X.double() @ Q)
        Q = torch.linalg.qr(span / span.norm(dim=0)).Q
        if not self._spans_rows(Q):
            return None
        return self._in_all_columns(Q.to(some.dtype))

    def _spans_rows(self, Q: Tensor) -> bool:
        """Whether every row lies in the span, up to the rounding errors of products.

        Each by its own length, lest large rows hide others, and with all columns
        brought to one scale, lest large columns hide others.
        """
        largest = Q.new_zeros(len(Q))
        for X in self._blocks():
            torch.maximum(largest, X.to(Q).abs().amax(dim=0), out=largest)
        largest[largest == 0] = 1  # zeros that a sparse matrix has stored
        tolerance = 8 * len(Q) ** 0.5 * torch.finfo(self.parts[0].dtype).eps
        for X in self._blocks():
            X = X.to(Q)
            rest = X - (X @ Q) @ Q.T
            for scale in (torch.ones_like(largest), largest):
                lost = (rest / scale).norm(dim=1)
                if bool((lost > tolerance * (X / scale).norm(dim=1)).any()):
                    return False
        return True

    def _noise(self, eigenvalues: Tensor) -> float:
        """Below it are those that rounding has made, of XᵀX or of X itself."""
        eps = torch.finfo(self.parts[0].dtype).eps
        of_gram = torch.finfo(torch.float64).eps
        return len(eigenvalues) * max(of_gram, eps**2) * float(eigenvalues[-1])

    def _in_all_columns(self, Q: Tensor) -> Tensor:
        whole = Q.new_zeros(self.parts[0].n_given, Q.shape[1])
        whole[self.columns.to(Q.device)] = Q
        return whole

    def _n_rows(self) -> int:
        return sum(len(rows) for rows in self.parts)

    def _blocks(self) -> Iterator[Tensor]:
        """The columns of all rows, few rows at a time."""
        for rows in self.parts:
            columns = self.columns.to(rows.device)
            for _, X in rows.blocks(rows_that_fit(rows.n_columns)):
                yield X[:, columns]
