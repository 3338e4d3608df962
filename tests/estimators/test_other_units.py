"""A network that differs from Li and Liang's in its units alone."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, leaky_relu

from overparam_sk import OverparamReLUClassifier
from overparam_sk.diagnostics import gram_lambda_min, gram_matrix
from overparam_sk.networks import FirstLayerNetwork

LEAK = 0.25  # exact in float32
X = np.random.default_rng(0).normal(size=(30, 4))
y = np.arange(30) % 3


@dataclass(frozen=True)
class Leaky(FirstLayerNetwork):
    def activate(self, Z, gates, out):
        torch.maximum(Z, LEAK * Z, out=out)

    def derive(self, scratch, Z):
        torch.mul(scratch.backward, self.slopes(Z > 0), out=Z)

    def slopes(self, active):
        return torch.where(active, 1.0, LEAK)


class LeakyClassifier(OverparamReLUClassifier):
    _kind = Leaky


def test_its_readout_can_be_trained_too():
    net = LeakyClassifier(20, max_iter=40, learning_rate=0.1, train_readout=True)
    net.set_params(random_state=0).fit(X, y)
    W, _ = by_autograd(net)
    a = torch.from_numpy(net.readout_weights_)
    rows = torch.from_numpy(np.column_stack([X, np.ones(len(X))]))

    def f(V, a):  # √m W and a have the step c
        return leaky_relu(rows @ V.T / 20**0.5, LEAK) @ a.T

    V = 20**0.5 * W
    parts = torch.func.jacrev(f, argnums=(0, 1))(V, a)
    J = torch.cat([part.flatten(2) for part in parts], dim=2).transpose(0, 1)
    H = (J @ J.transpose(1, 2)).mean(dim=0)
    np.testing.assert_allclose(gram_matrix(net, X), H, rtol=1e-10, atol=1e-12)
    assert (net.relative_distance_ > 0.01).all()


@pytest.fixture(scope="module")
def fitted():
    net = LeakyClassifier(20, max_iter=40, learning_rate=0.5, random_state=0)
    return net.fit(X, y)


def by_autograd(fitted):
    """Rows with the constant 1, W, and f as a function of the two."""
    W = np.column_stack([fitted.hidden_weights_, fitted.hidden_intercept_])
    a = torch.from_numpy(fitted.readout_weights_)
    rows = torch.from_numpy(np.column_stack([X, np.ones(len(X))]))
    return torch.from_numpy(W), lambda W: leaky_relu(rows @ W.T, LEAK) @ a.T


def test_outputs_are_those_of_its_units(fitted):
    W, f = by_autograd(fitted)
    np.testing.assert_allclose(fitted.decision_function(X), f(W), rtol=1e-12)


@pytest.mark.parametrize("which", ["mean", "full"])
def test_its_gram_matrix_is_its_jacobians(fitted, which):
    W, f = by_autograd(fitted)
    J = torch.func.jacrev(f)(W).flatten(2).transpose(0, 1) / len(W) ** 0.5
    if which == "mean":
        H = (J @ J.transpose(1, 2)).mean(dim=0)
    else:
        J = J.transpose(0, 1).flatten(0, 1)
        H = J @ J.T
    found = gram_matrix(fitted, X, which=which)
    np.testing.assert_allclose(found, H, rtol=1e-10, atol=1e-12)


def test_the_fitted_eigenvalue_is_that_of_its_gram_matrix(fitted):
    found = gram_lambda_min(fitted, X)
    assert fitted.gram_lambda_min_ == pytest.approx(found, rel=1e-9)


def test_its_pseudo_gradient_has_the_slopes_at_initialisation(fitted):
    W, f = by_autograd(fitted)

    def loss(W):
        return cross_entropy(f(W), torch.from_numpy(y), reduction="sum")

    rows = torch.from_numpy(np.column_stack([X, np.ones(len(X))]))
    D = (torch.softmax(f(W), dim=1) - torch.eye(3)[y]) @ torch.from_numpy(
        fitted.readout_weights_
    )
    started = torch.where(rows @ fitted._initial().T > 0, 1.0, LEAK)
    gradient = torch.func.grad(loss)(W)
    error = (gradient - (D * started).T @ rows).norm() / gradient.norm()
    assert error > 0.1
    found = fitted.history_["pseudo_gradient_error"][-1]
    assert found == pytest.approx(float(error), rel=1e-9)
