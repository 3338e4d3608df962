"""No number that is none leaves a fit, a prediction or a matrix in silence."""

import warnings

import numpy as np
import pytest
import torch
from estimators.small_nets import ALL, WITH_WEIGHTS, X, classifier, infinite, y
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from overparam_sk import DivergenceError, InfiniteWidthKernel
from overparam_sk.datasets import make_xor_balls, separability
from overparam_sk.diagnostics import (
    activation_change,
    effective_rank,
    gram_lambda_min,
    gram_matrix,
    infinite_width_gram,
    infinite_width_lambda_min,
    relative_distance,
    update_singular_values,
)

SCALES = {
    np.float64: (
        5e-324,
        1e-200,
        1e-150,
        1e-22,
        1e20,
        1e100,
        1e154,
        1e160,
        1e200,
        1e300,
    ),
    np.float32: (1e-44, 1e-30, 1e-22, 1e-18, 1e10, 1e18, 1e19, 1e20, 1e30, 1e38),
}
ROWS = [(dtype, scale) for dtype, scales in SCALES.items() for scale in scales]


def scaled(scale, dtype):
    with np.errstate(all="ignore"):
        return (X * scale).astype(dtype)


def not_finite(net):
    """Names of the fitted attributes that hold NaN or infinity, the history's too."""
    figures = {name: v for name, v in vars(net).items() if name.endswith("_")}
    history = figures.pop("history_", {})
    if hasattr(net, "update_singular_values_"):
        for i, values in enumerate(np.atleast_2d(net.update_singular_values_[0])):
            figures[f"singular values {i}"] = values
    return [
        name
        for name, value in (figures | history).items()
        if isinstance(value, (float, np.ndarray))
        and np.asarray(value).dtype.kind == "f"
        and not np.isfinite(value).all()
    ]


def attempt(call, *arguments, **named):
    """What a call returns, and "" or the words of its refusal."""
    try:
        return call(*arguments, **named), ""
    except ValueError as refused:
        return None, str(refused)


def predictions(net, X):
    names = ("predict", "predict_proba", "decision_function")
    return [getattr(net, name)(X) for name in names if hasattr(net, name)]


# scikit-learn sums the rows up to see whether there is an infinite one.
@pytest.mark.filterwarnings("ignore:invalid value encountered in reduce")
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(("dtype", "scale"), ROWS)
@pytest.mark.parametrize("name", ALL)
def test_rows_of_any_scale_are_fitted_or_refused(name, dtype, scale, fit_intercept):
    rows = scaled(scale, dtype)
    net, refused = attempt(ALL[name](fit_intercept=fit_intercept).fit, rows, y)
    if refused:
        # scikit-learn's words where a row is infinite by itself.
        wanted = "too large" if not np.isfinite(rows).all() else "order of 1"
        towards = "smaller" if scale > 1 else "larger"
        assert wanted in refused or f"to {towards} values" in refused
        # Of two trained layers the one that sees small rows must be moved far, and the
        # other moves with it: no step is safe.
        both = name == "scaled" and scale < 1
        assert both or scale < 1e-18 or scale > 1e18
    else:
        assert not_finite(net) == []
        assert all(np.isfinite(p).all() for p in predictions(net, rows))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("c", [1e-300, 1e-30, 1e30, 1e100, 1e160, 1e300, 1e308])
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_step_of_any_length_is_taken_or_refused(make, c, dtype):
    with warnings.catch_warnings():
        # A course that overflowed on the way to a finite end says so.
        warnings.filterwarnings("ignore", "The course of", RuntimeWarning)
        # And one that ends above its start: test_long_steps.py.
        warnings.filterwarnings("ignore", "The loss has risen", ConvergenceWarning)
        net, refused = attempt(make(learning_rate=c).fit, X.astype(dtype), y)
    if refused:
        assert "learning_rate" in refused
        assert c >= 1e30
    else:
        assert [name for name in not_finite(net) if name not in net.history_] == []


@pytest.mark.parametrize("scale", [1e154, 1e200, 1e300])
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_rows_to_predict_of_any_scale(make, scale):
    found, refused = attempt(predictions, make().fit(X, y), scale * X)
    if refused:
        assert "The outputs for X must be finite" in refused
    else:
        assert all(np.isfinite(p).all() for p in found)


@pytest.mark.parametrize("scale", [1e154, 1e200, 1e300])
@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_validation_set_out_of_range_is_refused_at_the_start(make, scale):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        net, refused = attempt(make().fit, X, y, X_val=scale * X, y_val=y)
    if refused:
        assert "scale the validation set as the training data" in refused
    else:
        courses = {str(warning.message).split()[3] for warning in said}
        assert {*not_finite(net)} <= courses


@pytest.mark.parametrize("scale", [1e154, 1e200, 1e300])
@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize(
    "make", [m for m in WITH_WEIGHTS.values() if hasattr(m(), "partial_fit")]
)
def test_a_chunk_out_of_range_is_refused(make, first, scale):
    net = make()
    if not first:
        net.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"scale X (or sample_weight )?to "):
        net.partial_fit(scale * X, y)


def test_a_step_beyond_the_precision_is_named():
    with pytest.raises(
        ValueError, match=r"learning_rate must be at most 3\.4e\+38, .*float32"
    ):
        classifier(learning_rate=1e39).fit(X.astype(np.float32), y)


# ------------------------------------------------------------------- functions of rows
def ones_like(rows):
    return np.ones((len(rows), 3)) if np.iterable(rows) else np.ones((1, 1))


FUNCTIONS = {
    "gram_matrix": lambda rows: gram_matrix(classifier().fit(X, y), rows),
    "gram_lambda_min": lambda rows: gram_lambda_min(classifier().fit(X, y), rows),
    "infinite_width_gram": infinite_width_gram,
    "kong": lambda rows: infinite_width_gram(rows, network="kong_2019", n_points=8),
    "infinite_width_lambda_min": infinite_width_lambda_min,
    "kernel": InfiniteWidthKernel(),
    "diag": InfiniteWidthKernel().diag,
    "activation_change": lambda rows: activation_change(np.eye(3), np.eye(3), rows),
    "relative_distance": lambda rows: relative_distance(rows, ones_like(rows)),
    "update_singular_values": lambda rows: update_singular_values(
        rows, ones_like(rows)
    ),
}


@pytest.fixture(params=FUNCTIONS.values(), ids=FUNCTIONS)
def function(request):
    return request.param


@pytest.mark.parametrize("scale", [1e-200, 1e100, 1e160, 1e200, 1e300])
def test_results_are_finite_or_refused(function, scale):
    result, refused = attempt(function, scale * X[:5])
    if refused:
        assert "must be finite numbers" in refused
        assert scale > 1e150
    else:
        assert np.isfinite(result).all()


@pytest.mark.parametrize(
    "rows",
    [
        *(X[:4] + 1j, X[:4].astype(np.complex64), X[:4].astype(str)),
        *(X[:4] * np.nan, np.where(X[:4] > 0, np.inf, 1.0)),
        np.array([[1 + 2j, 0, 0]], dtype=object),
        np.array([["a", 1, 2]], dtype=object),
        X[:4].astype("datetime64[s]"),
        [[1, 2, 3], [4, 5]],
        *(X[0], X[None], X[:0], 5.0, None, "rows", [[10**400, 1, 1]]),
        torch.complex(torch.ones(2, 3), torch.ones(2, 3)),
    ],
    ids=lambda rows: f"{type(rows).__name__}-{getattr(rows, 'dtype', '')}",
)
def test_what_is_no_matrix_of_real_numbers_is_refused(function, rows):
    with pytest.raises(ValueError, match="must be"):
        function(rows)


@pytest.mark.parametrize(
    "rows",
    [
        *(X[::-1], X[:, ::-1], X[::2], X.T[:, :3], np.asfortranarray(X)),
        *(X.astype(np.float32), X.astype(np.float16), X.astype(np.longdouble)),
        *(
            (10 * X).astype(np.int8),
            (10 * X).astype(np.uint64),
            X > 0,
            X.astype(object),
        ),
        *(torch.from_numpy(X), torch.tensor(X, requires_grad=True)),
        *(torch.from_numpy(X).bfloat16(), X.tolist(), X.astype(">f8")),
    ],
    ids=lambda rows: f"{type(rows).__name__}-{getattr(rows, 'dtype', '')}",
)
def test_every_container_of_real_numbers_is_the_same(function, rows):
    if torch.is_tensor(rows):
        plain = rows.detach().double().numpy().copy()
    else:
        plain = np.array(rows, dtype=np.float64)
    plain = plain[:, :3] if plain.shape[1] > 3 else plain
    if not torch.is_tensor(rows) and np.shape(rows)[1] > 3:
        rows = np.asarray(rows)[:, :3]
    before = np.array(plain)
    np.testing.assert_array_equal(function(rows), function(plain))
    np.testing.assert_array_equal(plain, before)


def test_a_read_only_and_a_sparse_gram_matrix():
    net = infinite().fit(X, y)
    rows = X.copy()
    rows.setflags(write=False)
    np.testing.assert_array_equal(net.predict(rows), net.predict(X))
    W = classifier().fit(X, y)
    for container in (sparse.csr_array, sparse.csc_matrix, sparse.coo_array):
        given = container(X)
        H = gram_matrix(W, given)
        np.testing.assert_allclose(H, gram_matrix(W, X), rtol=1e-12)
        assert given.dtype == X.dtype
    with pytest.raises(ValueError, match="X must be"):
        gram_matrix(W, sparse.csr_array(X + 1j))
    with pytest.raises(ValueError, match="X must be"):
        infinite_width_gram(sparse.csr_array(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e10, 1e20, 1e30])
def test_separability_does_not_depend_on_the_unit(scale, dtype):
    balls, labels = make_xor_balls(100, random_state=0)
    rows = (balls + 1).astype(dtype)
    found = separability(rows, labels)
    other = separability((rows.astype(float) * scale).astype(dtype), labels)
    assert other.holds is found.holds is True
    assert other.delta == pytest.approx(scale * found.delta, rel=1e-5)
    assert other.lambda_ == pytest.approx(found.lambda_, rel=1e-5)
    assert other.norms == pytest.approx(
        [scale * norm for norm in found.norms], rel=1e-5
    )


@pytest.mark.parametrize("scale", [1e-200, 1e154, 1e200, 1e300])
def test_separability_beyond_the_squares(scale):
    balls, labels = make_xor_balls(100, random_state=0)
    found = separability(scale * (balls + 1), labels)
    assert found.holds
    assert np.isfinite(found.delta)


def test_separability_of_distances_that_overflow():
    rows = np.array([[1.7e308, 0], [-1.7e308, 0], [1.7e308, 1e300], [-1.7e308, 1e300]])
    with pytest.raises(ValueError, match="must be finite numbers"):
        separability(rows, [0, 1, 0, 1])


def test_the_share_of_no_values_and_of_values_that_are_none():
    assert effective_rank([]) == 0
    with pytest.raises(ValueError, match="finite numbers"):
        effective_rank([1.0, np.nan])
    with pytest.raises(ValueError, match="W must have W0's shape"):
        relative_distance(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="W0 must have a non-zero entry"):
        relative_distance(np.ones((2, 3)), np.zeros((2, 3)))
    assert issubclass(DivergenceError, ValueError)


def test_a_divergence_is_told_of_the_weights_where_they_diverge():
    diverges = classifier(max_iter=1, learning_rate=1e300, diagnostics=None)
    with pytest.raises(DivergenceError, match=r"^hidden_weights_ must be finite"):
        diverges.fit(1e10 * X, y)
