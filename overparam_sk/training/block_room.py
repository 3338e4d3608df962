"""Where a block of batches is computed: memory that is taken once, and its parts."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import Loss, Scratch
from overparam_sk.rows import PRODUCTS, Rows

__all__ = ["BlockRoom"]

# Rows of an inner block: inside it the corrections go batch by batch, between inner
# blocks they are one product.
_INNER_ROWS = 64


class _Batch(NamedTuple):
    """Where one batch of a block lies."""

    Z: Tensor  # (B, m)
    G: Tensor  # (B, p), with the p rows before it in its inner block
    before: Tensor  # (p, m)
    targets: Tensor  # (B, k)
    scale: Tensor  # (B, 1)
    weighted_norms: Tensor  # (B,)
    outputs: Tensor  # (B, k)
    scratch: Scratch


class BlockRoom:
    """Memory for a block of at most ``n_rows`` rows.

    The parts of every batch are looked up once: at small widths Python's slicing would
    cost as much as the arithmetic.

    Parameters
    ----------
    rows : Rows
    m, k : int
        Hidden units, outputs.
    n_rows, batch_size : int
        Rows of the largest block, a multiple of those of a batch.
    precision : str
        A key of `PRODUCTS`.
    gated : bool
        Whether the network has gate weights, and needs their products too.

    Attributes
    ----------
    rows : RowBlock
    Z : Tensor of shape (R, m)
        For the R rows of the present block, as everything below.
    gates : Tensor of shape (R, m) or (0, m)
        For the products with the gate weights, if there are any.
    G : Tensor of shape (R, R)
    scale : Tensor of shape (R,)
    weight : Tensor of shape (R,)
    outputs : Tensor of shape (R, k)
    """

    def __init__(
        self,
        rows: Rows,
        m: int,
        k: int,
        n_rows: int,
        batch_size: int,
        precision: str,
        gated: bool,
    ) -> None:
        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, dtype=rows.dtype, device=rows.device)

        self.n_rows = n_rows
        self._batch_size = batch_size
        self.rows = rows.new_block(n_rows, PRODUCTS[precision])
        # One batch alone needs no correction.
        side = n_rows if n_rows > batch_size else 0
        self._Z, self._G = empty(n_rows, m), empty(side, side)
        self._targets, self._outputs = empty(n_rows, k), empty(n_rows, k)
        self._scale, self._weight = empty(n_rows), empty(n_rows)
        self._weighted_norms = empty(n_rows)
        self._gates = empty(n_rows if gated else 0, m)
        self._scratch = Scratch.like(self._Z[:batch_size], k)
        inner = batch_size * max(1, _INNER_ROWS // batch_size)
        self._inner_rows = inner
        self._batches = [
            self._batch(low, low - low % inner) for low in range(0, n_rows, batch_size)
        ]
        self.resize(n_rows)

    @staticmethod
    def n_bytes(rows: Rows, m: int, k: int, n_rows: int, gated: bool) -> int:
        """Bytes of a dense block of one batch of ``n_rows`` rows."""
        per_row = rows.n_columns + (3 + gated) * m + 3 * k
        return n_rows * per_row * rows.dtype.itemsize

    def resize(self, n_rows: int) -> None:
        """Let the attributes be those of a block of ``n_rows`` rows."""
        here = slice(n_rows)
        self._present = n_rows
        self.Z, self.gates = self._Z[here], self._gates[here]
        self.G = self._G[here, here]
        self.scale, self.weight = self._scale[here], self._weight[here]
        self.outputs = self._outputs[here]

    def load(
        self, indices: Tensor, loss: Loss, targets: Tensor, weight: Tensor
    ) -> None:
        """Gather the rows ``indices``, their weights, and what ``loss`` compares."""
        self.rows.load(indices)
        there = indices.to(targets.device)
        torch.index_select(weight, 0, there, out=self.weight)
        loss.write_targets(targets[there], self._targets[: len(indices)])

    def weigh_norms(self) -> None:
        """Compute w_s |x_s|² of all rows."""
        norms = self._weighted_norms[: self._present]
        torch.mul(self.rows.squared_norms(), self.weight, out=norms)

    def inner_blocks(self) -> Iterator[tuple[int, list[_Batch]]]:
        """The inner blocks in order: the first row of each, and its batches."""
        per_inner = self._inner_rows // self._batch_size
        n_batches = self._present // self._batch_size
        for first in range(0, n_batches, per_inner):
            batches = self._batches[first : min(first + per_inner, n_batches)]
            yield first * self._batch_size, batches

    def _batch(self, low: int, inner_start: int) -> _Batch:
        batch, earlier = slice(low, low + self._batch_size), slice(inner_start, low)
        scratch = self._scratch
        if len(self._gates) > 0:
            scratch = scratch._replace(gates=self._gates[batch])
        return _Batch(
            self._Z[batch],
            self._G[batch, earlier],
            self._Z[earlier],
            self._targets[batch],
            self._scale[batch].unsqueeze(1),
            self._weighted_norms[batch],
            self._outputs[batch],
            scratch,
        )
