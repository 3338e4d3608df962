"""One network a width and repeat, and of each a small row of what became of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from overparam_sk import DivergenceError, OverparamReLUClassifier
from overparam_sk.experiments.problems import Problem
from overparam_sk.model_selection.fitting import fit_whole, repeat_seeds
from overparam_sk.model_selection.progress import progress_bar

__all__ = ["FitRow", "Study", "run_study"]

Floats = NDArray[np.floating[Any]]

_NONE: Floats = np.empty(0)


@dataclass(frozen=True)
class FitRow:
    """What is kept of one fit.

    Parameters
    ----------
    width, repeat, seed : int
        The fits of one repeat share the seed and so, where it is drawn, the data.
    test_accuracy, train_accuracy, loss : float
        At the end; NaN, as all figures, if the fit diverged.
    activation_change, relative_distance, gram_lambda_min : float
        The fitted attributes.
    steps_to_target : int or None
        First recorded iteration with the test accuracy asked for, if any.
    update_singular_values, weight_singular_values : ndarray of shape (min(m, d),)
        Of W − W(0) and of W.
    learning_rate : float
        c in use.
    seconds : float
        Wall time of ``fit``, with the looks at the test rows.
    history : dict of str to ndarray
    failure : str or None
        Why there are no figures.
    """

    width: int
    repeat: int
    seed: int
    test_accuracy: float = np.nan
    train_accuracy: float = np.nan
    loss: float = np.nan
    activation_change: float = np.nan
    relative_distance: float = np.nan
    gram_lambda_min: float = np.nan
    steps_to_target: int | None = None
    update_singular_values: Floats = field(default_factory=_NONE.copy)
    weight_singular_values: Floats = field(default_factory=_NONE.copy)
    learning_rate: float = np.nan
    seconds: float = np.nan
    history: dict[str, NDArray[Any]] = field(default_factory=dict)
    failure: str | None = None


@dataclass(frozen=True)
class Study:
    """The rows of a study and what they were made with.

    Parameters
    ----------
    problem : str
        Its name.
    n_clusters : int
        k·l.
    widths : tuple of int
        Ascending.
    repeats : int
    fit_params : dict
        Parameters of the estimator beside the width and the seed.
    target_accuracy : float
    random_state : int
    rows : list of FitRow
        By width and repeat.
    normalized : bool, default=False
        Whether the data's rows were scaled to norm 1.
    interrupted : bool, default=False
        Whether Ctrl-C left some fits undone.
    """

    problem: str
    n_clusters: int
    widths: tuple[int, ...]
    repeats: int
    fit_params: dict[str, Any]
    target_accuracy: float
    random_state: int
    rows: list[FitRow]
    normalized: bool = False
    interrupted: bool = False

    def fits(self, width: int) -> list[FitRow]:
        """Fits of a width that did not diverge."""
        return [r for r in self.rows if r.width == width and r.failure is None]

    def failures(self, width: int | None = None) -> list[FitRow]:
        """Fits that diverged, of a width or of all."""
        return [
            row
            for row in self.rows
            if row.failure is not None and width in (None, row.width)
        ]


def run_study(
    problem: Problem,
    widths: Sequence[int],
    repeats: int,
    *,
    fit_params: Mapping[str, Any],
    target_accuracy: float,
    n_jobs: int | None = None,
    random_state: int = 0,
    progress: bool = True,
) -> Study:
    """Fit a network for every width and repeat, and keep a row of each.

    All widths of a repeat come before the next repeat, so that an interrupted study
    has something of every width. The weights of a fit are let go before the next one.

    Parameters
    ----------
    problem : Problem
        Generated data is drawn anew for each repeat, from the repeat's seed; the test
        rows are the validation set of the fits.
    widths : sequence of int
    repeats : int
    fit_params : dict
        Parameters of :class:`overparam_sk.OverparamReLUClassifier`. ``fit_intercept``
        is False, as in LL18, where it is not among them.
    target_accuracy : float
        Test accuracy to which the steps are counted.
    n_jobs : int, default=None
        Fits at a time, as joblib counts them.
    random_state : int, default=0
        Decides the seeds of the repeats.
    progress : bool, default=True
        Whether to show on stderr how far the study is.

    Returns
    -------
    Study
        After Ctrl-C with the rows that were done, and ``interrupted``. A fit that
        diverged is a row with the reason.
    """
    params = {"fit_intercept": False, **fit_params}
    rows: list[FitRow] = []
    interrupted = False
    tasks = (
        delayed(_fit_row)(data, width, repeat, seed, params, target_accuracy)
        for repeat, seed, data in _repeats(problem, repeats, random_state)
        for width in widths
    )
    with progress_bar(
        len(widths) * repeats, float(sum(widths) * repeats), enabled=progress
    ) as advance:
        try:
            for row in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks):
                rows.append(row)
                advance(row.width)
        except KeyboardInterrupt:
            interrupted = True
    return Study(
        problem=problem.name,
        n_clusters=problem.n_clusters,
        widths=tuple(sorted(widths)),
        repeats=repeats,
        fit_params=params,
        target_accuracy=target_accuracy,
        random_state=random_state,
        rows=sorted(rows, key=lambda row: (row.width, row.repeat)),
        normalized=problem.normalized,
        interrupted=interrupted,
    )


def _repeats(
    problem: Problem, repeats: int, random_state: int
) -> Iterator[tuple[int, int, Problem]]:
    """Yield (repeat, seed, data)."""
    for repeat, seed in enumerate(repeat_seeds(random_state, repeats)):
        yield repeat, seed, problem.for_repeat(seed)


def _fit_row(
    data: Problem,
    width: int,
    repeat: int,
    seed: int,
    params: dict[str, Any],
    target_accuracy: float,
) -> FitRow:
    net = OverparamReLUClassifier(width, **params, random_state=seed)
    started = time.perf_counter()
    try:
        fit_whole(net, data.X, data.y, X_val=data.X_test, y_val=data.y_test)
    except DivergenceError as error:
        return FitRow(width, repeat, seed, failure=str(error))
    seconds = time.perf_counter() - started
    return FitRow(
        width,
        repeat,
        seed,
        test_accuracy=net.score(data.X_test, data.y_test),
        train_accuracy=net.score(data.X, data.y),
        loss=net.loss_,
        activation_change=net.activation_change_,
        relative_distance=net.relative_distance_,
        gram_lambda_min=net.gram_lambda_min_,
        steps_to_target=_steps_to(target_accuracy, net.history_),
        update_singular_values=net.update_singular_values_,
        weight_singular_values=np.linalg.svd(net.hidden_weights_, compute_uv=False),
        learning_rate=net.learning_rate_,
        seconds=seconds,
        history=net.history_,
    )


def _steps_to(target: float, history: dict[str, NDArray[Any]]) -> int | None:
    """First recorded iteration at which the validation score is the target's."""
    (reached,) = np.nonzero(history.get("val_score", _NONE) >= target)
    return int(history["iteration"][reached[0]]) if len(reached) else None
