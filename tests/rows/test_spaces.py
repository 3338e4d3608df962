"""Training in the space of the rows is training."""

import numpy as np
import pytest
import torch
from scipy import sparse

from overparam_sk import OverparamReLUClassifier
from overparam_sk.rows import as_rows, row_space
from overparam_sk.rows.spaces import BasisSpace, ColumnSpace, WholeSpace

CPU = torch.device("cpu")


def full(rng, n, d):
    return rng.normal(size=(n, d))


def with_zero_columns(rng, n, d):
    X = full(rng, n, d)
    X[:, rng.permutation(d)[: d // 8]] = 0
    return X


def of_low_rank(rng, n, d):
    return full(rng, n, 20) @ full(rng, 20, d)


def with_constant_columns(rng, n, d):
    X = full(rng, n, d)
    X[:, d // 2 :] = rng.normal(size=d - d // 2)
    return X


def one_hot(rng, n, d):
    """Four categories of which one is a copy of another, with more zeros."""
    codes = rng.integers(0, d // 4, size=(n, 3))
    X = np.zeros((n, d))
    for place, code in enumerate((*codes.T, codes[:, 0])):
        X[np.arange(n), place * (d // 4) + code] = 1
    return X


# name -> (data, n, d, the space they have, its dimension)
CASES = {
    "full rank": (full, 300, 100, WholeSpace, 100),
    "few rows": (full, 40, 100, BasisSpace, 40),
    "zero columns": (with_zero_columns, 300, 100, ColumnSpace, 88),
    "low rank": (of_low_rank, 300, 100, BasisSpace, 20),
    "constant columns": (with_constant_columns, 300, 100, BasisSpace, 51),
    "one-hot": (one_hot, 300, 100, BasisSpace, 73),
    "few columns": (of_low_rank, 300, 60, WholeSpace, 60),
}
FORMS = {"dense": np.asarray, "sparse": sparse.csr_array}


def case(name):
    make, n, d, kind, dimension = CASES[name]
    rng = np.random.default_rng(0)
    return make(rng, n, d), rng.integers(0, 3, n), kind, dimension


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_the_space_is_found(name, form, dtype):
    X, _, kind, dimension = case(name)
    X = X.astype(str(dtype).removeprefix("torch."))
    rows = as_rows(FORMS[form](X), constant=True, dtype=dtype, device=CPU)
    space = row_space([rows], width=1000, rows_seen=10**6)
    assert type(space) is kind
    there = space.of_rows(rows)
    assert (there.n_given, there.n_columns) == (dimension, dimension + 1)
    # Lengths and angles stay, and so do pre-activations.
    W = torch.randn(7, X.shape[1] + 1, dtype=dtype)
    for ours, given in (
        (there.inner_products(), rows.inner_products()),
        (there.times(space.of_weights(W).T), rows.times(W.T)),
    ):
        rounding = 20 * torch.finfo(dtype).eps * float(given.abs().max())
        torch.testing.assert_close(ours, given, rtol=0, atol=rounding)


@pytest.mark.parametrize("name", CASES)
def test_weights_move_within_the_space_only(name):
    X, _, _, dimension = case(name)
    rows = as_rows(X, constant=True, dtype=torch.float64, device=CPU)
    space = row_space([rows], width=1000, rows_seen=10**6)
    W0 = torch.randn(9, X.shape[1] + 1, dtype=torch.float64)
    step = torch.randn(9, dimension + 1, dtype=torch.float64)
    W = space.of_weights(W0) + step
    chunks = [(slice(0, 4), W0[:4].clone()), (slice(4, 9), W0[4:].clone())]
    moved = space.all_columns(W, chunks, W0.shape[1])
    torch.testing.assert_close(space.of_weights(moved), W)
    torch.testing.assert_close((moved - W0).norm(), step.norm())


def test_it_must_pay():
    X, *_ = case("few rows")
    rows = as_rows(X, constant=False, dtype=torch.float64, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10)) is WholeSpace
    assert type(row_space([rows], width=2, rows_seen=10**6)) is not WholeSpace


def test_a_row_outside_of_the_span_of_the_others_is_noticed():
    """Its column is no larger than rounding errors of the other rows' squares."""
    X, *_ = case("low rank")
    X[150] = 0
    X[150, 7] = 1e-9
    rows = as_rows(X, constant=False, dtype=torch.float64, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is WholeSpace


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("large", [1e4, 1e8, 1e12])
def test_a_large_column_does_not_hide_the_others(large, dtype):
    X, *_ = case("full rank")
    X[:, 3] *= large
    X = X.astype(str(dtype).removeprefix("torch."))
    rows = as_rows(X, constant=False, dtype=dtype, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is WholeSpace


@pytest.mark.parametrize("large", [1e4, 1e8, 1e12])
def test_a_large_number_does_not_hide_the_others(large):
    X, *_ = case("few rows")
    X[3, 3] = large
    rows = as_rows(X, constant=False, dtype=torch.float64, device=CPU)
    space = row_space([rows], width=1000, rows_seen=10**6)
    W = torch.randn(5, X.shape[1], dtype=torch.float64)
    there = space.of_rows(rows).times(space.of_weights(W).T)
    torch.testing.assert_close(there[4:], rows.times(W.T)[4:], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("large", [1e4, 1e6, 1e8])
def test_large_rows_do_not_hide_the_others(large, dtype):
    X, *_ = case("full rank")
    X[:5] *= large
    X = X.astype(str(dtype).removeprefix("torch."))
    rows = as_rows(X, constant=False, dtype=dtype, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is WholeSpace


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("seed", range(3))
def test_a_low_rank_is_found_in_many_rows(seed, dtype):
    rng = np.random.default_rng(seed)
    X = of_low_rank(rng, 10_000, 100).astype(str(dtype).removeprefix("torch."))
    rows = as_rows(X, constant=False, dtype=dtype, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is BasisSpace


def test_a_column_of_stored_zeros_does_not_spoil_the_scale_of_columns():
    X, *_ = case("low rank")
    X[:, 3] *= 1e4
    n = len(X)
    zeros = sparse.csr_array((np.zeros(n), np.zeros(n, int), np.arange(n + 1)))
    rows = as_rows(
        sparse.hstack([zeros, X], format="csr"),
        constant=False,
        dtype=torch.float64,
        device=CPU,
    )
    assert bool(rows.used_columns()[0])
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is WholeSpace


@pytest.mark.parametrize("huge", [1e160, 1e300])
def test_squares_that_overflow_leave_the_rows_as_they_are(huge):
    X, *_ = case("low rank")
    rows = as_rows(huge * X, constant=False, dtype=torch.float64, device=CPU)
    assert type(row_space([rows], width=1000, rows_seen=10**6)) is WholeSpace


@pytest.fixture
def everywhere(monkeypatch):
    """Switch the search off and on."""

    def set_to(space):
        monkeypatch.setattr("overparam_sk.fits.first_layer.row_space", space)

    return set_to


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_a_fit_is_that_in_all_columns(name, form, fit_intercept, everywhere):
    X, y, kind, _ = case(name)
    X_val = X[:20] + 0.1 * X[20:40]
    # Rows to predict may lie anywhere.
    X_new = np.random.default_rng(1).normal(size=X.shape)
    net = OverparamReLUClassifier(
        300,
        max_iter=100,
        n_iter_no_change=None,
        batch_size=20,
        fit_intercept=fit_intercept,
        random_state=0,
    )
    found = []

    def watched(*args, **options):
        options["rows_seen"] = 10**9  # it pays
        found.append(row_space(*args, **options))
        return found[-1]

    everywhere(watched)
    net.fit(FORMS[form](X), y, X_val=FORMS[form](X_val), y_val=y[:20])
    assert type(found[0]) is kind
    everywhere(lambda *args, **options: WholeSpace())
    whole = OverparamReLUClassifier(**net.get_params())
    whole.fit(X, y, X_val=X_val, y_val=y[:20])

    np.testing.assert_allclose(
        net.hidden_weights_, whole.hidden_weights_, rtol=1e-9, atol=1e-11
    )
    for rows in (X, X_new):
        np.testing.assert_allclose(
            net.decision_function(rows),
            whole.decision_function(rows),
            rtol=1e-8,
            atol=1e-9,
        )
    for name_ in net.diagnostic_columns:
        if name_ != "gram_lambda_min":
            assert getattr(net, f"{name_}_") == pytest.approx(
                getattr(whole, f"{name_}_"), rel=1e-9
            )
    assert net.gram_lambda_min_ == pytest.approx(whole.gram_lambda_min_, abs=1e-9)
    assert net.learning_rate_ == pytest.approx(whole.learning_rate_)
    for column, values in whole.history_.items():
        np.testing.assert_allclose(net.history_[column], values, rtol=1e-7, atol=1e-9)


def test_a_warm_start_may_leave_the_space_of_the_first_fit():
    X, y, *_ = case("few rows")
    other, y_other, *_ = case("zero columns")
    # Without an intercept: what is zero is then zero where it is trained.
    asked = {"max_iter": 50, "n_iter_no_change": None, "fit_intercept": False}
    net = OverparamReLUClassifier(50, random_state=0, warm_start=True, **asked)
    net.fit(X, y).fit(other, y_other)
    first = OverparamReLUClassifier(50, random_state=0, **asked).fit(X, y)
    start = first.hidden_weights_
    assert not np.allclose(net.hidden_weights_, start)
    unused = ~other.any(axis=0)
    np.testing.assert_allclose(net.hidden_weights_[:, unused], start[:, unused])
