"""Pickles and clones; only numpy arrays, numbers and strings in the state."""

import io
import pickle
import subprocess
import sys
from typing import Any, Literal, get_type_hints

import joblib
import numpy as np
import pytest
from estimators.small_nets import (
    ALL,
    EVERY,
    WITH_WEIGHTS,
    X,
    classifier,
    outputs,
    trained_weights,
    y,
)
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning, NotFittedError

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.diagnostics import gram_matrix


def fit_of(make):
    def fit(**parameters):
        return make(**{"max_iter": 20, **parameters}).fit(X, y)

    return fit


@pytest.fixture(params=WITH_WEIGHTS.values(), ids=WITH_WEIGHTS)
def fitted(request):
    """A fit of a network that has weights."""
    return fit_of(request.param)


@pytest.fixture(params=ALL.values(), ids=ALL)
def any_fitted(request):
    """A fit of any, the infinite width too."""
    return fit_of(request.param)


def via_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def via_joblib(estimator):
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("trip", [via_joblib, via_pickle])
def test_round_trip(any_fitted, trip, fit_intercept):
    net = any_fitted(fit_intercept=fit_intercept)
    back = trip(net)
    assert back.get_params() == net.get_params()
    np.testing.assert_array_equal(outputs(back, X), outputs(net, X))
    assert sorted(vars(back)) == sorted(vars(net))


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_what_is_not_stored_comes_back(fitted, fit_intercept):
    net = fitted(fit_intercept=fit_intercept)
    back = via_pickle(net)
    for mine, theirs in (
        (net.initial_weights(), back.initial_weights()),
        (net.update_singular_values_, back.update_singular_values_),
    ):
        assert type(mine) is type(theirs)
        for one, other in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(one, other)


def test_clone_is_unfitted_and_equal(any_fitted):
    net = any_fitted()
    twin = clone(net)
    assert twin.get_params() == net.get_params()
    assert not [name for name in vars(twin) if name.endswith("_")]
    twin.fit(X, y)
    for mine, theirs in zip(trained_weights(net), trained_weights(twin), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def plain(value):
    if isinstance(value, dict):
        return all(isinstance(k, str) and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or isinstance(value, (np.ndarray, np.generic, int, float, str))


def test_the_state_is_plain(any_fitted):
    net = any_fitted()
    _ = getattr(net, "update_singular_values_", None)  # is stored from now on
    for name, value in vars(net).items():
        if name not in net.get_params():
            assert plain(value), name


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_weights_are_whole_arrays(fitted, fit_intercept):
    net = fitted(fit_intercept=fit_intercept)
    starts = net.initial_weights()
    for W in (*trained_weights(net), *(starts if type(starts) is tuple else [starts])):
        assert W.flags.c_contiguous


def test_weights_at_initialisation_are_not_stored():
    net = classifier(width=2000, diagnostics=None, record_every=None)
    net.fit(np.tile(X, (1, 30)), y)
    size, W = len(pickle.dumps(net)), net.hidden_weights_
    assert size < W.nbytes + net.readout_weights_.nbytes + W[:, 0].nbytes + 20_000


def test_stamps(any_fitted):
    net = any_fitted()
    state = net.__getstate__()
    assert state["_overparam_sk_format"] == 1
    twin = type(net)()
    twin.__setstate__(state)
    assert "_overparam_sk_format" not in vars(twin)
    with pytest.warns(InconsistentVersionWarning, match=r"0\.0\.1"):
        twin.__setstate__({**state, "_overparam_sk_version": "0.0.1"})
    with pytest.raises(ValueError, match="format must be at most 1, got 2"):
        twin.__setstate__({**state, "_overparam_sk_format": 2})


def test_a_model_from_a_gpu_predicts_on_a_machine_without_one(any_fitted):
    net = any_fitted()
    net.device_ = "cpu"
    expected = outputs(net, X)
    net.device_ = "cuda:7"
    np.testing.assert_array_equal(outputs(net, X), expected)


@pytest.fixture(scope="module")
def in_another_process():
    """Weights of each network, fitted in a process of their own."""
    program = (
        "import numpy as np; import overparam_sk;"
        "X = np.random.default_rng(0).normal(size=(20, 3)); y = np.arange(20) % 2;"
        "names = 'hidden_weights_', 'first_weights_', 'second_weights_', 'dual_coef_';"
        "fit = lambda kind, of: vars(getattr(overparam_sk, kind)(**of).fit(X, y));"
        "of_fit = lambda fit: [fit[name].tolist() for name in names if name in fit]"
        "+ [W.tolist() for W in fit.get('layer_weights_', [])];"
        "print({net: of_fit(fit(*of)) for net, of in NETS.items()})"
    )
    nets = [make(max_iter=20) for make in ALL.values()]
    asked = {str(net): (type(net).__name__, net.get_params()) for net in nets}
    assert len(asked) == len(nets)
    run = subprocess.run(
        [sys.executable, "-c", program.replace("NETS", repr(asked))],
        capture_output=True,
        text=True,
        check=True,
    )
    return eval(run.stdout)


def test_seed_is_the_same_in_another_process(any_fitted, in_another_process):
    net = any_fitted()
    found = in_another_process[str(clone(net))]
    for here, there in zip(trained_weights(net), found, strict=True):
        np.testing.assert_allclose(np.array(there), here, rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_parameter_that_is_set_afterwards_changes_no_fitted_network(
    fitted, fit_intercept
):
    net = fitted(fit_intercept=fit_intercept)

    def seen():
        has_bridge = hasattr(net, "to_skorch") and not vars(net).get("is_centered_")
        bridge = net.to_skorch(initial=True) if has_bridge else None
        through = 0 if bridge is None else bridge.forward(X).numpy()
        return gram_matrix(net, X), outputs(net, X), through

    before = seen()
    net.set_params(fit_intercept=not fit_intercept)
    for now, then in zip(seen(), before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_warm_start_keeps_the_kind_of_network(fitted, fit_intercept):
    net = fitted(fit_intercept=fit_intercept, warm_start=True)
    net.set_params(fit_intercept=not fit_intercept)
    match = f"fit_intercept must stay {fit_intercept}, .* got {not fit_intercept}"
    with pytest.raises(ValueError, match=match):
        net.fit(X, y)


@pytest.mark.parametrize("row_norm", ["clip", "unit", None])
def test_the_rows_norms_are_those_of_the_fitted_network(row_norm):
    net = TwoHiddenReLURegressor(
        3,
        20,
        max_iter=3,
        n_iter_no_change=None,
        row_norm=row_norm,
        random_state=1,
        warm_start=True,
    ).fit(X, y)
    before = net.initial_weights()
    other = None if row_norm == "unit" else "unit"
    net.set_params(row_norm=other)
    for W, W0 in zip(net.initial_weights(), before, strict=True):
        np.testing.assert_array_equal(W, W0)
    with pytest.raises(ValueError, match=f"row_norm must stay {row_norm}, .* {other}"):
        net.fit(X, y)


def test_a_warm_start_never_ends_worse_than_it_started(fitted):
    net = fitted(record_every=5, warm_start=True)
    past = net.history_["iteration"]
    best = net.predict(X)  # nothing fits this better than the start
    longer = (
        500
        if hasattr(net, "hidden_weights_")
        else 10
        if hasattr(net, "classes_")
        else 2
    )
    net.set_params(early_stopping=True, learning_rate=longer * net.learning_rate_)
    net.fit(X, y, X_val=X, y_val=best)
    assert np.nanmin(net.history_["val_score"]) < 1
    assert net.score(X, best) == net.best_validation_score_ == pytest.approx(1)
    steps = net.history_["iteration"]
    assert (np.diff(steps) > 0).all()
    np.testing.assert_array_equal(steps[: len(past)], past)


def test_a_history_keeps_the_columns_of_all_its_runs(fitted):
    net = fitted(warm_start=True)
    columns = set(net.history_)
    records = len(net.history_["iteration"])
    net.set_params(diagnostics=("relative_distance",)).fit(X, y, X_val=X, y_val=y)
    assert set(net.history_) == columns | {"val_loss", "val_score"}
    history = net.history_
    assert {len(column) for column in history.values()} == {len(history["iteration"])}
    assert np.isnan(history["val_loss"][:records]).all()
    dropped = next(name for name in columns if name.startswith("activation_change"))
    assert np.isnan(history[dropped][records:]).all()
    assert np.isfinite(history[dropped][:records]).all()


def test_the_best_score_of_an_earlier_fit_does_not_outlive_it(fitted):
    net = fitted(early_stopping=True, warm_start=True)
    assert hasattr(net, "best_validation_score_")
    net.set_params(early_stopping=False).fit(X, y)
    assert not hasattr(net, "best_validation_score_")


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_what_needs_a_fit_says_so_and_not_that_it_is_not_there(name):
    net = WITH_WEIGHTS[name]()
    with pytest.raises(NotFittedError):
        _ = net.gram_source
    with pytest.raises(AttributeError, match="has no attribute 'no_such_thing'"):
        _ = net.no_such_thing


def test_what_others_have_set_outlives_a_fit_that_goes_on(fitted):
    net = fitted(warm_start=True)
    net.n_calls_, net.note = 1, "theirs"
    net.fit(X, y)
    assert (net.n_calls_, net.note) == (1, "theirs")
    if hasattr(net, "partial_fit"):
        net.partial_fit(X, y)
        assert net.n_calls_ == 1
    net.set_params(warm_start=False).fit(X, y)
    assert not hasattr(net, "n_calls_")


@pytest.mark.parametrize("make", WITH_WEIGHTS.values(), ids=WITH_WEIGHTS)
def test_a_property_in_a_subclass_says_what_it_lacked(make):
    class Theirs(type(make())):
        @property
        def half(self):
            return self.not_there / 2

    with pytest.raises(AttributeError, match="no attribute 'not_there'"):
        _ = Theirs().half
    with pytest.raises(AttributeError, match="no attribute 'nowhere'"):
        _ = Theirs().nowhere


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_a_property_in_a_subclass_can_be_set(make):
    class Theirs(type(make())):
        @property
        def note(self):
            """Says something."""
            return self._note

        @note.setter
        def note(self, value):
            self._note = value

    theirs = Theirs(None) if "rank" in make().get_params() else Theirs()
    theirs.note = "so"
    assert theirs.note == "so"
    assert Theirs.note.__doc__ == "Says something."


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_a_signature_tells_types(make):
    told = get_type_hints(type(make()).__init__)
    assert told["max_iter"] == int | Literal["auto"]
    assert told["tol"] is float
    assert told["n_iter_no_change"] == int | Literal["auto"] | None
    # What has no type that says more.
    anything = {name for name, kind in told.items() if kind is Any}
    assert anything <= {"random_state", "class_weight"}


def test_to_be_shown_costs_no_singular_values(fitted, monkeypatch):
    def costly(*weights):
        raise AssertionError("computed")

    net = fitted()
    monkeypatch.setattr(
        "overparam_sk.estimators._weights.update_singular_values", costly
    )
    assert type(net).__name__ in net._repr_html_()
    with pytest.raises(AssertionError, match="computed"):
        _ = net.update_singular_values_
    monkeypatch.undo()
    assert "update_singular_values_" not in dir(net)
    _ = net.update_singular_values_
    assert "update_singular_values_" in dir(net)


@pytest.mark.parametrize("fit_intercept", [False, True])
def test_a_model_of_before_knows_whether_it_has_an_intercept(fitted, fit_intercept):
    net = fitted(fit_intercept=fit_intercept)
    spectrum, state = net.update_singular_values_, net.__getstate__()
    state["_update_singular_values"] = state.pop("update_singular_values_")
    del state["has_intercept_"]
    back = type(net).__new__(type(net))
    back.__setstate__(state)
    assert back.has_intercept_ is fit_intercept
    np.testing.assert_array_equal(gram_matrix(back, X), gram_matrix(net, X))
    assert back.update_singular_values_ is spectrum
    assert "_update_singular_values" not in vars(back)
