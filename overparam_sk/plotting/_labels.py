"""The words for the figures of a fit, on the axes and titles of studies."""

__all__ = ["label_of"]

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
    "fit_time": "time of a fit in s",
}


def label_of(metric: str) -> str:
    """The words for a metric, and the layer where it is that of one."""
    stem, _, layer = metric.rpartition("_")
    if layer.isdecimal() and stem in _LABELS:
        return f"layer {layer}: {_LABELS[stem]}"
    return _LABELS.get(metric, metric)
