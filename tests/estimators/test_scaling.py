"""The readout trained too, scales of outputs and of W(0): as estimators have them."""

import pickle

import numpy as np
import pytest
import torch
from reference import scaled_outputs, scaled_sgd
from scipy import sparse
from sklearn.datasets import load_iris
from torch.nn.functional import cross_entropy

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
)
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import gram_matrix
from overparam_sk.fits import Seeds
from overparam_sk.theory import generalization_bounds, theory_sheet
from overparam_sk.training import MinibatchStream

X, y = make_clustered_mixture(60, 8, n_classes=3, normalize=True, random_state=0)
WEIGHT = np.linspace(0.1, 2, 60)
M, B, STEPS, C = 40, 16, 30, 0.5

CASES = {
    "readout": {"train_readout": True},
    "readout, momentum": {"train_readout": True, "momentum": 0.9},
    "lazy": {"output_scale": 50.0},
    "rich": {"output_scale": 0.2, "momentum": 0.5},
    "mean field": {"parametrization": "mean_field", "learning_rate": 0.05},
    "mean field, both": {
        "parametrization": "mean_field",
        "learning_rate": 0.01,
        "train_readout": True,
    },
    "mup": {"parametrization": "mup", "base_width": 10, "train_readout": True},
    "small start": {"init_scale": 0.1, "train_readout": True},
    "all at once": {
        "train_readout": True,
        "output_scale": 3.0,
        "parametrization": "mup",
        "base_width": 160,
        "init_scale": 2.0,
        "momentum": 0.5,
        "fit_intercept": False,
    },
}
ALPHA = {"ntk": 1.0, "mean_field": M**-0.5, "mup": M**-0.5}


def net(kind=OverparamReLUClassifier, **parameters):
    usual = {"learning_rate": C, "batch_size": B, "max_iter": STEPS, "random_state": 0}
    return kind(**{"width": M, "n_iter_no_change": None, **usual, **parameters})


def batches(n_steps=STEPS):
    """What `net` sees, as scikit-learn's ``random_state`` decides it."""
    seeds = Seeds.draw(np.random.RandomState(0))
    seed = np.random.SeedSequence([seeds.batches, 0]).generate_state(1)[0]
    return MinibatchStream(len(X), B, int(seed)).take(n_steps).view(n_steps, B)


def rows_of(fitted, X=X):
    constant = [np.ones(len(X))] * fitted.has_intercept_
    return torch.from_numpy(np.column_stack([X, *constant]))


def start_of(fitted):
    columns = [fitted.initial_intercept()] * fitted.has_intercept_
    W0 = np.column_stack([fitted.initial_weights(), *columns])
    return torch.from_numpy(W0), torch.from_numpy(fitted.initial_readout())


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_fit_is_plain_sgd_on_the_scaled_loss(case, weighted, kind):
    parameters = CASES[case]
    weight = WEIGHT if weighted else None
    fitted = net(kind, **parameters).fit(X, y, weight)
    W0, a0 = start_of(fitted)
    at = (W0, a0) if kind is LinearizedReLUClassifier else None
    scale = parameters.get("init_scale", 1.0)
    assert float(W0.std()) == pytest.approx(scale * M**-0.5, rel=0.1)
    centered = "output_scale" in parameters
    root = ALPHA[parameters.get("parametrization", "ntk")]
    alpha = root * parameters.get("base_width", 1) ** 0.5
    alpha *= parameters.get("output_scale", 1.0)
    c = parameters.get("learning_rate", C)
    rows, targets = rows_of(fitted), torch.from_numpy(y)
    W, a = scaled_sgd(
        W0,
        a0,
        rows,
        targets,
        batches(),
        step=c / M,
        readout_step=c if "train_readout" in parameters else 0.0,
        output_scale=alpha,
        centered=centered,
        momentum=parameters.get("momentum", 0.0),
        frozen=at is not None,
        weight=torch.from_numpy(WEIGHT / WEIGHT.mean()) if weighted else None,
    )
    close = {"rtol": 1e-9, "atol": 1e-11}
    columns = [fitted.hidden_intercept_] * fitted.has_intercept_
    found = np.column_stack([fitted.hidden_weights_, *columns])
    np.testing.assert_allclose(found, W, **close)
    np.testing.assert_allclose(fitted.readout_weights_, a, **close)
    g = scaled_outputs(W, a, rows, alpha, at)
    if centered:
        g = g - scaled_outputs(W0, a0, rows, alpha, at)
    np.testing.assert_allclose(fitted.decision_function(X), g, **close)
    losses = cross_entropy(g, targets, reduction="none").numpy()
    assert fitted.loss_ == pytest.approx(np.average(losses, weights=weight), rel=1e-9)
    assert fitted.history_["loss"][-1] == pytest.approx(fitted.loss_, rel=1e-9)


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
@pytest.mark.parametrize("centered", [False, True])
def test_few_rows_of_many_columns_train_both_layers_in_the_dual_form(kind, centered):
    rng = np.random.default_rng(0)
    wide, classes = rng.normal(size=(40, 600)) / 600**0.5, rng.integers(0, 3, 40)
    same = {"width": 300, "train_readout": True, "momentum": 0.5, "max_iter": 40}
    fitted = net(kind, **same, output_scale=2.0 if centered else None)
    fitted.fit(wide, classes)
    W0, a0 = start_of(fitted)
    seeds = Seeds.draw(np.random.RandomState(0))
    seed = np.random.SeedSequence([seeds.batches, 0]).generate_state(1)[0]
    W, a = scaled_sgd(
        W0,
        a0,
        rows_of(fitted, wide),
        torch.from_numpy(classes),
        MinibatchStream(40, B, int(seed)).take(40).view(40, B),
        step=C / 300,
        readout_step=C,
        output_scale=2.0 if centered else 1.0,
        centered=centered,
        momentum=0.5,
        frozen=kind is LinearizedReLUClassifier,
    )
    close = {"rtol": 1e-9, "atol": 1e-10}
    np.testing.assert_allclose(fitted.hidden_weights_, W[:, :-1], **close)
    np.testing.assert_allclose(fitted.readout_weights_, a, **close)
    H, H0 = (gram_matrix(fitted, wide, initial=initial) for initial in (False, True))
    drift = np.linalg.norm(H - H0) / np.linalg.norm(H0)
    assert fitted.gram_drift_ == pytest.approx(drift, abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_sparse_float32_and_later_calls_are_the_same_network(case):
    usual = net(**CASES[case]).fit(X, y)
    rare = net(**CASES[case]).fit(sparse.csr_array(X), y)
    found, expected = (of.decision_function(X) for of in (rare, usual))
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-10)
    single = net(**CASES[case]).fit(X.astype("f4"), y)
    assert single.decision_function(X.astype("f4")).dtype == np.float32
    bound = 1e-2 * np.abs(expected).max()
    np.testing.assert_allclose(single.decision_function(X), expected, atol=bound)
    again = pickle.loads(pickle.dumps(usual)).set_params(
        output_scale=7.0, parametrization="ntk", init_scale=9.0
    )
    np.testing.assert_array_equal(again.decision_function(X), expected)


# ------------------------------------------------------------------- what α leads to
@pytest.mark.parametrize("train_readout", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_large_output_scale_is_the_centred_linearised_network(
    fit_intercept, momentum, train_readout
):
    same = {"fit_intercept": fit_intercept, "momentum": momentum}
    same["train_readout"] = train_readout
    g = net(LinearizedReLUClassifier, output_scale=1.0, **same).fit(X, y)
    expected = g.decision_function(X)
    gaps = []
    for alpha in (0.1, 1e6):
        f = net(output_scale=alpha, **same).fit(X, y)
        gaps.append(np.abs(f.decision_function(X) - expected).max())
    assert gaps[1] <= 1e-6 * np.abs(expected).max() < gaps[0]


@pytest.mark.parametrize("train_readout", [False, True])
@pytest.mark.parametrize("scale", [1e-3, 30.0, 1e6])
def test_a_linear_network_does_not_know_its_output_scale(scale, train_readout):
    same = {"train_readout": train_readout}
    g, h = (
        net(LinearizedReLUClassifier, output_scale=alpha, **same).fit(X, y)
        for alpha in (1.0, scale)
    )
    close = {"rtol": 1e-6, "atol": 1e-8}
    np.testing.assert_allclose(h.decision_function(X), g.decision_function(X), **close)


@pytest.mark.parametrize("train_readout", [False, True])
def test_mup_at_its_base_width_is_the_usual_network(train_readout):
    same = {"train_readout": train_readout}
    mup = net(parametrization="mup", base_width=M, **same).fit(X, y)
    np.testing.assert_array_equal(
        mup.decision_function(X), net(**same).fit(X, y).decision_function(X)
    )


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
def test_centred_outputs_start_at_zero(kind):
    start, _ = net(kind, output_scale=5.0).fit(X, y).snapshots(X, y, [0, 1])
    np.testing.assert_allclose(start.decision_function(X), 0, atol=1e-12)


RICH = {
    "mean field": {"parametrization": "mean_field"},
    "small α": {"output_scale": 0.03},
    "very small α": {"output_scale": 0.003},
    "small start": {"init_scale": 0.1},
    "small start, mean field": {"init_scale": 1e-3, "parametrization": "mean_field"},
    "mup": {"parametrization": "mup"},
    "ntk": {},
}


@pytest.mark.parametrize("width", [30, 300])
@pytest.mark.parametrize("case", RICH)
def test_the_automatic_step_of_both_layers_knows_features_that_move(case, width):
    flowers, kinds = load_iris(return_X_y=True)
    fitted = OverparamReLUClassifier(
        width, train_readout=True, random_state=0, **RICH[case]
    ).fit(flowers, kinds)
    course = fitted.history_["loss"]
    assert fitted.score(flowers, kinds) > 0.95
    assert course[-1] <= 1.5 * course.min() + 1e-3


# ------------------------------------------------------------------- infinite width
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("learning_rate", ["auto", 0.5])
def test_a_network_with_both_layers_trained_approaches_the_sum_of_two_kernels(
    learning_rate, fit_intercept
):
    same = {"learning_rate": learning_rate, "fit_intercept": fit_intercept}
    gaps = {}
    for width in (250, 4000):
        f = net(width=width, train_readout=True, **same).fit(X, y)
        found = f.decision_function(X)
        for readout in (True, False):
            limit = InfiniteWidthReLUClassifier(
                initial_width=width,
                train_readout=readout,
                batch_size=B,
                max_iter=STEPS,
                n_iter_no_change=None,
                random_state=0,
                **{**same, "learning_rate": f.learning_rate_},
            )
            if learning_rate == "auto":
                limit.set_params(learning_rate="auto")
            g = limit.fit(X, y).decision_function(X)
            gaps[width, readout] = np.linalg.norm(found - g)
    # A sixteenth of the width, four times the gap: seen over one draw.
    ratio = gaps[250, True] / gaps[4000, True]
    assert ratio > 2
    assert ratio < 8 or learning_rate == "auto"  # whose lengths feel the gap, too
    assert gaps[4000, False] > 5 * gaps[4000, True]


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_limit_of_the_distance_is_that_of_the_given_columns_of_w(fit_intercept):
    limit = InfiniteWidthReLUClassifier(
        initial_width=30,
        train_readout=True,
        learning_rate=C,
        batch_size=B,
        max_iter=STEPS,
        n_iter_no_change=None,
        fit_intercept=fit_intercept,
        random_state=0,
    ).fit(X, y)
    rows, R = limit.X_fit_, limit.dual_coef_
    lengths = np.linalg.norm(rows, axis=1)
    cosines = np.clip(rows @ rows.T / np.outer(lengths, lengths), -1, 1)
    gates = (np.pi - np.arccos(cosines)) / (2 * np.pi)
    K = (rows[:, :8] @ rows[:, :8].T) * gates
    expected = np.sqrt(np.trace(R.T @ K @ R) / 8)
    assert limit.distance_constant_ == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("which", ["mean", "full"])
@pytest.mark.parametrize("initial", [False, True])
def test_the_gram_matrix_is_of_both_jacobians(which, initial):
    fitted = net(train_readout=True).fit(X, y)
    rows = rows_of(fitted)
    columns = [fitted.hidden_intercept_]
    W = torch.from_numpy(np.column_stack([fitted.hidden_weights_, *columns]))
    a = torch.from_numpy(fitted.readout_weights_)
    if initial:
        W, a = start_of(fitted)

    def f(V, a):  # both have the step c
        return torch.relu(rows @ V.T / M**0.5) @ a.T

    V = M**0.5 * W
    parts = torch.func.jacrev(f, argnums=(0, 1))(V, a)
    J = torch.cat([part.flatten(2) for part in parts], dim=2)
    full = (J.flatten(0, 1) @ J.flatten(0, 1).T).view(60, 3, 60, 3)
    expected = full.diagonal(dim1=1, dim2=3).mean(dim=2)
    if which == "full":
        expected = full.reshape(180, 180)
    found = gram_matrix(fitted, X, which=which, initial=initial)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


# ----------------------------------------------------------------- what goes with it
def test_each_layer_has_its_figures():
    fitted = net(train_readout=True).fit(X, y)
    moved = fitted.readout_weights_ - fitted.initial_readout()
    share = np.linalg.norm(moved) / np.linalg.norm(fitted.initial_readout())
    assert fitted.relative_distance_[1] == pytest.approx(share)
    assert fitted.largest_unit_change_[1] == pytest.approx(
        np.linalg.norm(moved, axis=0).max()
    )
    spectrum = np.linalg.svd(moved, compute_uv=False)
    np.testing.assert_allclose(fitted.update_singular_values_[1], spectrum, atol=1e-12)
    assert set(fitted.diagnostic_columns) <= set(fitted.history_)
    assert isinstance(fitted.activation_change_, float)


WITHOUT_F0 = [name for name, of in CASES.items() if "output_scale" not in of]


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("case", WITHOUT_F0)
def test_a_skorch_net_goes_on_as_the_estimator_does(case, initial):
    fitted = net(**CASES[case], batch_size=len(X), warm_start=True).fit(X, y)
    bridge = fitted.to_skorch(initial=initial, max_epochs=5).partial_fit(X, y)
    fitted.set_params(max_iter=5, warm_start=not initial).fit(X, y)
    np.testing.assert_allclose(
        bridge.forward(X).numpy(), fitted.decision_function(X), rtol=1e-8, atol=1e-10
    )


def test_a_net_without_f0_is_no_centred_one():
    with pytest.raises(ValueError, match=r"output_scale must be None .*, got 2\.0"):
        net(output_scale=2.0).fit(X, y).to_skorch()


@pytest.mark.parametrize("kind", [OverparamReLUClassifier, LinearizedReLUClassifier])
@pytest.mark.parametrize("case", CASES)
def test_of_full_rank_the_compressed_network_is_the_same(case, kind):
    fitted = net(kind, **CASES[case]).fit(X, y)
    small = fitted.compress(8 + fitted.has_intercept_)
    again = pickle.loads(pickle.dumps(small))
    np.testing.assert_allclose(
        again.decision_function(X), fitted.decision_function(X), rtol=1e-7, atol=1e-9
    )


OTHERS = [
    {"output_scale": 2.0},
    {"output_scale": None},
    {"parametrization": "mean_field"},
    {"init_scale": 0.5},
    {"train_readout": False},
]


@pytest.mark.parametrize("other", OTHERS, ids=map(str, OTHERS))
def test_another_network_cannot_go_on(other):
    fitted = net(train_readout=True, output_scale=1.0, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"must stay .*fit anew with warm_start=False"):
        fitted.set_params(**other).fit(X, y)


@pytest.mark.parametrize("case", CASES)
def test_no_theorem_is_about_them(case):
    fitted = net(**CASES[case]).fit(X, y)
    with pytest.raises(ValueError, match="estimator must be a fitted Overparam"):
        theory_sheet(fitted, X, y)
    if set(CASES[case]) & {"train_readout", "output_scale", "parametrization"}:
        with pytest.raises(ValueError, match="estimator must be a fitted classifier"):
            generalization_bounds(fitted, X, y)


def test_a_pickle_of_before_is_the_network_that_it_was():
    fitted = net().fit(X, y)
    state = fitted.__getstate__()
    later = ("train_readout", "output_scale", "init_scale", "parametrization")
    fitted_later = (
        "has_trained_readout_",
        "init_scale_",
        "output_scale_",
        "is_centered_",
    )
    old = {
        n: v for n, v in state.items() if n not in (*later, *fitted_later, "base_width")
    }
    assert len(old) == len(state) - 9
    again = OverparamReLUClassifier.__new__(OverparamReLUClassifier)
    again.__setstate__(old)
    np.testing.assert_array_equal(
        again.decision_function(X), fitted.decision_function(X)
    )
    assert again.get_params() == fitted.get_params()
