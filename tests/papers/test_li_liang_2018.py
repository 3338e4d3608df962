"""Li, Liang 2018, claim by claim: what its equations and §7 say of our network.

The experiments at the paper's sizes are `python -m overparam_sk reproduce`; here are
the same claims at sizes that a test affords.
"""

import numpy as np
import pytest
import torch
from reference import TwoLayerReLU

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.networks import LiLiang2018, Scratch, initial_weights, readout_weights


@pytest.fixture(scope="module")
def synthetic():
    """§7's data, a quarter of its dimension: k = 10 classes of l = 2 components."""
    X, y = make_clustered_mixture(1500, 250, random_state=0)
    return X[:1000], y[:1000], X[1000:], y[1000:]


def paper_fit(data, width, **parameters):
    """§7: T = 400, B = 16, η = 10/m."""
    X, y, X_test, y_test = data
    net = OverparamReLUClassifier(
        **{
            "width": width,
            "learning_rate": 10,
            "batch_size": 16,
            "max_iter": 400,
            "fit_intercept": False,
            "record_every": 10,
            "random_state": 0,
            **parameters,
        }
    )
    return net.fit(X, y, X_val=X_test, y_val=y_test)


@pytest.fixture(scope="module")
def fits(synthetic):
    return {width: paper_fit(synthetic, width) for width in (250, 1000, 4000)}


def test_equation_1_term_by_term():
    # Σ_{i≠y} a_i o_i − Σ_{i≠y} a_y o_i, times 1{⟨w, x⟩ ≥ 0}, times x.
    W = initial_weights(0, 7, 4, dtype=torch.float64)
    a = readout_weights(0, 3, 7, dtype=torch.float64)
    x, y = torch.tensor([0.3, -1.0, 2.0, 0.5], dtype=torch.float64), 2
    o = torch.softmax(TwoLayerReLU(W, a)(x[None])[0], dim=0)
    expected = torch.zeros_like(W)
    for r in range(7):
        other = [i for i in range(3) if i != y]
        bracket = sum(a[i, r] * o[i] for i in other) - sum(
            a[y, r] * o[i] for i in other
        )
        expected[r] = bracket * (W[r] @ x >= 0) * x
    Z = (W @ x)[None]
    scratch, f = Scratch.like(Z, 3), Z.new_empty(1, 3)
    one_hot = torch.nn.functional.one_hot(torch.tensor([y]), 3).double()
    LiLiang2018(a).differentiate_(Z, one_hot, torch.ones(1, 1).double(), scratch, f)
    torch.testing.assert_close(Z.T * x, expected)


def test_a3_initialisation(fits):
    net = fits[4000]
    W0, a = net.initial_weights(), net.readout_weights_
    assert W0.std() == pytest.approx(4000**-0.5, rel=0.01)
    assert a.std() == pytest.approx(1, rel=0.02)
    np.testing.assert_array_equal(net.hidden_intercept_, 0)


@pytest.mark.parametrize("width", [250, 1000, 4000])
def test_section_7_accuracy_converges_to_100_per_cent(fits, width):
    assert fits[width].history_["val_score"][-1] >= 0.995


def test_section_7_steps_to_an_accuracy_are_about_the_same_for_every_width(fits):
    steps = [
        net.history_["iteration"][np.argmax(net.history_["val_score"] >= 0.95)]
        for net in fits.values()
    ]
    assert min(steps) > 0
    assert max(steps) <= 3 * min(steps)


def test_section_7_patterns_couple_and_more_so_in_wider_nets(fits):
    changes = [net.activation_change_ for net in fits.values()]
    assert changes == sorted(changes, reverse=True)
    assert changes[-1] < 0.1


def test_appendix_d_distance_falls_as_one_over_root_m(fits):
    distances = np.array([net.relative_distance_ for net in fits.values()])
    assert distances[-1] < 0.1
    slope = np.polyfit(np.log([250, 1000, 4000]), np.log(distances), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_section_7_top_kl_singular_values_stand_out_in_the_update_only(fits):
    update = fits[4000].update_singular_values_
    weights = np.linalg.svd(fits[4000].hidden_weights_, compute_uv=False)
    # k·l = 20 components.
    assert update[19] / update[20] > 2
    assert weights[19] / weights[20] < 1.1


def test_section_3_one_learning_rate_serves_every_width(fits):
    # η = c/m: the loss at the end is of one size for all widths.
    losses = [net.loss_ for net in fits.values()]
    assert max(losses) < 0.1


def test_theorem_4_1_arbitrary_labels_can_be_fitted_too():
    # "we can actually fit arbitrary labels": each example its own component.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 40))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.integers(0, 3, 60)
    net = OverparamReLUClassifier(2000, fit_intercept=False, random_state=0).fit(X, y)
    assert net.score(X, y) == 1.0
