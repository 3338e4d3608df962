"""The display of the kernel along a run."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from estimators.small_nets import WITH_WEIGHTS
from sklearn.base import is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk.diagnostics import gram_spectrum, residual_modes
from overparam_sk.plotting import KernelDriftDisplay

X = np.random.default_rng(0).normal(size=(20, 4))
y = np.arange(20) % 2


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def fitted(name, **parameters):
    more = {"learning_rate": 1e-3} if name.endswith("regressor") else {}
    return WITH_WEIGHTS[name](**{"max_iter": 20, **more, **parameters}).fit(X, y)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_it_holds_and_draws_what_there_is(name):
    net = fitted(name)
    display = KernelDriftDisplay.from_estimator(net, X, y, looks=[5, 0, 20])
    assert not hasattr(display, "ax_")
    np.testing.assert_array_equal(display.looks, [0, 5, 20])
    (shot,) = net.snapshots(X, y, [5])
    expected = [gram_spectrum(net, X, initial=True)]
    expected += [gram_spectrum(one, X) for one in (shot, net)]
    np.testing.assert_array_equal(display.spectra, expected)
    assert display.plot() is display
    drift, alignment = display.course_lines_
    np.testing.assert_array_equal(drift.get_ydata(), net.history_["gram_drift"])
    np.testing.assert_array_equal(alignment.get_ydata(), net.history_["gram_alignment"])
    for line, values in zip(display.spectrum_lines_, expected, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values[values > 0])
    if is_classifier(net):
        assert display.modes is None
        assert "squared loss" in display.refusal
        (text,) = display.ax_[3].texts
        assert text.get_text().startswith("No law of the modes: ")
        assert display.mode_lines_ == display.law_lines_ == []
        return
    modes = residual_modes(net, X, y, iterations=[5])
    assert display.refusal is None
    np.testing.assert_array_equal(display.modes.coefficients, modes.coefficients)
    points, laws = display.mode_lines_, display.law_lines_
    assert len(points) == len(laws) == 2
    for t, law in zip((5, 20), laws, strict=True):
        left = np.abs(1 - 1e-3 * law.get_xdata()) ** t
        np.testing.assert_allclose(law.get_ydata(), left)
    ratios = np.abs(modes.coefficients[1] / modes.coefficients[0])
    assert set(points[0].get_ydata()) <= set(ratios)
    assert len(points[0].get_ydata()) > 5


def test_without_looks_the_run_is_not_done_again():
    net = fitted("classifier", random_state=None)
    display = KernelDriftDisplay.from_estimator(net, X, y)
    np.testing.assert_array_equal(display.looks, [0, 20])
    with pytest.raises(ValueError, match="must lead to where the fit ended"):
        KernelDriftDisplay.from_estimator(fitted("classifier"), -X, y, looks=[5])


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_look_beyond_the_end_is_named(kind):
    with pytest.raises(ValueError, match=r"looks must be at most 20, .* got 21"):
        KernelDriftDisplay.from_estimator(fitted(kind), X, y, looks=[5, 21])


def test_a_lawless_fit_is_marked():
    net = fitted("regressor", momentum=0.5)
    display = KernelDriftDisplay.from_estimator(net, X, y, looks=[5]).plot()
    assert "momentum=0" in display.refusal
    assert display.modes is None


def test_what_was_not_recorded_is_not_drawn():
    net = fitted("regressor", diagnostics=("gram_drift",))
    _, alignment = KernelDriftDisplay.from_estimator(net, X, y).plot().course_lines_
    assert alignment is None


def test_it_finds_the_network_and_takes_axes():
    net = fitted("regressor")
    whole = make_pipeline(StandardScaler(), net).fit(X, y)
    rows = whole[:-1].transform(X)
    _, axes = plt.subplots(2, 2)
    display = KernelDriftDisplay.from_estimator(whole, rows, y).plot(
        axes, cmap="viridis"
    )
    assert list(display.ax_) == list(axes.ravel())
    assert display.modes is not None
    with pytest.raises(ValueError, match="ax must hold 4 axes"):
        display.plot(axes[0])
