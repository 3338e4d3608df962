"""What the fault tests study: small estimators that write down every fit they begin."""

import os
import time

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from overparam_sk import OverparamReLUClassifier
from overparam_sk.model_selection import width_study

N_FITS = 24

X, y = load_digits(return_X_y=True)
DATA = {"X": X[:200], "y": y[:200], "X_test": X[200:300], "y_test": y[200:300]}


class Begins(TransformerMixin, BaseEstimator):
    """Before an estimator in a Pipeline: appends a line to a log, and takes a while."""

    def __init__(self, log, pause=0.0, random_state=None):
        self.log = log
        self.pause = pause
        self.random_state = random_state

    def fit(self, X, y=None):
        # One write, so that lines of several processes are not mixed.
        file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, f"{self.random_state} in {os.getpid()}\n".encode())
        os.close(file)
        time.sleep(self.pause)
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


def curve(model, X, y):
    """Give a number, and an array that only a whole fit has."""
    history = getattr(model[-1], "history_", {"loss": np.zeros(1)})
    return {"accuracy": model.score(X, y), "loss": np.asarray(history["loss"])}


def nets(store, log, n_jobs=2, repeats=6):
    """24 fits of nets and a baseline."""
    begins = Begins(str(log), pause=0.1)
    net = OverparamReLUClassifier(max_iter=100, n_iter_no_change=None)
    return width_study(
        {
            "net": make_pipeline(begins, net),
            "baseline": make_pipeline(begins, LogisticRegression(max_iter=5000)),
        },
        **DATA,
        values=[8, 16, 32],
        repeats=repeats,
        scoring=curve,
        store=store,
        n_jobs=n_jobs,
        random_state=0,
    )


def one_by_one(store, log):
    """The same in one process."""
    return nets(store, log, n_jobs=1)


def process_id():
    """In a worker: by then what a fit needs is imported there."""
    return os.getpid()
