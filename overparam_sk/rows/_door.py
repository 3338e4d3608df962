"""Where it is settled whether rows are dense or sparse."""

from typing import Any

import torch

from overparam_sk.rows._base import Rows
from overparam_sk.rows._dense import DenseRows, as_tensor
from overparam_sk.rows._sparse import SparseRows

__all__ = ["as_rows"]


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
