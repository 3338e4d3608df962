"""Kong 2019 (K19): the expected Gram matrix of a network whose first layer is given.

With w uniform on ±1 the terms p ≠ q of Prop. 1 have mean zero, so that at any width h2

    E[H_st | A] = (1/h1) y_s·y_t E[1{b·y_s > 0} 1{b·y_t > 0}]
                  + (1/h1) x_s·x_t Σ_r S1_sr S1_tr E[b_r² 1{b·y_s > 0} 1{b·y_t > 0}]

for a row b of B. Both expectations are closed forms in the angle between y_s and y_t.
The expectation over A as well, H∞ (eq. 17), is in the module ``kong_2019_infinite``.
"""

from scipy.special import gammainc
from torch import Tensor

from overparam_sk.networks.arc_cosine import (
    angles,
    gate_probability,
    supported_squares,
)
from overparam_sk.networks.kong_2019 import RowNorm

__all__ = ["expected_gram_parts", "mean_square"]


def mean_square(q: int, row_norm: RowNorm) -> float:
    """Mean square of an entry of a row of q numbers, as initialised (K19 §III-A).

    The norm of a Gaussian row is independent of its direction, so that scaling rows
    multiplies every expectation of a product of two entries by this number: 1 (None),
    1/q ("unit") or E[min(1, χ²_q)] / q ("clip").
    """
    if row_norm is None:
        return 1.0
    if row_norm == "unit":
        return 1 / q
    # E[χ²_q; χ²_q < 1] = q P(χ²_{q+2} < 1), and P(χ²_k < 1) = gammainc(k/2, 1/2).
    inside = gammainc(q / 2 + 1, 0.5)
    return float(inside + (1 - gammainc(q / 2, 0.5)) / q)


def expected_gram_parts(
    Z: Tensor, Z_other: Tensor, inner: Tensor, row_norm: RowNorm
) -> tuple[Tensor, Tensor]:
    """The two parts of E[H | A], over B and w (Prop. 1).

    Parameters
    ----------
    Z : Tensor of shape (n, h1)
        X Aᵀ.
    Z_other : Tensor of shape (p, h1)
        The same for the rows of the matrix's columns.
    inner : Tensor of shape (n, p)
        Inner products of the rows of X.
    row_norm : {"clip", "unit", None}
        How the rows of B are scaled.

    Returns
    -------
    B_part, A_part : Tensor of shape (n, p)
        In the order of `gram_parts`.
    """
    h1 = Z.shape[1]
    Y, Y_other = Z.clamp_min(0), Z_other.clamp_min(0)
    theta = angles(Y, Y_other)[1]
    B_part = (Y @ Y_other.T) * gate_probability(theta) / h1
    squares = supported_squares(Y, Y_other)
    return B_part, inner * squares * mean_square(h1, row_norm) / h1
