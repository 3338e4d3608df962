"""The rows of a study: as its arguments give them, and as one fit gets them."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing, indexable
from sklearn.utils.metaestimators import _safe_split

from overparam_sk.fingerprints import fingerprint

__all__ = ["DataSource", "Folds", "Split", "StudyData"]

# Of one repeat, rows of each fold; None without cross-validation.
Folds = list[Any] | None


@dataclass(frozen=True)
class Split:
    """What one fit is trained on and scored on."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    weight: Any = None
    test_weight: Any = None


@dataclass(frozen=True)
class StudyData:
    """What the fits of a repeat are trained on and scored on.

    Parameters
    ----------
    X, y : array, CSR matrix or array, data frame, list
        Whatever has rows that scikit-learn can select.
    X_test, y_test : as X and y, default=None
    sample_weight : as y, default=None
        Of the rows of X.
    train, test : list of ndarray of int, default=None
        Rows of each fold, where there is no test set.
    """

    X: Any
    y: Any
    X_test: Any = None
    y_test: Any = None
    sample_weight: Any = None
    train: Folds = None
    test: Folds = None

    def split(self, fold: int | None, model: Any) -> Split:
        """Training and test rows of a fold, as scikit-learn selects them for a model.

        One of a precomputed kernel gets the columns of its training rows.
        """
        if fold is None or self.train is None or self.test is None:
            return Split(self.X, self.y, self.X_test, self.y_test, self.sample_weight)
        train, test = self.train[fold], self.test[fold]
        X, y = _safe_split(model, self.X, self.y, train)
        X_test, y_test = _safe_split(model, self.X, self.y, test, train)
        weights = self.sample_weight
        if weights is None:
            return Split(X, y, X_test, y_test)
        of_rows = (_safe_indexing(weights, rows) for rows in (train, test))
        return Split(X, y, X_test, y_test, *of_rows)

    def shape(self, fold: int | None) -> tuple[int, int] | None:
        """Rows and columns that a fit is trained on; None where nobody can tell."""
        shape: tuple[int, ...] = getattr(self.X, "shape", ())
        if len(shape) != 2:
            return None
        if fold is None or self.train is None:
            return shape[0], shape[1]
        return len(self.train[fold]), shape[1]

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, data) of all that there is."""
        for field in fields(self):
            found = getattr(self, field.name)
            if field.name in ("train", "test"):
                numbered = enumerate(found or ())
                yield from ((f"{field.name}-{i}", rows) for i, rows in numbered)
            elif found is not None:
                yield field.name, found

    def fingerprints(self) -> dict[str, str]:
        """Name of a part -> its checksum."""
        return {name: fingerprint(part) for name, part in self.parts()}

    @classmethod
    def of_parts(cls, parts: Mapping[str, Any]) -> "StudyData":
        """The data that has these parts."""
        given: dict[str, Any] = {}
        for name, part in parts.items():
            field, _, number = name.partition("-")
            if number:
                given.setdefault(field, []).append(part)
            else:
                given[field] = part
        return cls(**given)

    def with_folds(self, folds: tuple[Folds, Folds]) -> "StudyData":
        """The same rows with the rows of each fold."""
        train, test = folds
        return replace(self, train=train, test=test)


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


def _takes_groups(cv: Any) -> bool:
    """Whether a splitter looks at groups; one that does not say may."""
    if not hasattr(cv, "split"):
        return False
    if not hasattr(cv, "get_metadata_routing"):
        return True
    return "groups" in cv.get_metadata_routing().split.requests
