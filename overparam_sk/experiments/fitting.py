"""One fit of an experiment: whole, or not at all."""

import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning

__all__ = ["fit_whole"]


def fit_whole(net: Any, *data: Any, **options: Any) -> Any:
    """Fit ``net``, and raise KeyboardInterrupt after Ctrl-C.

    The estimator keeps what was trained before Ctrl-C, with a warning; an experiment
    drops it.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "error", "Training was interrupted", ConvergenceWarning
            )
            return net.fit(*data, **options)
    except ConvergenceWarning as warning:
        raise KeyboardInterrupt from warning
