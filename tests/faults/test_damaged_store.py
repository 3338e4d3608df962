"""Files of a store are cut, or a bit of them is another."""

import shutil
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from model_selection.counted import Counted, figures, fits_begun, table
from sklearn.datasets import load_iris

from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.model_selection._checked_files import DamagedFileError, read_checked

X, y = load_iris(return_X_y=True)
WORDS = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
N_FITS = 6


class Interrupted(Counted):
    """Stops the study at the fit after the third, the first time."""

    def fit(self, X, y):
        super().fit(X, y)
        if fits_begun(self.log_path()) == 4:
            raise KeyboardInterrupt
        return self


def study(store, log, form=np.asarray, labels=y, **options):
    return width_study(
        {"net": Stops(log=str(log))},
        *(form(X[::2]), labels[::2]),
        X_test=form(X[1::2]),
        y_test=labels[1::2],
        values=[1, 2, 3],
        repeats=2,
        scoring=figures,
        store=store,
        **{"random_state": 0, **options},
    )
