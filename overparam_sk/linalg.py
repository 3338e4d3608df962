"""Spectra of the matrices that the diagnostics and the step size need."""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh
from torch import Tensor

__all__ = [
    "eigenvalues",
    "inner_products",
    "largest_eigenvalue",
    "largest_of_products",
    "singular_values",
    "smallest_eigenvalue",
    "spectrum",
    "with_eigenvectors",
]

# Up to here all eigenvalues are taken to cost less than the search for one: they do, by
# a factor of 2, at 6000 rows on two cores (docs/benchmarks/gram.md).
_DENSE_ROWS = 2**14
_LANCZOS_RESTARTS = 300


class _NotFoundError(ArithmeticError):
    """The iterations did not lead to the smallest eigenvalue."""


def inner_products(X: Tensor) -> Tensor:
    """X Xᵀ in float64, shape (n, n)."""
    rows = X.double()
    return rows @ rows.T


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


def eigenvalues(H: Tensor) -> Tensor:
    """Eigenvalues of a symmetric matrix, ascending, in float64."""
    values: Tensor = torch.linalg.eigvalsh(H.double())
    return values


def largest_eigenvalue(H: Tensor) -> float:
    """Largest eigenvalue of a symmetric matrix, in float64."""
    return float(eigenvalues(H)[-1])


def largest_of_products(
    product: Callable[[Tensor], Tensor], n: int, device: torch.device
) -> float:
    """Largest eigenvalue, to about a thousandth, of an (n, n) matrix that is not there.

    Parameters
    ----------
    product : callable
        v -> H v, both of shape (n,), in float64 on ``device``; H is symmetric and
        positive semi-definite.
    n : int
        At least 2.
    device : torch.device
    """

    def times(v: np.ndarray) -> np.ndarray:
        column = torch.from_numpy(np.ascontiguousarray(v)).reshape(n).to(device)
        return product(column).cpu().numpy()

    H = LinearOperator((n, n), matvec=times, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(n)
    found = eigsh(H, k=1, which="LA", v0=start, tol=1e-3, return_eigenvectors=False)
    return float(found[0])


def smallest_eigenvalue(H: Tensor) -> float:
    """Smallest eigenvalue of a positive semi-definite matrix, in float64, on the CPU.

    A value that is no larger than the rounding error of the eigenvalue problem,
    ``n * eps * lambda_max``, is reported as exactly 0.0: it says that the matrix
    is singular to working precision, and its digits would mean nothing.

    Up to n = 16384 all eigenvalues are computed, above it one, by shift-and-invert
    Lanczos iterations.

    Parameters
    ----------
    H : Tensor of shape (n, n)
        Symmetric and positive semi-definite.

    Returns
    -------
    float
        NaN if an entry of ``H`` is no finite number.

    Warns
    -----
    RuntimeWarning
        When the Lanczos iterations have not converged. All eigenvalues are computed
        then, which takes longer.
    """
    M = H.double().cpu()
    if not bool(M.isfinite().all()):
        return float("nan")
    if len(M) > _DENSE_ROWS and bool(M.any()):
        try:
            return _smallest_by_shift_and_invert(M)
        except _NotFoundError as reason:
            warnings.warn(
                "The Lanczos iterations for the smallest eigenvalue of a matrix of "
                f"{len(M)} rows must converge, got: {reason}. All its eigenvalues are "
                "computed instead.",
                RuntimeWarning,
                stacklevel=2,
            )
    return float(spectrum(M)[-1])


def spectrum(H: Tensor) -> Tensor:
    """Eigenvalues of a positive semi-definite matrix, descending, on the CPU.

    Parameters
    ----------
    H : Tensor of shape (n, n)

    Returns
    -------
    Tensor of shape (n,), float64
        Exactly 0 where `smallest_eigenvalue` would have it so.
    """
    return _signals(torch.linalg.eigvalsh(H.double().cpu()))


def with_eigenvectors(H: Tensor) -> tuple[Tensor, Tensor]:
    """`spectrum`, and the eigenvectors in its order: columns, shape (n, n)."""
    values, vectors = torch.linalg.eigh(H.double().cpu())
    return _signals(values), vectors.flip(1)


def _signals(ascending: Tensor) -> Tensor:
    """Eigenvalues, descending; what is rounding noise is 0."""
    noise = _noise(float(ascending[-1]), len(ascending))
    return torch.where(ascending > noise, ascending, 0.0).flip(0)


def _signal(smallest: float, largest: float, n: int) -> float:
    return smallest if smallest > _noise(largest, n) else 0.0


def _noise(largest: float, n: int) -> float:
    return n * torch.finfo(torch.float64).eps * abs(largest)


def _smallest_by_shift_and_invert(M: Tensor) -> float:
    """From the largest eigenvalue of (M + shift)⁻¹, whose factor is Cholesky's."""
    n, H = len(M), M.numpy()
    start = np.random.default_rng(0).standard_normal(n)
    options = {"k": 1, "v0": start, "maxiter": _LANCZOS_RESTARTS}
    try:
        largest = float(eigsh(H, which="LA", tol=1e-3, **options)[0][0])
        shift, factor = _shifted_factor(M, _noise(largest, n))

        def solve(b: np.ndarray) -> np.ndarray:
            column = torch.from_numpy(np.ascontiguousarray(b)).reshape(n, 1)
            return torch.cholesky_solve(column, factor).numpy().reshape(b.shape)

        inverse = LinearOperator((n, n), matvec=solve, dtype=np.float64)
        values, vectors = eigsh(
            H, sigma=-shift, which="LM", OPinv=inverse, tol=1e-6, **options
        )
    except ArpackError as failure:
        raise _NotFoundError(str(failure)) from failure
    v = vectors[:, 0]
    error = float(np.linalg.norm(H @ v - values[0] * v))
    # The error of the eigenvalue is of the order of the residual's square.
    if error > 1e-6 * largest:
        raise _NotFoundError(f"a residual of {error:.1e} at {values[0]:.3e}")
    return _signal(float(values[0]), largest, n)


def _shifted_factor(M: Tensor, noise: float) -> tuple[float, Tensor]:
    """Cholesky factor of M + shift, the shift being a few rounding errors."""
    for shift in (noise, 10 * noise, 100 * noise):
        factor, failed = torch.linalg.cholesky_ex(
            M + shift * torch.eye(len(M), dtype=M.dtype)
        )
        if not failed:
            return shift, factor
    raise _NotFoundError("a matrix with negative eigenvalues")
