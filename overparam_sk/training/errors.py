"""What training raises, and what it can go on from."""

import torch

__all__ = ["DivergenceError", "is_out_of_memory"]


class DivergenceError(ValueError, FloatingPointError):
    """The outputs of the network are no longer finite, or no unit is active."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that an allocation failed, on whatever device."""
    # On the CPU PyTorch raises a plain RuntimeError.
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )
