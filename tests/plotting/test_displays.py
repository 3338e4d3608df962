"""Displays hold arrays, and draw them late."""

import builtins
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from estimators.small_nets import classifier, deep_classifier, regressor, scaled
from sklearn.datasets import load_iris

from overparam_sk import OverparamReLUClassifier
from overparam_sk.plotting import (
    ConvergenceDisplay,
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
)

mpl.use("Agg")

X, y = load_iris(return_X_y=True)
DISPLAYS = [ConvergenceDisplay, TrainingDynamicsDisplay, UpdateSpectrumDisplay]


def fitted(width, seed=0, *, validation=True, **params):
    net = OverparamReLUClassifier(
        width,
        max_iter=20,
        n_iter_no_change=None,
        record_every=5,
        random_state=seed,
        **params,
    )
    held = {"X_val": X[1::2], "y_val": y[1::2]} if validation else {}
    return net.fit(X[::2], y[::2], **held)


@pytest.fixture(scope="module")
def repeats():
    return {"ten": [fitted(10, 0), fitted(10, 1)], "twenty": fitted(20)}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_the_courses_are_stored_before_anything_is_drawn(repeats):
    display = TrainingDynamicsDisplay.from_estimators(repeats)
    assert display.names == ["ten", "twenty"]
    assert not hasattr(display, "figure_")
    np.testing.assert_array_equal(display.iterations[0], [0, 5, 10, 15, 20])
    ten, twenty = display.courses["activation_change"]
    assert ten.shape == (2, 5)
    assert twenty.shape == (1, 5)
    history = repeats["ten"][1].history_
    np.testing.assert_array_equal(ten[1], history["activation_change"])
    np.testing.assert_array_equal(display.courses["score"][0][1], history["val_score"])
    assert display.score_label == "validation score"


def test_lines_are_means_and_repeats_have_a_band(repeats):
    display = TrainingDynamicsDisplay.from_estimators(repeats)
    assert display.plot() is display
    assert display.lines_.shape == (3, 2)
    assert [ax.get_ylabel() for ax in display.ax_] == [
        "validation score",
        "share of patterns changed",
        "‖W − W(0)‖ / ‖W(0)‖",
    ]
    distance = display.courses["relative_distance"][0]
    np.testing.assert_allclose(display.lines_[2, 0].get_ydata(), distance.mean(axis=0))
    (band,) = display.ax_[2].collections
    low = distance.mean(0) - distance.std(0, ddof=1)
    edge = band.get_paths()[0].vertices[:, 1]
    high = distance.mean(0) + distance.std(0, ddof=1)
    assert np.isin(low[1:].round(9), edge.round(9)).all()
    assert np.isin(high[1:].round(9), edge.round(9)).all()
    assert display.figure_ is display.ax_[0].figure


def test_one_estimator_is_one_curve_without_a_legend():
    net = fitted(10)
    display = TrainingDynamicsDisplay.from_estimator(net).plot(quantities="loss")
    assert display.names == ["10"]
    assert display.figure_.legends == []
    np.testing.assert_allclose(display.lines_[0, 0].get_ydata(), net.history_["loss"])


def test_without_a_validation_set_the_training_score_is_shown(repeats):
    alone = fitted(10, validation=False)
    display = TrainingDynamicsDisplay.from_estimator(alone)
    (course,) = display.courses["score"][0]
    np.testing.assert_array_equal(course, alone.history_["score"])
    assert display.score_label == "training score"
    mixed = TrainingDynamicsDisplay.from_estimators([alone, repeats["twenty"]])
    assert mixed.score_label == "score"


def test_a_diagnostic_that_was_not_measured_has_no_panel():
    display = TrainingDynamicsDisplay.from_estimator(fitted(10, diagnostics=None))
    assert display.plot().lines_.shape == (1, 1)
    with pytest.raises(ValueError, match="quantities must be among"):
        display.plot(quantities=["relative_distance"])


def test_repeats_that_ended_sooner_are_compared_where_both_were_looked_at():
    histories = [
        {"iteration": np.array([0, 5, 10]), "score": np.array([0.1, 0.2, 0.3])},
        {"iteration": np.array([0, 5]), "score": np.array([0.3, 0.4])},
    ]
    display = TrainingDynamicsDisplay.from_histories({"a": histories})
    np.testing.assert_array_equal(display.iterations[0], [0, 5])
    np.testing.assert_array_equal(display.courses["score"][0], [[0.1, 0.2], [0.3, 0.4]])
    histories[1]["iteration"] = np.array([1, 2])
    with pytest.raises(ValueError, match="must share recorded iterations"):
        TrainingDynamicsDisplay.from_histories({"a": histories})


def test_given_axes_are_drawn_in(repeats):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2)
    dynamics = TrainingDynamicsDisplay.from_estimators(repeats)
    dynamics.plot(axes.ravel()[:3], cmap="viridis")
    spectrum = UpdateSpectrumDisplay.from_estimators(repeats).plot(axes[1, 1])
    assert dynamics.figure_ is spectrum.figure_ is figure
    with pytest.raises(ValueError, match="ax must hold 3 axes, got 4"):
        dynamics.plot(axes)


def test_the_spectra_are_those_of_the_update_and_of_the_weights(repeats):
    display = UpdateSpectrumDisplay.from_estimators(repeats, n_components=3)
    one = repeats["ten"][1]
    W = one.hidden_weights_
    update = np.linalg.svd(W - one.initial_weights(), compute_uv=False)
    np.testing.assert_allclose(display.update_singular_values[0][1], update, rtol=1e-6)
    weights = np.linalg.svd(W, compute_uv=False)
    np.testing.assert_allclose(display.weight_singular_values[0][1], weights)
    assert display.plot() is display
    assert display.ax_.get_yscale() == "log"
    assert display.component_line_.get_xdata()[0] == 3
    assert [line.get_linestyle() for line in display.weight_lines_] == ["--", "--"]
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), [1, 2, 3, 4])


def test_the_spectrum_of_the_weights_can_be_left_out(repeats):
    display = UpdateSpectrumDisplay.from_estimators(repeats, weights=False).plot()
    assert display.weight_singular_values is None
    assert display.weight_lines_ == []
    assert display.component_line_ is None
    shown = UpdateSpectrumDisplay.from_estimator(repeats["twenty"])
    assert shown.plot(show_weights=False).weight_lines_ == []


def test_an_exact_zero_is_left_out_of_the_log_axis():
    display = UpdateSpectrumDisplay(
        names=["a"], update_singular_values=[np.array([[2.0, 1.0, 0.0]])]
    )
    np.testing.assert_array_equal(display.plot().lines_[0].get_xdata(), [1, 2])


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize(
    ("estimators", "names", "message"),
    [
        ([], None, "at least one estimator"),
        ({"a": []}, None, "at least one estimator"),
        (3, None, "must be a dict or a list, got 3"),
        ({"a": 1}, ["a"], "names must be None"),
        ([1, 2], ["a"], "names must be 2 different names"),
        ([1, 2], ["a", "a"], "names must be 2 different names"),
        ([1], None, "must have the fitted attribute"),
        ([OverparamReLUClassifier()], None, "not fitted"),
    ],
)
def test_bad_input_is_refused(display, estimators, names, message):
    with pytest.raises(ValueError, match=message):
        display.from_estimators(estimators, names=names)


def test_repeats_of_two_shapes_and_no_components_are_refused():
    other = OverparamReLUClassifier(
        10, max_iter=1, n_iter_no_change=None, random_state=0
    ).fit(X[:, :2], y)
    with pytest.raises(ValueError, match="1-D arrays of one length"):
        UpdateSpectrumDisplay.from_estimators({"a": [fitted(10), other]})
    with pytest.raises(
        ValueError, match="n_components must be None or an integer >= 1, got 0"
    ):
        UpdateSpectrumDisplay.from_estimator(fitted(10), n_components=0)


def test_without_matplotlib_plot_names_the_extra(monkeypatch):
    display = TrainingDynamicsDisplay.from_estimator(fitted(10))
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"overparam-sk\[plot\]"):
        display.plot()


def test_importing_the_displays_does_not_import_matplotlib():
    code = "import sys, overparam_sk.plotting; print('matplotlib' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False\n"


def test_spectra_of_several_layers_are_a_curve_each():
    nets = {
        "both": scaled(),
        "paper": classifier(),
        "Kong": regressor(),
        "deep": deep_classifier(),
    }
    fitted = {name: net.fit(X, y) for name, net in nets.items()}
    display = UpdateSpectrumDisplay.from_estimators(fitted).plot()
    layers = {name: net.update_singular_values_ for name, net in fitted.items()}
    expected = [
        f"{name}, layer {layer}"
        for name, of in layers.items()
        if name != "paper"
        for layer in range(1, len(of) + 1)
    ]
    expected.insert(2, "paper")
    assert display.names == expected
    np.testing.assert_array_equal(
        display.update_singular_values[1][0], layers["both"][1]
    )
    assert len(display.lines_) == len(expected)
    assert len(display.weight_lines_) == 1  # of the network that has but one
