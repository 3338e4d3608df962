"""Rows and studies that nobody trained."""

import numpy as np

from overparam_sk.experiments import FitRow, Study


def row(width=10, repeat=0, **figures):
    """A fit that keeps every claim, but for the figures given."""
    usual = {
        "test_accuracy": 1.0,
        "loss": 0.1,
        "activation_change": 0.05,
        "relative_distance": 0.05,
        "gram_lambda_min": 0.1,
        "steps_to_target": 20,
        "update_singular_values": np.array([3.0, 2.0, 0.5, 0.1]),
        "weight_singular_values": np.array([3.0, 2.9, 2.8, 2.7]),
        "history": course([0.1, 1.0, 1.0, 1.0, 1.0]),
    }
    return FitRow(width, repeat, 0, **{**usual, **figures})


def course(scores, **columns):
    """A history that is recorded every 10 steps of 40."""
    steps = np.arange(len(scores)) * 10
    return {
        "iteration": steps,
        "val_score": np.array(scores),
        "score": steps,
        **columns,
    }


def study(*rows, n_clusters=2, **settings):
    usual = {
        "problem": "made up",
        "n_clusters": n_clusters,
        "widths": tuple(sorted({r.width for r in rows})),
        "repeats": 1 + max(r.repeat for r in rows),
        "fit_params": {"max_iter": 40},
        "target_accuracy": 0.9,
        "random_state": 0,
        "rows": list(rows),
    }
    return Study(**{**usual, **settings})
