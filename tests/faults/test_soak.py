"""Hundreds of fits, of which many fail."""

import gc
import itertools

import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import width_study

psutil = pytest.importorskip("psutil")

X, y = load_iris(return_X_y=True)
N_FITS = 300


class Fails(TransformerMixin, BaseEstimator):
    """Fails for one in five of its random states and units."""

    def __init__(self, shift=0, random_state=None):
        self.shift = shift
        self.random_state = random_state

    def fit(self, X, y=None):
        kinds = [RuntimeError, MemoryError, OSError, ZeroDivisionError]
        if not (self.random_state + self.shift) % 5:
            raise kinds[self.shift % len(kinds)](f"no fit at {self.shift}")
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


# What a scorer uses is part of the study, and this can be described at its start.
SCORED = itertools.count(1)


def memory(model, X, y):
    """Score, and at fits 100 and 300 say how much memory this process has."""
    used, alive = float("nan"), 0
    if next(SCORED) in (N_FITS * 4 // 15, N_FITS * 4 // 5):
        gc.collect()
        here = [one for one in gc.get_objects() if type(one) is Fails]
        alive = sum(hasattr(one, "fitted_") for one in here)
        used = psutil.Process().memory_info().rss / 2**20
    return {"accuracy": model.score(X, y), "memory": used, "alive": alive}


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_fits_that_fail_and_memory_that_does_not_grow(one_thread, measured):
    """All fits are done or have failed with a reason, a fifth of them."""
    net = OverparamReLUClassifier(
        10, max_iter=1, n_iter_no_change=None, diagnostics=None
    )
    study = width_study(
        {"net": make_pipeline(Fails(), net)},
        *(X[::2], y[::2]),
        X_test=X[1::2],
        y_test=y[1::2],
        param="shift",
        values=range(10),
        repeats=N_FITS // 10,
        scoring=memory,
        random_state=0,
    )
    assert len(study.fits) == N_FITS
    failed = study.failures
    assert len(failed) == N_FITS // 5
    for fit in study.fits:
        if fit.failure is None:
            assert set(fit.scores) == {"accuracy", "memory", "alive"}
        else:
            assert fit.failure.endswith(f"Error: no fit at {fit.value}")
            assert "in fit" in fit.traceback
            assert fit.scores == {}
    used = [fit.scores["memory"] for fit in study.fits if fit.failure is None]
    at_100, at_300 = sorted(number for number in used if number == number)
    measured(
        "soak",
        f"{N_FITS} fits: {next(SCORED) - 1} done, {len(failed)} failed, 0 without a "
        f"reason; memory at fit 100 {at_100:.1f} MB, at fit 300 {at_300:.1f} MB",
    )
    assert at_300 - at_100 < 20
    assert {fit.scores.get("alive") for fit in study.fits} == {None, 0, 1}
