"""The fits of an experiment: their seeds, and each whole or not at all."""

from typing import Any

import numpy as np

from overparam_sk.interrupts import CtrlC

__all__ = ["fit_whole", "repeat_seeds"]


def fit_whole(net: Any, *data: Any, **options: Any) -> Any:
    """Fit ``net``, and raise KeyboardInterrupt after Ctrl-C.

    An estimator, ours or scikit-learn's MLP, may keep what was trained before Ctrl-C,
    with a warning; an experiment drops it. Ctrl-C arrives in the main thread only.
    """
    with CtrlC(hold=False) as ctrl_c:
        try:
            fitted = net.fit(*data, **options)
        except Warning as warning:  # where warnings are errors
            if ctrl_c.pressed:
                raise KeyboardInterrupt from warning
            raise
    if ctrl_c.pressed:
        raise KeyboardInterrupt
    return fitted


def repeat_seeds(random_state: int, repeats: int) -> list[int]:
    """Seeds of the repeats; later repeats do not change the seeds before."""
    children = np.random.SeedSequence(random_state).spawn(repeats)
    return [int(child.generate_state(1)[0] // 2) for child in children]
