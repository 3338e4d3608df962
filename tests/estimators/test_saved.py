"""Saved and loaded again: whole, or refused."""

import copy
import copyreg
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import skops.io
from estimators.saved import RECOMMENDED, TRUSTED, Form, fit, joblib_form, same
from estimators.small_nets import EVERY, X, outputs, y

from overparam_sk import OverparamReLUClassifier

PICKLES = {"pickle": Form(pickle.dumps, pickle.loads), "joblib": joblib_form(0)}


@pytest.mark.parametrize("form", RECOMMENDED)
@pytest.mark.parametrize("name", EVERY)
def test_what_is_loaded_is_the_same(name, form):
    net = fit(name)
    back = RECOMMENDED[form].loads(RECOMMENDED[form].dumps(net))
    assert same(back, net)
    np.testing.assert_array_equal(outputs(back, X), outputs(net, X))


def test_what_skops_is_to_trust_is_documented():
    found = set()
    for name in EVERY:
        found |= set(skops.io.get_untrusted_types(data=skops.io.dumps(fit(name))))
    assert sorted(found) == TRUSTED
    guide = Path(__file__).parents[2] / "docs" / "guide"
    text = (guide / "persistence.md").read_text("utf-8")
    assert [
        line.strip(' ",') for line in text.splitlines() if '"overparam' in line
    ] == (TRUSTED)


def places(net, content):
    """Where a number, a name or a parameter of the network lies in the pickle."""
    for name, value in vars(net).items():
        found = [content.find(name.encode())] if name.endswith("_") else []
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            raw = value.tobytes()
            if len(raw) >= 16 and content.count(raw) == 1:
                start = content.index(raw)
                found += [start, start + len(raw) // 2, start + len(raw) - 1]
        for place in found:
            yield name, place


@pytest.mark.parametrize("form", PICKLES)
@pytest.mark.parametrize("name", EVERY)
def test_a_pickle_knows_that_it_is_damaged(name, form):
    """Neither pickle nor joblib does: they load other numbers without a word."""
    net = fit(name)
    content = PICKLES[form].dumps(net)
    assert same(PICKLES[form].loads(content), net)
    met = set()
    for attribute, place in places(net, content):
        assert place > 0, attribute
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(ValueError, match=r"must be as it was written.* damaged"):
            PICKLES[form].loads(bytes(changed))
        met.add(attribute)
    assert len(met) >= 4


def test_a_changed_parameter_is_damage():
    net = OverparamReLUClassifier(width=12345, learning_rate=0.40625, device="cpu")
    content = pickle.dumps(net)
    for value in (np.int16(12345).tobytes(), np.float64(0.40625).tobytes()[::-1]):
        assert content.count(value) == 1
        with pytest.raises(ValueError, match="must be as it was written"):
            pickle.loads(
                content.replace(value, value[:1] + bytes([value[1] ^ 1]) + value[2:])
            )


def test_pickles_of_before_are_read():
    class Before(pickle.Pickler):
        def reducer_override(self, value):
            if isinstance(value, OverparamReLUClassifier):
                return copyreg.__newobj__, (type(value),), value.__getstate__()
            return NotImplemented

    net, file = fit("classifier"), io.BytesIO()
    Before(file).dump(net)
    assert same(pickle.loads(file.getvalue()), net)


class Forgetful(OverparamReLUClassifier):
    """A user's own, which keeps less."""

    def __getstate__(self):
        state = super().__getstate__()
        del state["history_"]
        return state

    def __setstate__(self, state):
        super().__setstate__({**state, "history_": {}})


@pytest.mark.parametrize(
    "trip", [copy.copy, copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))]
)
def test_a_subclass_decides_what_is_kept(trip):
    net = Forgetful(10, max_iter=5, n_iter_no_change=None, random_state=0).fit(X, y)
    back = trip(net)
    assert back.history_ == {}
    np.testing.assert_array_equal(outputs(back, X), outputs(net, X))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_same(name, twin):
    net = fit(name)
    assert same(twin(net), net)


@pytest.mark.parametrize("form", ["pickle", "joblib"])
@pytest.mark.parametrize("dtype", [">i4", ">f8", ">U3", "<i2"])
def test_labels_of_either_order_of_bytes(dtype, form):
    labels = np.arange(len(X)) % 2
    net = OverparamReLUClassifier(5, max_iter=2, n_iter_no_change=None, random_state=0)
    net.fit(X, labels.astype(dtype))
    back = PICKLES[form].loads(PICKLES[form].dumps(net))
    np.testing.assert_array_equal(back.predict(X), net.predict(X))
