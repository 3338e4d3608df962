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
from functools import cached_property

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
        parts.append(at.cosine * 0.5**layer)
        parts = [part * at.gate for part in parts]
    return [*parts, last.cosine * 0.5**depth]


def angular_slopes(theta: Tensor, depth: int) -> list[Tensor]:
    """Derivatives of `angular_parts` in the angle; those at θ = 0 are from above."""
    *inside, last = angles_by_layer(theta, depth)
    parts: list[Tensor] = []
    slopes: list[Tensor] = []
    turn = torch.ones_like(theta)  # dθ_l / dθ_0
    for layer, (at, after) in enumerate(zip(inside, [*inside[1:], last], strict=True)):
        parts.append(at.cosine * 0.5**layer)
        slopes.append(-at.sine * turn * 0.5**layer)
        pairs = zip(parts, slopes, strict=True)
        slopes = [s * at.gate - part * turn / (2 * math.pi) for part, s in pairs]
        parts = [part * at.gate for part in parts]
        ratio = torch.where(after.sine > 0, at.sine / after.sine, 1.0)
        turn = turn * (1 - at.theta / math.pi) * ratio
    return [*slopes, -last.sine * turn * 0.5**depth]


class LayerAngle:
    """θ_l of pairs of rows, by sin(θ_l/2) and cos(θ_l/2): exact for near rows, too."""

    def __init__(self, half_sine: Tensor, half_cosine: Tensor) -> None:
        self._s, self._c = half_sine, half_cosine

    @cached_property
    def theta(self) -> Tensor:
        """θ_l, in [0, π/2] behind a layer."""
        return 2 * torch.asin(self._s)

    @cached_property
    def sine(self) -> Tensor:
        """Of θ_l."""
        return 2 * self._s * self._c

    @cached_property
    def cosine(self) -> Tensor:
        """Of θ_l."""
        return (self._c - self._s) * (self._c + self._s)

    @cached_property
    def gate(self) -> Tensor:
        """g_{l+1}: a unit of the layer above is active on both rows."""
        return gate_probability(self.theta)

    def above(self) -> "LayerAngle":
        """θ_{l+1}, from 1 − cos θ_{l+1} = 2 sin²(θ_l/2) − (sin θ_l − θ_l cos θ_l)/π.

        Of these terms the second is small beside the first as θ_l → 0.
        """
        lost = self.sine - self.theta * self.cosine
        squared = (self._s.square() - lost / (2 * math.pi)).clamp_min(0)
        return LayerAngle(squared.sqrt(), (1 - squared).sqrt())


def angles_by_layer(theta: Tensor, depth: int) -> list[LayerAngle]:
    """θ_0 = ``theta``, θ_1, …, θ_L."""
    angles = [LayerAngle(torch.sin(theta / 2), torch.cos(theta / 2))]
    angles[0].theta = theta  # up to π, where its half's sine says little
    for _ in range(depth):
        angles.append(angles[-1].above())
    return angles
