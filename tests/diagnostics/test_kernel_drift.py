"""Drift, alignment, spectrum: against Jacobians, neural-tangents, and invariants."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import reference
import torch
from estimators.small_nets import WITH_WEIGHTS, trained_weights
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone, is_classifier

from overparam_sk.diagnostics import (
    GramDriftView,
    GramView,
    Panel,
    WeightView,
    gram_lambda_min,
    gram_matrix,
    gram_spectrum,
)
from overparam_sk.diagnostics.accumulated_update import LargestUnitChange
from overparam_sk.diagnostics.kernel_drift import GramAlignment, GramDrift

DRIFTS = ("gram_drift", "gram_alignment", "largest_unit_change")
rng = np.random.default_rng(0)
X = rng.normal(size=(24, 4))
y = np.arange(24) % 3
WEIGHT = np.arange(24) % 4 + 0.5


def fitted(name, *, weight=None, X=X, **parameters):
    """A network whose kernel has moved, if it can."""
    # With a step of its own every network works in the coordinates that are given.
    step = {"deep_classifier": 2.0, "deep_regressor": 0.02, "regressor": 0.02}
    steps = {"max_iter": 30, "learning_rate": step.get(name, 5.0)}
    net = WITH_WEIGHTS[name](**{**steps, **parameters})
    return net.fit(X, targets_of(net), weight)


def targets_of(net):
    return y if is_classifier(net) else X[:, 0] + y


def jacobian(net, start):
    """∂f/∂(trained weights), shape (k, n, p), by torch.func."""
    rows = torch.from_numpy(np.column_stack([X, np.ones(len(X))]))

    def with_column(W, b):
        return torch.from_numpy(np.column_stack([W, b]))

    if hasattr(net, "readout_signs_"):
        first, *above = trained_weights(net)
        first = with_column(first, net.first_intercept_)
        w = torch.from_numpy(net.readout_signs_).double()

        def outputs(*layers):
            return reference.deep_outputs(layers, w, rows).reshape(len(X), -1)

        trained = (first, *map(torch.from_numpy, above))
        kept = [first[:, : None if net.has_intercept_ else 4], *trained[1:]]
    else:
        W = with_column(net.hidden_weights_, net.hidden_intercept_)
        W0 = with_column(start.hidden_weights_, start.hidden_intercept_)
        a = torch.from_numpy(net.readout_weights_)
        frozen = "Linearized" in type(net).__name__

        m = a.shape[1]

        # √m W has the step c, as a has where it is trained.
        a0 = torch.from_numpy(net.initial_readout())

        def outputs(V, a=a):
            Z = rows @ V.T / m**0.5
            if not frozen:
                return torch.relu(Z) @ a.T
            Z0 = rows @ W0.T
            return (Z * (Z0 > 0)) @ a0.T + torch.relu(Z0) @ (a - a0).T

        trained = (m**0.5 * W, a)[: 1 + net.has_trained_readout_]
        kept = [W[:, : None if net.has_intercept_ else 4], a][: len(trained)]
    parts = torch.func.jacrev(outputs, argnums=tuple(range(len(trained))))(*trained)
    # A constant that the network does not have is no weight of it.
    cut = [J[..., : V.shape[1]].flatten(2) for J, V in zip(parts, kept, strict=True)]
    return torch.cat(cut, dim=2).permute(1, 0, 2)


def slow_gram(net, start):
    J = jacobian(net, start)
    return (sum(part @ part.T for part in J) / len(J)).numpy()


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_figures_are_those_of_the_jacobians(name, weight, fit_intercept):
    net = fitted(name, weight=weight, fit_intercept=fit_intercept)
    (start,) = net.snapshots(X, targets_of(net), [0], weight)
    H, H0 = slow_gram(net, start), slow_gram(start, start)
    one_hot = np.eye(3)[y] if is_classifier(net) else targets_of(net)
    expected = {
        "gram_drift": np.linalg.norm(H - H0) / np.linalg.norm(H0),
        "gram_alignment": reference.alignment(
            H, one_hot, np.ones(24) if weight is None else weight
        ),
        "gram_lambda_min": np.linalg.eigvalsh(H)[0],
    }
    assert (expected["gram_drift"] > 0.01) == ("linearized" not in name)
    for figure, value in expected.items():
        close = pytest.approx(value, rel=1e-10, abs=1e-13 * np.trace(H))
        assert getattr(net, f"{figure}_") == close, figure
        assert net.history_[figure][-1] == close, figure  # all rows are the sample
    close = {"rtol": 1e-10, "atol": 1e-13 * np.trace(H)}
    spectra = [gram_spectrum(net, X, initial=initial) for initial in (False, True)]
    np.testing.assert_allclose(spectra[0], np.linalg.eigvalsh(H)[::-1], **close)
    np.testing.assert_allclose(spectra[1], np.linalg.eigvalsh(H0)[::-1], **close)
    np.testing.assert_allclose(gram_matrix(net, X, initial=True), H0, **close)
    assert spectra[0][-1] == gram_lambda_min(net, X)
    longest = [
        np.linalg.norm(W - W0, axis=1).max()
        for W, W0 in net._updates()  # without intercepts
    ]
    np.testing.assert_allclose(net.largest_unit_change_, np.squeeze(longest), 1e-10)


# --------------------------------------------------------------- another implementation
STORED = np.load(Path(__file__).parent / "data" / "neural_tangents.npz")
WEIGHTS = {
    "li_liang_2018": (("W", "a"), ("W0", "a")),
    "linearized": (("G", "a"), ("G", "a")),  # the gates make its kernel
    "kong_2019": (("A", "B", "w"), ("A0", "B0", "w")),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_kernel_is_that_of_neural_tangents(name):
    def stored(*names):
        return tuple(STORED[f"{name}/{one}"] for one in names)

    (rows,), views = stored("X"), []
    for whole, weights in zip(stored("H", "H0"), WEIGHTS[name], strict=True):
        n, k = whole.shape[:2]
        m = 1 if name == "kong_2019" else len(STORED[f"{name}/W"])
        full = whole.reshape(n * k, n * k) / m
        mean = np.einsum("sitj,ij->st", whole, np.eye(k)) / (k * m)
        params = stored(*weights)
        close = {"rtol": 1e-10, "atol": 1e-13 * np.trace(mean)}
        np.testing.assert_allclose(gram_matrix(params, rows), mean, **close)
        if name != "kong_2019":
            found = gram_matrix(params, rows, which="full")
            np.testing.assert_allclose(found, full, **close)
        values = np.linalg.eigvalsh(mean)[::-1]
        np.testing.assert_allclose(gram_spectrum(params, rows), values, **close)
        views.append((torch.from_numpy(gram_matrix(params, rows)), mean))
    (H, theirs), (H0, theirs0) = views
    expected = np.linalg.norm(theirs - theirs0) / np.linalg.norm(theirs0)
    assert drift(H, H0) == pytest.approx(expected, rel=1e-10)
    assert (expected > 0.05) == ("linearized" not in name)
    labels, ones = np.arange(len(rows)) % 2, np.ones(len(rows))
    cosine = reference.alignment(theirs, labels, ones)
    assert alignment(H, labels, ones) == pytest.approx(cosine, rel=1e-10)


# ------------------------------------------------------------------------- invariants
def drift(H, H0):
    panel = Panel([GramDrift])
    panel.show(GramDriftView(*map(torch.as_tensor, (H, H0))))
    return panel.values()["gram_drift"][0]


def alignment(H, targets, weight):
    panel = Panel([GramAlignment])
    panel.show(GramView(*map(torch.as_tensor, (H, targets, weight))))
    return panel.values()["gram_alignment"][0]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("learning_rate", ["auto", 0.01])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_nothing_has_moved_before_training(
    name, learning_rate, fit_intercept, container, dtype
):
    options = {"fit_intercept": fit_intercept, "learning_rate": learning_rate}
    rows = container(np.round(X).astype(dtype))  # pre-activations that are 0 as well
    net = fitted(name, X=rows, max_iter=3, **options)
    for column, course in net.history_.items():
        if column.startswith(("gram_drift", "largest_unit_change")):
            # Values of units are rounded where patterns are not.
            rounding = 1e-7 if dtype == "f4" else 1e-15
            assert course[0] <= (0.0 if name != "scaled" else rounding)
    if "linearized" in name:
        assert not net.history_["gram_drift"].any()
        assert net.gram_drift_ == 0.0
    assert net.history_["gram_alignment"].min() >= 0
    assert net.history_["gram_alignment"].max() <= 1


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_each_alone_is_what_it_is_among_all(name):
    net = fitted(name)
    for figure in DRIFTS:
        alone = clone(net).set_params(diagnostics=(figure,)).fit(X, targets_of(net))
        found, expected = (getattr(n, f"{figure}_") for n in (alone, net))
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_longest_update_lies_between_the_mean_square_and_the_whole(name):
    net = fitted(name)
    largest, whole = map(np.atleast_1d, (net.largest_unit_change_, net.weight_change_))
    units = np.array([len(W) for W, _ in net._updates()])
    assert (largest <= whole * (1 + 1e-12)).all()
    assert (largest >= whole / np.sqrt(units) * (1 - 1e-12)).all()


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_who_goes_on_still_compares_with_the_initialisation(name):
    net = fitted(name, warm_start=True)
    net.fit(X, targets_of(net))
    H, H0 = gram_matrix(net, X), gram_matrix(net, X, initial=True)
    expected = np.linalg.norm(H - H0) / np.linalg.norm(H0)
    assert net.gram_drift_ == pytest.approx(expected, rel=1e-10, abs=1e-14)
    assert net.history_["gram_drift"][-1] == pytest.approx(net.gram_drift_)


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_weight_of_two_is_a_row_given_twice(name):
    weight = np.ones(24)
    weight[:5] = 2
    net = fitted(name, weight=weight)
    twice = np.r_[np.arange(24), np.arange(5)]
    again = clone(net).fit(X[twice], targets_of(net)[twice])
    assert again.gram_alignment_ == pytest.approx(net.gram_alignment_, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(
    n=st.integers(1, 9),
    k=st.integers(1, 4),
    rank=st.integers(1, 9),
    seed=st.integers(0, 2**31 - 1),
    scale=st.sampled_from([1.0, 1e-150, 1e150]),
    shift=st.sampled_from([0.0, 3.0]),
)
def test_the_ratios_know_no_order_and_no_unit(n, k, rank, seed, scale, shift):
    draw = np.random.default_rng(seed)
    J, J0 = draw.normal(size=(2, n, rank))
    Y, weight = draw.normal(size=(n, k)), draw.integers(0, 4, n).astype(float)
    H, H0 = J @ J.T, J0 @ J0.T
    moved, cosine = drift(H, H0), alignment(H, Y, weight)
    assert 0 <= cosine <= 1
    order = draw.permutation(n)
    H_, H0_ = H[order][:, order], H0[order][:, order]
    assert drift(H_, H0_) == pytest.approx(moved)
    assert alignment(H_, Y[order], weight[order]) == pytest.approx(cosine, abs=1e-12)
    assert drift(scale * H, scale * H0) == pytest.approx(moved)
    other = alignment(scale * H, scale * (Y + shift), weight)
    assert other == pytest.approx(cosine, abs=1e-9)
    # Whole weights say how often a row is there.
    times = np.repeat(np.arange(n), weight.astype(int))
    if len(times):
        given_so = alignment(H[times][:, times], Y[times], np.ones(len(times)))
        assert given_so == pytest.approx(cosine, abs=1e-12)


@pytest.mark.parametrize("weight", [np.ones(3), np.array([0.3, 0.7, 1e-9])])
@pytest.mark.parametrize("targets", [np.full(3, 0.1), np.full((3, 2), 1e300)])
def test_constant_targets_are_aligned_to_nothing(targets, weight):
    assert alignment(np.eye(3), targets, weight) == 0.0
    other = targets.copy()
    other[1] = 0
    assert alignment(np.eye(3), other, weight) > 0


def test_where_a_ratio_has_nothing_below():
    nothing, something, Y = np.zeros((3, 3)), np.eye(3), np.arange(3.0)
    assert drift(nothing, nothing) == 0.0
    assert drift(something, nothing) == 1.0
    assert alignment(nothing, Y, np.ones(3)) == 0.0
    assert alignment(something, Y, np.zeros(3)) == 0.0
    assert not np.isfinite(drift(np.full((3, 3), np.inf), something))
    assert np.isnan(drift(something * np.nan, something))
    assert np.isnan(alignment(something * np.nan, Y, np.ones(3)))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_network_that_is_dead_on_all_rows_has_finite_figures(name):
    net = WITH_WEIGHTS[name](fit_intercept=False, learning_rate=0.1)
    with pytest.warns(match="predicts 0 for every training row"):
        net.fit(np.zeros((24, 4)), targets_of(net))
    assert net.gram_drift_ == net.gram_alignment_ == 0.0
    assert not np.any(net.largest_unit_change_)


def test_a_process_without_units_has_no_longest_update():
    panel = Panel([LargestUnitChange])
    panel.show(WeightView(torch.zeros(0, 4), 0.0))
    assert panel.values() == {"largest_unit_change": [0.0]}
    panel.show(WeightView(torch.tensor([[3.0, 4.0], [1.0, 1.0]]), 0.0))
    panel.show(WeightView(torch.zeros(2, 2), 0.0))
    assert panel.values() == {"largest_unit_change": [5.0]}


@pytest.mark.parametrize("function", [gram_matrix, gram_lambda_min, gram_spectrum])
def test_weights_alone_know_of_no_initialisation(function):
    net = fitted("classifier", fit_intercept=False)
    params = net.hidden_weights_, net.readout_weights_
    with pytest.raises(ValueError, match=r"initial must be False unless .*, got True"):
        function(params, X, initial=True)
    without = replace(net.gram_source, initial=None)
    holder = type("Holder", (), {"gram_source": without})()
    with pytest.raises(ValueError, match="initial must be False"):
        function(holder, X, initial=True)
