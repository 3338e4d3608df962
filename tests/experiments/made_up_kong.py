"""Fits and initialisations of Kong's network that nobody trained."""

import numpy as np

from overparam_sk.diagnostics import ResidualModes
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    Initialisation,
    Measured,
    Run,
)

# Iterations 0 to 100, so that the flow's time goes to 100 η.
AT = np.arange(101)
T = LEARNING_RATE * AT
RISING = AT / 2000


def run(width=10, repeat=0, *, data="made up", lambda_0=1.0, rate=2.0, **columns):
    """A fit that keeps every claim, but for the columns given."""
    usual = {
        "iteration": AT,
        "loss": 3.0 * np.exp(-rate * T),
        "gram_lambda_min": np.full(101, 1.0),
        **dict.fromkeys(
            (
                "weight_change_1",
                "weight_change_2",
                "relative_distance_1",
                "relative_distance_2",
                "activation_change_1",
                "activation_change_2",
            ),
            RISING * 10 / width,
        ),
    }
    values = np.array([2.0, 1.0])
    modes = ResidualModes(values, np.array([0, 10, 100]), np.ones((3, 2)), 2e-4)
    history = {**usual, **columns}
    return Run(data, width, repeat, 7, 2, lambda_0, 1e-6, modes, history, 0.1)


def initialisation(
    ratio=1.0, *, data="made up", widths=(10, 20), lambda_0=1.0, dead=0, conditional=1.0
):
    values = dict.fromkeys(widths, ratio * lambda_0)
    return Initialisation(data, 7, lambda_0, 1e-6, dead, values, conditional)


def measured(*runs, starts=None, name="made up"):
    widths = sorted({r.width for r in runs})
    starts = [initialisation(widths=widths, data=name)] if starts is None else starts
    return Measured(name, list(runs), starts)
