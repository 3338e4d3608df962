import numpy as np
import pytest
import torch
from reference import gated_linear_kernel as reference_kernel

from overparam_sk.training import safe_learning_rate


def rows(n=30, d=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator, dtype=torch.float64)


def test_full_batch_is_four_over_the_top_eigenvalue():
    X = rows()
    H = [[reference_kernel(x, y) for y in X.tolist()] for x in X.tolist()]
    top = np.linalg.eigvalsh(np.array(H))[-1] / len(X)
    ones = torch.ones(len(X))
    assert safe_learning_rate(X, ones, len(X)) == pytest.approx(4 / top, rel=1e-9)


def test_single_rows_are_bounded_by_the_longest():
    X, ones = rows(), torch.ones(30)
    longest = float(X.square().sum(dim=1).max()) / 2
    assert safe_learning_rate(X, ones, 1) == pytest.approx(4 / longest)


def test_weights_count_as_repetitions():
    X = rows(6)
    repeats = torch.tensor([1, 0, 2, 3, 0, 1])
    weight = repeats / repeats.double().mean()
    repeated = X.repeat_interleave(repeats, dim=0)
    ones = torch.ones(len(repeated))
    assert safe_learning_rate(X, weight, 6) == pytest.approx(
        safe_learning_rate(repeated, ones, len(repeated)), rel=1e-9
    )


@pytest.mark.parametrize("batch_size", [2, 4, 8])
def test_rows_without_weight_can_be_left_out(batch_size):
    X = rows(8)
    weight = torch.tensor([1.0, 0, 2, 3, 0, 1, 1, 0])
    every = safe_learning_rate(X, weight, batch_size)
    some = safe_learning_rate(X[weight > 0], weight[weight > 0], batch_size)
    assert some == pytest.approx(every, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-100, 1e-3, 1.0, 1e3, 1e100])
def test_scales_as_the_inverse_square(scale):
    X, ones = rows(), torch.ones(30)
    expected = safe_learning_rate(X, ones, 30) / scale / scale
    assert safe_learning_rate(X * scale, ones, 30) == pytest.approx(expected, rel=1e-6)


def test_zero_rows_take_any_step():
    assert safe_learning_rate(torch.zeros(4, 2), torch.ones(4), 4) == 1.0


def test_overflow_is_named():
    X = torch.full((3, 2), 1e300, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"must be finite and positive.*1e\+300"):
        safe_learning_rate(X, torch.ones(3), 3)


def test_mps_and_cuda_precision_do_not_matter():
    X = rows()
    single = safe_learning_rate(X.float(), torch.ones(30), 30)
    double = safe_learning_rate(X, torch.ones(30), 30)
    assert single == pytest.approx(double, rel=1e-6)
