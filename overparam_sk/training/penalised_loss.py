"""A loss that counts what it took to make it small."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["PenalisedLoss", "linear_figure"]


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
    linear : float, default=inf
        The figure of the best linear function, which any network should come near.

    References
    ----------
    .. [1] E. J. Hannan, B. G. Quinn. "The Determination of the Order of an
       Autoregression", 1979.
    """

    spectrum: Tensor
    n_rows: float
    unit: float
    linear: float = math.inf

    def __call__(self, loss: float, time: float) -> float:
        """The figure for L = ``loss`` after ``time``, in units of 1/λ_max."""
        spent = float(-(self.spectrum * -time).expm1().sum())
        return loss / self.unit * price(spent, self.n_rows)


def price(spent: float, n_rows: float) -> float:
    """The factor of a loss on ``n_rows`` for which ``spent`` numbers were chosen."""
    each = 2 * max(1.0, math.log(math.log(max(n_rows, math.e))))
    return math.exp(each * spent / n_rows)


def linear_figure(X: Tensor, y: Tensor, weight: Tensor, n_rows: float) -> float:
    """What the best linear function of some rows leaves, with its price.

    Parameters
    ----------
    X : Tensor of shape (n, d)
        With a constant column or without.
    y : Tensor of shape (n,) or (n, k)
        Of several targets, what is left is a sum.
    weight : Tensor of shape (n,)
    n_rows : float
        How many rows they stand for.

    Returns
    -------
    float
        As a share of what the mean leaves.
    """
    share = weight.double() / weight.double().sum()
    y, root = y.double() - share @ y.double(), weight.double().sqrt()
    # Centred and of one length, columns may be as they like.
    X = X.double() - share @ X.double()
    X = X / X.norm(dim=0).clamp_min(torch.finfo(X.dtype).tiny)
    Q, R = torch.linalg.qr(root.unsqueeze(1) * X)
    there = R.diagonal().abs() > 1e-9
    whole = root.reshape(-1, *(1 for _ in y.shape[1:])) * y
    left = whole - Q[:, there] @ (Q[:, there].T @ whole)
    spread = float(whole.square().sum())
    if spread == 0 or not math.isfinite(spread):
        return math.inf
    return float(left.square().sum()) / spread * price(int(there.sum()) + 1, n_rows)
