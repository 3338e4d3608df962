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


SPECTRA = {
    "spread": np.geomspace(1e-7, 10, 60),
    "clustered": np.r_[0.1, 0.1 + 1e-9, 0.1 + 2e-9, np.linspace(1, 2, 57)],
    "flat": np.ones(60),
    "singular": np.r_[np.zeros(7), np.linspace(1, 100, 53)],
    "below noise": np.r_[1e-17, np.linspace(1, 2, 59)],
    "zero": np.zeros(60),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_lanczos_finds_what_the_dense_path_finds(name, monkeypatch):
    H = spectrum(SPECTRA[name])
    dense = smallest_eigenvalue(H)
    monkeypatch.setattr("overparam_sk.linalg._DENSE_ROWS", 10)
    # The noise of the two differs: 1e-3 relative in the largest eigenvalue.
    assert smallest_eigenvalue(H) == pytest.approx(dense, rel=1e-6, abs=0)
    assert (dense == 0) == (name in ("singular", "below noise", "zero"))


def test_iterations_that_do_not_converge_are_named_and_made_good(monkeypatch):
    H = spectrum(np.linspace(1, 1.001, 400))
    dense = smallest_eigenvalue(H)
    monkeypatch.setattr("overparam_sk.linalg._DENSE_ROWS", 10)
    monkeypatch.setattr("overparam_sk.linalg._LANCZOS_RESTARTS", 1)
    with pytest.warns(RuntimeWarning, match="400 rows must converge, got: ARPACK"):
        assert smallest_eigenvalue(H) == dense


def test_an_indefinite_matrix_is_named(monkeypatch):
    H = spectrum(np.linspace(-1, 1, 50))
    monkeypatch.setattr("overparam_sk.linalg._DENSE_ROWS", 10)
    with pytest.warns(RuntimeWarning, match="negative eigenvalues"):
        assert smallest_eigenvalue(H) == 0.0
