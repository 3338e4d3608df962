"""The arguments of a study, checked."""

import inspect
import itertools
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from joblib.parallel import SequentialBackend, get_active_backend
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline

from overparam_sk.model_selection.scorers import diagnostic_scorer, diagnostic_scoring
from overparam_sk.parameters import (
    FLAG,
    JOBS,
    PATH,
    RANDOM_STATE,
    TEXT,
    either,
    instance,
    integer,
    number,
    one_of,
    several,
    shown,
    such_that,
)

__all__ = [
    "RULES",
    "as_estimators",
    "as_scoring",
    "as_values",
    "as_weights",
    "check_backend",
    "place_of",
]


_INFINITE = such_that(instance(Real, ""), lambda value: abs(value) == np.inf, "")
_VALUE = either(FLAG, integer(-(2**63), 2**63 - 1), number(), _INFINITE, TEXT)
_VALUES = such_that(
    several(_VALUE, ""),
    lambda values: len(set(values)) == len(values) > 0,
    "different numbers or strings, at least one",
)
_SCORES = such_that(
    either(TEXT, several(TEXT, ""), instance((set, frozenset), "")),
    bool,
    "the name of a scorer, several names, a dict of scorers or a callable",
)
RULES = {
    "param": TEXT,
    # Every one of them is a record, at the least.
    "repeats": integer(1, 100_000),
    "return_train_score": FLAG,
    "validate_on_test": FLAG,
    "store": either(one_of(None), PATH),
    "extend": FLAG,
    "retry_failed": FLAG,
    "n_jobs": either(one_of(None), JOBS),
    "random_state": RANDOM_STATE,
    "verbose": either(FLAG, integer(0)),
}


def place_of(estimator: Any, param: str) -> str | None:
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
    try:
        named = dict(estimators)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "estimators must be an estimator or a dict of names and estimators, got "
            f"{shown(estimators)}."
        ) from error
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
    if all(place_of(one, param) is None for one in named.values()):
        raise ValueError(
            f"param must be a parameter of at least one estimator, got {param!r}."
        )
    return named


def as_values(values: Any) -> list[Any]:
    """The values of the parameter as plain Python values, each once."""
    if not isinstance(values, (str, bytes, Mapping)) and np.iterable(values):
        values = list(itertools.islice(values, 10**6))
    return list(_VALUES("values", values))


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
        names = _SCORES("scoring", scoring)
        names = [names] if isinstance(names, str) else names
        scoring = {name: name for name in names}
    if not scoring or not all(
        isinstance(name, str) and (callable(one) or isinstance(one, str))
        for name, one in scoring.items()
    ):
        raise ValueError(
            f"scoring must be {_SCORES.must_be}, got {shown(dict(scoring))}."
        )
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


def as_weights(estimators: dict[str, Any], sample_weight: Any) -> dict[str, str]:
    """Name of an estimator -> what its ``fit`` calls the weights of rows.

    Raises
    ------
    ValueError
        If there are weights, and a ``fit`` that does not take any.
    """
    if sample_weight is None:
        return {}
    named = {name: _weights_of(one) for name, one in estimators.items()}
    without = [name for name, found in named.items() if found is None]
    if without:
        raise ValueError(
            "sample_weight must be None where the fit of an estimator takes none, got "
            f"weights beside {', '.join(without)}."
        )
    return {name: found for name, found in named.items() if found is not None}


def _weights_of(estimator: Any) -> str | None:
    """In a Pipeline those of its last step."""
    if isinstance(estimator, Pipeline):
        last, inner = estimator.steps[-1]
        found = _weights_of(inner)
        return found and f"{last}__{found}"
    # Not __init__'s: a fit(X, y, **params) hands them on.
    taken = inspect.signature(getattr(estimator, "fit", len)).parameters
    passes_on = any(one.kind is one.VAR_KEYWORD for one in taken.values())
    return "sample_weight" if passes_on or "sample_weight" in taken else None


def check_backend() -> None:
    """Refuse a backend of joblib that does not hand over fits as they finish.

    Raises
    ------
    ValueError
        With those that do.
    """
    backend, _ = get_active_backend()
    is_able = isinstance(backend, SequentialBackend) or hasattr(backend, "client")
    if not (is_able or backend.supports_return_generator):
        raise ValueError(
            "joblib's backend must be 'loky', 'threading', 'sequential' or 'dask', "
            "which hand over each fit of a study as it finishes, got "
            f"{type(backend).__name__}."
        )
