"""Checksums of data, and parameters in words."""

import functools
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import stats
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from overparam_sk import InfiniteWidthKernel, OverparamReLUClassifier
from overparam_sk.fingerprints import (
    describe,
    differences,
    fingerprint,
)
from overparam_sk.model_selection._source import StudyData
from overparam_sk.store.data import DataFolder, DataNotHereError

A = np.arange(12.0).reshape(3, 4)
floats = npst.arrays(np.float64, npst.array_shapes(max_dims=2, max_side=5))


@given(array=floats, place=st.integers(0, 24), bit=st.integers(0, 63))
def test_any_changed_bit_changes_the_fingerprint(array, place, bit):
    other = array.copy()
    other.reshape(-1).view(np.uint64)[place % array.size] ^= np.uint64(1 << bit)
    assert fingerprint(array) == fingerprint(array.copy()) != fingerprint(other)


DATA = {
    "C": A,
    "float32": A.astype(np.float32),
    "transposed": A.T,
    "flat": A.ravel(),
    "csr": sp.csr_matrix(A),
    "wider": sp.csr_matrix((A[0], np.arange(4), [0, 4]), shape=(1, 5)),
    "strings": np.array(["a", "b"]),
    "objects": np.array(["a", "b"], dtype=object),
    "frame": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "renamed": pd.DataFrame({"a": [1, 2], "c": ["x", "y"]}),
    "series": pd.Series([1, 2]),
    "list": [A, A],
    "empty": np.empty((0, 3)),
    "none": None,
}


def test_other_data_has_another_fingerprint():
    assert len({fingerprint(data) for data in DATA.values()}) == len(DATA)


def test_the_layout_is_not_part_of_it():
    assert fingerprint(np.asfortranarray(A)) == fingerprint(A)
    assert fingerprint(sp.csc_matrix(A)) == fingerprint(sp.csr_matrix(A))


@pytest.mark.parametrize(
    ("data", "known_as"),
    [
        (A, "aa89394ea875e8afbed0d4fd2811552e"),
        (A.astype(np.float32), "07746bf3e17a056a3f5d2a643a274ea3"),
        (sp.csr_matrix(A), "376dbac40bac8b8e795ad5df16abbf16"),
        (A.tolist(), "373c34784c933a121b47287f6ef91388"),
        ({"a": (1, 2.5, None), "b": {3, "c"}}, "4d4006d9c0c5e784243ae51da1c4d217"),
        (np.array(["a", 1], dtype=object), "88025f1f529d796db957e62006010570"),
    ],
)
def test_studies_of_before_know_data_by_its_checksum(data, known_as):
    assert fingerprint(data) == known_as


@pytest.mark.parametrize("name", sorted(set(DATA) - {"none"}))
def test_data_comes_back_from_its_files(name, tmp_path):
    data = StudyData(DATA[name], A, train=[np.arange(2)], test=[np.arange(2, 3)])
    prints = data.fingerprints()
    folder = DataFolder(tmp_path)
    reference = folder.lay_down(data.parts(), prints)
    found = StudyData.of_parts(reference.open())
    assert found.fingerprints() == prints
    assert type(found.X) is type(DATA[name])
    assert [rows.tolist() for rows in found.test] == [[2]]
    # What this call wrote is not written again; what another did is.
    times = {path: path.stat().st_mtime_ns for path in reference.paths()}
    folder.lay_down(data.parts(), prints)
    assert times == {path: path.stat().st_mtime_ns for path in reference.paths()}
    for path in times:
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataNotHereError, match="must be what this study wrote"):
        reference.open()
    again = DataFolder(tmp_path).lay_down(data.parts(), prints)
    assert StudyData.of_parts(again.open()).fingerprints() == prints


def scorer(model, X, y):
    return 0.0


def closure(k):
    return FunctionTransformer(lambda X: X[:, :k])


def default(k):
    return lambda X, k=k: X[:, :k]


class Holder:
    def __init__(self, k):
        self.k = k

    def columns(self, X):
        return X[:, : self.k]


def itself():
    loop = {}
    loop["loop"] = loop
    return loop


SAME = [
    (closure(4), closure(4)),
    (default(4), default(4)),
    (Holder(4).columns, Holder(4).columns),
    (FrozenEstimator(PCA().fit(A)), FrozenEstimator(PCA().fit(A))),
    (stats.uniform(1, 5), stats.uniform(1, 5)),
    (np.random.default_rng(0), np.random.default_rng(0)),
    (itself(), itself()),
    (torch.arange(3), torch.arange(3)),
    (make_pipeline(SVC(C=2.0)), make_pipeline(SVC(C=2.0))),
    (SVC(kernel=InfiniteWidthKernel()), SVC(kernel=InfiniteWidthKernel())),
    (make_scorer(accuracy_score), make_scorer(accuracy_score)),
    ({"b", "a"}, {"a", "b"}),
    (functools.partial(scorer, y=A), functools.partial(scorer, y=A)),
    (np.float64(0.5), 0.5),
    (scorer, scorer),
    (lambda model: 1, lambda model: 1),
    (float, float),
]
LONG = np.empty(3, dtype=object)
LONG[:] = [np.arange(5000) for _ in range(3)]
OTHER = np.empty(3, dtype=object)
OTHER[:] = [np.where(np.arange(5000) == 1000, -1, np.arange(5000)) for _ in range(3)]
DIFFERENT = [
    (np.random.default_rng(0), np.random.default_rng(1)),
    (OverparamReLUClassifier(random_state=1), OverparamReLUClassifier(random_state=2)),
    (closure(4), closure(1)),
    (default(4), default(1)),
    (Holder(4).columns, Holder(1).columns),
    (FrozenEstimator(PCA().fit(A)), FrozenEstimator(PCA().fit(A**2))),
    (make_scorer(lambda y, p: 1.0), make_scorer(lambda y, p: 2.0)),
    (stats.uniform(1, 5), stats.uniform(1, 6)),
    (torch.arange(5000), torch.arange(5000).where(torch.arange(5000) != 1000, 0)),
    (LONG, OTHER),
    (
        pd.Series(pd.Categorical(["a"], categories=["a", "b"])),
        pd.Series(pd.Categorical(["a"], categories=["b", "a"])),
    ),
    (SVC(C=1.0), SVC(C=2.0)),
    (SVC(kernel=InfiniteWidthKernel()), SVC(kernel=InfiniteWidthKernel(width1=4))),
    (make_pipeline(SVC()), make_pipeline(SVC(), SVC())),
    (A, A + 1),
    (1, 1.0),
    (1, True),
    (lambda model: 1, lambda model: 2),
    (functools.partial(scorer, y=A), functools.partial(scorer, y=A + 1)),
    (float, int),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_does_the_same_has_the_same_words(one, other):
    assert differences({"": describe(one)}, {"": describe(other)}) == {}


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_what_does_something_else_has_other_words(one, other):
    assert differences({"": describe(one)}, {"": describe(other)})


def test_a_function_has_the_same_words_in_every_process():
    code = (
        "from overparam_sk.fingerprints import describe\n"
        "def f(x): return x in {'SVC', 'KNN', 'net', 'forest'}\n"
        "print(describe(f))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(said) == 1


def test_a_class_of_the_session_is_described_by_its_code():
    code = (
        "from overparam_sk.fingerprints import describe\n"
        "class A:\n    def f(self): return {}\n"
        "print(describe(A()))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code.format(number)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for number in (1, 1, 2)
    ]
    assert said[0] == said[1] != said[2]


def test_a_difference_is_named_by_its_path():
    before = {"net": {"a": 1, "b": [1, 2]}, "gone": {"x": 1}}
    now = {"net": {"a": 2, "b": [1, 2]}, "new": None}
    assert differences(before, now) == {
        ("net", "a"): ("1", "2"),
        ("gone", "x"): ("1", "nothing"),
        ("new",): ("nothing", "null"),
    }
