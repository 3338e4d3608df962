"""What decides a score is seen, what does not is not, and what cannot be is refused."""

import collections
import functools
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
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.utils import get_tags

from overparam_sk.experiments.li_liang_2018.first_crossing import FirstCrossing
from overparam_sk.fingerprints import describe
from overparam_sk.model_selection import diagnostic_scorer, width_study

A = np.arange(8.0).reshape(4, 2)
# By which the studies in stores know what is ours, wherever it moved since.
KNOWN_AS = [
    "datasets._image_pairs.load_image_pair",
    "datasets._images.fetch_fashion_mnist",
    "datasets._images.fetch_mnist",
    "datasets._mixtures.make_clustered_mixture",
    "datasets._separability.Separability",
    "datasets._separability.separability",
    "datasets._sphere.make_unit_sphere",
    "datasets._xor.make_xor_balls",
    "diagnostics.accumulated_update.effective_rank",
    "diagnostics.accumulated_update.relative_distance",
    "diagnostics.accumulated_update.update_singular_values",
    "diagnostics.coupling.activation_change",
    "diagnostics.gram.gram_lambda_min",
    "diagnostics.gram.gram_matrix",
    "diagnostics.infinite_width.infinite_width_gram",
    "diagnostics.infinite_width.infinite_width_lambda_min",
    "estimators.classifier.OverparamReLUClassifier",
    "estimators.compressed.CompressedClassifier",
    "estimators.infinite_width.InfiniteWidthReLUClassifier",
    "estimators.kernels.InfiniteWidthKernel",
    "estimators.linearized.LinearizedReLUClassifier",
    "estimators.regressor.TwoHiddenReLURegressor",
    "interop.diagnostics_callback.TrainingDiagnostics",
    "interop.modules.FirstLayerModule",
    "interop.modules.TwoHiddenModule",
    "interop.nets.HalfSquaredSum",
    "interop.nets.first_layer_net",
    "interop.nets.two_hidden_net",
    "model_selection._fits.Fit",
    "model_selection.power_law.PowerLaw",
    "model_selection.power_law.fit_power_law",
    "model_selection.result.WidthStudy",
    "model_selection.scorers.diagnostic_scorer",
    "model_selection.scorers.diagnostic_scoring",
    "model_selection.study.width_study",
    "plotting.convergence.ConvergenceDisplay",
    "plotting.training_dynamics.TrainingDynamicsDisplay",
    "plotting.update_spectrum.UpdateSpectrumDisplay",
    "plotting.width_study.WidthStudyDisplay",
    "training.errors.DivergenceError",
]


@pytest.mark.parametrize("known", KNOWN_AS)
def test_studies_of_before_know_what_is_ours_by_its_name(known):
    package, *_, name = known.split(".")
    held = getattr(importlib.import_module(f"overparam_sk.{package}"), name)
    assert describe(held) == f"overparam_sk.{known}"


def test_studies_of_the_crossings_of_before_know_the_estimator():
    known = "overparam_sk.experiments.first_crossing.FirstCrossing"
    assert describe(FirstCrossing) == known


def test_studies_of_before_know_a_scorer_by_its_checksum():
    assert describe(diagnostic_scorer("coupling")) == {
        "class": "overparam_sk.model_selection.scorers.DiagnosticScorer",
        "name": "coupling",
        "missing": None,
        "checksum": "5a1e4c80f6b5601ec707a08a25d8e551",
    }


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
        "from . import helpers\ndef h(m, X): return m.g(X)\n"
        "def f(X): return h(helpers, X)",
        "from . import helpers\ndef k(): return helpers\ndef f(X): return k().g(X)",
        "import locally.helpers\ndef h(m, X): return m.g(X)\n"
        "def f(X): return h(locally.helpers, X)",
        "import locally.helpers\ndef h(m, X): return m.helpers.g(X)\n"
        "def f(X): return h(locally, X)",
        "def h(m, X): return m.g(X)\ndef f(X):\n    from . import helpers\n"
        "    return h(helpers, X)",
        "def h(m, X): return m.g(X)\ndef f(X):\n    import locally.helpers as k\n"
        "    return h(k, X)",
        "def h(m, X): return m.g(X)\ndef f(X):\n    import locally.helpers as k\n"
        "    def inner(): return h(k, X)\n    return inner()",
        "from . import helpers\ndef h(m, X): return m.g(X)\n"
        "def f(X): return [h(m, X) for m in (helpers,)]",
        "from . import helpers\ndef h(m, X): return m.g(X)\n"
        "def f(X):\n    helpers.K\n    return h(X if X is None else helpers, X)",
        "import operator\nfrom . import helpers\nN = 'g'\n"
        "def f(X): return operator.attrgetter(N)(helpers)(X)",
        "from . import helpers\nN = 'g'\n"
        "def f(X): return helpers.__getattribute__(N)(X)",
        "import inspect\nfrom . import helpers\n"
        "def f(X): return dict(inspect.getmembers(helpers))['gg'[:1]](X)",
        "from . import helpers\nclass C:\n    m = helpers\ndef f(X): return C.m.g(X)",
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


# Each of them finds what it uses by a string, or under another name.
REACHING = [
    "import importlib\ndef made(X): return importlib.import_module('h').g(X)",
    "from importlib import import_module as i\ndef made(X): return i('h').g(X)",
    "def made(X):\n    import importlib as i\n    return i.import_module('h').g(X)",
    "def made(X):\n    from importlib import import_module as i\n    return i('h')",
    "import importlib\ndef k(m): return m\n"
    "def made(X): return k(importlib).import_module('h')",
    "import sys\ndef made(X): return sys.modules['h'].g(X)",
    "from sys import modules as m\ndef made(X): return m['h'].g(X)",
    "def made(X):\n    import sys as s\n    return s.modules['h'].g(X)",
    "import sys\ndef made(X): return getattr(sys, 'mod' + 'ules')['h'].g(X)",
    "import sys\ndef made(X): return vars(sys)['modules']['h'].g(X)",
    "import sys\ndef made(X): return sys._getframe(0).f_globals['c']",
    "import pkgutil\ndef made(X): return pkgutil.resolve_name('h:g')(X)",
    "import pydoc\ndef made(X): return pydoc.locate('h.g')(X)",
    "import runpy\ndef made(X): return runpy.run_path('h.py')['g'](X)",
    "import inspect\ndef made(X): return inspect.getmodule(made).c",
    "e = eval\ndef made(X): return e('c')",
    "t = {'e': [exec]}\ndef made(X): t['e'][0]('c')",
    "import functools\nmade = functools.partial(eval, 'c')",
    "def made(X, e=eval): return e('c')",
    "made = eval",
    "import builtins\nmade = {'a': [vars(builtins)['exec']]}",
    "import builtins\ndef made(X): return builtins.eval('c')",
    "import builtins as b\ndef made(X): return b.__import__('h').g(X)",
    "import builtins\ndef made(X): return getattr(builtins, 'ev' + 'al')('c')",
    "def made(X): return __builtins__['eval']('c')",
    "def g(X): return X\ndef made(X): return g.__globals__['c']",
    "def g(X): return X\ndef made(X): return getattr(g, '__globals__')['c']",
    "import types\ndef g(X): return X\n"
    "def made(X): return types.FunctionType(g.__code__, g.__globals__)(X)",
    "def made(X): return globals()['c']",
    "class C:\n    def f(s): return s.f.__func__.__globals__['c']\nmade = C()",
]


@pytest.mark.parametrize("script", REACHING)
def test_what_can_reach_everything_is_refused(script):
    with pytest.raises(TypeError, match=r"^value.* can reach everything"):
        run(script)


@pytest.mark.parametrize(
    "script",
    [
        "import json\ndef made(X): return json.loads(X)",
        "import sys\ndef made(X): return sys.maxsize, sys.float_info.eps",
        "def made(X):\n    import sys, inspect\n    return sys.argv, inspect.signature",
        "def made(X):\n    import sys\n    def inner(): return sys.maxsize\n"
        "    return inner",
        "import importlib.metadata\n"
        "def made(X): return importlib.metadata.version('numpy')",
        "import ast, numpy as np\nmade = np.vectorize(lambda x: ast.literal_eval(x))",
        "def made(net, X): return net.eval(), net.modules(), net.locate(X)",
        "import operator\nmade = operator.attrgetter('a')",
        "def made(X): return getattr(X, 'shape'), vars(X), dir(X), X.__dict__",
        "import pandas as pd\ndef made(X): return pd.DataFrame(X).eval('a + b')",
        "import types\ndef made(X): return isinstance(X, types.FunctionType)",
        "import torch\ndef made(X): return torch.nn.functional.relu(X)",
        "import builtins\ndef made(X): return builtins.len(X)",
    ],
)
def test_ordinary_code_is_not_refused(script):
    assert run(script) == run(script)


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


class Scores(BaseEstimator):
    """A scorer with parameters and a state."""

    def __init__(self, k=1):
        self.k = k

    def fit(self, state):
        self.state_ = state
        return self

    def __call__(self, model, X, y):
        return float(self.k * self.state_)


@pytest.mark.parametrize(
    "around",
    [
        lambda scorer: scorer,
        lambda scorer: {"a": scorer},
        lambda scorer: functools.partial(scorer),
        lambda scorer: scorer.__call__,
        lambda scorer: make_scorer(accuracy_score, held=scorer),
        lambda scorer: make_scorer(accuracy_score, held={"a": [scorer]}),
        lambda scorer: Scores(k=scorer),
        lambda scorer: lambda model, X, y: scorer(model, X, y),
    ],
)
def test_what_a_scorer_has_learned_is_seen(around):
    study = {"X": A, "y": [0, 1, 0, 1], "values": [1.0], "param": "C", "cv": 2}

    def words(state):
        scoring = around(Scores().fit(state))
        return width_study(SVC(), **study, repeats=1, scoring=scoring).configuration

    assert words(1)["scoring"] == words(1)["scoring"] != words(2)["scoring"]


@pytest.mark.parametrize(
    "around",
    [
        lambda held: held,
        lambda held: [held],
        lambda held: {"a": held},
        lambda held: {"a": [(held,)]},
        lambda held: collections.OrderedDict(a=held),
        lambda held: Holder(a=held),
    ],
)
def test_a_state_counts_where_a_clone_keeps_it(around):
    def made(state):
        return clone(FunctionTransformer(kw_args=around(Scores().fit(state))))

    kept = [pickle.dumps(made(state)) for state in (1, 2)]
    words = [describe(made(state)) for state in (1, 2)]
    assert (words[0] == words[1]) == (kept[0] == kept[1])


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
    assert "Used" in repr(pipe)
    assert "Used" in pipe._repr_html_()
    assert get_tags(pipe).estimator_type == "classifier"
    assert describe(clone(pipe)) == describe(pipe) == before
