"""Which device a name stands for, and whether it is there."""

from typing import Any

import torch

from overparam_sk.memory import main_memory
from overparam_sk.parameters import DEVICE

__all__ = ["is_here", "memory_of", "resolve_device"]


def memory_of(device: torch.device) -> float:
    """Bytes of memory of a device; infinite where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return main_memory()


def resolve_device(name: Any) -> torch.device:
    """The device for a ``device`` parameter; ValueError if it is not there."""
    name = DEVICE("device", name)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= found:
            raise ValueError(
                f"device must name a device of this machine, got {name!r} where "
                f"{found} CUDA devices are available."
            )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(
            "device must name a device of this machine, got 'mps' where MPS is not "
            "available."
        )
    return device


def is_here(device: str) -> bool:
    """Whether this machine has the device of a resolved name."""
    name, _, index = device.partition(":")
    if name == "cuda":
        return torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count()
    return name == "cpu" or torch.backends.mps.is_available()
