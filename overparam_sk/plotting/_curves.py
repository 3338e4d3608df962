"""The curves of a display: who makes up each, and what all of its repeats recorded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.parameters import (
    TEXT,
    either,
    instance,
    number,
    one_of,
    several,
    shown,
)

__all__ = [
    "HISTORIES",
    "NAME",
    "Groups",
    "as_groups",
    "as_histories",
    "check_quantities",
    "chosen",
    "common_columns",
    "fitted_attribute",
    "inside",
    "stacked",
]

# Name of a curve -> the histories of its repeats.
Groups = dict[str, list[Mapping[str, Any]]]

NAME = either(one_of(None), TEXT)
HISTORIES = instance(Mapping, "a dict of histories")
_HISTORY = instance(Mapping, "a dict of columns")
_NAMES = either(
    one_of(None), several(either(TEXT, number()), "a list of names or numbers")
)
_CHOSEN = either(one_of(None), TEXT, several(TEXT, "a list of strings"))

# Where scikit-learn's estimators keep those that they have fitted.
_HELD = (
    "best_estimator_",
    "estimator_",
    "estimators_",
    "regressor_",
    "final_estimator_",
    "calibrated_classifiers_",
)


def as_groups(
    items: Any, names: Iterable[str] | None, attribute: str | None
) -> dict[str, list[Any]]:
    """Name -> repeats, of a dict of items or of lists, or of a list of items.

    Parameters
    ----------
    items : dict or list
        A dict maps a name to one item or to a list of them, its repeats. In a list
        every entry is a curve of its own.
    names : iterable of str or None
        One name an entry of a list; a dict has its own.
    attribute : str or None
        A fitted attribute: of each item, what has it is taken, the item itself or the
        estimator inside. None takes the items.

    Returns
    -------
    dict of str to list

    Raises
    ------
    ValueError
        If nothing is given, the names do not fit, or the attribute is missing.
    """
    names = _NAMES("names", names)
    if isinstance(items, Mapping):
        if names is not None:
            raise ValueError("names must be None where a dict names the curves.")
        groups = {
            str(name): list(entry) if isinstance(entry, (list, tuple)) else [entry]
            for name, entry in items.items()
        }
    elif isinstance(items, (list, tuple)):
        named = _default_names(items, attribute) if names is None else list(names)
        named = [str(name) for name in named]
        if len(named) != len(items) or len(set(named)) != len(named):
            raise ValueError(
                f"names must be {len(items)} different names, one an estimator, got "
                f"{named}."
            )
        groups = {name: [item] for name, item in zip(named, items, strict=True)}
    else:
        raise ValueError(f"estimators must be a dict or a list, got {shown(items)}.")
    if not groups or not all(groups.values()):
        raise ValueError(
            "estimators must hold at least one estimator under every name, got "
            f"{ {name: len(group) for name, group in groups.items()} }."
        )
    return {name: [_bare(i, attribute) for i in of] for name, of in groups.items()}


def fitted_attribute(estimator: Any, name: str) -> Any:
    """Read an attribute of a fitted estimator; a ValueError says if it is missing."""
    return getattr(inside(estimator, name), name)


def _bare(item: Any, attribute: str | None) -> Any:
    return item if attribute is None else inside(item, attribute)


def _default_names(items: Iterable[Any], attribute: str | None) -> list[Any]:
    """Take the widths where they tell the estimators apart, and otherwise numbers."""
    widths = [getattr(_bare(item, attribute), "width", None) for item in items]
    if None in widths or len(set(widths)) < len(widths):
        return list(range(len(widths)))
    return widths


def as_histories(items: Any, names: Iterable[str] | None, *, fitted: bool) -> Groups:
    """Histories of estimators, or histories themselves, by the curve's name.

    Raises
    ------
    ValueError
        If an estimator is not fitted or a history is empty, or the names do not fit.
    """
    groups = as_groups(items, names, "history_" if fitted else None)
    if fitted:
        groups = {
            name: [fitted_attribute(e, "history_") for e in group]
            for name, group in groups.items()
        }
    for history in (h for group in groups.values() for h in group):
        _HISTORY("Every history", history)
    if not all(h.get("iteration") is not None for g in groups.values() for h in g):
        raise ValueError(
            "Every history_ must have recorded iterations, got an empty one: fit "
            "with record_every='auto' or an integer."
        )
    return groups


def common_columns(groups: Groups) -> set[str]:
    """Columns that every history has, without the iteration."""
    histories = [history for group in groups.values() for history in group]
    return reduce(set.intersection, (set(h) for h in histories)) - {"iteration"}


def stacked(
    groups: Groups, columns: Iterable[str]
) -> tuple[list[NDArray[Any]], dict[str, list[NDArray[Any]]]]:
    """Iterations of each curve, and its repeats' courses as rows of an array.

    Raises
    ------
    ValueError
        If the repeats of a curve share no recorded iteration.
    """
    iterations = [_common_iterations(name, group) for name, group in groups.items()]
    courses = {
        column: [
            np.stack([_course(h, column, at) for h in group])
            for at, group in zip(iterations, groups.values(), strict=True)
        ]
        for column in sorted(columns)
    }
    return iterations, courses


def check_quantities(
    quantities: Iterable[str] | None,
    usual: Sequence[str],
    courses: Mapping[str, Any],
) -> list[str]:
    """Columns to draw: those asked for, or those that are usual and there.

    Raises
    ------
    ValueError
        If one was not recorded by all.
    """
    wanted = chosen("quantities", quantities)
    if wanted is None:
        return [column for column in usual if column in courses]
    if not wanted or any(column not in courses for column in wanted):
        raise ValueError(
            f"quantities must be among {sorted(courses)}, which every history "
            f"has, got {wanted}."
        )
    return wanted


def _common_iterations(name: str, group: list[Mapping[str, Any]]) -> NDArray[Any]:
    """Find what all repeats recorded: early stopping ends some of them sooner."""
    common = reduce(np.intersect1d, (np.asarray(h["iteration"]) for h in group))
    if not len(common):
        raise ValueError(
            f"The repeats of a curve must share recorded iterations, got none for "
            f"{name!r}."
        )
    return np.asarray(common)


def _course(
    history: Mapping[str, Any], column: str, iterations: NDArray[Any]
) -> NDArray[Any]:
    recorded = np.asarray(history["iteration"])
    return np.asarray(history[column], dtype=float)[np.isin(recorded, iterations)]


def inside(estimator: Any, attribute: str) -> Any:
    """The one estimator that has a fitted attribute: this one, or one that it holds.

    Raises
    ------
    ValueError
        If there is none, or more than one.
    """
    found = {id(getattr(one, attribute)): one for one in _having(estimator, attribute)}
    if len(found) == 1:
        return found.popitem()[1]
    if not found and hasattr(estimator, "fit"):
        check_is_fitted(estimator)
    holds = f"holding {len(found)} that have it" if found else "without it"
    raise ValueError(
        f"Every estimator must have the fitted attribute {attribute}, or hold just one "
        f"that has, got {type(estimator).__name__} {holds}."
    )


def _having(estimator: Any, attribute: str) -> Iterator[Any]:
    if hasattr(estimator, attribute):
        yield estimator
        return
    for held in _held(estimator):
        yield from _having(held, attribute)


def _held(estimator: Any) -> Iterator[Any]:
    if hasattr(estimator, "steps"):  # a pipeline
        yield estimator.steps[-1][1]
        return
    # What has no fit, as that of which calibration is made, was given it fitted.
    for name in _HELD if hasattr(estimator, "fit") else ("estimator",):
        held = getattr(estimator, name, None)
        if isinstance(held, (list, tuple, np.ndarray)):
            yield from held
        elif held is not None:
            yield held


def chosen(name: str, value: Any) -> list[str] | None:
    """None, or the strings among one or several."""
    plain = _CHOSEN(name, value)
    if plain is None:
        return None
    return [plain] if isinstance(plain, str) else list(plain)
