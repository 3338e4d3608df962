"""Scores of a fitted model by name, with weights where a search has them."""

import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.metrics import check_scoring

__all__ = ["scores_of"]


def scores_of(model: Any, scoring: Any, X: Any, y: Any, weights: Any) -> dict[str, Any]:
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
