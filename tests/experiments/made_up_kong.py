"""Fits and initialisations of Kong's network that nobody trained."""

import numpy as np

from overparam_sk.diagnostics import ResidualModes
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    Initialisation,
    Measured,
    Run,
    Start,
)

# Iterations 0 to 100, so that the flow's time goes to 100 η.
AT = np.arange(101)
T = LEARNING_RATE * AT
RISING = AT / 2000


def run(
    width=10,
    repeat=0,
    *,
    data="made up",
    lambda_0=1.0,
    rate=2.0,
    moves=(0.0, 0.0),
    eigenvalues=(2.0, 1.0),
    **columns,
):
    """A fit that keeps every claim, but for the figures given."""
    usual = {
        "iteration": AT,
        "loss": 3.0 * np.exp(-rate * T),
        "gram_lambda_min": np.full(101, lambda_0),
        "dead_samples": np.zeros(101),
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
    values = np.array(eigenvalues)
    modes = ResidualModes(values, np.array([0, 10, 100]), np.ones((3, 2)), 2e-4)
    history = {**usual, **columns}
    about = (data, width, repeat, 7, 2, lambda_0, 1e-6)
    return Run(*about, modes, history, moves, 0.1)


def initialisation(
    ratio=1.0,
    *,
    data="made up",
    widths=(10, 20),
    lambda_0=1.0,
    error=1e-6,
    dead=0,
    conditional=1.0,
    limit=1.0,
    half_squares=1.0,
    loss=4.0,
    column=0.0,
    speeds=(0.0, 0.0),
):
    """A start that keeps every claim, but for the figures given.

    A dict has a figure for each width.
    """

    def at(figure, width):
        return figure[width] if isinstance(figure, dict) else figure

    starts = {
        w: Start(
            lambda_min=at(ratio, w) * lambda_0,
            loss=at(loss, w),
            column_sums=(at(column, w), 1e9),
            column_squares=w / 5,
            speeds=at(speeds, w),
        )
        for w in widths
    }
    about = (lambda_0, error, dead, conditional, limit * lambda_0, half_squares)
    return Initialisation(data, 7, *about, starts)


def measured(*runs, starts=None, name="made up"):
    widths = sorted({r.width for r in runs})
    starts = [initialisation(widths=widths, data=name)] if starts is None else starts
    return Measured(name, list(runs), starts)
