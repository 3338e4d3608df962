"""Both estimators, small, and data that both can be fitted to."""

import numpy as np

from overparam_sk import OverparamReLUClassifier, TwoHiddenReLURegressor

SMALL = {"max_iter": 5, "random_state": 0}


def classifier(**parameters):
    return OverparamReLUClassifier(**{"width": 10, **SMALL, **parameters})


def regressor(**parameters):
    return TwoHiddenReLURegressor(**{"width2": 20, **SMALL, **parameters})


NETS = {"classifier": classifier, "regressor": regressor}
X = np.random.default_rng(0).normal(size=(20, 3))
y = np.arange(20) % 2


def outputs(net, X):
    """The network's outputs, before they are turned into labels."""
    return getattr(net, "decision_function", net.predict)(X)


def trained_weights(net):
    names = ("hidden_weights_", "first_weights_", "second_weights_")
    return [getattr(net, name) for name in names if hasattr(net, name)]
