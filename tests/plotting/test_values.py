"""A study of any values: every point is drawn, numbers at themselves."""

from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pytest
from estimators.small_nets import X, classifier, infinite
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.svm import SVC

from overparam_sk.model_selection import width_study
from overparam_sk.plotting import WidthStudyDisplay

mpl.use("Agg")

y = np.arange(20) % 2


class TakesAnything(ClassifierMixin, BaseEstimator):
    """Its score tells its candidates apart: the share of y that is its label."""

    def __init__(self, width=0, label=0):
        self.width = width
        self.label = label

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.label)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def searched(grid):
    search = GridSearchCV(TakesAnything(), grid, cv=2, error_score="raise")
    return WidthStudyDisplay.from_search(search.fit(X, y), param="width")


def same(one, other):
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert type(mine) is type(theirs)
        np.testing.assert_array_equal(mine, theirs)


OTHERS = [
    ["auto", 8],
    [8, None, 2, "auto"],
    [None, 8],
    ["b", "a"],
    ["8", 8],
    [True, False, 1],
    [{0: 1}, {0: 2}, None],
    [(1, 2), (3, 4)],
    [(1,), (2, 3)],
    [[1, 2], [3]],
    [np.eye(2), np.eye(3)],
    [8, np.nan, np.inf, -np.inf],
    [2, 10**400],
    [2, 1j],
    [2, SVC(), SVC(C=2)],
    [2, "a" * 100, "a" * 99 + "b"],
    [np.datetime64("2026-01-01"), np.datetime64("2025-01-01")],
]


@pytest.mark.parametrize("values", OTHERS, ids=lambda values: repr(values)[:30])
def test_values_that_are_no_numbers_stand_side_by_side(values):
    display = searched({"width": values})
    numbers = [v for v in values if type(v) is int and v < 100]
    rest = [v for v in values if not any(v is number for number in numbers)]
    same(display.values["search"], [*sorted(numbers), *rest])
    display.plot()
    (ax,), (((bars,),)) = display.ax_, display.errorbars_
    np.testing.assert_array_equal(bars.lines[0].get_xdata(), range(len(values)))
    assert len(bars.lines[0].get_ydata()) == len(values)
    np.testing.assert_array_equal(ax.get_xticks(), range(len(values)))
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert all(0 < len(label) <= 30 for label in labels)
    assert labels[: len(numbers)] == [str(v) for v in sorted(numbers)]
    low, high = ax.get_xlim()
    assert low < 0 <= len(values) - 1 < high
    assert display.guides_ == []


@pytest.mark.parametrize(
    "values",
    [
        [8, 2],
        [2.5, 8, 3],
        [np.int16(8), np.float32(2), 3],
        [Fraction(5, 2), 1],
        [0, np.int8(-128)],
    ],
    ids=str,
)
def test_numbers_stand_at_themselves(values):
    display = searched({"width": values})
    expected = np.array(sorted(map(float, values)))
    np.testing.assert_array_equal(display.values["search"].astype(float), expected)
    ((bars,),) = display.plot().errorbars_
    np.testing.assert_array_equal(bars.lines[0].get_xdata(), expected)
    scale = "log" if (expected > 0).all() else "linear"
    assert display.ax_[0].get_xscale() == scale


GRIDS = {
    "one point lacks it": [{"width": [10, 20]}, {"label": [1]}],
    "all others the same": [{"width": [10, 20], "label": [1]}, {"label": [1]}],
    "nothing else": [{"width": [10, 20]}, {}],
    "and None": [{"width": [10, None]}, {}],
    "two curves of different values": [
        {"width": ["auto", 8], "label": [0]},
        {"width": [16, None], "label": [1]},
        {"label": [0, 1]},
    ],
}


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_a_point_that_lacks_the_parameter_is_a_baseline(grid):
    display = searched(grid).plot()
    candidates = list(ParameterGrid(grid))
    having = sum("width" in candidate for candidate in candidates)
    drawn = sum(len(bars.lines[0].get_xdata()) for bars in display.errorbars_[0])
    assert drawn == sum(map(len, display.values.values())) == having
    baselines = display.baselines["score"]
    assert len(baselines) == len(candidates) - having
    assert all(len(scores) == 2 for scores in baselines.values())
    across = [line for line in display.ax_[0].lines if line.get_linestyle() == "-."]
    assert len(across) == len(baselines)


def test_each_curve_of_a_common_axis_keeps_its_scores():
    grid = GRIDS["two curves of different values"]
    display = searched(grid).plot()
    ticks = [label.get_text() for label in display.ax_[0].get_xticklabels()]
    assert ticks == ["8", "16", "auto", "None"]
    zero, one = display.errorbars_[0]
    assert zero.lines[0].get_xdata().tolist() == [0, 2]
    assert one.lines[0].get_xdata().tolist() == [1, 3]
    assert list(display.values) == ["label=0", "label=1"]


def test_the_same_value_twice_is_one_point():
    display = searched([{"width": [8, {0: 1}]}, {"width": [8.0, np.int8(8), {0: 1}]}])
    assert [len(s) for s in display.scores["score"]["search"]] == [6, 4]


def test_values_that_look_alike_are_several_points():
    one, other = np.zeros(2000), np.zeros(2000)
    other[1000] = 1
    display = searched({"width": [one, other]})
    assert len(display.values["search"]) == 2


def test_a_study_of_mixed_values_with_the_infinite_width():
    nets = {"net": classifier(), "limit": infinite()}
    study = width_study(nets, X, y, param="width", values=[4, 10], repeats=1, cv=2)
    mixed = width_study(
        classifier(), X, y, param="batch_size", values=["auto", 8, 4], repeats=1, cv=2
    )
    display = WidthStudyDisplay.from_study(mixed).plot(metrics="relative_distance")
    assert list(display.values.popitem()[1]) == [4, 8, "auto"]
    assert len(display.errorbars_[0][0].lines[0].get_ydata()) == 3
    # The limit's line goes through the values that are widths.
    whole = WidthStudyDisplay.from_study(study)
    whole.values["net"] = np.array([4, "auto"], dtype=object)
    ax = whole.plot(metrics="relative_distance").ax_[0]
    (line,) = (line for line in ax.lines if line.get_label() == "limit")
    constant = whole.baselines["distance_constant"]["limit"].mean()
    np.testing.assert_array_equal(line.get_xdata(), [0])
    np.testing.assert_allclose(line.get_ydata(), [constant / 2])
