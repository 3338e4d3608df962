"""The network's formulas against autograd and against their distributions."""

import numpy as np
import pytest
import torch
from reference import TwoLayerReLU, jacobian_gram

from overparam_sk.networks import (
    LiLiang2018,
    Scratch,
    gate_gram,
    initial_weight_chunks,
    initial_weights,
    readout_weights,
)


def network(m=23, d=6, k=4, n=9, seed=0):
    W = initial_weights(seed, m, d, dtype=torch.float64)
    a = readout_weights(seed, k, m, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randint(0, k, (n,), generator=generator)
    return W, a, X, y


def test_outputs():
    W, a, X, _ = network()
    expected = TwoLayerReLU(W, a)(X)
    outputs = LiLiang2018(a).outputs_(X @ W.T)
    torch.testing.assert_close(outputs, expected.detach(), rtol=1e-12, atol=0)


def test_parts_of_units_add_up():
    W, a, X, _ = network()
    net, Z = LiLiang2018(a), X @ W.T
    parts = [slice(0, 5), slice(5, 23)]
    total = sum(net.of_units(units).outputs_(Z[:, units]) for units in parts)
    torch.testing.assert_close(total, net.outputs_(Z))


def test_differentiate_is_the_scaled_derivative_by_autograd():
    W, a, X, y = network()
    scale = torch.linspace(-1, 2, len(X), dtype=torch.float64).unsqueeze(1)
    Z = (X @ W.T).requires_grad_()
    losses = torch.nn.functional.cross_entropy(torch.relu(Z) @ a.T, y, reduction="none")
    (losses * scale.squeeze()).sum().backward()
    D = Z.detach().clone()
    scratch = Scratch.like(D, len(a))
    for buffer in scratch[:3]:
        buffer.fill_(torch.nan)
    outputs = torch.empty(len(X), len(a), dtype=torch.float64)
    one_hot = torch.nn.functional.one_hot(y, len(a)).double()
    LiLiang2018(a).differentiate_(D, one_hot, scale, scratch, outputs)
    torch.testing.assert_close(D, Z.grad, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(outputs, torch.relu(Z.detach()) @ a.T)


def test_gate_gram_is_the_jacobians_gram():
    W, a, X, _ = network()
    H = (X @ X.T) * gate_gram(X @ W.T > 0, a) / len(W)
    torch.testing.assert_close(H, jacobian_gram(W, a, X), rtol=1e-12, atol=1e-14)
    chunks = [slice(0, 10), slice(10, 23)]
    parts = sum(gate_gram(X @ W[u].T > 0, a[:, u]) for u in chunks)
    torch.testing.assert_close(parts, gate_gram(X @ W.T > 0, a), rtol=1e-12, atol=1e-14)


def test_initialisation_has_the_papers_distribution():
    m, d, k = 400, 2500, 3  # (A3): W ~ N(0, 1/m), a ~ N(0, 1); 10⁶ numbers
    W = initial_weights(1, m, d, dtype=torch.float64) * m**0.5
    assert abs(float(W.mean())) < 4 / (m * d) ** 0.5
    assert abs(float(W.square().mean()) - 1) < 4 * (2 / (m * d)) ** 0.5
    assert abs(float(W.pow(4).mean()) - 3) < 4 * (96 / (m * d)) ** 0.5
    # Units, and the two layers, are independent of each other.
    assert abs(float((W[:-1] * W[1:]).mean())) < 4 / (m * d) ** 0.5
    a = readout_weights(1, k, 50_000, dtype=torch.float64)
    assert abs(float(a.square().mean()) - 1) < 4 * (2 / a.numel()) ** 0.5


@pytest.mark.parametrize("constant", [False, True])
def test_chunks_are_the_whole(constant):
    m, d = 50, 2**20 // 20  # 20 units a chunk: the last one is short
    W = initial_weights(5, m, d, constant=constant, dtype=torch.float32)
    chunks = list(
        initial_weight_chunks(5, m, d, constant=constant, dtype=torch.float32)
    )
    assert [(u.start, u.stop) for u, _ in chunks] == [(0, 20), (20, 40), (40, 50)]
    assert torch.equal(torch.cat([c for _, c in chunks]), W)


def test_intercept_does_not_change_the_other_columns():
    plain = initial_weights(5, 30, 4, dtype=torch.float32)
    augmented = initial_weights(5, 30, 4, constant=True, dtype=torch.float32)
    assert torch.equal(augmented[:, :4], plain)
    assert 0.1 < float(augmented[:, 4].std()) * 30**0.5 < 2


def test_seed_decides_and_precisions_agree():
    double = initial_weights(2, 30, 4, dtype=torch.float64)
    single = initial_weights(2, 30, 4, dtype=torch.float32)
    np.testing.assert_allclose(single, double, rtol=2e-7)
    assert not torch.equal(double, initial_weights(3, 30, 4, dtype=torch.float64))
