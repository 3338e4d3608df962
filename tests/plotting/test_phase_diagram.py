"""The panels over output scale and width."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm
from sklearn.datasets import load_iris

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import Fit, WidthStudy, width_study
from overparam_sk.plotting import PhaseDiagramDisplay

mpl.use("Agg")

X, y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def made_up(cells, metric="gram_drift"):
    """A study of fits, of the scores in each cell."""
    fits = [
        Fit(name, value, repeat, None, 0, {metric: score})
        for (name, value), scores in cells.items()
        for repeat, score in enumerate(scores)
    ]
    return WidthStudy("width", {}, fits)


def test_cells_are_the_means_of_a_study():
    nets = {
        f"{scale:g}": OverparamReLUClassifier(
            output_scale=scale,
            learning_rate=0.01,
            max_iter=5,
            n_iter_no_change=None,
            diagnostics=("gram_drift",),
        )
        for scale in (10.0, 0.1)
    }
    study = width_study(nets, X, y, values=[40, 10], repeats=2, cv=2, random_state=0)
    display = PhaseDiagramDisplay.from_study(study)
    np.testing.assert_array_equal(display.scales, [0.1, 10])
    np.testing.assert_array_equal(display.widths, [10, 40])
    assert set(display.scores) == set(study.metrics)
    for i, scale in enumerate(("0.1", "10")):
        for j, width in enumerate((10, 40)):
            drifts = [
                fit.scores["gram_drift"]
                for fit in study.fits
                if (fit.estimator, fit.value) == (scale, width)
            ]
            assert len(drifts) == 4
            found = display.scores["gram_drift"][i, j]
            assert found == pytest.approx(np.mean(drifts))
    assert (display.scores["gram_drift"][0] > display.scores["gram_drift"][1]).all()
    assert not hasattr(display, "figure_")
    assert display.plot() is display
    assert len(display.ax_) == len(display.meshes_) == len(study.metrics)


def test_a_cell_is_drawn_around_its_scale_and_width():
    drift = np.array([[100.0, 10.0, 1.0], [1.0, 0.1, 0.01]])
    error = np.array([[0.1, 0.2, 0.3], [0.2, np.nan, 0.3]])
    display = PhaseDiagramDisplay(
        widths=np.array([10, 100, 1000]),
        scales=np.array([0.1, 10.0]),
        scores={"gram_drift": drift, "test error": error},
    ).plot()
    of_drift, of_error = display.meshes_
    np.testing.assert_array_equal(np.ravel(of_drift.get_array()), drift.ravel())
    edges = of_drift.get_coordinates()
    np.testing.assert_allclose(edges[0, :, 0], 10 ** np.array([0.5, 1.5, 2.5, 3.5]))
    np.testing.assert_allclose(edges[:, 0, 1], [1e-2, 1.0, 1e2])
    logarithmic = [isinstance(mesh.norm, LogNorm) for mesh in display.meshes_]
    assert logarithmic == [True, False]
    assert np.ma.getmaskarray(of_error.get_array()).sum() == 1
    assert [ax.get_xscale() for ax in display.ax_] == ["log", "log"]
    titles = [ax.get_title() for ax in display.ax_]
    assert titles == ["‖H − H(0)‖ / ‖H(0)‖", "test error"]


def test_guides_are_the_mean_field_s():
    display = PhaseDiagramDisplay(
        widths=np.array([16, 256]),
        scales=np.array([0.1, 1.0, 10.0]),
        scores={"gram_drift": np.ones((3, 2))},
    ).plot(cmap="viridis")
    constants = [line.get_ydata() * line.get_xdata() ** 0.5 for line in display.guides_]
    for constant in constants:
        np.testing.assert_allclose(constant, constant[0])
    np.testing.assert_allclose([c[0] for c in constants], 10.0 ** np.arange(-1, 4))
    assert display.plot(guides=False).guides_ == []


def test_one_scale_and_one_width_are_a_cell():
    display = PhaseDiagramDisplay.from_study(made_up({("2", 50): [1.0, 3.0]}))
    display.plot()
    assert display.scores["gram_drift"].tolist() == [[2.0]]


def test_what_failed_is_left_out():
    cells = {("1", 5): [1.0, np.nan], ("1", 9): [np.nan], ("2e1", 5): [4.0]}
    display = PhaseDiagramDisplay.from_study(made_up(cells))
    expected = [[1.0, np.nan], [4.0, np.nan]]
    np.testing.assert_array_equal(display.scores["gram_drift"], expected)
    np.testing.assert_array_equal(display.scales, [1.0, 20.0])


@pytest.mark.parametrize("name", ["net", "0", "-1", "nan", "inf", ""])
def test_a_name_that_is_no_scale_is_refused(name):
    with pytest.raises(ValueError, match="must have positive numbers, the scales"):
        PhaseDiagramDisplay.from_study(made_up({(name, 5): [1.0]}))


@pytest.mark.parametrize("value", [None, "auto", 0, -1.0])
def test_a_value_that_is_no_width_is_refused(value):
    with pytest.raises(ValueError, match="must be of positive numbers, the widths"):
        PhaseDiagramDisplay.from_study(made_up({("1", value): [1.0]}))


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="study must be a WidthStudy, got 'nothing'"):
        PhaseDiagramDisplay.from_study("nothing")
    with pytest.raises(ValueError, match="study must have a fit with a score"):
        PhaseDiagramDisplay.from_study(WidthStudy("width", {}, []))
    display = PhaseDiagramDisplay.from_study(made_up({("1", 5): [1.0]}))
    with pytest.raises(ValueError, match=r"metrics must be among \['gram_drift'\]"):
        display.plot(metrics="speed")
    _, axes = plt.subplots(1, 2)
    with pytest.raises(ValueError, match="ax must hold 1 axes"):
        display.plot(axes)
    with pytest.raises(ValueError, match="cmap must be the name"):
        display.plot(cmap="no such map")
