"""The rows of X, dense or sparse, settled once here: nobody above needs to know."""

from overparam_sk.rows._base import RowBlock, Rows, rows_that_fit
from overparam_sk.rows._dense import DenseRows, as_tensor
from overparam_sk.rows._door import as_rows
from overparam_sk.rows._products import PRODUCTS
from overparam_sk.rows._space import RowSpace, WholeSpace
from overparam_sk.rows._spaces import row_space

__all__ = [
    "PRODUCTS",
    "DenseRows",
    "RowBlock",
    "RowSpace",
    "Rows",
    "WholeSpace",
    "as_rows",
    "as_tensor",
    "row_space",
    "rows_that_fit",
]
