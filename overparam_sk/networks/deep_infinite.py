"""Deep ReLU networks whose hidden layers are all infinitely wide, in closed recursion.

f(x) = (Π_l h_l)^(−1/2) wᵀσ(W_L … σ(W_1 x)) with L hidden layers of h_l units, entries
N(0, 1) and w uniform on ±1 or N(0, 1). As h_1, …, h_L → ∞ the outputs at initialisation
are a Gaussian process (Neal 1996; Lee et al. 2018) and the Gram matrix of each layer's
gradients has a limit (Jacot, Gabriel, Hongler 2018). With θ_l the angle that two rows
are at after l layers, θ_0 that of x and y,

======================  ==========================================================
cos θ_l                 (sin θ_{l−1} + (π − θ_{l−1}) cos θ_{l−1}) / π
g_l                     (π − θ_{l−1}) / 2π: a unit of layer l is active on both rows
part of W_l             |x||y| 2^{1−l} cos θ_{l−1} · g_l g_{l+1} ⋯ g_L
part of w, covariance   |x||y| 2^{−L} cos θ_L
======================  ==========================================================

the arc-cosine kernels of Cho and Saul (2009) layer upon layer. All is |x||y| κ(θ_0). At
L = 1 the parts are the gated linear kernel and the arc-cosine kernel of degree 1.
"""

import math

import torch
from torch import Tensor

from overparam_sk.networks.arc_cosine import DirectedRows, gate_probability
from overparam_sk.parameters import integer

__all__ = ["DEPTH", "angles_by_layer", "angular_parts", "angular_slopes", "layer_parts"]


# Each layer halves the covariance: much deeper nothing is left of it in float64.
DEPTH = integer(1, 512)


def layer_parts(X: DirectedRows, Y: DirectedRows, depth: int) -> list[Tensor]:
    """What the gradients in each layer add to the Gram matrix (NTK), layer by layer.

    Parameters
    ----------
    X, Y : DirectedRows
        n and p rows.
    depth : int
        Hidden layers L.

    Returns
    -------
    list of L + 1 Tensors of shape (n, p)
        Of W_1, …, W_L and of the readout w; the last is the covariance of the outputs
        at initialisation, too (NNGP). 0 wherever a row is zero.
    """
    norms = torch.outer(X.norms, Y.norms)
    return [norms * kappa for kappa in angular_parts(X.angles(Y), depth)]


def angular_parts(theta: Tensor, depth: int) -> list[Tensor]:
    """The same parts for rows of norm 1 at the angles ``theta``, of any shape."""
    *inside, last = angles_by_layer(theta, depth)
    parts: list[Tensor] = []
    for layer, at in enumerate(inside):
        gate = gate_probability(at)
        parts = [part * gate for part in [*parts, torch.cos(at) * 0.5**layer]]
    return [*parts, torch.cos(last) * 0.5**depth]


def angular_slopes(theta: Tensor, depth: int) -> list[Tensor]:
    """Derivatives of `angular_parts` in the angle; those at θ = 0 are from above."""
    *inside, last = angles_by_layer(theta, depth)
    parts: list[Tensor] = []
    slopes: list[Tensor] = []
    turn = torch.ones_like(theta)  # dθ_l / dθ_0
    for layer, (at, after) in enumerate(zip(inside, [*inside[1:], last], strict=True)):
        gate = gate_probability(at)
        parts.append(torch.cos(at) * 0.5**layer)
        slopes.append(-torch.sin(at) * turn * 0.5**layer)
        pairs = zip(parts, slopes, strict=True)
        slopes = [s * gate - part * turn / (2 * math.pi) for part, s in pairs]
        parts = [part * gate for part in parts]
        ratio = torch.where(after > 0, torch.sin(at) / torch.sin(after), 1.0)
        turn = turn * (1 - at / math.pi) * ratio
    return [*slopes, -torch.sin(last) * turn * 0.5**depth]


def angles_by_layer(theta: Tensor, depth: int) -> list[Tensor]:
    """θ_0 = ``theta``, θ_1, …, θ_L: the angles after each layer."""
    angles = [theta]
    for _ in range(depth):
        angles.append(_angle_after_a_layer(angles[-1]))
    return angles


def _angle_after_a_layer(theta: Tensor) -> Tensor:
    """θ_l from θ_{l−1}, to rounding, also where rows are nearly parallel.

    1 − cos θ_l = 2 sin²(θ/2) − (sin θ − θ cos θ)/π, of whose terms the second is small
    beside the first as θ → 0.
    """
    versine = 2 * torch.sin(theta / 2).square()
    versine = versine - (torch.sin(theta) - theta * torch.cos(theta)) / math.pi
    return 2 * torch.asin((versine.clamp_min(0) / 2).sqrt())
