"""Displays find the one network in what scikit-learn wraps around it."""

import matplotlib as mpl
import numpy as np
import pytest
from estimators.small_nets import X, classifier, regressor
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from overparam_sk.plotting import (
    ConvergenceDisplay,
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

mpl.use("Agg")

y = np.arange(20) % 2
SCALED = make_pipeline(StandardScaler(), classifier())
WIDTHS = {"width": [4, 10]}

# What holds a network, unfitted, and the way to the network in it once it is fitted.
HOLDERS = {
    "network": (classifier(), lambda net: net),
    "pipeline": (SCALED, lambda pipe: pipe[-1]),
    "pipeline in a pipeline": (make_pipeline(SCALED), lambda pipe: pipe[-1][-1]),
    "search": (
        GridSearchCV(classifier(), WIDTHS, cv=2),
        lambda search: search.best_estimator_,
    ),
    "search of a pipeline": (
        RandomizedSearchCV(
            SCALED, {"overparamreluclassifier__width": [4]}, n_iter=1, cv=2
        ),
        lambda search: search.best_estimator_[-1],
    ),
    "search in a pipeline": (
        make_pipeline(StandardScaler(), GridSearchCV(classifier(), WIDTHS, cv=2)),
        lambda pipe: pipe[-1].best_estimator_,
    ),
    "threshold": (
        FixedThresholdClassifier(classifier()),
        lambda outer: outer.estimator_,
    ),
    "calibration": (
        CalibratedClassifierCV(classifier(), cv=2, ensemble=False),
        lambda outer: outer.calibrated_classifiers_[0].estimator,
    ),
    "one against the rest": (
        OneVsRestClassifier(classifier()),
        lambda outer: outer.estimators_[0],
    ),
    "bagging": (
        BaggingClassifier(classifier(), 1, random_state=0),
        lambda outer: outer.estimators_[0],
    ),
    "voting": (
        VotingClassifier([("svm", SVC()), ("net", SCALED)]),
        lambda outer: outer.estimators_[1][-1],
    ),
    "stacking": (
        StackingClassifier([("svm", SVC())], classifier(), cv=2),
        lambda outer: outer.final_estimator_,
    ),
    "frozen": (
        FrozenEstimator(SCALED.fit(X, y)),
        lambda frozen: frozen.estimator[-1],
    ),
    "calibration of a frozen": (
        CalibratedClassifierCV(FrozenEstimator(classifier().fit(X, y)), cv=2),
        lambda outer: outer.estimator.estimator,
    ),
}
SEVERAL = {
    "calibration": CalibratedClassifierCV(classifier(), cv=2),
    "voting": VotingClassifier([("a", classifier()), ("b", classifier())]),
    "bagging": BaggingClassifier(classifier(), 3, random_state=0),
}
NONE = {
    "support vectors": SVC(),
    "pipeline": make_pipeline(StandardScaler(), SVC()),
    "network before the last step": make_pipeline(
        SelectFromModel(classifier(), importance_getter=lambda net: np.ones(3)), SVC()
    ),
    "search that keeps none": GridSearchCV(
        classifier().fit(X, y), WIDTHS, cv=2, refit=False
    ),
    "forest": RandomForestClassifier(3, random_state=0),
}


def contents(display):
    """All arrays of a display, by their place."""

    def walk(value, place):
        if isinstance(value, dict):
            for key, one in value.items():
                yield from walk(one, f"{place}.{key}")
        elif isinstance(value, list):
            for i, one in enumerate(value):
                yield from walk(one, f"{place}.{i}")
        else:
            yield place, value

    return dict(walk(vars(display), ""))


def made_of(display, estimator):
    return contents(display.from_estimator(estimator))


DISPLAYS = [ConvergenceDisplay, TrainingDynamicsDisplay, UpdateSpectrumDisplay]


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_a_display_of_what_holds_a_network_is_that_of_the_network(display, holder):
    outer, path = HOLDERS[holder]
    outer.fit(X, y)
    expected = made_of(display, path(outer))
    found = made_of(display, outer)
    assert expected[".names.0"] in ("4", "10")
    assert found.keys() == expected.keys()
    for place, value in expected.items():
        np.testing.assert_array_equal(found[place], value)
    repeats = display.from_estimators({"a": [outer, path(outer)]})
    assert repeats.names == ["a"]


@pytest.mark.parametrize("display", DISPLAYS[:2])
def test_of_a_regressor(display):
    outer = TransformedTargetRegressor(regressor(), transformer=StandardScaler())
    outer.fit(X, X[:, 0])
    expected = made_of(display, outer.regressor_)
    found = made_of(display, outer)
    assert found.keys() == expected.keys()
    for place, value in found.items():
        np.testing.assert_array_equal(value, expected[place])


def test_the_bound_has_the_step_of_the_network_inside():
    outer = make_pipeline(StandardScaler(), regressor()).fit(X, X[:, 0])
    display = ConvergenceDisplay.from_estimator(outer, lambda_0=0.1)
    assert display.learning_rate == outer[-1].learning_rate_


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("outer", SEVERAL.values(), ids=SEVERAL)
def test_of_several_networks_none_is_picked(display, outer):
    match = rf"hold just one that has, got {type(outer).__name__} holding [23] that"
    with pytest.raises(ValueError, match=match):
        display.from_estimator(outer.fit(X, y))


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("outer", NONE.values(), ids=NONE)
def test_what_holds_no_network_is_refused(display, outer):
    match = rf"fitted attribute .*got {type(outer).__name__} without it"
    with pytest.raises(ValueError, match=match):
        display.from_estimator(outer.fit(X, y))


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize("holder", ["network", "pipeline", "search", "voting"])
def test_what_is_not_fitted_says_so(display, holder):
    with pytest.raises(NotFittedError):
        display.from_estimator(clone(HOLDERS[holder][0]))


def test_a_search_at_the_end_of_a_pipeline_has_its_scores():
    outer = HOLDERS["search in a pipeline"][0]
    with pytest.raises(NotFittedError):
        WidthStudyDisplay.from_search(GridSearchCV(classifier(), WIDTHS))
    outer.fit(X, y)
    of_search = contents(WidthStudyDisplay.from_search(outer[-1]))
    found = contents(WidthStudyDisplay.from_search(outer))
    assert found.keys() == of_search.keys()
    for place, value in found.items():
        np.testing.assert_array_equal(value, of_search[place])
    with pytest.raises(ValueError, match=r"cv_results_.* got SVC without it"):
        WidthStudyDisplay.from_search(SVC().fit(X, y))
