"""The estimators, small, and data that all can be fitted to."""

import numpy as np
from sklearn.base import is_classifier

from overparam_sk import (
    CompressedClassifier,
    DeepReLUClassifier,
    DeepReLURegressor,
    InfiniteWidthReLUClassifier,
    InfiniteWidthReLURegressor,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)

SMALL = {"max_iter": 5, "n_iter_no_change": None, "random_state": 0}


def classifier(**parameters):
    return OverparamReLUClassifier(**{"width": 10, **SMALL, **parameters})


def regressor(**parameters):
    return TwoHiddenReLURegressor(**{"width2": 20, **SMALL, **parameters})


def deep_classifier(**parameters):
    return DeepReLUClassifier(**{"hidden_widths": (6, 4, 20), **SMALL, **parameters})


def deep_regressor(**parameters):
    return DeepReLURegressor(**{"hidden_widths": (6, 4, 20), **SMALL, **parameters})


def linearized(**parameters):
    return LinearizedReLUClassifier(**{"width": 10, **SMALL, **parameters})


def scaled(**parameters):
    """Everything of the classifier that the paper does not have."""
    scales = {"parametrization": "mup", "base_width": 20, "output_scale": 2.0}
    others = {"width": 40, "train_readout": True, "init_scale": 1.5, **scales}
    return classifier(**{**others, **parameters})


def linearized_both(**parameters):
    return linearized(**{"train_readout": True, "output_scale": 2.0, **parameters})


def infinite(**parameters):
    return InfiniteWidthReLUClassifier(**{"initial_width": 10, **SMALL, **parameters})


def infinite_readout(**parameters):
    return infinite(**{"train_readout": True, **parameters})


def ensemble(**parameters):
    return InfiniteWidthReLURegressor(**parameters)


def compressed(rank=None, **parameters):
    return CompressedClassifier(classifier(**parameters), rank)


# Networks that skorch can have, those that have weights, and all.
NETS = {"classifier": classifier, "regressor": regressor}
DEEP = {"deep_classifier": deep_classifier, "deep_regressor": deep_regressor}
WITH_WEIGHTS = {**NETS, **DEEP, "linearized": linearized, "scaled": scaled}
WITH_WEIGHTS["linearized both"] = linearized_both
ALL = {**WITH_WEIGHTS, "infinite": infinite, "infinite readout": infinite_readout}
CLASSIFIERS = {name: make for name, make in ALL.items() if is_classifier(make())}
# Those that hold another, whose parameters are that one's, too.
TRAINED = {**ALL, "compressed": compressed}
# And what is in closed form.
EVERY = {**TRAINED, "ensemble": ensemble}
INCREMENTAL = {n: make for n, make in ALL.items() if hasattr(make(), "partial_fit")}
X = np.random.default_rng(0).normal(size=(20, 3))
y = np.arange(20) % 2


def outputs(net, X):
    """The network's outputs, before they are turned into labels."""
    return getattr(net, "decision_function", net.predict)(X)


def trained_weights(net):
    names = ("hidden_weights_", "first_weights_", "second_weights_", "dual_coef_")
    weights = [getattr(net, name) for name in names if hasattr(net, name)]
    weights += getattr(net, "layer_weights_", [])
    assert weights, "whoever compares weights has some to compare"
    return weights
