"""Several targets, as scikit-learn's own regressors have them."""

import numpy as np
import pytest
from estimators.small_nets import ALL, deep_regressor, regressor
from scipy import sparse
from sklearn.base import is_regressor
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score

from overparam_sk.diagnostics import gram_matrix, residual_modes
from overparam_sk.theory import (
    gradient_flow,
    theory_sheet,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 4))
Y = np.column_stack([X[:, 0], np.sin(X[:, 1]), 5 * X[:, 2] ** 2])
WEIGHT = rng.uniform(0.5, 2, size=30)
MULTI = {
    name: make
    for name, make in ALL.items()
    if is_regressor(make()) and make().__sklearn_tags__().target_tags.multi_output
}
LONGER = {"max_iter": 40}


@pytest.fixture(params=MULTI.values(), ids=MULTI)
def make(request):
    return request.param


def test_the_regressors_that_are_trained_take_several():
    assert {"regressor", "deep_regressor"} <= {*MULTI}


def test_a_prediction_has_a_column_a_target(make):
    net = make(**LONGER).fit(X, Y, WEIGHT)
    assert net.predict(X).shape == Y.shape
    assert net.predict(X[:1]).shape == (1, 3)
    expected = r2_score(Y, net.predict(X), sample_weight=WEIGHT)
    assert net.score(X, Y, WEIGHT) == pytest.approx(expected)
    assert net.history_["score"][-1] == pytest.approx(expected)
    squares = ((net.predict(X) - Y) ** 2).sum(axis=1)
    assert net.loss_ == pytest.approx((WEIGHT * squares).sum() / 2)
    assert net.loss_ < net.history_["loss"][0]
    assert np.isfinite(cross_val_score(make(), X, Y, cv=3)).all()


def test_a_column_is_one_target_as_in_scikit_learn(make):
    flat = make().fit(X, Y[:, 0])
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        column = make().fit(X, Y[:, :1])
    assert column.predict(X).shape == (30,)
    np.testing.assert_array_equal(column.predict(X), flat.predict(X))


def test_targets_may_be_whole_numbers_lists_and_frames(make):
    counts = np.arange(60).reshape(30, 2) % 7
    expected = make().fit(X, counts.astype(float)).predict(X)
    for same in (counts, counts.tolist(), counts.astype(object)):
        np.testing.assert_array_equal(make().fit(X, same).predict(X), expected)


# what -> (y, scikit-learn's words)
REFUSED = {
    "no target": (Y[:, :0], r"0 feature\(s\)"),
    "too many axes": (Y[None], r"dim 3"),
    "fewer rows": (Y[:-1], "inconsistent numbers of samples"),
    "NaN": (np.where(Y > 2, np.nan, Y), "contains NaN"),
    "infinity": (np.where(Y > 2, np.inf, Y), "contains infinity"),
    "sparse": (sparse.csr_array(Y), "dense data is required"),
    "words": (np.full(Y.shape, "a"), "could not convert string|numeric"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_bad_targets_are_refused(make, what):
    bad, words = REFUSED[what]
    net = make()
    with pytest.raises((ValueError, TypeError), match=words):
        net.fit(X, bad)
    assert not net.__sklearn_is_fitted__()


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_validation_set_has_the_same_targets(make, early_stopping):
    options = {"early_stopping": early_stopping, **LONGER}
    net = make(**options).fit(X, Y, X_val=X[:9], y_val=Y[:9])
    expected = r2_score(Y[:9], net.predict(X[:9]))
    best = max(net.history_["val_score"])
    assert expected == pytest.approx(
        best if early_stopping else net.history_["val_score"][-1]
    )
    for held in (Y[:9, :2], Y[:9, 0]):
        told = 1 if held.ndim == 1 else 2
        with pytest.raises(ValueError, match=f"y_val must have .* 3 .* got {told}"):
            make(**options).fit(X, Y, X_val=X[:9], y_val=held)
    apart = make(**{**options, "validation_fraction": 0.3}).fit(X, Y)
    assert hasattr(apart, "best_validation_score_") == early_stopping


@pytest.mark.parametrize("goes_on", ["fit", "partial_fit"])
def test_who_goes_on_keeps_the_number_of_targets(make, goes_on):
    for before, after, told in ((Y, Y[:, 0], (3, 1)), (Y[:, 0], Y, (1, 3))):
        net = make(warm_start=True).fit(X, before)
        with pytest.raises(
            ValueError, match="n_targets must stay {}, .*got {}".format(*told)
        ):
            getattr(net, goes_on)(X, after)
        assert net.predict(X).shape == before.shape
        iterations = net.n_iter_
        assert getattr(net, goes_on)(X, before).n_iter_ > iterations


def test_a_weight_of_two_is_a_row_given_twice(make):
    times = np.arange(30) % 3
    twice = make(**LONGER).fit(np.repeat(X, times, 0), np.repeat(Y, times, 0))
    weighted = make(**LONGER).fit(X, Y, times)
    np.testing.assert_allclose(weighted.predict(X), twice.predict(X), rtol=1e-8)


def test_a_target_that_is_constant_counts_as_scikit_learn_has_it(make):
    targets = np.column_stack([Y[:, 0], np.ones(30)])
    net = make(**LONGER).fit(X, targets)
    expected = r2_score(targets, net.predict(X))
    assert net.history_["score"][-1] == pytest.approx(expected)


def test_what_can_be_learnt_is_learnt():
    scaled = (Y - Y.mean(axis=0)) / Y.std(axis=0)
    for make, widths in (
        (regressor, {"width1": 30, "width2": 200}),
        (deep_regressor, {"hidden_widths": (30, 200)}),
    ):
        net = make(**widths, max_iter=2000, row_norm=None).fit(X, scaled)
        linear = LinearRegression().fit(X, scaled).score(X, scaled)
        assert net.score(X, scaled) > max(0.97, linear)


def test_theory_is_of_one_target():
    net = regressor(learning_rate=1e-3).fit(X, Y)
    for look in (
        lambda y: residual_modes(net, X, y),
        lambda y: gradient_flow(net, X, y, [0.1]),
        lambda y: theory_sheet(net, X, y),
    ):
        for y in (Y, Y[:, 0]):
            with pytest.raises(ValueError, match=r"target|1-D|1d array"):
                look(y)


def test_the_gram_matrix_is_the_mean_over_the_targets(make):
    net = make().fit(X, Y)
    full = gram_matrix(net, X, which="full")
    mean = sum(full[i::3, i::3] for i in range(3)) / 3
    np.testing.assert_allclose(gram_matrix(net, X), mean, rtol=1e-12)
    smallest = np.linalg.eigvalsh(mean)[0]
    assert net.gram_lambda_min_ == pytest.approx(smallest, abs=1e-12)
