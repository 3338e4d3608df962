"""Products in pieces are as exact as products of float32."""

import pytest
import torch

from overparam_sk.rows import PRODUCTS
from overparam_sk.rows.products import _pieces


def matrices(p=40, q=300, r=50, spread=0.0):
    generator = torch.Generator().manual_seed(0)
    A, B = (torch.randn(*s, generator=generator) for s in ((p, q), (q, r)))
    scale = torch.randn(q, generator=generator).mul(spread).exp()
    return A * scale, B / scale.unsqueeze(1)


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e30])
def test_three_pieces_are_the_number(scale):
    A = matrices()[0] * scale
    pieces = _pieces(A)
    assert all(piece.dtype == torch.bfloat16 for piece in pieces)
    assert torch.equal(sum(piece.double() for piece in pieces), A.double())


@pytest.mark.parametrize("spread", [0.0, 5.0])
@pytest.mark.parametrize("name", PRODUCTS)
def test_error_of_a_product(name, spread):
    A, B = matrices(spread=spread)
    exact = A.double() @ B.double()
    size = A.double().abs() @ B.double().abs()
    single = ((A @ B - exact).abs() / size).max()
    out = torch.full_like(exact, torch.nan, dtype=torch.float32)
    PRODUCTS[name].multiply(A, B, out)
    assert ((out - exact).abs() / size).max() <= 2 * single
    PRODUCTS[name].add_product(A, B, out)
    assert ((out - 2 * exact).abs() / size).max() <= 4 * single
