"""How far what moves against the width, and which step is best."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from overparam_sk import LinearizedReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.parameters import repeat_seeds
from overparam_sk.plotting import CoordinateCheckDisplay

mpl.use("Agg")

X, y = make_clustered_mixture(40, 6, n_classes=3, normalize=True, random_state=0)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def net(kind=OverparamReLUClassifier, **parameters):
    usual = {"train_readout": True, "learning_rate": 0.5, "max_iter": 8}
    return kind(**{**usual, **parameters})


def check(estimators, **options):
    usual = {"widths": [8, 32], "iterations": [3, 1]}
    return CoordinateCheckDisplay.from_estimators(
        estimators, X, y, **{**usual, **options}
    )


def test_changes_are_those_of_a_fit():
    display = check({"ntk": net()}, repeats=2, random_state=5)
    np.testing.assert_array_equal(display.iterations, [1, 3])
    np.testing.assert_array_equal(display.widths, [8, 32])
    assert display.best_learning_rates == {}
    found = {kind: np.zeros((2, 2)) for kind in ("hidden", "readout", "outputs")}
    for seed in repeat_seeds(5, 2):
        for i, t in enumerate((1, 3)):
            for j, m in enumerate((8, 32)):
                fit = net(width=m, max_iter=t, random_state=seed).fit(X, y)
                W0, b0 = fit.initial_weights(), fit.initial_intercept()
                Z0 = X @ W0.T + b0
                Z = X @ fit.hidden_weights_.T + fit.hidden_intercept_
                a, a0 = fit.readout_weights_, fit.initial_readout()
                f0 = np.maximum(Z0, 0) @ a0.T
                moved = {
                    "hidden": np.linalg.norm(Z - Z0) / np.linalg.norm(Z0),
                    "readout": np.linalg.norm(a - a0) / np.linalg.norm(a0),
                    "outputs": np.linalg.norm(fit.decision_function(X) - f0) / 120**0.5,
                }
                for kind, value in moved.items():
                    found[kind][i, j] += value / 2
    assert set(display.changes["ntk"]) == set(found)
    for kind, values in found.items():
        np.testing.assert_allclose(display.changes["ntk"][kind], values, rtol=1e-9)


def test_losses_are_those_of_fits_and_what_diverges_has_none():
    rates = [1.0, 1e300, 0.1]
    display = check({"ntk": net()}, learning_rates=rates, random_state=3)
    np.testing.assert_array_equal(display.learning_rates, [0.1, 1.0, 1e300])
    (seed,) = repeat_seeds(3, 1)
    for i, m in enumerate((8, 32)):
        for j, c in enumerate((0.1, 1.0)):
            fit = net(width=m, learning_rate=c, random_state=seed).fit(X, y)
            assert display.losses["ntk"][i, j] == fit.loss_
    assert np.isnan(display.losses["ntk"][:, 2]).all()
    np.testing.assert_array_equal(display.best_learning_rates["ntk"], [1.0, 1.0])


def test_slopes_and_best_steps_of_what_is_known():
    m = np.array([10, 100, 1000])
    display = CoordinateCheckDisplay(
        widths=m,
        iterations=np.array([1, 4]),
        changes={"a": {"hidden": np.array([3 * m**-0.5, 0 * m + 2.0])}},
        learning_rates=np.array([1.0, 2.0, 4.0]),
        losses={"a": np.array([[3, 1, np.nan], [1, 2, 3], [np.nan] * 3])},
    )
    np.testing.assert_allclose(display.slopes["a"]["hidden"], [-0.5, 0], atol=1e-12)
    np.testing.assert_array_equal(display.best_learning_rates["a"], [2, 1, np.nan])


def test_what_makes_a_network_of_the_width_may_be_a_function():
    scales = []

    def standard(width):
        scales.append(width)
        return net(width=width, init_scale=width**0.25)

    of_function = check({"a": standard}).changes["a"]["hidden"]
    assert set(scales) == {8, 32}
    for j, m in enumerate((8, 32)):
        alone = check({"a": net(init_scale=m**0.25)}, widths=[m]).changes["a"]
        np.testing.assert_array_equal(of_function[:, [j]], alone["hidden"])


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_a_readout_that_is_fixed_has_no_line(kind):
    display = check({"a": net(kind, train_readout=False)})
    assert set(display.changes["a"]) == {"hidden", "outputs"}
    display.plot()
    assert len(display.change_lines_["a"]) == 4


def test_sparse_rows_are_the_same_rows():
    dense = check({"a": net(fit_intercept=False)})
    rare = CoordinateCheckDisplay.from_estimators(
        {"a": net(fit_intercept=False)},
        sparse.csr_array(X),
        y,
        widths=[8, 32],
        iterations=[1, 3],
    )
    for kind, values in dense.changes["a"].items():
        np.testing.assert_allclose(rare.changes["a"][kind], values, rtol=1e-7)


def test_a_column_for_each_parametrisation():
    nets = {name: net(parametrization=name) for name in ("ntk", "mup")}
    display = check(nets)
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    assert display.ax_.shape == (1, 2)
    assert display.loss_lines_ == {}
    lines = display.change_lines_["mup"]
    np.testing.assert_array_equal(
        [line.get_ydata() for line in lines],
        np.concatenate([*display.changes["mup"].values()]),
    )
    both = check(nets, learning_rates=[0.1, 1.0])
    _, axes = plt.subplots(2, 2)
    both.plot(axes, cmap="viridis")
    assert both.ax_.tolist() == axes.tolist()
    for line, losses in zip(both.loss_lines_["ntk"], both.losses["ntk"], strict=True):
        np.testing.assert_array_equal(line.get_ydata(), losses)
    with pytest.raises(ValueError, match="ax must hold 4 axes"):
        both.plot(axes[0])


REFUSED = [
    ({"estimators": {}}, "estimators must be a dict"),
    ({"estimators": [net()]}, "estimators must be a dict"),
    ({"estimators": {"a": 3}}, "estimators must be a dict .* got one with 3"),
    (
        {"estimators": {"a": LogisticRegression()}},
        "estimators must have the parameter width, got LogisticRegression",
    ),
    ({"estimators": {"a": lambda m: m}}, "estimators must be a dict .* got one with 8"),
    ({"widths": []}, "widths must be a list of integers >= 1, not an empty one"),
    ({"widths": [0]}, "widths must be"),
    ({"iterations": [0, 1]}, "iterations must be"),
    ({"learning_rates": []}, "learning_rates must be None or a list"),
    ({"learning_rates": [-1.0]}, "learning_rates must be None or a list"),
    ({"repeats": 0}, "repeats must be"),
    ({"random_state": None}, "random_state must be"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED)
def test_what_is_no_check_is_refused(options, words):
    with pytest.raises(ValueError, match=words):
        check(**{"estimators": {"a": net()}, **options})
