"""Exact s-step minibatch SGD for a network with one hidden layer.

K successive batches are done as one block. With W the weights before the block, X the
block's K·B rows and Z = X Wᵀ, the pre-activations of batch j at *its* iterate are

    Z_j + Σ_{l<j} (X_j X_lᵀ) D_l,      D_l = −(η/B) · ∂loss/∂Z_l,

so that one product with W, one Gram matrix X Xᵀ and small corrections give all K
derivatives D, and W += Dᵀ X is the whole of the K updates. The iterates are those of
plain SGD up to rounding; W is read and written once per block instead of three times
per step. This is s-step (communication-avoiding) SGD (Devarakonda, Demmel 2020,
"Avoiding communication in logistic regression"), with ReLU and softmax resolved in
sequence inside the block.

Heavy-ball momentum μ, u ← μu + DᵀX, W ← W + u, stays exact: at batch j the velocity u
from before the block has been added s_j = μ + … + μ^j times, and batch l < j has been
added c_{j−l} = 1 + μ + … + μ^{j−l−1} times.

A readout that is trained too moves inside the block, after each batch: what the
corrections are made of, D_l, has met the readout of its own batch.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, NoReturn

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork
from overparam_sk.rows import Rows
from overparam_sk.training.ages import Ages
from overparam_sk.training.block_room import Block, BlockRoom
from overparam_sk.training.loop import DivergenceError, Recent
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.step_size import CurvatureStep
from overparam_sk.training.trained_readout import TrainedReadout

__all__ = ["SStepSGD"]

# Loads between two looks at whether the outputs are finite: a look waits for the
# device, and what comes after a non-finite number changes nothing any more.
_UNCHECKED_LOADS = 8


def _is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that an allocation failed, on whatever device."""
    # On the CPU PyTorch raises a plain RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )


class _Seen(NamedTuple):
    """Rows that were loaded together: their first iteration, and their outputs."""

    iteration: int
    indices: Tensor  # (R,)
    outputs: Tensor  # (R, k), each at the iterate of its batch


class SStepSGD:
    """Minibatch SGD on W, many batches at a time, with the iterates of plain SGD.

    Parameters
    ----------
    network : FirstLayerNetwork
    W : Tensor of shape (m, d)
        The weights before the first step; trained in place.
    rows : Rows
        The n training rows.
    targets : Tensor of shape (n,)
        Class indices (int64) or real targets, for the network's loss.
    n_outputs : int
        k.
    sample_weight : Tensor of shape (n,)
        Mean 1; multiplies each sample's gradient.
    stream : MinibatchStream
        Gives the batches, of B rows each.
    step : float
        η.
    momentum : float, default=0.0
        Heavy-ball μ.
    lengthen : CurvatureStep or None, default=None
        Multiplies each batch's step by a factor that depends on its outputs.
    offsets : Tensor of shape (n, k) or None, default=None
        −α f(0) of the training rows, where the network is ``centered``.
    readout_steps : float or None, default=None
        Steps of the network's readout over those of W; None leaves it fixed.
    precision : {"ieee", "bf16x6"}, default="ieee"
        Of the products with X; "bf16x6" is for float32.
    may_redo : bool, default=True
        Whether a block that found no memory is done again, at half the size. Several
        processes may not: the others would not do it again.
    block_rows : int
        Rows of a block; rounded down to whole batches, at least one batch. Speed
        only: the iterates are the same up to rounding. Halved when memory runs out.

    Attributes
    ----------
    W : Tensor of shape (m, d)
    iteration : int
        Steps done.
    """

    def __init__(
        self,
        network: FirstLayerNetwork,
        W: Tensor,
        rows: Rows,
        targets: Tensor,
        n_outputs: int,
        sample_weight: Tensor,
        stream: MinibatchStream,
        *,
        step: float,
        block_rows: int,
        momentum: float = 0.0,
        lengthen: CurvatureStep | None = None,
        offsets: Tensor | None = None,
        readout_steps: float | None = None,
        precision: str = "ieee",
        may_redo: bool = True,
    ) -> None:
        self.W = W
        self.iteration = 0
        self._network = network
        self._rows = rows
        self._targets = targets.to(W.device)
        self._n_outputs = n_outputs
        self._stream = stream
        self._weight = sample_weight
        self._step_per_row = -step / stream.batch_size
        self._lengthen = lengthen
        self._offsets = offsets
        self._readout = None
        if readout_steps is not None:
            self._readout = TrainedReadout(
                network.a, steps=readout_steps, momentum=momentum
            )
        self._momentum = momentum
        self._velocity = torch.zeros_like(W) if momentum else None
        self._batches_per_block = max(1, block_rows // stream.batch_size)
        self._precision = precision
        self._may_redo = may_redo
        self._room: BlockRoom | None = None
        self._halved = False
        self._pass_rows = -(-stream.n_rows // stream.batch_size) * stream.batch_size
        # What was loaded last: one pass over the rows, and what is not checked yet.
        self._seen: deque[_Seen] = deque()
        self._unchecked = 0

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The trained weights: W, and a if it is."""
        return (self.W,) if self._readout is None else (self.W, self._readout.a)

    @property
    def outputs(self) -> None:
        """No step of SGD looks at all rows."""
        return

    @property
    def figures(self) -> dict[str, float]:
        """Rows of a block in use: fewer once memory has run out."""
        return {"block_size": self._batches_per_block * self._stream.batch_size}

    def advance(self, n_steps: int, stop: Callable[[], bool] = bool) -> None:
        """Do ``n_steps`` gradient steps, or fewer if ``stop()`` after a block.

        Raises
        ------
        DivergenceError
            When an output is no finite number; W is then of no use.
        MemoryError
            When there is no memory even for a block of one batch.
        """
        last, stopped = self.iteration + n_steps, False
        while self.iteration < last and not stopped:
            ahead = self._rows_ahead // self._stream.batch_size
            indices = self._stream.take(min(last - self.iteration, ahead))
            first = self.iteration
            try:
                room = self._load(indices)
            except (RuntimeError, MemoryError) as error:
                self._halve_blocks(error)
                self._stream.give_back(indices)
                continue
            for block in room.blocks(len(indices)):
                try:
                    self._derive(block)
                except (RuntimeError, MemoryError) as error:
                    # W has not changed yet: the block can be done again.
                    self._halve_blocks(error)
                    if self._readout is not None:
                        self._readout.go_back()
                    break
                self._update(block)
                self.iteration += block.n_batches
                stopped = stop()
                if stopped:
                    break
            done = (self.iteration - first) * self._stream.batch_size
            self._remember(first, indices[:done], room)
            if done < len(indices):
                self._stream.give_back(indices[done:])
        self._check_finite()

    def _load(self, indices: Tensor) -> BlockRoom:
        room = self._room_for(len(indices))
        self._outputs = room.load(
            indices,
            self._network.loss,
            self._targets,
            self._weight,
            self._step_per_row,
            offsets=self._offsets,
            norms=self._lengthen is not None,
        )
        return room

    def _remember(self, iteration: int, indices: Tensor, room: BlockRoom) -> None:
        """Keep what was seen of the rows that were done last."""
        if not len(indices):
            return
        outputs = self._outputs[: len(indices)]
        room.write_outputs(outputs)
        self._seen.append(_Seen(iteration, indices, outputs))
        self._unchecked += 1
        if self._unchecked == _UNCHECKED_LOADS:
            self._check_finite()

    @property
    def penalised_loss(self) -> None:
        """None: noise is not told from anything else."""
        return

    def recent(self) -> Recent:
        """Outputs of the last pass over the rows, each before the step of its batch."""
        if not self._seen:
            return Recent.nothing(self.W, self._n_outputs)
        outputs = torch.cat([block.outputs for block in self._seen])
        places = torch.cat([block.indices for block in self._seen])
        return Recent(outputs[-self._pass_rows :], places[-self._pass_rows :])

    def release(self) -> None:
        """Give back all memory but that of the weights: there will be no more steps."""
        self._room = self._velocity = self._offsets = None
        if self._readout is not None:
            self._readout.release()

    def _derive(self, block: Block) -> None:
        """Turn the block's Z, in place, into the derivatives D of all its batches."""
        rows, Z, G = block.rows, block.Z, block.G
        if self._readout is not None and self._may_redo:
            self._readout.keep()
        move_readout = None if self._readout is None else self._readout.move
        rows.times(self.W, out=Z)
        if self._network.gate_weights is not None:
            rows.times(self._network.gate_weights, out=block.gates)
        if block.n_batches > 1:
            rows.inner_products(out=G)
            if self._velocity is not None:
                self._carry_velocity(block, self._velocity)
        for start, batches in block.inner:
            if start > 0:
                stop = start + sum(len(batch.Z) for batch in batches)
                Z[start:stop].addmm_(G[start:stop, :start], Z[:start])
            for batch in batches:
                if batch.before is not None:
                    batch.Z.addmm_(batch.G, batch.before)
                self._network.differentiate_(
                    batch.Z,
                    batch.targets,
                    batch.scale,
                    batch.scratch,
                    batch.outputs,
                    self._factor(batch.weighted_norms),
                    move_readout,
                )

    def _factor(self, weighted_norms: Tensor) -> Callable[[Tensor], Tensor] | None:
        """The factor of a batch's step, as a function of its curvatures."""
        if self._lengthen is None:
            return None
        return partial(self._lengthen.factor, weighted_norms=weighted_norms)

    def _carry_velocity(self, block: Block, velocity: Tensor) -> None:
        """Add the velocity's part to Z; weight G by how often D_l was added."""
        ages = self._ages(block.n_batches)
        block.rows.add_times(velocity, ages.carried, out=block.Z)
        block.G.mul_(ages.between)

    def _update(self, block: Block) -> None:
        """Add the updates of all batches to W; what fails in here ends the fit."""
        rows, D, mu, K = block.rows, block.Z, self._momentum, block.n_batches
        if self._velocity is None:
            rows.add_outer(D, self.W)
        elif K == 1:
            rows.add_outer(D, self._velocity, keep=mu)
            self.W.add_(self._velocity)
        else:
            ages = self._ages(K)
            rows.add_outer(D.mul_(ages.to_weights), self.W)
            self.W.add_(self._velocity, alpha=sum(mu**i for i in range(1, K + 1)))
            rows.add_outer(D.mul_(ages.to_velocity), self._velocity, keep=mu**K)

    def _ages(self, n_batches: int) -> Ages:
        shape = (n_batches, self._stream.batch_size, self._momentum)
        return Ages.of(*shape, self.W.dtype, self.W.device)

    def _check_finite(self) -> None:
        """Raise if the outputs of the latest blocks are not finite; forget old ones."""
        latest = list(self._seen)[len(self._seen) - self._unchecked :]
        self._unchecked = 0
        if latest and not bool(
            torch.cat([block.outputs for block in latest]).isfinite().all()
        ):
            self._raise_for(latest)
        n_rows = sum(len(block.indices) for block in self._seen)
        while self._seen and n_rows - len(self._seen[0].indices) >= self._pass_rows:
            n_rows -= len(self._seen.popleft().indices)

    def _raise_for(self, blocks: list[_Seen]) -> NoReturn:
        iteration = min(
            block.iteration + row // self._stream.batch_size
            for block in blocks
            for row in (~block.outputs.isfinite().all(dim=1))
            .nonzero()
            .flatten()
            .tolist()
        )
        raise DivergenceError(
            "The outputs must stay finite during training, got a non-finite output at "
            f"iteration {iteration}: lower learning_rate, or scale X to entries of the "
            "order of 1."
        )

    def _room_for(self, n_rows: int) -> BlockRoom:
        """Memory for so many rows; kept, and used again by all that are no more."""
        if self._room is None or self._room.n_rows < n_rows:
            self._room = None
            self._room = BlockRoom(
                self._rows,
                len(self.W),
                self._n_outputs,
                n_rows,
                self._batches_per_block * self._stream.batch_size,
                self._stream.batch_size,
                self._precision,
                type(self._network),
            )
        return self._room

    @property
    def _rows_ahead(self) -> int:
        """Rows to load at a time."""
        B = self._stream.batch_size
        if self._halved:
            return self._batches_per_block * B
        return BlockRoom.rows_ahead(self._rows, self._batches_per_block * B, B)

    def _halve_blocks(self, error: RuntimeError | MemoryError) -> None:
        """Try again with half as much memory, if it was memory that was missing."""
        if not (self._may_redo and _is_out_of_memory(error)):
            raise error
        self._room, self._halved = None, True
        if self._batches_per_block == 1:
            n_bytes = BlockRoom.n_bytes(
                self._rows,
                len(self.W),
                self._n_outputs,
                self._stream.batch_size,
                type(self._network),
            )
            raise MemoryError(
                "The device must have room for a block of one batch beside the "
                f"weights, got width {len(self.W)} with blocks of "
                f"{self._stream.batch_size} rows, which take {n_bytes:,} bytes: lower "
                "width or batch_size."
            ) from error
        self._batches_per_block //= 2
        if self.W.device.type == "cuda":
            torch.cuda.empty_cache()
