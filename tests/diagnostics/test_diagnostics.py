"""Every registered diagnostic, against slow definitions and against itself."""

import numpy as np
import pytest
import reference
import torch

from overparam_sk.diagnostics import (
    REGISTRY,
    FirstLayerMonitor,
    InitialUnits,
    Sample,
    activation_change,
    measure_first_layer,
    relative_distance,
    squared_spread,
    update_singular_values,
)
from overparam_sk.diagnostics.two_hidden import r2_score
from overparam_sk.networks import (
    LiLiang2018,
    initial_weight_chunks,
    initial_weights,
    readout_weights,
)
from overparam_sk.rows import as_rows
from overparam_sk.training import StepRecord


def state(m=30, d=5, k=3, n=17, constant=False):
    generator = torch.Generator().manual_seed(0)
    W0 = initial_weights(4, m, d, constant=constant, dtype=torch.float64)
    W = W0 + 0.1 * torch.randn(W0.shape, generator=generator, dtype=torch.float64)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    X[7] = 0  # a dead sample, without the constant
    y = torch.randint(0, k, (n,), generator=generator)
    a = readout_weights(4, k, m, dtype=torch.float64)

    def chunks():
        parts = initial_weight_chunks(4, m, d, constant=constant, dtype=torch.float64)
        for units, part in parts:
            yield InitialUnits(units, part, part[:, :d].norm(dim=1))

    rows = as_rows(
        X.numpy(), constant=constant, dtype=X.dtype, device=torch.device("cpu")
    )
    return W, W0, X, y, a, chunks, rows


def slow_values(W, W0, X, a, gram_rows):
    """Every diagnostic by its definition; a new one must be added here."""
    d = X.shape[1]
    augmented = torch.nn.functional.pad(X, (0, W.shape[1] - d), value=1.0)
    moved, start = (W - W0)[:, :d], W0[:, :d]
    gram = reference.jacobian_gram(W, a, augmented[gram_rows])
    return {
        "coupling": reference.coupling(W, W0, augmented),
        "activation_change": reference.activation_change(W, W0, augmented),
        "relative_distance": float(moved.norm() / start.norm()),
        "weight_change": float(moved.norm()),
        "dead_samples": reference.dead_samples(W, augmented),
        "gram_lambda_min": np.linalg.eigvalsh(gram)[0],
    }


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("name", REGISTRY)
def test_measure_is_the_definition(name, constant, monkeypatch):
    # Small chunks of units and blocks of rows, so that several of each add up.
    monkeypatch.setattr("overparam_sk.networks.li_liang_2018._CHUNK_ELEMENTS", 35)
    monkeypatch.setattr("overparam_sk.diagnostics.first_layer._ROW_BLOCK", 4)
    W, W0, X, y, a, chunks, rows = state(constant=constant)
    gram_rows = torch.tensor([1, 2, 5])
    weight = torch.linspace(0, 1, len(X), dtype=X.dtype)
    measured = measure_first_layer(
        [REGISTRY[name]], LiLiang2018(a), len(W), W, rows, y, weight, gram_rows, chunks
    )
    expected = slow_values(W, W0, X, a, gram_rows)[name]
    assert (expected > 0) == (name != "dead_samples" or not constant)
    assert measured.diagnostics == {name: [pytest.approx(expected, rel=1e-9)]}

    augmented = torch.nn.functional.pad(X, (0, W.shape[1] - X.shape[1]), value=1.0)
    outputs = reference.TwoLayerReLU(W, a)(augmented).detach()
    losses = torch.nn.functional.cross_entropy(outputs, y, reduction="none")
    share = weight / weight.sum()
    assert measured.loss == pytest.approx(float((losses * share).sum()), rel=1e-9)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_monitor_agrees_with_the_measurement_on_the_same_rows(name):
    W, _, X, y, a, chunks, rows = state()
    one_hot = torch.nn.functional.one_hot(y, len(a)).double()
    ones = torch.ones(len(X), dtype=X.dtype)
    everything = torch.arange(len(X))
    net = LiLiang2018(a)
    monitor = FirstLayerMonitor(
        [REGISTRY[name]],
        net,
        len(W),
        0,
        X.shape[1],
        Sample(X, one_hot, ones),
        chunks,
        validation=(rows, one_hot, ones),
    )
    assert monitor.observe(StepRecord(3, (W,))) is False
    measured = measure_first_layer(
        [REGISTRY[name]], net, len(W), W, rows, y, ones, everything, chunks
    )
    assert monitor.latest("iteration") == 3
    assert monitor.latest("loss") == pytest.approx(measured.loss)
    assert monitor.latest("val_loss") == pytest.approx(measured.loss)
    hits = (reference.TwoLayerReLU(W, a)(X).argmax(dim=1) == y).double()
    assert monitor.latest("score") == monitor.latest("val_score")
    assert monitor.latest("score") == pytest.approx(float(hits.mean()))
    assert monitor.latest(name) == pytest.approx(measured.diagnostics[name][0])


@pytest.mark.parametrize(
    "name", ["activation_change", "relative_distance", "weight_change"]
)
def test_nothing_has_changed_at_initialisation(name):
    _, W0, X, y, a, chunks, rows = state()
    ones = torch.ones(len(X), dtype=X.dtype)
    measured = measure_first_layer(
        [REGISTRY[name]],
        LiLiang2018(a),
        len(W0),
        W0,
        rows,
        y,
        ones,
        torch.arange(3),
        chunks,
    )
    assert measured.diagnostics[name] == [0.0]


def test_a_repeated_row_makes_the_gram_singular():
    W, _, X, y, a, chunks, _ = state()
    X[1] = X[0]
    rows = as_rows(X.numpy(), constant=False, dtype=X.dtype, device=torch.device("cpu"))
    measured = measure_first_layer(
        [REGISTRY["gram_lambda_min"]],
        LiLiang2018(a),
        len(W),
        W,
        rows,
        y,
        torch.ones(len(X), dtype=X.dtype),
        torch.arange(5),
        chunks,
    )
    assert measured.diagnostics["gram_lambda_min"] == [0.0]


def test_public_functions_on_arrays():
    W, W0, X, *_ = state()
    W, W0, X = W.numpy(), W0.numpy(), X.numpy()
    assert activation_change(W, W0, X) == reference.activation_change(W, W0, X)
    expected = np.linalg.norm(W - W0) / np.linalg.norm(W0)
    assert relative_distance(W, W0) == pytest.approx(expected)
    values = np.linalg.svd(W - W0, compute_uv=False)
    np.testing.assert_allclose(update_singular_values(W, W0), values, rtol=1e-10)
    assert update_singular_values(W.astype("f4"), W0.astype("f4")).dtype == np.float64


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_r2_of_constant_targets_whose_mean_is_rounded(dtype):
    targets = torch.full((7,), 0.1, dtype=dtype)
    targets[3] = 5
    weight = torch.tensor([0.3, 0.7, 1.1, 0, 0.9, 0.1, 2.3], dtype=dtype)
    spread = squared_spread(targets, weight)
    assert spread == 0
    assert r2_score(0.0, spread) == 1
    assert r2_score(0.1, spread) == 0
