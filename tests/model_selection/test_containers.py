"""An estimator is handed the container that it was given, as by a search."""

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from joblib import parallel_config
from model_selection.counted import Counted, Rows
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.svm import SVC

from overparam_sk.fingerprints import fingerprint
from overparam_sk.model_selection import width_study

N = 9
A = np.random.default_rng(0).normal(size=(N, 4)) * (np.arange(4) > 0)
DAYS = np.arange("2020-01-01", "2020-01-10", dtype="M8[D]")
WORDS = ["a", "b b", "c", "ä", "", "f", "g", "h", "i"]
FRAME = pd.DataFrame(
    {
        "x": A[:, 1],
        "day": DAYS,
        "there": pd.date_range("2020", periods=N, tz="Asia/Tokyo"),
        "kind": pd.Categorical(["u", "v", "w"] * 3, categories=["w", "v", "u", "z"]),
        "word": WORDS,
        "whole": pd.array([1, None] * 4 + [3], dtype="Int64"),
        "long": pd.to_timedelta(np.arange(N), unit="h"),
        3: [{"a"}, None, 1.0] * 3,
    },
    index=pd.Index([*range(N, 0, -1)], name="row"),
)
OBJECTS = np.array([[1, "a"], [None, datetime.date(2020, 1, 1)]] * 5, dtype=object)[:N]


CONTAINERS = {
    "float64": A,
    "float32": A.astype(np.float32),
    "big-endian": A.astype(">f4"),
    "bool": A > 0,
    "complex": A + 1j,
    "Fortran": np.asfortranarray(A),
    "backwards": A[::-1, ::-1],
    "images": A.reshape(N, 2, 2),
    "datetimes": np.stack([DAYS, DAYS], axis=1),
    "timedeltas": (DAYS - DAYS[0])[:, None],
    "bytes": np.array([b"a", b"bc", b"d"] * 3),
    "words": np.array(WORDS),
    "objects": OBJECTS,
    "structured": np.array([(1, "a")] * N, dtype=[("n", "i4"), ("w", "U2")]),
    "masked": np.ma.masked_less(A, 0),
    "no columns": np.empty((N, 0)),
    "list of lists": A.tolist(),
    "list of words": WORDS,
    "list of dicts": [{"a": 1, "b": i} for i in range(N)],
    "frame": FRAME,
    "frame of dates": FRAME[["day"]],
    "frame of several levels": FRAME.set_index("word", append=True),
    "repeated names": pd.DataFrame(A, columns=[*"aabb"]),
    "sparse columns": pd.DataFrame({"a": pd.arrays.SparseArray(A[:, 0])}),
    "series": FRAME["word"],
    "polars": pl.DataFrame({"x": A[:, 1], "day": DAYS, "word": WORDS}),
    "csr_matrix": sp.csr_matrix(A),
    "csr_array": sp.csr_array(A),
    "csc_matrix": sp.csc_matrix(A),
    "csc_array": sp.csc_array(A),
    "coo_array": sp.coo_array(A),
    "lil_matrix": sp.lil_matrix(A),
    "own": Rows(A),
}
TARGETS = {
    "days": DAYS,
    "two": A[:, :2],
    "list": [0, 1, 2] * 3,
    "objects": np.array(["a", "b", "c"] * 3, dtype=object),
    "series": FRAME["kind"],
    "series of times": FRAME["there"],
    "polars": pl.Series("y", WORDS),
    "frame": FRAME[["x"]],
}
SEEN = []


class Looks(BaseEstimator):
    """Writes down what it is given."""

    def __init__(self, width=1):
        self.width = width

    def fit(self, X, y):
        SEEN.append([(type(data), fingerprint(data)) for data in (X, y)])
        return self

    def score(self, X, y):
        SEEN.append([(type(data), fingerprint(data)) for data in (X, y)])
        return 0.0


def seen_by(do):
    SEEN.clear()
    do()
    return list(SEEN)


@pytest.mark.parametrize(
    ("X", "y"),
    [
        *((X, TARGETS["list"]) for X in CONTAINERS.values()),
        *((A, y) for y in TARGETS.values()),
    ],
    ids=[*CONTAINERS, *(f"y: {name}" for name in TARGETS)],
)
def test_a_study_hands_over_what_a_search_does(X, y, tmp_path):
    search = GridSearchCV(Looks(), {"width": [1]}, cv=3, refit=False)
    expected = seen_by(lambda: search.fit(X, y))
    options = {"values": [1], "repeats": 1, "scoring": score, "random_state": 0}

    def study(X, y, **more):
        found = width_study(Looks(), X, y, **options, **more)
        assert found.failures == []

    assert len(expected) == 6
    assert seen_by(lambda: study(X, y, cv=3, store=tmp_path)) == expected
    assert seen_by(lambda: study(X, y, cv=3, store=tmp_path)) == []
    given = [(type(data), fingerprint(data)) for data in (X, y)]
    if not sp.issparse(X):
        whole = seen_by(lambda: study(X, y, X_test=X, y_test=y))
        assert whole == [given, given]


def score(model, X, y):
    return model.score(X, y)


class Survey(pd.DataFrame):
    _metadata = ("place",)
    place = "here"

    @property
    def _constructor(self):
        return Survey


class Course(pd.Series):
    _metadata = ("_name", "unit")
    unit = "m"

    @property
    def _constructor(self):
        return Course


def beside(data, **held):
    """A copy of a frame or a series with more than values."""
    data = data.copy()
    for name, value in held.items():
        object.__setattr__(data, name, value)
    return data


BESIDE = {
    "attrs of a frame": (FRAME, beside(FRAME, attrs={"unit": "m"})),
    "other attrs": (
        beside(FRAME, attrs={"unit": ["m"]}),
        beside(FRAME, attrs={"unit": ["km"]}),
    ),
    "attrs of a series": (FRAME["x"], beside(FRAME["x"], attrs={"unit": "m"})),
    "flags": (FRAME, FRAME.set_flags(allows_duplicate_labels=False)),
    "metadata of a frame": (Survey(FRAME), beside(Survey(FRAME), place="there")),
    "metadata of a series": (Course([1.0]), beside(Course([1.0]), unit="km")),
}


@pytest.mark.parametrize("name", list(BESIDE))
def test_what_pandas_hands_on_beside_the_values_is_seen(name):
    before, after = BESIDE[name]
    assert fingerprint(before) != fingerprint(after)
    assert fingerprint(before) == fingerprint(before.copy())
    assert fingerprint(after) == fingerprint(after.copy())


CHANGES = {
    "a name": FRAME.rename(columns={"x": "z"}),
    "a type": FRAME.astype({"x": "float32"}),
    "a zone": FRAME.assign(there=FRAME["there"].dt.tz_convert("UTC")),
    "a unit": FRAME.astype({"day": "M8[ms]"}),
    "a day": FRAME.assign(day=DAYS[::-1]),
    "an order": FRAME[FRAME.columns[::-1]],
    "categories": FRAME.assign(kind=FRAME["kind"].cat.remove_unused_categories()),
    "an index": FRAME.reset_index(drop=True),
    "an object": FRAME.assign(**{"3": [{"b"}, None, 1.0] * 3}),
    "a word": FRAME.assign(word=[*WORDS[:-1], "j"]),
    "a missing number": FRAME.assign(
        whole=pd.array([1, None] * 4 + [None], dtype="Int64")
    ),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_change_of_a_frame_is_another_study(name):
    assert fingerprint(CHANGES[name]) != fingerprint(FRAME)
    assert fingerprint(FRAME.copy()) == fingerprint(FRAME)


def test_where_a_frame_was_cut_out_does_not_matter():
    whole = pd.concat([FRAME.iloc[::-1], FRAME])
    whole.memory_usage(deep=True)
    for column in whole:
        whole[column].isna().any()
    part = whole.iloc[N:]
    part["word"].value_counts()
    again = pd.DataFrame({name: FRAME[name].copy() for name in FRAME})
    assert fingerprint(part) == fingerprint(FRAME) == fingerprint(again)
    polars = CONTAINERS["polars"]
    assert fingerprint(pl.concat([polars, polars])[N:]) == fingerprint(polars)


def test_other_containers_are_other_data():
    alike = [
        A,
        A.tolist(),
        pd.DataFrame(A),
        pl.DataFrame(A),
        sp.csr_matrix(A),
        sp.csr_array(A),
        np.ma.array(A),
        A.astype(object),
        A.astype(np.float32),
        Rows(A),
    ]
    assert len({fingerprint(data) for data in alike}) == len(alike)
    assert fingerprint(sp.csr_array(A)) == fingerprint(sp.csc_array(A))
    assert fingerprint(pl.DataFrame(A)) == fingerprint(pl.DataFrame(A))


def test_workers_are_handed_them_too():
    """Also one that a worker cannot import."""

    class Here(Rows):
        def __getitem__(self, places):
            return Here(self.rows[places])

    def shapes(model, X, y):
        return {"type": type(X).__name__, "y": str(np.asarray(y).dtype)}

    for X, name in [
        (FRAME, "DataFrame"),
        (Here(A), "Here"),
        (sp.csr_array(A), "csr_array"),
    ]:
        with parallel_config("loky", n_jobs=2):
            study = width_study(
                Counted(),
                *(X, DAYS),
                values=[1, 2],
                repeats=1,
                cv=KFold(3),
                scoring=shapes,
            )
        assert [fit.scores for fit in study.fits] == [
            {"type": name, "y": "datetime64[D]"}
        ] * 6


def test_a_precomputed_kernel_is_split_on_both_sides():
    K, y = rbf_kernel(A), [0, 1, 0] * 3
    model = SVC(kernel="precomputed")
    study = width_study(model, K, y, param="C", values=[1.0], repeats=1, cv=3)
    found = [fit.scores["accuracy"] for fit in study.fits]
    assert found == cross_val_score(model, K, y, cv=3).tolist()


def test_a_step_may_write_into_its_rows():
    class Writes(DummyClassifier):
        def fit(self, X, y, sample_weight=None):
            X *= 0
            return super().fit(X, y)

    X = A.copy()
    study = width_study(
        Writes(),
        *(X, [0, 1, 2] * 3),
        X_test=X,
        y_test=[0, 1, 2] * 3,
        param="constant",
        values=[1, 2],
        repeats=1,
        scoring=lambda model, X, y: float(X.sum()),
    )
    assert [fit.scores["score"] for fit in study.fits] == [A.sum(), A.sum()]
    assert (X == A).all()


@pytest.mark.parametrize(
    "change",
    [{"y": [0, 1]}, {"sample_weight": [1.0]}, {"groups": [0], "cv": GroupKFold(2)}],
)
def test_lengths_must_be_the_same(change):
    given = {"X": A, "y": [0, 1, 2] * 3, "param": "C", "values": [1], **change}
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        width_study(SVC(), **given)
