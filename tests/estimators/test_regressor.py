"""The regressor end to end: what it computes, and that it is a scikit-learn citizen."""

import numpy as np
import pytest
import reference
import torch
from scipy import sparse
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.diagnostics import REGISTRY
from overparam_sk.networks import initial_layers

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6))
y = np.sin(X[:, 0]) + 0.1 * X[:, 1]


def net(**parameters):
    fixed = {"max_iter": 50, "n_iter_no_change": None}
    defaults = {"width2": 60, "random_state": 0, **fixed}
    return TwoHiddenReLURegressor(**{**defaults, **parameters})


def augmented(X, estimator):
    """The rows, and A with its intercept's column, as the network sees them."""
    A = estimator.first_weights_
    if not estimator.fit_intercept:
        return X, A
    ones = np.ones((len(X), 1))
    return np.hstack([X, ones]), np.column_stack([A, estimator.first_intercept_])


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("row_norm", ["clip", "unit", None])
@pytest.mark.parametrize("weighted", [False, True])
def test_fit_is_gradient_descent(fit_intercept, row_norm, weighted):
    weight = rng.uniform(size=40) if weighted else None
    estimator = net(
        learning_rate=0.01,
        max_iter=1000,
        fit_intercept=fit_intercept,
        row_norm=row_norm,
    ).fit(X, y, weight)
    rows, A = augmented(X, estimator)
    start = initial_layers(
        estimator.init_seed_,
        5,
        60,
        6,
        row_norm=row_norm,
        constant=fit_intercept,
        dtype=torch.float64,
    )
    slow_A, slow_B, losses = reference.gradient_descent(
        *start,
        torch.from_numpy(rows),
        torch.from_numpy(y),
        1000,
        step=0.01,
        weight=None if weight is None else torch.from_numpy(weight),
    )
    np.testing.assert_allclose(A, slow_A, rtol=0, atol=1e-10)
    np.testing.assert_allclose(estimator.second_weights_, slow_B, rtol=0, atol=1e-10)
    recorded = estimator.history_["iteration"] < 1000
    np.testing.assert_allclose(
        estimator.history_["loss"][recorded],
        np.array(losses)[estimator.history_["iteration"][recorded]],
        rtol=1e-9,
    )
    A0, B0 = estimator.initial_weights()
    np.testing.assert_array_equal(A0, start.A[:, :6])
    np.testing.assert_array_equal(B0, start.B)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_every_diagnostic_is_its_definition(fit_intercept):
    dead = np.vstack([X, -10 * X[:1]])
    targets = np.append(y, 0.0)
    estimator = net(
        fit_intercept=fit_intercept, record_every=1, momentum=0.5, random_state=3
    ).fit(dead, targets)
    rows, A = augmented(dead, estimator)
    A0, B0, w = initial_layers(
        estimator.init_seed_,
        5,
        60,
        6,
        row_norm="clip",
        constant=fit_intercept,
        dtype=torch.float64,
    )
    B = estimator.second_weights_
    np.testing.assert_array_equal(estimator.readout_signs_, w)

    def features(A):
        return np.maximum(rows @ np.asarray(A).T, 0)

    moved = [np.linalg.norm((A - A0.numpy())[:, :6]), np.linalg.norm(B - B0.numpy())]
    start = [np.linalg.norm(A0[:, :6]), np.linalg.norm(B0)]
    H, H0 = (
        sum(
            reference.two_hidden_gram_parts(
                *map(torch.as_tensor, weights), w, torch.from_numpy(rows)
            )
        )
        for weights in ((A, B), (A0, B0))
    )
    smallest = float(torch.linalg.eigvalsh(H)[0])
    expected = {
        "activation_change": [
            reference.activation_change(A, A0, rows),
            np.mean((features(A) @ B.T > 0) != (features(A0) @ B0.numpy().T > 0)),
        ],
        "coupling": [
            reference.coupling(A, A0.numpy(), rows),
            np.mean(
                ((features(A) @ B.T > 0) == (features(A0) @ B0.numpy().T > 0)).all(
                    axis=0
                )
            ),
        ],
        "relative_distance": np.divide(moved, start),
        "weight_change": moved,
        "dead_samples": reference.dead_samples(A, rows),
        "dead_rows": [
            reference.dead_samples(A, rows),
            reference.dead_samples(B, features(A)),
        ],
        "gram_lambda_min": 0.0 if smallest < 1e-13 else smallest,
        "gram_drift": float((H - H0).norm() / H0.norm()),
        "gram_alignment": reference.alignment(H, targets, np.ones(len(targets))),
        "largest_unit_change": [
            np.linalg.norm(W - W0, axis=1).max()
            for W, W0 in ((A[:, :6], A0.numpy()[:, :6]), (B, B0.numpy()))
        ],
    }
    assert set(expected) == set(REGISTRY)
    for name, value in expected.items():
        fitted, history = getattr(estimator, f"{name}_"), estimator.history_
        np.testing.assert_allclose(fitted, value, rtol=1e-8, err_msg=name)
        course = [history[column] for column in history if column.startswith(name)]
        assert len(course) == np.size(value)
        np.testing.assert_allclose([c[-1] for c in course], np.ravel(value), rtol=1e-8)
        assert all(len(c) == 51 for c in course)
    for mine, update in zip(
        estimator.update_singular_values_,
        ((A - A0.numpy())[:, :6], B - B0.numpy()),
        strict=True,
    ):
        slow = np.linalg.svd(update, compute_uv=False)
        np.testing.assert_allclose(mine, slow, atol=1e-12)
    assert estimator.loss_ == pytest.approx(
        ((estimator.predict(dead) - targets) ** 2).sum() / 2
    )


def test_the_course_of_every_look_is_the_course_of_few():
    often = net(record_every=1, max_iter=200).fit(X, y).history_
    rarely = net(record_every=50, max_iter=200).fit(X, y).history_
    at = np.isin(often["iteration"], rarely["iteration"])
    assert set(often) == set(rarely)
    for name in often:  # S2 S2ᵀ is kept up to date, and made anew
        np.testing.assert_allclose(often[name][at], rarely[name], rtol=1e-9)


def test_scores_are_scikit_learns():
    weight = rng.uniform(size=40)
    estimator = net().fit(X, y, weight, X_val=X[:7], y_val=y[:7])
    history = estimator.history_
    expected = r2_score(y, estimator.predict(X), sample_weight=weight)
    assert history["score"][-1] == pytest.approx(expected, rel=1e-9)
    assert history["val_score"][-1] == pytest.approx(estimator.score(X[:7], y[:7]))
    held = ((estimator.predict(X[:7]) - y[:7]) ** 2).sum() / 2
    assert history["val_loss"][-1] == pytest.approx(held)


def test_weights_are_repetitions():
    times = rng.integers(0, 4, 40)
    options = {"learning_rate": 0.01, "max_iter": 300}
    weighted = net(**options).fit(X, y, times)
    repeated = net(**options).fit(np.repeat(X, times, 0), np.repeat(y, times))
    np.testing.assert_allclose(weighted.predict(X), repeated.predict(X), rtol=1e-9)
    automatic = net().fit(X, y, times).learning_rate_
    assert automatic == pytest.approx(
        net().fit(np.repeat(X, times, 0), np.repeat(y, times)).learning_rate_
    )


def test_the_automatic_step_looks_at_rows_that_have_a_weight():
    many = np.tile(X, (40, 1))  # more rows than the step is computed from
    targets = np.tile(y, 40)
    few = np.arange(len(many)) < 30
    weighted = net(max_iter=1).fit(many, targets, few)
    alone = net(max_iter=1).fit(many[few], targets[few])
    assert weighted.learning_rate_ == pytest.approx(alone.learning_rate_, rel=1e-12)


def test_the_automatic_step_sees_as_many_rows_at_any_width():
    width2 = 2**14  # with all units at once, 256 of these rows would fill a block
    wide = net(width2=width2, max_iter=1, diagnostics=None).fit(
        np.tile(X, (10, 1)), np.tile(y, 10)
    )
    alone = net(width2=width2, max_iter=1, diagnostics=None).fit(
        X, y, np.full(len(X), 10.0)
    )
    assert wide.learning_rate_ == pytest.approx(alone.learning_rate_, rel=1e-9)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_is_dense(container, dtype):
    thin = np.where(X > 0.5, X, 0).astype(dtype)
    dense, other = net().fit(thin, y), net().fit(container(thin), y)
    tolerance = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose(
        other.predict(container(thin)), dense.predict(thin), atol=tolerance
    )
    assert other.first_weights_.dtype == other.second_weights_.dtype == dtype
    assert other.gram_lambda_min_ == pytest.approx(
        dense.gram_lambda_min_, rel=1e-3, abs=1e-12
    )


def test_same_seed_same_bits_and_global_state_as_found():
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    torch_state, threads = torch.get_rng_state(), torch.get_num_threads()
    first, second = net().fit(X, y), net().fit(X, y)
    np.testing.assert_array_equal(first.second_weights_, second.second_weights_)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert torch.get_num_threads() == threads


def test_warm_start_goes_on():
    options = {"learning_rate": 0.01, "record_every": 10}
    whole = net(max_iter=40, **options).fit(X, y)
    halves = net(max_iter=20, warm_start=True, **options).fit(X, y).fit(X, y)
    np.testing.assert_allclose(halves.predict(X), whole.predict(X), rtol=1e-9)
    assert halves.n_iter_ == 40
    for name, column in whole.history_.items():
        np.testing.assert_allclose(halves.history_[name], column, rtol=1e-9)
    with pytest.raises(ValueError, match="width2 must stay 60"):
        halves.set_params(width2=61).fit(X, y)


def test_early_stopping_keeps_the_best_weights():
    noise = rng.normal(size=40)
    estimator = net(
        early_stopping=True, n_iter_no_change=3, max_iter=2000, record_every=5
    ).fit(X, noise, X_val=X[:9], y_val=-noise[:9])
    best = estimator.history_["val_score"].max()
    assert estimator.n_iter_ < 2000
    assert estimator.best_validation_score_ == best
    assert estimator.score(X[:9], -noise[:9]) == pytest.approx(best)
    split = net(early_stopping=True).fit(X, y)
    assert "val_score" in split.history_


@pytest.mark.parametrize("held", [1, 9])
def test_early_stopping_where_r2_says_nothing_watches_the_loss(held):
    # R² is 0 at every look: the weights at initialisation would be the best of all.
    estimator = net(early_stopping=True, record_every=5)
    estimator.fit(X, y + 2, X_val=X[:held], y_val=np.full(held, 2.0))
    assert (estimator.history_["val_score"] == 0).all()
    losses = estimator.history_["val_loss"]
    assert losses.argmin() > 0
    assert estimator.best_validation_score_ == -losses.min()
    off = estimator.predict(X[:held]) - 2
    assert (off**2).sum() / 2 == pytest.approx(losses.min())


def test_the_automatic_step_needs_no_tuning():
    # Raw, uncentred and badly scaled rows and targets: it must not diverge.
    scale = 10.0 ** np.arange(6) / 100
    for targets in (y, 1e4 * y + 1e5, 1e-6 * y):
        estimator = net(max_iter=1000).fit(X * scale + 50, targets)
        loss = estimator.history_["loss"]
        assert loss[-1] < 0.9 * loss[0]
        assert (np.diff(loss) <= 1e-9 * loss[0]).all()


def test_on_diabetes_as_good_as_kernel_ridge():
    data = load_diabetes(return_X_y=True)

    def standardised(model):
        scaled = make_pipeline(StandardScaler(), model)
        return TransformedTargetRegressor(scaled, transformer=StandardScaler())

    theirs = cross_val_score(standardised(KernelRidge(kernel="rbf")), *data)
    for early_stopping in (False, True):
        net = TwoHiddenReLURegressor(early_stopping=early_stopping, random_state=0)
        ours = cross_val_score(standardised(net), *data)
        assert ours.mean() > theirs.mean() - 0.05


def test_grid_search_in_a_pipeline():
    search = GridSearchCV(
        make_pipeline(StandardScaler(), net()),
        {"twohiddenreluregressor__width2": [10, 40]},
        cv=2,
    )
    search.fit(X, y)
    assert search.best_estimator_[-1].weight_change_.shape == (2,)


def test_switched_off_diagnostics_are_not_there():
    bare = net(diagnostics=("weight_change",), record_every=None).fit(X, y)
    assert bare.weight_change_.shape == (2,)
    assert bare.history_["weight_change_2"].shape == (1,)
    for name in ("gram_lambda_min_", "update_singular_values_", "dead_samples_"):
        assert not hasattr(bare, name)
