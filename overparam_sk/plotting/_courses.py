"""Courses of several histories, where all repeats of a curve were looked at."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.plotting._groups import as_groups, fitted_attribute
from overparam_sk.plotting._rules import HISTORY, chosen

__all__ = ["Groups", "as_histories", "check_quantities", "common_columns", "stacked"]

# Name of a curve -> the histories of its repeats.
Groups = dict[str, list[Mapping[str, Any]]]


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
        HISTORY("Every history", history)
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
