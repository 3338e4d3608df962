"""Several fits of one shape by s-step minibatch SGD as one, with an axis of fits.

What `SStepSGD` does for one fit is done here for s of them at once: W is (s, m, d), a
block's rows are (s, R, d), and every product, activation and softmax is one call for
all. The fits share nothing but their shapes: each has its own W(0), readout, rows,
batches and step, and its numbers are those that it has alone, up to rounding. A call
costs some microseconds on a CPU and on a GPU, however little it does; at small widths
that is most of a step, and here it is paid once for all fits.

Rows are gathered, and outputs looked at, for a stretch of several blocks.
"""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork, Loss, Scratch
from overparam_sk.training.ages import Ages
from overparam_sk.training.batch_members import Member, MembersData

__all__ = ["BatchedSGD", "batched_block_rows"]

# Rows of each fit that are gathered at a time: few enough for their products to find
# them in a cache, and enough for what is done once a stretch not to count.
_STRETCH_ROWS = 512
# Numbers of W up to which a block is one batch: W is then read from a near cache, and
# there is no traffic to save. Measured (docs/benchmarks/batched_fits.md).
_NEAR_NUMBERS = 2**16


def batched_block_rows(m: int, d: int) -> int:
    """Rows of a block that cost least, for fits of m units and d columns each.

    How many fits there are is not asked, lest it decide their rounding.
    """
    return 1 if m * d <= _NEAR_NUMBERS else 64


class BatchedSGD:
    """Minibatch SGD on the W of several fits, each with the iterates of `SStepSGD`.

    Parameters
    ----------
    members : sequence of Member
        With the same m, d, k, batch size, dtype, device, kind of network, and with an
        automatic step or without. They may have different rows, and numbers of rows.
    block_rows : int
        Rows of a block, of each fit; rounded down to whole batches, at least one.
        Speed only.
    momentum : float, default=0.0

    Attributes
    ----------
    running : list of Member
        Those that the next step moves.
    block_rows : int
        In use.
    """

    def __init__(
        self, members: Sequence[Member], *, block_rows: int, momentum: float = 0.0
    ) -> None:
        self._batch_size = members[0].stream.batch_size
        self._momentum = momentum
        self._data = MembersData(members)
        self._memory = _Memory(members[0].W)
        self._per_block = max(1, block_rows // self._batch_size)
        per_stretch = max(1, _STRETCH_ROWS // self._batch_size)
        self._per_stretch = -(-per_stretch // self._per_block) * self._per_block
        self.block_rows = self._per_block * self._batch_size
        for member in members:
            member.batch = self
        self._join(members, [member.W for member in members])
        self._velocity = torch.zeros_like(self._W) if momentum else None

    def advance(self, n_steps: int) -> list[Member]:
        """Do ``n_steps`` gradient steps.

        Returns
        -------
        list of Member
            Those whose outputs are no finite numbers any more. They rest from now on,
            and their W is of no use.
        """
        lost: list[Member] = []
        while n_steps > 0 and self.running:
            n_batches = min(n_steps, self._per_stretch)
            finite = self._walk(n_batches)
            for member in self.running:
                member.iteration += n_batches
            n_steps -= n_batches
            if not all(finite):
                known = zip(self.running, finite, strict=True)
                lost += [member for member, well in known if not well]
                self.rest(lost)
        return lost

    def rest(self, members: Sequence[Member]) -> None:
        """Let some stay where they are, while the others go on."""
        resting = set(members)
        kept = [i for i, one in enumerate(self.running) if one not in resting]
        if len(kept) == len(self.running):
            return
        for one in resting.intersection(self.running):
            one.W = one.W.clone()
        if self._velocity is not None:
            self._velocity = self._velocity[kept]
        self._join([self.running[i] for i in kept], [self._W[i] for i in kept])

    def _join(self, members: Sequence[Member], weights: Sequence[Tensor]) -> None:
        """Put the weights of those that run side by side, and what goes with them."""
        self.running = list(members)
        if not members:
            return
        self._W = torch.stack(list(weights))
        for member, W in zip(members, self._W, strict=True):
            member.W = W
        self._nets = _Networks.of([member.network for member in members])
        steps = [-member.step / self._batch_size for member in members]
        self._step_per_row = self._W.new_tensor(steps).unsqueeze(1)
        self._lengthen = members[0].lengthen

    def _walk(self, n_batches: int) -> list[bool]:
        """Do a stretch of steps; whether the outputs of each fit are finite."""
        k = self._nets.a.shape[1]
        sizes = (n_batches, min(self._per_block, n_batches), self._batch_size, k)
        hidden = self._nets.one.keeps_preactivations
        room = _Room.of(self._memory, self._W, *sizes, hidden=hidden)
        data = (room.X, room.weight, room.targets)
        indices = self._data.load(self.running, *data)
        outputs = torch.empty_like(room.targets)
        scale = room.weight * self._step_per_row
        norms = None
        if self._lengthen is not None:
            norms = room.X.square().sum(dim=2).view(len(self._W), n_batches, -1)
            norms = norms.transpose(0, 1) * room.weight
        for first in range(0, n_batches, self._per_block):
            batches = range(first, min(first + self._per_block, n_batches))
            self._do_block(room, batches, outputs, scale, norms)
        # One answer for the stretch: asking waits for the device.
        finite: list[bool] = outputs.isfinite().all(3).all(1).all(0).tolist()
        for i, member in enumerate(self.running):
            member.remember(outputs[:, :, i], indices[i])
        return finite

    def _do_block(
        self,
        room: "_Room",
        batches: range,
        outputs: Tensor,
        scale: Tensor,
        norms: Tensor | None,
    ) -> None:
        B, n = self._batch_size, len(batches)
        X = room.X[:, batches.start * B : batches.stop * B]
        Z, gates, G = room.Z[:, : n * B], None, room.G[:, : n * B, : n * B]
        torch.bmm(X, self._W.transpose(1, 2), out=Z)
        if self._nets.gate_weights is not None:
            gates = torch.bmm(X, self._nets.gate_weights.transpose(1, 2)).gt_(0)
        if n > 1:
            torch.bmm(X, X.transpose(1, 2), out=G)
            if self._velocity is not None:
                ages = self._ages(n)
                Z.baddbmm_(X * ages.carried, self._velocity.transpose(1, 2))
                G.mul_(ages.between)
        for i, batch in enumerate(batches):
            here, before = slice(i * B, (i + 1) * B), slice(i * B)
            if i > 0:
                Z[:, here].baddbmm_(G[:, here, before], Z[:, before])
            self._differentiate(
                Z[:, here],
                None if gates is None else gates[:, here],
                room.scratch,
                room.targets[batch],
                outputs[batch],
                scale[batch],
                None if norms is None else norms[batch],
            )
        self._update(Z, X, n)

    def _differentiate(
        self,
        Z: Tensor,
        gates: Tensor | None,
        scratch: Scratch,
        targets: Tensor,
        outputs: Tensor,
        scale: Tensor,
        norms: Tensor | None,
    ) -> None:
        """Turn one batch's pre-activations, in place, into the derivatives D."""
        nets, (s, B) = self._nets, scale.shape
        scratch = scratch._replace(gates=gates)
        hidden = Z if scratch.hidden is None else scratch.hidden
        nets.one.activate(Z, gates, out=hidden)
        by_fit = torch.bmm(nets.a, hidden.transpose(1, 2))
        outputs.copy_(by_fit.transpose(0, 1))
        # A loss looks at samples, whosever they are.
        flat, wanted = outputs.flatten(1).T, targets.flatten(1).T
        residual = nets.loss.residual(flat, wanted, out=scratch.residual)
        if self._lengthen is not None and norms is not None:
            h = nets.loss.curvatures(residual, wanted).view(s, B)
            scale = scale * self._lengthen.factor(h, norms).unsqueeze(1)
        residual.mul_(scale.view(-1, 1))
        torch.bmm(residual.view(s, B, -1), nets.a, out=scratch.backward)
        nets.one.derive(scratch, Z)

    def _update(self, D: Tensor, X: Tensor, n: int) -> None:
        """Add the updates of a block's batches to W."""
        velocity, mu = self._velocity, self._momentum
        if velocity is None:
            self._W.baddbmm_(D.transpose(1, 2), X)
        elif n == 1:
            velocity.baddbmm_(D.transpose(1, 2), X, beta=mu)
            self._W.add_(velocity)
        else:
            ages = self._ages(n)
            self._W.baddbmm_(D.mul_(ages.to_weights).transpose(1, 2), X)
            self._W.add_(velocity, alpha=sum(mu**i for i in range(1, n + 1)))
            D.mul_(ages.to_velocity)
            velocity.baddbmm_(D.transpose(1, 2), X, beta=mu**n)

    def _ages(self, n: int) -> Ages:
        shape = (n, self._batch_size, self._momentum)
        return Ages.of(*shape, self._W.dtype, self._W.device)


class _Networks(NamedTuple):
    """The networks side by side; what has no axis of fits is asked of one of them."""

    one: FirstLayerNetwork
    a: Tensor  # (s, k, m)
    gate_weights: Tensor | None  # (s, m, d)

    @classmethod
    def of(cls, networks: Sequence[FirstLayerNetwork]) -> "_Networks":
        gates = [net.gate_weights for net in networks if net.gate_weights is not None]
        a = torch.stack([net.a for net in networks])
        return cls(networks[0], a, torch.stack(gates) if gates else None)

    @property
    def loss(self) -> Loss:
        return self.one.loss


class _Room(NamedTuple):
    """Memory for a stretch of ``n_batches`` batches, and for a block of it."""

    X: Tensor  # (s, n_batches · B, d)
    weight: Tensor  # (n_batches, s, B)
    targets: Tensor  # (n_batches, k, s, B): softmax is faster class after class
    Z: Tensor  # (s, R, m)
    G: Tensor  # (s, R, R)
    scratch: Scratch  # of one batch

    @classmethod
    def of(
        cls,
        memory: "_Memory",
        W: Tensor,
        n_batches: int,
        per_block: int,
        B: int,
        k: int,
        *,
        hidden: bool,
    ) -> "_Room":
        (s, m, d), R = W.shape, per_block * B
        side = R if per_block > 1 else 0
        scratch = Scratch(
            memory.at("hidden", s, B, m) if hidden else None,
            memory.at("backward", s, B, m),
            memory.at("residual", k, s * B).T,
        )
        return cls(
            memory.at("X", s, n_batches * B, d),
            memory.at("weight", n_batches, s, B),
            memory.at("targets", n_batches, k, s, B),
            memory.at("Z", s, R, m),
            memory.at("G", s, side, side),
            scratch,
        )


class _Memory:
    """Memory by name: taken once, and again only where more of it is needed."""

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._parts: dict[str, Tensor] = {}

    def at(self, name: str, *shape: int) -> Tensor:
        """Room for numbers of this shape."""
        size = prod(shape)
        if name not in self._parts or len(self._parts[name]) < size:
            self._parts.pop(name, None)  # before there is another
            self._parts[name] = self._like.new_empty(size)
        return self._parts[name][:size].view(shape)
