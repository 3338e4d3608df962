"""Searches and studies give the same numbers on every backend of joblib."""

import contextlib

import numpy as np
import pytest
import torch
from joblib import cpu_count, parallel_config
from model_selection.counted import torch_threads
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import diagnostic_scoring, width_study

distributed = pytest.importorskip("distributed")

X, y = (data[:300] for data in load_digits(return_X_y=True))
NET = OverparamReLUClassifier(
    max_iter=20, n_iter_no_change=None, batch_size=16, random_state=0
)
PIPE = make_pipeline(StandardScaler(), NET)


@pytest.fixture(scope="module")
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module", autouse=True)
def one_thread_a_fit():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def search():
    found = GridSearchCV(
        PIPE,
        {"overparamreluclassifier__width": [50, 200]},
        scoring=diagnostic_scoring(PIPE),
        refit="accuracy",
        cv=3,
    ).fit(X, y)
    return {
        name: np.asarray(column)
        for name, column in found.cv_results_.items()
        if "_test_" in name
    }


def study(**options):
    found = width_study(
        {"net": NET}, X, y, values=[50, 200], repeats=2, random_state=0, **options
    )
    assert found.failures == []
    return {name: [f.scores[name] for f in found.fits] for name in found.metrics}


@pytest.fixture(scope="module", params=[search, study], ids=["search", "study"])
def what(request, one_thread_a_fit):
    return request.param, request.param()


def backends():
    for n_jobs in (1, 2, 4):
        yield "loky", n_jobs, {"inner_max_num_threads": 1}
        yield "threading", n_jobs, {}
        yield "dask", n_jobs, {}


@pytest.mark.parametrize(("backend", "n_jobs", "options"), list(backends()))
def test_every_backend_gives_the_same_bits(what, client, backend, n_jobs, options):
    run, alone = what
    with parallel_config(backend, n_jobs=n_jobs, **options):
        found = run()
    assert found.keys() == alone.keys()
    for name, column in found.items():
        np.testing.assert_array_equal(column, alone[name], err_msg=name)


@pytest.mark.parametrize("backend", ["loky", "dask"])
def test_workers_share_the_cores(client, backend):
    with parallel_config(backend, n_jobs=2):
        found = width_study(
            NET, X, y, values=[10, 20], repeats=2, cv=2, scoring=torch_threads
        )
    assert {fit.scores["score"] for fit in found.fits} == {max(1, cpu_count() // 2)}


def test_n_jobs_of_the_call_is_that_of_joblib(client):
    with contextlib.ExitStack() as stack:
        stack.enter_context(parallel_config("dask"))
        one = study(n_jobs=1)
    two = study(n_jobs=-1)
    assert one == two
