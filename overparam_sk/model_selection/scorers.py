"""What a network's diagnostics say, as scores for scikit-learn's searches."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from overparam_sk.parameters import (
    TEXT,
    either,
    matching,
    number,
    one_of,
    several,
    shown,
)

__all__ = ["DiagnosticScorer", "diagnostic_scorer", "diagnostic_scoring"]

# Where meta-estimators keep the estimator that they fitted.
_INNER = ("best_estimator_", "regressor_", "estimator_")


_NAME = matching(
    re.compile(r"[A-Za-z]\w*"),
    "that of a fitted attribute, such as 'relative_distance_'",
)
_MISSING = either(one_of(None), number(nan=True))
_METRICS = either(
    one_of(None),
    TEXT,
    several(TEXT, "a tuple of names"),
)


class DiagnosticScorer:
    """A fitted attribute as a score; made by :func:`diagnostic_scorer`."""

    def __init__(self, name: str, missing: float | None) -> None:
        self.name = name
        self.missing = missing

    def __call__(self, estimator: Any, X: Any = None, y: Any = None) -> float:
        """Read the number off a fitted estimator; X and y are not looked at.

        Raises
        ------
        AttributeError
            If there is no such attribute, unless ``missing`` says what to return.
        ValueError
            If it is not one number.
        """
        attribute, layer = _parse(self.name)
        found = _attribute(estimator, attribute)
        if found is None:
            if self.missing is not None:
                return self.missing
            raise AttributeError(
                f"{type(_final(estimator)).__name__} must have the fitted attribute "
                f"{attribute} to be scored by it; it has not. A network has it if its "
                "parameter diagnostics asks for it."
            )
        values = np.atleast_1d(found)
        there = len(values) == 1 if layer is None else 1 <= layer <= len(values)
        if not there and self.missing is not None:
            return self.missing
        if layer is None and values.shape != (1,):
            raise ValueError(
                f"{attribute} must be one number, got one for each of "
                f"{len(values)} layers: say which, as {attribute}1."
            )
        if layer is not None and not 1 <= layer <= len(values):
            raise ValueError(
                f"The layer in {self.name!r} must be from 1 to {len(values)}, got "
                f"{layer}."
            )
        return float(values[(layer or 1) - 1])

    def __repr__(self) -> str:
        """Write the call that makes it."""
        missing = "" if self.missing is None else f", missing={self.missing}"
        return f"diagnostic_scorer({self.name!r}{missing})"


def diagnostic_scorer(name: str, *, missing: float | None = None) -> DiagnosticScorer:
    """Make a scorer of a fitted attribute, for any ``scoring`` of scikit-learn.

    It finds the attribute on an estimator, on the last step of a Pipeline, and in
    meta-estimators that keep the fitted one as ``best_estimator_``, ``regressor_`` or
    ``estimator_``.

    Parameters
    ----------
    name : str
        A fitted attribute that is a number, ``"relative_distance_"``; of one with a
        number a layer the number of one layer, ``"relative_distance_1"``.
    missing : float, default=None
        Score of an estimator without the attribute, or without that layer, such as a
        baseline in the same search: NaN, for instance. None is an AttributeError or,
        for a layer, a ValueError.

    Returns
    -------
    DiagnosticScorer
        A callable ``scorer(estimator, X, y)``. Searches look for the largest score.

    Raises
    ------
    ValueError
        If ``name`` is not the name of a fitted attribute.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.model_selection import diagnostic_scorer
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import cross_validate
    >>> X, y = load_iris(return_X_y=True)
    >>> net = OverparamReLUClassifier(100, random_state=0)
    >>> scoring = {"distance": diagnostic_scorer("relative_distance_")}
    >>> cross_validate(net, X, y, scoring=scoring)["test_distance"].shape
    (5,)
    """
    return DiagnosticScorer(_NAME("name", name), _MISSING("missing", missing))


def diagnostic_scoring(
    estimators: Any, *, metrics: str | Sequence[str] | None = None
) -> dict[str, Any]:
    """Make a ready multi-metric ``scoring``: usual metrics and every diagnostic.

    Parameters
    ----------
    estimators : estimator, or dict or list of them
        Those that will be scored, fitted or not. Estimators of this package, also as
        the last step of a Pipeline, tell which diagnostics they have; where several
        are given, the others get NaN for them.
    metrics : str or list of str, default=None
        Names of scikit-learn's scorers. None is ``("accuracy",)``, and ``("r2",)`` if
        all estimators are regressors.

    Returns
    -------
    dict of str to str or callable
        Diagnostics that differ from layer to layer have a scorer a layer, under the
        names of ``history_``: "relative_distance_1", "relative_distance_2".

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.model_selection import diagnostic_scoring
    >>> sorted(diagnostic_scoring(TwoHiddenReLURegressor()))[:3]
    ['activation_change_1', 'activation_change_2', 'coupling_1']
    """
    if isinstance(estimators, Mapping):
        given = list(estimators.values())
    else:
        given = estimators if isinstance(estimators, list) else [estimators]
    metrics = _METRICS("metrics", metrics)
    if not given or not all(hasattr(one, "get_params") for one in given):
        raise ValueError(
            "estimators must be an estimator, or a dict or list of them, got "
            f"{shown(estimators)}."
        )
    if isinstance(metrics, str):
        metrics = [metrics]
    if metrics is None:
        metrics = ("r2",) if all(map(is_regressor, given)) else ("accuracy",)
    columns = [_columns(one) for one in given]
    missing = None if len(given) == 1 else np.nan
    return {
        **{metric: metric for metric in metrics},
        **{
            column: diagnostic_scorer(column, missing=missing)
            for column in dict.fromkeys(name for names in columns for name in names)
        },
    }


def _columns(estimator: Any) -> tuple[str, ...]:
    """The diagnostics of an estimator, or of the one that a search would fit."""
    final = _final(estimator)
    inner = getattr(final, "estimator", None)
    if inner is not None and not hasattr(final, "diagnostic_columns"):
        return _columns(inner)
    return tuple(getattr(final, "diagnostic_columns", ()))


def _parse(name: str) -> tuple[str, int | None]:
    """Split "relative_distance_2" into the attribute and the layer."""
    stem, _, layer = name.rstrip("_").rpartition("_")
    if stem and layer.isdecimal():
        return f"{stem}_", int(layer)
    return f"{name.rstrip('_')}_", None


def _attribute(estimator: Any, name: str) -> Any:
    """The attribute of the estimator or of what it holds; None where there is none."""
    final = _final(estimator)
    for holder in (estimator, final):
        if hasattr(holder, name):
            return getattr(holder, name)
    for inner in _INNER:
        if hasattr(final, inner):
            return _attribute(getattr(final, inner), name)
    return None


def _final(estimator: Any) -> Any:
    """The last step of a Pipeline, of Pipelines in Pipelines too."""
    steps = getattr(estimator, "steps", None)
    return _final(steps[-1][1]) if steps else estimator
