"""Which device a name stands for, and whether it is there."""

from typing import Any, NamedTuple

import torch

from overparam_sk.memory import main_memory
from overparam_sk.parameters import DEVICE

__all__ = ["Work", "is_here", "memory_of", "resolve_device"]

# What ``device="auto"`` goes by, in seconds and operations a second, from the figures
# of docs/benchmarks/gpu.md and docs/performance.md: two cores of a CPU at d of about
# 1000, an H200's float32 products, the launches of a step there (0.1 to 0.5 ms whatever
# the width), and a guess at what it takes its libraries to start. The threshold itself
# is to be measured: `benchmarks/gpu.py --sections threshold`.
_CPU_RATE = 1e11
_GPU_RATE = 2e13
_GPU_LAUNCHES = 3e-4
_GPU_START = 1.0


class Work(NamedTuple):
    """How much there is to compute, by the sizes alone."""

    operations: float  # of a step; 4·B·m·d for Li and Liang's network
    n_steps: int

    @property
    def gains_on_gpu(self) -> bool:
        """Whether a GPU is likely to be done first."""
        on_gpu = _GPU_LAUNCHES + self.operations / _GPU_RATE
        saved = self.operations / _CPU_RATE - on_gpu
        return self.n_steps * saved > _GPU_START


def memory_of(device: torch.device) -> float:
    """Bytes of memory of a device; infinite where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return main_memory()


def resolve_device(name: Any, work: Work | None = None) -> torch.device:
    """The device for a ``device`` parameter; ValueError if it is not there.

    "auto" is a GPU, where there is one, for work that gains by it or of unknown size.
    """
    name = DEVICE("device", name)
    if name == "auto":
        gains = work is None or work.gains_on_gpu
        return torch.device("cuda" if gains and torch.cuda.is_available() else "cpu")
    if not is_here(name):
        found = "MPS is not available"
        if name != "mps":
            found = f"{_count('cuda')} CUDA devices are available"
        raise ValueError(
            f"device must name a device of this machine, got {name!r} where {found}."
        )
    return torch.device(name)


def is_here(device: str) -> bool:
    """Whether this machine has the device of a resolved name.

    The number is read here: `torch.device` keeps its last byte alone, and makes the
    first GPU of "cuda:256".
    """
    kind, _, number = device.partition(":")
    return int(number or 0) < _count(kind)


def _count(kind: str) -> int:
    """How many devices of a kind there are."""
    if kind == "cuda":
        return torch.cuda.device_count() if torch.cuda.is_available() else 0
    return int(kind == "cpu" or torch.backends.mps.is_available())
