"""A loss that counts what it took to make it small."""

import math
from dataclasses import dataclass

from torch import Tensor

__all__ = ["PenalisedLoss"]


@dataclass(frozen=True)
class PenalisedLoss:
    """The criterion of Hannan and Quinn [1]_ along gradient descent on squares.

    While the kernel H stays as it was at the start, gradient descent takes the share
    1 − exp(−λ_i t) of whatever the targets have along the eigenvector of λ_i, of noise
    as of anything else. These shares add up to the numbers that the fit has spent, its
    degrees of freedom p(t). Of n rows' noise it takes about the share p/n, and on new
    rows it is wrong by as much again: the more noise there is, the sooner

        L(t) exp(2 p(t) log(log(n)) / n)

    no longer falls. (With 1 for log(log(n)) this is Akaike's criterion, which stops too
    late too often; it is so up to 15 rows.)

    Parameters
    ----------
    spectrum : Tensor of shape (q,), float64
        The eigenvalues of H at the start over the largest one.
    n_rows : float
        n; rows that were given several times count as often.
    unit : float
        The loss of the best constant: the figure is a share of it.

    References
    ----------
    .. [1] E. J. Hannan, B. G. Quinn. "The Determination of the Order of an
       Autoregression", 1979.
    """

    spectrum: Tensor
    n_rows: float
    unit: float

    def __call__(self, loss: float, time: float) -> float:
        """The figure for L = ``loss`` after ``time``, in units of 1/λ_max."""
        spent = float(-(self.spectrum * -time).expm1().sum())
        price = max(1.0, math.log(math.log(max(self.n_rows, math.e))))
        return loss / self.unit * math.exp(2 * price * spent / self.n_rows)
