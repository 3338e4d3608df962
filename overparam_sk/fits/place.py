"""Where a fit computes: the device, the precision, and who computes with it."""

from dataclasses import dataclass, replace
from typing import Any, Self
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.devices import memory_of, resolve_device
from overparam_sk.fits.job import Data, Job
from overparam_sk.memory import check_room
from overparam_sk.rows import Rows, as_rows, as_tensor
from overparam_sk.shards import ALONE, Shards, device_of_process, join_processes

__all__ = ["Place", "split_intercept", "with_intercept"]


@dataclass(frozen=True)
class Place:
    """A device and a dtype, alone or beside other processes.

    Parameters
    ----------
    device : torch.device
    dtype : torch.dtype
    shards : Shards
    constant : bool
        Whether a constant 1 is appended to every row.
    """

    device: torch.device
    dtype: torch.dtype
    shards: Shards
    constant: bool

    @classmethod
    def of(cls, job: Job, network: object) -> Self:
        """Where a job is done; all processes must have been given the same.

        Parameters
        ----------
        job : Job
        network : object
            Whose repr says what the network is.
        """
        settings = job.settings
        device, shards = resolve_device(settings.device, job.work), ALONE
        if settings.distributed:
            device = device_of_process(device)
            shards = join_processes(device)
        single = device.type == "mps" or job.data.X.dtype == np.float32
        dtype = torch.float32 if single else torch.float64
        place = cls(device, dtype, shards, settings.fit_intercept)
        if settings.distributed:
            place.check_same(_numbers_of(job, network))
        return place

    @property
    def precision(self) -> str:
        """Name of the dtype."""
        return str(self.dtype).removeprefix("torch.")

    def rows(self, data: Data) -> Rows:
        """The rows of X here."""
        return as_rows(
            data.X, constant=self.constant, dtype=self.dtype, device=self.device
        )

    def tensor(self, array: NDArray[Any]) -> Tensor:
        """Numbers in the dtype, here."""
        return as_tensor(array, self.device).to(self.dtype)

    def check_room(self, what: str, numbers: float, advice: str) -> None:
        """Refuse weights that the memory cannot hold, and a copy of them."""
        needed = 2 * self.dtype.itemsize * numbers
        check_room(what, needed, advice, memory_of(self.device), str(self.device))

    def check_same(self, numbers: dict[str, float]) -> None:
        """Refuse numbers that differ between processes, in all of them.

        They would wait for each other for ever, or add up what does not belong
        together.
        """
        for name, one in numbers.items():
            if self.shards.differ(one, self.device):
                raise ValueError(
                    f"{name} must be the same in all {self.shards.size} processes with "
                    f"distributed=True, got others in process {self.shards.rank} or "
                    "elsewhere."
                )


def split_intercept(W: Tensor, n_given: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The weights of the given columns, and those of the constant 1 or else zeros."""
    whole: NDArray[Any] = W.detach().cpu().numpy()
    if whole.shape[1] > n_given:
        return whole[:, :n_given].copy(), whole[:, n_given].copy()
    return np.ascontiguousarray(whole), np.zeros(len(whole), dtype=whole.dtype)


def with_intercept(
    W: NDArray[Any], intercept: NDArray[Any], there: bool
) -> NDArray[Any]:
    """Weights with those of a constant 1 as their last column, where there is one."""
    return np.column_stack([W, intercept]) if there else W


def _numbers_of(job: Job, network: object) -> dict[str, float]:
    """Numbers that are others where a job is another one."""
    # What each process may have of its own.
    settings = replace(job.settings, device="cpu", verbose=False, block_size=None)
    asked = repr((settings, network, job.seeds, job.n_steps))
    numbers = {"parameters": _number_of(asked.encode())}
    numbers |= _numbers_of_data(job.data)
    held = job.held_out
    numbers["a validation set"] = float(held is not None)
    # All take the same turns here, whether or not there is a validation set.
    of_held = _numbers_of_data(job.data if held is None else held)
    numbers |= {f"the validation set's {name}": n for name, n in of_held.items()}
    weights = () if job.resume is None else job.resume.weights
    numbers["the fit to go on from"] = sum(_number_of(W.tobytes()) for W in weights)
    return numbers


def _numbers_of_data(data: Data) -> dict[str, float]:
    X = data.X
    parts = (X.data, X.indices, X.indptr) if hasattr(X, "toarray") else (X,)
    return {
        "the type of X": _number_of(f"{type(X)} {X.dtype}".encode()),
        "the shape of X": _number_of(repr(X.shape).encode()),
        "X": sum(_number_of(np.ascontiguousarray(part)) for part in parts),
        "y": _number_of(np.ascontiguousarray(data.y)),
        "sample_weight": _number_of(np.ascontiguousarray(data.weight)),
    }


def _number_of(content: Any) -> float:
    return float(crc32(content))
