"""W(0) by its seed and an update of low rank."""

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.svm import SVC
from sklearn.utils import get_tags

from overparam_sk import (
    CompressedClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import effective_rank

X, y = make_clustered_mixture(80, 12, n_classes=3, random_state=0)


def fitted(kind=OverparamReLUClassifier, **parameters):
    return kind(
        **{
            "width": 40,
            "max_iter": 50,
            "n_iter_no_change": None,
            "random_state": 0,
            **parameters,
        }
    ).fit(X, y)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_the_full_rank_is_the_network(kind, fit_intercept):
    net = fitted(kind, fit_intercept=fit_intercept)
    small = net.compress(12 + fit_intercept)
    again = small.expand()
    np.testing.assert_allclose(again.hidden_weights_, net.hidden_weights_, atol=1e-12)
    np.testing.assert_array_equal(again.readout_weights_, net.readout_weights_)
    np.testing.assert_array_equal(again.initial_weights(), net.initial_weights())
    for name in ("decision_function", "predict_proba", "predict"):
        np.testing.assert_allclose(
            getattr(small, name)(X), getattr(net, name)(X), atol=1e-10
        )
    assert small.score(X, y) == net.score(X, y)


@pytest.mark.parametrize("rank", [0, 1, 5])
def test_the_update_is_the_best_of_its_rank(rank):
    net = fitted(fit_intercept=False)
    again = net.compress(rank).expand()
    lost = np.linalg.norm(net.hidden_weights_ - again.hidden_weights_)
    s = net.update_singular_values_
    assert lost == pytest.approx(np.linalg.norm(s[rank:]))  # Eckart and Young


def test_none_is_the_effective_rank():
    net = fitted(fit_intercept=False)
    assert net.compress().rank_ == net.effective_rank_
    s = net.update_singular_values_
    r = net.effective_rank_
    assert np.sum(s[:r] ** 2) >= 0.99 * np.sum(s**2) > np.sum(s[: r - 1] ** 2)


def test_a_pickle_is_small_and_predicts_the_same():
    net = fitted(width=2000, fit_intercept=False)
    small = net.compress(2)
    kept = pickle.dumps(small)
    numbers = 2 * (2000 + 12) * 8
    assert numbers < len(kept) < numbers + 3000
    again = pickle.loads(kept)
    np.testing.assert_array_equal(again.predict_proba(X), small.predict_proba(X))


def test_the_state_is_plain_but_for_the_unfitted_classifier():
    small = fitted(kind=LinearizedReLUClassifier).compress(2)
    kept = {n: v for n, v in vars(small).items() if n.endswith("_")}
    whole = kept.pop("estimator_")
    assert type(whole) is LinearizedReLUClassifier
    assert not [name for name in vars(whole) if name.endswith("_")]
    assert whole is not small.estimator
    for value in kept.values():
        assert isinstance(value, (np.ndarray, int, float, str))


def test_a_truncated_one_is_that_of_the_smaller_rank():
    net = fitted()
    small, cut = net.compress(3), net.compress(8).truncate(3)
    np.testing.assert_allclose(cut.left_ @ cut.right_, small.left_ @ small.right_)
    assert len(pickle.dumps(cut)) == len(pickle.dumps(small))
    with pytest.raises(ValueError, match="at most 3, got 4"):
        cut.truncate(4)


def test_feature_names_stay():
    pandas = pytest.importorskip("pandas")
    named = pandas.DataFrame(X, columns=[f"x{i}" for i in range(12)])
    net = OverparamReLUClassifier(
        40, max_iter=5, n_iter_no_change=None, random_state=0
    ).fit(named, y)
    small = net.compress(13)
    fitted_whole = clone(small).fit(named, y)
    for kept in (small, small.truncate(3), small.expand(), fitted_whole):
        np.testing.assert_array_equal(kept.feature_names_in_, named.columns)
        with pytest.raises(ValueError, match="same order"):
            kept.predict(named[named.columns[::-1]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small.predict(named)
    assert not hasattr(fitted().compress(2), "feature_names_in_")


def test_it_takes_what_the_classifier_takes():
    small = fitted().compress(3)
    assert get_tags(small).input_tags.sparse
    sparse_outputs = small.decision_function(sparse.csr_array(X))
    np.testing.assert_allclose(sparse_outputs, small.decision_function(X))


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_what_is_expanded_can_be_trained_further(kind):
    net = fitted(kind, warm_start=True)
    again = net.compress(13).expand()
    assert again.n_iter_ == net.n_iter_ == 50
    again.fit(X, y)
    net.fit(X, y)
    assert again.n_iter_ == net.n_iter_ == 100
    np.testing.assert_allclose(again.decision_function(X), net.decision_function(X))
    assert again.history_["iteration"][0] == 50


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_what_is_expanded_takes_more_data(kind):
    """At the learning rate of the fit, which these rows alone would not give."""
    net = fitted(kind)
    again = net.compress(13).expand()
    for trained in (net, again):
        trained.partial_fit(3 * X[:70], y[:70])
    assert again.n_iter_ == net.n_iter_ > 50
    assert again.learning_rate_ == net.learning_rate_
    np.testing.assert_allclose(again.decision_function(X), net.decision_function(X))


def test_float32_stays():
    net = OverparamReLUClassifier(40, max_iter=5, n_iter_no_change=None, random_state=0)
    small = net.fit(X.astype("f4"), y).compress(3)
    assert small.left_.dtype == small.right_.dtype == np.float32
    assert small.expand().hidden_weights_.dtype == np.float32


@pytest.mark.parametrize("rank", [-1, 14, 1.5, True, "all"])
def test_other_ranks_are_refused(rank):
    with pytest.raises(ValueError, match="rank must be an integer >= 0 and at most 13"):
        fitted().compress(rank)
    small = CompressedClassifier(fitted(max_iter=1), rank)
    with pytest.raises(ValueError, match=f"rank must be .* got {rank!r}"):
        small.fit(X, y)


def test_unfitted():
    with pytest.raises(NotFittedError):
        OverparamReLUClassifier().compress()
    small = CompressedClassifier(OverparamReLUClassifier())
    for method in (small.expand, lambda: small.truncate(1), lambda: small.predict(X)):
        with pytest.raises(NotFittedError, match="CompressedClassifier"):
            method()


@pytest.mark.parametrize("rank", [None, 0, 3])
@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_fit_trains_and_compresses(kind, rank):
    net = kind(40, max_iter=20, n_iter_no_change=None, random_state=0)
    whole = CompressedClassifier(net, rank)
    held = {"X_val": X[:10], "y_val": y[:10]}
    assert whole.fit(X, y, np.linspace(0, 1, 80), **held) is whole
    assert not hasattr(net, "hidden_weights_")
    made = clone(net).fit(X, y, np.linspace(0, 1, 80), **held).compress(rank)
    assert repr(made) == repr(whole)
    assert sorted(vars(made)) == sorted(vars(whole))
    for small in (made, whole, clone(made).fit(X, y, np.linspace(0, 1, 80))):
        assert small.n_iter_ == 20
        np.testing.assert_array_equal(small.predict_proba(X), made.predict_proba(X))


def test_its_parameters_are_those_of_the_classifier_and_the_rank():
    small = fitted().compress(3)
    assert repr(small).startswith("CompressedClassifier(estimator=OverparamReLU")
    assert "rank=3" in repr(small)
    assert small.get_params()["estimator__width"] == 40
    assert small.truncate(2).get_params()["rank"] == 2
    assert small.rank_ == 3
    other = clone(small).set_params(rank=1, estimator__width=7).fit(X, y)
    assert other.left_.shape == (7, 1)


def test_a_parameter_that_is_set_afterwards_changes_no_fitted_network():
    small = fitted(kind=LinearizedReLUClassifier).compress(3)
    before = small.decision_function(X)
    cut = small.truncate(2).decision_function(X)
    small.set_params(estimator__fit_intercept=False, rank=1)
    np.testing.assert_array_equal(small.decision_function(X), before)
    small.set_params(estimator=OverparamReLUClassifier())
    np.testing.assert_array_equal(small.decision_function(X), before)
    np.testing.assert_array_equal(small.truncate(2).decision_function(X), cut)


def test_a_fit_that_fails_leaves_nothing_of_the_one_before():
    small = fitted().compress(3).set_params(estimator__max_iter=-1)
    with pytest.raises(ValueError, match="max_iter must be"):
        small.fit(X, y)
    with pytest.raises(NotFittedError):
        small.predict(X)


@pytest.mark.parametrize("other", [TwoHiddenReLURegressor(), SVC(), None, "net"])
def test_what_cannot_be_compressed_is_refused(other):
    match = "estimator must be a classifier that can be compressed.*got "
    with pytest.raises(ValueError, match=match):
        CompressedClassifier(other).fit(X, y)


@pytest.mark.parametrize(
    ("values", "share", "rank"),
    [
        ([2.0, 1.0], 0.8, 1),
        ([2.0, 1.0], 0.81, 2),
        ([1e-200, 1e-200], 0.99, 2),
        ([0.0, 0.0], 0.99, 0),
        ([], 0.99, 0),
        ([1.0, 1.0], 1, 2),
    ],
)
def test_effective_rank(values, share, rank):
    assert effective_rank(values, share) == rank


@pytest.mark.parametrize("share", [0, 1.1, -1])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match=r"share must be a number in \(0, 1\]"):
        effective_rank([1.0], share)
