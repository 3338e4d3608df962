"""What networks with a fixed readout and a softmax cross-entropy have in common."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from overparam_sk.networks._base import FirstLayerNetwork
from overparam_sk.shards import ALONE, Shards

__all__ = ["SoftmaxNetwork"]


@dataclass(frozen=True)
class SoftmaxNetwork(FirstLayerNetwork):
    """Outputs a · hidden, and the losses of LL18 §3.

    Parameters
    ----------
    a : Tensor of shape (k, m)
        The fixed readout of the units that this process holds.
    shards : Shards
        Who holds the other units.
    """

    a: Tensor
    shards: Shards = ALONE

    def of_units(self, units: slice) -> Self:
        """The part of the network, and of its outputs, that some hidden units make."""
        return replace(self, a=self.a[:, units], shards=ALONE)

    def scores(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """1{argmax_i f_i(x_s) = y_s}, the event of Theorem 4.1."""
        return (outputs.argmax(dim=1) == targets.argmax(dim=1)).to(outputs.dtype)

    def losses(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """−log o_{y_s}(x_s), LL18 §3, for one-hot ``targets`` (n, k)."""
        return outputs.logsumexp(dim=1) - (outputs * targets).sum(dim=1)

    def curvatures(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """min(1/2, 2(1 − o_y)), which bounds λ_max(diag(o) − o oᵀ) by Gershgorin."""
        o_y = (torch.softmax(outputs, dim=1) * targets).sum(dim=1)
        return (2 * (1 - o_y)).clamp(0.0, 0.5)
