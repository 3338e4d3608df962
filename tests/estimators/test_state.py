"""Pickles and clones; only numpy arrays, numbers and strings in the state."""

import io
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import InconsistentVersionWarning

from overparam_sk import OverparamReLUClassifier

X = np.random.default_rng(0).normal(size=(30, 3))
y = np.arange(30) % 3


def fitted(**parameters):
    return OverparamReLUClassifier(
        width=10, max_iter=20, random_state=0, **parameters
    ).fit(X, y)


def via_pickle(estimator):
    return pickle.loads(pickle.dumps(estimator))


def via_joblib(estimator):
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize(
    "trip",
    [via_joblib, lambda e: pickle.loads(pickle.dumps(e))],
    ids=["joblib", "pickle"],
)
def test_round_trip(trip, fit_intercept):
    net = fitted(fit_intercept=fit_intercept)
    back = trip(net)
    assert back.get_params() == net.get_params()
    np.testing.assert_array_equal(back.decision_function(X), net.decision_function(X))
    np.testing.assert_array_equal(back.initial_weights(), net.initial_weights())
    np.testing.assert_array_equal(
        back.update_singular_values_, net.update_singular_values_
    )
    assert sorted(vars(back)) == sorted(vars(net))


def test_clone_is_unfitted_and_equal():
    net = fitted()
    twin = clone(net)
    assert twin.get_params() == net.get_params()
    assert not [name for name in vars(twin) if name.endswith("_")]
    np.testing.assert_array_equal(twin.fit(X, y).hidden_weights_, net.hidden_weights_)


def plain(value):
    if isinstance(value, dict):
        return all(isinstance(k, str) and plain(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return isinstance(value, (np.ndarray, np.generic, int, float, str))


def test_the_state_is_plain():
    net = fitted()
    _ = net.update_singular_values_
    for name, value in vars(net).items():
        if name not in net.get_params():
            assert plain(value), name


def test_weights_at_initialisation_are_not_stored():
    net = fitted(diagnostics=None, record_every=None).set_params(width=2000)
    net.fit(np.tile(X, (1, 30)), y)
    size, W = len(pickle.dumps(net)), net.hidden_weights_
    assert size < W.nbytes + net.readout_weights_.nbytes + W[:, 0].nbytes + 20_000


def test_stamps():
    state = fitted().__getstate__()
    assert state["_overparam_sk_format"] == 1
    twin = OverparamReLUClassifier()
    twin.__setstate__(state)
    assert "_overparam_sk_format" not in vars(twin)
    with pytest.warns(InconsistentVersionWarning, match=r"0\.0\.1"):
        twin.__setstate__({**state, "_overparam_sk_version": "0.0.1"})
    with pytest.raises(ValueError, match="format must be at most 1, got 2"):
        twin.__setstate__({**state, "_overparam_sk_format": 2})


def test_a_model_from_a_gpu_predicts_on_a_machine_without_one():
    net = fitted()
    expected = net.decision_function(X)
    net.device_ = "cuda:7"
    np.testing.assert_array_equal(net.decision_function(X), expected)


def test_seed_is_the_same_in_another_process():
    program = (
        "import numpy as np; from overparam_sk import OverparamReLUClassifier as C;"
        "X = np.random.default_rng(0).normal(size=(30, 3)); y = np.arange(30) % 3;"
        "print(C(10, max_iter=20, random_state=0).fit(X, y).hidden_weights_.tolist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    there = np.array(eval(run.stdout))
    np.testing.assert_allclose(there, fitted().hidden_weights_, rtol=1e-9)
