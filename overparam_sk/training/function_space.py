"""Minibatch SGD of an infinitely wide network, in the space of functions.

f(t) = f(0) + F(t), F = K∞(·, X) R(t): a step adds to R, at the rows of its batch, what
SGD would multiply the gradients of the hidden units by, and to F, at all rows, what
follows from it. Momentum and the automatic step are those of the s-step engine, whose
limit this is.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from overparam_sk.networks import KernelRows, Loss
from overparam_sk.training.loop import DivergenceError, Recent
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.step_size import CurvatureStep

__all__ = ["FunctionSpaceSGD"]


class FunctionSpaceSGD:
    """Minibatch SGD on the outputs at the training rows.

    Parameters
    ----------
    loss : Loss
    kernel : KernelRows
        K∞ between the n training rows.
    outputs0 : Tensor of shape (n, k)
        f(0) at the training rows.
    targets : Tensor of shape (n, k)
        As the loss has them.
    sample_weight : Tensor of shape (n,)
        Mean 1; multiplies each sample's gradient.
    squared_norms : Tensor of shape (n,)
        |x|².
    n_given : int
        The columns of W without an intercept's: their ‖W(0)‖_F² → n_given.
    stream : MinibatchStream
    learning_rate : float
        c.
    momentum : float, default=0.0
        Heavy-ball μ.
    lengthen : CurvatureStep or None, default=None

    Attributes
    ----------
    R : Tensor of shape (n, k)
    F : Tensor of shape (n, k) or (n, 2 k)
        K∞(X, X) R and, with an intercept or a trained readout, their part of that.
    iteration : int
        Steps done.
    """

    def __init__(
        self,
        loss: Loss,
        kernel: KernelRows,
        outputs0: Tensor,
        targets: Tensor,
        sample_weight: Tensor,
        squared_norms: Tensor,
        n_given: int,
        stream: MinibatchStream,
        *,
        learning_rate: float,
        momentum: float = 0.0,
        lengthen: CurvatureStep | None = None,
    ) -> None:
        self.iteration = 0
        self._loss, self._kernel = loss, kernel
        self._outputs0, self._targets = outputs0, targets
        self._weight, self._n_given = sample_weight, n_given
        self._weighted_norms = sample_weight * squared_norms
        self._stream = stream
        self._step_per_row = -learning_rate / stream.batch_size
        self._momentum, self._lengthen = momentum, lengthen
        self.R = torch.zeros_like(outputs0)
        self.F = torch.cat([torch.zeros_like(outputs0)] * kernel.n_parts, dim=1)
        self._velocities = (self.R.clone(), self.F.clone()) if momentum else None

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """R, and F, which goes with it."""
        return (self.R, self.F)

    @property
    def outputs(self) -> None:
        """No step of SGD looks at all rows."""
        return

    @property
    def figures(self) -> dict[str, float]:
        """The limit of √m ‖W − W(0)‖_F / ‖W(0)‖_F, √(tr(RᵀKR)/d), of given columns."""
        F, *of_others = torch.split(self.F.double(), self.R.shape[1], dim=1)
        square = (self.R * (F - sum(of_others))).sum() / self._n_given
        return {"distance_constant": float(square.clamp(min=0.0).sqrt())}

    def advance(self, n_steps: int, stop: Callable[[], bool] = bool) -> None:
        """Do ``n_steps`` gradient steps, or fewer if ``stop()`` after a step.

        Raises
        ------
        DivergenceError
            When an output is no finite number; R is then of no use.
        """
        for _ in range(n_steps):
            self._advance_once(self._stream.take(1).to(self.R.device))
            self.iteration += 1
            if stop():
                break
        if not bool(self.R.isfinite().all()):
            raise DivergenceError(
                "The outputs must stay finite during training, got a non-finite output "
                f"up to iteration {self.iteration}: lower learning_rate, or scale X to "
                "entries of the order of 1."
            )

    @property
    def penalised_loss(self) -> None:
        """None: noise is not told from anything else."""
        return

    def recent(self) -> Recent:
        """The outputs at all rows: every step moves all of them."""
        outputs = self._outputs0 + self.F[:, : self.R.shape[1]]
        return Recent(outputs, torch.arange(len(outputs), dtype=torch.int64))

    def release(self) -> None:
        """Nothing: R and F are all that there is."""

    def _advance_once(self, batch: Tensor) -> None:
        outputs = self._outputs0[batch] + self.F[batch, : self.R.shape[1]]
        targets = self._targets[batch]
        D = self._loss.residual(outputs, targets)
        if self._lengthen is not None:
            h = self._loss.curvatures(D, targets)
            D *= self._lengthen.factor(h, self._weighted_norms[batch])
        D *= (self._step_per_row * self._weight[batch]).unsqueeze(1)
        step = torch.cat([part.T @ D for part in self._kernel.take(batch)], dim=1)
        if self._velocities is None:
            self.R.index_add_(0, batch, D)
            self.F += step
            return
        U, V = self._velocities
        self.R += U.mul_(self._momentum).index_add_(0, batch, D)
        self.F += V.mul_(self._momentum).add_(step)
