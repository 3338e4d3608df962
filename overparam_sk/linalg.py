"""Spectra of the matrices that the diagnostics and the step size need."""

import torch
from torch import Tensor

__all__ = ["largest_eigenvalue", "singular_values", "smallest_eigenvalue"]


def singular_values(M: Tensor) -> Tensor:
    """Singular values of ``M``, descending, computed in float64.

    Parameters
    ----------
    M : Tensor of shape (p, q)

    Returns
    -------
    Tensor of shape (min(p, q),), float64, on the device of ``M``
    """
    values: Tensor = torch.linalg.svdvals(M.double())
    return values


def largest_eigenvalue(H: Tensor) -> float:
    """Largest eigenvalue of a symmetric matrix, in float64."""
    return float(torch.linalg.eigvalsh(H.double())[-1])


def smallest_eigenvalue(H: Tensor) -> float:
    """Smallest eigenvalue of a positive semi-definite matrix, in float64.

    A value that is no larger than the rounding error of the eigenvalue problem,
    ``n * eps * lambda_max``, is reported as exactly 0.0: it says that the matrix
    is singular to working precision, and its digits would mean nothing.

    Parameters
    ----------
    H : Tensor of shape (n, n)
        Symmetric and positive semi-definite.

    Returns
    -------
    float
    """
    eigenvalues = torch.linalg.eigvalsh(H.double())
    smallest, largest = float(eigenvalues[0]), float(eigenvalues[-1])
    noise = len(H) * torch.finfo(torch.float64).eps * abs(largest)
    return smallest if smallest > noise else 0.0
