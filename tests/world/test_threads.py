"""Threads of several worlds compute the same, and leave everything as it was."""

import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from estimators.small_nets import ALL, X, outputs, y
from world.states import STATES, products, the_world

from overparam_sk.diagnostics import infinite_width_gram
from overparam_sk.rows import as_tensor
from overparam_sk.world import in_own_world, without_warning

READ_ONLY = X.astype(np.float32)
READ_ONLY.setflags(write=False)
OF_A_THREAD = (
    "default device",
    "autocast",
    "inference mode",
    "flushing",
    "numpy raises",
    "buffer",
)
ROUNDS = 2


def said():
    return [
        outputs(make().fit(READ_ONLY, y), READ_ONLY).tobytes() for make in ALL.values()
    ]


def of_a_thread():
    of_all = ("filters", "products", "folder", "locale", "environment", "streams")
    return {name: value for name, value in the_world().items() if name not in of_all}


@pytest.mark.parametrize("precision", ["highest", "medium"])
def test_threads_of_several_worlds(precision, tmp_path):
    expected = said()
    begin = threading.Barrier(len(OF_A_THREAD) + 1)

    def work(state):
        with STATES[state](tmp_path):
            before = of_a_thread()
            begin.wait(60)
            assert all(said() == expected for _ in range(ROUNDS))
            assert of_a_thread() == before

    with products(torch.set_float32_matmul_precision, precision):
        before = the_world()
        with warnings.catch_warnings(), ThreadPoolExecutor(len(OF_A_THREAD)) as pool:
            done = [pool.submit(work, state) for state in OF_A_THREAD]
            begin.wait(60)
            for one in done:
                one.result()
            # scikit-learn's validation leaves filters of its own, without a message.
            assert not ours(warnings.filters) - ours(before["filters"])
        assert the_world() == before


def ours(filters):
    return {filter_ for filter_ in filters if filter_[1] is not None}


def test_what_is_ours_leaves_the_filters_alone():
    before, end = [*warnings.filters], threading.Event()

    def work():
        while not end.is_set():
            as_tensor(READ_ONLY)
            infinite_width_gram(READ_ONLY)
            with without_warning("none"):
                pass

    with ThreadPoolExecutor(3) as pool:
        done = [pool.submit(work) for _ in range(3)]
        for _ in range(300):
            # Whose filters would another thread have put back?
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                time.sleep(1e-4)
        end.set()
        for one in done:
            one.result()
    assert warnings.filters == before


def test_the_precision_of_products_is_set_back_by_the_last_one_out():
    matmul = torch.backends.mkldnn.matmul
    inside, leave = threading.Barrier(3), [threading.Event(), threading.Event()]
    seen = []

    @in_own_world
    def stay(number):
        inside.wait(60)
        assert leave[number].wait(60)
        seen.append(matmul.fp32_precision)

    with products(torch.set_float32_matmul_precision, "medium"):
        with ThreadPoolExecutor(2) as pool:
            tasks = [pool.submit(stay, number) for number in (0, 1)]
            inside.wait(60)
            for number, task in enumerate(tasks):
                leave[number].set()
                task.result()
        assert seen == ["ieee", "ieee"]
        assert torch.get_float32_matmul_precision() == "medium"

        @in_own_world
        def changed_inside():
            matmul.fp32_precision = "tf32"

        changed_inside()
        assert matmul.fp32_precision == "tf32"


def test_a_filter_is_taken_out_wherever_it_is():
    before = [*warnings.filters]
    with warnings.catch_warnings():
        outside = without_warning("gone")
        outside.__enter__()
        warnings.warn("gone by now", stacklevel=1)
        inner = warnings.catch_warnings()
        inner.__enter__()
        outside.__exit__(None, None, None)
        with pytest.raises(UserWarning, match="gone"):
            warnings.warn("gone by now", stacklevel=1)
        inner.__exit__(None, None, None)
        with pytest.raises(UserWarning, match="gone"):
            warnings.warn("gone by now", stacklevel=1)
    assert warnings.filters == before


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?"])
@pytest.mark.parametrize("shape", [(0, 3), (4, 3), (5,), ()])
def test_a_read_only_array_is_shared_without_a_warning(shape, dtype):
    array = np.ones(shape, dtype)
    array.setflags(write=False)
    tensor = as_tensor(array)
    assert tensor.shape == np.ascontiguousarray(array).shape
    assert array.size == 0 or tensor.data_ptr() == array.ctypes.data
    assert np.array_equal(tensor.numpy().reshape(shape), array)
    del array  # the tensor keeps it
    assert bool(tensor.all())
