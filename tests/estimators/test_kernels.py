"""The infinite width in scikit-learn's kernel machines, against precomputed kernels."""

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC, SVR

from overparam_sk import InfiniteWidthKernel
from overparam_sk.diagnostics import infinite_width_gram

TUNED = {"weight_variance", "bias_variance", "readout_scale"}
A, B = (np.random.default_rng(2).standard_normal(s) for s in ((3, 4), (2, 3)))
KERNELS = {
    "readout trained": {"train_readout": True, "fit_intercept": True},
    "deep": {
        "network": "deep_relu",
        "depth": 3,
        "fit_intercept": True,
        "train_readout": True,
    },
    "NNGP": {"network": "deep_relu", "part": "readout", "fit_intercept": True},
    "a layer": {"network": "deep_relu", "part": 2, "depth": 4},
    "narrow layers": {
        "network": "deep_relu",
        "depth": 4,
        "first_weights": [A, B],
        "train_readout": True,
    },
    "li_liang_2018": {"fit_intercept": True},
    "kong_2019": {"network": "kong_2019", "n_points": 256, "fit_intercept": True},
    "first weights": {
        "network": "kong_2019",
        "first_weights": np.random.default_rng(1).standard_normal((6, 4)),
        "row_norm": None,
    },
}
X, labels = load_iris(return_X_y=True)
X, labels = X[::3], labels[::3]
train, test = slice(0, 50, 2), slice(1, 50, 2)
target = X @ np.array([1.0, -2.0, 0.5, 1.0])


@pytest.fixture(params=KERNELS.values(), ids=KERNELS)
def options(request):
    return request.param


@pytest.fixture
def kernel(options):
    return InfiniteWidthKernel(**options)


@pytest.mark.parametrize(
    ("machine", "y"),
    [(SVC(), labels), (SVR(), target), (KernelRidge(alpha=0.1), target)],
    ids=["SVC", "SVR", "KernelRidge"],
)
def test_machines_predict_as_with_the_precomputed_kernel(machine, y, kernel, options):
    ours = clone(machine).set_params(kernel=kernel).fit(X[train], y[train])
    theirs = clone(machine).set_params(kernel="precomputed")
    theirs.fit(infinite_width_gram(X[train], **options), y[train])
    expected = theirs.predict(infinite_width_gram(X[test], X[train], **options))
    np.testing.assert_allclose(ours.predict(X[test]), expected, rtol=1e-6)


def test_svc_takes_the_function_itself(options):
    function = partial(infinite_width_gram, **options)
    by_function = SVC(kernel=function).fit(X[train], labels[train])
    by_object = SVC(kernel=InfiniteWidthKernel(**options)).fit(X[train], labels[train])
    decisions = by_function.decision_function(X[test])
    np.testing.assert_array_equal(decisions, by_object.decision_function(X[test]))


def test_a_gaussian_process_is_the_closed_form(kernel, options):
    noise = 0.1
    process = GaussianProcessRegressor(kernel=kernel, alpha=noise, optimizer=None)
    process.fit(X[train], target[train])
    mean, deviation = process.predict(X[test], return_std=True)
    K, K_test, cross = (
        infinite_width_gram(*rows, **options)
        for rows in ((X[train],), (X[test],), (X[test], X[train]))
    )
    inverse = np.linalg.inv(K + noise * np.eye(len(K)))
    np.testing.assert_allclose(mean, cross @ inverse @ target[train], rtol=1e-7)
    variance = np.diag(K_test - cross @ inverse @ cross.T)
    np.testing.assert_allclose(deviation**2, variance, rtol=1e-6, atol=1e-9)


@pytest.mark.filterwarnings("ignore:The optimal value found for dimension")
def test_sums_and_products_are_tuned_around_it(kernel):
    composed = 2.0 * kernel + WhiteKernel(0.5)
    noise = 0.3 * np.random.default_rng(0).standard_normal(50)
    process = GaussianProcessRegressor(kernel=composed)
    process.fit(X[train], (target + noise)[train])
    assert len(process.kernel_.theta) == 2 + kernel.n_dims  # the factor, the noise
    start = process.log_marginal_likelihood(composed.theta)
    assert process.log_marginal_likelihood_value_ > start
    # The gradient that the tuning follows, by central differences.
    theta, step = composed.theta, 1e-5
    _, gradient = process.log_marginal_likelihood(theta, eval_gradient=True)
    for i, derivative in enumerate(gradient):
        shift = step * np.eye(len(theta))[i]
        rise = process.log_marginal_likelihood(
            theta + shift
        ) - process.log_marginal_likelihood(theta - shift)
        assert rise / (2 * step) == pytest.approx(derivative, rel=1e-4)


def test_a_gaussian_process_classifies_with_it():
    kernel = InfiniteWidthKernel(fit_intercept=True, weight_variance_bounds="fixed")
    process = GaussianProcessClassifier(kernel=kernel)
    assert process.fit(X[train], labels[train]).score(X[test], labels[test]) > 0.8


def test_the_contract_of_a_kernel(kernel):
    K, gradient = kernel(X, eval_gradient=True)
    np.testing.assert_array_equal(K, kernel(X))
    assert gradient.shape == (50, 50, kernel.n_dims)
    np.testing.assert_allclose(kernel.diag(X), np.diag(K), rtol=1e-12)
    assert len(kernel.bounds) == len(kernel.theta) == kernel.n_dims > 0
    assert kernel.requires_vector_input
    assert not kernel.is_stationary()
    assert (kernel + RBF()).is_stationary() is False
    with pytest.raises(ValueError, match="Y must be None where eval_gradient is True"):
        kernel(X, X, eval_gradient=True)


def test_the_defaults_are_the_gram_matrix_to_the_bit(kernel, options):
    np.testing.assert_array_equal(kernel(X), infinite_width_gram(X, **options))


def test_scales_are_what_they_say(options):
    scales = {"weight_variance": 3.0, "bias_variance": 0.25, "readout_scale": 2.0}
    kernel = InfiniteWidthKernel(**options, **scales)
    rows, rest = X, dict(options)
    if rest.pop("fit_intercept", False):
        rows = np.column_stack([X, np.full(len(X), 0.5)])
    expected = infinite_width_gram(rows, **rest)
    if options.get("train_readout"):
        expected = expected + infinite_width_gram(rows, **{**rest, "part": "readout"})
    np.testing.assert_allclose(kernel(X), 3 * expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("bias", [0.3, 1.0, 40.0])
def test_the_gradient_is_the_derivative_in_theta(options, bias):
    scales = {"weight_variance": 0.7, "bias_variance": bias, "readout_scale": 2.0}
    kernel = InfiniteWidthKernel(**options, **scales)
    # Rows that are equal, parallel, nearly so and opposite, and a row of zeros.
    rows = np.vstack([X[:4], X[:1], 2 * X[:1], X[:1] + 1e-7, -X[1:2], 0 * X[:1]])
    K, gradient = kernel(rows, eval_gradient=True)
    np.testing.assert_array_equal(K, kernel(rows))
    step = 1e-5
    for place in range(kernel.n_dims):
        shift = step * np.eye(kernel.n_dims)[place]
        above, below = (
            kernel.clone_with_theta(kernel.theta + s)(rows) for s in (shift, -shift)
        )
        rise = (above - below) / (2 * step)
        np.testing.assert_allclose(gradient[..., place], rise, atol=1e-8 * K.max())


@pytest.mark.parametrize(
    ("options", "tuned"),
    [
        ({}, {"weight_variance"}),
        ({"fit_intercept": True}, {"weight_variance", "bias_variance"}),
        ({"train_readout": True}, {"weight_variance", "readout_scale"}),
        ({"train_readout": True, "part": "readout"}, {"weight_variance"}),
        ({"train_readout": True, "fit_intercept": True}, TUNED),
        ({"fit_intercept": True, "weight_variance_bounds": "fixed"}, {"bias_variance"}),
        (
            {"network": "kong_2019", "first_weights": A, "fit_intercept": True},
            {"weight_variance"},
        ),
    ],
)
def test_what_has_no_effect_is_not_tuned(options, tuned):
    kernel = InfiniteWidthKernel(**options, bias_variance_bounds=[0.1, 10])
    free = [one for one in kernel.hyperparameters if not one.fixed]
    assert {one.name for one in free} == tuned
    assert len(kernel.hyperparameters) == len(TUNED)
    for one, ends in zip(free, np.exp(kernel.bounds), strict=True):
        given = [0.1, 10] if one.name == "bias_variance" else [1e-5, 1e5]
        np.testing.assert_allclose(ends, given)


def test_a_gaussian_process_finds_what_made_the_targets():
    """Draws of a process with known scales: the likelihood is stationary at the fit."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((60, 3))
    truth = InfiniteWidthKernel(
        "deep_relu",
        fit_intercept=True,
        train_readout=True,
        weight_variance=4.0,
        bias_variance=9.0,
        readout_scale=0.5,
    )
    covariance = truth(rows) + 0.01 * np.eye(60)
    draws = np.linalg.cholesky(covariance) @ rng.standard_normal((60, 8))
    start = InfiniteWidthKernel("deep_relu", fit_intercept=True, train_readout=True)
    process = GaussianProcessRegressor(kernel=start + WhiteKernel())
    found = process.fit(rows, draws).kernel_
    _, gradient = process.log_marginal_likelihood(found.theta, eval_gradient=True)
    assert abs(gradient).max() < 0.05
    known = (truth + WhiteKernel(0.01)).theta
    best = process.log_marginal_likelihood_value_
    assert best >= process.log_marginal_likelihood(known)
    assert best > process.log_marginal_likelihood((start + WhiteKernel()).theta) + 100
    # Twice the difference is about χ² of 4 degrees of freedom: beyond 20 once in 2000.
    assert 2 * (best - process.log_marginal_likelihood(known)) < 20


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weight_variance": 0}, "weight_variance must be a finite number > 0, got 0"),
        ({"bias_variance": -1.0}, "bias_variance must be a finite number > 0"),
        ({"readout_scale": "1"}, "readout_scale must be a finite number > 0"),
        (
            {"weight_variance_bounds": (2, 1)},
            "_bounds must be 'fixed' or two finite",
        ),
        (
            {"bias_variance_bounds": (0, 1)},
            "bias_variance_bounds must be 'fixed' or",
        ),
        (
            {"readout_scale_bounds": "free"},
            "readout_scale_bounds must be 'fixed' or",
        ),
    ],
)
def test_scales_that_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        InfiniteWidthKernel(**parameters)(X)


def test_copies_are_the_same_kernel(kernel, options):
    for copy in (
        clone(kernel),
        kernel.clone_with_theta(kernel.theta),
        pickle.loads(pickle.dumps(kernel)),
    ):
        assert copy is not kernel
        np.testing.assert_array_equal(copy(X), kernel(X))
        assert copy == kernel
        assert type(copy.get_params()["part"]) is type(kernel.part)


def test_its_parameters_can_be_searched():
    search = GridSearchCV(
        SVC(kernel=InfiniteWidthKernel()),
        {"kernel": [InfiniteWidthKernel(), InfiniteWidthKernel(fit_intercept=True)]},
        cv=3,
        error_score="raise",
    ).fit(X, labels)
    assert search.best_score_ > 0.8


@pytest.mark.parametrize(
    ("kernel", "shown"),
    [
        (InfiniteWidthKernel(), "InfiniteWidthKernel()"),
        (
            InfiniteWidthKernel("kong_2019", width1=7),
            "InfiniteWidthKernel(network='kong_2019', width1=7)",
        ),
        (InfiniteWidthKernel(row_norm=None), "InfiniteWidthKernel(row_norm=None)"),
        (
            InfiniteWidthKernel(first_weights=np.eye(2)),
            "InfiniteWidthKernel(first_weights=array([[1., 0.], [0., 1.]]))",
        ),
        (
            2.0 * InfiniteWidthKernel(fit_intercept=True),
            "1.41**2 * InfiniteWidthKernel(fit_intercept=True)",
        ),
    ],
)
def test_it_shows_its_parameters(kernel, shown):
    assert repr(kernel) == shown
    assert shown in repr(SVC(kernel=kernel)).replace("\n", "").replace(" " * 11, "")
    names = {"InfiniteWidthKernel": InfiniteWidthKernel, "array": np.array}
    if "**" not in shown:
        assert repr(eval(shown, names)) == shown


@pytest.mark.parametrize("other", [None, [[1, 2]], np.eye(2), np.eye(3), 2 * np.eye(2)])
def test_kernels_are_the_same_if_their_parameters_are(other):
    kernel = InfiniteWidthKernel("kong_2019", first_weights=other)
    assert kernel == clone(kernel)
    assert kernel != InfiniteWidthKernel("kong_2019", first_weights=np.ones((2, 2)))
    assert kernel + RBF() == clone(kernel) + RBF()
    assert InfiniteWidthKernel() != RBF()


@pytest.mark.parametrize("machine", [SVC(), SVR(), KernelRidge(alpha=0.1)])
def test_a_machine_that_holds_it_is_cloned_and_searched_over_its_parameters(machine):
    holds = machine.set_params(kernel=InfiniteWidthKernel("kong_2019", n_points=256))
    grid = {"kernel__width1": [2, 3], "kernel__part": ["sum", "first"]}
    search = GridSearchCV(holds, grid, cv=2, error_score="raise").fit(X, labels)
    found = search.best_estimator_.kernel
    assert found.get_params() == {
        **holds.kernel.get_params(),
        **{n.removeprefix("kernel__"): v for n, v in search.best_params_.items()},
    }
    assert holds.kernel.width1 == 5
    twin = clone(search.best_estimator_)
    assert twin.kernel == found
    assert twin.kernel is not found
    predictions = twin.fit(X, labels).predict(X)
    np.testing.assert_array_equal(predictions, search.predict(X))


def test_bad_options_are_refused_when_it_is_called():
    with pytest.raises(ValueError, match="network must be 'li_liang_2018' or"):
        SVC(kernel=InfiniteWidthKernel(network="ntk")).fit(X, labels)
