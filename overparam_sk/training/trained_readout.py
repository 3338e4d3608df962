"""The readout of a network of one hidden layer, where it is trained beside W."""

import torch
from torch import Tensor

__all__ = ["TrainedReadout"]


class TrainedReadout:
    """SGD on a, batch by batch: unlike W, it needs no product with X.

    Parameters
    ----------
    a : Tensor of shape (k, m)
        Trained in place.
    steps : float
        Its step over that of W.
    momentum : float, default=0.0
        Heavy-ball μ: u ← μu + step, a ← a + u.
    """

    def __init__(self, a: Tensor, *, steps: float, momentum: float = 0.0) -> None:
        self.a = a
        self._steps, self._momentum = steps, momentum
        self._velocity = torch.zeros_like(a) if momentum else None
        self._kept: list[Tensor] = []

    def move(self, residual: Tensor, hidden: Tensor) -> None:
        """Do a step of the readout.

        Parameters
        ----------
        residual : Tensor of shape (B, k)
            ∂ℓ/∂f times what W's step is made of.
        hidden : Tensor of shape (B, m)
            Values of the units, before the step.
        """
        if self._velocity is None:
            self.a.addmm_(residual.T, hidden, alpha=self._steps)
            return
        steps, mu = self._steps, self._momentum
        self._velocity.addmm_(residual.T, hidden, beta=mu, alpha=steps)
        self.a.add_(self._velocity)

    def keep(self) -> None:
        """Remember where it is, in case a block must be done again."""
        self._kept = []  # for which there may be no memory
        self._kept = [part.clone() for part in self._parts]

    def go_back(self) -> None:
        """Return to where it was kept, if it was."""
        for part, kept in zip(self._parts, self._kept, strict=False):
            part.copy_(kept)

    def release(self) -> None:
        """Give back all memory but that of a: there will be no more steps."""
        self._velocity, self._kept = None, []

    @property
    def _parts(self) -> list[Tensor]:
        return [self.a] if self._velocity is None else [self.a, self._velocity]
