"""Every loss against PyTorch's, autograd and scikit-learn's metrics."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, r2_score
from torch.nn import functional

from overparam_sk.networks import CrossEntropy, SquaredLoss

CLASSES = torch.tensor([0, 2, 1, 1, 0, 2, 2])
NUMBERS = torch.linspace(-1, 3, 7, dtype=torch.float64)
WEIGHT = torch.linspace(0, 2, 7, dtype=torch.float64)


def squares(outputs, y):
    return functional.mse_loss(outputs[:, 0], y, reduction="none") / 2


def cross_entropies(outputs, y):
    return functional.cross_entropy(outputs, y, reduction="none")


def accuracy(outputs, y, weight):
    return accuracy_score(y, outputs.argmax(dim=1), sample_weight=weight)


def r2(outputs, y, weight):
    return r2_score(y, outputs[:, 0], sample_weight=weight)


# name -> (loss, targets, number of outputs, PyTorch's loss of each sample, the score)
LOSSES = {
    "cross-entropy": (CrossEntropy(), CLASSES, 3, cross_entropies, accuracy),
    "half a squared sum": (SquaredLoss(), NUMBERS, 1, squares, r2),
    "half a squared mean": (SquaredLoss(mean=True), NUMBERS, 1, squares, r2),
}


@pytest.fixture(params=LOSSES)
def case(request):
    loss, y, k, slow, score = LOSSES[request.param]
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn(len(y), k, generator=generator, dtype=torch.float64) * 3
    targets = loss.write_targets(y, torch.full_like(outputs, torch.nan))
    return loss, outputs, targets, y, slow, score


def test_values_are_pytorchs(case):
    loss, outputs, targets, y, slow, score = case
    expected = slow(outputs, y)
    torch.testing.assert_close(loss.of_samples(outputs, targets), expected)
    total = (WEIGHT * expected).sum() / (WEIGHT.sum() if loss.mean else 1)
    assert loss.total(outputs, targets, WEIGHT) == pytest.approx(
        float(total), rel=1e-12
    )
    expected = score(outputs, y, WEIGHT)
    assert loss.score(outputs, targets, WEIGHT) == pytest.approx(expected, rel=1e-12)


def test_residuals_are_autograds(case):
    loss, outputs, targets, y, slow, _ = case
    leaf = outputs.clone().requires_grad_()
    (expected,) = torch.autograd.grad(slow(leaf, y).sum(), leaf)
    torch.testing.assert_close(loss.residual(outputs, targets), expected)
    room = torch.empty_like(outputs)
    assert loss.residual(outputs, targets, out=room) is room
    torch.testing.assert_close(room, expected)


def test_curvatures_bound_the_hessians(case):
    loss, outputs, targets, y, slow, _ = case
    norms = [
        float(torch.linalg.matrix_norm(hessian, 2))
        for hessian in (
            torch.autograd.functional.hessian(
                lambda f, i=i: slow(f[None], y[i : i + 1])[0], outputs[i]
            )
            for i in range(len(y))
        )
    ]
    residual = loss.residual(outputs, targets)
    bounds = loss.curvatures(residual, targets).numpy()
    assert (bounds >= np.array(norms) * (1 - 1e-12)).all()


def test_the_curvature_of_the_softmax_vanishes_where_it_is_sure():
    generator = torch.Generator().manual_seed(0)
    outputs = 3 * torch.randn(200, 4, generator=generator, dtype=torch.float64)
    y = torch.randint(0, 4, (200,), generator=generator)
    loss, targets = CrossEntropy(), functional.one_hot(y, 4).double()
    bounds = loss.curvatures(loss.residual(outputs, targets), targets)
    assert float(bounds.max()) == 0.5
    assert float(bounds.min()) < 0.01


def test_one_output_a_row_may_be_a_column_or_none():
    loss, outputs = SquaredLoss(), NUMBERS.flip(0)
    column, targets = outputs.unsqueeze(1), NUMBERS.unsqueeze(1)
    for name in ("total", "score"):
        flat = getattr(loss, name)(outputs, NUMBERS, WEIGHT)
        assert getattr(loss, name)(column, targets, WEIGHT) == pytest.approx(flat)


def test_a_perfect_value_is_perfect():
    loss = SquaredLoss()
    assert loss.total(NUMBERS, NUMBERS, WEIGHT) == loss.perfect
    sure = 1e3 * functional.one_hot(CLASSES).double()
    loss = CrossEntropy()
    assert loss.total(sure, sure / 1e3, WEIGHT) == loss.perfect
