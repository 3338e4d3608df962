"""A fit done again: where it was on the way, and who is refused."""

import re

import numpy as np
import pytest
from estimators.small_nets import WITH_WEIGHTS, outputs, regressor, trained_weights
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.diagnostics import ResidualModes, gram_matrix, residual_modes

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 4))
y = np.arange(40) % 3
WEIGHT = np.linspace(0.5, 2, 40)
# Minibatches, momentum and looks at other places than the fit's.
USUAL = {"max_iter": 40, "record_every": 7, "momentum": 0.5}


def made(name, **parameters):
    make = WITH_WEIGHTS[name]
    full = not hasattr(make(), "batch_size")
    more = {"learning_rate": 0.003} if full else {"batch_size": 16}
    return make(**{**USUAL, **more, **parameters})


def targets_of(net):
    return y if is_classifier(net) else X[:, 0] + y


def others_of(net):
    """Targets that training leads away from."""
    return (y + 1) % 3 if is_classifier(net) else -targets_of(net)


def fitted(name, weight=None, X=X, **parameters):
    net = made(name, **parameters)
    return net.fit(X, targets_of(net), weight)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_way_is_that_of_the_fit(name, fit_intercept):
    net = fitted(name, WEIGHT, fit_intercept=fit_intercept)
    before = {n: np.copy(v) for n, v in vars(net).items() if isinstance(v, np.ndarray)}
    shots = net.snapshots(X, targets_of(net), [21, 0, 40, 21], WEIGHT)
    assert [shot.n_iter_ for shot in shots] == [21, 0, 40, 21]
    for t, shot in zip((21, 0, 40), shots, strict=False):
        assert type(shot) is type(net)
        at = np.flatnonzero(net.history_["iteration"] == t)
        if t or not vars(net).get("is_centered_"):  # whose labels are rounding then
            score = shot.score(X, targets_of(net), WEIGHT)
            np.testing.assert_allclose(score, net.history_["score"][at], atol=1e-10)
        shorter = fitted(name, WEIGHT, fit_intercept=fit_intercept, max_iter=t or 1)
        if t:
            for W, V in zip(*map(trained_weights, (shot, shorter)), strict=True):
                np.testing.assert_allclose(W, V, rtol=1e-9, atol=1e-12)
    _, start, end, _ = shots
    np.testing.assert_allclose(outputs(end, X), outputs(net, X), atol=1e-10)
    H0 = gram_matrix(net, X, initial=True)
    np.testing.assert_allclose(gram_matrix(start, X), H0, rtol=1e-12)
    for n, value in before.items():  # the estimator itself is left alone
        np.testing.assert_array_equal(vars(net)[n], value)


# What is told to `snapshots`, or was done to the fit -> whether that can be done again.
OTHERWISE = {
    "other rows": lambda net: net.snapshots(X[::-1], targets_of(net), [1]),
    "other targets": lambda net: net.snapshots(X, targets_of(net)[::-1], [1]),
    "weights": lambda net: net.snapshots(X, targets_of(net), [1], WEIGHT),
    "fewer rows": lambda net: net.snapshots(X[:30], targets_of(net)[:30], [1]),
    "other momentum": lambda net: net.set_params(momentum=0.6).snapshots(
        X, targets_of(net), [1]
    ),
    "other step": lambda net: net.set_params(learning_rate=0.002).snapshots(
        X, targets_of(net), [1]
    ),
    "gone on": lambda net: (
        net.set_params(warm_start=True)
        .fit(X, targets_of(net))
        .snapshots(X, targets_of(net), [1])
    ),
    "best kept": lambda net: (
        clone(net)
        .set_params(early_stopping=True, n_iter_no_change=50)
        .fit(X, targets_of(net), None, X[:9], others_of(net)[:9])
        .snapshots(X, targets_of(net), [1])
    ),
}


@pytest.mark.parametrize("how", OTHERWISE)
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_another_run_is_refused(name, how):
    net = fitted(name)
    with pytest.raises(
        ValueError, match=r"X, y and the parameters must lead to .* got"
    ):
        OTHERWISE[how](net)


def test_batches_of_no_seed_cannot_be_drawn_again():
    net = fitted("classifier", random_state=None)
    with pytest.raises(ValueError, match="an integer random_state"):
        net.snapshots(X, y, [1])
    net = fitted("regressor", random_state=None)  # no batches: the start is known
    (start,) = net.snapshots(X, targets_of(net), [0])
    np.testing.assert_array_equal(start.second_weights_, net.initial_weights()[1])


def test_partial_fits_cannot_be_done_again():
    net = made("classifier").partial_fit(X, y).partial_fit(X, y)
    with pytest.raises(ValueError, match="got a run that ends"):
        net.snapshots(X, y, [1])


def test_what_is_no_iteration_is_refused():
    net = fitted("classifier")
    with pytest.raises(ValueError, match=r"iterations must be at most 40, .* got 41"):
        net.snapshots(X, y, [3, 41])
    with pytest.raises(ValueError, match="X and y must be those of the fit"):
        net.snapshots(X[:, :3], y, [1])
    with pytest.raises(NotFittedError):
        OverparamReLUClassifier().snapshots(X, y, [1])


# ---------------------------------------------------------------- modes of the residual
LAWFUL = {"momentum": "auto", "learning_rate": 1e-3, "max_iter": 60}


def descended(weight=None, **parameters):
    return fitted("regressor", weight, **{**LAWFUL, **parameters})


def test_the_residual_is_taken_apart_whole():
    net = descended(record_every=10)
    modes = residual_modes(net, X, targets_of(net), iterations=[20])
    np.testing.assert_array_equal(modes.iterations, [0, 20, 60])
    squares = (modes.coefficients**2).sum(axis=1) / 2
    np.testing.assert_allclose(squares, net.history_["loss"][[0, 2, 6]])
    H0 = gram_matrix(net, X, initial=True)
    np.testing.assert_allclose(modes.eigenvalues.sum(), np.trace(H0))
    assert (np.diff(modes.eigenvalues) <= 0).all()
    # Each by its own definition: the sign of an eigenvector is nobody's.
    values, vectors = np.linalg.eigh(H0)
    expected = np.abs(vectors.T @ (targets_of(net) - net.predict(X)))[::-1]
    apart = np.diff(values[::-1], prepend=np.inf) < -1e-9
    found = np.abs(modes.coefficients[-1])
    np.testing.assert_allclose(found[apart], expected[apart], rtol=1e-6, atol=1e-9)
    law = modes.coefficients[0] * (1 - 1e-3 * modes.eigenvalues) ** 20
    np.testing.assert_allclose(modes.predicted[1], law, rtol=1e-12)
    np.testing.assert_allclose(modes.predicted_loss([0, 20])[1], (law**2).sum() / 2)
    np.testing.assert_allclose(modes.predicted_loss(20), (law**2).sum() / 2)


def test_a_prediction_by_hand():
    values, at = np.array([3.0, 1.0]), np.array([0, 2])
    modes = ResidualModes(values, at, np.array([[2.0, 1.0]] * 2), 0.1)
    law = [2 * 0.7**2, 0.9**2]
    np.testing.assert_allclose(modes.predicted, [[2, 1], law])
    np.testing.assert_allclose(modes.loss_shares, [[0.8, 0.2]] * 2)
    np.testing.assert_allclose(modes.predicted_shares[1], np.square(law) / 5)
    expected = (4 * 0.7**4 + 0.9**4) / 2
    np.testing.assert_allclose(modes.predicted_loss([0, 2]), [2.5, expected])
    with np.errstate(all="raise"):  # a world in which numbers may not underflow
        assert modes.predicted_loss([10**6])[0] == 0.0
    assert modes.share_of_top(1) == 0.8
    assert modes.initial_rate == pytest.approx(2 * (0.8 * 3 + 0.2))


def test_the_first_step_is_what_the_modes_say():
    net = descended(learning_rate=1e-5, max_iter=1, record_every=1)
    L = net.history_["loss"]
    modes = residual_modes(net, X, targets_of(net))
    assert modes.share_of_top(40) == pytest.approx(1)
    assert modes.initial_rate == pytest.approx(np.log(L[0] / L[1]) / 1e-5, rel=1e-2)


def test_the_law_holds_up_to_the_square_of_the_step():
    errors = []
    for step in (1e-3, 1e-4):
        net = descended(learning_rate=step, max_iter=1, width2=400)
        modes = residual_modes(net, X, targets_of(net))
        errors.append(np.abs(modes.coefficients - modes.predicted)[1].max())
    assert errors[1] < errors[0] / 30


LAWLESS = {
    "momentum": lambda: descended(momentum=0.5),
    "weights": lambda: descended(WEIGHT),
    "weights of two": lambda: descended(np.full(40, 2.0)),
    "a weight of zero": lambda: descended((np.arange(40) > 0).astype(float)),
    "a step that was halved": lambda: descended(
        learning_rate="auto", n_iter_no_change=None, max_iter=200
    ),
    "best kept": lambda: descended(
        early_stopping=True, validation_fraction=0.2, n_iter_no_change=50
    ),
    "other rows": lambda: descended(X=X[::-1].copy()),
    "another step first": lambda: (
        descended(warm_start=True, learning_rate=3e-3)
        .set_params(learning_rate=1e-3)
        .fit(X, X[:, 0] + y)
    ),
}


@pytest.mark.parametrize("how", LAWLESS)
def test_where_there_is_no_law_there_are_no_modes(how):
    net = LAWLESS[how]()
    with pytest.raises(ValueError, match=r"momentum=0 and no sample_weight"):
        residual_modes(net, X, targets_of(net))
    # What is claimed afterwards does not count.
    net.set_params(momentum=0.0, warm_start=False, early_stopping=False)
    with pytest.raises(ValueError, match=r"got a run that ends .* away"):
        residual_modes(net, X, targets_of(net))


TO_BE_SET = {
    "momentum": "momentum=0",
    "a step that was halved": "learning_rate=a number",
    "best kept": "early_stopping=False",
    "another step first": "warm_start=False",
}


@pytest.mark.parametrize("how", LAWLESS)
def test_the_refusal_tells_just_what_to_set(how):
    net = LAWLESS[how]()
    known = how in TO_BE_SET
    end = f"; to be sure, set {TO_BE_SET[how]}." if known else "no sample_weight."
    with pytest.raises(ValueError, match=f"{re.escape(end)}$"):
        residual_modes(net, X, targets_of(net))


def test_who_goes_on_in_the_same_way_keeps_the_law():
    whole, parts = descended(), descended(warm_start=True, max_iter=30)
    parts.fit(X, targets_of(parts))
    found, expected = (residual_modes(n, X, targets_of(n)) for n in (parts, whole))
    np.testing.assert_array_equal(found.coefficients, expected.coefficients)
    lucky = descended(learning_rate="auto", max_iter=3)  # no step was taken back
    assert residual_modes(lucky, X, targets_of(lucky)).iterations[-1] == 3


def test_other_losses_and_wrong_arguments_are_named():
    for name in ("classifier", "linearized"):
        with pytest.raises(ValueError, match="estimator must be one of the squ"):
            residual_modes(fitted(name), X, y)
    with pytest.raises(ValueError, match="a fitted TwoHiddenReLURegressor or"):
        residual_modes(TwoHiddenReLURegressor(), X, y)
    net = descended()
    with pytest.raises(ValueError, match=r"iterations must be at most 60, .* got 61"):
        residual_modes(net, X, targets_of(net), iterations=[61])
    single = regressor(learning_rate=1e-3).fit(X.astype("f4"), y)
    assert residual_modes(single, X.astype("f4"), y).coefficients.shape == (2, 40)
