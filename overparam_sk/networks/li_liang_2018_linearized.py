"""Li and Liang's pseudo network g: the activation patterns stay those of W(0)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from overparam_sk.networks._base import Scratch
from overparam_sk.networks._softmax import SoftmaxNetwork

__all__ = ["LinearizedLiLiang2018"]


@dataclass(frozen=True)
class LinearizedLiLiang2018(SoftmaxNetwork):
    """g_i(x) = Σ_r a_{i,r} ⟨w_r, x⟩ 1{⟨w_r(0), x⟩ > 0} (LL18 §5.1), linear in w."""

    frozen: ClassVar[bool] = True

    def outputs_(self, Z: Tensor, active0: Tensor | None = None) -> Tensor:
        """g(x_s), from Z = W x_s, which is set to 0 where a unit is off."""
        assert active0 is not None
        return self.shards.add_up_(Z.mul_(active0) @ self.a.T)

    def differentiate_(
        self,
        Z: Tensor,
        targets: Tensor,
        scale: Tensor,
        scratch: Scratch,
        outputs: Tensor,
    ) -> None:
        """Eq. (1) without its factor x_s, with 1{⟨w_r(0), x_s⟩ > 0}."""
        assert scratch.start is not None
        gates = torch.gt(scratch.start, 0, out=scratch.start)
        torch.mul(Z, gates, out=scratch.hidden)
        torch.mm(scratch.hidden, self.a.T, out=outputs)
        self.shards.add_up_(outputs)
        residual = torch.softmax(outputs, dim=1, out=scratch.residual)
        torch.mm(residual.sub_(targets).mul_(scale), self.a, out=scratch.backward)
        torch.mul(scratch.backward, gates, out=Z)
