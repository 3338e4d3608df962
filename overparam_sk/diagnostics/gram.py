"""The Gram matrix at the current weights, and its smallest eigenvalue.

Made of masked matrix products only (`networks.gate_gram`, `networks.gram_parts`): the
Jacobian, n·m·d numbers, is never formed.
"""

import os
from typing import ClassVar

import torch
from torch import Tensor

from overparam_sk.diagnostics._base import Diagnostic, GramView, View
from overparam_sk.linalg import smallest_eigenvalue

__all__ = ["GramLambdaMin", "check_gram_fits"]

# Matrices of the Gram matrix's size, in float64, that stand at a time.
_MATRICES = 4


class GramLambdaMin(Diagnostic):
    """λ_min of the network's Gram matrix on a sample of the training rows.

    By interlacing it bounds λ_min of the Gram matrix of all rows from above. An
    eigenvalue that is rounding noise is reported as 0.0.
    """

    name: ClassVar[str] = "gram_lambda_min"
    sees: ClassVar[type] = GramView
    layers: ClassVar[slice] = slice(0, 1)

    def __init__(self) -> None:
        self._H: Tensor | None = None

    def accumulate(self, view: View) -> None:
        """Add a summand."""
        assert isinstance(view, GramView)
        self._H = view.part if self._H is None else self._H + view.part

    def value(self) -> float:
        """λ_min of the sum. On the CPU: CUDA's solvers are slow at n ≈ 100."""
        assert self._H is not None
        return smallest_eigenvalue(self._H.cpu())


def check_gram_fits(n: int, device: torch.device, advice: str) -> None:
    """Refuse a Gram matrix that the machine cannot hold, before anything is allocated.

    Raises
    ------
    MemoryError
        Naming the bytes, and ``advice``.
    """
    needed, there = _MATRICES * 8 * n * n, _memory(device)
    if needed > there:
        raise MemoryError(
            f"The Gram matrix of {n} rows must fit into the memory of {device}, got "
            f"{needed:,} bytes to hold in {there:,}: {advice}."
        )


def _memory(device: torch.device) -> float:
    """Bytes of memory of a device; infinite where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" not in names:
        return float("inf")
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
