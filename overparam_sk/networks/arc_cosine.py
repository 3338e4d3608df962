"""Gaussian expectations of ReLU features: arc-cosine kernels (Cho, Saul 2009).

For b ~ N(0, I) and rows u, v at the angle θ:

=================================  ===============================================
E[1{b·u > 0} 1{b·v > 0}]           (π − θ) / 2π
E[σ(b·u) σ(b·v)]                   |u| |v| (sin θ + (π − θ) cos θ) / 2π
E[b_r² 1{b·u > 0} 1{b·v > 0}]      (π − θ) / 2π
                                   + [2 û_r v̂_r − cos θ (û_r² + v̂_r²)] / (2π sin θ)
=================================  ===============================================

The first two are half of Cho and Saul's kernels of degree 0 and 1,
which carry a factor 2.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.parameters import integer

__all__ = [
    "DirectedRows",
    "angles",
    "arc_cosine_kernel",
    "both_layers_parts",
    "gate_probability",
    "gated_linear_kernel",
    "gated_linear_parts",
    "supported_squares",
]

# arccos turns an error ε of a cosine into ε / sin θ. Beyond this cosine the angle comes
# from a chord instead, which keeps its relative error down to θ = 0.
_NEAR = 1 - 2.0**-12
# Numbers of a block of pairs whose chords are measured at a time.
_CHUNK_ELEMENTS = 2**22


def angles(X: Tensor, Y: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and angles between the rows of X and the rows of Y.

    Nearly parallel rows have θ = 2 asin(|x̂ − ŷ| / 2), nearly opposite ones
    θ = π − 2 asin(|x̂ + ŷ| / 2), so that equal rows are at the angle 0 exactly.

    Parameters
    ----------
    X : Tensor of shape (n, d)
    Y : Tensor of shape (p, d)

    Returns
    -------
    cosine, theta : Tensor of shape (n, p)
        A row of zeros is orthogonal to every row.
    """
    return _angles_between(_directions(X), _directions(Y))


def _angles_between(U: Tensor, V: Tensor) -> tuple[Tensor, Tensor]:
    cosine = (U @ V.T).clamp_(-1.0, 1.0)
    theta = torch.arccos(cosine)
    near = torch.nonzero(cosine.abs() > _NEAR)
    size = max(1, _CHUNK_ELEMENTS // U.shape[1])
    for start in range(0, len(near), size):
        r, c = near[start : start + size].T
        side = cosine[r, c].sign()
        chord = (U[r] - side.unsqueeze(1) * V[c]).norm(dim=1)
        # The angle to the line of ŷ; a row opposite to y is π away from it.
        to_line = 2 * torch.asin(chord / 2)
        theta[r, c] = torch.where(side > 0, to_line, math.pi - to_line)
    return cosine, theta


def _directions(X: Tensor) -> Tensor:
    """Rows of norm 1; a row of zeros stays. No square over- or underflows."""
    largest = X.abs().amax(dim=1, keepdim=True)
    X = X / torch.where(largest > 0, largest, 1.0)
    norms = X.norm(dim=1, keepdim=True)
    return X / torch.where(norms > 0, norms, 1.0)


def gate_probability(theta: Tensor) -> Tensor:
    """E[1{b·u > 0} 1{b·v > 0}] = (π − θ) / 2π, for b ~ N(0, I)."""
    return (math.pi - theta) / (2 * math.pi)


def arc_cosine_kernel(X: Tensor, Y: Tensor, degree: int) -> Tensor:
    """E[(b·x)ⁿ (b·y)ⁿ 1{b·x > 0} 1{b·y > 0}] for n = ``degree``, 0 or 1.

    Half of Cho and Saul's kernel k_n: |x|ⁿ|y|ⁿ J_n(θ) / 2π with J_0 = π − θ and
    J_1 = sin θ + (π − θ) cos θ.

    Parameters
    ----------
    X : Tensor of shape (n, d)
    Y : Tensor of shape (p, d)
    degree : {0, 1}

    Returns
    -------
    Tensor of shape (n, p)
        0 wherever a row is zero: it never activates a unit.

    Raises
    ------
    ValueError
        If ``degree`` is neither 0 nor 1.
    """
    degree = integer(0, 1)("degree", degree)
    cosine, theta = angles(X, Y)
    norms = torch.outer(X.norm(dim=1), Y.norm(dim=1))
    if degree == 0:
        return torch.where(norms > 0, gate_probability(theta), 0.0)
    return norms * (torch.sin(theta) / (2 * math.pi) + cosine * gate_probability(theta))


class DirectedRows(NamedTuple):
    """Rows as directions and lengths, for kernels that are asked for many times."""

    directions: Tensor  # (n, d), of norm 1 or 0
    norms: Tensor  # (n,)

    @classmethod
    def of(cls, X: Tensor) -> "DirectedRows":
        """The rows of X, shape (n, d)."""
        return cls(_directions(X), X.norm(dim=1))

    def angles(self, other: "DirectedRows") -> Tensor:
        """Angles with the p rows of ``other``, shape (n, p); π/2 where a row is 0."""
        return _angles_between(self.directions, other.directions)[1]

    def take(self, which: Tensor | slice) -> "DirectedRows":
        """Some of the rows."""
        return DirectedRows(self.directions[which], self.norms[which])


def gated_linear_kernel(X: Tensor, Y: Tensor) -> Tensor:
    """Infinite-width Gram matrix of a two-layer ReLU network's first layer.

    H∞(x, y) = x·y E[1{b·x > 0} 1{b·y > 0}] = x·y (π − θ) / 2π for b ~ N(0, I): the
    inner product times the arc-cosine kernel of degree 0.

    Parameters
    ----------
    X : Tensor of shape (n, d)
    Y : Tensor of shape (p, d)

    Returns
    -------
    Tensor of shape (n, p)
        0 wherever a row is zero: it never activates a unit.
    """
    return gated_linear_parts(DirectedRows.of(X), DirectedRows.of(Y))[0]


def gated_linear_parts(x: DirectedRows, y: DirectedRows) -> tuple[Tensor, Tensor]:
    """The same kernel, and its second factor (π − θ) / 2π.

    Parameters
    ----------
    x, y : DirectedRows
        n and p rows.

    Returns
    -------
    kernel, gates : Tensor of shape (n, p)
    """
    inner, theta = _angles_between(x.directions, y.directions)
    gates = gate_probability(theta)
    return inner.mul_(gates).mul_(x.norms.unsqueeze(1)).mul_(y.norms), gates


def both_layers_parts(
    x: DirectedRows, y: DirectedRows
) -> tuple[Tensor, Tensor, Tensor]:
    """Those, and the arc-cosine kernel of degree 1, which is the readout's part.

    Parameters
    ----------
    x, y : DirectedRows
        n and p rows.

    Returns
    -------
    kernel, gates, of_readout : Tensor of shape (n, p)
    """
    inner, theta = _angles_between(x.directions, y.directions)
    gates = gate_probability(theta)
    kernel = inner.mul_(gates).mul_(x.norms.unsqueeze(1)).mul_(y.norms)
    sines = theta.sin_().mul_(x.norms.unsqueeze(1)).mul_(y.norms)
    return kernel, gates, sines.div_(2 * math.pi).add_(kernel)


def supported_squares(U: Tensor, V: Tensor) -> Tensor:
    """E[Σ_r b_r² 1{b·u > 0} 1{b·v > 0}] over the r where u_r ≠ 0 and v_r ≠ 0.

    The sum of the third expectation above over the common support. With o the part of
    |û|² outside the support of v plus the part of |v̂|² outside the support of u, the
    brackets add up to o cos θ: no difference is left that could cancel, and rows
    of equal support have o = 0 exactly.

    Parameters
    ----------
    U : Tensor of shape (n, d)
    V : Tensor of shape (p, d)

    Returns
    -------
    Tensor of shape (n, p)
        0 wherever a row is zero.
    """
    cosine, theta = angles(U, V)
    S, T = (U != 0).to(U.dtype), (V != 0).to(V.dtype)
    outside = _directions(U).square() @ (1 - T).T
    outside += (1 - S) @ _directions(V).square().T
    # sin²θ ≥ o / 2, so that a vanishing sine comes with o = 0.
    sine = torch.where(outside > 0, torch.sin(theta), 1.0)
    return (S @ T.T) * gate_probability(theta) + cosine * outside / sine / (2 * math.pi)
