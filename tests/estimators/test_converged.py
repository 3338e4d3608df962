"""Defaults end where nothing is left to gain, whatever the columns are, or say so."""

import warnings
from functools import partial

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
)

NETS = {
    "classifier": partial(OverparamReLUClassifier, 200, random_state=0),
    "linearized": partial(LinearizedReLUClassifier, 200, random_state=0),
    "infinite": partial(InfiniteWidthReLUClassifier, initial_width=200, random_state=0),
}
WINE, IRIS = (load(return_X_y=True) for load in (load_wine, load_iris))


def with_column(column):
    X, y = IRIS
    return np.column_stack([X, np.broadcast_to(column, len(X))]), y


noise = np.random.default_rng(0).normal(size=150)
SCALES = {
    "raw wine": WINE,
    "large": (1e4 * IRIS[0], IRIS[1]),
    "tiny": (1e-6 * IRIS[0], IRIS[1]),
    "offset": (IRIS[0] + 1e5, IRIS[1]),
    "a large column": with_column(1e6 * noise),
    "a column far away": with_column(noise + 1e6),
    "a constant column": with_column(1e6),
    "float32": (WINE[0].astype(np.float32), WINE[1]),
    "float32, far away": ((10 * IRIS[0] + 1e7).astype(np.float32), IRIS[1]),
    "sparse": (sparse.csr_array(WINE[0]), WINE[1]),
}


def said(net, X, y):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        net.fit(X, y)
    return [str(warning.message) for warning in found]


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
@pytest.mark.parametrize(("X", "y"), SCALES.values(), ids=SCALES)
def test_columns_of_any_scale_are_fitted(X, y, make):
    net = make(diagnostics=None) if "width" in make().get_params() else make()
    assert said(net, X, y) == []
    assert net.n_iter_ < 1000
    assert net.score(X, y) >= 0.97


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_units_of_the_columns_do_not_matter(make):
    X, y = WINE
    other = X * np.logspace(-3, 3, X.shape[1]) + np.logspace(3, -3, X.shape[1])
    net, same = (make(max_iter=20, n_iter_no_change=None) for _ in range(2))
    expected = net.fit(X, y).decision_function(X)
    found = same.fit(other, y).decision_function(other)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    lengths = np.square((X - net.offset_) / net.scale_).sum(axis=1)
    assert lengths.mean() == pytest.approx(4)
    np.testing.assert_allclose(net.offset_, X.mean(axis=0))


UNCONVERGED = {
    "one step": ({"max_iter": 1}, *IRIS),
    "no intercept": ({"fit_intercept": False, "max_iter": 300}, *WINE),
    "few steps": ({"max_iter": 9}, *IRIS),
}


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
@pytest.mark.parametrize(("options", "X", "y"), UNCONVERGED.values(), ids=UNCONVERGED)
def test_a_fit_that_ends_before_warns(options, X, y, make):
    with pytest.warns(
        ConvergenceWarning, match="hasn't converged yet.* max_iter or tol"
    ):
        net = make(**options).fit(X, y)
    assert net.n_iter_ == options["max_iter"]
    for silent in ({"n_iter_no_change": None}, {"learning_rate": 1e-5}):
        assert not any(
            "converged" in text for text in said(make(**options | silent), X, y)
        )
    if hasattr(net, "partial_fit"):
        net.partial_fit(X, y)


def words(scale):
    """Rows that are sparse for good: counts of few words, times a scale."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=60)
    counts = np.zeros((60, 3000))
    for row, label in zip(counts, y, strict=True):
        np.add.at(row, rng.integers(1500 * label, 1500 * label + 1500, 20), scale)
    return sparse.csr_array(counts), y


# Scales that no coordinates make up for: the loss is flat far from anything.
OUT_OF_SCALE = {
    "words": words(1e6),
    "huge": ((1e12 * IRIS[0]).astype(np.float32), IRIS[1]),
    "tiny": ((1e-12 * IRIS[0]).astype(np.float32), IRIS[1]),
    "huge, float64": (1e150 * IRIS[0], IRIS[1]),
}


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
@pytest.mark.parametrize(("X", "y"), OUT_OF_SCALE.values(), ids=OUT_OF_SCALE)
def test_a_loss_that_is_flat_before_anything_was_learnt_is_said(X, y, make):
    net = make(max_iter=300)
    words_of = said(net, X, y)
    assert not hasattr(net, "scale_")
    assert net.score(X, y) > 0.9 or any("Scale the columns" in w for w in words_of)


@pytest.mark.parametrize("make", [NETS["classifier"], NETS["linearized"]])
def test_rows_that_come_one_by_one_do_not_decide_the_scale(make):
    X, y = WINE
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    net = make()
    for _ in range(2):
        for row, label in zip(X, y, strict=True):
            net.partial_fit(row[None], [label], classes=[0, 1, 2])
    assert net.score(X, y) > 0.97


@pytest.mark.parametrize("make", [NETS["classifier"], NETS["linearized"]])
def test_who_goes_on_is_not_told_each_time(make):
    net = make(max_iter=9, warm_start=True)
    assert any("converged" in text for text in said(net, *IRIS))
    assert said(net, *IRIS) == []
    assert net.n_iter_ == 18


@pytest.mark.parametrize("make", NETS.values(), ids=NETS)
def test_where_a_fit_ends_does_not_depend_on_what_is_recorded(make):
    X, y = WINE
    usual = make(batch_size=50).fit(X, y)
    assert 1 < usual.n_iter_ < 1000
    entries = usual.history_["iteration"]
    assert len(entries) >= 8
    assert entries[-1] == usual.n_iter_
    for every in (1, 7, None, (3, 5)):
        net = make(batch_size=50, record_every=every).fit(X, y)
        assert net.n_iter_ == usual.n_iter_
        np.testing.assert_allclose(
            net.decision_function(X), usual.decision_function(X), rtol=1e-6, atol=1e-7
        )


@pytest.mark.parametrize("name", ["classifier", "linearized"])
def test_the_start_is_regenerated_and_kept_by_what_goes_on(name):
    X, y = WINE
    net = NETS[name](max_iter=30, n_iter_no_change=None).fit(X, y)
    start = net.initial_weights()
    moved = np.linalg.norm(net.hidden_weights_ - start)
    assert net.weight_change_ == pytest.approx(moved)
    assert net.relative_distance_ == pytest.approx(moved / np.linalg.norm(start))
    scale = net.scale_
    net.partial_fit(X[::2], y[::2])
    np.testing.assert_array_equal(net.scale_, scale)
    np.testing.assert_array_equal(net.initial_weights(), start)
    again = net.compress(len(X[0]) + 1).expand()
    np.testing.assert_allclose(again.hidden_weights_, net.hidden_weights_, atol=1e-9)
    given = NETS[name](learning_rate=1e-6, max_iter=1).fit(X, y)
    assert not hasattr(given, "scale_")
