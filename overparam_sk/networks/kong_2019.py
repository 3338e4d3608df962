"""Kong 2019 (K19): the two-hidden-layer ReLU network with a ±1 readout.

============================  ==============  ==========  ==========================
Symbol                        Code            Shape       Where in K19
============================  ==============  ==========  ==========================
d, h_1, h_2                   ``d``, ``h1``,  scalars     §III-A
                              ``h2``
A_r, the first layer          ``A``           (h1, d)     §III-A
B_p, the second layer         ``B``           (h2, h1)    §III-A
w, the readout                ``w``           (h2,)       §III-A
A x_i                         ``Z``           (n, h1)     eq. (1)
y_i = σ(A x_i)                ``Y``           (n, h1)     Prop. 1 (a feature there, not
                                                          the label)
1{A_r·x_i > 0}                ``S1``          (n, h1)     eq. (14)
1{B_p·σ(A x_i) > 0}           ``S2``          (n, h2)     eq. (14)
Σ_p w_p B_pr 1_i{p, r}        ``V``           (n, h1)     eqs. (15), (16)
u_i = f(x_i)                  ``u``           (n,)        eq. (2)
the labels y_i                ``targets``     (n,)        eq. (3)
the Gram matrix               ``H``           (n, n)      eq. (9), Prop. 1
============================  ==============  ==========  ==========================

A and B are trained, w is fixed. Everything follows from Z, B and w: as in LL18 the
network never sees X, except for the inner products X Xᵀ in its Gram matrix.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks.signed_layers import RowNorm, initial_signed_layers

__all__ = [
    "Forward",
    "Kong2019Weights",
    "RowNorm",
    "active_together",
    "forward",
    "gram_parts",
    "initial_layers",
    "preactivation_gradients",
    "through_gates",
]


class Kong2019Weights(NamedTuple):
    """The weights of one network."""

    A: Tensor  # (h1, d)
    B: Tensor  # (h2, h1)
    w: Tensor  # (h2,)


class Forward(NamedTuple):
    """What a forward pass leaves: all that gradients and Gram matrix are made of."""

    Y: Tensor  # (n, h1)
    S2: Tensor  # (n, h2), 0.0 or 1.0
    V: Tensor  # (n, h1)
    u: Tensor  # (n,)


def forward(Z: Tensor, B: Tensor, w: Tensor) -> Forward:
    """f(x_i) = (h1·h2)^(−1/2) wᵀ σ(B σ(A x_i)) from Z = X Aᵀ (eqs. 1, 2).

    Both layers are positively homogeneous, so that wᵀσ(B y_i) = V_i·y_i, and the mask
    S2 is all that has to be made of the (n, h2) pre-activations.

    Parameters
    ----------
    Z : Tensor of shape (n, h1)
    B : Tensor of shape (h2, h1)
    w : Tensor of shape (h2,)
    """
    Y = Z.clamp_min(0)
    return through_gates(Y, Z > 0, (Y @ B.T).gt_(0), B, w)


def through_gates(Y: Tensor, S1: Tensor, S2: Tensor, B: Tensor, w: Tensor) -> Forward:
    """`forward` from Y = Z ⊙ S1 with the patterns given.

    Parameters
    ----------
    Y, S1 : Tensor of shape (n, h1)
    S2 : Tensor of shape (n, h2)
    B : Tensor of shape (h2, h1)
    w : Tensor of shape (h2,)
    """
    V = (S2 @ (w.unsqueeze(1) * B)).mul_(S1)
    u = (V * Y).sum(dim=1).mul_(B.numel() ** -0.5)
    return Forward(Y, S2, V, u)


def preactivation_gradients(
    at: Forward, w: Tensor, residual: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of L in Z and in B, from ∂L/∂u (eq. 15).

    The gradient in A is ``dZ.T @ X``.

    Parameters
    ----------
    at : Forward
    w : Tensor of shape (h2,)
    residual : Tensor of shape (n,)
        ∂L/∂u_i = u_i − y_i, times the sample's weight.

    Returns
    -------
    dZ : Tensor of shape (n, h1)
    dB : Tensor of shape (h2, h1)
    """
    h1, h2 = at.Y.shape[1], len(w)
    scaled = (residual * (h1 * h2) ** -0.5).unsqueeze(1)
    return scaled * at.V, w.unsqueeze(1) * (at.S2.T @ (scaled * at.Y))


def gram_parts(at: Forward, inner: Tensor) -> tuple[Tensor, Tensor]:
    """The two parts of H (Prop. 1), which add up to it.

    ⟨∂u_i/∂B, ∂u_j/∂B⟩ = (Y Yᵀ) ⊙ (S2 S2ᵀ) / (h1·h2) and
    ⟨∂u_i/∂A, ∂u_j/∂A⟩ = (X Xᵀ) ⊙ (V Vᵀ) / (h1·h2). No Jacobian is formed.

    Parameters
    ----------
    at : Forward
    inner : Tensor of shape (n, n)
        X Xᵀ, in float64.

    Returns
    -------
    B_part, A_part : Tensor of shape (n, n), float64
    """
    pairs = active_together(at.S2).double()
    Y, V = at.Y.double(), at.V.double()
    scale = 1 / (Y.shape[1] * at.S2.shape[1])
    return (Y @ Y.T) * pairs * scale, inner * (V @ V.T) * scale


def active_together(S2: Tensor) -> Tensor:
    """S2 S2ᵀ, shape (n, n), of patterns (n, h2); float32 counts up to 2²⁴ exactly."""
    S2 = S2.float()
    return S2 @ S2.T


def initial_layers(
    seed: int,
    h1: int,
    h2: int,
    d: int,
    *,
    row_norm: RowNorm,
    constant: bool = False,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
) -> Kong2019Weights:
    """A(0), B(0) and w: N(0, 1) entries, rows scaled by ``row_norm``, signs (§III-A).

    Drawn on the CPU and in float32, so that every device and both precisions start
    from the same point. ``constant`` appends the weight of a constant 1 to each row of
    A, before the rows are scaled.
    """
    (A, B), w = initial_signed_layers(
        seed,
        (h1, h2),
        d,
        row_norm=row_norm,
        constant=constant,
        dtype=dtype,
        device=device,
    )
    return Kong2019Weights(A, B, w)
