"""A cheap estimator that writes down every fit."""

import os
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin


class Counted(ClassifierMixin, BaseEstimator):
    """Predicts the commonest class; its metrics are functions of seed and width."""

    def __init__(self, log=None, width=1, fail_at=None, random_state=None):
        self.log = log
        self.width = width
        self.fail_at = fail_at
        self.random_state = random_state

    def fit(self, X, y):
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write(f"{self.width} {self.random_state} {os.getpid()}\n")
        if self.width == self.fail_at:
            raise RuntimeError(f"no fit at {self.width}")
        self.classes_, counts = np.unique(y, return_counts=True)
        self.commonest_ = self.classes_[counts.argmax()]
        noise = np.random.RandomState(self.random_state).randn()
        self.distance_ = 3.0 / np.sqrt(self.width) * np.exp(0.05 * noise)
        self.n_rows_ = X.shape[0]
        return self

    def predict(self, X):
        return np.full(X.shape[0], self.commonest_)


def figures(model, X, y):
    """A number, an array, and a dict of arrays."""
    return {
        "accuracy": model.score(X, y),
        "distance": getattr(model, "distance_", np.nan),
        "n_rows": getattr(model, "n_rows_", 0),
        "n_test": X.shape[0],
        "spectrum": np.arange(3) * getattr(model, "width", 0),
        "history": {"iteration": np.arange(2), "loss": np.array([np.nan, 0.5])},
    }


def torch_threads(model, X, y):
    """How many threads torch has where a fit is scored."""
    return torch.get_num_threads()


def fits_begun(log):
    """Lines of the log: one a fit that began."""
    return len(log.read_text().splitlines()) if log.exists() else 0


def table(study):
    """All of a study but the times."""
    return [
        (f.estimator, f.value, f.repeat, f.fold, f.seed, f.failure, repr(f.scores))
        for f in study.fits
    ]


class Rows:
    """Someone's own container."""

    def __init__(self, rows):
        self.rows, self.shape = rows, rows.shape

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, places):
        return Rows(self.rows[places])
