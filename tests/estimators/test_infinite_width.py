"""The classifier of infinite width: its function, its state, its parameters."""

import pickle

import numpy as np
import pytest
import reference
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import infinite_width_gram

X, y = make_clustered_mixture(60, 8, n_classes=3, random_state=0)
X_NEW = make_clustered_mixture(20, 8, n_classes=3, random_state=1)[0]


def limit(**parameters):
    small = {
        "max_iter": 30,
        "n_iter_no_change": None,
        "initial_width": 50,
        "random_state": 0,
    }
    return InfiniteWidthReLUClassifier(**{**small, **parameters})


def slow_outputs(net, X_new):
    """f(0) + K∞(x, X) R, pair by pair."""
    constant = net.X_fit_.shape[1] > net.n_features_in_
    train, X_fit = X, net.X_fit_
    if hasattr(net, "scale_"):  # all is in the coordinates of the automatic step
        train, X_new = ((rows - net.offset_) / net.scale_ for rows in (train, X_new))
        X_fit = X_fit.copy()
        X_fit[:, :-1] = (X_fit[:, :-1] - net.offset_) / net.scale_
    rows = np.column_stack([X_new, np.ones(len(X_new))]) if constant else X_new
    K = [[reference.gated_linear_kernel(x, s) for s in X_fit] for x in rows]
    moved = np.array(K) @ net.dual_coef_
    if net.initial_width_ is None:
        return moved
    # The network of that width, not yet moved.
    start = OverparamReLUClassifier(
        net.initial_width_,
        learning_rate=1e-30,
        momentum=0.0,
        max_iter=1,
        fit_intercept=constant,
        random_state=0,
    ).fit(train, y)
    assert start.init_seed_ == net.init_seed_
    return start.decision_function(X_new) + moved


@pytest.mark.parametrize("initial_width", [None, 50])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("learning_rate", ["auto", 0.5])
def test_the_outputs_are_the_formula(learning_rate, fit_intercept, initial_width):
    net = limit(
        learning_rate=learning_rate,
        fit_intercept=fit_intercept,
        initial_width=initial_width,
        batch_size=7,
    ).fit(X, y)
    expected = slow_outputs(net, X_NEW)
    np.testing.assert_allclose(net.decision_function(X_NEW), expected, atol=1e-9)


def test_what_is_not_stored_is_computed():
    stored, computed = (
        limit(cache_size=size, batch_size=7).fit(X, y, X_val=X_NEW, y_val=np.ones(20))
        for size in (1000, 0)
    )
    np.testing.assert_allclose(stored.dual_coef_, computed.dual_coef_, atol=1e-12)
    for name, values in stored.history_.items():
        np.testing.assert_allclose(values, computed.history_[name], atol=1e-12)


def test_rows_that_no_batch_has_held_are_not_kept():
    net = limit(batch_size=5, max_iter=3).fit(X, y)
    assert net.X_fit_.shape == (15, 9)
    assert net.dual_coef_.shape == (15, 3)


def test_history_and_loss():
    net = limit(record_every=10).fit(X, y, X_val=X_NEW, y_val=np.zeros(20))
    assert list(net.history_["iteration"]) == [0, 10, 20, 30]
    assert set(net.history_) == {
        *("iteration", "loss", "score", "val_loss", "val_score"),
        "distance_constant",
    }
    o = net.predict_proba(X)[np.arange(len(y)), y]
    assert net.loss_ == pytest.approx(float(-np.log(o).mean()))
    assert net.history_["loss"][-1] == pytest.approx(net.loss_)  # all 60 rows
    assert net.history_["distance_constant"][-1] == net.distance_constant_
    score = np.mean(net.predict(X_NEW) == 0)
    assert net.history_["val_score"][-1] == pytest.approx(score)


def test_the_training_rows_are_copied():
    X_mine = X.copy()
    net = limit().fit(X_mine, y)
    before = net.decision_function(X_NEW)
    X_mine[:] = 0
    np.testing.assert_array_equal(net.decision_function(X_NEW), before)


def test_a_pickle_predicts_the_same():
    net = limit().fit(X.astype("f4"), y)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(X_NEW), net.predict_proba(X_NEW))
    assert net.dual_coef_.dtype == np.float32


def test_sparse_rows_are_made_dense():
    dense, rare = limit().fit(X, y), limit().fit(sparse.csr_array(X), y)
    np.testing.assert_allclose(
        dense.decision_function(X_NEW), rare.decision_function(sparse.csr_array(X_NEW))
    )


def test_early_stopping_keeps_the_best_function():
    net = limit(learning_rate=20.0, early_stopping=True, record_every=1)
    net.set_params(n_iter_no_change=3, fit_intercept=False).fit(X, y)
    scores = net.history_["val_score"]
    best = int(np.argmax(scores))
    assert net.best_validation_score_ == scores[best]
    assert net.n_iter_ > best > 0
    again = limit(learning_rate=20.0, early_stopping=True, fit_intercept=False)
    again.set_params(max_iter=int(net.history_["iteration"][best])).fit(X, y)
    np.testing.assert_array_equal(net.dual_coef_, again.dual_coef_)
    np.testing.assert_array_equal(net.predict_proba(X), again.predict_proba(X))
    R, K = net.dual_coef_, infinite_width_gram(net.X_fit_)
    distance = np.sqrt(np.trace(R.T @ K @ R) / X.shape[1])
    assert net.distance_constant_ == pytest.approx(distance)
    assert net.distance_constant_ == net.history_["distance_constant"][best]


def test_the_start_may_be_the_best_function():
    """No row has been seen then: R has none."""
    net = limit(learning_rate=1e-9, early_stopping=True, record_every=1, max_iter=20)
    net.set_params(n_iter_no_change=3).fit(X, y)
    assert net.dual_coef_.shape == (0, 3)
    assert net.distance_constant_ == 0
    start = clone(net).set_params(learning_rate=1e-300, early_stopping=False).fit(X, y)
    np.testing.assert_allclose(net.predict_proba(X), start.predict_proba(X))


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_its_distance_is_the_limit_of_the_networks(fit_intercept):
    """On small rows an intercept moves most; neither counts its column."""
    common = {
        "fit_intercept": fit_intercept,
        "random_state": 0,
        "max_iter": 30,
        "n_iter_no_change": None,
    }
    net = OverparamReLUClassifier(20_000, learning_rate=5.0, **common).fit(X / 10, y)
    own = limit(initial_width=20_000, learning_rate=5.0, **common).fit(X / 10, y)
    ratio = net.relative_distance_ * net.width**0.5 / own.distance_constant_
    assert ratio == pytest.approx(1, abs=0.02)


def test_a_grid_search_over_its_step():
    search = GridSearchCV(limit(), {"learning_rate": [0.1, 1.0]}, cv=3).fit(X, y)
    assert search.best_score_ > 0.5


@pytest.mark.parametrize(
    ("name", "value", "must_be"),
    [
        ("initial_width", 0, "None or an integer >= 1"),
        ("cache_size", -1, "a finite number >= 0"),
    ],
)
def test_bad_parameters(name, value, must_be):
    with pytest.raises(ValueError, match=f"{name} must be {must_be}, got {value}"):
        limit(**{name: value}).fit(X, y)


def test_unfitted():
    with pytest.raises(NotFittedError):
        limit().predict(X)
