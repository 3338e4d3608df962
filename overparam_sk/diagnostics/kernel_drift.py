"""How far the Gram matrix moved from H(0), and how well it is aligned to the targets.

Both are ratios of Frobenius norms. Where the one below is 0 they are given a finite
value, which each states.
"""

from typing import ClassVar

import torch
from torch import Tensor

from overparam_sk.diagnostics.diagnostic import Diagnostic
from overparam_sk.diagnostics.views import GramDriftView, GramView, View

__all__ = ["GramAlignment", "GramDrift"]


class GramDrift(Diagnostic):
    """‖H(t) − H(0)‖_F / ‖H(0)‖_F, on the rows of `GramLambdaMin`.

    Theory of very wide networks has it small (K19, Lemmas 4 to 7). Where H(0) = 0 it
    is 0 while H stays so, and 1 where H does not.
    """

    name: ClassVar[str] = "gram_drift"
    sees: ClassVar[type] = GramDriftView
    layers: ClassVar[slice] = slice(0, 1)

    def accumulate(self, view: View) -> None:
        """Add a summand of the difference, and of H(0)."""
        assert isinstance(view, GramDriftView)
        self.add(torch.stack([view.part - view.part0, view.part0]))

    def value(self) -> float:
        """The ratio of the norms."""
        assert self.total is not None
        moved, start = self.total
        if not bool(start.any()):
            return float(bool(moved.any()))
        unit = start.abs().max()
        return float((moved / unit).norm() / (start / unit).norm())


class GramAlignment(Diagnostic):
    """⟨H, Ȳ Ȳᵀ⟩ / (‖H‖_F ‖Ȳ Ȳᵀ‖_F), on the rows of `GramLambdaMin`.

    Ȳ are these rows' targets, one-hot or numbers, without their mean. Where samples
    have weights, the mean and both sums over pairs of rows take them, so that a row of
    weight 2 is the same as the row given twice. Both matrices are positive
    semi-definite: the figure lies in [0, 1]. It is 0 where H is 0, or the targets of
    these rows are all the same.
    """

    name: ClassVar[str] = "gram_alignment"
    sees: ClassVar[type] = GramView
    layers: ClassVar[slice] = slice(0, 1)
    _targets: Tensor
    _weight: Tensor

    def accumulate(self, view: View) -> None:
        """Add a summand; the targets are the same with all of them."""
        assert isinstance(view, GramView)
        self.add(view.part)
        self._targets, self._weight = view.targets, view.weight

    def value(self) -> float:
        """The cosine of the angle between the two matrices."""
        assert self.total is not None
        Y, root = _centred(self._targets, self._weight)
        H = root.unsqueeze(1) * _in_its_own_unit(self.total) * root
        norms = H.norm() * (Y.T @ Y).norm()
        if norms == 0:
            return 0.0
        # Rounding may lead a little out of where the ratio is.
        return float(((Y * (H @ Y)).sum() / norms).clamp(0, 1))


def _centred(targets: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """√weight · Ȳ, shape (n, k), and √weight (n,), float64, each in a unit of its own.

    Ȳ is exactly 0 where those targets that have a weight are all the same.
    """
    Y, share = targets.double().reshape(len(weight), -1), weight.double()
    share = share / (share.sum() or 1.0)
    # The mean of equal numbers may be rounded.
    Y = _in_its_own_unit(Y) - _in_its_own_unit(Y)[share.argmax()]
    root = share.sqrt().unsqueeze(1)
    return _in_its_own_unit(root * (Y - share @ Y)), root.squeeze(1)


def _in_its_own_unit(M: Tensor) -> Tensor:
    """M over its largest entry, so that no square over- or underflows."""
    largest = M.abs().max()
    return M / largest if largest > 0 else M
