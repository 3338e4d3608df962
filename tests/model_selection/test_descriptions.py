"""What decides a score is seen, what does not is not, and what cannot be is refused."""

import importlib
import json
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from model_selection.described import EDITS, REMARKS, THINGS, run
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.utils import get_tags

from overparam_sk.model_selection import width_study
from overparam_sk.model_selection._fingerprints import describe

A = np.arange(8.0).reshape(4, 2)


@pytest.mark.parametrize("name", list(THINGS))
def test_what_searches_take_has_the_same_words_each_time(name):
    assert json.dumps(describe(THINGS[name]())) == json.dumps(describe(THINGS[name]()))


@pytest.mark.parametrize("name", list(EDITS))
def test_an_edit_of_a_script_is_seen(name):
    before, after = EDITS[name]
    said = {json.dumps(run(remark + before)) for remark in REMARKS}
    assert len(said) == 1
    assert json.dumps(run(after)) not in said
    assert json.dumps(run(after, "local_module")) not in said


def test_words_are_the_same_in_every_process(tmp_path):
    """With sets in another order, other addresses, and another home."""
    said = []
    for seed in "12":
        process = subprocess.run(
            [sys.executable, "-m", "model_selection.described"],
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(json.loads(process.stdout))
    (things, edits), (other_things, other_edits) = said
    assert things.keys() == THINGS.keys()
    assert edits == other_edits
    for name, words in things.items():
        assert json.dumps(words) == json.dumps(other_things[name]), name


REMARKED = """
def scale(X: {type}, k=2) -> {type}:
    '''{docstring}'''
    def inner(x):
        "{docstring}"
        return x * k  # {docstring}
    class C:
        "{docstring}"
    return inner(X), C
class D:
    '''{docstring}'''
    y: {type} = 1
made = [scale, D]
"""


def test_docstrings_and_annotations_do_not_matter():
    one = run(REMARKED.format(docstring="one", type="int"))
    assert one == run(REMARKED.format(docstring="other", type="float"))


@pytest.fixture
def local(tmp_path, monkeypatch):
    """Write a package of local modules, and import what it holds anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = ["__init__", "steps", "helpers"]
    (tmp_path / "locally").mkdir()

    def write(**texts):
        for name in names:
            text = texts.get(name, "")
            (tmp_path / "locally" / f"{name}.py").write_text(text)
        for name in [name for name in sys.modules if name.startswith("locally")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return describe(importlib.import_module("locally.steps").f)

    yield write
    for name in [name for name in sys.modules if name.startswith("locally")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    "steps",
    [
        "from locally.helpers import g\ndef f(X): return g(X)",
        "from .helpers import g\ndef f(X): return g(X)",
        "from . import helpers\ndef f(X): return helpers.g(X)",
        "import locally.helpers\ndef f(X): return locally.helpers.g(X)",
        "import locally.helpers as h\ndef f(X): return h.g(X)",
        "def f(X):\n    from locally.helpers import g\n    return g(X)",
        "def f(X):\n    from .helpers import g\n    return g(X)",
        "def f(X):\n    import locally.helpers\n    return locally.helpers.g(X)",
        "from . import helpers\ndef f(X): return getattr(helpers, 'g')(X)",
        "from . import helpers\ndef f(X): return getattr(helpers, 'gg'[:1])(X)",
        "from . import helpers\ndef f(X): return vars(helpers)['gg'[:1]](X)",
        "from . import helpers\ndef f(X):\n    return [helpers.g for _ in X]",
        "from . import helpers\ndef f(X, h=helpers): return h.g(X)",
        "from . import helpers\ndef make(h):\n    return lambda X: h.g(X)\n"
        "f = make(helpers)",
    ],
)
def test_an_edit_of_a_local_module_is_seen(local, steps):
    of_one = local(steps=steps, helpers="K = 1\ndef g(X): return X * K")
    assert of_one == local(steps=steps, helpers="\n\nK = 1\ndef g(X): return X * K")
    assert of_one != local(steps=steps, helpers="K = 1\ndef g(X): return X / K")
    assert of_one != local(steps=steps, helpers="K = 2\ndef g(X): return X * K")


def test_what_a_function_does_not_use_of_a_local_module_does_not_matter(local):
    steps = "from . import helpers\ndef f(X): return helpers.g(X)"
    with_lock = "import threading\nlock = threading.Lock()\ndef g(X): return X"
    of_one = local(steps=steps, helpers=with_lock)
    assert of_one == local(steps=steps, helpers="def h(X): 3\ndef g(X): return X")


def test_packages_that_are_needed_are_named():
    needs = set()
    describe(THINGS["skorch"](), needs=needs)
    assert {"skorch", "torch"} <= needs


class Holder:
    def __init__(self, **held):
        vars(self).update(held)

    def __call__(self, X):
        return X


def evaluates(X):
    return eval("X")


@pytest.mark.parametrize(
    ("held", "path"),
    [
        (threading.Lock(), r"net\.steps\[0\]\[1\]\.func\.held"),
        ([1, {"a": threading.Lock()}], r"net\.steps\[0\]\[1\]\.func\.held\[1\]\['a'\]"),
        ((x for x in "ab"), r"net\.steps\[0\]\[1\]\.func\.held"),
        (evaluates, r"net\.steps\[0\]\[1\]\.func\.held"),
        (sys.__stdout__, r"net\.steps\[0\]\[1\]\.func\.held"),
    ],
)
def test_what_cannot_be_described_is_refused_with_its_path(held, path):
    pipe = make_pipeline(FunctionTransformer(Holder(held=held)))
    with pytest.raises(
        TypeError, match=rf"^{path}.* must be something of which .* got "
    ):
        describe(pipe, "net")


def test_a_long_chain_and_many_paths_are_walked():
    chain = None
    for _ in range(20_000):
        chain = [chain]
    shared = 1
    for _ in range(60):
        shared = [shared, shared]
    everyone = [Holder() for _ in range(40)]
    for one in everyone:
        one.friends = everyone
    for made in (chain, shared, everyone[0]):
        assert describe(made) == describe(made)


def test_equal_objects_are_like_one_object():
    one = Holder(a=[1])
    twice = [Holder(a=[1]), Holder(a=[1])]
    assert describe([one, one]) == describe(twice)
    assert describe(Holder(a=(one.a, one.a))) == describe(Holder(a=([1], [1])))
    assert describe(Holder(b=2, a=1)) == describe(Holder(a=1, b=2))
    assert describe(np.asfortranarray(np.eye(3))) == describe(np.eye(3))


class Used(TransformerMixin, BaseEstimator):
    def __init__(self, k=1):
        self.k = k

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X * self.k


def test_use_does_not_change_the_words():
    pipe = make_pipeline(Used(), SVC())
    before = describe(pipe)
    study = {"X": A, "y": [0, 1, 0, 1], "values": [1, 2], "param": "k", "cv": 2}
    width_study(pipe, **study, repeats=1)
    pickle.loads(pickle.dumps(pipe)).fit(A, study["y"]).predict(A)
    assert repr(pipe)
    assert pipe._repr_html_()
    assert get_tags(pipe).estimator_type == "classifier"
    assert describe(clone(pipe)) == describe(pipe) == before
