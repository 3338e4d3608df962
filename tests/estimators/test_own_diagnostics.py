"""A diagnostic of one's own, registered or given as a class, in every estimator."""

import copy
import pickle
import sys
from typing import get_args

import joblib
import numpy as np
import pytest
import skops.io
import torch
from diagnostics.own import active_share, columns, moved
from estimators.small_nets import WITH_WEIGHTS, X, y
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV, ShuffleSplit, cross_validate

from overparam_sk import OverparamReLUClassifier
from overparam_sk.diagnostics import REGISTRY, Diagnostic, WeightView, register
from overparam_sk.diagnostics.views import View
from overparam_sk.fingerprints import describe
from overparam_sk.interop import TrainingDiagnostics
from overparam_sk.model_selection import diagnostic_scoring, width_study

KIND, SHARE = moved(), active_share()
FITTED = [KIND, SHARE, "coupling"]


def columns_of(net, name):
    return [c for c in net.diagnostic_columns if c.rstrip("_0123456789") == name]


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_the_class_and_the_registered_name_measure_the_same(name):
    net = WITH_WEIGHTS[name](diagnostics=(*FITTED, "weight_change")).fit(X, y)
    np.testing.assert_allclose(net.moved_, np.square(net.weight_change_), rtol=1e-6)
    assert np.all(np.atleast_1d(net.active_share_) > 0)
    assert np.all(np.atleast_1d(net.active_share_) < 1)
    for column in (*columns_of(net, "moved"), *columns_of(net, "active_share")):
        assert np.isfinite(net.history_[column]).all()
    assert not hasattr(net, "gram_drift_")
    assert set(REGISTRY).isdisjoint(("moved", "active_share"))

    with register(KIND), register(SHARE):
        every = WITH_WEIGHTS[name]().fit(X, y)
        by_name = WITH_WEIGHTS[name](diagnostics=("moved", "active_share")).fit(X, y)
        assert {"moved", "active_share"} <= {
            column.rstrip("_0123456789") for column in every.diagnostic_columns
        }
    for other in (every, by_name):
        for attribute in ("moved_", "active_share_"):
            np.testing.assert_array_equal(
                getattr(other, attribute), getattr(net, attribute)
            )
    with pytest.raises(ValueError, match=r"must be .* names among .*'moved'"):
        by_name.fit(X, y)  # out of the context


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_what_scikit_learn_does_with_an_estimator(name):
    net = WITH_WEIGHTS[name](diagnostics=tuple(FITTED))
    twin = clone(net)
    assert twin.get_params()["diagnostics"] == net.diagnostics
    assert "Moved" in repr(net)
    assert "Moved" in net._repr_html_()
    net.fit(X, y)
    assert "Moved" in net._repr_html_()
    twin.fit(X, y)
    for again in (twin, copy.deepcopy(net)):
        np.testing.assert_array_equal(again.moved_, net.moved_)
        assert again.diagnostics == net.diagnostics
    net.set_params(warm_start=True, diagnostics=("coupling",)).fit(X, y)
    assert not hasattr(net, "moved_"), "of the fit before"
    net.set_params(diagnostics=(SHARE,)).fit(X, y)
    (column, *_) = columns_of(net, "active_share")
    now = net.history_["iteration"] > 10
    assert np.isfinite(net.history_[column][now]).all()


@pytest.mark.parametrize("form", [pickle, skops.io])
def test_saved_to_a_file(form, tmp_path):
    """The class is saved by the name that it can be imported by."""
    code = f"""
from estimators.small_nets import WITH_WEIGHTS, X, y
import {form.__name__}, sys
from plain_diagnostic import Plain
net = WITH_WEIGHTS["classifier"](diagnostics=(Plain, "coupling")).fit(X, y)
data = {form.__name__}.dumps(net)
known = {{}}
if "skops" in "{form.__name__}":
    found = skops.io.get_untrusted_types(data=data)
    assert "plain_diagnostic.Plain" in found
    known = {{"trusted": found}}
again = {form.__name__}.loads(data, **known)
assert again.diagnostics == (Plain, "coupling")
assert again.plain_ == net.plain_
assert (again.fit(X, y).plain_) == net.plain_
"""
    (tmp_path / "plain_diagnostic.py").write_text(
        "from overparam_sk.diagnostics import Diagnostic, WeightView\n"
        "class Plain(Diagnostic):\n"
        "    name, sees = 'plain', WeightView\n"
        "    def accumulate(self, view): self.add(view.update.norm().reshape(1))\n"
        "    def value(self): return float(self.total)\n"
    )
    sys.path.insert(0, str(tmp_path))
    try:
        exec(code, {})
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("plain_diagnostic", None)


def _elsewhere(*nets):
    """What a process of joblib's makes of them: one, for each imports PyTorch."""
    (found,) = joblib.Parallel(n_jobs=2)([joblib.delayed(columns)(nets, X, y)])
    return found


def test_joblib_processes_know_what_is_registered_here():
    make = WITH_WEIGHTS["classifier"]
    asked = [("moved",), "all", ("coupling", KIND)]
    with register(KIND):
        found = _elsewhere(*(make(diagnostics=one) for one in asked))
        search = GridSearchCV(
            make(),
            {"width": [5]},
            cv=ShuffleSplit(1, random_state=0),
            scoring=diagnostic_scoring(make()),
            refit="accuracy",
            n_jobs=2,
        ).fit(X, y)
    assert found == [("moved",), (*REGISTRY, "moved"), ("coupling", "moved")]
    assert search.cv_results_["mean_test_moved"] > 0
    # Workers stay: what has been taken back is not known there, either.
    assert _elsewhere(make()) == [tuple(REGISTRY)]


def test_a_search_over_diagnostics_and_estimators_around():
    net = WITH_WEIGHTS["classifier"]()
    grid = {"diagnostics": [(KIND,), None, ("coupling", SHARE)]}
    search = GridSearchCV(net, grid, cv=2).fit(X, y)
    assert search.cv_results_["param_diagnostics"][0] == (KIND,)
    net.set_params(diagnostics=(KIND,))
    bag = BaggingClassifier(net, 2, random_state=0).fit(X, y)
    assert all(one.moved_ > 0 for one in bag.estimators_)
    found = cross_validate(net, X, y, cv=2, scoring=diagnostic_scoring(net))
    assert np.all(found["test_moved"] > 0)


def test_a_pickle_needs_no_class_that_is_only_registered():
    """What is fitted is loaded anywhere; what is not is fitted as far as it can be."""
    with register(KIND):
        fitted = pickle.dumps(WITH_WEIGHTS["classifier"]().fit(X, y))
        unfitted = pickle.dumps(WITH_WEIGHTS["classifier"](diagnostics="all"))
        assert pickle.loads(unfitted).diagnostics == "all"
    assert b"Moved" not in fitted
    assert pickle.loads(fitted).moved_ > 0
    elsewhere = pickle.loads(unfitted)
    assert elsewhere.diagnostics[-1].__name__ == "Moved"
    assert elsewhere.fit(X, y).moved_ == pickle.loads(fitted).moved_


def test_a_study_looks_at_the_code(tmp_path):
    def study(kind, **asked):
        net = WITH_WEIGHTS["classifier"](**asked)
        return width_study(
            {"net": net},
            X,
            y,
            values=[4, 8],
            repeats=1,
            random_state=0,
            store=tmp_path / "store",
        )

    with register(moved()):
        first = study(None)
        assert "moved" in first.metrics
        said = describe(WITH_WEIGHTS["classifier"]())
        assert study(None).column("moved") == pytest.approx(first.column("moved"))
    with register(moved()):
        assert describe(WITH_WEIGHTS["classifier"]()) == said
    other = moved(least=1.0)
    with register(other):
        assert describe(WITH_WEIGHTS["classifier"]()) != said
        with pytest.raises(ValueError, match="registered"):
            study(None)
    of_class = describe(WITH_WEIGHTS["classifier"](diagnostics=(moved(),)))
    assert of_class == describe(WITH_WEIGHTS["classifier"](diagnostics=(moved(),)))
    assert of_class != describe(WITH_WEIGHTS["classifier"](diagnostics=(other,)))


@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_a_name_that_the_estimator_has_is_refused_before_training(name):
    """Every attribute and column that is there without diagnostics, of each."""
    make = WITH_WEIGHTS[name]
    net = make(diagnostics=None, early_stopping=True).fit(X, y)
    names = {n[:-1] for n in vars(net) if n.endswith("_") and n[0] != "_"}
    names |= {*net.history_, "iteration", "val_loss"}
    assert len(names) > 15
    for taken in names:
        said = r"Moved\.name must be a name of its own, got '" + taken
        with pytest.raises(ValueError, match=said):
            make(diagnostics=(moved(name=taken),)).fit(X, y)
    for free in ("width", "max_iter", "my_loss"):
        found = make(diagnostics=(moved(name=free),)).fit(X, y)
        assert np.all(np.atleast_1d(getattr(found, f"{free}_")) >= 0)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((int,), "each class of diagnostics must be a subclass .* got <class 'int'>"),
        ((3,), "diagnostics must be .* Diagnostic classes, got"),
        (moved(), "diagnostics must be .* got <class 'diagnostics.own.moved"),
        ((moved(), moved()), "diagnostics must hold .* two with the name 'moved'"),
        ((moved(name="coupling"),), "name of its own, got 'coupling'"),
        ((moved(name="bad_1"),), "number of a layer, got 'bad_1'"),
    ],
)
def test_what_is_refused_of_a_tuple(asked, said):
    with pytest.raises(ValueError, match=said):
        WITH_WEIGHTS["classifier"](diagnostics=asked).fit(X, y)


# What value() returns -> the figure, or what is said of what is none.
VALUES = {
    "an integer": (3, 3),
    "numpy's": (np.float32(0.5), 0.5),
    "an array": (np.array([0.5]), 0.5),
    "a tensor": (torch.tensor(0.5), 0.5),
    "True": (True, 1),
    "nothing": (None, "Odd.value must return a number, got None"),
    "text": ("0.5", "Odd.value must return a number, got '0.5'"),
    "a complex number": (1 + 2j, r"a number, got \(1\+2j\)"),
    "a list": ([0.5], r"a number, got \[0.5\]"),
    "two": (np.zeros(2), r"a number, got array"),
    "none": (torch.zeros(0), r"a number, got tensor"),
    "NaN": (float("nan"), "odd_ must be finite, got NaN .* look at Odd.value"),
    "a tensor's NaN": (torch.tensor(torch.nan), "odd_ must be finite, got NaN"),
}


def odd(view, accumulate, value):
    attributes = {"name": "odd", "sees": view, "accumulate": accumulate}
    return type("Odd", (Diagnostic,), {**attributes, "value": value})


@pytest.mark.parametrize("what", VALUES)
@pytest.mark.parametrize("name", ["classifier", "deep_regressor"])
def test_a_value_is_a_number(what, name):
    found, said = VALUES[what]
    # One that adds nothing up itself is the figure of one process.
    kind = odd(WeightView, lambda self, view: None, lambda self: found)
    net = WITH_WEIGHTS[name](diagnostics=(kind,))
    if isinstance(said, str):
        with pytest.raises(ValueError, match=said):
            net.fit(X, y)
    else:
        figures = np.atleast_1d(net.fit(X, y).odd_)
        assert set(figures.tolist()) == {said}
        assert {type(one) for one in figures.tolist()} == {type(said)}


def test_sums_of_plain_numbers():
    kind = odd(WeightView, lambda self, view: self.add(2.0), lambda self: self.total)
    assert WITH_WEIGHTS["classifier"](diagnostics=(kind,)).fit(X, y).odd_ == 2.0


def _overwrite(self, view):
    for part in vars(view).values():
        if torch.is_tensor(part):
            part.zero_()
    self.add(0.0)


@pytest.mark.parametrize("view", get_args(View))
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_what_works_in_place_changes_neither_training_nor_other_figures(name, view):
    kind = odd(view, _overwrite, lambda self: self.total)
    expected = WITH_WEIGHTS[name]().fit(X, y)
    for asked in ((kind, *REGISTRY), (*REGISTRY, kind)):
        net = WITH_WEIGHTS[name](diagnostics=asked).fit(X, y)
        for column, values in expected.history_.items():
            np.testing.assert_array_equal(net.history_[column], values, column)
        for figure in REGISTRY:
            if hasattr(expected, f"{figure}_"):
                a, b = (getattr(one, f"{figure}_") for one in (net, expected))
                np.testing.assert_array_equal(a, b, figure)


def test_in_ones_own_loop_and_in_skorch():
    net = OverparamReLUClassifier(10, random_state=0).fit(X, y)
    callback = TrainingDiagnostics(names=(KIND, SHARE, "coupling"))
    in_skorch = net.to_skorch(initial=True, max_epochs=2, callbacks=[callback])
    in_skorch.fit(X, y)
    assert in_skorch.history[-1, "moved"] > 0
    assert 0 < in_skorch.history[-1, "active_share"] < 1
