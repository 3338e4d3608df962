"""The largest safe steps, from the top eigenvalue of a Gram matrix."""

from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.linalg import eigenvalues, largest_eigenvalue, largest_of_products
from overparam_sk.networks import DeepNetwork, arc_cosine_kernel, gated_linear_kernel

__all__ = ["CurvatureStep", "SafeStep", "safe_full_batch_step", "safe_learning_rate"]

# Numbers of a layer that stand at a time where several outputs are kept apart.
_APART_ELEMENTS = 2**22


@dataclass(frozen=True)
class CurvatureStep:
    """Lengthen the safe step while the loss is flat.

    `safe_learning_rate`, c = 4/L, allows for a softmax whose Hessian has norm 1/2 at
    every sample. At the current outputs sample s has at most
    h_s = min(1/2, 2(1 − o_y)). A curvature that all samples share is their mean times
    L, one that few of them have is more; the root of their mean square lies between
    the mean and the largest, and c = 2/(h L) is taken with that h. As the training rows
    are fitted, h falls and the outputs keep growing at a steady pace instead of
    logarithmically.

    Parameters
    ----------
    most : float, default=1000.0
        The longest step, in units of the safe one: beyond, h_s is rounding error.
    """

    most: float = 1000.0

    def factor(self, curvature: Tensor, weighted_norms: Tensor) -> Tensor:
        """Steps for batches in units of the safe one, of shape (...).

        Parameters
        ----------
        curvature : Tensor of shape (..., B)
            h_s.
        weighted_norms : Tensor of shape (..., B)
            w_s |x_s|²: by it the samples are weighted.
        """
        # Where no row has a weight or a length, no step has an effect.
        tiny = torch.finfo(curvature.dtype).tiny
        total = weighted_norms.sum(dim=-1).clamp_min(tiny)
        h = ((curvature.square() * weighted_norms).sum(dim=-1) / total).sqrt()
        return (1 / (2 * h)).clamp(1.0, self.most)


def safe_learning_rate(
    X: Tensor, sample_weight: Tensor, batch_size: int, *, readout: float | None = None
) -> float:
    """Largest c for which SGD with step η = c/m is stable, whatever the width m.

    At large m the Hessian of the mean softmax cross-entropy in function space is at
    most 1/2 (the softmax's) times m·H∞/n, so gradient descent is stable for
    c ≤ 4 / L with L = λ_max(H∞)/n. A batch of B of the n rows sees the expected
    smoothness of Gower et al. 2019 (Prop. 3.8) instead,

        L_B = n(B−1)/(B(n−1)) · L + (n−B)/(B(n−1)) · max_s H∞_ss.

    Parameters
    ----------
    X : Tensor of shape (p, d)
        Training rows, or a random sample of them; rows without weight may be left out.
    sample_weight : Tensor of shape (p,)
        Mean 1 over all rows, so that the sum is n, the rows that X stands for.
    batch_size : int
        B; n or more means full batches.
    readout : float or None, default=None
        Where the readout is trained too, the scale of the hidden weights at
        initialisation: H∞ then has a part of its square.

    Returns
    -------
    float
        c; 1.0 if every row is zero, where no step has an effect.

    Raises
    ------
    ValueError
        If inner products of rows of X, or with the weights, overflow or underflow.
    """
    n = float(sample_weight.double().sum())
    # The kernel is homogeneous of degree 2, so rows are scaled to avoid overflow.
    rows, scale = _scaled(X)
    if scale == 0:
        return 1.0
    root = sample_weight.double().sqrt()
    H = gated_linear_kernel(rows, rows)
    if readout is not None:
        H += readout**2 * arc_cosine_kernel(rows, rows, 1)
    H *= torch.outer(root, root)
    full = largest_eigenvalue(H) / n
    single = float(H.diagonal().max())
    B = min(batch_size, n)
    mix = (n - B) / (B * max(1.0, n - 1))
    c = _over(4.0, ((1 - mix) * full + mix * single) * scale) / scale
    _check_step(c, X, sample_weight)
    return c


class SafeStep(NamedTuple):
    """The step of full-batch gradient descent, and what it was made of."""

    step: float
    spectrum: Tensor  # (n,), float64: eigenvalues of H over the largest


def safe_full_batch_step(
    X: Tensor, net: DeepNetwork, sample_weight: Tensor, curvature: float = 1.0
) -> SafeStep:
    """η = 1/λ_max(H) for full-batch gradient descent on all layers.

    Gradient descent on L = ½ Σ_i |u_i − y_i|² is stable for η < 2/λ_max(H(t)). H is
    the Gram matrix of the network as it starts, not H∞: the part of H that belongs to
    the layers below a narrow one does not come near its mean, however wide the others
    are. Of several outputs it is the one that keeps them apart, whose λ_max is found
    without it; their mean has the spectrum.

    Parameters
    ----------
    X : Tensor of shape (n, d)
        Training rows.
    net : DeepNetwork
    sample_weight : Tensor of shape (n,)
        Factors of the terms of L.
    curvature : float, default=1.0
        A bound on the norm of a term's Hessian in the outputs.

    Returns
    -------
    SafeStep
        η is 1.0 if no row has a gradient, where no step has an effect.

    Raises
    ------
    ValueError
        If inner products of rows of X, or with the weights, overflow or underflow.
    """
    # H is homogeneous of degree 2 in X, so rows are scaled to avoid overflow.
    rows, scale = _scaled(X)
    none = SafeStep(1.0, rows.new_zeros(len(rows)))
    if scale == 0:
        return none
    net, root = net.double(), sample_weight.double().sqrt()
    parts = net.gram_parts_by_units(rows @ net.layers[0].T, rows @ rows.T)
    H = reduce(torch.add, parts)
    spectrum = eigenvalues(H * torch.outer(root, root))
    top = float(spectrum[-1])
    if top == 0:
        return none
    steepest = top
    if net.w.ndim > 1:  # rows without a gradient are none of the sample
        seen = H.diagonal() * root > 0
        steepest = _apart(rows[seen], net, root[seen])
    steepest *= curvature
    step = _over(1.0, steepest * scale) / scale
    _check_step(step, X, sample_weight)
    return SafeStep(step, spectrum.clamp_min(0) / top)


def _apart(rows: Tensor, net: DeepNetwork, root: Tensor) -> float:
    """λ_max of J Jᵀ for the Jacobian of all outputs, from products with J alone."""
    # Of some of the rows, if what stands of all would be large.
    every = -(-len(rows) * net.widest // _APART_ELEMENTS)
    some, part = rows[::every], root[::every].unsqueeze(1)
    at = net.forward(some @ net.layers[0].T)
    share = float(part.square().sum() / root.square().sum())

    def product(v: Tensor) -> Tensor:
        dZ, *above = net.gradients(at, part * v.view_as(at.u))
        moved = net.derivative(at, some @ (dZ.T @ some).T, above)
        return (part * moved).flatten()

    return largest_of_products(product, at.u.numel(), rows.device) / share


def _scaled(X: Tensor) -> tuple[Tensor, float]:
    """Rows whose largest entry is 1, in float64, and what it was."""
    largest = X.double().abs().max()
    # By a tensor: CUDA multiplies by the inverse of a number, which may be infinite.
    return X.double() / largest, float(largest)


def _over(a: float, b: float) -> float:
    """Return a / b, infinite where b underflowed."""
    return a / b if b > 0 else float("inf")


def _check_step(step: float, X: Tensor, sample_weight: Tensor) -> None:
    """Refuse a step that the computation's precision cannot hold."""
    if not 0 < step < torch.finfo(X.dtype).max:
        towards = "smaller" if step < 1 else "larger"
        raise ValueError(
            "The squared norms of the rows of X, times their sample_weight, must be "
            "finite and positive numbers, and so must be their inverses, got entries "
            f"up to {float(X.abs().max()):.3g} and weights up to "
            f"{float(sample_weight.max()):.3g} in {str(X.dtype).removeprefix('torch.')}"
            f": scale X or sample_weight to {towards} values."
        )
