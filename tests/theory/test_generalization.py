"""Bounds against slow and obvious versions, and against errors that are known."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from estimators.small_nets import (
    classifier,
    compressed,
    infinite,
    linearized,
    regressor,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.diagnostics import infinite_width_gram
from overparam_sk.theory import generalization_bounds
from overparam_sk.theory._bounded_network import BoundedNetwork, Labelled
from overparam_sk.theory._compression_bound import compression_bound, quantised
from overparam_sk.theory._kernel_bound import label_complexity
from overparam_sk.theory._kl_inverse import binary_kl, kl_inverse
from overparam_sk.theory._pac_bayes_bound import noisy_error

NAMES = ("kernel", "PAC-Bayes", "compression", "margin")


def problem(n=120, k=3, d=6, seed=0, spread=0.3, random_labels=False):
    """Two balls' worth of classes, with as many new rows again, which are many."""
    X, y = make_clustered_mixture(
        n + 4000, d, n_classes=k, component_std=spread, random_state=seed
    )
    if random_labels:
        y = np.random.default_rng(seed).integers(0, k, len(y))
    return X[:n], y[:n], X[n:], y[n:]


def fitted(X, y, *, width=40, seed=0, **options):
    usual = {"fit_intercept": False, "learning_rate": 1.0, "max_iter": 60}
    usual |= {"batch_size": 10, "n_iter_no_change": None, "random_state": seed}
    return OverparamReLUClassifier(width, **{**usual, **options}).fit(X, y)


def found(net, X, y, X_test=None, y_test=None, **options):
    some = generalization_bounds(net, X, y, X_test=X_test, y_test=y_test, **options)
    assert tuple(one.name for one in some) == NAMES
    return dict(zip(NAMES, some, strict=True))


# ------------------------------------------------------------------ the inverse of kl
@given(q=st.floats(0, 1 - 1e-9), budget=st.floats(0, 50))
def test_the_inverse_is_the_largest_probability_within_the_budget(q, budget):
    p = kl_inverse(q, budget)
    assert q <= p <= 1
    assert binary_kl(q, p) >= min(budget, binary_kl(q, math.nextafter(1, 0))) - 1e-6
    below = q + 0.999 * (p - q)
    assert binary_kl(q, below) <= budget + 1e-9


def test_of_no_errors_it_is_known():
    for budget in (0.01, 0.5, 3.0):
        assert kl_inverse(0.0, budget) == pytest.approx(1 - math.exp(-budget))
    assert kl_inverse(1.0, 0.0) == kl_inverse(0.3, math.inf) == 1.0


def test_it_bounds_a_mean_of_different_probabilities():
    random = np.random.default_rng(0)
    p = random.beta(0.3, 2, 50)
    frequencies = (random.random((4000, 50)) < p).mean(axis=1)
    bounds = [kl_inverse(q, math.log(1 / 0.05) / 50) for q in frequencies]
    assert (np.array(bounds) < p.mean()).mean() <= 0.05


# --------------------------------------------------------------------------- oracles
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_arora_et_al_2019_theorem_5_1_is_its_formula(k, fit_intercept):
    X, y, *_ = problem(60, k)
    net = fitted(X, y, fit_intercept=fit_intercept)
    bound = found(net, X, y, delta=0.1)["kernel"]
    H = infinite_width_gram(X, fit_intercept=fit_intercept)
    lambda_0 = np.linalg.eigvalsh(H)[0]
    classes = [1] if k == 2 else range(k)
    delta, total = 0.1 / len(classes), 0.0
    for j in classes:
        target = np.where(y == j, 1.0, -1.0)
        total += math.sqrt(2 * target @ np.linalg.solve(H, target) / 60)
        total += math.sqrt(math.log(60 / (lambda_0 * delta)) / 60)
    assert bound.value == pytest.approx(total, rel=1e-6)
    assert {"rows of norm 1", "readout of ±1", "κ ≤ λ0·δ/n"} <= {*bound.failing}
    assert any("squared loss" in words for words in bound.failing)


def test_rows_of_norm_1_are_seen():
    X, y, *_ = problem(60)
    X = X / np.linalg.norm(X, axis=1, keepdims=True)
    assert "rows of norm 1" not in found(fitted(X, y), X, y)["kernel"].failing


def test_rows_that_are_twice_there_have_no_kernel_bound():
    X, y, *_ = problem(60)
    X[1], y[1] = X[0], y[0]
    bound = found(fitted(X, y), X, y)["kernel"]
    assert bound.value == math.inf
    assert bound.vacuous
    assert "λ_min(H∞) > 0" in bound.failing


def test_label_complexity_tells_structured_from_random_labels():
    X, y, *_ = problem(100, 2)
    H = infinite_width_gram(X)
    true = np.where(y == 1, 1.0, -1.0)
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], 100)
    (structured, random), _ = label_complexity(H, np.stack([true, drawn], axis=1))
    assert structured < random / 3


def test_noise_of_its_own_for_each_row_has_the_mean_of_noisy_networks():
    X, y, *_ = problem(80)
    net = fitted(X, y)
    bounded = BoundedNetwork.of(net, X, y, None, None)
    s, random = 0.5, np.random.default_rng(0)
    whole = []
    for _ in range(400):
        W = net.hidden_weights_ + s * random.standard_normal(net.hidden_weights_.shape)
        outputs = np.maximum(X @ W.T, 0) @ net.readout_weights_.T
        whole.append((net.classes_[outputs.argmax(axis=1)] != y).mean())
    rowwise = noisy_error(bounded.train, bounded, s, 400, random)
    error = np.std(whole) / 400**0.5
    assert 0.02 < rowwise < 0.9
    assert rowwise == pytest.approx(np.mean(whole), abs=5 * error)


@pytest.mark.parametrize("bits", [2, 3, 8, 16])
def test_a_quantised_column_has_as_many_values_as_its_bits(bits):
    factor = np.random.default_rng(0).standard_normal((3000, 2))
    rounded = quantised(factor, bits)
    step = np.abs(factor).max(axis=0) / (2 ** (bits - 1) - 1)
    assert (np.abs(rounded - factor) <= step * 0.501).all()
    for column in rounded.T:
        assert len(np.unique(column)) <= 2**bits - 1
    assert (quantised(np.zeros((4, 1)), bits) == 0).all()


def test_the_compression_bound_is_occams_of_the_network_that_it_says():
    X, y, X_test, y_test = problem(100)
    net = fitted(X, y)
    bound = found(net, X, y, X_test, y_test, delta=0.1)["compression"]
    rank, bits, total = map(bound.parameters.get, ("rank", "bits a number", "bits"))
    assert total == rank * (bits * (40 + 6) + 64)
    small = net.compress(6)
    update = (
        quantised(small.left_[:, :rank].astype(float), bits)
        @ quantised(small.right_[:rank].T.astype(float), bits).T
    )
    W = net.initial_weights() + update
    for rows, labels, error in (
        (X, y, bound.train_error),
        (X_test, y_test, bound.test_error),
    ):
        outputs = np.maximum(rows @ W.T, 0) @ net.readout_weights_.T
        assert error == pytest.approx((outputs.argmax(axis=1) != labels).mean())
    # Ranks 1, 2, 4 and 6, at six precisions.
    budget = (total * math.log(2) + math.log(24 / 0.1)) / 100
    assert bound.value == pytest.approx(kl_inverse(bound.train_error, budget))


@pytest.mark.parametrize(("n_draws", "delta"), [(1, 0.1), (10, 0.1), (10, 1e-6)])
def test_the_pac_bayes_bound_is_maurers_of_the_noise_that_it_says(n_draws, delta):
    X, y, *_ = problem(100)
    net = fitted(X, y)
    bound = found(net, X, y, delta=delta, n_draws=n_draws)["PAC-Bayes"]
    s_root_m = bound.parameters["s·√m"]
    j = 2 * math.log2(s_root_m)
    assert j == pytest.approx(round(j), abs=1e-9)
    assert -40 <= round(j) <= 10
    distance = ((net.hidden_weights_ - net.initial_weights()) ** 2).sum()
    divergence = distance / (2 * (s_root_m / 40**0.5) ** 2)
    assert bound.parameters["KL in nats"] == pytest.approx(divergence, rel=1e-5)
    # Half of δ is the draws', and all of it is shared by the 51 sizes of the noise.
    share = delta / 2 / 51
    assert 0 < bound.train_error < 1
    upper = kl_inverse(bound.train_error, math.log(1 / share) / (100 * n_draws))
    budget = (divergence + math.log(2 * 10 / share)) / 100
    assert bound.value == pytest.approx(kl_inverse(upper, budget), rel=1e-6)


def test_the_margin_bound_is_its_formula():
    X, y, *_ = problem(100, random_labels=True)
    net = fitted(X, y)
    bound = found(net, X, y, delta=0.1)["margin"]
    a, W, W0 = net.readout_weights_, net.hidden_weights_, net.initial_weights()
    reach = max(
        np.linalg.norm(W[r] - W0[r]) / np.linalg.norm(a[:, r]) for r in range(40)
    )
    beta = min(b for b in 2 ** (np.arange(-60, 21) / 2) if b >= reach)
    f = net.decision_function(X)
    margins = np.array([f[i, c] - np.delete(f[i], c).max() for i, c in enumerate(y)])
    values = []
    for gamma in 2 ** (np.arange(-20, 21) / 2):
        ramp = np.mean([min(1, max(0, 1 - margin / gamma)) for margin in margins])
        capacity = 4 * beta * (a**2).sum() * np.sqrt((X**2).sum()) / (gamma * 100)
        values.append(
            ramp + capacity + 3 * math.sqrt(math.log(2 * 81 * 41 / 0.1) / 200)
        )
    assert bound.value == pytest.approx(min(values), rel=1e-4)


def test_the_rademacher_complexity_is_within_what_the_margin_bound_says():
    """Steps 2 to 4, with the supremum looked for by gradient ascent: it is below."""
    X, y, *_ = problem(20)
    net = fitted(X, y, width=10)
    a = torch.tensor(net.readout_weights_, dtype=torch.float64)
    W0 = torch.tensor(net.initial_weights(), dtype=torch.float64)
    rows, beta = torch.tensor(X), 0.7
    sizes, random = a.norm(dim=0), np.random.default_rng(0)
    suprema = []
    for _ in range(30):
        signs = torch.tensor(random.choice([-1.0, 1.0], (20, 3)))
        V = torch.zeros_like(W0, requires_grad=True)
        best = 0.0
        for _ in range(30):
            change = ((rows @ (W0 + V).T).relu() - (rows @ W0.T).relu()) @ a.T
            total = (signs * change).sum()
            best = max(best, float(total.detach()))
            (slope,) = torch.autograd.grad(total, V)
            with torch.no_grad():
                V += 0.5 * slope
                V *= (beta * sizes / V.norm(dim=1).clamp_min(1e-12)).clamp_max(1)[
                    :, None
                ]
        suprema.append(best)
    bound = beta * float((a**2).sum()) * float(rows.norm())
    assert 0.1 * bound < np.mean(suprema) < bound


# -------------------------------------------------------------------------- validity
@pytest.mark.parametrize("random_labels", [False, True])
def test_the_bounds_hold_in_repeated_draws_of_the_rows(random_labels):
    """Three may fail in one draw of 20; of these 20 draws none does."""
    for seed in range(20):
        X, y, X_test, y_test = problem(
            150, 2, 2, seed, spread=0.5, random_labels=random_labels
        )
        net = fitted(X, y, width=10, seed=seed)
        bounds = found(net, X, y, X_test, y_test, random_state=seed)
        for name in NAMES[1:]:
            assert bounds[name].value >= bounds[name].test_error


def test_pac_bayes_says_something_and_holds():
    values = []
    for seed in range(10):
        X, y, X_test, y_test = problem(400, 2, 5, seed)
        bounds = found(fitted(X, y, seed=seed), X, y, X_test, y_test)
        one = bounds["PAC-Bayes"]
        assert one.test_error <= one.value
        assert not one.vacuous
        values.append(one.value)
    assert np.mean(values) < 0.3
    assert one.failing == ()


def test_for_random_labels_every_bound_is_vacuous():
    X, y, X_test, y_test = problem(random_labels=True)
    net = fitted(X, y, width=400, max_iter=3000)
    for name, one in found(net, X, y, X_test, y_test).items():
        assert one.vacuous, name
        assert one.trivial == pytest.approx(2 / 3)


def test_a_smaller_delta_and_fewer_rows_never_help():
    X, y, *_ = problem(400)
    net = fitted(X, y)
    strict, loose = (found(net, X, y, delta=delta) for delta in (0.001, 0.5))
    few = found(net, X[:100], y[:100], delta=0.5)
    for name in NAMES:
        assert strict[name].value >= loose[name].value
        if name != "kernel":  # the sum over fewer labels is another one
            assert few[name].value >= loose[name].value


# ----------------------------------------------------------------------------- doors
def test_errors_are_those_of_the_network_and_the_gap_their_difference():
    X, y, X_test, y_test = problem()
    names = np.array(["a", "b", "c"])
    net = fitted(X, names[y])
    bounds = found(net, X, names[y], X_test, names[y_test])
    for name in ("kernel", "margin"):
        one = bounds[name]
        assert one.train_error == pytest.approx(1 - net.score(X, names[y]))
        assert one.test_error == pytest.approx(1 - net.score(X_test, names[y_test]))
        assert one.gap == one.test_error - one.train_error
    alone = found(net, X, names[y])
    assert all(one.test_error is one.gap is None for one in alone.values())
    assert [one.value for one in alone.values()] == [
        one.value for one in bounds.values()
    ]


def test_a_start_that_follows_the_rows_is_no_prior():
    X, y, *_ = problem()
    net = fitted(X, y, fit_intercept=True, learning_rate="auto")
    assert hasattr(net, "scale_")
    for one in found(net, X, y).values():
        assert any("without a look" in words for words in one.failing)


def test_sparse_rows_are_rows():
    X, y, *_ = problem()
    net = fitted(X, y)
    dense, sparse = found(net, X, y), found(net, csr_array(X), y)
    for name in NAMES:
        assert sparse[name].value == pytest.approx(dense[name].value, rel=1e-6)


@pytest.mark.parametrize(
    ("in_rows", "in_weights"),
    [
        (2.0**-600, 1.0),
        (2.0**-60, 1.0),
        (2.0**200, 1.0),
        (1.0, 2.0**-200),
        (1.0, 2.0**60),
        (1.0, 2.0**200),
    ],
)
def test_what_the_errors_are_knows_no_unit(in_rows, in_weights):
    """A network without a constant 1 is homogeneous, in its rows and its weights."""
    X, y, X_test, y_test = problem(spread=1.5)
    seen = BoundedNetwork.of(fitted(X, y), X, y, X_test[:200], y_test[:200])
    random = np.random.default_rng
    small = SimpleNamespace(
        left_=seen.compressed.left_ * np.float64(in_weights),
        right_=seen.compressed.right_.astype(np.float64),
    )
    other = replace(
        seen,
        train=Labelled(seen.train.X * in_rows, seen.train.labels),
        test=Labelled(seen.test.X * in_rows, seen.test.labels),
        W=seen.W * in_weights,
        W0=seen.W0 * in_weights,
        compressed=small,
    )
    assert other.errors(other.W) == seen.errors(seen.W)
    assert 0 < seen.errors(seen.W)[1] < 1
    s = 0.3
    noisy = noisy_error(seen.train, seen, s, 20, random(0))
    assert 0.05 < noisy < 1
    assert noisy_error(
        other.train, other, s * in_weights, 20, random(0)
    ) == pytest.approx(noisy, abs=2e-3)
    both = [compression_bound(one, 0.1) for one in (seen, other)]
    assert both[0].parameters == both[1].parameters
    assert both[0].value == both[1].value


def test_outputs_that_are_no_numbers_are_no_success():
    X, y, *_ = problem()
    seen = BoundedNetwork.of(fitted(X, y), X, y, None, None)
    with pytest.raises(ValueError, match="The margins must be finite numbers"):
        seen.errors(np.full_like(seen.W, np.nan))


def test_a_table_has_a_row_for_each_bound():
    X, y, *_ = problem()
    bounds = generalization_bounds(fitted(X, y), X, y)
    frame = bounds.to_frame()
    assert tuple(frame["bound"]) == NAMES
    assert tuple(frame["vacuous"]) == tuple(one.vacuous for one in bounds)
    assert len(bounds) == len(frame) == 4
    assert "rows of norm 1" in frame["failing"][0]
    assert "independently" in frame["unknown"][3]


def test_printed_they_are_a_line_each():
    X, y, X_test, y_test = problem()
    net = fitted(X, y)
    tested = generalization_bounds(net, X, y, X_test=X_test, y_test=y_test)
    untested = generalization_bounds(net, X, y)
    for bounds, has_test in ((tested, True), (untested, False)):
        for line, one in zip(str(bounds).splitlines(), bounds, strict=True):
            assert line.startswith(one.name)
            assert f"{one.value:.3f}" in line
            assert ("vacuous" in line) == one.vacuous
            assert ("test error" in line) == has_test
            fails = f", {len(one.failing)} assumptions fail"
            assert line.endswith(fails) == bool(one.failing)


@pytest.mark.parametrize("make", [infinite, linearized, regressor, compressed])
def test_another_network_is_refused(make):
    X, y, *_ = problem(30)
    with pytest.raises(ValueError, match="estimator must be a fitted classifier"):
        generalization_bounds(make().fit(X, y), X, y)


def test_what_is_no_network_or_no_row_is_refused():
    X, y, *_ = problem(30)
    net = fitted(X, y)
    for wrong in (classifier(), OverparamReLUClassifier, SimpleNamespace()):
        with pytest.raises(ValueError, match="estimator must be"):
            generalization_bounds(wrong, X, y)
    with pytest.raises(ValueError, match="X must have 6 columns, got 5"):
        generalization_bounds(net, X[:, :5], y)
    with pytest.raises(ValueError, match="y must have shape"):
        generalization_bounds(net, X, y[:-1])
    with pytest.raises(ValueError, match=r"y must be of the classes .* got"):
        generalization_bounds(net, X, y + 1)
    with pytest.raises(ValueError, match="X_test and y_test must be given together"):
        generalization_bounds(net, X, y, X_test=X)
    for delta in (0, 1, "a", np.nan):
        with pytest.raises(ValueError, match="delta must be"):
            generalization_bounds(net, X, y, delta=delta)
