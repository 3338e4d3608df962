"""Every registered diagnostic, against slow definitions and against itself."""

from dataclasses import replace

import numpy as np
import pytest
import reference
import torch

from overparam_sk.diagnostics import (
    REGISTRY,
    Panel,
    activation_change,
    history_columns,
    relative_distance,
    update_singular_values,
)
from overparam_sk.diagnostics.patterns import PseudoGradientError
from overparam_sk.fits import Data, FirstLayer, Job, Place, Seeds, Settings
from overparam_sk.fits.history import Recorder
from overparam_sk.networks import LiLiang2018, SquaredLoss
from overparam_sk.shards import ALONE
from overparam_sk.training import StepRecord


def state(names=(), m=30, d=5, k=3, n=17, constant=False, weight=None, repeat=False):
    """A network where it is trained, and what it is made of."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    X[7] = 0  # a dead sample, without the constant
    if repeat:
        X[1] = X[0]
    y = torch.randint(0, k, (n,), generator=generator)
    data = Data(X.numpy(), y.numpy(), np.ones(n) if weight is None else weight)
    settings = Settings(
        learning_rate=1.0,  # of the rows as they are given
        diagnostics=tuple(names),
        gram_samples=6,
        fit_intercept=constant,
        device="cpu",
    )
    job = Job(data, k, settings, Seeds(4, 5, 6), 1, held_out=data)
    net = FirstLayer.begin(job, Place.of(job, None), kind=LiLiang2018, width=m)
    W0 = net.trainer.W.clone()
    W = W0 + 0.1 * torch.randn(W0.shape, generator=generator, dtype=torch.float64)
    return net, W, W0, X, y


def measured(net, names, W):
    """Values of the diagnostics over all rows, and the outputs there."""
    panel = Panel([REGISTRY[name] for name in names])
    outputs = net.show(panel, (W,), net.everything)
    return panel.values(), outputs


def slow_values(*network):
    """Every diagnostic by its definition; a new one must be added here."""
    W, W0, X, a, y, weight, gram_rows = network
    d = X.shape[1]
    augmented = torch.nn.functional.pad(X, (0, W.shape[1] - d), value=1.0)
    moved, start = (W - W0)[:, :d], W0[:, :d]
    gram, gram0 = (reference.jacobian_gram(V, a, augmented[gram_rows]) for V in (W, W0))
    one_hot = torch.nn.functional.one_hot(y[gram_rows], len(a))
    return {
        "coupling": reference.coupling(W, W0, augmented),
        "activation_change": reference.activation_change(W, W0, augmented),
        "relative_distance": float(moved.norm() / start.norm()),
        "weight_change": float(moved.norm()),
        "dead_samples": reference.dead_samples(W, augmented),
        "dead_rows": reference.dead_samples(W, augmented),
        "gram_lambda_min": np.linalg.eigvalsh(gram)[0],
        "gram_drift": float((gram - gram0).norm() / gram0.norm()),
        "gram_alignment": reference.alignment(gram, one_hot, weight[gram_rows]),
        "largest_unit_change": max(float(row.norm()) for row in moved),
    }


@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("name", REGISTRY)
def test_what_is_shown_is_the_definition(name, constant, monkeypatch):
    # Small chunks of units and blocks of rows, so that several of each add up.
    monkeypatch.setattr("overparam_sk.networks.li_liang_2018._CHUNK_ELEMENTS", 35)
    monkeypatch.setattr("overparam_sk.fits.seen_rows.ROW_BLOCK", 4)
    weight = np.linspace(0, 1, 17)
    net, W, W0, X, y = state([name], constant=constant, weight=weight)
    values, outputs = measured(net, [name], W)
    a, gram_rows = net.network.a, net.everything.gram_rows
    expected = slow_values(W, W0, X, a, y, weight, gram_rows)[name]
    assert (expected > 0) == (not name.startswith("dead") or not constant)
    assert values == {name: [pytest.approx(expected, rel=1e-9)]}

    augmented = torch.nn.functional.pad(X, (0, W.shape[1] - X.shape[1]), value=1.0)
    slow = reference.TwoLayerReLU(W, net.network.a)(augmented).detach()
    torch.testing.assert_close(outputs, slow)
    losses = torch.nn.functional.cross_entropy(slow, y, reduction="none")
    share = torch.from_numpy(weight / weight.sum())
    rows = net.everything
    total = net.loss.total(outputs, rows.targets, rows.weight)
    assert total == pytest.approx(float((losses * share).sum()), rel=1e-9)


@pytest.mark.parametrize("name", REGISTRY)
def test_the_history_agrees_with_the_measurement_on_the_same_rows(name):
    net, W, _, X, y = state([name])
    assert len(net.sample.weight) == len(X)  # small data is looked at whole
    wanted = [REGISTRY[name]]
    recorder = Recorder(net, wanted, ALONE)
    assert recorder.observe(StepRecord(3, (W,))) is False
    everywhere = replace(net.everything, gram_rows=torch.arange(len(X)))
    panel = Panel(wanted)
    outputs = net.show(panel, (W,), everywhere)
    loss = net.loss.total(outputs, everywhere.targets, everywhere.weight)
    assert recorder.latest("iteration") == 3
    assert recorder.latest("loss") == pytest.approx(loss)
    assert recorder.latest("val_loss") == pytest.approx(loss)
    slow = reference.TwoLayerReLU(W, net.network.a)(X)
    hits = (slow.argmax(dim=1) == y).double()
    assert recorder.latest("score") == recorder.latest("val_score")
    assert recorder.latest("score") == pytest.approx(float(hits.mean()))
    (value,) = history_columns(panel.values()).values()
    assert recorder.latest(name) == pytest.approx(value)


@pytest.mark.parametrize(
    "name",
    [
        "activation_change",
        "gram_drift",
        "largest_unit_change",
        "relative_distance",
        "weight_change",
    ],
)
def test_nothing_has_changed_at_initialisation(name):
    net, _, W0, *_ = state([name])
    assert measured(net, [name], W0)[0] == {name: [0.0]}


def test_a_repeated_row_makes_the_gram_singular():
    net, W, *_ = state(["gram_lambda_min"], n=9, repeat=True)
    rows = replace(net.everything, gram_rows=torch.arange(5))
    panel = Panel([REGISTRY["gram_lambda_min"]])
    net.show(panel, (W,), rows)
    assert panel.values() == {"gram_lambda_min": [0.0]}


def test_public_functions_on_arrays():
    _, W, W0, X, _ = state()
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
    loss = SquaredLoss()
    assert not loss.score_tells(targets, weight)
    assert loss.score(targets, targets, weight) == 1
    assert loss.score(targets + 0.1, targets, weight) == 0


def test_a_square_that_is_rounded_below_zero_is_zero():
    error = PseudoGradientError()
    error.add(torch.tensor([-1e-18, 1.0], dtype=torch.float64))
    assert error.value() == 0
