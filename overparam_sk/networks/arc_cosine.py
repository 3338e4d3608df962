"""Gaussian expectations of ReLU features: arc-cosine kernels (Cho, Saul 2009)."""

import math

import torch
from torch import Tensor

__all__ = ["gated_linear_kernel"]


def gated_linear_kernel(X: Tensor, Y: Tensor) -> Tensor:
    """Infinite-width Gram matrix of a two-layer ReLU network's first layer.

    H∞(x, y) = x·y E[1{b·x > 0} 1{b·y > 0}] = x·y (π − θ) / 2π for b ~ N(0, I), with
    θ the angle between x and y: the inner product times the arc-cosine kernel of
    degree 0.

    Parameters
    ----------
    X : Tensor of shape (n, d)
    Y : Tensor of shape (p, d)

    Returns
    -------
    Tensor of shape (n, p)
        0 wherever a row is zero: it never activates a unit.
    """
    inner = X @ Y.T
    norms = torch.outer(X.norm(dim=1), Y.norm(dim=1))
    cosine = torch.where(norms > 0, inner / norms, 0.0).clamp_(-1.0, 1.0)
    return inner * (math.pi - torch.arccos(cosine)) / (2 * math.pi)
