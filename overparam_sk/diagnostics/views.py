"""What a diagnostic may be shown of a layer, or of the whole network."""

from dataclasses import dataclass

from torch import Tensor

__all__ = [
    "GradientView",
    "GramDriftView",
    "GramView",
    "PatternView",
    "View",
    "WeightView",
]


@dataclass(frozen=True)
class WeightView:
    """What training did to u hidden units, without the intercept's column."""

    update: Tensor  # (u, r), W − W(0) in any orthonormal coordinates
    norm0: float  # ‖W(0)‖_F of these units

    @classmethod
    def between(cls, W0: Tensor, W: Tensor) -> "WeightView":
        """From the units' weights at initialisation and now."""
        return cls(W - W0, float(W0.norm()))


@dataclass(frozen=True)
class PatternView:
    """Activation patterns 1{pre-activation > 0} of u hidden units on r rows."""

    active: Tensor  # (r, u) bool
    active0: Tensor  # (r, u) bool, at initialisation
    rows: slice  # which rows these are
    n: int  # of how many


@dataclass(frozen=True)
class GramView:
    """A summand of the Gram matrix of the whole network on a sample of rows."""

    part: Tensor  # (n, n) float64
    targets: Tensor  # (n, k) or (n,), of these rows, as the loss has them
    weight: Tensor  # (n,), of these samples


@dataclass(frozen=True)
class GramDriftView:
    """A summand of the same Gram matrix, and that at initialisation."""

    part: Tensor  # (n, n) float64
    part0: Tensor  # (n, n) float64


@dataclass(frozen=True)
class GradientView:
    """What the gradients of u hidden units on n rows are made of (LL18 eq. 1)."""

    slopes: Tensor  # (n, u), of ReLU the patterns, bool
    slopes0: Tensor  # (n, u), at initialisation
    residual: Tensor  # (n, k), ∂ℓ/∂f times the samples' weights
    a: Tensor  # (k, u), the readout
    inner: Tensor  # (n, n) float64, X Xᵀ


View = WeightView | PatternView | GramView | GramDriftView | GradientView
