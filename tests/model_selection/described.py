"""Things that studies are made of, and edits of scripts.

``python -m model_selection.described`` prints the words for all of them.

A script is run in a module that no file and no distribution stands behind, as a
notebook's cells are.
"""

import collections
import dataclasses
import datetime
import enum
import functools
import json
import operator
import re
import statistics
import sys
import textwrap
import types
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
import skorch
import torch
from scipy import stats
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfVectorizer,
)
from sklearn.frozen import FrozenEstimator
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import SVC

from overparam_sk import OverparamReLUClassifier
from overparam_sk.fingerprints import describe
from overparam_sk.model_selection import diagnostic_scoring

A = np.arange(12.0).reshape(3, 4)
SPARSE = sp.random(6, 6, 0.4, random_state=0, format="csr")


class Slots:
    __slots__ = ("k", "words")

    def __init__(self, k):
        self.k, self.words = k, {"a": {k, "b"}}


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    tags: tuple = ()


Pair = collections.namedtuple("Pair", "a b")


class Net(torch.nn.Module):
    def __init__(self, width=3):
        super().__init__()
        torch.manual_seed(0)
        self.hidden = torch.nn.Linear(4, width)

    def forward(self, X):
        return self.hidden(X)


@functools.lru_cache
def cached(k):
    return k + 1


def circle():
    loop = {"words": {"x", "y"}}
    loop["loop"] = [loop]
    return loop


# Name -> what makes one anew, the same each time and in each process.
THINGS = {
    "encoder": OneHotEncoder,
    "ordinal": OrdinalEncoder,
    "counts": CountVectorizer,
    "tfidf": lambda: TfidfVectorizer(stop_words={"the", "of", "a"}),
    "hashing": HashingVectorizer,
    "selector": lambda: make_column_selector(np.number),
    "columns": lambda: make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include=np.number)),
        (OneHotEncoder(), ["a", "b"]),
    ),
    "skorch": lambda: skorch.NeuralNetClassifier(Net, module__width=2),
    "skorch of a module": lambda: skorch.NeuralNetClassifier(Net(5)),
    "module of torch": Net,
    "randint": lambda: stats.randint(1, 9),
    "random search": lambda: RandomizedSearchCV(
        SVC(), {"C": stats.loguniform(0.1, 9), "degree": stats.randint(1, 9)}
    ),
    "grid": lambda: GridSearchCV(SVC(), {"C": np.logspace(0, 1, 3)}, cv=KFold(3)),
    "polynomial": lambda: np.poly1d([1, 2]),
    "module": lambda: statistics,
    "timestamp": lambda: pd.Timestamp("2020-01-01", tz="Europe/Berlin"),
    "timedelta": lambda: pd.Timedelta("1h"),
    "period": lambda: pd.Period("2020-01", "M"),
    "offset": lambda: pd.offsets.BusinessDay(2),
    "interval": lambda: pd.Interval(0, 1),
    "NA": lambda: [pd.NA, pd.NaT, np.nan],
    "datetime": lambda: datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
    "datetime64": lambda: np.datetime64("2020-01-01", "D"),
    "slots": lambda: Slots(3),
    "enum": lambda: Colour.RED,
    "dataclass": lambda: Point(1.5, ("a",)),
    "namedtuple": lambda: Pair(1, {"a", "b"}),
    "decimal": lambda: [Decimal("1.5"), Fraction(1, 3), 2**70, 10**5000, 1j],
    "path": lambda: PurePosixPath("a/b"),
    "pattern": lambda: re.compile("a+", re.IGNORECASE),
    "defaultdict": lambda: collections.defaultdict(list, a=[1]),
    "counter": lambda: collections.Counter("abca"),
    "deque": lambda: collections.deque([1, 2], 5),
    "operator": lambda: operator.attrgetter("a.b"),
    "range": lambda: [range(3), slice(1, 2), ...],
    "ufunc": lambda: np.add,
    "cached": lambda: cached,
    "partial": lambda: functools.partial(np.clip, a_min=0),
    "method": lambda: Slots(2).__init__,
    "bound": lambda: "abc".upper,
    "circle": circle,
    "generator": lambda: np.random.default_rng(3),
    "random state": lambda: np.random.RandomState(3),
    "dtypes": lambda: [np.float64, np.dtype("M8[ns]"), torch.float32, np.int8(3)],
    "masked": lambda: np.ma.masked_equal(A, 3),
    "records": lambda: np.rec.fromarrays([[1, 2]], names="a"),
    "objects": lambda: np.array([{"a", "b"}, None, "x"], dtype=object),
    "structured": lambda: np.zeros(2, dtype=[("a", "f8"), ("b", "U3")]),
    "tensor": lambda: torch.arange(3, dtype=torch.bfloat16),
    "parameter": lambda: torch.nn.Parameter(torch.ones(2)),
    "frame": lambda: pd.DataFrame(
        {"t": pd.date_range("2020", periods=2), "c": pd.Categorical(["a", "b"])}
    ),
    "polars": lambda: pl.DataFrame({"a": [1, None], "b": ["x", "y"]}),
    "csr": lambda: SPARSE,
    "lil": lambda: sp.lil_array(SPARSE),
    "connectivity": lambda: FeatureAgglomeration(connectivity=SPARSE),
    "frozen": lambda: FrozenEstimator(PCA(svd_solver="full").fit(A)),
    "forest": lambda: FrozenEstimator(
        RandomForestClassifier(3, random_state=0).fit(A, [0, 1, 1])
    ),
    "kernel": lambda: GaussianProcessClassifier(RBF(2.0) + WhiteKernel()),
    "voting": lambda: VotingClassifier([("a", SVC()), ("b", LogisticRegression())]),
    "output": lambda: StandardScaler().set_output(transform="pandas"),
    "memory": lambda: make_pipeline(PCA(), SVC(), memory="cache"),
    "scorer": lambda: make_scorer(accuracy_score, normalize=False),
    "scoring": lambda: diagnostic_scoring(OverparamReLUClassifier()),
    "function": lambda: FunctionTransformer(np.log1p, np.expm1),
    "lambda": lambda: FunctionTransformer(lambda X, words=("a", "b"): X[:, :2]),
}

TRANSFORMER = """
from sklearn.base import BaseEstimator, TransformerMixin

class T(TransformerMixin, BaseEstimator):
    {attribute}
    def __init__(self, k=1):
        self.k = k
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return {body}
    {method}
made = T({made})
"""


def transformer(attribute="", body="X", method="", made=""):
    return TRANSFORMER.format(attribute=attribute, body=body, method=method, made=made)


# Name -> a script, and the same after an edit; each says what is made.
EDITS = {
    "transform": (transformer(body="X"), transformer(body="X + 1")),
    "class attribute": (
        transformer("scale = 1", "X * self.scale"),
        transformer("scale = 2", "X * self.scale"),
    ),
    "mutable class attribute": (
        transformer("scale = {'a': [1]}", "X * self.scale"),
        transformer("scale = {'a': [2]}", "X * self.scale"),
    ),
    **{
        f"{kind} method": (
            transformer(method=f"@{kind}\n    def f(x): return x"),
            transformer(method=f"@{kind}\n    def f(x): return 2 * x"),
        )
        for kind in ("staticmethod", "classmethod", "property")
    },
    **{
        kind: (
            f"import functools\n{transformer(method=head + ' return 1')}",
            f"import functools\n{transformer(method=head + ' return 2')}",
        )
        for kind, head in {
            "cached_property": "@functools.cached_property\n    def f(self):",
            "lru_cache": "@functools.lru_cache\n    def f(self):",
            "cache": "@functools.cache\n    def f(self):",
            "async": "async def f(self):",
            "inner class": "class Inner:\n        def f(self):",
            "partialmethod": (
                "def g(self, x): return x\n    h = functools.partialmethod(g, x=3)\n"
                "    def f(self):"
            ),
        }.items()
    },
    **{
        name: (script.format(1), script.format(2))
        for name, script in {
            "singledispatch": (
                "import functools\n@functools.singledispatch\ndef made(x): return 3\n"
                "@made.register\ndef _(x: int): return {0}"
            ),
            "available_if": (
                "from sklearn.utils.metaestimators import available_if\nclass C:\n"
                "  @available_if(lambda s: {0})\n  def f(s): return 1\nmade = C()"
            ),
            "logger beside it": (
                "import logging\nlog = logging.getLogger('x')\n"
                "def made(m, X, y):\n  log.info('a')\n  return {0}"
            ),
            "vectorize": "import numpy as np\nmade = np.vectorize(lambda x: {0})",
            "strings": (
                "import numpy as np\nT = np.dtypes.StringDType()\n"
                "made = np.array(['a{0}'], dtype=T)"
            ),
            "what answers every name": (
                "class C:\n  def __getattr__(s, n):\n    if n[:2] == '__':\n"
                "      raise AttributeError(n)\n    return {0}\nmade = C()"
            ),
            "set class attribute": "class C: pass\nC.k = {0}\nmade = C()",
            "descriptor": (
                "class D:\n  def __init__(s, k): s.k = k\n"
                "class C:\n  a = D({0})\nmade = C()"
            ),
            "super": (
                "class A:\n  def f(s): return {0}\n"
                "class B(A):\n  def f(s): return super().f()\nmade = B()"
            ),
            "clone of its own": (
                "from sklearn.base import BaseEstimator\nclass E(BaseEstimator):\n"
                "  def __sklearn_clone__(s): return s\nmade = E()\nmade.z = {0}"
            ),
        }.items()
    },
    "setter": (
        transformer(
            method="@property\n    def f(x): return 1\n"
            "    @f.setter\n    def f(self, v): self.v = v"
        ),
        transformer(
            method="@property\n    def f(x): return 1\n"
            "    @f.setter\n    def f(self, v): self.v = -v"
        ),
    ),
    "base class": (
        "class B:\n  def f(self): return 1\nclass C(B): pass\nmade = C()",
        "class B:\n  def f(self): return 2\nclass C(B): pass\nmade = C()",
    ),
    "order of bases": (
        "class A: pass\nclass B: pass\nclass C(A, B): pass\nmade = C()",
        "class A: pass\nclass B: pass\nclass C(B, A): pass\nmade = C()",
    ),
    "metaclass": (
        "class M(type):\n  def f(c): return 1\nclass C(metaclass=M): 3\nmade = C",
        "class M(type):\n  def f(c): return 2\nclass C(metaclass=M): 3\nmade = C",
    ),
    "class itself": (
        "class C:\n  def f(self): return 1\nmade = C",
        "class C:\n  def f(self): return 2\nmade = C",
    ),
    "helper": (
        "def helper(x): return x\ndef made(m, X, y): return helper(X)",
        "def helper(x): return 2 * x\ndef made(m, X, y): return helper(X)",
    ),
    "helper of a helper": (
        "def a(x): return x\ndef b(x): return a(x)\ndef made(m, X, y): return b(X)",
        "def a(x): return -x\ndef b(x): return a(x)\ndef made(m, X, y): return b(X)",
    ),
    "helper of a method": (
        f"def helper(X): return X\n{transformer(body='helper(X)')}",
        f"def helper(X): return -X\n{transformer(body='helper(X)')}",
    ),
    "helper in a container": (
        "def a(x): return x\nt = {'a': [a]}\ndef made(m, X, y): return t['a'][0](X)",
        "def a(x): return -x\nt = {'a': [a]}\ndef made(m, X, y): return t['a'][0](X)",
    ),
    "helpers in a circle": (
        "def a(x): return b(x)\ndef b(x): return a(x)\ndef made(m, X, y): return a(X)",
        "def a(x): return b(x)\ndef b(x): return -a(x)\ndef made(m, X, y): return a(X)",
    ),
    "another of two alike": (
        "def a(x): return b(x)\ndef b(x): return a(x)\nmade = [a, b]\n",
        "def a(x): return a(x)\ndef b(x): return b(x)\nmade = [a, b]\n",
    ),
    "global": (
        "K = 1\ndef made(m, X, y): return K",
        "K = 2\ndef made(m, X, y): return K",
    ),
    "global array": (
        "import numpy as np\nW = np.ones(9)\ndef made(m, X, y): return W @ y",
        "import numpy as np\nW = np.zeros(9)\ndef made(m, X, y): return W @ y",
    ),
    "global object": (
        "class C: pass\nc = C()\nc.k = 1\ndef made(m, X, y): return c.k",
        "class C: pass\nc = C()\nc.k = 2\ndef made(m, X, y): return c.k",
    ),
    "another function imported": (
        "from numpy import mean as f\ndef made(m, X, y): return f(y)",
        "from numpy import std as f\ndef made(m, X, y): return f(y)",
    ),
    "another module": (
        "import math as m\ndef made(n, X, y): return m.sqrt(2)",
        "import cmath as m\ndef made(n, X, y): return m.sqrt(2)",
    ),
    "global that hides a builtin": (
        "def made(m, X, y): return sum(y)",
        "sum = max\ndef made(m, X, y): return sum(y)",
    ),
    "global of a comprehension": (
        "K = 1\ndef made(m, X, y): return [K * x for x in y]",
        "K = 2\ndef made(m, X, y): return [K * x for x in y]",
    ),
    "global of an inner class": (
        "K = 1\ndef made(m, X, y):\n  class C:\n    k = K\n  return C.k",
        "K = 2\ndef made(m, X, y):\n  class C:\n    k = K\n  return C.k",
    ),
    "scorer of make_scorer": (
        "from sklearn.metrics import make_scorer\nmade = make_scorer(lambda y, p: 1.)",
        "from sklearn.metrics import make_scorer\nmade = make_scorer(lambda y, p: 2.)",
    ),
    "wrapped": (
        "import functools\ndef d(f):\n  @functools.wraps(f)\n  def g(*a): return f(*a)"
        "\n  return g\n@d\ndef made(m, X, y): return 1",
        "import functools\ndef d(f):\n  @functools.wraps(f)\n  def g(*a): return f(*a)"
        "\n  return g\n@d\ndef made(m, X, y): return 2",
    ),
    "what wraps something installed": (
        "import functools, numpy as np\n@functools.wraps(np.mean)\n"
        "def made(x): return np.mean(x)",
        "import functools, numpy as np\n@functools.wraps(np.mean)\n"
        "def made(x): return np.mean(x) + 1",
    ),
    "attribute of a function": (
        "def made(m, X, y): return made.k\nmade.k = 1",
        "def made(m, X, y): return made.k\nmade.k = 2",
    ),
    "default": ("def made(x, k=1): return k", "def made(x, k=2): return k"),
    "keyword default": (
        "def made(x, *, k=1): return k",
        "def made(x, *, k=2): return k",
    ),
    "order of arguments": ("def made(a, b): return a", "def made(b, a): return a"),
    "sign of zero": ("def made(x): return 0.0", "def made(x): return -0.0"),
    "type of a constant": ("def made(x): return 1", "def made(x): return True"),
    "operator": ("def made(x): return x + 1", "def made(x): return x - 1"),
    "comparison": ("def made(x): return x < 1", "def made(x): return x <= 1"),
    "attribute": ("def made(x): return x.min", "def made(x): return x.max"),
    "try": (
        "def made(x):\n  try: f(x)\n  except ValueError: return 1",
        "def made(x):\n  try: f(x)\n  except KeyError: return 1",
    ),
    "yield": ("def made(x): return (x,)", "def made(x): yield x"),
    "slots": (
        "class C:\n  __slots__ = 'k'\nmade = C()\nmade.k = 1",
        "class C:\n  __slots__ = 'k'\nmade = C()\nmade.k = 2",
    ),
    "slots of a base": (
        "class B:\n  __slots__ = 'k'\nclass C(B): pass\nmade = C()\nmade.k = 1",
        "class B:\n  __slots__ = 'k'\nclass C(B): pass\nmade = C()\nmade.k = 2",
    ),
    "inside a subclass of list": (
        "class C(list): pass\nmade = C([1])",
        "class C(list): pass\nmade = C([2])",
    ),
    "inside a subclass of dict": (
        "class C(dict): pass\nmade = C(a=1)",
        "class C(dict): pass\nmade = C(a=2)",
    ),
    "enum": (
        "import enum\nclass C(enum.Enum):\n  A = 1\n  B = 2\nmade = C.A",
        "import enum\nclass C(enum.Enum):\n  A = 1\n  B = 2\nmade = C.B",
    ),
    "dataclass": (
        "import dataclasses as d\n@d.dataclass\nclass C:\n  k: int = 1\nmade = C()",
        "import dataclasses as d\n@d.dataclass\nclass C:\n  k: int = 2\nmade = C()",
    ),
    "reduce": (
        "class C:\n  def __init__(s, k): s.k = k\n"
        "  def __reduce__(s): return C, (s.k,)\nmade = C(1)",
        "class C:\n  def __init__(s, k): s.k = k\n"
        "  def __reduce__(s): return C, (s.k,)\nmade = C(2)",
    ),
    "module of torch": (
        "from torch.nn import Module\nclass N(Module):\n  def f(s): return 1\nmade = N",
        "from torch.nn import Module\nclass N(Module):\n  def f(s): return 2\nmade = N",
    ),
    **{
        f"argument of {call.partition('(')[0]}": (
            f"{imports}\nmade = {call.format(1)}",
            f"{imports}\nmade = {call.format(2)}",
        )
        for imports, call in [
            ("import pandas as pd", "pd.Timestamp({})"),
            ("import pandas as pd", "pd.Timedelta({})"),
            ("import pandas as pd", "pd.Period('200{}', 'D')"),
            ("import pandas as pd", "pd.DateOffset({})"),
            ("import pandas as pd", "pd.Series(['a', {}])"),
            ("import polars as pl", "pl.DataFrame({{'a': [{}]}})"),
            ("import polars as pl", "pl.DataFrame({{'a{}': [1]}})"),
            ("import datetime", "datetime.timedelta({})"),
            ("import numpy as np", "np.poly1d([{}, 1])"),
            ("import numpy as np", "np.datetime64({}, 's')"),
            ("import numpy as np", "np.random.default_rng({})"),
            ("import numpy as np", "np.float32({})"),
            ("import numpy as np", "np.ma.masked_equal([1, 2], {})"),
            ("from scipy import stats", "stats.randint(0, {})"),
            ("import functools", "functools.partial(max, {})"),
            ("import operator", "operator.itemgetter({})"),
            ("import re", "re.compile('{}')"),
            ("import torch", "torch.nn.Dropout({} / 9)"),
            ("import torch", "torch.tensor([{}])"),
            ("import collections", "collections.deque([1], {})"),
            (
                "from sklearn.model_selection import KFold",
                "KFold(3, shuffle=True, random_state={})",
            ),
            ("from sklearn.compose import *", "make_column_selector('{}')"),
            ("from sklearn.preprocessing import *", "OneHotEncoder(min_frequency={})"),
            ("", "[{}, 3]"),
            ("", "{{'a': {}}}"),
            ("", "{{'a', {}}}"),
            ("", "b'{}'"),
            ("", "range({})"),
            ("", "{}j"),
        ]
    },
    "type of a number": ("made = [1]", "made = [1.0]"),
    "tuple": ("made = [1, 2]", "made = (1, 2)"),
    "order of a dict": ("made = {'a': 1, 'b': 2}", "made = {'b': 2, 'a': 1}"),
    "type of a key": ("made = {1: 2}", "made = {'1': 2}"),
    "set_output": (
        "from sklearn.preprocessing import StandardScaler as S\nmade = S()",
        "from sklearn.preprocessing import StandardScaler as S\n"
        "made = S().set_output(transform='pandas')",
    ),
    "format of a sparse parameter": (
        "import scipy.sparse as sp\nmade = [sp.eye_array(3, format='csr')]",
        "import scipy.sparse as sp\nmade = [sp.eye_array(3, format='csc')]",
    ),
}

# What may be between two lines of a script, and must not matter.
REMARKS = ["", "# a remark\n\n", "unrelated = 3\ndef also_unrelated(): return 4\n"]


def run(script, name="__main__"):
    """What a script makes, in a session of its own."""
    session = types.ModuleType(name)
    before = sys.modules.get(name)
    sys.modules[name] = session
    try:
        cell = compile(textwrap.dedent(script), f"<cell {id(session)}>", "exec")
        exec(cell, vars(session))
        return describe(session.made)
    finally:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before


if __name__ == "__main__":
    words = {name: describe(make()) for name, make in THINGS.items()}
    edits = {name: run(script) for name, (script, _) in EDITS.items()}
    print(json.dumps([words, edits]))
