"""What users of scikit-learn expect of a classifier."""

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from reference import TwoLayerReLU, jacobian_gram, plain_sgd
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch.nn.functional import cross_entropy

import overparam_sk
from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import (
    REGISTRY,
    activation_change,
    relative_distance,
    update_singular_values,
)
from overparam_sk.networks import initial_weights
from overparam_sk.training import MinibatchStream

FAST = {"width": 50, "max_iter": 60, "learning_rate": 5.0, "random_state": 0}


def problem(n=90, d=8, k=3, dtype=np.float64):
    X, y = make_clustered_mixture(
        n, d, n_classes=k, component_std=0.5, center_std=8, random_state=1
    )
    return X.astype(dtype), y


def spied_batches(monkeypatch):
    """The batches of all fits from now on, as they are taken."""
    seen = []
    take = MinibatchStream.take

    def spy(self, n_batches):
        indices = take(self, n_batches)
        seen.extend(indices.view(n_batches, -1).clone())
        return indices

    monkeypatch.setattr(MinibatchStream, "take", spy)
    return seen


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weighted", ["unweighted", "sample_weight", "class_weight"])
@pytest.mark.parametrize("block_size", [1, 48, "auto", 10**6])
def test_fit_is_plain_sgd(block_size, weighted, fit_intercept, monkeypatch):
    # The whole way from the public API: the same batches, seen by a spy, given to
    # autograd and torch.optim.SGD.
    X, y = problem()
    weight = {
        "unweighted": np.ones(len(y)),
        "sample_weight": np.linspace(0, 2, len(y)),
        "class_weight": np.array([1.0, 3.0, 0.5])[y],
    }[weighted]
    seen = spied_batches(monkeypatch)
    net = OverparamReLUClassifier(
        **FAST,
        batch_size=16,
        block_size=block_size,
        fit_intercept=fit_intercept,
        class_weight={0: 1.0, 1: 3.0, 2: 0.5} if weighted == "class_weight" else None,
    )
    net.fit(X, y, sample_weight=weight if weighted == "sample_weight" else None)
    assert len(seen) == net.n_iter_ == 60

    W0 = initial_weights(
        net.init_seed_, 50, 8, constant=fit_intercept, dtype=torch.float64
    )
    np.testing.assert_array_equal(W0[:, :8], net.initial_weights())
    expected = plain_sgd(
        W0,
        torch.from_numpy(net.readout_weights_),
        torch.from_numpy(np.hstack([X, np.ones((len(X), int(fit_intercept)))])),
        torch.from_numpy(y),
        seen,
        step=5.0 / 50,
        weight=torch.from_numpy(weight / weight.mean()),
    )
    W = np.column_stack([net.hidden_weights_, net.hidden_intercept_])
    W = torch.from_numpy(W[:, : W0.shape[1]])
    assert float((W - expected).norm() / (expected - W0).norm()) <= 1e-10


def test_predictions_are_the_networks():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, fit_intercept=False).fit(X, y)
    module = TwoLayerReLU(
        torch.from_numpy(net.hidden_weights_), torch.from_numpy(net.readout_weights_)
    )
    f = module(torch.from_numpy(X)).detach()
    np.testing.assert_allclose(net.decision_function(X), f, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(net.predict_proba(X), torch.softmax(f, 1), rtol=1e-9)
    np.testing.assert_allclose(
        net.predict_log_proba(X), torch.log_softmax(f, 1), rtol=1e-9, atol=1e-12
    )
    np.testing.assert_array_equal(net.predict(X), f.argmax(dim=1))
    assert net.loss_ == pytest.approx(
        float(torch.nn.functional.cross_entropy(f, torch.from_numpy(y)))
    )


@pytest.mark.parametrize("max_iter", [2, 60])
def test_without_diagnostics_the_loss_is_that_of_the_last_pass(max_iter, monkeypatch):
    X, y = problem()
    weight = np.linspace(0, 2, len(y))
    taken = spied_batches(monkeypatch)
    net = OverparamReLUClassifier(
        **{**FAST, "max_iter": max_iter},
        batch_size=16,
        fit_intercept=False,
        diagnostics=None,
    ).fit(X, y, weight)
    seen = []
    plain_sgd(
        torch.from_numpy(net.initial_weights()),
        torch.from_numpy(net.readout_weights_),
        torch.from_numpy(X),
        torch.from_numpy(y),
        taken,
        step=5.0 / 50,
        weight=torch.from_numpy(weight / weight.mean()),
        factor=lambda outputs, _: seen.append(outputs) or 1.0,
    )
    last = torch.cat(taken[-6:])  # ⌈90 / 16⌉ batches
    losses = cross_entropy(
        torch.cat(seen[-6:]), torch.from_numpy(y)[last], reduction="none"
    )
    assert net.loss_ == pytest.approx(np.average(losses, weights=weight[last]))


def test_without_diagnostics_a_last_pass_that_tells_nothing_is_made_up_for():
    X, y = problem()
    weight = np.zeros(len(y))
    weight[-1] = 1  # the only batch has no row with a weight
    asked = {**FAST, "max_iter": 1, "batch_size": 1}
    net, measured = (
        OverparamReLUClassifier(**asked, diagnostics=chosen).fit(X, y, weight)
        for chosen in (None, "all")
    )
    assert net.loss_ == measured.loss_ > 0


def test_fitted_diagnostics_are_those_of_the_public_weights():
    X, y = problem(n=30)
    net = OverparamReLUClassifier(**FAST, fit_intercept=False).fit(X, y)
    W, W0 = net.hidden_weights_, net.initial_weights()
    assert net.activation_change_ == activation_change(W, W0, X)
    assert net.relative_distance_ == pytest.approx(relative_distance(W, W0))
    np.testing.assert_array_equal(
        net.update_singular_values_, update_singular_values(W, W0)
    )
    assert net.update_singular_values_ is net.update_singular_values_  # cached
    gram = jacobian_gram(*map(torch.from_numpy, (W, net.readout_weights_, X)))
    assert net.gram_lambda_min_ == pytest.approx(np.linalg.eigvalsh(gram)[0], rel=1e-6)
    # 30 rows are all monitored: the course ends in the fitted figures.
    assert net.history_["iteration"][0] == 0
    assert net.history_["iteration"][-1] == net.n_iter_
    assert len({len(column) for column in net.history_.values()}) == 1
    for name in REGISTRY:
        assert net.history_[name][-1] == pytest.approx(getattr(net, f"{name}_"))
    assert net.history_["loss"][-1] == pytest.approx(net.loss_)
    assert net.history_["activation_change"][0] == 0
    assert net.history_["relative_distance"][0] == 0
    assert len(pd.DataFrame(net.history_)) == len(net.history_["loss"])


@pytest.mark.parametrize("name", [*REGISTRY, "update_singular_values"])
def test_one_diagnostic_alone(name):
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, diagnostics=(name,)).fit(X, y)
    for other in [*REGISTRY, "update_singular_values"]:
        assert hasattr(net, f"{other}_") == (other == name)
        assert (other in net.history_) == (other == name and name in REGISTRY)


def test_switched_off_diagnostics_do_not_outlive_the_fit():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, warm_start=True).fit(X, y)
    net.set_params(diagnostics=("relative_distance",)).fit(X, y)
    assert not hasattr(net, "activation_change_")
    net.set_params(diagnostics="all").fit(X, y)
    assert len({len(column) for column in net.history_.values()}) == 1
    steps, T = net.history_["iteration"], net.max_iter
    unmeasured = (steps > T) & (steps <= 2 * T)
    change = net.history_["activation_change"]
    np.testing.assert_array_equal(np.isnan(change), unmeasured)


def test_no_diagnostics():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, diagnostics=None).fit(X, y)
    assert set(net.history_) == {"iteration", "loss", "score", "block_size"}
    assert np.isfinite(net.loss_)
    with pytest.raises(AttributeError, match="diagnostics='all'"):
        _ = net.update_singular_values_


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_is_dense(container, dtype):
    X, y = problem(dtype=dtype)
    X[np.abs(X) < 1] = 0
    dense = OverparamReLUClassifier(**FAST, batch_size=16).fit(X, y)
    thin = OverparamReLUClassifier(**FAST, batch_size=16).fit(container(X), y)
    assert thin.hidden_weights_.dtype == dtype
    tolerance = {np.float32: 1e-4, np.float64: 1e-10}[dtype]
    np.testing.assert_allclose(
        thin.hidden_weights_, dense.hidden_weights_, rtol=tolerance, atol=tolerance
    )
    np.testing.assert_allclose(
        thin.decision_function(container(X)),
        dense.decision_function(X),
        rtol=tolerance,
        atol=tolerance,
    )


def test_pandas_and_string_labels():
    X, y = problem(k=2)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    labels = np.array(["no", "yes"])[y]
    net = OverparamReLUClassifier(**FAST).fit(frame, pd.Series(labels))
    assert list(net.feature_names_in_) == list(frame.columns)
    assert list(net.classes_) == ["no", "yes"]
    assert net.score(frame, labels) > 0.95
    decision = net.decision_function(frame)
    assert decision.shape == (len(X),)
    np.testing.assert_array_equal(net.predict(frame), net.classes_[(decision > 0) * 1])
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(frame.rename(columns={"x0": "z"}))


def test_float32_and_float64_start_from_the_same_point():
    X, y = problem()
    double = OverparamReLUClassifier(**FAST).fit(X, y)
    single = OverparamReLUClassifier(**FAST).fit(X.astype(np.float32), y)
    assert (double.hidden_weights_.dtype, single.hidden_weights_.dtype) == ("f8", "f4")
    np.testing.assert_allclose(
        single.hidden_weights_, double.hidden_weights_, atol=1e-4
    )


def test_same_seed_same_bits():
    X, y = problem()
    fits = [OverparamReLUClassifier(**FAST, batch_size=7).fit(X, y) for _ in range(2)]
    np.testing.assert_array_equal(*[net.hidden_weights_ for net in fits])
    other = clone(fits[0]).set_params(random_state=1).fit(X, y)
    assert not np.array_equal(other.hidden_weights_, fits[0].hidden_weights_)


def test_global_state_is_left_as_found():
    X, y = problem()
    numpy_state = np.random.get_state()[1].copy()  # noqa: NPY002
    torch_state, threads = torch.get_rng_state(), torch.get_num_threads()
    OverparamReLUClassifier(
        width=20, max_iter=5, n_iter_no_change=None, early_stopping=True
    ).fit(X, y)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert torch.get_num_threads() == threads
    assert torch.get_default_dtype() == torch.float32


def test_warm_start_goes_on():
    X, y = problem(n=60)  # full batches: two halves are the whole
    whole = OverparamReLUClassifier(**FAST).fit(X, y)
    half = OverparamReLUClassifier(**{**FAST, "max_iter": 30}, warm_start=True)
    half.fit(X, y)
    first_half = half.history_["iteration"].copy()
    half.fit(X, y)
    assert half.n_iter_ == 60
    np.testing.assert_allclose(half.hidden_weights_, whole.hidden_weights_, rtol=1e-9)
    assert half.relative_distance_ == pytest.approx(whole.relative_distance_)
    assert (np.diff(half.history_["iteration"]) > 0).all()
    np.testing.assert_array_equal(
        half.history_["iteration"][: len(first_half)], first_half
    )
    with pytest.raises(ValueError, match=r"width must stay 50.*got 51"):
        half.set_params(width=51).fit(X, y)


def test_without_warm_start_fit_starts_anew():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST).fit(X, y)
    before = net.hidden_weights_
    net.fit(X, y)
    assert net.n_iter_ == 60
    np.testing.assert_array_equal(net.hidden_weights_, before)


def test_partial_fit_passes_over_the_data():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, batch_size=16)
    net.partial_fit(X[:40], y[:40], classes=[0, 1, 2])
    assert net.n_iter_ == 3  # ⌈40/16⌉
    for _ in range(30):
        net.partial_fit(X, y)
    assert net.n_iter_ == 3 + 30 * 6
    assert net.score(X, y) > 0.95
    with pytest.raises(ValueError, match=r"labels among \[0, 1, 2\], got also \[5\]"):
        net.partial_fit(X, np.where(y == 0, 5, y))


def test_validation_set_is_scored_along_the_run():
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, record_every=20)
    net.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    np.testing.assert_array_equal(net.history_["iteration"], [0, 20, 40, 60])
    assert net.history_["val_score"][-1] == net.score(X[60:], y[60:])
    log_p = net.predict_log_proba(X[60:])[np.arange(len(y[60:])), y[60:]]
    assert net.history_["val_loss"][-1] == pytest.approx(-log_p.mean())


@pytest.mark.parametrize("at", [(0, 7, 8, 200), [8, 0, 7, 7]])
def test_a_tuple_names_the_iterations_that_are_recorded(at):
    X, y = problem()
    every = OverparamReLUClassifier(**FAST, record_every=1).fit(X, y)
    some = OverparamReLUClassifier(**FAST, record_every=at).fit(X, y)
    seen = [0, 7, 8, 60]
    np.testing.assert_array_equal(some.history_["iteration"], seen)
    np.testing.assert_allclose(some.history_["loss"], every.history_["loss"][seen])


def test_validation_set_through_a_pipeline():
    X, y = problem()
    with sklearn.config_context(enable_metadata_routing=True):
        net = OverparamReLUClassifier(**FAST).set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        pipeline.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    assert pipeline[-1].history_["val_score"][-1] == pipeline.score(X[60:], y[60:])


@pytest.mark.parametrize("given", [False, True], ids=["share", "X_val"])
def test_early_stopping_keeps_the_best_weights(given):
    X, y = problem(n=150)
    rng = np.random.default_rng(0)
    noisy = np.where(rng.random(len(y)) < 0.3, rng.integers(0, 3, len(y)), y)
    net = OverparamReLUClassifier(
        **{**FAST, "max_iter": 5000},
        early_stopping=True,
        n_iter_no_change=3,
        record_every=10,
    )
    validation = {"X_val": X[100:], "y_val": y[100:]} if given else {}
    net.fit(X[:100], noisy[:100], **validation)
    assert net.n_iter_ < 5000
    assert net.best_validation_score_ == net.history_["val_score"].max()
    if given:
        assert net.score(X[100:], y[100:]) == pytest.approx(net.best_validation_score_)


def test_stops_when_the_loss_stands_still():
    X, y = problem()
    net = OverparamReLUClassifier(
        **{**FAST, "max_iter": 5000}, tol=0.05, n_iter_no_change=2, record_every=10
    ).fit(X, y)
    assert net.n_iter_ < 5000


@pytest.mark.parametrize("record_every", [7, None])
def test_record_every(record_every):
    X, y = problem()
    net = OverparamReLUClassifier(**FAST, record_every=record_every).fit(X, y)
    expected = [60] if record_every is None else [*range(0, 60, 7), 60]
    np.testing.assert_array_equal(net.history_["iteration"], expected)


def test_sample_weights_are_repetitions_in_minibatches_on_average(monkeypatch):
    # One step on each batch of an epoch: their mean is the step on all repetitions.
    X, y = problem()
    weight = np.arange(len(y)) % 4
    B, updates = 15, []
    net = OverparamReLUClassifier(**{**FAST, "max_iter": 1}, batch_size=B)
    with monkeypatch.context() as patch:
        for batch in torch.randperm(
            len(y), generator=torch.Generator().manual_seed(0)
        ).split(B):
            patch.setattr(MinibatchStream, "take", lambda *_, batch=batch: batch)
            net.fit(X, y, weight)
            updates.append(net.hidden_weights_ - net.initial_weights())
    repeated = np.repeat(np.arange(len(y)), weight)
    net.set_params(batch_size="auto").fit(X[repeated], y[repeated])
    expected = net.hidden_weights_ - net.initial_weights()
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(np.mean(updates, axis=0), expected, atol=1e-12)


def test_a_sample_without_weight_is_removed_whatever_it_is():
    X, y = problem()
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    other = np.where(weight > 0, y, 2 - y)
    elsewhere = np.where(weight[:, None] > 0, X, X[::-1])
    nets = [
        OverparamReLUClassifier(**FAST, batch_size=16).fit(rows, labels, weight)
        for rows, labels in ((X, y), (elsewhere, other))
    ]
    np.testing.assert_allclose(*[net.hidden_weights_ for net in nets], rtol=1e-9)


def test_grid_search_in_a_pipeline():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(
        StandardScaler(),
        OverparamReLUClassifier(max_iter=100, n_iter_no_change=None, random_state=0),
    )
    search = GridSearchCV(
        pipeline, {"overparamreluclassifier__width": [20, 100]}, cv=3
    ).fit(X, y)
    assert search.best_score_ > 0.9


def test_raw_uncentred_data_needs_no_tuning():
    X, y = load_digits(return_X_y=True)
    net = OverparamReLUClassifier(
        200, max_iter=300, n_iter_no_change=None, random_state=0
    )
    scores = cross_val_score(net, X, y, cv=3)
    assert scores.min() > 0.5  # the class prior is 0.1


def test_version():
    assert overparam_sk.__version__.count(".") == 2


def test_the_automatic_step_looks_at_rows_that_have_a_weight():
    X, y = problem()
    many, labels = np.tile(X, (40, 1)), np.tile(y, 40)
    few = np.arange(len(many)) < 30
    alone = OverparamReLUClassifier(
        20, max_iter=1, n_iter_no_change=None, random_state=0
    )
    weighted = clone(alone).set_params(batch_size=len(many))
    weighted.fit(many, labels, few)
    alone.fit(many[few], labels[few])
    assert weighted.learning_rate_ == pytest.approx(alone.learning_rate_, rel=1e-6)
