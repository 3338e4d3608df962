"""The contract between a network and the s-step trainer.

The network knows what follows from the pre-activations; the trainer owns the rows,
the batches, the first layer and the step. Nothing here sees X or W, which is what
lets the trainer move W once per block instead of once per batch.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

__all__ = ["FirstLayerNetwork", "Scratch"]


class Scratch(NamedTuple):
    """Buffers that the trainer lends for one batch."""

    hidden: Tensor  # (B, m)
    backward: Tensor  # (B, m)
    residual: Tensor  # (B, k)
    start: Tensor | None = None  # (B, m), X W(0)ᵀ for a frozen network

    @classmethod
    def like(cls, Z: Tensor, k: int) -> "Scratch":
        """Buffers for batches of the size of ``Z`` (B, m) and k outputs."""
        return cls(torch.empty_like(Z), torch.empty_like(Z), Z.new_empty(len(Z), k))


class FirstLayerNetwork(ABC):
    """A network whose only trained parameters are the first layer W, shape (m, d).

    Shapes: Z = X Wᵀ (B, m), outputs (B, k), targets (B, k), scale (B, 1).

    Attributes
    ----------
    frozen : bool
        Whether the activation patterns are those at initialisation, whatever Z is.
    """

    frozen: ClassVar[bool]

    @abstractmethod
    def outputs_(self, Z: Tensor, active0: Tensor | None = None) -> Tensor:
        """Return the outputs (B, k); overwrite the pre-activations Z.

        ``active0`` (B, m), bool, are the patterns at initialisation: for a frozen
        network, which must be given them.
        """

    @abstractmethod
    def of_units(self, units: slice) -> "FirstLayerNetwork":
        """Return the network of some hidden units; the outputs of all parts add up."""

    @abstractmethod
    def scores(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return how good each prediction is, shape (B,); the mean is the score."""

    @abstractmethod
    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of each sample, shape (B,)."""

    @abstractmethod
    def curvatures(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return a bound on the norm of each loss's Hessian in its outputs, (B,)."""

    @abstractmethod
    def differentiate_(
        self,
        Z: Tensor,
        targets: Tensor,
        scale: Tensor,
        scratch: Scratch,
        outputs: Tensor,
    ) -> None:
        """Overwrite Z by ``scale`` · ∂loss/∂Z, row by row; write the outputs (B, k).

        ``scale`` holds one factor per sample: it carries the sample's weight, the
        batch's 1/B and the step, so that W += ZᵀX is the whole update.
        """
