"""Li, Liang 2018: its analysis (§4–6, appendices C and D), and its infinite width."""

from pathlib import Path

import numpy as np
import pytest
import reference
import torch

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
)
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.li_liang_2018.labels import LABELS, fit_shares
from overparam_sk.experiments.reproduction import Request
from overparam_sk.networks import (
    initial_weights,
    pseudo_gradient_squares,
    readout_weights,
)

PAPER = {
    "learning_rate": 10,
    "batch_size": 16,
    "max_iter": 400,
    "fit_intercept": False,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def synthetic():
    X, y = make_clustered_mixture(1500, 250, random_state=0)
    return X[:1000], y[:1000], X[1000:]


def moved_network(scale, m=30, n=12, d=5, k=3):
    generator = torch.Generator().manual_seed(1)
    W0 = initial_weights(4, m, d, dtype=torch.float64)
    step = torch.randn(W0.shape, generator=generator, dtype=torch.float64)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randint(0, k, (n,), generator=generator)
    a = readout_weights(4, k, m, dtype=torch.float64)
    return W0 + scale * m**-0.5 * step, W0, a, X, y


@pytest.mark.parametrize("scale", [0.0, 0.01, 0.1, 1.0])
def test_section_5_1_coupled_units_have_the_pseudo_gradient(scale):
    W, W0, a, X, y = moved_network(scale)
    weight = torch.ones(len(X), dtype=X.dtype)
    true = reference.gradient(W, a, X, y, weight)
    pseudo = reference.gradient(W, a, X, y, weight, W0)
    equal = ((true - pseudo).norm(dim=1) <= 1e-12 * true.norm()).double().mean()
    assert float(equal) == reference.coupling(W, W0, X)


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_section_5_1_distance_of_the_pseudo_gradient(scale):
    W, W0, a, X, y = moved_network(scale)
    weight = torch.linspace(0, 2, len(X), dtype=X.dtype)
    true = reference.gradient(W, a, X, y, weight)
    pseudo = reference.gradient(W, a, X, y, weight, W0)
    residual = torch.softmax(torch.relu(X @ W.T) @ a.T, dim=1)
    residual[torch.arange(len(X)), y] -= 1
    residual *= weight.unsqueeze(1)
    squares = sum(
        pseudo_gradient_squares(
            X @ W[units].T > 0, X @ W0[units].T > 0, residual, a[:, units], X @ X.T
        )
        for units in (slice(0, 11), slice(11, 30))
    )
    expected = torch.stack([(true - pseudo).square().sum(), true.square().sum()])
    torch.testing.assert_close(squares, expected)


@pytest.mark.parametrize(
    ("width", "c", "steps"),
    [
        (1000, 0.02, 10),
        (4000, 0.02, 30),
        (16000, 0.02, 100),
        (4000, 0.1, 10),
        (16000, 0.1, 10),
        (1000, 0.5, 1),
        (4000, 0.5, 1),
        (16000, 2.0, 1),
    ],
)
def test_lemma_5_1_the_share_of_coupled_units(width, c, steps):
    """At least 1 − e τ k l / σ after t = τ/η steps, in the case without variance.

    The lemma hides factors of log m: with none at all its bound holds here.
    """
    k, l = 10, 2  # noqa: E741
    X, y = make_clustered_mixture(
        200, 100, component_std=0.0, normalize=True, random_state=0
    )
    X, places = np.unique(X, axis=0, return_index=True)
    assert len(X) == k * l
    net = OverparamReLUClassifier(
        width,
        learning_rate=c,
        max_iter=steps,
        fit_intercept=False,
        random_state=0,
    ).fit(X, y[places])
    tau, sigma = c / width * steps, width**-0.5
    bound = 1 - np.e * tau * k * l / sigma
    assert 0.1 < bound < 1
    assert bound <= net.coupling_ < 1  # some units have changed


def test_section_5_g_is_f_up_to_what_patterns_do(synthetic):
    """The two run side by side, and closer as the width grows."""
    X, y, X_test = synthetic
    differences = []
    for width in (250, 1000, 4000):
        f, g = (
            net(width, **PAPER).fit(X, y).decision_function(X_test)
            for net in (OverparamReLUClassifier, LinearizedReLUClassifier)
        )
        differences.append(np.linalg.norm(f - g) / np.linalg.norm(f))
    assert differences == sorted(differences, reverse=True)
    assert differences[-1] < differences[0] / 4


def test_section_5_g_is_linear_in_its_weights(synthetic):
    X, y, X_test = synthetic
    net = LinearizedReLUClassifier(300, **PAPER).fit(X, y)
    outputs = []
    W, W0 = net.hidden_weights_, net.initial_weights()
    for share in (0, 0.5, 1):
        net.hidden_weights_ = W0 + share * (W - W0)
        outputs.append(net.decision_function(X_test))
    np.testing.assert_allclose(outputs[1], (outputs[0] + outputs[2]) / 2, atol=1e-9)


def test_the_networks_converge_to_their_infinite_width(synthetic):
    """From the same function, on the same batches, at the rate 1/√m."""
    X, y, X_test = synthetic
    widths, errors, constants = (250, 1000, 4000), [], []
    for width in widths:
        net = OverparamReLUClassifier(width, **PAPER).fit(X, y)
        limit = InfiniteWidthReLUClassifier(initial_width=width, **PAPER).fit(X, y)
        f, f_limit = (n.decision_function(X_test) for n in (net, limit))
        errors.append(np.linalg.norm(f - f_limit) / np.linalg.norm(f_limit))
        distance = net.relative_distance_ * width**0.5
        constants.append(distance / limit.distance_constant_)
    slope = np.polyfit(np.log(widths), np.log(errors), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.15)
    assert errors[-1] < 0.1
    assert constants[-1] == pytest.approx(1, abs=0.02)


def test_appendix_d_1_the_unexplained_two_thirds_is_that_of_the_infinite_width():
    """2/(3√m) at 98 % on the synthetic data, rows as drawn."""
    X, y = make_clustered_mixture(2000, 1000, random_state=0)
    limit = InfiniteWidthReLUClassifier(
        **{**PAPER, "max_iter": 40, "record_every": 1}
    ).fit(X[:1000], y[:1000], X_val=X[1000:], y_val=y[1000:])
    at = np.argmax(limit.history_["val_score"] >= 0.98)
    assert at > 0
    assert limit.history_["distance_constant"][at] == pytest.approx(2 / 3, rel=0.1)


def test_section_6_the_update_is_of_low_rank_and_can_be_compressed(synthetic):
    X, y, X_test = synthetic
    net = OverparamReLUClassifier(1000, **PAPER).fit(X, y)
    assert net.effective_rank_ <= 20 + 5  # k·l = 20
    small = net.compress(20)
    agree = small.predict(X_test) == net.predict(X_test)
    assert agree.mean() >= 0.99
    # A random matrix of that shape is of full rank.
    W = net.hidden_weights_
    s = np.linalg.svd(W, compute_uv=False)
    assert np.searchsorted(np.cumsum(s**2), 0.99 * np.sum(s**2)) > 200


def test_sections_4_and_6_random_labels_are_fitted_but_farther_from_the_start():
    scale = {"width": 500, "n_samples": 150, "n_features": 100, "every": 20}
    scale = {**LABELS.quick, **scale, "shares": (0.0, 1.0)}
    fits = fit_shares(Request(Path(), device="cpu", tell=str, scale=scale))
    for structured, noise in zip(fits[0.0], fits[1.0], strict=True):
        assert np.isfinite(noise.steps)
        assert noise.steps > 2 * structured.steps
        assert noise.relative_distance > structured.relative_distance
        assert noise.activation_change > structured.activation_change
        assert noise.effective_rank > structured.effective_rank
        assert structured.test_accuracy > 0.95
        assert noise.test_accuracy < 0.3


def test_section_6_what_was_drawn_cancels_and_what_was_learnt_adds_up(synthetic):
    """§6: how a solution with a small error can lie close to the initialisation.

    Of the units' outputs a_r ReLU(⟨w_r, x⟩) at the start, |Σ_r| over Σ_r |·| is √(π/m)
    in the mean; what training has added to them, for a row's class, is of one sign.
    """
    X, y, _ = synthetic
    rows, labels = X[:100], y[:100]
    drawn, learnt = {}, {}
    for width in (500, 4000):
        net = OverparamReLUClassifier(width, **PAPER).fit(X, y)
        a = net.readout_weights_
        before = np.maximum(rows @ net.initial_weights().T, 0)
        after = np.maximum(rows @ net.hidden_weights_.T, 0)
        drawn[width] = cancelling(a[:, None] * before)
        learnt[width] = cancelling(a[labels] * (after - before))
    for width, share in drawn.items():  # rows share their units
        assert share == pytest.approx((np.pi / width) ** 0.5, rel=0.25)
    assert learnt[4000] == pytest.approx(learnt[500], rel=0.1)
    assert learnt[4000] > 10 * drawn[4000]


def cancelling(parts):
    """|Σ_r| over Σ_r |·|, mean over all else."""
    return np.mean(np.abs(parts.sum(-1)) / np.abs(parts).sum(-1))
