"""Where blocks of batches are computed: memory that is taken once, and its parts."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork, Loss, Scratch
from overparam_sk.rows import PRODUCTS, RowBlock, Rows

__all__ = ["Block", "BlockRoom"]

# Rows of an inner block: inside it the corrections go batch by batch, between inner
# blocks they are one product.
_INNER_ROWS = 64
# What is known of the rows beforehand is gathered for several blocks at once: at most
# for so many rows, numbers of X and batches.
_ROWS_AHEAD, _NUMBERS_AHEAD, _BATCHES_AHEAD = 1024, 2**17, 64


class Batch(NamedTuple):
    """Where one batch of a block lies."""

    Z: Tensor  # (B, m)
    G: Tensor  # (B, p), with the p rows before it in its inner block
    before: Tensor | None  # (p, m); None for the first
    targets: Tensor  # (B, k)
    scale: Tensor  # (B, 1)
    weighted_norms: Tensor  # (B,)
    outputs: Tensor  # (B, k)
    scratch: Scratch


class Block(NamedTuple):
    """R rows that meet W together, batch by batch."""

    rows: RowBlock
    Z: Tensor  # (R, m)
    gates: Tensor  # (R, m) or (0, m), for the products with gate weights
    G: Tensor  # (R, R), or nothing for a single batch
    inner: list[tuple[int, list[Batch]]]  # the inner blocks: first rows, and batches
    n_batches: int


class BlockRoom:
    """Memory for blocks of at most ``block_rows`` rows, and what is gathered for them.

    The parts of every batch are looked up once: at small widths Python's slicing would
    cost as much as the arithmetic. Outputs, residuals and targets of a batch lie class
    after class, where the softmax is several times as fast.

    Parameters
    ----------
    rows : Rows
    m, k : int
        Hidden units, outputs.
    n_rows : int
        Rows that are loaded at a time, at most; blocks and batches divide them.
    block_rows, batch_size : int
    precision : str
        A key of `PRODUCTS`.
    kind : type of FirstLayerNetwork
        Says which buffers the network needs.
    """

    def __init__(
        self,
        rows: Rows,
        m: int,
        k: int,
        n_rows: int,
        block_rows: int,
        batch_size: int,
        precision: str,
        kind: type[FirstLayerNetwork],
    ) -> None:
        def empty(*shape: int) -> Tensor:
            return torch.empty(shape, dtype=rows.dtype, device=rows.device)

        self.n_rows, self._block_rows = n_rows, min(block_rows, n_rows)
        self._B = B = batch_size
        self._rows = rows.new_room(n_rows, PRODUCTS[precision])
        # One batch alone needs no correction.
        side = self._block_rows if self._block_rows > B else 0
        self._Z, self._G = empty(self._block_rows, m), empty(side, side)
        self._gates = empty(self._block_rows if kind.gated else 0, m)
        self._targets, self._outputs = (empty(n_rows // B, k, B) for _ in range(2))
        self._scale, self._weight = empty(n_rows), empty(n_rows)
        self._weighted_norms = empty(n_rows)
        hidden = kind.keeps_preactivations
        self._scratch = Scratch.like(self._Z[:B], k, hidden=hidden)
        self._inner_rows = B * max(1, _INNER_ROWS // B)
        self._whole = [
            self._block(first, min(first + self._block_rows, n_rows))
            for first in range(0, n_rows, self._block_rows)
        ]

    @staticmethod
    def n_bytes(
        rows: Rows, m: int, k: int, n_rows: int, kind: type[FirstLayerNetwork]
    ) -> int:
        """Bytes of a dense block of one batch of ``n_rows`` rows."""
        products = 2 + kind.keeps_preactivations + kind.gated
        per_row = rows.n_columns + products * m + 3 * k
        return n_rows * per_row * rows.dtype.itemsize

    @staticmethod
    def rows_ahead(rows: Rows, block_rows: int, batch_size: int) -> int:
        """Rows to load at a time: those of one block, or of several."""
        most = min(
            _ROWS_AHEAD, _NUMBERS_AHEAD // rows.n_columns, _BATCHES_AHEAD * batch_size
        )
        return block_rows * max(1, most // block_rows)

    def load(
        self,
        indices: Tensor,
        loss: Loss,
        targets: Tensor,
        weight: Tensor,
        step_per_row: float,
        *,
        offsets: Tensor | None,
        norms: bool,
    ) -> Tensor:
        """Gather the rows ``indices`` and all that is known of them beforehand.

        ``offsets`` (n, k) are what the outputs' rooms hold before.

        Returns
        -------
        Tensor of shape (R, k)
            Room for their outputs.
        """
        R, there = len(indices), indices.to(targets.device)
        self._rows.load(indices)
        outputs = self._outputs.new_empty(R, self._outputs.shape[1])
        compared = loss.write_targets(targets[there], outputs)
        self._by_class(self._targets, R).copy_(compared.view(-1, self._B, self._k))
        if offsets is not None:
            before = offsets[there].view(-1, self._B, self._k)
            self._by_class(self._outputs, R).copy_(before)
        torch.index_select(weight, 0, there, out=self._weight[:R])
        torch.mul(self._weight[:R], step_per_row, out=self._scale[:R])
        if norms:  # w_s |x_s|²
            squares = self._rows.squared_norms()
            torch.mul(squares, self._weight[:R], out=self._weighted_norms[:R])
        return outputs

    def blocks(self, n_rows: int) -> Iterator[Block]:
        """The blocks of the ``n_rows`` rows that were loaded, in order."""
        for first, block in zip(
            range(0, n_rows, self._block_rows), self._whole, strict=False
        ):
            stop = min(first + self._block_rows, n_rows)
            whole = block.n_batches * self._B == stop - first
            yield block if whole else self._block(first, stop)

    def write_outputs(self, out: Tensor) -> None:
        """Write the outputs of the first rows to ``out``."""
        by_class = self._by_class(self._outputs, len(out))
        out.view(-1, self._B, self._k).copy_(by_class)

    @property
    def _k(self) -> int:
        return self._outputs.shape[1]

    def _by_class(self, room: Tensor, n_rows: int) -> Tensor:
        """A (batches, B, k) view of the first rows of what lies class after class."""
        return room[: n_rows // self._B].transpose(1, 2)

    def _block(self, first: int, stop: int) -> Block:
        R, B = stop - first, self._B
        inner = [
            (low, [self._batch(first, i, low) for i in range(low, high, B)])
            for low in range(0, R, self._inner_rows)
            for high in [min(low + self._inner_rows, R)]
        ]
        rows = self._rows.block(slice(first, stop))
        return Block(rows, self._Z[:R], self._gates[:R], self._G[:R, :R], inner, R // B)

    def _batch(self, first: int, low: int, inner_start: int) -> Batch:
        """The batch ``low`` rows after its block, which begins at ``first``."""
        batch, earlier = slice(low, low + self._B), slice(inner_start, low)
        loaded = slice(first + low, first + low + self._B)
        scratch, place = self._scratch, (first + low) // self._B
        if len(self._gates) > 0:
            scratch = scratch._replace(gates=self._gates[batch])
        return Batch(
            self._Z[batch],
            self._G[batch, earlier],
            self._Z[earlier] if inner_start < low else None,
            self._targets[place].T,
            self._scale[loaded].unsqueeze(1),
            self._weighted_norms[loaded],
            self._outputs[place].T,
            scratch,
        )
