"""Fits and predictions compute in one thread, with helpers, and nobody else sees it."""

import contextlib
import ctypes
import functools
import math
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from estimators.small_nets import ALL, TRAINED, X, outputs, trained_weights, y
from threadpoolctl import threadpool_limits

from overparam_sk import DivergenceError, OverparamReLUClassifier, threads
from overparam_sk.rows.products import PRODUCTS, multiply
from overparam_sk.threads import one_thread, parts, share_out
from overparam_sk.training import FunctionSpaceSGD, GradientDescent, SStepSGD

CPU = torch.device("cpu")
WHOLE = PRODUCTS["ieee"]
HAS_OPENMP = threads._library() is not None


def counts():
    """What PyTorch's operations and MKL's products take in the calling thread."""
    library = threads._library()
    mkl = getattr(library, "MKL_Get_Max_Threads", torch.get_num_threads)
    return torch.get_num_threads(), mkl()


def in_a_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.fixture(params=[2, 3], autouse=True)
def several(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.fixture
def looks(monkeypatch, several):
    """What is seen in the middle of a fit: by itself, by another thread, by a new one.

    And what a thread sees that was there before and has a count of its own.
    """
    seen = []
    other = ThreadPoolExecutor(1)
    # A new thread takes the process's number when it first asks, and then its own.
    other.submit(torch.get_num_threads).result()
    other.submit(torch.set_num_threads, 4).result()
    torch.set_num_threads(several)

    def look():
        seen.append((counts(), other.submit(counts).result(), in_a_thread(counts)))

    for trainer in (SStepSGD, GradientDescent, FunctionSpaceSGD):

        def advance(self, *args, original=trainer.advance):
            look()
            return original(self, *args)

        monkeypatch.setattr(trainer, "advance", advance)
    with other:
        yield seen


@pytest.mark.parametrize("name", TRAINED)
def test_a_fit_has_one_thread_and_no_other_thread_sees_it(name, looks, several):
    TRAINED[name]().fit(X, y)
    alone = (1, 1) if HAS_OPENMP else (several, several)
    assert looks
    assert set(looks) == {(alone, (4, 4), (several, several))}
    assert counts() == in_a_thread(counts) == (several, several)


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("way", ["torch", "threadpoolctl"])
def test_what_was_set_is_an_upper_bound(way, limit, looks, several):
    if way == "torch":
        torch.set_num_threads(limit)
        before, crew = counts(), limit
        with one_thread(CPU):
            helpers = threads._HERE.crew
    else:
        with threadpool_limits(limit, "openmp"):
            before, crew = counts(), limit
            with one_thread(CPU):
                helpers = threads._HERE.crew
                assert all(count <= limit for count in counts())
            assert counts() == before
    assert (helpers is None) == (crew == 1)
    assert helpers is None or helpers._n_helpers == crew - 1


def diverges():
    ALL["classifier"](learning_rate=1e307).fit(1e3 * X, y)


def of_no_memory():
    with one_thread(CPU):
        share_out([functools.partial(torch.empty, 2**60, dtype=torch.uint8)] * 4)


def interrupted():
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    again = threading.Timer(0.6, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    again.start()
    try:
        large().set_params(max_iter=10**6, n_iter_no_change=None).fit(LARGE, LABELS)
    finally:
        timer.join()
        again.join()


FAULTS = {
    diverges: DivergenceError,
    of_no_memory: RuntimeError,
    interrupted: KeyboardInterrupt,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_counts_are_as_before_after_a_fault(fault, several, ctrl_c):
    with pytest.raises(FAULTS[fault]):
        fault()
    assert counts() == (several, several)
    assert vars(threads._HERE) == {}
    assert not [t for t in threading.enumerate() if t.name.startswith("overparam_sk")]


def test_ctrl_c_at_every_line_leaves_the_counts(several, ctrl_c):
    n_lines = press_at(None)
    assert n_lines > 20
    for at in range(n_lines):
        with contextlib.suppress(KeyboardInterrupt):  # there may be fewer: who is free?
            press_at(at)
        assert counts() == (several, several), at
        assert vars(threads._HERE) == {}


def press_at(at):
    """Share tasks out, with Ctrl-C at one line of ours; how many lines there are.

    Those of this thread until all tasks are done: no Python code leaves a context whole
    at whose exit Ctrl-C is pressed.
    """
    lines, working = 0, True

    def look(frame, event, _):
        nonlocal lines
        if event == "line" and working:
            lines += 1
            if lines - 1 == at:
                signal.raise_signal(signal.SIGINT)
        return look

    def trace(frame, event, _):
        return look if frame.f_code.co_filename == threads.__file__ else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with one_thread(CPU):
            share_out([functools.partial(sum, ())] * 3)
            working = False
    finally:
        sys.settrace(before)
    return lines


def test_inside_and_elsewhere_nothing_is_changed_twice(several):
    with one_thread(torch.device("meta")):
        assert counts() == (several, several)
    with one_thread(CPU):
        crew = threads._HERE.crew
        with one_thread(CPU):
            assert threads._HERE.crew is crew
        assert threads._HERE.crew is crew
        assert in_a_thread(lambda: threads._HERE.crew) is None


# Rows of a block, columns, units, bytes of a number -> parts of the product X Wᵀ.
SIZES = [
    ((150, 4, 1000), 4, 1),
    ((64, 64, 1000), 4, 1),
    ((256, 64, 1000), 4, 1),
    ((64, 784, 250), 4, 1),
    ((128, 784, 1000), 4, 1),
    ((128, 784, 1000), 8, 2),
    ((192, 1000, 4000), 4, 11),
    ((192, 784, 4000), 4, 8),
    ((192, 784, 16000), 4, 35),
    ((0, 784, 16000), 4, 1),
]


@pytest.mark.parametrize(("size", "itemsize", "n"), SIZES)
def test_the_size_alone_decides_how_a_product_is_cut(size, itemsize, n, several):
    length, operations = size[2], 2.0 * math.prod(size)
    assert parts(length, operations, itemsize) == [slice(0, length)]
    with one_thread(CPU):
        cut = parts(length, operations, itemsize)
    if not HAS_OPENMP:
        return
    assert abs(len(cut) - n) <= 1 if n > 2 else len(cut) == n
    assert [i for here in cut for i in range(length)[here]] == list(range(length))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("n", "d", "m"), [(192, 700, 1501), (1501, 700, 192), (600, 600, 600), (3, 2, 5)]
)
def test_products_in_parts_are_products(n, d, m, dtype):
    generator = torch.Generator().manual_seed(n)
    A, B = (
        torch.randn(shape, dtype=dtype, generator=generator)
        for shape in ((n, d), (d, m))
    )
    out, there = (torch.full((n, m), float("nan"), dtype=dtype) for _ in range(2))
    multiply(A, B, there)
    with one_thread(CPU):
        multiply(A, B.T.contiguous().T, out)
        added = out.clone()
        WHOLE.add_product(A, B, added)
    tolerance = 1e3 * torch.finfo(dtype).eps
    torch.testing.assert_close(out, there, rtol=tolerance, atol=tolerance * d**0.5)
    torch.testing.assert_close(added, 2 * there, rtol=tolerance, atol=tolerance * d)


def test_whoever_is_free_takes_the_next_task_and_nobody_waits(several):
    if not HAS_OPENMP:
        return
    done, all_there = [], threading.Barrier(several)

    def task(number):
        if number < several:
            all_there.wait(60)  # each is in another thread
        done.append((number, threading.get_ident(), counts()))

    with one_thread(CPU):
        share_out([functools.partial(task, number) for number in range(8)])
    assert sorted(number for number, _, _ in done) == list(range(8))
    assert len({who for _, who, _ in done}) == several
    assert {here for _, _, here in done} == {(1, 1)}


@pytest.mark.parametrize("place", range(4))
def test_an_error_of_any_task_arrives_when_all_have_ended(place):
    running = set()

    def task(number):
        running.add(number)
        time.sleep(0.01)
        running.discard(number)
        if number == place:
            raise MemoryError("not here")

    with one_thread(CPU), pytest.raises(MemoryError, match="not here"):
        share_out([functools.partial(task, number) for number in range(4)])
    assert not running


# It ends by itself if nobody is left to end it.
BUSY = "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
LARGE = np.random.default_rng(0).normal(size=(300, 200)).astype(np.float32)
LABELS = np.arange(300) % 3


def large():
    """Blocks whose products are worth helpers: 2 · 128 · 8000 · 200 operations."""
    return OverparamReLUClassifier(
        width=8000,
        learning_rate=1.0,
        batch_size=64,
        max_iter=5,
        diagnostics=None,
        fit_intercept=False,
        random_state=0,
    )


def regressor():
    return ALL["regressor"](width2=2**14, max_iter=2, diagnostics=None)


def infinite():
    return ALL["infinite"](cache_size=0)


@pytest.mark.parametrize("make", [large, regressor, infinite])
def test_bits_depend_neither_on_load_nor_on_who_helps(make, several):
    def bits():
        net = make().fit(LARGE, LABELS)
        weights = [W.tobytes() for W in trained_weights(net)]
        return [*weights, outputs(net, LARGE).tobytes()]

    torch.set_num_threads(2)
    expected = bits()
    torch.set_num_threads(several)
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy:
        try:
            assert bits() == expected
            with ThreadPoolExecutor(2) as pool:
                tasks = [pool.submit(bits) for _ in range(2)]
                assert all(task.result() == expected for task in tasks)
        finally:
            busy.kill()


NOT_THERE = {
    "no OpenMP": ctypes.__file__,
    "another library": "_ctypes",
    "no file": "/nowhere/libtorch.so",
}


@pytest.mark.parametrize("built", NOT_THERE)
def test_where_pytorch_was_built_otherwise_a_fit_goes_on(built, monkeypatch):
    path = NOT_THERE[built]
    if path == "_ctypes":
        path = sys.modules["_ctypes"].__file__
    expected = outputs(large().fit(LARGE, LABELS), LARGE)
    monkeypatch.setattr(torch._C, "__file__", path)
    threads._library.cache_clear()
    try:
        assert threads._library() is None
        before = counts()
        found = outputs(large().fit(LARGE, LABELS), LARGE)
        assert counts() == before
    finally:
        monkeypatch.undo()
        threads._library.cache_clear()
    np.testing.assert_allclose(found, expected, atol=1e-4)


ALONE = """
import os, time
import numpy as np, torch
from overparam_sk import *
torch.set_num_threads(2)
random = np.random.default_rng(0)
X = random.normal(size=(100, 50))
many = random.normal(size=(5000, 50))
before = len(os.listdir("/proc/self/task"))
for net in (
    OverparamReLUClassifier(4000, max_iter=3, diagnostics="all", random_state=0),
    LinearizedReLUClassifier(4000, max_iter=3, random_state=0),
    InfiniteWidthReLUClassifier(initial_width=100, max_iter=3, random_state=0),
    TwoHiddenReLURegressor(width2=4000, max_iter=3, diagnostics="all", random_state=0),
):
    net.fit(X, np.arange(100) % 2).predict(many)
# Helpers have gone, or are about to be for the system as well, and OpenMP has started
# none of its threads: the process may fork.
end = time.monotonic() + 30
while len(os.listdir("/proc/self/task")) > before:
    assert time.monotonic() < end
    time.sleep(0.01)
child = os.fork()
if child == 0:
    net.fit(X, np.arange(100) % 2).predict(many)
    torch.randn(500, 500) @ torch.randn(500, 500)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="counts in /proc")
def test_no_thread_of_openmp_is_started_and_the_process_may_fork(several):
    if several == 2:
        command = [sys.executable, "-W", "ignore", "-c", ALONE]
        subprocess.run(command, check=True, timeout=120)
