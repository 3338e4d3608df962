"""The fits of an experiment: their seeds, and each whole or not at all."""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

__all__ = ["fit_whole", "repeat_seeds", "warning_filter"]

# What our estimators and scikit-learn's MLPs say after they swallowed a Ctrl-C.
_INTERRUPTED = r"Training (was )?interrupted"


@contextmanager
def warning_filter(action: Literal["error", "ignore"], message: str) -> Iterator[None]:
    """Filter warnings in the main thread; those of other threads share its filters."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings():
        warnings.filterwarnings(action, message)
        yield


def fit_whole(net: Any, *data: Any, **options: Any) -> Any:
    """Fit ``net``, and raise KeyboardInterrupt after Ctrl-C.

    An estimator may keep what was trained before Ctrl-C, with a warning; an experiment
    drops it. Ctrl-C arrives in the main thread only.
    """
    try:
        with warning_filter("error", _INTERRUPTED):
            return net.fit(*data, **options)
    except Warning as warning:
        if re.match(_INTERRUPTED, str(warning)):
            raise KeyboardInterrupt from warning
        raise


def repeat_seeds(random_state: int, repeats: int) -> list[int]:
    """Seeds of the repeats; later repeats do not change the seeds before."""
    children = np.random.SeedSequence(random_state).spawn(repeats)
    return [int(child.generate_state(1)[0] // 2) for child in children]
