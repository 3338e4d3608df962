"""Fits to be saved, and how to tell that what is loaded is the same."""

import io
from typing import NamedTuple

import joblib
import numpy as np
import skops.io
from estimators.small_nets import EVERY, X, y

OURS = "overparam_sk.estimators."
# What docs/guide/persistence.md has as TRUSTED.
TRUSTED = [
    f"{OURS}classifier.OverparamReLUClassifier",
    f"{OURS}compressed.CompressedClassifier",
    f"{OURS}deep_classifier.DeepReLUClassifier",
    f"{OURS}deep_regressor.DeepReLURegressor",
    f"{OURS}infinite_width.InfiniteWidthReLUClassifier",
    f"{OURS}infinite_width_regressor.InfiniteWidthReLURegressor",
    f"{OURS}linearized.LinearizedReLUClassifier",
    f"{OURS}regressor.TwoHiddenReLURegressor",
]


def fit(name):
    """A small fit of an estimator of EVERY; a compressed one has little left."""
    options = {"rank": 2} if name == "compressed" else {}
    return EVERY[name](**options).fit(X, y)


class Form(NamedTuple):
    dumps: object
    loads: object


def joblib_form(compress):
    def dumps(estimator):
        file = io.BytesIO()
        joblib.dump(estimator, file, compress=compress)
        return file.getvalue()

    return Form(dumps, lambda content: joblib.load(io.BytesIO(content)))


def load_skops(content):
    return skops.io.loads(content, trusted=TRUSTED)


# What the documentation recommends.
RECOMMENDED = {
    "skops": Form(skops.io.dumps, load_skops),
    "joblib, xz": joblib_form(("xz", 3)),
}


def same(one, other):
    """Whether two values are the same in type and to the last bit."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        alike = (one.dtype, one.shape) == (other.dtype, other.shape)
        return alike and one.tobytes() == other.tobytes()
    if hasattr(one, "get_params"):
        return same(vars(one), vars(other))
    return repr(one) == repr(other)
