"""What a study consists of: its arguments, checked, and the tasks that follow."""

import copy
import json
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv

from overparam_sk.model_selection._checked_files import digest
from overparam_sk.model_selection._data import DataReference, StudyData
from overparam_sk.model_selection._fingerprints import describe
from overparam_sk.model_selection._fits import Fit, Task
from overparam_sk.model_selection.fitting import repeat_seeds
from overparam_sk.model_selection.scorers import diagnostic_scorer, diagnostic_scoring

__all__ = ["DataSource", "Plan", "as_estimators", "as_scoring", "as_values"]

_FORMAT = 1
# Of one repeat, rows of each fold; None without cross-validation.
Folds = list[Any] | None
_PACKAGES = ("numpy", "scikit-learn", "torch", "overparam-sk")


@dataclass(frozen=True)
class DataSource:
    """The data of every repeat, as the arguments of a study give it.

    Parameters
    ----------
    X : array-like, or callable of a seed
    y, X_test, y_test : array-like or None
    cv : int, splitter, iterable or None
        Only where there is no test set.
    stratified : bool
        Whether an integer ``cv`` is stratified.

    Raises
    ------
    ValueError
        If what is given does not fit together.
    """

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    cv: Any
    stratified: bool

    def __post_init__(self) -> None:
        if callable(self.X):
            for name in ("y", "X_test", "y_test"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"{name} must be None where X is a callable, which returns "
                        "all of the data; got an array."
                    )
        elif self.y is None:
            raise ValueError("y must be given where X is not a callable, got None.")
        if (self.X_test is None) != (self.y_test is None):
            raise ValueError("X_test and y_test must be given together or not at all.")

    def of(self, seed: int) -> StudyData:
        """The rows of a repeat, drawn with its seed if X is a callable."""
        if callable(self.X):
            drawn = tuple(self.X(seed))
            if len(drawn) not in (2, 4):
                raise ValueError(
                    "A callable X must return X, y or X, y, X_test, y_test, got "
                    f"{len(drawn)} objects."
                )
            data = StudyData(*map(_as_data, drawn))
        else:
            given = (self.X, self.y, self.X_test, self.y_test)
            data = StudyData(*map(_as_data, given))
        if data.X_test is not None and self.cv is not None:
            raise ValueError("cv must be None where there is a test set, got both.")
        return data

    def folds(self, data: StudyData, seed: int) -> tuple[Folds, Folds]:
        """Training and test rows of each fold; None where there is a test set."""
        if data.X_test is not None:
            return None, None
        cv = check_cv(self.cv, data.y, classifier=self.stratified)
        if getattr(cv, "random_state", 0) is None:
            cv = copy.copy(cv)
            cv.random_state = seed
        train, test = zip(*cv.split(data.X, data.y), strict=True)
        return list(train), list(test)


def _with_folds(data: StudyData, folds: tuple[Folds, Folds]) -> StudyData:
    train, test = folds
    return replace(data, train=train, test=test)


def _as_data(data: Any) -> Any:
    if sp.issparse(data):
        return data.tocsr()
    if data is None or hasattr(data, "iloc"):
        return data
    return np.asarray(data)


@dataclass(frozen=True)
class Plan:
    """A study that can be done: all of its arguments, checked.

    Parameters
    ----------
    estimators : dict of str to estimator
    param : str
    values : list
    source : DataSource
    scoring : dict of str to str or callable, or a callable
    random_state : int
    seeds : list of int
        One a repeat.
    prints : list of dict
        Fingerprints of the data, one a repeat.
    folds : list of pairs
        Training and test rows of each fold, one pair a repeat: a splitter that draws
        draws once.
    return_train_score, validate_on_test : bool
    """

    estimators: dict[str, Any]
    param: str
    values: list[Any]
    source: DataSource
    scoring: Any
    random_state: int
    seeds: list[int]
    prints: list[dict[str, str]]
    folds: list[tuple[Folds, Folds]]
    return_train_score: bool
    validate_on_test: bool

    @classmethod
    def of(
        cls, source: DataSource, random_state: int, repeats: int, **settings: Any
    ) -> "Plan":
        """Look at the data of every repeat, and keep its fingerprints."""
        if isinstance(source.cv, Iterator):
            source = replace(source, cv=list(source.cv))
        seeds = repeat_seeds(random_state, repeats)
        prints, folds = [], []
        for i, seed in enumerate(seeds):
            if i == 0 or callable(source.X):
                data = source.of(seed)
                of_rows = data.fingerprints()
            folds.append(source.folds(data, seed))
            of_folds = _with_folds(StudyData(None, None), folds[-1]).fingerprints()
            prints.append({**of_rows, **of_folds})
        return cls(
            source=source,
            random_state=random_state,
            seeds=seeds,
            prints=prints,
            folds=folds,
            **settings,
        )

    def data(self, repeat: int) -> StudyData:
        """Rows and folds of a repeat."""
        return _with_folds(self.source.of(self.seeds[repeat]), self.folds[repeat])

    def configuration(self) -> dict[str, Any]:
        """All that decides the scores, for people and for comparisons."""
        return {
            "format": _FORMAT,
            "param": self.param,
            "values": self.values,
            "repeats": len(self.seeds),
            "random_state": self.random_state,
            "scoring": describe(self.scoring),
            "return_train_score": self.return_train_score,
            "validate_on_test": self.validate_on_test,
            "estimators": describe(self.estimators),
            "data": {
                f"repeat {repeat}": prints for repeat, prints in enumerate(self.prints)
            },
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in _PACKAGES},
            },
        }

    def tasks(self, records: Path, data: Path) -> list[Task]:
        """List the fits, repeat by repeat; in each the largest values come first.

        So an interrupted study has something of everything, and at the end no worker
        is left with a large fit while the others wait.

        Parameters
        ----------
        records, data : Path
            Folders of the records, and where the data is going to lie.
        """
        scoring = describe(self.scoring)
        tasks = []
        for repeat, seed in enumerate(self.seeds):
            reference = DataReference(str(data), self.prints[repeat])
            for name, value, model in self._models():
                train, _ = self.folds[repeat]
                for fold in [None] if train is None else range(len(train)):
                    fit = Fit(name, value, repeat, fold, seed)
                    task = Task(
                        fit,
                        _seeded(model, seed),
                        reference,
                        self.scoring,
                        self.return_train_score,
                        self.validate_on_test,
                        identity="",
                        record=records / _file_name(fit),
                    )
                    tasks.append(replace(task, identity=_identity(task, scoring)))
        return tasks

    def _models(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield (name, value, estimator with that value)."""
        places = {name: _place(e, self.param) for name, e in self.estimators.items()}
        for name, place in places.items():
            if place is None:
                yield name, None, self.estimators[name]
        for value in sorted(self.values, key=_size, reverse=True):
            for name, place in places.items():
                if place is not None:
                    model = clone(self.estimators[name]).set_params(**{place: value})
                    yield name, value, model

    def work(self, fit: Fit) -> float:
        """How long a fit takes beside the others, roughly."""
        return _size(fit.value) or float(np.mean([*map(_size, self.values)])) or 1.0


def _size(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return abs(float(value)) if is_number else 0.0


def _seeded(model: Any, seed: int) -> Any:
    """A clone in which every ``random_state`` is the seed."""
    model = clone(model)
    names = [
        name
        for name in model.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]
    return model.set_params(**dict.fromkeys(names, seed))


def _identity(task: Task, scoring: Any) -> str:
    decides = [
        describe(task.model),
        task.fit.seed,
        task.fit.fold,
        task.data.files,
        scoring,
        task.return_train_score,
        task.validate_on_test,
    ]
    return digest(json.dumps(decides, sort_keys=True).encode())


def _file_name(fit: Fit) -> str:
    """A name that people can read, and that no other fit of the study has."""
    who = [fit.estimator, fit.value, fit.repeat, fit.fold]
    words = "-".join(str(word) for word in who if word is not None)
    words = re.sub(r"[^A-Za-z0-9_.+-]+", "_", words)
    return f"{words[:80]}-{digest(json.dumps(who).encode())[:8]}.json"


def _place(estimator: Any, param: str) -> str | None:
    """Name of the parameter in an estimator or its Pipeline; None if it has not.

    Raises
    ------
    ValueError
        If it could be several.
    """
    names = estimator.get_params(deep=True)
    if param in names:
        return param
    inner = [name for name in names if name.endswith(f"__{param}")]
    if len(inner) > 1:
        raise ValueError(
            f"param must name one parameter, got {param!r}, which could be any of "
            f"{inner}."
        )
    return inner[0] if inner else None


def as_estimators(estimators: Any, param: str) -> dict[str, Any]:
    """Name -> estimator, of a dict, a list of pairs, or one estimator."""
    if hasattr(estimators, "get_params"):
        estimators = {type(estimators).__name__.lower(): estimators}
    named = dict(estimators)
    wrong = [
        name
        for name, one in named.items()
        if not hasattr(one, "get_params") or isinstance(one, type)
    ]
    if not named or wrong or not all(isinstance(name, str) for name in named):
        raise ValueError(
            "estimators must be a dict of names and estimators, got "
            f"{ {name: type(one).__name__ for name, one in named.items()} }."
        )
    if param.rpartition("__")[2] == "random_state":
        raise ValueError(
            f"param must not be {param!r}, which is set to the seed of each repeat."
        )
    if all(_place(one, param) is None for one in named.values()):
        raise ValueError(
            f"param must be a parameter of at least one estimator, got {param!r}."
        )
    return named


def as_values(values: Any) -> list[Any]:
    """The values of the parameter as plain Python values, each once."""
    plain = [v.item() if isinstance(v, np.generic) else v for v in values]
    kinds = (bool, int, float, str)
    if (
        not plain
        or not all(isinstance(v, kinds) and v == v for v in plain)  # NaN is not itself
        or len(set(plain)) < len(plain)
    ):
        raise ValueError(
            f"values must be different numbers or strings, at least one, got {plain}."
        )
    return plain


def as_scoring(scoring: Any, estimators: dict[str, Any]) -> Any:
    """Name -> scorer, of all that scikit-learn takes; a callable stays as it is."""
    if scoring is None:
        # Of one network too the scorers are those that stand beside a baseline's.
        scoring = {
            name: diagnostic_scorer(name, missing=np.nan) if callable(score) else score
            for name, score in diagnostic_scoring(estimators).items()
        }
    elif callable(scoring):
        return scoring
    elif not isinstance(scoring, Mapping):
        names = [scoring] if isinstance(scoring, str) else scoring
        scoring = {name: name for name in names}
    taken = {"estimator", "repeat", "fold", "seed", "fit_time", "score_time", "failure"}
    if not taken.isdisjoint(scoring):
        raise ValueError(
            f"scoring must not name a score {sorted(taken & set(scoring))}, as the "
            "columns of a study are."
        )
    for scorer in scoring.values():
        if isinstance(scorer, str):
            get_scorer(scorer)  # refuses an unknown name
    return dict(scoring)
