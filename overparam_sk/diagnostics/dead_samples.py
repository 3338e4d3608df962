"""Training rows that the network does not see at all."""

from typing import ClassVar

import torch

from overparam_sk.diagnostics._base import Diagnostic, PatternView, View

__all__ = ["DeadSamples"]


class DeadSamples(Diagnostic):
    """How many rows activate no unit of the first layer, σ(A x) = 0.

    Such a row has no gradient: its output stays 0, and its row of the Gram matrix is 0,
    so that λ_min is exactly 0 (against K19's Assumption 2).
    """

    name: ClassVar[str] = "dead_samples"
    sees: ClassVar[type] = PatternView
    layers: ClassVar[slice] = slice(0, 1)

    def accumulate(self, view: View) -> None:
        """Mark the rows that activate one of these units."""
        assert isinstance(view, PatternView)
        if self.total is None:
            # One array for all: many small ones, each between two large blocks of
            # rows, would keep the memory of those from being used again.
            self.total = view.active.new_zeros(view.n, dtype=torch.int32)
        self.total[view.rows] += view.active.any(dim=1)

    def value(self) -> int:
        """Rows that no unit marked."""
        assert self.total is not None
        return int((self.total == 0).sum())
