"""Distance between a network with a large scale and the linearised one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from overparam_sk import LinearizedReLUClassifier
from overparam_sk.experiments.beyond.lazy.rows import Rows, plain

__all__ = ["Gap", "gaps"]


@dataclass(frozen=True)
class Gap:
    """‖g_α − g_lin‖ / ‖g_lin‖ on the training rows, and on others."""

    train: float
    test: float
    switched: float  # share of the pairs of a unit and a training row


def gaps(
    rows: Rows, scales: Sequence[float], *, width: int, n_steps: int, seed: int
) -> list[Gap]:
    """Train the linearised network, and one for each scale beside it."""
    common: dict[str, Any] = {
        "width": width,
        "learning_rate": 1.0,
        "max_iter": n_steps,
        "record_every": None,
        "random_state": seed,
        "diagnostics": ("activation_change",),
    }
    linear = plain(LinearizedReLUClassifier, output_scale=1.0, **common).fit(*rows[:2])
    both = (rows.X, rows.X_test)
    expected = [linear.decision_function(X) for X in both]
    found = []
    for alpha in scales:
        net = plain(output_scale=alpha, **common).fit(*rows[:2])
        train, test = (
            float(np.linalg.norm(net.decision_function(X) - g) / np.linalg.norm(g))
            for X, g in zip(both, expected, strict=True)
        )
        found.append(Gap(train, test, net.activation_change_))
    return found
