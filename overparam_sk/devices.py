"""Which device a name stands for, and whether it is there."""

import re
from typing import Any

import torch

__all__ = ["DEVICE_NAMES", "is_device_name", "is_here", "resolve_device"]

DEVICE_NAMES = "'auto', 'cpu', 'cuda', 'cuda:<index>' or 'mps'"


def is_device_name(value: Any) -> bool:
    """Whether ``value`` is one of `DEVICE_NAMES`."""
    pattern = r"auto|cpu|mps|cuda(:\d+)?"
    return isinstance(value, str) and bool(re.fullmatch(pattern, value))


def resolve_device(name: str) -> torch.device:
    """The device for a ``device`` parameter; ValueError if it is not there."""
    if not is_device_name(name):
        raise ValueError(f"device must be {DEVICE_NAMES}, got {name!r}.")
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
