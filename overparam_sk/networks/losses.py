"""What outputs are worth: every loss, stated once for all who need any part of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

__all__ = ["CrossEntropy", "Loss", "SquaredLoss"]


class Loss(ABC):
    """L, the sum or the mean over weighted samples of ℓ(f(x_s), y_s).

    Shapes: outputs (n, k), targets (n, k), weight (n,); with one output a row the first
    two may be (n,).

    Attributes
    ----------
    mean : bool
        Whether L is the weighted mean of the samples' losses, or their weighted sum.
    perfect : float
        L of outputs that cannot be better.
    steepest : float
        The least bound on the norm of ℓ's Hessian in the outputs, whatever these are.
    """

    mean: bool
    perfect: ClassVar[float] = 0.0
    steepest: ClassVar[float] = 1.0

    @abstractmethod
    def write_targets(self, y: Tensor, out: Tensor) -> Tensor:
        """Write what the outputs are compared with, for y (n,), to ``out`` (n, k)."""

    @abstractmethod
    def of_samples(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return ℓ of each sample, shape (n,)."""

    @abstractmethod
    def residual(
        self, outputs: Tensor, targets: Tensor, out: Tensor | None = None
    ) -> Tensor:
        """Return ∂ℓ/∂f of each sample, of the outputs' shape; it may be written on."""

    @abstractmethod
    def curvatures(self, residual: Tensor, targets: Tensor) -> Tensor:
        """Return a bound on the norm of each ℓ's Hessian in the outputs, (n,).

        From the residual, which is there when it is asked for.
        """

    @abstractmethod
    def score(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> float:
        """Return how good the outputs are, as scikit-learn's ``score`` has it."""

    def score_tells(self, targets: Tensor, weight: Tensor) -> bool:
        """Whether the score can tell better outputs from worse ones."""
        return True

    def total(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> float:
        """Return L."""
        total = (self.of_samples(outputs, targets) * weight).sum()
        return float(total / weight.sum() if self.mean else total)


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """ℓ = −log o_y for the softmax o of the outputs, one-hot targets (LL18 §3).

    Parameters
    ----------
    mean : bool, default=True
    """

    mean: bool = True
    steepest: ClassVar[float] = 0.5

    def write_targets(self, y: Tensor, out: Tensor) -> Tensor:
        """Class indices, one-hot."""
        return out.zero_().scatter_(1, y.unsqueeze(1), 1)

    def of_samples(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """−log o_{y_s}(x_s)."""
        return outputs.logsumexp(dim=1) - (outputs * targets).sum(dim=1)

    def residual(
        self, outputs: Tensor, targets: Tensor, out: Tensor | None = None
    ) -> Tensor:
        """o_i − 1{i = y_s}, of which LL18's eq. (1) is made."""
        # Class after class, where they lie so, it is several times as fast.
        out = torch.empty_like(outputs) if out is None else out
        torch.softmax(outputs.T, dim=0, out=out.T)
        return out.sub_(targets)

    def curvatures(self, residual: Tensor, targets: Tensor) -> Tensor:
        """min(1/2, 2(1 − o_y)), which bounds λ_max(diag(o) − o oᵀ) by Gershgorin."""
        return (residual * targets).sum(dim=1).mul_(-2).clamp_(0.0, self.steepest)

    def score(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> float:
        """The accuracy: weighted mean of 1{argmax_i f_i(x_s) = y_s} (Theorem 4.1)."""
        hits = (outputs.argmax(dim=1) == targets.argmax(dim=1)).to(outputs.dtype)
        return float((hits * weight).sum() / weight.sum())


@dataclass(frozen=True)
class SquaredLoss(Loss):
    """ℓ = ½ |f(x_s) − y_s|²; K19's is their sum (eq. 3).

    Parameters
    ----------
    mean : bool, default=False
    """

    mean: bool = False

    def write_targets(self, y: Tensor, out: Tensor) -> Tensor:
        """The numbers themselves."""
        return out.copy_(y.reshape(out.shape))

    def of_samples(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """½ |f(x_s) − y_s|²."""
        return _over_outputs((outputs - targets).square()) / 2

    def residual(
        self, outputs: Tensor, targets: Tensor, out: Tensor | None = None
    ) -> Tensor:
        """f(x_s) − y_s."""
        return torch.sub(outputs, targets, out=out)

    def curvatures(self, residual: Tensor, targets: Tensor) -> Tensor:
        """1, wherever the outputs are."""
        return residual.new_ones(len(residual))

    def score(self, outputs: Tensor, targets: Tensor, weight: Tensor) -> float:
        """R², weighted; of constant targets 1.0 for perfect outputs and else 0.0.

        Of several targets it is the mean of each one's.
        """
        if outputs.ndim == 2:
            each = zip(outputs.T, targets.T, strict=True)
            found = [self.score(some, those, weight) for some, those in each]
            return sum(found) / len(found)
        squares = float((self.of_samples(outputs, targets) * weight).sum())
        spread = _spread(targets, weight)
        return 1 - 2 * squares / spread if spread > 0 else float(squares == 0)

    def score_tells(self, targets: Tensor, weight: Tensor) -> bool:
        """Of constant targets R² says only whether they are met."""
        return _spread(targets, weight) > 0

    def of_constant(self, targets: Tensor, weight: Tensor) -> float:
        """L of the best constant; where that is perfect, of the constant 0."""
        zero = self.total(torch.zeros_like(targets), targets, weight)
        return _spread(targets, weight) / 2 or zero


def _over_outputs(values: Tensor) -> Tensor:
    return values if values.ndim == 1 else values.sum(dim=1)


def _spread(targets: Tensor, weight: Tensor) -> float:
    """Σ_i weight_i |y_i − ȳ|², exactly 0 if those that have a weight are constant."""
    # The mean of equal numbers may be rounded.
    off = targets - targets[weight.argmax()]
    weights = weight if targets.ndim == 1 else weight.unsqueeze(1)
    mean = (weights * off).sum(dim=0) / weight.sum()
    return float((weight * _over_outputs((off - mean).square())).sum())
