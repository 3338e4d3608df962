"""One network on several processes: each holds some of the hidden units.

Hidden units meet in the outputs only, so that a step sends B·k numbers and nothing
else. The processes are those of ``torch.distributed``: gloo between CPUs, NCCL between
GPUs.
"""

import atexit
import os
from dataclasses import dataclass
from math import isnan

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["ALONE", "Shards", "device_of_process", "join_processes"]

# Numbers that are sent at a time when the units come together.
_SENT_ELEMENTS = 2**24
_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Shards:
    """Who of ``size`` processes holds which hidden units; alone it holds all of them.

    Every method but ``units`` is called by all processes, in the same order.

    Parameters
    ----------
    rank : int
        Of this process.
    size : int
    """

    rank: int = 0
    size: int = 1

    def units(self, m: int, rank: int | None = None) -> slice:
        """Which of m units a process holds, by default this one."""
        rank = self.rank if rank is None else rank
        return slice(rank * m // self.size, (rank + 1) * m // self.size)

    def add_up_(self, part: Tensor) -> Tensor:
        """Add the parts of all processes up, in place."""
        if self.size > 1:
            dist.all_reduce(part)
        return part

    def largest_(self, part: Tensor) -> Tensor:
        """Take the largest of the parts of all processes, entry by entry, in place."""
        if self.size > 1:
            dist.all_reduce(part, dist.ReduceOp.MAX)
        return part

    def agree(self, number: float, device: torch.device) -> float:
        """The number of the first process."""
        if self.size == 1:
            return number
        there = torch.tensor(number, dtype=torch.float64, device=device)
        dist.broadcast(there, 0)
        return float(there)

    def differ(self, number: float, device: torch.device) -> bool:
        """Whether the processes have different numbers; two NaN are the same."""
        first = self.agree(number, device)
        same = first == number or (isnan(first) and isnan(number))
        there = torch.tensor(float(not same), dtype=torch.float32, device=device)
        return bool(self.add_up_(there) > 0)

    def bring_together(self, part: Tensor, m: int) -> Tensor:
        """The rows of all m units, on the CPU of every process.

        Parameters
        ----------
        part : Tensor of shape (u, d)
            Those of this process's units.
        m : int
        """
        if self.size == 1:
            return part.cpu()
        n_columns = part.shape[1]
        whole = torch.empty(m, n_columns, dtype=part.dtype)
        step = max(1, _SENT_ELEMENTS // n_columns)
        for rank in range(self.size):
            units = self.units(m, rank)
            for start in range(units.start, units.stop, step):
                stop = min(start + step, units.stop)
                if rank == self.rank:
                    sent = part[start - units.start : stop - units.start].contiguous()
                else:
                    sent = part.new_empty(stop - start, n_columns)
                dist.broadcast(sent, rank)
                whole[start:stop] = sent.cpu()
        return whole


ALONE = Shards()


def device_of_process(device: torch.device) -> torch.device:
    """The GPU that is this process's own, where the name leaves it open."""
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return device


def join_processes(device: torch.device) -> Shards:
    """The place of this process among those that ``torchrun`` has started.

    A process group that is there already is used; otherwise one is made, which stays
    until the process ends.

    Raises
    ------
    ValueError
        If this process was not started by ``torchrun``, or its like.
    """
    if not dist.is_initialized():
        missing = [name for name in _VARIABLES if name not in os.environ]
        if missing:
            raise ValueError(
                "distributed=True must be used in processes started by torchrun, which "
                f"sets {', '.join(_VARIABLES)}, got no {', '.join(missing)}."
            )
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        atexit.register(_leave)
    return Shards(dist.get_rank(), dist.get_world_size())


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
