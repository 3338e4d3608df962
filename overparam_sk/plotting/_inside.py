"""The fitted estimator inside a pipeline, a search, or whatever else holds one."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

__all__ = ["inside"]

# Where scikit-learn's estimators keep those that they have fitted.
_HELD = (
    "best_estimator_",
    "estimator_",
    "estimators_",
    "regressor_",
    "final_estimator_",
    "calibrated_classifiers_",
)


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
