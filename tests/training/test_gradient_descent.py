"""Full-batch gradient descent against autograd and torch.optim.SGD, in float64."""

import numpy as np
import pytest
import reference
import torch
from scipy import sparse

from overparam_sk.fits.deep import TrainingRows
from overparam_sk.networks import DeepNetwork, SquaredLoss, initial_layers
from overparam_sk.rows import as_rows
from overparam_sk.training import (
    DivergenceError,
    GradientDescent,
    safe_full_batch_step,
)

# name -> (options of the problem, options of the trainer)
CASES = {
    "paper": ({}, {}),
    "momentum": ({}, {"momentum": 0.9}),
    "one unit": ({"h1": 1, "h2": 1}, {}),
    "wide first layer": ({"h1": 30, "h2": 7}, {}),
    "rows unscaled": ({"row_norm": None}, {}),
    "weights": ({"weighted": True}, {}),
    "intercept": ({"constant": True}, {}),
    "sparse": ({"make": sparse.csr_array, "constant": True}, {"momentum": 0.5}),
    "one row": ({"n": 1}, {}),
}


def problem(
    n=20,
    d=6,
    h1=5,
    h2=60,
    row_norm="clip",
    weighted=False,
    constant=False,
    make=np.asarray,
):
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randn(n, generator=generator, dtype=torch.float64)
    weight = torch.ones_like(y)
    if weighted:
        weight = torch.rand(n, generator=generator, dtype=torch.float64) * 2
    start = initial_layers(
        3, h1, h2, d, row_norm=row_norm, constant=constant, dtype=torch.float64
    )
    rows = as_rows(
        make(X.numpy()), constant=constant, dtype=X.dtype, device=torch.device("cpu")
    )
    return rows, rows.take(torch.arange(n)), y, weight, start


def descent(start, rows, y, weight, **options):
    """Gradient descent on K19's network."""
    training = TrainingRows(rows, y, weight, start.w, SquaredLoss())
    return GradientDescent((start.A, start.B), training.evaluate, **options)


def safe_step(X, start, weight):
    return safe_full_batch_step(X, DeepNetwork(start[:2], start.w), weight)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block", [2**20, 150])
def test_a_thousand_iterations_are_autograds(case, block, monkeypatch):
    monkeypatch.setattr("overparam_sk.fits.deep._STEP_ELEMENTS", block)
    options, trainer_options = CASES[case]
    rows, X, y, weight, start = problem(**options)
    step = 0.3 * safe_step(X, start, weight).step
    A, B, losses = reference.gradient_descent(
        *start, X, y, 1000, step=step, weight=weight, **trainer_options
    )
    trainer = descent(start, rows, y, weight, step=step, **trainer_options)
    course = []
    for _ in range(1000):
        course.append(trainer.loss)
        trainer.advance(1)
    assert losses[-1] < 0.95 * losses[0] or case == "one unit"
    np.testing.assert_allclose(course, losses, rtol=1e-10, atol=1e-12)
    for mine, slow in zip(trainer.weights, (A, B), strict=True):
        torch.testing.assert_close(mine, slow, rtol=0, atol=1e-10)
    net = reference.TwoHiddenReLU(A, B, start.w)
    torch.testing.assert_close(trainer.outputs, net(X).detach(), rtol=0, atol=1e-9)


def test_the_guard_never_lets_the_loss_rise():
    rows, X, y, weight, start = problem()
    step = 50 * safe_step(X, start, weight).step
    free = descent(start, rows, y, weight, step=step)
    first = free.loss
    with pytest.raises(DivergenceError):  # it needs the guard
        free.advance(500)
    for momentum in (0.0, 0.9):
        trainer = descent(
            start, rows, y, weight, step=step, momentum=momentum, guard=True
        )
        losses = []
        for _ in range(300):
            trainer.advance(1)
            losses.append(trainer.loss)
        assert all(np.diff([first, *losses]) <= 1e-12)
        assert losses[-1] < 0.2 * first
        assert trainer.step < step
        assert trainer.iteration == 300


def test_a_step_that_is_taken_back_leaves_everything_as_it_was():
    rows, X, y, weight, start = problem()
    step = 1e6 * safe_step(X, start, weight).step
    trainer = descent(start, rows, y, weight, step=step, guard=True)
    loss, outputs = trainer.loss, trainer.outputs
    trainer.advance(1)
    assert trainer.loss == loss
    assert trainer.step == step / 2
    assert torch.equal(trainer.outputs, outputs)
    assert all(map(torch.equal, trainer.weights, start[:2]))


def test_the_safe_step_is_the_largest_eigenvalue_of_the_jacobians_gram():
    _, X, _, weight, start = problem(weighted=True)
    H = sum(reference.two_hidden_gram_parts(*start, X))
    root = weight.sqrt()
    top = torch.linalg.eigvalsh(H * torch.outer(root, root))[-1]
    safe = safe_step(X, start, weight)
    assert safe.step == pytest.approx(1 / float(top))
    all_of_them = torch.linalg.eigvalsh(H * torch.outer(root, root))
    torch.testing.assert_close(safe.spectrum, all_of_them.clamp_min(0) / top)
    scaled = safe_step(1e100 * X, start, weight)
    assert scaled.step == pytest.approx(1e-200 / float(top))
    torch.testing.assert_close(scaled.spectrum, safe.spectrum)
    nothing = safe_step(0 * X, start, weight)
    assert nothing.step == 1.0
    assert not nothing.spectrum.any()
    with pytest.raises(ValueError, match="scale X"):
        safe_step(1e200 * X, start, weight)


def test_divergence_is_named():
    rows, _, y, weight, start = problem()
    weights, named = (
        tuple(start),
        r"got .* at iteration \d+: lower learning_rate",
    )
    trainer = descent(start, rows, y, weight, step=10.0)
    with pytest.raises(DivergenceError, match="Some unit must stay active.*" + named):
        trainer.advance(200)
    trainer = descent(start, rows, y, weight, step=1e200)
    with pytest.raises(DivergenceError, match="The loss must stay finite.*" + named):
        trainer.advance(200)
    assert all(map(torch.equal, start, weights))


def test_rows_without_a_gradient_are_no_divergence():
    rows, _, y, weight, start = problem()
    dead = as_rows(
        np.zeros((len(y), rows.n_given)),
        constant=False,
        dtype=y.dtype,
        device=torch.device("cpu"),
    )
    for guard in (False, True):
        trainer = descent(start, dead, y, weight, step=1.0, guard=guard)
        trainer.advance(5)
        assert all(map(torch.equal, trainer.weights, start[:2]))
        assert trainer.loss == pytest.approx(float((y**2).sum() / 2))
