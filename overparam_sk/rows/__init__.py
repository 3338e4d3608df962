"""The rows of X, dense or sparse, settled once here: nobody above needs to know."""

from typing import Any

import torch

from overparam_sk.rows.contract import RowBlock, RowRoom, Rows, rows_that_fit
from overparam_sk.rows.coordinates import Coordinates, Standardised
from overparam_sk.rows.dense import DenseRows, as_tensor
from overparam_sk.rows.dual import DualSpace, dual_pays
from overparam_sk.rows.products import PRODUCTS
from overparam_sk.rows.spaces import RowSpace, WholeSpace, row_space
from overparam_sk.rows.sparse import SparseRows

__all__ = [
    "PRODUCTS",
    "Coordinates",
    "DenseRows",
    "DualSpace",
    "RowBlock",
    "RowRoom",
    "RowSpace",
    "Rows",
    "Standardised",
    "WholeSpace",
    "as_rows",
    "as_tensor",
    "dual_pays",
    "row_space",
    "rows_that_fit",
]


def as_rows(
    X: Any, *, constant: bool, dtype: torch.dtype, device: torch.device
) -> Rows:
    """Rows of a numpy array or of a scipy CSR matrix.

    A dense X moves to ``device`` whole; a sparse one stays on the CPU and only the
    rows that are asked for become dense, if they ever do.
    """
    if hasattr(X, "toarray"):
        return SparseRows(X, constant, dtype, device)
    return DenseRows(as_tensor(X, device).to(dtype), constant)
