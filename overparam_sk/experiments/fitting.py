"""The fits of an experiment: their seeds, and each whole or not at all."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

__all__ = ["fit_whole", "repeat_seeds"]


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


def repeat_seeds(random_state: int, repeats: int) -> list[int]:
    """Seeds of the repeats; later repeats do not change the seeds before."""
    children = np.random.SeedSequence(random_state).spawn(repeats)
    return [int(child.generate_state(1)[0] // 2) for child in children]
