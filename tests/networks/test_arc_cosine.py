import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference import gated_linear_kernel as reference_kernel

from overparam_sk.networks import gate_gram, gated_linear_kernel

numbers = st.floats(-10, 10).map(lambda v: round(v, 3))


@given(
    X=arrays(float, (4, 3), elements=numbers), Y=arrays(float, (2, 3), elements=numbers)
)
def test_closed_form(X, Y):
    kernel = gated_linear_kernel(torch.from_numpy(X), torch.from_numpy(Y))
    expected = [[reference_kernel(x, y) for y in Y.tolist()] for x in X.tolist()]
    # arccos turns a rounding error ε near ±1 into √ε.
    np.testing.assert_allclose(kernel, expected, rtol=1e-6, atol=1e-5)


def test_is_the_limit_of_the_finite_gram():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(6, 3, generator=generator, dtype=torch.float64)
    m = 200_000
    W = torch.randn(m, 3, generator=generator, dtype=torch.float64)
    a = torch.randn(10, m, generator=generator, dtype=torch.float64)
    H = (X @ X.T) * gate_gram(X @ W.T, a) / m
    error = (H - gated_linear_kernel(X, X)) / torch.outer(X.norm(dim=1), X.norm(dim=1))
    # One entry averages m terms ā_r·1·1 of variance at most 0.5·(1 + 2/10).
    assert float(error.abs().max()) < 5 * (0.6 / m) ** 0.5


def test_same_and_opposite_rows():
    x = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    assert float(gated_linear_kernel(x, x)) == 12.5  # |x|²/2
    assert float(gated_linear_kernel(x, -x)) == 0.0
    assert float(gated_linear_kernel(x, 0 * x)) == 0.0
