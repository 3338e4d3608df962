"""The panels of a width study, from studies and from searches."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.model_selection import (
    Fit,
    WidthStudy,
    diagnostic_scoring,
    width_study,
)
from overparam_sk.plotting import WidthStudyDisplay

mpl.use("Agg")

X, y = load_iris(return_X_y=True)
NET = OverparamReLUClassifier(max_iter=10, n_iter_no_change=None, random_state=0)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def study():
    both = {"net": NET, "svm": SVC(), "dummy": DummyClassifier()}
    return width_study(both, X, y, values=[40, 10], repeats=2, cv=2, random_state=0)


def test_points_are_means_with_sample_deviations_and_baselines_are_bands(study):
    display = WidthStudyDisplay.from_study(study)
    assert not hasattr(display, "figure_")
    assert display.plot() is display
    assert len(display.ax_) == len(study.metrics)
    np.testing.assert_array_equal(display.values["net"], [10, 40])
    place = study.metrics.index("relative_distance")
    (bars,) = display.errorbars_[place]
    fits = [f for f in study.fits if f.estimator == "net" and f.value == 10]
    distances = [fit.scores["relative_distance"] for fit in fits]
    assert len(distances) == 4
    assert bars.lines[0].get_ydata()[0] == pytest.approx(np.mean(distances))
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    assert high - low == pytest.approx(2 * np.std(distances, ddof=1))
    assert set(display.baselines["accuracy"]) == {"svm", "dummy"}
    assert display.baselines["relative_distance"] == {}
    assert len(display.ax_[0].patches) == 2


def test_the_infinite_width_is_a_line_under_the_distances():
    nets = {
        "net": NET,
        "limit": InfiniteWidthReLUClassifier(max_iter=10, n_iter_no_change=None),
    }
    options = {"values": [40, 10], "repeats": 2, "cv": 2, "random_state": 0}
    study = width_study(nets, X, y, **options)
    display = WidthStudyDisplay.from_study(study).plot()
    assert len(display.ax_) == len(study.metrics) - 1
    ax = display.ax_[study.metrics.index("relative_distance")]
    (line,) = (line for line in ax.lines if line.get_label() == "limit")
    constants = [f.scores["distance_constant"] for f in study.fits if f.value is None]
    assert len(constants) == 4
    expected = np.mean(constants) / np.sqrt([10, 40])
    np.testing.assert_allclose(line.get_ydata(), expected)


def test_the_guide_falls_with_the_root_through_the_points(study):
    display = WidthStudyDisplay.from_study(study).plot(metrics="relative_distance")
    (guide,) = display.guides_
    x, y_guide = guide.get_data()
    np.testing.assert_allclose(y_guide * np.sqrt(x), y_guide[0] * np.sqrt(x[0]))
    products = [
        np.log(fit.scores["relative_distance"] * np.sqrt(fit.value))
        for fit in study.fits
        if fit.estimator == "net"
    ]
    assert np.log(y_guide[0] * np.sqrt(x[0])) == pytest.approx(np.mean(products))
    assert display.ax_[0].get_xscale() == display.ax_[0].get_yscale() == "log"
    again = WidthStudyDisplay.from_study(study)
    assert again.plot(metrics="relative_distance", guides=False).guides_ == []


def test_a_search_over_a_pipeline_with_several_metrics():
    pipe = make_pipeline(StandardScaler(), NET)
    name = "overparamreluclassifier__width"
    search = GridSearchCV(
        pipe, {name: [10, 20]}, scoring=diagnostic_scoring(pipe), refit="accuracy", cv=2
    ).fit(X, y)
    display = WidthStudyDisplay.from_search(search)
    assert display.param == name
    assert list(display.values) == ["search"]
    column = "split1_test_relative_distance"
    assert (
        display.scores["relative_distance"]["search"][1][1]
        == (search.cv_results_[column][1])
    )
    display.plot(metrics=["accuracy", "relative_distance"])
    assert [ax.get_xlabel() for ax in display.ax_] == ["width m"] * 2


def test_a_search_with_one_score_and_candidates_that_differ_otherwise():
    grid = [{"width": [10, 20], "momentum": [0.0, 0.5]}]
    display = WidthStudyDisplay.from_search(GridSearchCV(NET, grid, cv=2).fit(X, y))
    assert list(display.values) == ["momentum=0.0", "momentum=0.5"]
    assert list(display.scores) == ["score"]
    display.plot(cmap="viridis")


def test_a_value_without_one_metric_keeps_its_place_in_the_others():
    scores = {1: {"a": 1.0, "b": 1.0}, 3: {"a": np.nan, "b": 3.0}, 5: {"b": 5.0}}
    fits = [Fit("net", value, 0, None, 0, of) for value, of in scores.items()]
    display = WidthStudyDisplay.from_study(WidthStudy("width", {}, fits)).plot()
    ((a,), (b,)) = display.errorbars_
    assert a.lines[0].get_xdata().tolist() == [1]
    assert b.lines[0].get_xdata().tolist() == [1, 3, 5]
    assert b.lines[0].get_ydata().tolist() == [1, 3, 5]


def test_of_a_halving_search_the_first_iteration_is_drawn():
    search = HalvingGridSearchCV(NET, {"width": [10, 20, 40]}, cv=2, random_state=0)
    display = WidthStudyDisplay.from_search(search.fit(X, y))
    assert [len(scores) for scores in display.scores["score"]["search"]] == [2, 2, 2]


def test_layers_have_panels_of_their_own():
    net = TwoHiddenReLURegressor(3, max_iter=5, n_iter_no_change=None)
    study = width_study(
        net, X, y, param="width2", values=[20, 40], repeats=1, cv=2, random_state=0
    )
    assert all(fit.scores["relative_distance_2"] > 0 for fit in study.fits)
    display = WidthStudyDisplay.from_study(study).plot(metrics=["relative_distance_2"])
    label = display.ax_[0].get_ylabel().replace("\n", " ")
    assert label == "layer 2: ‖W − W(0)‖ / ‖W(0)‖"
    assert len(display.guides_) == 1


def test_what_cannot_be_drawn_is_refused(study):
    display = WidthStudyDisplay.from_study(study)
    with pytest.raises(ValueError, match=r"metrics must be among \['accuracy'"):
        display.plot(metrics="speed")
    search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).fit(X, y)
    with pytest.raises(ValueError, match=r"param must be given, as one of \['C'\]"):
        WidthStudyDisplay.from_search(search)
    with pytest.raises(ValueError, match="param must be one of"):
        WidthStudyDisplay.from_search(search, param="width")
    failing = width_study(
        OverparamReLUClassifier(max_iter=-1, n_iter_no_change=None),
        X,
        y,
        values=[5],
        repeats=1,
        cv=2,
    )
    with pytest.raises(ValueError, match="must have a fit with a score"):
        WidthStudyDisplay.from_study(failing)
