"""Networks of any depth: what they compute, and that Kong's is that of two layers."""

import numpy as np
import pytest
import reference
import torch
from scipy import sparse
from sklearn.base import is_classifier
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from overparam_sk import (
    DeepReLUClassifier,
    DeepReLURegressor,
    TwoHiddenReLURegressor,
)
from overparam_sk.diagnostics import REGISTRY, gram_matrix, gram_spectrum
from overparam_sk.networks import initial_signed_layers

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 5))
y = np.sin(X[:, 0]) + 0.1 * X[:, 1]
Y = np.column_stack([y, X[:, 2], np.cos(X[:, 1])])
labels = np.arange(30) % 3
WEIGHT = rng.uniform(0.5, 2, size=30)
SHORT = {"max_iter": 25, "n_iter_no_change": None, "random_state": 0}


# ------------------------------------------------- Kong's network, to the bit
def thin(dtype):
    return sparse.csr_array(np.where(X > 0.5, X, 0).astype(dtype))


# name -> (parameters, what fit is given beside X and y)
SAME = {
    "default": ({}, {}),
    "step": ({"learning_rate": 0.01}, {"sample_weight": WEIGHT}),
    "momentum": ({"momentum": 0.9}, {}),
    "no intercept": ({"fit_intercept": False}, {}),
    "unit rows": ({"row_norm": "unit"}, {}),
    "free rows": ({"row_norm": None}, {}),
    "ends by itself": ({"max_iter": 200, "n_iter_no_change": "auto"}, {}),
    "early stopping": ({"early_stopping": True, "validation_fraction": 0.3}, {}),
    "held out": ({"record_every": 3}, {"X_val": X[:9], "y_val": y[:9]}),
    "few rows of H": ({"gram_samples": 7}, {}),
    "some": ({"diagnostics": ("coupling", "gram_drift")}, {}),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("make", [np.asarray, thin], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", SAME)
def test_two_layers_are_kongs_to_the_bit(case, dtype, make):
    parameters, given = SAME[case]
    rows = thin(dtype) if make is thin else X.astype(dtype)
    options = {**SHORT, "warm_start": True, **parameters}
    kong = TwoHiddenReLURegressor(4, 30, **options)
    deep = DeepReLURegressor((4, 30), **options)
    for targets in (y, y[::-1]):  # the second goes on
        kong.fit(rows, targets, **given)
        deep.fit(rows, targets, **given)
        mine, theirs = fitted(deep), fitted(kong)
        layers = theirs.pop("first_weights_"), theirs.pop("second_weights_")
        theirs["layer_weights_"] = list(layers)
        np.testing.assert_equal(mine, theirs)
    np.testing.assert_equal(deep.predict(rows), kong.predict(rows))
    np.testing.assert_equal(deep.initial_weights(), kong.initial_weights())
    np.testing.assert_equal(deep.initial_intercept(), kong.initial_intercept())
    for initial in (False, True):
        both = (gram_matrix(net, rows, initial=initial) for net in (deep, kong))
        np.testing.assert_equal(*both)
    assert deep.diagnostic_columns == kong.diagnostic_columns


def fitted(net):
    _ = net.update_singular_values_ if net.diagnostics == "all" else None
    return {n: v for n, v in vars(net).items() if n.endswith("_") and n[0] != "_"}


# ------------------------------------------------------ against autograd
FREE = {"row_norm": None}  # with rows of norm 1 it would take long steps
NETS = {
    "one layer": (DeepReLURegressor, {"hidden_widths": (12,)}, y),
    "one layer, targets": (DeepReLURegressor, {"hidden_widths": (12,)}, Y),
    "two layers, targets": (DeepReLURegressor, {"hidden_widths": (6, 9)}, Y),
    "kong, targets": (TwoHiddenReLURegressor, {"width1": 6, "width2": 9}, Y),
    "three layers": (DeepReLURegressor, {"hidden_widths": (9, 4, 12), **FREE}, y),
    "four layers": (DeepReLURegressor, {"hidden_widths": (9, 6, 5, 12), **FREE}, y),
    "four layers, targets": (
        DeepReLURegressor,
        {"hidden_widths": (9, 6, 5, 12), **FREE},
        Y,
    ),
    "classes": (DeepReLUClassifier, {"hidden_widths": (9, 6, 12)}, labels),
    "two classes": (DeepReLUClassifier, {"hidden_widths": (12,)}, labels > 0),
    "clipped classes": (
        DeepReLUClassifier,
        {"hidden_widths": (6, 9), "row_norm": "clip"},
        labels,
    ),
}


def trained(name, weight=None, **parameters):
    kind, widths, targets = NETS[name]
    step = 0.5 if kind is DeepReLUClassifier else 0.003
    options = {**SHORT, "learning_rate": step, "momentum": 0.5, **widths}
    net = kind(**{**options, **parameters})
    return net.fit(X, targets, weight), targets


def layers_of(net):
    first = net.initial_weights()[0]
    whole = initial_signed_layers(
        net.init_seed_,
        [len(W) for W in net.initial_weights()],
        first.shape[1],
        None if net.readout_signs_.ndim == 1 else len(net.readout_signs_),
        row_norm=net.row_norm,
        constant=net.has_intercept_,
        dtype=torch.float64,
    )
    rows = np.column_stack([X, np.ones(len(X))]) if net.has_intercept_ else X
    return *whole, torch.from_numpy(rows)


def slow_loss(net, f, targets, weight):
    if is_classifier(net):
        t = torch.from_numpy(np.searchsorted(net.classes_, targets))
        each = torch.nn.functional.cross_entropy(f, t, reduction="none")
        return (weight * each).sum() / weight.sum()
    squares = (f - torch.from_numpy(targets)).square().reshape(len(f), -1).sum(dim=1)
    return (weight * squares).sum() / 2


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize("name", NETS)
def test_a_fit_is_gradient_descent_by_autograd(name, weight, fit_intercept):
    net, targets = trained(name, weight, fit_intercept=fit_intercept, record_every=1)
    start, w, rows = layers_of(net)
    layers = [W.clone().requires_grad_() for W in start]
    sgd = torch.optim.SGD(layers, lr=net.learning_rate, momentum=net.momentum)
    counts = torch.from_numpy(np.ones(len(X)) if weight is None else weight)
    course = []
    for _ in range(net.n_iter_ + 1):
        loss = slow_loss(net, reference.deep_outputs(layers, w, rows), targets, counts)
        course.append(loss.item())
        sgd.zero_grad()
        loss.backward()
        if len(course) <= net.n_iter_:
            sgd.step()
    assert course[-1] < 0.97 * course[0]
    np.testing.assert_allclose(net.history_["loss"], course, rtol=1e-11)
    assert net.loss_ == pytest.approx(course[-1], rel=1e-11)
    for mine, slow in zip(net._trained_weights(), layers, strict=True):
        np.testing.assert_allclose(mine, slow.detach(), rtol=0, atol=1e-11)
    np.testing.assert_array_equal(net.readout_signs_, w)
    for mine, slow in zip(net.initial_weights(), start, strict=True):
        np.testing.assert_array_equal(mine, slow[:, : mine.shape[1]])


@pytest.mark.parametrize("name", NETS)
def test_every_figure_of_a_layer_is_its_definition(name):
    net, targets = trained(name, fit_intercept=False, record_every=5)
    start, w, rows = layers_of(net)
    now = [torch.from_numpy(W) for W in net._trained_weights()]
    moved = [(W - V).numpy() for W, V in zip(now, start, strict=True)]
    active, before = (
        [p.numpy() for p in reference.deep_patterns(layers, rows)]
        for layers in (now, start)
    )
    H, H0 = (sum(reference.deep_gram_parts(ws, w, rows)) for ws in (now, start))
    known = np.eye(len(net.classes_))[targets * 1] if is_classifier(net) else targets
    pairs = list(zip(active, before, strict=True))
    expected = {
        "activation_change": [np.mean(a != b) for a, b in pairs],
        "coupling": [np.mean((a == b).all(axis=0)) for a, b in pairs],
        "relative_distance": [
            np.linalg.norm(M) / np.linalg.norm(W)
            for M, W in zip(moved, start, strict=True)
        ],
        "weight_change": list(map(np.linalg.norm, moved)),
        "largest_unit_change": [np.linalg.norm(M, axis=1).max() for M in moved],
        "dead_samples": [np.sum(~active[0].any(axis=1))],
        "dead_rows": [np.sum(~a.any(axis=1)) for a in active],
        "gram_lambda_min": [np.linalg.eigvalsh(H)[0]],
        "gram_drift": [(H - H0).norm() / H0.norm()],
        "gram_alignment": [reference.alignment(H, known, np.ones(len(X)))],
    }
    assert set(expected) == set(REGISTRY)
    for figure, values in expected.items():
        close = {"rtol": 1e-9, "atol": 1e-13 * float(H.trace()), "err_msg": figure}
        np.testing.assert_allclose(
            np.ravel(getattr(net, f"{figure}_")), values, **close
        )
        columns = [c for c in net.history_ if c.startswith(figure)]
        courses = [net.history_[c][-1] for c in columns]
        np.testing.assert_allclose(courses, values, **close)
    spectra = net.update_singular_values_
    for M, values in zip(moved, spectra if len(moved) > 1 else [spectra], strict=True):
        slow = np.linalg.svd(M, compute_uv=False)
        np.testing.assert_allclose(values, slow, atol=1e-13)
    np.testing.assert_allclose(gram_matrix(net, X), H, rtol=1e-10, atol=1e-13)
    for layer, part in enumerate(reference.deep_gram_parts(now, w, rows), start=1):
        mine = gram_matrix(net, X, layer=layer)
        np.testing.assert_allclose(mine, part, rtol=1e-10, atol=1e-13)
    k = len(net.readout_signs_) if net.readout_signs_.ndim == 2 else 1
    full = gram_matrix(net, X, which="full")
    assert full.shape == (30 * k, 30 * k)
    whole = sum(reference.deep_gram_parts(now, w, rows, "full"))
    np.testing.assert_allclose(full, whole, rtol=1e-10, atol=1e-13)
    columns = {*net.history_} - {"iteration", "loss", "score"}
    assert columns == {*net.diagnostic_columns} - {"update_singular_values"}


# ---------------------------------------------------------- the automatic step
@pytest.mark.parametrize("name", NETS)
def test_the_automatic_step_is_that_of_the_whole_gram_matrix(name):
    net, _ = trained(name, learning_rate="auto", fit_intercept=False, max_iter=1)
    top = np.linalg.eigvalsh(gram_matrix(net, X, initial=True, which="full"))[-1]
    largest = 2 * len(X) / top if is_classifier(net) else 1 / top
    close = 1e-9 if net.readout_signs_.ndim == 1 else 2e-3
    assert net.learning_rate_ == pytest.approx(largest, rel=close)


def test_a_guarded_fit_never_ends_above_its_start():
    for seed in range(6):
        net = DeepReLUClassifier((20, 3, 30), **{**SHORT, "random_state": seed})
        losses = net.fit(X, labels).history_["loss"]
        assert (np.diff(losses) <= 1e-12).all()


# ------------------------------------------------------------------- dead rows
def test_rows_that_are_dead_at_a_layer_are_dead_above_it_and_stay_as_they_are():
    found = []
    for seed in range(12):
        net = DeepReLURegressor(
            (20, 2, 30), row_norm=None, **{**SHORT, "random_state": seed}
        )
        net.fit(X, y)
        found.append(net.dead_rows_)
        dead = net.dead_rows_[-1]
        assert (np.diff(net.dead_rows_) >= 0).all()
        assert net.dead_samples_ == net.dead_rows_[0]
        silent = net.predict(X) == 0
        assert silent.sum() == dead
        H = gram_matrix(net, X)
        np.testing.assert_array_equal(~H.any(axis=1), silent)
        if dead:
            assert net.gram_lambda_min_ == 0.0 == gram_spectrum(net, X)[-1]
    assert len({tuple(counts) for counts in found}) > 2


@pytest.mark.parametrize("name", NETS)
def test_many_rows_are_predicted_a_few_at_a_time(name, monkeypatch):
    net, _ = trained(name)
    whole = net._outputs(X)
    module = "overparam_sk.estimators._all_layers._PREDICT_ELEMENTS"
    monkeypatch.setattr(module, 7 * len(net.initial_weights()[0]))  # 7 rows, 2 at last
    np.testing.assert_allclose(net._outputs(X), whole, rtol=1e-13)


@pytest.mark.parametrize("kind", [DeepReLURegressor, DeepReLUClassifier])
def test_who_goes_on_keeps_its_layers(kind):
    net = kind((6, 9), warm_start=True, **SHORT).fit(X, labels)
    for widths in ((6,), (9, 6), (6, 9, 9)):
        net.set_params(hidden_widths=widths)
        told = r"hidden_widths must stay \(6, 9\), .* got \("
        for go_on in (net.fit, net.partial_fit):
            with pytest.raises(ValueError, match=told):
                go_on(X, labels)


def test_widths_may_be_a_list_or_an_array():
    nets = [
        DeepReLURegressor(widths, **SHORT).fit(X, y)
        for widths in ((6, 9), [6, 9], np.array([6, 9]))
    ]
    for net in nets[1:]:
        np.testing.assert_array_equal(net.predict(X), nets[0].predict(X))


def test_the_classifiers_default_learns_with_nothing_set():
    for load in (load_iris, load_wine, load_breast_cancer):
        rows, targets = load(return_X_y=True)  # whose columns are of all scales
        net = DeepReLUClassifier(random_state=0, diagnostics=None)
        net.fit(rows[::2], targets[::2])
        assert net.score(rows[1::2], targets[1::2]) > 0.93
        assert net.n_iter_ < 500
