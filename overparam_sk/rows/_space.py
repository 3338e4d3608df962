"""Orthonormal coordinates of the space that the rows span: W moves nowhere else."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam_sk.rows._base import Rows
from overparam_sk.rows._dense import DenseRows

__all__ = ["BasisSpace", "ColumnSpace", "RowSpace", "WholeSpace"]

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

    @abstractmethod
    def all_columns(
        self, W: Tensor, start: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """The weights in all columns, from W in coordinates.

        Parameters
        ----------
        W : Tensor of shape (m, r) or (m, r + 1)
        start : iterable of (slice, Tensor)
            The weights before training in all columns, a few units at a time: they
            hold what did not move. They are written over.
        n_columns : int
            d or d + 1.

        Returns
        -------
        Tensor of shape (m, n_columns)
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
        self, W: Tensor, start: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """W."""
        return W


class _PartSpace(RowSpace):
    """A space in which W has fewer columns."""

    def all_columns(
        self, W: Tensor, start: Iterable[tuple[slice, Tensor]], n_columns: int
    ) -> Tensor:
        """The weights before training, moved within the space."""
        moved = W.new_empty(len(W), n_columns)
        for units, W0 in start:
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

    def _move(self, W0: Tensor, W: Tensor) -> Tensor:
        n_given, r = self.Q.shape
        W0[:, :n_given].addmm_(W[:, :r] - W0[:, :n_given] @ self.Q, self.Q.T)
        W0[:, n_given:] = W[:, r:]
        return W0
