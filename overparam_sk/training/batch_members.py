"""The fits of a batch: what each is given, where it stands, and the data of all."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork
from overparam_sk.rows import DenseRows, Rows
from overparam_sk.training.loop import Recent
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.step_size import CurvatureStep

__all__ = ["Member", "MembersData"]

_Part = TypeVar("_Part")


class Batch(Protocol):
    """What moves the members."""

    block_rows: int

    def advance(self, n_steps: int, /) -> object:
        """Do ``n_steps`` steps of all that run."""
        ...


@dataclass(eq=False)
class Member:
    """One of the fits; it moves with the others.

    Parameters
    ----------
    network : FirstLayerNetwork
    W : Tensor of shape (m, d)
        The weights before the first step, and then the present ones.
    rows : Rows
        The n training rows.
    targets : Tensor of shape (n, k)
        As the network's loss has them.
    sample_weight : Tensor of shape (n,)
        Mean 1.
    stream : MinibatchStream
    step : float
        η.
    lengthen : CurvatureStep or None

    Attributes
    ----------
    iteration : int
        Steps done.
    batch : Batch
        That it belongs to.
    """

    network: FirstLayerNetwork
    W: Tensor
    rows: Rows
    targets: Tensor
    sample_weight: Tensor
    stream: MinibatchStream
    step: float
    lengthen: CurvatureStep | None = None
    iteration: int = field(default=0, init=False)
    batch: "Batch" = field(init=False)
    # Of the last stretches, as many as make a pass over the rows.
    _seen: deque[Recent] = field(default_factory=deque, init=False)

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The trained weights: W alone."""
        return (self.W,)

    @property
    def outputs(self) -> None:
        """No step of SGD looks at all rows."""
        return

    @property
    def figures(self) -> dict[str, float]:
        """Rows of a block."""
        return {"block_size": self.batch.block_rows}

    def advance(self, n_steps: int, stop: Callable[[], bool] = bool) -> None:
        """Do ``n_steps`` gradient steps, as do all that run; ``stop`` is not asked."""
        self.batch.advance(n_steps)

    @property
    def penalised_loss(self) -> None:
        """None: noise is not told from anything else."""
        return

    def recent(self) -> Recent:
        """Outputs of the last pass over the rows, each before the step of its batch."""
        if not self._seen:
            return Recent.nothing(self.W, len(self.network.a))
        by_class = [seen.outputs.transpose(1, 2).flatten(0, 1) for seen in self._seen]
        outputs = torch.cat(by_class)
        places = torch.cat([seen.places for seen in self._seen])
        return Recent(outputs[-self._pass_rows :], places[-self._pass_rows :])

    def remember(self, outputs: Tensor, places: Tensor) -> None:
        """Keep outputs (n_batches, k, B), and forget what is older than a pass."""
        self._seen.append(Recent(outputs, places))
        n_rows = sum(len(seen.places) for seen in self._seen)
        while n_rows - len(self._seen[0].places) >= self._pass_rows:
            n_rows -= len(self._seen.popleft().places)

    def release(self) -> None:
        """Nothing: what there is beside W belongs to all."""

    @property
    def _pass_rows(self) -> int:
        n, B = self.stream.n_rows, self.stream.batch_size
        return -(-n // B) * B


class MembersData:
    """The data of all members in a row; rows that several have are there once."""

    def __init__(self, members: Sequence[Member]) -> None:
        distinct = dict.fromkeys(one.rows for one in members)
        places = _starts({rows: len(rows) for rows in distinct})
        self._first_row = {one: places[one.rows] for one in members}
        self._rows = members[0].rows
        if len(distinct) > 1:
            parts = [
                rows.take(torch.arange(len(rows), dtype=torch.int64))
                for rows in distinct
            ]
            self._rows = DenseRows(torch.cat(parts), constant=False)
        self._first_target = _starts({one: len(one.targets) for one in members})
        self._targets = torch.cat([one.targets for one in members])
        self._weight = torch.cat([one.sample_weight for one in members])

    def load(
        self,
        members: Sequence[Member],
        X: Tensor,
        weight: Tensor,
        targets: Tensor,
    ) -> Tensor:
        """Gather the rows of the next batches of some, their weights and targets.

        Parameters
        ----------
        members : sequence of Member
        X : Tensor of shape (s, n_batches · B, d)
        weight : Tensor of shape (n_batches, s, B)
        targets : Tensor of shape (n_batches, k, s, B)
            Written on, as X and ``weight``.

        Returns
        -------
        Tensor of shape (s, n_batches · B), int64, on the CPU
            Which of its own rows each member gets.
        """
        n_batches, s, B = weight.shape
        indices = torch.stack([one.stream.take(n_batches) for one in members])
        rows = indices + _column(self._first_row, members)
        self._rows.take(rows.flatten(), out=X.flatten(0, 1))
        places = indices + _column(self._first_target, members)
        there = places.view(s, n_batches, B).transpose(0, 1).flatten()
        there = there.to(weight.device)
        torch.index_select(self._weight, 0, there, out=weight.flatten())
        by_sample = self._targets.index_select(0, there).view(n_batches, s, B, -1)
        targets.copy_(by_sample.permute(0, 3, 1, 2))
        return indices


def _starts(lengths: Mapping[_Part, int]) -> dict[_Part, int]:
    """Where each of successive parts begins."""
    ends = accumulate(lengths.values(), initial=0)
    return dict(zip(lengths, ends, strict=False))


def _column(places: Mapping[Member, int], members: Sequence[Member]) -> Tensor:
    values = [places[member] for member in members]
    return torch.tensor(values, dtype=torch.int64).unsqueeze(1)
