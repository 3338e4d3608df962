"""The fits of an experiment: their seeds, and each whole or not at all."""

import re
import threading
import warnings
from typing import Any

import numpy as np

__all__ = ["fit_whole", "repeat_seeds"]

# What our estimators and scikit-learn's MLPs say after they swallowed a Ctrl-C.
_INTERRUPTED = r"Training (was )?interrupted"


def fit_whole(net: Any, *data: Any, **options: Any) -> Any:
    """Fit ``net``, and raise KeyboardInterrupt after Ctrl-C.

    An estimator may keep what was trained before Ctrl-C, with a warning; an experiment
    drops it.
    """
    if threading.current_thread() is not threading.main_thread():
        # No signal arrives here, and warning filters are shared between threads.
        return net.fit(*data, **options)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", _INTERRUPTED)
            return net.fit(*data, **options)
    except Warning as warning:
        if re.match(_INTERRUPTED, str(warning)):
            raise KeyboardInterrupt from warning
        raise


def repeat_seeds(random_state: int, repeats: int) -> list[int]:
    """Seeds of the repeats; later repeats do not change the seeds before."""
    children = np.random.SeedSequence(random_state).spawn(repeats)
    return [int(child.generate_state(1)[0] // 2) for child in children]
