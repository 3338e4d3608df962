"""One fit of a study: what is to be done, and what came of it."""

import contextlib
import inspect
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils.validation import has_fit_parameter

from overparam_sk.interrupts import fit_whole
from overparam_sk.model_selection._source import Split, StudyData
from overparam_sk.store import (
    DamagedFileError,
    DataReference,
    check_can_be_written,
    read_record,
    write_checked,
)

__all__ = ["Fit", "Task"]


@dataclass(frozen=True)
class Fit:
    """What is kept of one fit.

    Parameters
    ----------
    estimator : str
        Its name in the study.
    value : object
        Of the parameter; None for an estimator without it.
    repeat : int
    fold : int or None
        None without cross-validation.
    seed : int
        ``random_state`` of the estimator; the fits of one repeat share it.
    scores : dict
        Numbers, and where a scorer gives them arrays and dicts of arrays. Empty if
        the fit failed.
    fit_time, score_time : float
        Wall time in seconds; of a fit that was done as one with others its share.
    failure : str or None
        Why there are no scores.
    traceback : str or None
        Where it failed.
    """

    estimator: str
    value: Any
    repeat: int
    fold: int | None
    seed: int
    scores: dict[str, Any] = field(default_factory=dict)
    fit_time: float = np.nan
    score_time: float = np.nan
    failure: str | None = None
    traceback: str | None = None


@dataclass(frozen=True)
class Task:
    """One fit to be done: small, so that it can be sent, and sent again.

    Parameters
    ----------
    fit : Fit
        Without scores.
    model : estimator
        Unfitted, its parameters set.
    weights : str or None
        What ``fit`` calls the weights of rows; None where there are none.
    scoring : dict of str to str or callable, or a callable
    return_train_score, validate_on_test : bool
    identity : str
        Checksum of all that decides the scores.
    record : Path
        The file that keeps the fit.
    data : DataReference or None
        None until it is laid down, which only a fit that is missing needs.
    together : int
        How many fits like this one are done as one, at most; 0 if each is done alone.
    """

    fit: Fit
    model: Any
    weights: str | None
    scoring: Any
    return_train_score: bool
    validate_on_test: bool
    identity: str
    record: Path
    data: DataReference | None = None
    together: int = 0

    def company(self, shape: tuple[int, int] | None) -> int:
        """How many fits like this one, to (n, d) rows, its model likes to do as one."""
        ask = getattr(self.model, "__fits_together__", None)
        return 0 if ask is None or shape is None else int(ask(*shape))

    def run(self) -> Fit:
        """Fit and score, and keep the fit where its record's folder is to be seen.

        Raises
        ------
        DataNotHereError
            If this machine does not see the data.
        KeyboardInterrupt
            After Ctrl-C. Any other exception of the estimator or of a scorer is a fit
            with a failure.
        """
        fit = self._done()
        self._keep_where_seen(fit)
        return fit

    def take(self, model: Any, rows: Split, fit_time: float) -> Fit:
        """Score a model that somebody else has fitted, and keep that fit.

        Raises
        ------
        Exception
            Of a scorer; there is no fit then.
        """
        fit = self._scored(model, rows, fit_time)
        self._keep_where_seen(fit)
        return fit

    def _keep_where_seen(self, fit: Fit) -> None:
        if self.record.parent.is_dir():
            # Whoever asked for the fit writes it if it is missing, and can say why.
            with contextlib.suppress(OSError):
                self.keep(fit)

    def _done(self) -> Fit:
        data = self.open()
        try:
            rows = data.split(self.fit.fold, self.model)
            started = time.perf_counter()
            # A clone: the task lives on, and a fitted network would with it.
            model = fit_whole(clone(self.model), rows.X, rows.y, **self.given(rows))
            return self._scored(model, rows, time.perf_counter() - started)
        except (Exception, SystemExit) as error:
            return self.failed(_words(error), traceback.format_exc())

    def _scored(self, model: Any, rows: Split, fit_time: float) -> Fit:
        started = time.perf_counter()
        test = (rows.X_test, rows.y_test, rows.test_weight)
        scores = _scores_of(model, self.scoring, *test)
        if self.return_train_score:
            train = _scores_of(model, self.scoring, rows.X, rows.y, rows.weight)
            scores |= {f"train_{name}": value for name, value in train.items()}
        check_can_be_written(scores)
        score_time = time.perf_counter() - started
        return replace(
            self.fit, scores=scores, fit_time=fit_time, score_time=score_time
        )

    def open(self) -> StudyData:
        """The data of the repeat.

        Raises
        ------
        DataNotHereError
            If this machine does not see it.
        """
        if self.data is None:
            raise ValueError("data must be laid down before the fit, got None.")
        return StudyData.of_parts(self.data.open())

    def given(self, rows: Split) -> dict[str, Any]:
        """What the ``fit`` of the model is called with, beside X and y."""
        options: dict[str, Any] = {}
        if self.validate_on_test and has_fit_parameter(self.model, "X_val"):
            options = {"X_val": rows.X_test, "y_val": rows.y_test}
        if self.weights is not None:
            options[self.weights] = rows.weight
        return options

    def failed(self, why: str, where: str | None = None) -> Fit:
        """The fit, without scores but with a reason."""
        return Fit(**_who(self.fit), failure=why, traceback=where)

    def keep(self, fit: Fit) -> None:
        """Write the record."""
        write_checked(self.record, {"identity": self.identity, "fit": asdict(fit)})

    def of_record(self, content: Any) -> Fit | None:
        """Take the fit from a record; None if it is of other settings, or not there."""
        if content is None or content["identity"] != self.identity:
            return None
        fit = Fit(**content["fit"])
        return fit if _who(fit) == _who(self.fit) else None

    def kept(self) -> Fit | None:
        """Read the fit from its record; None if it is not there, whole."""
        try:
            return self.of_record(read_record(self.record))
        except (DamagedFileError, FileNotFoundError):
            return None


def _who(fit: Fit) -> dict[str, Any]:
    names = ("estimator", "value", "repeat", "fold", "seed")
    return {name: getattr(fit, name) for name in names}


def _words(error: BaseException) -> str:
    """Kind and message of an exception, also of one that cannot say its own."""
    with contextlib.suppress(Exception):
        return f"{type(error).__name__}: {error}"
    return type(error).__name__


def _scores_of(
    model: Any, scoring: Any, X: Any, y: Any, weights: Any
) -> dict[str, Any]:
    """Scores by name, where a callable ``scoring`` gives a single one too.

    Parameters
    ----------
    model : fitted estimator
    scoring : dict of str to str or callable, or a callable
    X, y : rows to score on
    weights : array-like or None
        For the scorers that take a ``sample_weight``.
    """
    if not isinstance(scoring, Mapping):
        scorer = check_scoring(model, scoring=scoring)
        options = _options(scorer, weights)
        score = scorer(model, X, y, **options)
        return dict(score) if isinstance(score, Mapping) else {"score": score}
    weighted: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    for name, one in scoring.items():
        takes = _options(check_scoring(model, scoring=one), weights)
        (weighted if takes else plain)[name] = one
    scores: dict[str, Any] = {}
    # All of a kind at once: they share the predictions.
    for some, options in ((plain, {}), (weighted, {"sample_weight": weights})):
        if some:
            scores |= check_scoring(model, scoring=some)(model, X, y, **options)
    return {name: scores[name] for name in scoring}


def _options(scorer: Any, weights: Any) -> dict[str, Any]:
    if weights is None:
        return {}
    accepts = getattr(scorer, "_accept_sample_weight", None)
    takes = (
        accepts()
        if accepts is not None
        else "sample_weight" in inspect.signature(scorer).parameters
    )
    return {"sample_weight": weights} if takes else {}
