"""Which device "auto" is, by the size of the work."""

import numpy as np
import pytest
import torch

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor
from overparam_sk.devices import Work, is_here, resolve_device
from overparam_sk.fits import Data, Job, Place, Settings
from overparam_sk.fits.job import Seeds


@pytest.fixture
def a_gpu(monkeypatch):
    """A machine that says it has a CUDA device."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


LARGE, SMALL = Work(4.0 * 64 * 4000 * 784, 20_000), Work(4.0 * 16 * 250 * 64, 20_000)
FEW_STEPS = Work(4.0 * 64 * 4000 * 784, 20)


@pytest.mark.parametrize(
    ("name", "work", "device"),
    [
        ("auto", LARGE, "cuda"),
        ("auto", SMALL, "cpu"),
        ("auto", FEW_STEPS, "cpu"),
        ("auto", None, "cuda"),
        ("cuda", SMALL, "cuda"),
        ("cuda:0", FEW_STEPS, "cuda:0"),
        ("cpu", LARGE, "cpu"),
    ],
)
def test_auto_is_a_gpu_where_the_work_gains_by_it(name, work, device, a_gpu):
    assert resolve_device(name, work) == torch.device(device)


@pytest.mark.parametrize("number", [1, 7, 127, 128, 200, 255, 256, 511, 512, 9999])
def test_a_gpu_beyond_those_that_are_there_is_none(number, a_gpu):
    """torch.device("cuda:256") is cuda:0, and that of 255 has no number."""
    name = f"cuda:{number}"
    assert not is_here(name)
    message = f"got '{name}' where 1 CUDA devices are available"
    with pytest.raises(ValueError, match=message):
        resolve_device(name, LARGE)


@pytest.mark.parametrize("name", ["cpu", "cuda", "cuda:0"])
def test_what_is_there_is_that(name, a_gpu):
    assert is_here(name)
    assert resolve_device(name) == torch.device(name)


def test_without_a_gpu_auto_is_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve_device("auto", LARGE) == torch.device("cpu")


def test_more_work_gains_more():
    for n_steps in (1, 100, 10_000):
        gains = [Work(10.0**i, n_steps).gains_on_gpu for i in range(20)]
        assert gains == sorted(gains)
    gains = [Work(1e9, 10**i).gains_on_gpu for i in range(8)]
    assert gains == sorted(gains)
    assert set(gains) == {False, True}


@pytest.mark.parametrize(("operations", "device"), [(1e6, "cpu"), (1e11, "cuda")])
def test_a_job_is_placed_by_its_work(operations, device, a_gpu):
    data = Data(np.zeros((4, 2)), np.zeros(4, dtype=np.int64), np.ones(4))
    job = Job(data, 2, Settings(), Seeds(0, 0, 0), 1000, operations=operations)
    assert Place.of(job, None).device == torch.device(device)


@pytest.mark.parametrize(
    ("net", "operations"),
    [
        (OverparamReLUClassifier(300), 4 * 256 * 300 * 65),
        (OverparamReLUClassifier(300, fit_intercept=False), 4 * 256 * 300 * 64),
        (TwoHiddenReLURegressor(5, 300), 2 * 256 * 5 * (2 * 64 + 3 * 300)),
    ],
)
def test_the_operations_are_those_of_a_step(net, operations):
    assert net._operations(net.get_params(), 256, 64) == operations
