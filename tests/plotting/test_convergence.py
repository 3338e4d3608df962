"""The panels of K19's figures."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_iris

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.plotting import ConvergenceDisplay

mpl.use("Agg")

X, y = load_iris(return_X_y=True)
RATE = 1e-4


def fitted(width, seed=0, rate=RATE):
    net = TwoHiddenReLURegressor(
        3, width, learning_rate=rate, max_iter=20, record_every=5, random_state=seed
    )
    return net.fit(X[::3], y[::3])


@pytest.fixture(scope="module")
def repeats():
    return {"ten": [fitted(10, 0), fitted(10, 1)], "twenty": fitted(20)}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_two_layers_have_six_panels_with_their_own_changes(repeats):
    display = ConvergenceDisplay.from_estimators(repeats)
    assert not hasattr(display, "figure_")
    assert display.plot(cmap="viridis") is display
    assert display.lines_.shape == (6, 2)
    labels = [ax.get_ylabel().replace("\n", " ") for ax in display.ax_]
    assert labels[0] == "training loss"
    assert labels[3] == "smallest Gram eigenvalue"
    assert labels[1::3] == [
        "layer 1: ‖A − A(0)‖",
        "layer 2: ‖B − B(0)‖",
    ]
    ten = [net.history_["weight_change_2"] for net in repeats["ten"]]
    np.testing.assert_allclose(display.lines_[4, 0].get_ydata(), np.mean(ten, axis=0))
    assert display.ax_[0].get_yscale() == "log"
    assert display.bound_line_ is None


def test_one_layer_has_four_panels():
    net = OverparamReLUClassifier(
        10, max_iter=20, n_iter_no_change=None, record_every=5, random_state=0
    )
    display = ConvergenceDisplay.from_estimator(net.fit(X, y), name="net").plot()
    assert display.names == ["net"]
    assert len(display.ax_) == 4
    assert display.ax_[2].get_ylabel() == "‖W − W(0)‖"
    assert display.figure_.legends == []


def test_the_bound_starts_at_the_highest_loss_and_decays_with_eta_times_iteration(
    repeats,
):
    display = ConvergenceDisplay.from_estimators(repeats, lambda_0=30.0).plot()
    line = display.bound_line_
    start = max(course.mean(axis=0)[0] for course in display.courses["loss"])
    np.testing.assert_array_equal(line.get_xdata(), [0, 5, 10, 15, 20])
    expected = start * np.exp(-30.0 * RATE * line.get_xdata())
    np.testing.assert_allclose(line.get_ydata(), expected)
    shown = [text.get_text() for text in display.figure_.legends[0].get_texts()]
    bands = "band: ±1 standard deviation"
    assert shown == ["ten", "twenty", bands, r"bound $e^{-\lambda_0 t} L(0)$"]
    assert display.plot(quantities="gram_lambda_min").bound_line_ is None


def test_histories_need_a_step_for_the_bound(repeats):
    histories = {"ten": [net.history_ for net in repeats["ten"]]}
    display = ConvergenceDisplay.from_histories(
        histories, lambda_0=1.0, learning_rate=0.5
    )
    assert (display.lambda_0, display.learning_rate) == (1.0, 0.5)
    with pytest.raises(ValueError, match="learning_rate must be a number"):
        ConvergenceDisplay.from_histories(histories, lambda_0=1.0)


def test_estimators_of_two_steps_have_no_common_bound():
    nets = [fitted(10), fitted(20, rate=2 * RATE)]
    with pytest.raises(ValueError, match="must have one learning_rate_"):
        ConvergenceDisplay.from_estimators(nets, names=["a", "b"], lambda_0=1.0)
    assert (
        ConvergenceDisplay.from_estimators(nets, names=["a", "b"]).learning_rate is None
    )


@pytest.mark.parametrize(("smallest", "scale"), [(0.0, "linear"), (0.1, "log")])
def test_an_exact_zero_makes_the_axis_of_lambda_min_linear(smallest, scale):
    history = {
        "iteration": np.arange(2),
        "loss": np.array([2.0, 1.0]),
        "gram_lambda_min": np.array([smallest, 0.2]),
    }
    display = ConvergenceDisplay.from_histories({"a": history}).plot()
    assert [ax.get_yscale() for ax in display.ax_] == ["log", scale]


def test_five_panels_leave_no_empty_axes(repeats):
    display = ConvergenceDisplay.from_estimators(repeats)
    five = ["loss", "score", "weight_change_1", "weight_change_2", "dead_samples"]
    assert len(display.plot(quantities=five).figure_.axes) == 5


def test_a_band_on_a_log_axis_does_not_fall_below_the_repeats():
    losses = [np.array([3.0, 0.02]), np.array([3.0, 3.0]), np.array([3.0, 0.02])]
    histories = [{"iteration": np.arange(2), "loss": loss} for loss in losses]
    display = ConvergenceDisplay.from_histories({"a": histories}).plot()
    (band,) = display.ax_[0].collections
    assert band.get_paths()[0].vertices[:, 1].min() == 0.02
