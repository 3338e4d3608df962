"""How matrices of float32 are multiplied: as they are, or in pieces of bfloat16."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from overparam_sk.threads import helped, parts, share_out

__all__ = ["PRODUCTS", "Products", "multiply"]


def multiply(A: Tensor, B: Tensor, out: Tensor) -> None:
    """Write A B to ``out``; helpers may do parts of it."""
    _in_parts(_write, A, B, out)


def _write(A: Tensor, B: Tensor, out: Tensor) -> None:
    torch.mm(A, B, out=out)


def _add(A: Tensor, B: Tensor, out: Tensor, keep: float) -> None:
    out.addmm_(A, B, beta=keep)


def _in_parts(
    do: Callable[[Tensor, Tensor, Tensor], None], A: Tensor, B: Tensor, out: Tensor
) -> None:
    """Some rows of ``out`` at a time, or some of its columns."""
    if not helped():  # at once: small products take no longer than to ask for sizes
        do(A, B, out)
        return
    n, m = out.shape
    operations = 2.0 * n * m * len(B) if out.device.type == "cpu" else 0.0
    cut = parts(max(n, m), operations, out.itemsize)
    if len(cut) == 1:
        do(A, B, out)
    elif n < m:
        share_out([partial(do, A, B[:, here], out[:, here]) for here in cut])
    else:
        share_out([partial(do, A[here], B, out[here]) for here in cut])


class Products(ABC):
    """The products that cost the time of training."""

    @abstractmethod
    def multiply(self, A: Tensor, B: Tensor, out: Tensor) -> None:
        """Write A B to ``out``."""

    @abstractmethod
    def add_product(self, A: Tensor, B: Tensor, out: Tensor, keep: float = 1.0) -> None:
        """Make ``out`` keep · out + A B."""


class _WholeProducts(Products):
    """The arithmetic of the dtype."""

    def multiply(self, A: Tensor, B: Tensor, out: Tensor) -> None:
        """A B."""
        multiply(A, B, out)

    def add_product(self, A: Tensor, B: Tensor, out: Tensor, keep: float = 1.0) -> None:
        """Add A B."""
        _in_parts(partial(_add, keep=keep), A, B, out)


class _SplitProducts(Products):
    """float32 products from six of bfloat16, for tensor cores.

    A float32 number (from 1e-31 on) is the sum of three bfloat16 numbers. Of the nine
    products of the pieces the six largest are taken, the smallest first, and added up
    in float32; what is left out is of the order of 2⁻²⁴ (Henry, Tang, Heinecke 2019,
    "Leveraging the bfloat16 Artificial Intelligence Datatype For Higher-Precision
    Computations").
    """

    def multiply(self, A: Tensor, B: Tensor, out: Tensor) -> None:
        """A B."""
        self.add_product(A, B, out.zero_())

    def add_product(self, A: Tensor, B: Tensor, out: Tensor, keep: float = 1.0) -> None:
        """Add A B."""
        a, b = _pieces(A), _pieces(B)
        if keep != 1.0:
            out.mul_(keep)
        for i, j in ((2, 0), (1, 1), (0, 2), (1, 0), (0, 1), (0, 0)):
            _add_product_of_pieces(a[i], b[j], out)


def _pieces(A: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Three bfloat16 matrices whose sum is ``A``."""
    high = A.bfloat16()
    rest = A - high
    middle = rest.bfloat16()
    return high, middle, (rest - middle).bfloat16()


def _add_product_of_pieces(A: Tensor, B: Tensor, out: Tensor) -> None:
    if out.device.type == "cuda":
        torch.addmm(out, A, B, out_dtype=torch.float32, out=out)
    else:
        # Products of two bfloat16 numbers are exact in float32, as in a tensor core.
        out.addmm_(A.float(), B.float())


PRODUCTS: dict[str, Products] = {
    "ieee": _WholeProducts(),
    "bf16x6": _SplitProducts(),
}
"""By the value of the parameter ``precision``."""
