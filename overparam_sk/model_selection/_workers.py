"""Who does the fits: this process, joblib's workers, or a dask cluster."""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky.process_executor import TerminatedWorkerError
from joblib.parallel import get_active_backend

from overparam_sk.model_selection._batches import Unit, run_unit, units
from overparam_sk.model_selection.fitting import Fit, Task
from overparam_sk.store import DataNotHereError
from overparam_sk.world import without_warning

__all__ = ["MAX_RETRIES", "run_tasks"]

Finished = Generator[tuple[Task, Fit], None, None]
Began = Callable[[Fit], None]

# How often a fit is tried again whose worker died. dask has the same default,
# distributed.scheduler.allowed-failures.
MAX_RETRIES = 3


def run_tasks(tasks: Iterable[Task], n_jobs: int | None, began: Began) -> Finished:
    """Run tasks on joblib's active backend, and yield them as they finish.

    A task is begun when one before it has finished, so that at most ``n_jobs`` fits, or
    units of fits that are done as one, are unfinished at a time. The death of a worker
    process loses the fits that were being done and no others; they are tried again.

    Parameters
    ----------
    tasks : iterable of Task
    n_jobs : int or None
        As joblib counts them. None is 1, or what ``parallel_config`` says.
    began : callable
        Told, perhaps from another thread, of a fit that is handed to a worker.
    """
    backend, configured = get_active_backend()
    client = getattr(backend, "client", None)
    made = units(tasks, effective_n_jobs(n_jobs))
    if client is None:
        return _run_here(made, n_jobs, began)
    return _run_on_dask(client, made, n_jobs or configured, began)


def _run_here(tasks: Iterable[Unit], n_jobs: int | None, began: Began) -> Finished:
    """Run on this machine; who was in flight when a worker died goes on alone.

    So the task that kills its worker is told from those that only flew beside it. What
    was finished beside it is not done again.
    """
    waiting = list(tasks)
    unfinished = {task.record for unit in waiting for task in unit}
    suspects = deque[Task]()
    fits_at_once: int | None
    deaths: Counter[Path] = Counter()
    while unfinished:
        # Not the queue of the round before: a thread of joblib may still take from it.
        if suspects:
            # With n_jobs=1 joblib would do it in this process.
            batch, fits_at_once = deque[Unit]([(suspects.popleft(),)]), 2
        else:
            left = (_of(unit, unfinished) for unit in waiting)
            batch, fits_at_once = deque(unit for unit in left if unit), n_jobs
        flying: dict[Path, Task] = {}
        parallel = Parallel(
            n_jobs=fits_at_once,
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch="n_jobs",
        )
        results = parallel(_dispatched(batch, flying, began))
        try:
            for unit, fits in results:
                for task, fit in zip(unit, fits, strict=True):
                    del flying[task.record]
                    unfinished.remove(task.record)
                    yield task, fit
        except TerminatedWorkerError:
            for task in list(flying.values()):
                done = task.kept()
                deaths[task.record] += done is None
                if done is None and deaths[task.record] > MAX_RETRIES:
                    done = _died(task, deaths[task.record])
                if done is None:
                    suspects.append(task)
                else:
                    unfinished.remove(task.record)
                    yield task, done
        finally:
            # Who stops early, on a full disk, does not want joblib's advice.
            with without_warning("(?s).* input task iterator"):
                results.close()


def _of(unit: Unit, unfinished: set[Path]) -> Unit:
    return tuple(task for task in unit if task.record in unfinished)


def _dispatched(
    batch: deque[Unit], flying: dict[Path, Task], began: Began
) -> Generator[Any, None, None]:
    while batch:
        unit = batch.popleft()
        began(unit[0].fit)
        flying |= {task.record: task for task in unit}
        yield delayed(_run)(unit)


def _run(unit: Unit) -> tuple[Unit, list[Fit]]:
    return unit, run_unit(unit)


def _died(task: Task, times: int) -> Fit:
    return task.failed(f"its worker process died {times} times while it was fitted.")


def _run_on_dask(
    client: Any, tasks: Iterable[Unit], n_jobs: int | None, began: Began
) -> Finished:
    """Run on a dask cluster, as many at a time as it has threads.

    dask itself does the fits of a worker that died on another one.
    """
    import distributed

    def limit() -> int:
        threads: int = sum(client.nthreads().values())
        return max(1, min(n_jobs, threads) if n_jobs and n_jobs > 0 else threads)

    waiting, flying = deque(tasks), dict[Any, Unit]()
    without_data = set[Path]()
    done: Any = distributed.as_completed()
    try:
        while waiting or flying:
            while waiting and len(flying) < limit():
                unit = waiting.popleft()
                began(unit[0].fit)
                future = client.submit(_run_on_worker, unit, pure=False)
                flying[future] = unit
                done.add(future)
            future = next(done)
            unit = flying.pop(future)
            try:
                yield from zip(unit, future.result(), strict=True)
            except distributed.KilledWorker as error:
                if len(unit) > 1:  # one of them, perhaps
                    waiting.extendleft((task,) for task in unit)
                else:
                    yield unit[0], _died(unit[0], error.allowed_failures + 1)
            except DataNotHereError:
                if unit[0].record in without_data:
                    raise
                if not without_data:
                    _send(client, [unit, *flying.values(), *waiting])
                without_data |= {task.record for task in unit}
                waiting.appendleft(unit)
    finally:
        client.cancel(list(flying))


def _run_on_worker(unit: Unit) -> list[Fit]:
    """Run with the data at its path or, where that is not to be seen, as received."""
    from distributed import get_worker

    try:
        return run_unit(unit)
    except DataNotHereError:
        folder = get_worker().local_directory
        return run_unit(tuple(_moved(task, folder) for task in unit))


def _moved(task: Task, folder: str) -> Task:
    assert task.data is not None
    return replace(task, data=replace(task.data, folder=folder))


def _send(client: Any, waiting: list[Unit]) -> None:
    """Send the data to every worker, also to those that join later."""
    laid_down = [task.data for unit in waiting for task in unit if task.data]
    paths = dict.fromkeys(path for data in laid_down for path in data.paths())
    for path in paths:
        client.upload_file(str(path), load=False)
