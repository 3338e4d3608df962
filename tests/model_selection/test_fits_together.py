"""Fits of a small width are done as one; what a study keeps does not tell."""

import functools
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from model_selection.counted import table
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from overparam_sk import (
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.training import BatchedSGD

X, y = load_iris(return_X_y=True)
TEST = {"X_test": X[1::2], "y_test": y[1::2]}
NET = OverparamReLUClassifier(max_iter=6, learning_rate=1.0, batch_size=16)
PLAIN = {"max_iter": 6, "learning_rate": 1.0, "batch_size": 16}


def study(net=NET, **changes):
    settings = {"values": [8, 30], "repeats": 3, "random_state": 0, **TEST}
    if "X" not in changes:
        settings |= {"X": X[::2], "y": y[::2]}
    settings |= changes
    if settings.get("cv") is not None or callable(settings["X"]):
        settings |= {"X_test": None, "y_test": None}
    return width_study({"net": net}, **settings)


def in_a_pipeline(net):
    """The same, in what a study fits one by one."""
    return make_pipeline(FunctionTransformer(), net)


def assert_agree(found, expected):
    assert found.metrics == expected.metrics
    for fit, other in zip(found.fits, expected.fits, strict=True):
        assert (fit.value, fit.repeat, fit.fold) == (
            other.value,
            other.repeat,
            other.fold,
        )
        assert fit.failure == other.failure
        assert fit.scores.keys() == other.scores.keys()
        for name, score in fit.scores.items():
            np.testing.assert_allclose(score, other.scores[name], 1e-8, 1e-9)


def drawn(seed):
    random = np.random.RandomState(seed)
    labels = random.randint(3, size=90)
    return random.normal(size=(90, 5)) + labels[:, None], labels


CASES = {
    "a test set": {},
    "folds": {"cv": KFold(3), "X": X, "y": y, "repeats": 2},
    "data of each repeat": {"X": drawn, "cv": 3},
    "frames": {"X": pd.DataFrame(X[::2]), "X_test": pd.DataFrame(X[1::2])},
    "weights": {"sample_weight": np.linspace(0.5, 2, 75)},
    "a validation set": {"validate_on_test": True, "return_train_score": True},
    "defaults": {"net": OverparamReLUClassifier(max_iter=40, n_iter_no_change=None)},
    "linearised": {"net": LinearizedReLUClassifier(**PLAIN)},
    "early stopping": {"net": OverparamReLUClassifier(early_stopping=True, **PLAIN)},
    "other values": {
        "param": "learning_rate",
        "values": [0.3, 1.0],
        "net": OverparamReLUClassifier(20, max_iter=6),
    },
}


@pytest.mark.parametrize("name", CASES)
def test_scores_are_those_of_fits_one_by_one(name, batches):
    case = {"y": y[::2], **CASES[name]} if "X" in CASES[name] else CASES[name]
    if callable(case.get("X")):
        case = {**case, "y": None}
    net = case.get("net", NET)
    found = study(**case)
    fits = len(found.fits)
    assert len(batches) == 2 + ("folds" in name and "X" not in case)
    assert sum(batches) == fits
    expected = study(**{**case, "net": in_a_pipeline(net)})
    assert sum(batches) == fits
    if name in ("weights", "a validation set"):
        # A Pipeline hands no validation set on; its weights have another name.
        return
    assert_agree(found, expected)


def test_the_company_changes_no_bit(tmp_path):
    study_of = partial(study, values=[16, 30])
    whole = table(study_of(repeats=5))
    with parallel_config("threading", n_jobs=2):
        assert table(study_of(repeats=5)) == whole
    # One of them, then three, then all: what is missing is done beside others.
    for repeats in (1, 3, 5):
        grown = study_of(repeats=repeats, store=tmp_path / "store", extend=True)
    assert table(grown) == whole


def test_a_store_holds_each_fit(tmp_path, batches):
    done = study(store=tmp_path / "store")
    assert batches == [3, 3]
    assert table(WidthStudy.load(tmp_path / "store")) == table(done)
    (tmp_path / "store/fits").glob("*-30-1-*.json").__next__().unlink()
    assert table(study(store=tmp_path / "store")) == table(done)
    assert batches == [3, 3, 1]


def scaled(seed):
    """Rows that one repeat of six cannot be trained on."""
    rows, labels = drawn(seed)
    return (rows * 1e200 if seed % 3 == 1 else rows), labels


def test_a_failure_is_that_of_the_fit_alone(batches):
    options = {"X": scaled, "y": None, "repeats": 6, "values": [20], "cv": 3}
    found = study(**options)
    assert sum(batches) == len(found.fits)
    expected = study(in_a_pipeline(NET), **options)
    assert 0 < len(found.failures) < len(found.fits)
    assert_agree(found, expected)
    assert all(fit.traceback for fit in found.failures)


def fails_at_the_third(model, X, y):
    if model.score(X, y) == fails_at_the_third.at:
        raise RuntimeError("the score that it must not be")
    return model.score(X, y)


def test_a_scorer_that_fails_is_a_failed_fit_and_no_other():
    scores = [fit.scores["accuracy"] for fit in study(values=[30]).fits]
    fails_at_the_third.at = scores[2]
    found = study(values=[30], scoring=fails_at_the_third)
    assert [fit.failure is None for fit in found.fits] == [
        score != scores[2] for score in scores
    ]
    for fit in found.failures:
        assert fit.failure == "RuntimeError: the score that it must not be"


def test_ctrl_c_ends_the_study(ctrl_c, monkeypatch, tmp_path):
    advance = BatchedSGD.advance

    def pressed(self, n_steps):
        if len(self.running[0].W) == 8:
            ctrl_c()
        return advance(self, n_steps)

    with monkeypatch.context() as patched:
        patched.setattr(BatchedSGD, "advance", pressed)
        with pytest.raises(KeyboardInterrupt):
            study(store=tmp_path / "store")
    done = WidthStudy.load(tmp_path / "store").fits
    assert [(fit.value, fit.repeat) for fit in done] == [(30, 0), (30, 1), (30, 2)]
    assert table(study(store=tmp_path / "store")) == table(study())


def test_warnings_are_those_of_each_fit():
    net = OverparamReLUClassifier(max_iter=2, momentum=0.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        study(net, values=[8])
    messages = {str(w.message) for w in caught if w.category is ConvergenceWarning}
    assert len(messages) == 3


class Own(OverparamReLUClassifier):
    def fit(self, X, y, **options):
        return super().fit(X, y, **options)


class Decorated(OverparamReLUClassifier):
    @functools.wraps(OverparamReLUClassifier.fit)
    def fit(self, *args, **options):
        return OverparamReLUClassifier.fit(self, *args, **options)


ALONE = {
    "no network of ours": SVC(),
    "Kong's": TwoHiddenReLURegressor(),
    "of infinite width": InfiniteWidthReLUClassifier(),
    "in a Pipeline": in_a_pipeline(NET),
    "a fit of one's own": Own(),
    "a decorated fit": Decorated(),
    "one that talks": OverparamReLUClassifier(verbose=1),
    "large": OverparamReLUClassifier(50_000),
    "large batches": OverparamReLUClassifier(1000, batch_size=70),
    "distributed": OverparamReLUClassifier(distributed=True),
    "products in pieces": OverparamReLUClassifier(precision="bf16x6"),
    "a parameter that cannot be": OverparamReLUClassifier(width=-1),
    "a device that is not here": OverparamReLUClassifier(device="cuda:99"),
}


@pytest.mark.parametrize("name", ALONE)
def test_who_is_fitted_alone(name):
    ask = getattr(ALONE[name], "__fits_together__", lambda *_: 0)
    assert ask(75, 4) == 0


def test_as_many_as_memory_allows():
    assert NET.__fits_together__(75, 4) == 16
    assert 0 < OverparamReLUClassifier(20).__fits_together__(10**6, 20) < 16
    assert OverparamReLUClassifier(20).__fits_together__(10**8, 20) == 0


def test_told_of_one_fit_at_a_time():
    pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
    from sklearn.callback import ProgressBar

    net = OverparamReLUClassifier(20).set_callbacks(ProgressBar())
    assert net.__fits_together__(75, 4) == 0
