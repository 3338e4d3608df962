"""Diagnostics as scores, in scikit-learn's own searches."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    cross_validate,
    learning_curve,
    validation_curve,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.diagnostics import REGISTRY
from overparam_sk.model_selection import diagnostic_scorer, diagnostic_scoring

X, y = load_iris(return_X_y=True)
X_r, y_r = (data[:80] for data in load_diabetes(return_X_y=True))
# Columns of a history that are no diagnostics.
NOT_DIAGNOSTICS = {
    "iteration",
    "loss",
    "score",
    "block_size",
    "pseudo_gradient_error",
}
NET = OverparamReLUClassifier(20, max_iter=10, n_iter_no_change=None, random_state=0)
REGRESSOR = TwoHiddenReLURegressor(
    3, 10, max_iter=10, n_iter_no_change=None, random_state=1
)
PIPE = make_pipeline(StandardScaler(), NET)
WIDTH = "overparamreluclassifier__width"


@pytest.mark.parametrize("name", REGISTRY)
def test_every_diagnostic_is_a_score_of_both_estimators(name):
    net, regressor = NET.fit(X, y), REGRESSOR.fit(X_r, y_r)
    score = diagnostic_scorer(f"{name}_")(net, X, y)
    assert score == getattr(net, f"{name}_")
    values = np.atleast_1d(getattr(regressor, f"{name}_"))
    if len(values) == 1:
        assert diagnostic_scorer(f"{name}_")(regressor) == values[0]
        return
    for layer, value in enumerate(values, start=1):
        assert diagnostic_scorer(f"{name}_{layer}")(regressor) == value
    with pytest.raises(ValueError, match=f"one for each of 2 layers: say .* {name}_1"):
        diagnostic_scorer(f"{name}_")(regressor)
    with pytest.raises(ValueError, match="must be from 1 to 2, got 3"):
        diagnostic_scorer(f"{name}_3")(regressor)


@pytest.mark.parametrize("diagnostics", ["all", None, ("relative_distance",)])
@pytest.mark.parametrize("net", [NET, REGRESSOR], ids=["classifier", "regressor"])
def test_the_columns_are_those_of_the_history(net, diagnostics):
    data = (X, y) if net is NET else (X_r, y_r)
    fitted = net.__class__(**{**net.get_params(), "diagnostics": diagnostics})
    columns = fitted.diagnostic_columns
    fitted.fit(*data)
    assert set(columns) == set(fitted.history_) - NOT_DIAGNOSTICS
    scoring = diagnostic_scoring(fitted)
    metric = "accuracy" if net is NET else "r2"
    assert list(scoring) == [metric, *columns]


def test_a_grid_search_in_a_pipeline_has_mean_and_std_of_every_diagnostic():
    search = GridSearchCV(
        PIPE, {WIDTH: [10, 20]}, scoring=diagnostic_scoring(PIPE), refit="accuracy"
    ).fit(X, y)
    results = search.cv_results_
    for name in ("accuracy", *REGISTRY):
        splits = [results[f"split{i}_test_{name}"] for i in range(5)]
        np.testing.assert_allclose(results[f"mean_test_{name}"], np.mean(splits, 0))
        np.testing.assert_allclose(
            results[f"std_test_{name}"], np.std(splits, 0), atol=1e-12
        )
    assert (results["mean_test_relative_distance"] > 0).all()


def test_a_grid_search_of_the_regressor_has_a_column_a_layer():
    search = GridSearchCV(
        REGRESSOR,
        {"width2": [5, 10]},
        scoring=diagnostic_scoring(REGRESSOR),
        refit="r2",
        cv=2,
    ).fit(X_r, y_r)
    for layer in (1, 2):
        column = search.cv_results_[f"mean_test_relative_distance_{layer}"]
        assert (column > 0).all()


@pytest.mark.parametrize(
    "search",
    [
        RandomizedSearchCV(
            PIPE,
            {WIDTH: [10, 20, 30]},
            n_iter=2,
            scoring=diagnostic_scoring(PIPE),
            refit="accuracy",
            random_state=0,
        ),
        HalvingGridSearchCV(
            NET,
            {"width": [10, 20, 40]},
            resource="max_iter",
            min_resources=4,
            max_resources=36,
            scoring=diagnostic_scorer("activation_change_"),
            random_state=0,
        ),
    ],
    ids=["randomized", "halving"],
)
def test_other_searches(search):
    assert search.fit(X, y).best_score_ > 0


def test_halving_gives_more_steps_to_the_better():
    search = HalvingGridSearchCV(
        NET,
        {"width": [10, 20, 40]},
        resource="max_iter",
        min_resources=4,
        max_resources=36,
        cv=2,
    ).fit(X, y)
    assert search.n_resources_ == [4, 12]
    assert search.best_estimator_.n_iter_ == 12


def test_curves_and_cross_validation():
    scorer = diagnostic_scorer("relative_distance_")
    train, test = validation_curve(
        PIPE, X, y, param_name=WIDTH, param_range=[10, 1000], scoring=scorer, cv=2
    )
    np.testing.assert_array_equal(train, test)  # no rows are looked at
    assert test[1].mean() < test[0].mean()
    _, _, scores = learning_curve(NET, X, y, scoring=scorer, cv=3, shuffle=True)
    assert scores.shape == (5, 3)
    found = cross_validate(
        NET, X, y, scoring=diagnostic_scoring(NET), return_estimator=True, cv=2
    )
    for estimator, distance in zip(
        found["estimator"], found["test_relative_distance"], strict=True
    ):
        assert estimator.relative_distance_ == distance


def test_it_looks_inside_meta_estimators():
    inner = TransformedTargetRegressor(REGRESSOR).fit(X_r, y_r)
    scorer = diagnostic_scorer("dead_samples_")
    assert scorer(inner) == inner.regressor_.dead_samples_
    search = GridSearchCV(PIPE, {WIDTH: [10]}, cv=2).fit(X, y)
    assert diagnostic_scorer("relative_distance_")(search) == (
        search.best_estimator_[-1].relative_distance_
    )


def test_an_estimator_without_it_is_refused_unless_told_otherwise():
    svm = SVC().fit(X, y)
    with pytest.raises(AttributeError, match="SVC must have the fitted attribute rel"):
        diagnostic_scorer("relative_distance_")(svm)
    assert np.isnan(diagnostic_scorer("relative_distance_", missing=np.nan)(svm))
    both = diagnostic_scoring({"net": NET, "svm": svm}, metrics=["f1_macro"])
    assert list(both) == ["f1_macro", *REGISTRY]
    assert np.isnan(both["relative_distance"](svm, X, y))
    assert repr(both["relative_distance"]) == (
        "diagnostic_scorer('relative_distance', missing=nan)"
    )


@pytest.mark.parametrize("name", ["", "2", None, "a-b"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="name must be that of a fitted attribute"):
        diagnostic_scorer(name)


def test_networks_of_other_layers_are_scored_side_by_side():
    both = OverparamReLUClassifier(
        20, train_readout=True, learning_rate=0.3, max_iter=10, random_state=0
    )
    scoring = diagnostic_scoring({"one": NET, "both": both})
    found = {}
    for name, net in {"one": NET, "both": both}.items():
        fitted = net.fit(X, y)
        scorers = {n: of for n, of in scoring.items() if callable(of)}
        found[name] = {n: score(fitted, X, y) for n, score in scorers.items()}
    for name, n_layers in {"one": 1, "both": 2}.items():
        figures = found[name]
        assert np.isnan(figures["relative_distance"]) == (name == "both")
        assert np.isnan(figures["relative_distance_2"]) == (n_layers == 1)
        assert figures["relative_distance_1"] > 0
        assert figures["coupling"] >= 0
    with pytest.raises(ValueError, match="one for each of 2 layers"):
        diagnostic_scorer("relative_distance")(both, X, y)
