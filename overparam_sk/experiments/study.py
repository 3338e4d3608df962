"""One network a width and repeat, and of each a small row of what became of it."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from overparam_sk import InfiniteWidthKernel, OverparamReLUClassifier
from overparam_sk.experiments.problem import Problem, data_of
from overparam_sk.model_selection import Fit, WidthStudy, width_study
from overparam_sk.parameters import FLAG, instance, number, one_of, several

__all__ = [
    "BASELINES",
    "FitRow",
    "Study",
    "all_figures",
    "run_study",
    "usual_looks",
]

Floats = NDArray[np.floating[Any]]

_NONE: Floats = np.empty(0)


@dataclass(frozen=True)
class FitRow:
    """What is kept of one fit.

    Parameters
    ----------
    width, repeat, seed : int
        The fits of one repeat share the seed and so, where it is drawn, the data.
    test_accuracy, loss : float
        At the end; NaN, as all figures, if the fit failed.
    activation_change, relative_distance, gram_lambda_min : float
        The fitted attributes.
    steps_to_target : int or None
        First recorded iteration with the test accuracy asked for, if any.
    update_singular_values, weight_singular_values : ndarray of shape (min(m, d),)
        Of W − W(0) and of W.
    learning_rate : float
        c in use.
    fit_seconds : float
        Wall time of ``fit`` in seconds, with the looks at the test rows but not the
        scores at the end; of a fit that was done as one with others its share.
    history : dict of str to ndarray
    failure : str or None
        Why there are no figures.
    """

    width: int
    repeat: int
    seed: int
    test_accuracy: float = np.nan
    loss: float = np.nan
    activation_change: float = np.nan
    relative_distance: float = np.nan
    gram_lambda_min: float = np.nan
    steps_to_target: int | None = None
    update_singular_values: Floats = field(default_factory=_NONE.copy)
    weight_singular_values: Floats = field(default_factory=_NONE.copy)
    learning_rate: float = np.nan
    fit_seconds: float = np.nan
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
    baselines : dict of str to list of float, default={}
        Name of a baseline -> its test accuracies, NaN where it failed.
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
    baselines: dict[str, list[float]] = field(default_factory=dict)

    def fits(self, width: int) -> list[FitRow]:
        """Fits of a width that did not fail."""
        return [r for r in self.rows if r.width == width and r.failure is None]

    def failures(self, width: int | None = None) -> list[FitRow]:
        """Fits that failed, of a width or of all."""
        return [
            row
            for row in self.rows
            if row.failure is not None and width in (None, row.width)
        ]


def _kernel(fit_intercept: bool) -> SVC:
    # The network fits its training rows: as SVC does with a large C.
    return SVC(C=100.0, kernel=InfiniteWidthKernel(fit_intercept=fit_intercept))


# What may stand beside the network: name -> estimator, given its fit_intercept.
BASELINES = {
    "svm": lambda fit_intercept: SVC(),
    "knn": lambda fit_intercept: KNeighborsClassifier(),
    "kernel": _kernel,
}


_PROBLEM = instance(Problem, "a Problem")
_FIT_PARAMS = instance(Mapping, "a dict of parameters")
_ACCURACY = number(0, above=True)
_BASELINES = several(one_of(*BASELINES), f"a tuple of names among {(*BASELINES,)}")


def run_study(
    problem: Problem,
    widths: Sequence[int],
    repeats: int,
    *,
    fit_params: Mapping[str, Any],
    target_accuracy: float,
    baselines: Sequence[str] = (),
    store: Path | None = None,
    n_jobs: int | None = None,
    random_state: int = 0,
    progress: bool = True,
) -> Study:
    """Fit a network for every width and repeat, and keep a row of each.

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
    baselines : sequence of {"svm", "knn", "kernel"}, default=()
        Fitted beside it: ``SVC`` with the rbf kernel, ``KNeighborsClassifier``, and
        ``SVC`` with the kernel of the network's infinite width and C = 100.
    store : Path, default=None
        Folder of the fits that are done, as for :func:`width_study`; the same call
        goes on there. None keeps nothing.
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
        failed is a row with the reason.

    Raises
    ------
    ValueError
        If no network could be fitted, for another reason than that it diverged; or if
        the store holds another study.
    OSError
        If the store cannot be written.
    """
    problem = _PROBLEM("problem", problem)
    fit_params = _FIT_PARAMS("fit_params", fit_params)
    target_accuracy = _ACCURACY("target_accuracy", target_accuracy)
    baselines = _BASELINES("baselines", baselines)
    progress = FLAG("progress", progress)
    # All T steps at every width, as in the paper.
    params = {"fit_intercept": False, "n_iter_no_change": None, **fit_params}
    net = OverparamReLUClassifier(**params)
    beside = {name: BASELINES[name](params["fit_intercept"]) for name in baselines}
    interrupted = False
    with ExitStack() as stack:
        if store is None:
            store = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            fits = width_study(
                {"net": net, **beside},
                **data_of(problem),
                values=widths,
                repeats=repeats,
                scoring=all_figures,
                validate_on_test=True,
                store=store,
                n_jobs=n_jobs,
                random_state=random_state,
                verbose=progress,
            ).fits
        except KeyboardInterrupt:
            fits, interrupted = _done_in(store), True
    rows = [_row(fit, target_accuracy) for fit in fits if fit.estimator == "net"]
    _refuse_if_nothing_worked(rows)
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
        baselines={
            name: [
                fit.scores.get("accuracy", np.nan)
                for fit in fits
                if fit.estimator == name
            ]
            for name in baselines
        },
    )


def all_figures(model: Any, X: Any, y: Any) -> dict[str, Any]:
    """All that a row keeps, as a scorer; of a baseline the accuracy."""
    figures = {"accuracy": float(model.score(X, y))}
    if not isinstance(model, OverparamReLUClassifier):
        return figures
    return figures | {
        "loss": model.loss_,
        "activation_change": model.activation_change_,
        "relative_distance": model.relative_distance_,
        "gram_lambda_min": model.gram_lambda_min_,
        "update_singular_values": model.update_singular_values_,
        "weight_singular_values": np.linalg.svd(
            model.hidden_weights_, compute_uv=False
        ),
        "learning_rate": model.learning_rate_,
        "history": model.history_,
    }


def _done_in(store: Path) -> list[Fit]:
    """The fits in a store; none if it was interrupted before it was one."""
    try:
        return WidthStudy.load(store).fits
    except FileNotFoundError:
        return []


def _row(fit: Fit, target_accuracy: float) -> FitRow:
    if fit.failure is not None:
        return FitRow(fit.value, fit.repeat, fit.seed, failure=fit.failure)
    scores = dict(fit.scores)
    return FitRow(
        fit.value,
        fit.repeat,
        fit.seed,
        test_accuracy=scores.pop("accuracy"),
        steps_to_target=_steps_to(target_accuracy, scores["history"]),
        fit_seconds=fit.fit_time,
        **scores,
    )


def _refuse_if_nothing_worked(rows: Sequence[FitRow]) -> None:
    reasons = [row.failure or "" for row in rows]
    if all(reasons) and not all("DivergenceError" in reason for reason in reasons):
        raise ValueError(f"No network could be fitted. {next(iter(reasons), '')}")


def _steps_to(target: float, history: dict[str, NDArray[Any]]) -> int | None:
    """First recorded iteration at which the validation score is the target's."""
    (reached,) = np.nonzero(history.get("val_score", _NONE) >= target)
    return int(history["iteration"][reached[0]]) if len(reached) else None


def usual_looks(max_iter: int) -> tuple[int, ...]:
    """Iterations at which to look at a run: forty, and closely where it begins.

    The first tens of steps often decide.
    """
    every = max(1, max_iter // 40)
    early = (digit * 10**power for power in range(12) for digit in (1, 2, 5))
    first = (look for look in early if look < min(every, max_iter))
    return tuple(sorted({*first, *range(0, max_iter, every)}))
