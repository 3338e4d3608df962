"""Coupling with the initialisation: which activation patterns changed (LL18 §5, §7)."""

from typing import ClassVar

import torch
from numpy.typing import ArrayLike
from torch import Tensor

from overparam_sk.arrays import real_array
from overparam_sk.diagnostics._base import Diagnostic, PatternView, View
from overparam_sk.world import in_own_world

__all__ = ["ActivationChange", "Coupling", "activation_change"]


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


class Coupling(Diagnostic):
    """Share of hidden units whose pattern changed on no row (LL18, Lemma 5.1).

    The gradient of such a unit is its pseudo gradient, which takes the patterns at
    initialisation.
    """

    name: ClassVar[str] = "coupling"
    sees: ClassVar[type] = PatternView
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
