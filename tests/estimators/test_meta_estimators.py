"""What scikit-learn builds from an estimator it builds from each of ours."""

import pickle

import matplotlib as mpl
import numpy as np
import pytest
from estimators.small_nets import EVERY, X
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import (
    DecisionBoundaryDisplay,
    PartialDependenceDisplay,
    partial_dependence,
    permutation_importance,
)
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    DetCurveDisplay,
    PrecisionRecallDisplay,
    PredictionErrorDisplay,
    RocCurveDisplay,
    accuracy_score,
    r2_score,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    LearningCurveDisplay,
    TunedThresholdClassifierCV,
    ValidationCurveDisplay,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
)
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import (
    ClassifierChain,
    MultiOutputClassifier,
    MultiOutputRegressor,
    RegressorChain,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mpl.use("Agg")

y = np.arange(20) % 2
BOTH = np.c_[y, np.arange(20) % 4 // 2]

# Each takes an estimator, unfitted or fitted, and makes one of it.
OF_ANY = {
    "Pipeline": lambda net: make_pipeline(StandardScaler(), net),
    "GridSearchCV": lambda net: GridSearchCV(net, {}, cv=2),
    "clone": clone,
}
OF_CLASSIFIERS = {
    **OF_ANY,
    "calibration": lambda net: CalibratedClassifierCV(net, cv=2),
    "calibration of one": lambda net: CalibratedClassifierCV(net, cv=2, ensemble=False),
    "voting": lambda net: VotingClassifier([("a", net), ("b", net)], voting="soft"),
    "stacking": lambda net: StackingClassifier([("a", net)], cv=2),
    "stacked upon": lambda net: StackingClassifier([("a", net)], net, cv=2),
    "threshold tuning": lambda net: TunedThresholdClassifierCV(net, cv=2, thresholds=5),
    "threshold": lambda net: FixedThresholdClassifier(net, threshold=0.4),
    "bagging": lambda net: BaggingClassifier(net, 2, random_state=0),
    "boosting": lambda net: AdaBoostClassifier(net, n_estimators=2, random_state=0),
    "one against the rest": OneVsRestClassifier,
    "one against one": OneVsOneClassifier,
}
OF_REGRESSORS = {
    **OF_ANY,
    "voting": lambda net: VotingRegressor([("a", net), ("b", net)]),
    "stacking": lambda net: StackingRegressor([("a", net)], cv=2),
    "bagging": lambda net: BaggingRegressor(net, 2, random_state=0),
    "transformed targets": lambda net: TransformedTargetRegressor(
        net, transformer=StandardScaler()
    ),
}
# Each is given an estimator that is fitted.
OF_FITTED = {
    "permutation importance": lambda net: permutation_importance(net, X, y),
    "partial dependence": lambda net: partial_dependence(net, X, [0]),
    "its display": lambda net: PartialDependenceDisplay.from_estimator(net, X, [0, 1]),
    "a frozen": lambda net: FrozenEstimator(net).fit(X, y).predict(X),
    "a frozen in a pipeline": lambda net: (
        make_pipeline(StandardScaler().fit(X), FrozenEstimator(net))
        .fit(X, y)
        .score(X, y)
    ),
}
OF_FITTED_CLASSIFIERS = {
    **OF_FITTED,
    "ROC": lambda net: RocCurveDisplay.from_estimator(net, X, y),
    "precision and recall": lambda net: PrecisionRecallDisplay.from_estimator(
        net, X, y
    ),
    "DET": lambda net: DetCurveDisplay.from_estimator(net, X, y),
    "confusion": lambda net: ConfusionMatrixDisplay.from_estimator(net, X, y),
    "calibration": lambda net: CalibrationDisplay.from_estimator(net, X, y),
    "boundary": lambda net: DecisionBoundaryDisplay.from_estimator(
        clone(net).fit(X[:, :2], y), X[:, :2], grid_resolution=5
    ),
    "calibration of a frozen": lambda net: CalibratedClassifierCV(
        FrozenEstimator(net), cv=2
    ).fit(X, y),
    "threshold of a frozen": lambda net: TunedThresholdClassifierCV(
        FrozenEstimator(net), cv="prefit", refit=False
    ).fit(X, y),
    "voting of frozen": lambda net: VotingClassifier(
        [("a", FrozenEstimator(net)), ("b", FrozenEstimator(net))]
    ).fit(X, y),
    "stacking of fitted": lambda net: StackingClassifier([("a", net)], cv="prefit").fit(
        X, y
    ),
}
OF_FITTED_REGRESSORS = {
    **OF_FITTED,
    "prediction errors": lambda net: PredictionErrorDisplay.from_estimator(net, X, y),
    "stacking of fitted": lambda net: StackingRegressor([("a", net)], cv="prefit").fit(
        X, y
    ),
}
OF_UNFITTED = {
    "cross_val_score": lambda net: cross_val_score(net, X, y, cv=2),
    "cross_validate": lambda net: cross_validate(
        net, X, y, cv=2, return_estimator=True
    ),
    "cross_val_predict": lambda net: cross_val_predict(net, X, y, cv=2),
    "learning_curve": lambda net: learning_curve(
        net, X, y, cv=2, train_sizes=[0.6, 1.0], shuffle=True, random_state=0
    ),
    "its display": lambda net: LearningCurveDisplay.from_estimator(
        net, X, y, cv=2, train_sizes=[0.6, 1.0], shuffle=True, random_state=0
    ),
    "validation curve": lambda net: ValidationCurveDisplay.from_estimator(
        net, X, y, param_name=how_long(net), param_range=[1, 2], cv=2
    ),
    "repr": lambda net: repr(net) + net._repr_html_(),
}


def how_long(net):
    """The parameter that says so, which may be that of an estimator inside."""
    names = {n.rpartition("__")[2]: n for n in net.get_params()}
    return names.get("max_iter") or names["time"]


def cases(of_classifiers, of_regressors):
    """(estimator, what is made of it) of every registered one, with names."""
    return [
        pytest.param(make, build, id=f"{name}-{what}")
        for name, make in EVERY.items()
        for what, build in (
            of_classifiers if is_classifier(make()) else of_regressors
        ).items()
    ]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize(("make", "build"), cases(OF_CLASSIFIERS, OF_REGRESSORS))
def test_an_estimator_of_estimators(make, build):
    fitted = make().fit(X, y)
    built, again = build(make()).fit(X, y), build(fitted).fit(X, y)
    expected = built.predict(X)
    np.testing.assert_array_equal(again.predict(X), expected)
    np.testing.assert_array_equal(clone(built).fit(X, y).predict(X), expected)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(built)).predict(X), expected
    )
    metric = r2_score if is_regressor(built) else accuracy_score
    assert built.score(X, y) == pytest.approx(metric(y, expected))
    name = type(make()).__name__
    assert name in repr(built)
    assert name in built._repr_html_()


@pytest.mark.parametrize(
    ("make", "build"), cases(OF_FITTED_CLASSIFIERS, OF_FITTED_REGRESSORS)
)
def test_what_looks_at_a_fitted_estimator(make, build):
    net = make().fit(X, y)
    before = net.predict(X)
    assert build(net) is not None
    np.testing.assert_array_equal(net.predict(X), before)


@pytest.mark.parametrize(("make", "build"), cases(OF_UNFITTED, OF_UNFITTED))
def test_what_fits_clones_itself(make, build):
    net = make()
    assert build(net) is not None
    assert not [name for name in vars(net) if name.endswith("_")]


@pytest.mark.parametrize(
    ("make", "build"),
    cases(
        {"each": MultiOutputClassifier, "chain": ClassifierChain},
        {"each": MultiOutputRegressor, "chain": RegressorChain},
    ),
)
def test_several_targets(make, build):
    assert build(make()).fit(X, BOTH).predict(X).shape == BOTH.shape


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_a_search_over_what_is_inside(make):
    net = make()
    grid = {how_long(net): [1, 3]}
    if "rank" in net.get_params():
        grid["rank"] = [0, 2]
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 2 ** len(grid)
    assert search.best_estimator_.predict(X).shape == y.shape
