"""Networks of one hidden layer, as the s-step trainer sees them.

The network knows what follows from the pre-activations; the trainer owns the rows,
the batches, the first layer and the step. Nothing here sees X or W, which is what
lets the trainer move W once per block instead of once per batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple, Self

import torch
from torch import Tensor

from overparam_sk.networks.losses import CrossEntropy, Loss
from overparam_sk.networks.scaling import AS_PUBLISHED, Scaling
from overparam_sk.shards import ALONE, Shards

__all__ = ["FirstLayerNetwork", "Scratch"]


class Scratch(NamedTuple):
    """Buffers that the trainer lends for one batch."""

    hidden: Tensor | None  # (B, m), where the values must not overwrite Z
    backward: Tensor  # (B, m)
    residual: Tensor  # (B, k)
    gates: Tensor | None = None  # (B, m), X Gᵀ with the gate weights G

    @classmethod
    def like(cls, Z: Tensor, k: int, *, hidden: bool = True) -> "Scratch":
        """Buffers for batches of the size of ``Z`` (B, m) and k outputs."""
        values = torch.empty_like(Z) if hidden else None
        return cls(values, torch.empty_like(Z), Z.new_empty(k, len(Z)).T)


@dataclass(frozen=True)
class FirstLayerNetwork(ABC):
    """Outputs α(a · hidden) or α(a · hidden − f(0)); W, shape (m, d), is trained.

    Shapes: Z = X Wᵀ (B, m), outputs (B, k), targets (B, k), scale (B, 1).

    Parameters
    ----------
    a : Tensor of shape (k, m)
        The readout of the units that this process holds.
    shards : Shards
        Who holds the other units.
    loss : Loss
    gate_weights : Tensor of shape (m, d) or None
        G: the units are switched by 1{⟨g_r, x⟩ > 0}, whatever W is. None where W itself
        decides.
    output_scale : float
        α.
    centered : bool
        Whether f(0), the outputs at initialisation, is taken off: who asks for outputs
        knows −α f(0) of these units.
    readout0 : Tensor of shape (k, m) or None
        a(0) of gated units whose readout is trained: the network is linear in both, so
        that W is read by a(0), and a − a(0) reads ReLU(⟨g_r, x⟩).

    Attributes
    ----------
    gated : bool
        Whether such a network has gate weights; they are W(0).
    keeps_preactivations : bool
        Whether ``derive`` needs Z. Without it the values of the units overwrite Z,
        which saves a buffer and its traffic.
    """

    gated: ClassVar[bool] = False
    keeps_preactivations: ClassVar[bool] = True

    a: Tensor
    shards: Shards = ALONE
    loss: Loss = field(default_factory=CrossEntropy)
    gate_weights: Tensor | None = None
    output_scale: float = 1.0
    centered: bool = False
    readout0: Tensor | None = None

    @classmethod
    def made(
        cls,
        a: Tensor,
        initial: Callable[[], Tensor],
        shards: Shards = ALONE,
        scaling: Scaling = AS_PUBLISHED,
    ) -> Self:
        """Make the network; ``initial`` gives W(0), and is called if it switches."""
        return cls(
            a,
            shards,
            gate_weights=initial() if cls.gated else None,
            output_scale=scaling.output,
            centered=scaling.centered,
        )

    @abstractmethod
    def activate(self, Z: Tensor, gates: Tensor | None, out: Tensor) -> None:
        """Write the hidden units' values, (B, m), to ``out``, which may be Z.

        ``gates`` (B, m), bool or of 0 and 1, are given where there are gate weights.
        """

    @abstractmethod
    def derive(self, scratch: Scratch, Z: Tensor) -> None:
        """Overwrite Z by ``scratch.backward`` times the slopes of the units at Z.

        ``scratch.hidden`` holds the values of the units at Z; where the network keeps
        no pre-activations it is None, and Z holds the values.
        """

    @abstractmethod
    def slopes(self, active: Tensor) -> Tensor:
        """Return the slopes of the units whose patterns are ``active`` (n, m), bool.

        They may be bool as well. Gradients and Gram matrices are made of them
        (`gate_gram`, `output_gate_gram` and `pseudo_gradient_squares`).
        """

    def switching(self, W: Tensor) -> Tensor:
        """The weights that switch the units, if W are the trained ones."""
        return W if self.gate_weights is None else self.gate_weights

    @property
    def reader(self) -> Tensor:
        """What reads the units that follow W, shape (k, m)."""
        return self.a if self.readout0 is None else self.readout0

    def of_units(self, units: slice) -> Self:
        """The network of some hidden units; the outputs of all parts add up."""
        gates = None if self.gate_weights is None else self.gate_weights[units]
        a, a0 = self.a[:, units], self.readout0
        return replace(
            self,
            a=a,
            gate_weights=gates,
            shards=ALONE,
            readout0=None if a0 is None else a0[:, units],
        )

    def values(self, Z: Tensor) -> Tensor:
        """Values of the units whose pre-activations Z (n, m) switch them."""
        # Of one layout, so that the same pre-activations give the same bits.
        values = Z.new_empty(Z.shape)
        self.activate(Z, Z > 0, out=values)
        return values

    def reading(self, a: Tensor) -> Self:
        """The network with its readout moved to ``a``."""
        return replace(self, a=a, readout0=self.reader if self.gated else None)

    def outputs_(self, Z: Tensor, gating: Tensor | None = None) -> Tensor:
        """Return α(a · hidden), shape (B, k); overwrite the pre-activations Z.

        ``gating`` (B, m) are those of the gate weights, or where they are positive.
        """
        self.activate(Z, None if gating is None else gating > 0, out=Z)
        outputs = Z @ self.reader.T
        if self.readout0 is not None:
            assert gating is not None
            outputs += gating.clamp_min(0) @ (self.a - self.readout0).T
        return self.shards.add_up_(outputs.mul_(self.output_scale))

    def differentiate_(
        self,
        Z: Tensor,
        targets: Tensor,
        scale: Tensor,
        scratch: Scratch,
        outputs: Tensor,
        factor: Callable[[Tensor], Tensor] | None = None,
        move_readout: Callable[[Tensor, Tensor], None] | None = None,
    ) -> None:
        """Overwrite Z by ``scale`` · ∂ℓ/∂Z / α, row by row; write the outputs (B, k).

        ``scale`` holds one factor per sample: it carries the sample's weight, the
        batch's 1/B and the step, so that W += ZᵀX is the whole update. ``factor`` gives
        one more for the batch, from the curvatures (B,) of the loss. This is LL18's
        eq. (1) without its factor x_s: Σ_i a_{i,r} (o_i − 1{i=y_s}) 1{Z > 0}.

        ``outputs`` holds −α f(0) before, where the network is ``centered``.
        ``move_readout`` is called with ``scale`` · ∂ℓ/∂f / α (B, k) and what a reads
        (B, m), once a is not needed any more.
        """
        fixed = None
        if scratch.gates is not None:
            if self.readout0 is not None:
                fixed = scratch.gates.clamp_min(0)
            torch.gt(scratch.gates, 0, out=scratch.gates)
        hidden = Z if scratch.hidden is None else scratch.hidden
        self.activate(Z, scratch.gates, out=hidden)
        # With the few outputs as rows the product takes half as long.
        a, alpha, beta = self.reader, self.output_scale, float(self.centered)
        torch.addmm(outputs.T, a, hidden.T, alpha=alpha, beta=beta, out=outputs.T)
        if fixed is not None:
            outputs.T.addmm_(self.a - a, fixed.T, alpha=alpha)
        self.shards.add_up_(outputs.T)
        residual = self.loss.residual(outputs, targets, out=scratch.residual)
        if factor is not None:
            residual.mul_(factor(self.loss.curvatures(residual, targets)))
        torch.mm(residual.mul_(scale), a, out=scratch.backward)
        if move_readout is not None:
            move_readout(residual, hidden if fixed is None else fixed)
        self.derive(scratch, Z)
