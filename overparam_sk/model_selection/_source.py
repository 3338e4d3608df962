"""Where the data of a study comes from: the arguments, as rows of each repeat."""

import copy
from dataclasses import dataclass, replace
from typing import Any

from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from overparam_sk.fingerprints import fingerprint
from overparam_sk.model_selection._data import StudyData

__all__ = ["DataSource", "Folds", "with_folds"]

# Of one repeat, rows of each fold; None without cross-validation.
Folds = list[Any] | None


@dataclass(frozen=True)
class DataSource:
    """The data of every repeat, as the arguments of a study give it.

    Parameters
    ----------
    X : array-like, or callable of a seed
    y, X_test, y_test : array-like or None
    sample_weight, groups : array-like or None
        One a row of X.
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
    sample_weight: Any
    groups: Any
    cv: Any
    stratified: bool

    def __post_init__(self) -> None:
        if callable(self.X):
            for name in ("y", "X_test", "y_test", "sample_weight", "groups"):
                if getattr(self, name) is not None:
                    raise ValueError(
                        f"{name} must be None where X is a callable, which returns "
                        "all of the data; got an array."
                    )
        elif self.y is None:
            raise ValueError("y must be given where X is not a callable, got None.")
        if (self.X_test is None) != (self.y_test is None):
            raise ValueError("X_test and y_test must be given together or not at all.")
        if self.groups is not None and not _takes_groups(self.cv):
            raise ValueError(
                "cv must be a splitter by groups, such as GroupKFold(), where groups "
                f"are given, got {self.cv!r:.60}."
            )

    def of(self, seed: int) -> StudyData:
        """The rows of a repeat, drawn with its seed if X is a callable."""
        given = (self.X, self.y, self.X_test, self.y_test)
        if callable(self.X):
            given = tuple(self.X(seed))
            if len(given) not in (2, 4):
                raise ValueError(
                    "A callable X must return X, y or X, y, X_test, y_test, got "
                    f"{len(given)} objects."
                )
        X, y, *test = given
        X, y, weight, _ = indexable(X, y, self.sample_weight, self.groups)
        X_test, y_test = indexable(*test) if test else (None, None)
        data = StudyData(X, y, X_test, y_test, weight)
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
        (groups,) = indexable(self.groups)
        train, test = zip(*cv.split(data.X, data.y, groups), strict=True)
        return list(train), list(test)

    def fingerprints(self, data: StudyData) -> dict[str, str]:
        """Name -> checksum of the rows, and of the groups if there are any."""
        of_groups = {} if self.groups is None else {"groups": fingerprint(self.groups)}
        return {**data.fingerprints(), **of_groups}


def with_folds(data: StudyData, folds: tuple[Folds, Folds]) -> StudyData:
    """The same rows with the rows of each fold."""
    train, test = folds
    return replace(data, train=train, test=test)


def _takes_groups(cv: Any) -> bool:
    """Whether a splitter looks at groups; one that does not say may."""
    if not hasattr(cv, "split"):
        return False
    if not hasattr(cv, "get_metadata_routing"):
        return True
    return "groups" in cv.get_metadata_routing().split.requests
