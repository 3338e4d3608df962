"""What a study consists of: all that decides its scores, and the tasks that follow."""

import json
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from overparam_sk.fingerprints import CannotDescribeError, describe
from overparam_sk.model_selection._arguments import place_of
from overparam_sk.model_selection._source import DataSource, Folds, StudyData
from overparam_sk.model_selection.fitting import Fit, Task
from overparam_sk.parameters import repeat_seeds
from overparam_sk.store import FORMAT, digest

__all__ = ["Plan"]

_PACKAGES = ("numpy", "scikit-learn", "torch", "overparam-sk")


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
    weights : dict of str to str
        Name of an estimator -> what its ``fit`` calls the weights of the rows.
    lasting : bool
        Whether another call can go on with it, so that all must be described soundly.
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
    weights: dict[str, str]
    lasting: bool

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
                of_rows = source.fingerprints(data)
            folds.append(source.folds(data, seed))
            of_folds = StudyData(None, None).with_folds(folds[-1]).fingerprints()
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
        return self.source.of(self.seeds[repeat]).with_folds(self.folds[repeat])

    def configuration(self) -> dict[str, Any]:
        """All that decides the scores, for people and for comparisons.

        A ``random_state`` that the study sets is null there.
        """
        needs = set(_PACKAGES)
        estimators = {
            name: self._described(_seeded(one, None), f"estimators.{name}", needs)
            for name, one in self.estimators.items()
        }
        scoring = self._scoring(needs)
        return {
            "format": FORMAT,
            "param": self.param,
            "values": self.values,
            "repeats": len(self.seeds),
            "random_state": self.random_state,
            "scoring": scoring,
            "return_train_score": self.return_train_score,
            "validate_on_test": self.validate_on_test,
            "estimators": estimators,
            "data": {
                f"repeat {repeat}": prints for repeat, prints in enumerate(self.prints)
            },
            "versions": {
                "python": platform.python_version(),
                **{name: version(name) for name in sorted(needs - {"python"})},
            },
        }

    def _described(
        self,
        value: Any,
        where: str,
        needs: set[str] | None = None,
        *,
        cloned: bool = True,
    ) -> Any:
        try:
            return describe(value, where, needs, cloned=cloned)
        except CannotDescribeError as error:
            if self.lasting:
                raise
            return f"not described: {error}"  # nobody will compare it

    def _scoring(self, needs: set[str] | None = None) -> Any:
        if not isinstance(self.scoring, Mapping):
            return self._described(self.scoring, "scoring", needs, cloned=False)
        return {
            name: self._described(scorer, f"scoring.{name}", needs, cloned=False)
            for name, scorer in self.scoring.items()
        }

    def tasks(self, records: Path) -> list[Task]:
        """List the fits, repeat by repeat; in each the largest values come first.

        So an interrupted study has something of everything, and at the end no worker
        is left with a large fit while the others wait.

        Parameters
        ----------
        records : Path
            Folder of the records.
        """
        scoring = self._scoring()
        models = [
            (
                name,
                value,
                model,
                self._described(_seeded(model, None), f"estimators.{name}"),
            )
            for name, value, model in self._models()
        ]
        tasks = []
        for repeat, seed in enumerate(self.seeds):
            train, _ = self.folds[repeat]
            for name, value, model, words in models:
                for fold in [None] if train is None else range(len(train)):
                    fit = Fit(name, value, repeat, fold, seed)
                    task = Task(
                        fit,
                        _seeded(model, seed),
                        self.weights.get(name),
                        self.scoring,
                        self.return_train_score,
                        self.validate_on_test,
                        identity="",
                        record=records / _file_name(fit),
                    )
                    made_of = [words, scoring, self.prints[repeat]]
                    tasks.append(replace(task, identity=_identity(task, made_of)))
        return tasks

    def _models(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield (name, value, estimator with that value)."""
        places = {name: place_of(e, self.param) for name, e in self.estimators.items()}
        for name, place in places.items():
            if place is None:
                yield name, None, self.estimators[name]
        for value in sorted(self.values, key=_size, reverse=True):
            for name, place in places.items():
                if place is not None:
                    model = clone(self.estimators[name])
                    model.set_params(**{place: value})
                    yield name, value, model

    def kind(self, fit: Fit) -> str:
        """What a fit is of, in words; fits of a kind take about as long."""
        if fit.value is None:
            return fit.estimator
        varied = [one for one in self.estimators.values() if place_of(one, self.param)]
        value = f"{self.param} {fit.value}"
        return f"{fit.estimator}, {value}" if len(varied) > 1 else value

    def work(self, fit: Fit) -> float:
        """How long a fit takes beside the others, roughly."""
        return _size(fit.value) or float(np.mean([*map(_size, self.values)])) or 1.0


def _size(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return abs(float(value)) if is_number else 0.0


def _seeded(model: Any, seed: int | None) -> Any:
    """A clone in which every ``random_state`` is the seed."""
    model = clone(model)
    names = [
        name
        for name in model.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]
    # What it returns is not looked at: FrozenEstimator returns nothing.
    model.set_params(**dict.fromkeys(names, seed))
    return model


def _identity(task: Task, made_of: list[Any]) -> str:
    decides = [
        *made_of,
        task.fit.seed,
        task.fit.fold,
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
