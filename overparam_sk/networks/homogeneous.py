"""Kernels |x||y| κ(θ): their derivative in the variance of a constant's weights.

A network that is positively homogeneous, of rows (x, √b), is one of rows (x, 1) in
which the weights of the constant have the variance b. With r = (|x|² + b)^(−1/2) and θ
the angle of two such rows,

    ∂(cos θ)/∂b = r r' − ½ cos θ (r² + r'²) = sin²(θ/2) (r² + r'²) − ½ (r − r')²,

in which no terms cancel where rows are nearly parallel.
"""

import torch
from torch import Tensor

from overparam_sk.networks.arc_cosine import DirectedRows

__all__ = ["constant_slope"]


def constant_slope(
    rows: DirectedRows, theta: Tensor, kappa: Tensor, slope: Tensor
) -> Tensor:
    """∂/∂b of |x||y| κ(θ), shape (n, n).

    Parameters
    ----------
    rows : DirectedRows
        n rows (x, √b), b > 0.
    theta : Tensor of shape (n, n)
        Their angles.
    kappa, slope : Tensor of shape (n, n)
        κ and its derivative there.
    """
    inverse = 1 / rows.norms
    squares = inverse.square().unsqueeze(1) + inverse.square()
    apart = (inverse.unsqueeze(1) - inverse).square()
    cosine_slope = torch.sin(theta / 2).square() * squares - apart / 2
    # Parallel rows are equal rows, which stay so.
    turn = torch.where(theta > 0, -cosine_slope / torch.sin(theta), 0.0)
    return torch.outer(rows.norms, rows.norms) * (kappa * squares / 2 + slope * turn)
