"""What an array argument must be where scikit-learn's validation is out of reach."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["check_finite", "real_array", "real_rows"]


def real_array(
    name: str, values: Any, *dimensions: int, empty: bool = False
) -> NDArray[np.float64]:
    """Finite real numbers as a float64 array, C-contiguous, of ordinary strides.

    Parameters
    ----------
    name : str
        For the message.
    values : array-like or tensor
        A sparse matrix is none.
    *dimensions : int
        How many dimensions it may have; any number of them if left out.
    empty : bool, default=False
        Whether it may have no entries.

    Raises
    ------
    ValueError
        For anything else: text, complex numbers, NaN, other dimensions, no entries.
    """
    must_be = f"{name} must be {_form(dimensions)} of finite numbers"
    if hasattr(values, "detach"):
        values = _of_tensor(must_be, values)
    if hasattr(values, "toarray"):
        raise ValueError(f"{must_be}, got a sparse matrix of shape {values.shape}.")
    try:
        given = np.asarray(values)
    except ValueError as error:  # rows of several lengths
        raise ValueError(f"{must_be}, got {error}") from error
    if given.ndim not in (dimensions or (given.ndim,)) or not (empty or given.size):
        raise ValueError(f"{must_be}, got an array of shape {given.shape}.")
    if np.ma.is_masked(values):
        raise ValueError(f"{must_be}, got masked entries.")
    if given.dtype.kind == "O" and any(
        isinstance(one, (str, bytes, np.timedelta64)) for one in given.flat
    ):
        raise ValueError(f"{must_be}, got entries that are no numbers.")
    if given.dtype.kind not in "biufO":
        raise ValueError(f"{must_be}, got entries of dtype {given.dtype}.")
    try:
        with np.errstate(all="ignore"):
            array = np.array(given, dtype=np.float64, order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{must_be}, got {error}.") from error
    if not np.isfinite(array).all():
        raise ValueError(f"{must_be}, got NaN or infinity.")
    return array


def _of_tensor(must_be: str, values: Any) -> Any:
    """A tensor of any device and precision as a numpy array."""
    try:
        values = values.detach().cpu()
        values = values if values.is_complex() else values.double()
        return values.resolve_neg().numpy()
    except (RuntimeError, TypeError, NotImplementedError) as error:  # sparse, meta
        raise ValueError(f"{must_be}, got a tensor: {error}") from error


def real_rows(name: str, X: Any, *, sparse: bool = False) -> Any:
    """Rows of finite real numbers in float64, a sparse matrix as CSR if it may be one.

    Raises
    ------
    ValueError
        As `real_array` does.
    """
    if not (sparse and hasattr(X, "tocsr")):
        return real_array(name, X, 2)
    rows = X.tocsr(copy=True)
    data = real_array(name, rows.data) if rows.nnz else np.zeros(0)
    return type(rows)((data, rows.indices, rows.indptr), shape=rows.shape)


def check_finite(name: str, result: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refuse a result that left the range of float64, instead of returning it."""
    if not np.isfinite(result).all():
        raise ValueError(
            f"{name} must be finite numbers in float64, got NaN or infinity: scale X "
            "to smaller values."
        )
    return result


def _form(dimensions: tuple[int, ...]) -> str:
    if not dimensions:
        return "an array"
    return "a dense " + " or ".join(f"{n}-D" for n in dimensions) + " array"
