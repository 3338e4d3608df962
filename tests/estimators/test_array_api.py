"""Arrays of other libraries: with ``array_api_dispatch``, and without."""

import inspect
import pickle
from functools import partial

import array_api_strict
import numpy as np
import pytest
import torch
from estimators.small_nets import EVERY, INCREMENTAL
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from overparam_sk.datasets import separability
from overparam_sk.diagnostics import gram_spectrum, residual_modes
from overparam_sk.theory import generalization_bounds, theory_sheet

rng = np.random.default_rng(0)
X, X_val = rng.normal(size=(20, 3)), rng.normal(size=(8, 3))
y, y_val = np.arange(20) % 2, np.arange(8) % 2
WEIGHT = rng.uniform(1, 2, size=20)
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function")


# numpy array -> array of another library; not where it would be made by itself, too.
LIBRARIES = {
    "torch": torch.from_numpy,
    "array_api_strict": array_api_strict.asarray,
    "another device": partial(
        array_api_strict.asarray, device=array_api_strict.Device("device1")
    ),
}


def back(found):
    """A numpy array, from wherever it is."""
    if isinstance(found, torch.Tensor):
        return found.numpy()
    return np.asarray(found.to_device(array_api_strict.Device("CPU_DEVICE")))


def fitted(net):
    return {n: v for n, v in vars(net).items() if n.endswith("_") and n[0] != "_"}


def assert_same_fit(net, expected):
    a, b = fitted(net), fitted(expected)
    assert a.keys() == b.keys()
    for name, value in a.items():
        for entry in value.values() if isinstance(value, dict) else [value]:
            assert type(entry).__module__.split(".")[0] in (
                "numpy",
                "builtins",
                "overparam_sk",
            ), name
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, b[name], err_msg=name)


def options(net):
    """What fit takes beside X and y, in numpy."""
    names = inspect.signature(net.fit).parameters
    every = {"sample_weight": WEIGHT, "X_val": X_val, "y_val": y_val}
    return {name: value for name, value in every.items() if name in names}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", EVERY)
def test_fit_and_predict_follow_x_and_what_is_fitted_is_numpy(name, dtype, library):
    to = LIBRARIES[library]
    X_here, make = X.astype(dtype), EVERY[name]
    given = options(make())
    expected = make().fit(X_here, y, **given)
    there = {name: to(value) for name, value in given.items()}
    with config_context(array_api_dispatch=True):
        net = make().fit(to(X_here), to(y), **there)
    assert_same_fit(net, expected)
    pickle.loads(pickle.dumps(net))
    for method in (m for m in METHODS if hasattr(net, m)):
        wanted = getattr(expected, method)(X_here)
        rows = to(X_here)
        with config_context(array_api_dispatch=True):
            found = getattr(net, method)(rows)
            assert type(found) is type(rows)
            assert found.device == rows.device
            of_numpy = getattr(net, method)(X_here)
        assert isinstance(of_numpy, np.ndarray)
        np.testing.assert_array_equal(back(found), wanted)
        np.testing.assert_array_equal(of_numpy, wanted)
        assert back(found).dtype == wanted.dtype
    with config_context(array_api_dispatch=True):
        score = net.score(to(X_here), to(y))
        assert net.score(to(X_here), y) == score == net.score(X_here, to(y))
    assert type(score) is type(expected.score(X_here, y))
    assert score == expected.score(X_here, y)


@pytest.mark.parametrize("name", EVERY)
def test_everything_follows_x(name):
    make = EVERY[name]
    expected = make().fit(X, y, sample_weight=WEIGHT)
    with config_context(array_api_dispatch=True):
        net = make().fit(torch.from_numpy(X), y, torch.from_numpy(WEIGHT))
        other = make().fit(X, torch.from_numpy(y), WEIGHT)
    assert_same_fit(net, expected)
    assert_same_fit(other, expected)
    if not is_classifier(net):
        return
    words = np.array(["no", "yes"])[y]
    with config_context(array_api_dispatch=True):
        net = make().fit(torch.from_numpy(X), words)
        labels = net.predict(torch.from_numpy(X))  # which no tensor can hold
        assert torch.is_tensor(net.predict_proba(torch.from_numpy(X)))
        assert net.score(torch.from_numpy(X), words) == np.mean(labels == words)
    assert set(labels) <= {"no", "yes"}


@pytest.mark.parametrize("name", EVERY)
def test_without_dispatch_a_tensor_is_what_numpy_makes_of_it(name):
    make = EVERY[name]
    given = options(make())
    there = {name: torch.from_numpy(value) for name, value in given.items()}
    net = make().fit(torch.from_numpy(X), torch.from_numpy(y), **there)
    assert_same_fit(net, make().fit(X, y, **given))
    found = net.predict(torch.from_numpy(X))
    assert isinstance(found, np.ndarray)
    np.testing.assert_array_equal(found, net.predict(X))


@pytest.mark.parametrize("name", INCREMENTAL)
def test_partial_fit(name):
    expected, net = INCREMENTAL[name](), INCREMENTAL[name]()
    more = {"classes": np.arange(2)} if is_classifier(net) else {}
    expected.partial_fit(X, y, **more).partial_fit(X, y)
    there = {name: torch.from_numpy(value) for name, value in more.items()}
    with config_context(array_api_dispatch=True):
        for given in (there, {}):
            net.partial_fit(torch.from_numpy(X), torch.from_numpy(y), **given)
    assert_same_fit(net, expected)


def test_a_mean_and_its_spread_are_two_tensors():
    net = EVERY["ensemble"]()
    rows = torch.from_numpy(X)
    with config_context(array_api_dispatch=True):
        found = net.fit(rows, torch.from_numpy(y)).predict(rows, return_std=True)
    wanted = EVERY["ensemble"]().fit(X, y).predict(X, return_std=True)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, torch.from_numpy(other), rtol=0, atol=0)


@pytest.mark.parametrize("dispatch", [False, True])
def test_a_tensor_in_a_graph_is_refused_in_pytorchs_words(dispatch):
    net = EVERY["classifier"]()
    rows = torch.from_numpy(X).requires_grad_()
    with config_context(array_api_dispatch=dispatch):
        with pytest.raises(RuntimeError, match=r"detach\(\)"):
            net.fit(rows, y)
        net.fit(rows.detach(), y)
        with pytest.raises(RuntimeError, match=r"detach\(\)"):
            net.predict(rows)


@pytest.mark.parametrize("name", EVERY)
def test_a_float_that_numpy_has_not_is_computed_in_float64(name):
    rows, labels = torch.from_numpy(X).bfloat16(), torch.from_numpy(y)
    weight = torch.from_numpy(WEIGHT).bfloat16()
    with config_context(array_api_dispatch=True):
        net = EVERY[name]().fit(rows, labels.bfloat16(), sample_weight=weight)
        found = net.predict(rows)
    numbers = rows.double().numpy()
    expected = EVERY[name]().fit(numbers, y, sample_weight=weight.double().numpy())
    np.testing.assert_array_equal(found.numpy(), expected.predict(numbers))


# What else takes rows and targets: a net, and what it is asked.
FUNCTIONS = {
    "sheet": ("classifier", theory_sheet),
    "sheet of Kong's": ("regressor", theory_sheet),
    "bounds": ("classifier", generalization_bounds),
    "modes": ("regressor", residual_modes),
    "spectrum": ("classifier", lambda net, X, y: gram_spectrum(net, X)),
    "separability": ("classifier", lambda net, X, y: separability(X, y)),
    "snapshots": ("regressor", lambda net, X, y: net.snapshots(X, y, [2])[0].n_iter_),
}


@pytest.mark.parametrize("what", FUNCTIONS)
def test_functions_take_tensors_and_answer_in_numpy(what):
    name, ask = FUNCTIONS[what]
    net = EVERY[name](learning_rate=0.1).fit(X, y)
    with config_context(array_api_dispatch=True):
        found = ask(net, torch.from_numpy(X), torch.from_numpy(y))
    assert str(found) == str(ask(net, X, y))


def test_in_a_pipeline_of_tensors():
    rows, labels = torch.from_numpy(X), torch.from_numpy(y)
    with config_context(array_api_dispatch=True):
        whole = make_pipeline(MinMaxScaler(), EVERY["classifier"]())
        found = whole.fit(rows, labels).predict(rows)
        assert torch.is_tensor(whole[0].data_min_)  # scikit-learn's own is
    assert torch.is_tensor(found)
    by_hand = make_pipeline(MinMaxScaler(), EVERY["classifier"]()).fit(X, y)
    np.testing.assert_array_equal(found.numpy(), by_hand.predict(X))


def test_outputs_for_an_empty_and_a_strided_tensor():
    net = EVERY["classifier"]().fit(X, y)
    rows = torch.from_numpy(np.asfortranarray(X[::-1]).copy(order="F"))
    with config_context(array_api_dispatch=True):
        found = net.decision_function(rows.flip(0)[::2])
        with pytest.raises(ValueError, match="minimum of 1 is required"):
            net.predict(rows[:0])
    np.testing.assert_allclose(found.numpy(), net.decision_function(X)[::2])
