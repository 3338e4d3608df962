"""Fits that are done as one, where an estimator says that this is faster."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

from sklearn.base import clone

from overparam_sk.interrupts import CtrlC
from overparam_sk.model_selection._source import Split
from overparam_sk.model_selection.fitting import Fit, Task

__all__ = ["Unit", "run_unit", "units"]

# Tasks that a worker is given at once.
Unit = tuple[Task, ...]


def units(tasks: Iterable[Task], n_workers: int) -> list[Unit]:
    """Put fits of one estimator with one value together, as many as it likes.

    At most a worker's share, so that none is without work; a unit stands where its
    first task stood.
    """
    alike: dict[Any, list[Task]] = {}
    for task in tasks:
        who = (
            task.record if task.together == 0 else (task.fit.estimator, task.fit.value)
        )
        alike.setdefault(who, []).append(task)
    made = []
    for some in alike.values():
        share = -(-len(some) // max(1, n_workers))
        size = max(1, min(share, *(task.together for task in some)))
        made += [tuple(some[i : i + size]) for i in range(0, len(some), size)]
    return made


def run_unit(unit: Unit) -> list[Fit]:
    """Do the fits of a unit, and keep each; what fails beside others is done alone.

    So a failure is that of the fit alone, whatever it was.

    Raises
    ------
    DataNotHereError, KeyboardInterrupt
        As `Task.run`.
    """
    if unit[0].together == 0:
        return [task.run() for task in unit]
    opened = [task.open() for task in unit]
    started = time.perf_counter()
    rows: list[Split] = []
    try:
        rows = [
            data.split(task.fit.fold, task.model)
            for task, data in zip(unit, opened, strict=True)
        ]
        models = _fitted(unit, rows)
    except (Exception, SystemExit):
        return [task.run() for task in unit]
    share = (time.perf_counter() - started) / len(unit)
    return [
        _taken(task, model, here, share)
        for task, model, here in zip(unit, models, rows, strict=True)
    ]


def _fitted(unit: Unit, rows: Sequence[Split]) -> list[Any | None]:
    """A fitted model for each task, None for those that have failed."""
    models = [clone(task.model) for task in unit]
    given = [
        {"X": here.X, "y": here.y, **task.given(here)}
        for task, here in zip(unit, rows, strict=True)
    ]
    with CtrlC(hold=False) as ctrl_c:
        errors = models[0].__fit_together__(models, given)
    if ctrl_c.pressed:
        raise KeyboardInterrupt
    return [
        model if error is None else None
        for model, error in zip(models, errors, strict=True)
    ]


def _taken(task: Task, model: Any | None, rows: Split, fit_time: float) -> Fit:
    if model is not None:
        try:
            return task.take(model, rows, fit_time)
        except (Exception, SystemExit):  # a scorer's
            pass
    return task.run()
