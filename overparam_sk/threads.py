"""Threads: one for what is small, helpers for what is large.

OpenMP ends each of its regions, a pass over a few thousand numbers included, in a
barrier at which all of its threads must arrive. Where one of them has to wait for its
turn on a busy core all wait, a hundred times in a block of batches. So inside
`one_thread` the calling thread computes alone, and what is worth a helper, by a rule of
its size alone, is cut into parts that whoever is free takes: nobody waits for a part
that was not begun.
"""

import ctypes
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import torch

__all__ = ["helped", "one_thread", "parts", "share_out"]

# Multiplications and additions of a part, of 4 bytes: about 1.5 ms of a core. A helper
# is there after some 0.1 ms, and the last part is waited for (docs/performance.md).
_PART_OPERATIONS = 2**27


class _Crew:
    """A thread and its helpers, which start when they are first needed."""

    def __init__(self, size: int) -> None:
        self._n_helpers = size - 1
        self._helpers = ThreadPoolExecutor(
            self._n_helpers, "overparam_sk", initializer=_compute_alone
        )

    def do(self, tasks: Sequence[Callable[[], object]]) -> None:
        """Do all, each by whoever is free."""
        waiting = deque(tasks)

        def work() -> None:
            while waiting:
                try:
                    task = waiting.popleft()
                except IndexError:  # somebody else was faster
                    return
                task()

        helping: list[Future[None]] = []
        try:
            for _ in range(min(self._n_helpers, len(tasks) - 1)):
                helping.append(self._helpers.submit(work))
            work()
        finally:
            waiting.clear()
            begun = [one for one in helping if not one.cancel()]
            wait(begun)
        for one in begun:
            one.result()

    def end(self) -> None:
        """Wait for who is still at work."""
        self._helpers.shutdown(cancel_futures=True)


class _Here(threading.local):
    """What belongs to the calling thread."""

    inside: bool = False
    crew: _Crew | None = None


_HERE = _Here()


@contextmanager
def one_thread(device: torch.device) -> Iterator[None]:
    """Compute in the calling thread alone, with helpers for what `share_out` gets.

    There are as many helpers as the calling thread has threads besides itself, and none
    is added to what was set by `torch.set_num_threads`, ``OMP_NUM_THREADS`` or
    threadpoolctl. Other threads, and those that start meanwhile, see nothing of it.
    On another device than the CPU, and where PyTorch was built without OpenMP, nothing
    changes.
    """
    if _HERE.inside or device.type != "cpu" or _library() is None:
        yield
        return
    with ExitStack() as stack:
        # Each is undone by what was said before it is done: Ctrl-C may come between.
        stack.callback(vars(_HERE).clear)
        size = _limit(stack)
        if size > 1:
            crew = _Crew(size)
            stack.callback(crew.end)
            _HERE.crew = crew
        _HERE.inside = True
        yield


def helped() -> bool:
    """Whether there are helpers."""
    return _HERE.crew is not None


def share_out(tasks: Sequence[Callable[[], object]]) -> None:
    """Do all tasks, the helpers some of them; in which order is not said.

    Their results must not depend on who does them, nor on the order.
    """
    if _HERE.crew is None or len(tasks) < 2:
        for task in tasks:
            task()
    else:
        _HERE.crew.do(tasks)


def parts(length: int, operations: float, itemsize: int) -> list[slice]:
    """Parts of ``length`` rows or columns that are worth a task each.

    All in one where there are no helpers. How many there are does not matter otherwise:
    numbers depend on how a product is cut.

    Parameters
    ----------
    length : int
    operations : float
        Multiplications and additions of all.
    itemsize : int
        Bytes of a number; wider ones take longer.
    """
    whole = [slice(0, length)]
    if _HERE.crew is None:
        return whole
    n = int(operations * itemsize / 4 / _PART_OPERATIONS)
    if n < 2:
        return whole
    size = -(-length // (16 * n)) * 16  # in whole registers
    return [slice(low, min(low + size, length)) for low in range(0, length, size)]


def _compute_alone() -> None:
    _limit(ExitStack())


def _limit(stack: ExitStack) -> int:
    """One thread for what PyTorch does here; how many there were.

    OpenMP's count and MKL's belong to the calling thread. `torch.set_num_threads`
    writes the number that threads begin with as well, so that they would see it.
    """
    before = torch.get_num_threads()  # which a thread that is new settles
    library = _library()
    if library is None:
        return before
    # What is put back is so by C functions, which Ctrl-C does not interrupt.
    change = library.omp_set_num_threads
    if (count := library.omp_get_max_threads()) > 1:
        stack.callback(change, count)
        change(1)
    if not hasattr(library, "MKL_Set_Num_Threads_Local"):
        return before
    change = library.MKL_Set_Num_Threads_Local
    # It follows OpenMP's, unless it was given its own.
    if (count := library.MKL_Get_Max_Threads()) > 1:
        stack.callback(change, change(count))
        change(1)
    return before


@cache
def _library() -> Any:
    """PyTorch's own library, through which the OpenMP and MKL that it uses are found.

    None where it uses no OpenMP, or where a library does not tell what it stands on.
    """
    try:
        library = ctypes.PyDLL(torch._C.__file__)
        return library if library.omp_set_num_threads else None
    except (AttributeError, OSError):
        return None
