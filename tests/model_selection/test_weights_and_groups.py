"""sample_weight and groups, as scikit-learn's searches take them."""

import numpy as np
import pytest
from joblib import parallel_config
from model_selection.counted import Counted
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    StratifiedKFold,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import diagnostic_scorer, width_study

X, y = load_iris(return_X_y=True)
X, y = X[::2], y[::2]
WEIGHTS = np.linspace(0, 1, len(y))
GROUPS = np.arange(len(y)) % 7
METRIC = "neg_log_loss"
LOGISTIC = LogisticRegression(max_iter=500)


def accuracy(model, X, y):
    return model.score(X, y)


def scores(model, param, **options):
    study = width_study(
        model, X, y, param=param, values=[0.01, 0.1], repeats=1, **options
    )
    assert study.failures == []
    (name,) = study.metrics
    return [[f.scores[name] for f in study.fits if f.value == v] for v in [0.01, 0.1]]


def search(model, param, cv, scoring, **fit_params):
    found = GridSearchCV(
        model, {param: [0.01, 0.1]}, cv=cv, scoring=scoring, refit=False
    )
    results = found.fit(X, y, **fit_params).cv_results_
    return [
        [results[f"split{fold}_test_score"][i] for fold in range(found.n_splits_)]
        for i in range(2)
    ]


@pytest.mark.parametrize(
    ("model", "param"),
    [
        (LOGISTIC, "C"),
        (
            OverparamReLUClassifier(20, max_iter=30, n_iter_no_change=None),
            "learning_rate",
        ),
    ],
)
@pytest.mark.parametrize("form", [np.asarray, list])
@pytest.mark.parametrize("scoring", [METRIC, accuracy])
@pytest.mark.filterwarnings("ignore:The scoring .* does not support sample_weight")
def test_weights_are_those_of_a_search(model, param, form, scoring):
    (fit,) = width_study(
        model,
        X,
        y,
        X_test=X,
        y_test=y,
        param="tol",
        values=[1e-3],
        repeats=1,
        random_state=0,
    ).fits
    model = clone(model).set_params(random_state=fit.seed)
    options = {"cv": StratifiedKFold(3), "scoring": scoring}
    weights = {"sample_weight": form(WEIGHTS)}
    weighted = scores(model, param, random_state=0, **options, **weights)
    # Fits of a small width are done as one: equal up to rounding.
    expected = search(model, param, **options, **weights)
    np.testing.assert_allclose(weighted, expected, rtol=1e-9)
    assert weighted != scores(model, param, random_state=0, **options)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (make_pipeline(StandardScaler(), LOGISTIC), "logisticregression"),
        (
            make_pipeline(PCA(), make_pipeline(PCA(), LOGISTIC)),
            "pipeline__logisticregression",
        ),
    ],
)
def test_in_a_pipeline_they_are_for_its_last_step(model, name):
    weights = {f"{name}__sample_weight": WEIGHTS}
    options = {"cv": StratifiedKFold(3), "scoring": accuracy}
    found = scores(model, f"{name}__C", **options, sample_weight=WEIGHTS)
    assert found == search(model, f"{name}__C", **options, **weights)


def test_scorers_of_both_kinds_side_by_side():
    scoring = {
        "plain": accuracy,
        "weighted": METRIC,
        "missing": diagnostic_scorer("a_", missing=0.0),
    }
    options = {"param": "C", "values": [1.0], "repeats": 1, "cv": StratifiedKFold(2)}
    study = width_study(
        LOGISTIC,
        X,
        y,
        sample_weight=WEIGHTS,
        scoring=scoring,
        return_train_score=True,
        **options,
    )
    for fit, (train, test) in zip(study.fits, options["cv"].split(X, y), strict=True):
        model = clone(LOGISTIC).fit(X[train], y[train], sample_weight=WEIGHTS[train])
        expected = {}
        for prefix, rows in (("", test), ("train_", train)):
            loss = log_loss(
                y[rows], model.predict_proba(X[rows]), sample_weight=WEIGHTS[rows]
            )
            expected[f"{prefix}plain"] = model.score(X[rows], y[rows])
            expected[f"{prefix}weighted"] = -loss
            expected[f"{prefix}missing"] = 0.0
        assert fit.scores == expected
        assert list(fit.scores) == list(expected)


def test_weights_beside_a_test_set():
    study = width_study(
        {"a": Ridge(), "b": GridSearchCV(Ridge(), {"alpha": [1.0]}, cv=2)},
        *(X, y),
        X_test=X,
        y_test=y,
        sample_weight=WEIGHTS,
        param="tol",
        values=[1e-4],
        repeats=1,
        scoring="r2",
    )
    expected = Ridge(1.0).fit(X, y, sample_weight=WEIGHTS).score(X, y)
    assert [fit.scores["r2"] for fit in study.fits] == [expected, expected]


def test_an_estimator_without_weights_is_refused_by_name():
    named = {"net": LOGISTIC, "knn": make_pipeline(PCA(), KNeighborsClassifier())}
    with pytest.raises(ValueError, match=r"sample_weight must be None where .* knn"):
        width_study(named, X, y, param="C", values=[1.0], sample_weight=WEIGHTS)


@pytest.mark.parametrize(
    "cv",
    [
        GroupKFold(3),
        StratifiedGroupKFold(3),
        LeaveOneGroupOut(),
        GroupShuffleSplit(2, random_state=0),
    ],
)
@pytest.mark.parametrize("form", [np.asarray, list])
def test_groups_go_to_the_splitter(cv, form):
    found = scores(LOGISTIC, "C", cv=cv, groups=form(GROUPS), scoring=METRIC)
    assert found == search(LOGISTIC, "C", cv, METRIC, groups=GROUPS)


class Own:
    """A splitter that is not scikit-learn's."""

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1

    def split(self, X, y=None, groups=None):
        yield np.flatnonzero(groups), np.flatnonzero(groups == 0)


def test_a_splitter_of_ones_own_gets_them_too():
    study = width_study(
        LOGISTIC, X, y, param="C", values=[1.0], repeats=1, cv=Own(), groups=GROUPS
    )
    alone = LOGISTIC.fit(X[GROUPS > 0], y[GROUPS > 0])
    (fit,) = study.fits
    assert fit.scores["accuracy"] == alone.score(X[GROUPS == 0], y[GROUPS == 0])


@pytest.mark.parametrize("cv", [None, 3, KFold(3), StratifiedKFold(3), [([0], [1])]])
def test_groups_that_nothing_looks_at_are_refused(cv):
    with pytest.raises(ValueError, match=r"cv must be a splitter by groups, .* got "):
        width_study(LOGISTIC, X, y, param="C", values=[1.0], cv=cv, groups=GROUPS)


def test_a_callable_gives_its_own_data():
    for name in ("sample_weight", "groups"):
        with pytest.raises(
            ValueError, match=f"{name} must be None where X is a callable"
        ):
            width_study(Counted(), lambda seed: (X, y), values=[1], **{name: GROUPS})


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sample_weight": WEIGHTS[::-1]}, "data.repeat 0.sample_weight"),
        ({"sample_weight": None}, "data.repeat 0.sample_weight"),
        ({"groups": GROUPS + 1}, "data.repeat 0.groups"),
        ({"groups": GROUPS[::-1]}, "data.repeat 0.groups"),
    ],
)
def test_both_decide_which_study_it_is(tmp_path, change, place):
    options = {
        "param": "C",
        "values": [1.0],
        "repeats": 1,
        "random_state": 0,
        "cv": GroupKFold(2),
        "store": tmp_path,
    }
    before = {"sample_weight": WEIGHTS, "groups": GROUPS}
    width_study(LOGISTIC, X, y, **options, **before)
    width_study(LOGISTIC, X, y, **options, **before)
    with pytest.raises(ValueError, match=place):
        width_study(LOGISTIC, X, y, **options, **{**before, **change})


def test_a_frozen_estimator_is_a_baseline(tmp_path):
    fitted = LogisticRegression(max_iter=500).fit(X[:40], y[:40])
    named = {
        "net": Counted(),
        "frozen": FrozenEstimator(fitted),
        "step": make_pipeline(FrozenEstimator(StandardScaler().fit(X)), LOGISTIC),
        "top": FrozenEstimator(make_pipeline(StandardScaler(), LOGISTIC).fit(X, y)),
    }
    options = {"values": [2], "repeats": 2, "cv": 3, "scoring": "accuracy"}
    study = width_study(named, X, y, **options, store=tmp_path)
    assert study.failures == []
    of_frozen = [f.scores["accuracy"] for f in study.fits if f.estimator == "frozen"]
    folds = list(StratifiedKFold(3).split(X, y))
    assert of_frozen == 2 * [fitted.score(X[test], y[test]) for _, test in folds]
    assert len(width_study(named, X, y, **options, store=tmp_path).fits) == 24
    named["frozen"] = FrozenEstimator(LogisticRegression(max_iter=500).fit(X, y))
    with pytest.raises(ValueError, match=r"estimators\.frozen\.checksum: "):
        width_study(named, X, y, **options, store=tmp_path)


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
def test_a_backend_that_hands_over_all_at_the_end_is_refused(n_jobs, tmp_path):
    with (
        parallel_config("multiprocessing", n_jobs=n_jobs),
        pytest.raises(
            ValueError, match=r"must be 'loky', 'threading', .* or 'dask', .* Multi"
        ),
    ):
        width_study(LOGISTIC, X, y, param="C", values=[1.0], store=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_random_state_that_the_study_sets_is_no_difference(tmp_path):
    def of(seed):
        net = OverparamReLUClassifier(
            max_iter=3, n_iter_no_change=None, random_state=seed
        )
        pipe = make_pipeline(PCA(random_state=seed), net)
        options = {"values": [4], "repeats": 1, "cv": 2, "random_state": 0}
        return width_study(pipe, X, y, **options, store=tmp_path)

    assert of(1).fits == of(2).fits == of(None).fits


def test_a_random_state_that_it_does_not_set_is_one(tmp_path):
    def of(seed):
        grid = GridSearchCV(
            LOGISTIC, {"C": [1.0]}, cv=KFold(2, shuffle=True, random_state=seed)
        )
        options = {"values": [1.0], "repeats": 1, "cv": 2, "random_state": 0}
        width_study(
            {"n": LOGISTIC, "g": grid}, X, y, param="tol", **options, store=tmp_path
        )

    of(1)
    with pytest.raises(
        ValueError, match=r"estimators\.g\.cv\.random_state: 1 there, 2 h"
    ):
        of(2)


def test_the_backend_without_workers_does_as_the_others():
    options = {"param": "C", "values": [1.0], "repeats": 1, "cv": 2}
    with parallel_config("sequential"):
        study = width_study(LOGISTIC, X, y, **options)
    assert study.failures == []
