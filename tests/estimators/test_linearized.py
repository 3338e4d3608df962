"""The network with frozen patterns: its figures, against their definitions."""

import numpy as np
import pytest
import reference
import torch

from overparam_sk import LinearizedReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

X, y = make_clustered_mixture(80, 12, n_classes=3, random_state=0)
HELD, HELD_LABELS = make_clustered_mixture(30, 12, n_classes=3, random_state=1)
WEIGHT = np.linspace(0.5, 2, len(X))
KINDS = [OverparamReLUClassifier, LinearizedReLUClassifier]


def moved(kind, fit_intercept):
    """A network that has gone far enough to change patterns, within all its history."""
    net = kind(
        30, learning_rate=20.0, max_iter=25, random_state=0, fit_intercept=fit_intercept
    )
    net.fit(X, y, WEIGHT, X_val=HELD, y_val=HELD_LABELS)
    assert 0.05 < net.activation_change_ < 0.6
    return net


def weights_of(net):
    """W, W(0), a and a function that appends the constant 1 where there is one."""
    W = np.column_stack([net.hidden_weights_, net.hidden_intercept_])
    d = W.shape[1] - (not net.fit_intercept)
    tensors = (W[:, :d], net._initial().numpy(), net.readout_weights_)
    W, W0, a = (torch.from_numpy(np.ascontiguousarray(V)) for V in tensors)

    def rows(X):
        return torch.from_numpy(np.column_stack([X, np.ones(len(X))])[:, :d].copy())

    return W, W0, a, rows


def slow_outputs(kind, W, W0, a, X):
    if kind is LinearizedReLUClassifier:
        return reference.pseudo_outputs(W, W0, a, X)
    return torch.relu(X @ W.T) @ a.T


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_and_losses(kind, fit_intercept):
    net = moved(kind, fit_intercept)
    W, W0, a, rows = weights_of(net)
    for Z, labels, weight, loss in (
        (X, y, WEIGHT, net.loss_),
        (HELD, HELD_LABELS, np.ones(30), net.history_["val_loss"][-1]),
    ):
        outputs = slow_outputs(kind, W, W0, a, rows(Z))
        np.testing.assert_allclose(net.decision_function(Z), outputs, atol=1e-10)
        losses = torch.nn.functional.cross_entropy(
            outputs, torch.from_numpy(labels), reduction="none"
        )
        assert loss == pytest.approx(np.average(losses, weights=weight))
    assert net.history_["val_score"][-1] == net.score(HELD, HELD_LABELS)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_pseudo_gradient_error(kind, fit_intercept):
    """‖∇L − ∇̃L‖ / ‖∇L‖ of LL18 §5.1, unit by unit and row by row."""
    net = moved(kind, fit_intercept)
    W, W0, a, rows = weights_of(net)
    outputs = slow_outputs(kind, W, W0, a, rows(X))
    common = (a, rows(X), torch.from_numpy(y), torch.from_numpy(WEIGHT))
    true = reference.gradient(W, *common, outputs=outputs)
    pseudo = reference.gradient(W, *common, W0, outputs=outputs)
    error = float((true - pseudo).norm() / true.norm())
    assert error > 0.1
    assert net.history_["pseudo_gradient_error"][-1] == pytest.approx(error, rel=1e-9)
    assert net.history_["pseudo_gradient_error"][0] == 0


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_its_gram_matrix_has_the_gates_of_the_start_and_does_not_move(fit_intercept):
    net = moved(LinearizedReLUClassifier, fit_intercept)
    W, W0, a, augmented = weights_of(net)
    smallest, moved_to = (
        np.linalg.eigvalsh(reference.jacobian_gram(V, a, augmented(X)))[0]
        for V in (W0, W)
    )
    assert abs(moved_to - smallest) > 1e-3 * smallest > 0
    assert net.gram_lambda_min_ == pytest.approx(smallest, rel=1e-6)
    np.testing.assert_allclose(net.history_["gram_lambda_min"], smallest, rtol=1e-6)
