import numpy as np
import pytest
import torch

from overparam_sk.linalg import largest_eigenvalue, singular_values, smallest_eigenvalue


def spectrum(eigenvalues, seed=0):
    rng = np.random.default_rng(seed)
    Q, _ = np.linalg.qr(rng.normal(size=(len(eigenvalues),) * 2))
    return torch.from_numpy((Q * eigenvalues) @ Q.T)


def test_eigenvalues():
    H = spectrum(np.array([1e-6, 0.5, 2.0, 7.0]))
    assert smallest_eigenvalue(H) == pytest.approx(1e-6, rel=1e-8)
    assert largest_eigenvalue(H) == pytest.approx(7.0)


@pytest.mark.parametrize("rank", [1, 5, 19])
def test_rank_deficiency_is_exactly_zero(rank):
    generator = torch.Generator().manual_seed(rank)
    factor = torch.randn(20, rank, generator=generator, dtype=torch.float64)
    assert smallest_eigenvalue(factor @ factor.T) == 0.0


def test_singular_values_of_float32_are_float64():
    M = torch.diag(torch.tensor([3.0, 1.0, 2.0]))[:, :2]
    values = singular_values(M)
    assert values.dtype == torch.float64
    np.testing.assert_allclose(values, [3.0, 1.0])
