"""The words for figures and parameters on axes, and what a figure can be."""

import numpy as np

from overparam_sk.drawing.spread import ANY, AT_LEAST_0, SHARE, Domain

__all__ = ["domain_of", "label_of", "words_of"]

_LABELS = {
    "activation_change": "share of patterns changed",
    "relative_distance": "‖W − W(0)‖ / ‖W(0)‖",
    "weight_change": "‖W − W(0)‖",
    "dead_samples": "dead samples",
    "dead_rows": "dead rows",
    "gram_lambda_min": "smallest Gram eigenvalue",
    "gram_drift": "‖H − H(0)‖ / ‖H(0)‖",
    "gram_alignment": "alignment of H to the targets",
    "largest_unit_change": "largest ‖w − w(0)‖",
    "loss": "training loss",
    "val_loss": "validation loss",
    "val_score": "validation score",
    "fit_time": "time of a fit in s",
    "test_accuracy": "test accuracy",
}
# Of Kong's network, whose layers have names of their own.
_LAYERS = {"1": ("A", "a"), "2": ("B", "b")}

_SHARES = (
    "accuracy",
    "activation_change",
    "average_precision",
    "coupling",
    "f1",
    "jaccard",
    "pattern change",
    "precision",
    "recall",
    "roc_auc",
    "share",
    "test error",
)
_NOT_NEGATIVE = (
    "distance",
    "rank of the update",
    "spread over the limit's",
    "‖W − W(0)‖",
    "dead_samples",
    "dead_rows",
    "distance_constant",
    "fit_time",
    "gram_drift",
    "gram_lambda_min",
    "largest_unit_change",
    "loss",
    "relative_distance",
    "weight_change",
)
_WIDTHS = {"width": "width m", "width1": "width h₁", "width2": "width h₂"}


def label_of(metric: str, *, named_layers: bool = False) -> str:
    """The words for a metric, and the layer where it is that of one.

    Parameters
    ----------
    metric : str
    named_layers : bool, default=False
        Whether the layers' weights are A and B, as Kong's.
    """
    stem, _, layer = metric.rpartition("_")
    if layer.isdecimal() and stem in _LABELS:
        words = _LABELS[stem]
        if named_layers and layer in _LAYERS:
            whole, unit = _LAYERS[layer]
            words = words.replace("W", whole).replace("w", unit)
        return f"layer {layer}: {words}"
    return _LABELS.get(metric, metric.replace("_", " "))


def domain_of(metric: str) -> Domain:
    """What a metric can be at least and at most, as far as its name says."""
    stem, _, layer = metric.rpartition("_")
    name = stem if layer.isdecimal() else metric
    if name.startswith("neg_"):
        return -np.inf, 0.0
    if name in ("score", "val_score", "r2", "explained_variance"):
        return -np.inf, 1.0
    if any(word in name for word in _SHARES):
        return SHARE
    not_negative = name.endswith(_NOT_NEGATIVE) or name.startswith("steps to")
    return AT_LEAST_0 if not_negative else ANY


def words_of(param: str) -> str:
    """The words for a parameter, without the steps of a pipeline before it."""
    name = param.rpartition("__")[2]
    return _WIDTHS.get(name, name.replace("_", " "))
