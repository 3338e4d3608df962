"""Activation patterns: which of them training changed, and which rows have none."""

from typing import ClassVar

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from overparam_sk.arrays import real_array
from overparam_sk.diagnostics.diagnostic import Diagnostic
from overparam_sk.diagnostics.views import GradientView, PatternView, View
from overparam_sk.networks import pseudo_gradient_squares
from overparam_sk.world import in_own_world

__all__ = [
    "ActivationChange",
    "Coupling",
    "DeadRows",
    "DeadSamples",
    "PseudoGradientError",
    "activation_change",
]


class ActivationChange(Diagnostic):
    """Share of (unit, row) pairs whose activation pattern changed."""

    name: ClassVar[str] = "activation_change"
    sees: ClassVar[type] = PatternView

    def accumulate(self, view: View) -> None:
        """Count the pairs that changed."""
        assert isinstance(view, PatternView)
        changed = torch.count_nonzero(view.active != view.active0)
        self.add(torch.stack([changed, torch.full_like(changed, view.active.numel())]))

    def value(self) -> float:
        """Changed pairs over all pairs."""
        assert self.total is not None
        changed, pairs = self.total.tolist()
        return float(changed / pairs)


class PseudoGradientError(Diagnostic):
    """‖∇L − ∇̃L‖_F / ‖∇L‖_F, ∇̃L the pseudo gradient; 0 where there is no gradient.

    The pseudo gradient takes the patterns at initialisation (LL18 §5.1).
    """

    name: ClassVar[str] = "pseudo_gradient_error"
    sees: ClassVar[type] = GradientView
    layers: ClassVar[slice] = slice(0, 1)

    def accumulate(self, view: View) -> None:
        """Add the units' squared norms."""
        assert isinstance(view, GradientView)
        squares = pseudo_gradient_squares(
            view.slopes, view.slopes0, view.residual, view.a, view.inner
        )
        self.add(squares)

    def value(self) -> float:
        """The ratio of the norms."""
        assert self.total is not None
        error, gradient = self.total.tolist()
        # A square that is a sum of products may be rounded to less than 0.
        return float((max(error, 0.0) / gradient) ** 0.5) if gradient > 0 else 0.0


class Coupling(Diagnostic):
    """Share of hidden units whose pattern changed on no row (LL18, Lemma 5.1).

    The gradient of such a unit is its pseudo gradient, which takes the patterns at
    initialisation.
    """

    name: ClassVar[str] = "coupling"
    sees: ClassVar[type] = PatternView
    along: ClassVar[tuple[type[Diagnostic], ...]] = (PseudoGradientError,)
    _changed: Tensor

    def accumulate(self, view: View) -> None:
        """Mark the units that changed; count them when they have met all rows."""
        assert isinstance(view, PatternView)
        changed = (view.active != view.active0).any(dim=0)
        self._changed = changed if view.rows.start == 0 else self._changed | changed
        if view.rows.stop == view.n:
            coupled = torch.count_nonzero(~self._changed)
            self.add(torch.stack([coupled, torch.full_like(coupled, len(changed))]))

    def value(self) -> float:
        """Coupled units over all units."""
        assert self.total is not None
        coupled, units = self.total.tolist()
        return float(coupled / units)


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


class DeadRows(DeadSamples):
    """How many rows activate no unit of a layer, σ(Z_l) = 0; of every layer.

    Where that is so no unit of a layer above is active either: these rows have no
    gradient in any layer.
    """

    name: ClassVar[str] = "dead_rows"
    layers: ClassVar[slice] = slice(None)


@in_own_world
def activation_change(W: ArrayLike, W0: ArrayLike, X: ArrayLike) -> float:
    """Share of (hidden unit, sample) pairs whose activation pattern differs.

    The pattern of unit r on sample x is 1{⟨w_r, x⟩ > 0} (LL18 §7, "coupling").

    Parameters
    ----------
    W, W0 : array-like of shape (m, d)
        Weights now and at initialisation.
    X : array-like of shape (n, d)

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ValueError
        If they are not matrices of finite numbers whose shapes agree.
    """
    named = {"W": W, "W0": W0, "X": X}
    W_, W0_, X_ = (torch.from_numpy(real_array(n, M, 2)) for n, M in named.items())
    if W_.shape != W0_.shape or X_.shape[1] != W_.shape[1]:
        shapes = [tuple(M.shape) for M in (W_, W0_, X_)]
        raise ValueError(
            "W, W0 and X must have shapes (m, d), (m, d) and (n, d), got "
            f"{', '.join(map(str, shapes))}."
        )

    def active(M: Tensor) -> Tensor:
        return (X_ @ M.T) > 0

    diagnostic = ActivationChange()
    diagnostic.accumulate(
        PatternView(active(W_), active(W0_), slice(0, len(X_)), len(X_))
    )
    return diagnostic.value()
