"""The accumulated update W − W(0): how large it is (LL18 §7, K19 §V), of what rank."""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from overparam_sk.arrays import check_finite, real_array
from overparam_sk.diagnostics.diagnostic import Diagnostic
from overparam_sk.diagnostics.views import View, WeightView
from overparam_sk.linalg import singular_values
from overparam_sk.parameters import number
from overparam_sk.shards import Shards
from overparam_sk.world import in_own_world

__all__ = [
    "LargestUnitChange",
    "RelativeDistance",
    "WeightChange",
    "effective_rank",
    "relative_distance",
    "update_singular_values",
]


_SHARE = number(0, 1, above=True)


class RelativeDistance(Diagnostic):
    """‖W − W(0)‖_F / ‖W(0)‖_F.

    Where W(0) = 0 it is 0 while W stays so, and infinite where W does not.
    """

    name: ClassVar[str] = "relative_distance"
    sees: ClassVar[type] = WeightView

    def accumulate(self, view: View) -> None:
        """Add the units' squared norms."""
        assert isinstance(view, WeightView)
        moved = view.update.norm().double()
        self.add(torch.stack([moved, torch.full_like(moved, view.norm0)]).square())

    def value(self) -> float:
        """The ratio of the norms."""
        assert self.total is not None
        moved, norm0 = self.total.tolist()
        if norm0 == 0:
            return float("inf") if moved else 0.0
        return float((moved / norm0) ** 0.5)


class WeightChange(Diagnostic):
    """‖W − W(0)‖_F, not divided by anything (K19 §V)."""

    name: ClassVar[str] = "weight_change"
    sees: ClassVar[type] = WeightView

    def accumulate(self, view: View) -> None:
        """Add the units' squared norms."""
        assert isinstance(view, WeightView)
        self.add(view.update.norm().double().square())

    def value(self) -> float:
        """The norm."""
        assert self.total is not None
        return float(self.total.sqrt())


class LargestUnitChange(Diagnostic):
    """max_r ‖w_r − w_r(0)‖, the radius R that theorems ask for (K19, Lemmas 4 to 7)."""

    name: ClassVar[str] = "largest_unit_change"
    sees: ClassVar[type] = WeightView

    def add(self, part: Tensor | float) -> None:
        """Keep the larger one."""
        part = torch.as_tensor(part, dtype=torch.float64)
        self.total = part if self.total is None else torch.maximum(self.total, part)

    def add_up(self, shards: Shards) -> None:
        """Take in what other processes have seen."""
        assert self.total is not None
        shards.largest_(self.total)

    def accumulate(self, view: View) -> None:
        """Take the longest of these units' updates; there may be none."""
        assert isinstance(view, WeightView)
        lengths = view.update.norm(dim=1).double()
        self.add(torch.nn.functional.pad(lengths, (0, 1)).max())

    def value(self) -> float:
        """The length."""
        assert self.total is not None
        return float(self.total)


@in_own_world
def relative_distance(W: ArrayLike, W0: ArrayLike) -> float:
    """Distance from the initialisation, ‖W − W(0)‖_F / ‖W(0)‖_F (LL18 §7).

    Parameters
    ----------
    W, W0 : array-like of shape (m, d)
        Weights now and at initialisation.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If they are not two matrices of finite numbers of one shape, W(0) not all zero.
    """
    W_, W0_ = _two_weights(W, W0)
    if not bool(W0_.any()):
        raise ValueError("W0 must have a non-zero entry, got only zeros.")
    ratio = np.array(_norm(W_ - W0_) / _norm(W0_))
    return float(check_finite("The relative distance", ratio))


@in_own_world
def update_singular_values(W: ArrayLike, W0: ArrayLike) -> NDArray[np.float64]:
    """Singular values of the accumulated update W − W(0), descending (LL18 §7).

    Parameters
    ----------
    W, W0 : array-like of shape (m, d)
        Weights now and at initialisation.

    Returns
    -------
    ndarray of shape (min(m, d),), float64

    Raises
    ------
    ValueError
        If they are not two matrices of finite numbers of one shape.
    """
    W_, W0_ = _two_weights(W, W0)
    update = W_ - W0_
    return check_finite("The singular values", singular_values(update).numpy())


def _norm(M: Tensor) -> float:
    """‖M‖_F, in units of the largest entry: no square over- or underflows."""
    scale = float(M.abs().max())
    return scale * float((M / (scale or 1.0)).norm())


def _two_weights(W: ArrayLike, W0: ArrayLike) -> tuple[Tensor, Tensor]:
    W_, W0_ = real_array("W", W, 2), real_array("W0", W0, 2)
    if W_.shape != W0_.shape:
        raise ValueError(f"W must have W0's shape {W0_.shape}, got {W_.shape}.")
    return torch.from_numpy(W_), torch.from_numpy(W0_)


@in_own_world
def effective_rank(singular_values: ArrayLike, share: float = 0.99) -> int:
    """How many singular values carry a share of the squared Frobenius norm.

    LL18 §6 expects about k·l of the accumulated update on clustered data.

    Parameters
    ----------
    singular_values : array-like of shape (n_values,)
        Descending, as `update_singular_values` has them.
    share : float, default=0.99
        In (0, 1].

    Returns
    -------
    int
        0 if all of them are zero.

    Raises
    ------
    ValueError
        If ``share`` is not in (0, 1], or the values are not finite numbers in 1-D.

    Examples
    --------
    >>> from overparam_sk.diagnostics import effective_rank
    >>> effective_rank([3.0, 3.0, 0.1, 0.1])
    2
    """
    share = _SHARE("share", share)
    values = real_array("singular_values", singular_values, 1, empty=True)
    if not values.any():
        return 0
    # In units of the largest, so that no square underflows.
    carried = np.cumsum(np.square(values / np.abs(values).max()))
    return int(np.argmax(carried >= share * carried[-1])) + 1
