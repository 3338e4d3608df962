"""Width studies: estimators, values, repeats and folds, and each fit done once."""

import os
import tempfile
from contextlib import ExitStack, closing
from dataclasses import replace
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import is_classifier

from overparam_sk.interrupts import CtrlC
from overparam_sk.model_selection._arguments import (
    RULES,
    as_estimators,
    as_scoring,
    as_values,
    as_weights,
    check_backend,
)
from overparam_sk.model_selection._plan import Plan
from overparam_sk.model_selection._source import DataSource
from overparam_sk.model_selection._workers import run_tasks
from overparam_sk.model_selection.fitting import Fit, Task
from overparam_sk.model_selection.result import WidthStudy
from overparam_sk.parameters import checked, random_generator
from overparam_sk.progress import progress_bar
from overparam_sk.store import Store
from overparam_sk.world import without_warning

__all__ = ["width_study"]


def width_study(
    estimators: Any,
    X: Any,
    y: Any = None,
    *,
    param: str = "width",
    values: Any,
    repeats: int = 5,
    cv: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    scoring: Any = None,
    return_train_score: bool = False,
    validate_on_test: bool = False,
    store: Any = None,
    extend: bool = False,
    retry_failed: bool = False,
    n_jobs: int | None = None,
    random_state: Any = None,
    verbose: int = 0,
) -> WidthStudy:
    """Fit estimators at every value of a parameter, and lose no fit that is done.

    Every finished fit is written to ``store`` at once. The same call goes on where an
    earlier one stopped, whatever stopped it, and ends with the same result. A fit whose
    worker process dies is tried again.

    The fits run on joblib's active backend: here, on this machine's cores
    (``n_jobs``), or on a cluster, inside ``with parallel_config("dask")``.

    Parameters
    ----------
    estimators : dict of str to estimator, or estimator
        Any estimators of scikit-learn. One without the parameter, such as an SVM, is
        fitted once a repeat.
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features), or \
callable
        Whatever scikit-learn's searches take; the estimators are given rows of the same
        container. A callable is called with the seed of each repeat, and returns
        ``X, y`` or ``X, y, X_test, y_test``, the same for the same seed.
    y : array-like of shape (n_samples,), default=None
        None where X is a callable.
    param : str, default="width"
        The parameter that is varied; in a Pipeline "width" also means "clf__width".
    values : iterable of numbers or strings
        Its values.
    repeats : int, default=5
        Each has its own seed, which is set as every ``random_state`` of the
        estimators, and so decides initialisation and batches.
    cv : int, splitter or iterable, default=None
        As in scikit-learn; None is 5 folds. A shuffling splitter without a
        ``random_state`` gets the seed of the repeat.
    X_test, y_test : array-like, default=None
        Rows to score on, instead of folds.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows of X, for the ``fit`` of every estimator, in a Pipeline of
        its last step. As in scikit-learn's searches, scorers that take weights get
        those of the rows of a fold; the rows of a test set have none.
    groups : array-like of shape (n_samples,), default=None
        Groups of the rows of X, for a ``cv`` that splits by groups.
    scoring : str, list, dict or callable, default=None
        As in scikit-learn; scorers may also return arrays and dicts of arrays, which
        are kept. None is accuracy or R² and all diagnostics
        (:func:`diagnostic_scoring`), NaN for estimators that have none.
    return_train_score : bool, default=False
        Whether to score on the training rows as well: "train_accuracy".
    validate_on_test : bool, default=False
        Whether ``fit`` gets the test rows as ``X_val`` and ``y_val``, where it takes
        them: ``history_`` then has the test curve.
    store : path-like, default=None
        Folder of the finished fits: a new one, or that of an earlier call. None keeps
        nothing. One study at a time.
    extend : bool, default=False
        Whether the study may have more estimators, values and repeats than that of
        which the store holds the fits. Any other difference is refused. From then on
        the store is that of the larger study.
    retry_failed : bool, default=False
        Whether fits that failed in an earlier call are done again.
    n_jobs : int, default=None
        Fits at a time, as joblib counts them.
    random_state : int, RandomState instance or None, default=None
        Decides the seeds of the repeats. None takes that of the store, or a fresh one.
    verbose : int, default=0
        Whether to show how far it is: what is being fitted, how long the rest will
        take, and first figures; on stderr or, in a notebook, in the cell's output.

    Returns
    -------
    WidthStudy
        A fit that failed is a row with the reason.

    Raises
    ------
    ValueError
        If an argument is not as above, or the store holds another study; then the
        differences are named. If the store holds symbolic links, or joblib's backend
        does not hand over fits one by one.
    TypeError
        If nobody can say in another session whether an estimator or a scorer is the
        same, because it holds an open file, for instance; with the path.
    BlockingIOError
        If another study is using the store.
    KeyboardInterrupt
        After Ctrl-C, with how many fits are done and where they are kept.
    OSError
        If the store cannot be written, the disk being full, for instance; what is
        written stays readable.

    See Also
    --------
    fit_power_law : How a metric scales.
    overparam_sk.plotting.WidthStudyDisplay : Pictures of the study.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.model_selection import width_study
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> X, y = load_iris(return_X_y=True)
    >>> study = width_study(
    ...     {"net": OverparamReLUClassifier(), "svm": SVC()},
    ...     *(X[::2], y[::2]), X_test=X[1::2], y_test=y[1::2],
    ...     values=[50, 200], repeats=2, random_state=0,
    ... )
    >>> len(study.fits), study.failures
    (6, [])
    """
    asked = {
        "param": param,
        "repeats": repeats,
        "return_train_score": return_train_score,
        "validate_on_test": validate_on_test,
        "store": store,
        "extend": extend,
        "retry_failed": retry_failed,
        "n_jobs": n_jobs,
        "random_state": random_state,
        "verbose": verbose,
    }
    p = checked(asked, RULES)
    check_backend()
    param = p["param"]
    named = as_estimators(estimators, param)
    source = DataSource(
        *(X, y, X_test, y_test, sample_weight, groups, cv),
        stratified=any(map(is_classifier, named.values())),
    )
    settings = {
        "estimators": named,
        "param": param,
        "values": as_values(values),
        "scoring": as_scoring(scoring, named),
        "return_train_score": p["return_train_score"],
        "validate_on_test": p["validate_on_test"],
        "weights": as_weights(named, sample_weight),
        "lasting": p["store"] is not None,
    }
    with ExitStack() as stack:
        place = p["store"]
        if place is None:
            place = stack.enter_context(tempfile.TemporaryDirectory())
        folder = Path(os.path.expanduser(place)).absolute()
        opened = stack.enter_context(Store(folder))
        seed = _resolve(p["random_state"], opened)
        plan = Plan.of(source, seed, p["repeats"], **settings)
        opened.settle(plan.configuration(), extend=p["extend"])
        tasks = plan.tasks(opened.records)
        how = {name: p[name] for name in ("retry_failed", "n_jobs", "verbose")}
        try:
            fits = _fit_all(tasks, plan, opened, **how)
        except KeyboardInterrupt:
            with CtrlC(hold=True):  # of those who press again
                said = _interrupted(tasks, p["store"])
                stack.close()
            # Nobody wants to see where the fit was that is dropped.
            raise KeyboardInterrupt(said) from None
        return WidthStudy.of(plan.configuration(), fits)


def _resolve(random_state: Any, store: Store) -> int:
    if isinstance(random_state, int):
        return random_state
    if random_state is None:
        before = store.configuration()
        if before is not None:
            return int(before["random_state"])
    return int(random_generator(random_state).randint(np.iinfo(np.int32).max))


def _interrupted(tasks: list[Task], store: Any) -> str:
    """What is done, and how it goes on."""
    n_done = sum(task.record.exists() for task in tasks)
    done = f"{n_done} of {len(tasks)} fits were done"
    if store is None:
        return f"{done}, and none is kept. With a store the same call would go on."
    return f"{done} and are kept in {os.fspath(store)!r}: the same call goes on."


def _fit_all(
    tasks: list[Task],
    plan: Plan,
    store: Store,
    *,
    retry_failed: bool,
    n_jobs: int | None,
    verbose: int,
) -> list[Fit]:
    """Take the finished fits from the store, and do the others."""
    kept = {task.record: task.of_record(store.record(task.record)) for task in tasks}
    fits = {record: fit for record, fit in kept.items() if fit is not None}
    if retry_failed:
        for record in [r for r, fit in fits.items() if fit.failure is not None]:
            del fits[record]
            # From here on a record is a fit that is done.
            record.unlink()
    missing = [task for task in tasks if task.record not in fits]
    missing = _lay_down(missing, plan, store)
    to_do = [(plan.kind(task.fit), plan.work(task.fit)) for task in missing]
    with (
        progress_bar(to_do, enabled=verbose > 0) as progress,
        # joblib replaces a worker that has grown, and warns of it: nothing is lost.
        without_warning("A worker stopped while some jobs were given"),
        closing(
            run_tasks(missing, n_jobs, lambda fit: progress.begin(plan.kind(fit)))
        ) as finished,
    ):
        for task, fit in finished:
            if task.kept() is None:
                task.keep(fit)
            # As it will be read later: what was done now and before looks the same.
            fits[task.record] = task.kept() or fit
            progress.done(plan.kind(fit), *_took_and_gave(fit))
    store.data.take_up(plan.prints)
    return [fits[task.record] for task in tasks]


def _took_and_gave(fit: Fit) -> tuple[float | None, tuple[str, float] | None]:
    """Seconds of a fit, and the first of its scores that is a number, if it has any."""
    if fit.failure is not None:
        return None, None
    numbers = (item for item in fit.scores.items() if isinstance(item[1], Real))
    return fit.fit_time + fit.score_time, next(numbers, None)


def _lay_down(missing: list[Task], plan: Plan, store: Store) -> list[Task]:
    """Write the data of the repeats that are not finished, and say what fits to it.

    Raises
    ------
    ValueError
        If a callable gives other data for the same seed.
    """
    ready: dict[Path, Task] = {}
    for repeat in sorted({task.fit.repeat for task in missing}):
        data, prints = plan.data(repeat), plan.prints[repeat]
        if callable(plan.source.X) and data.fingerprints() != prints:
            raise ValueError(
                "A callable X must return the same data for the same seed, got other "
                f"data for {plan.seeds[repeat]}."
            )
        laid_down = store.data.lay_down(data.parts(), prints)
        for task in missing:
            if task.fit.repeat == repeat:
                company = task.company(data.shape(task.fit.fold))
                ready[task.record] = replace(task, data=laid_down, together=company)
    return [ready[task.record] for task in missing]
