"""scikit-learn's own checks: all of them, none excused."""

from unittest import SkipTest

import pytest
import sklearn
from estimators.small_nets import EVERY
from sklearn.utils.estimator_checks import _check_name, estimator_checks_generator
from sklearn.utils.fixes import parse_version

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

# Checks that scikit-learn skips for want of an optional package.
NEEDS_A_PACKAGE = {"check_dataframe_column_names_consistency", "check_array_api_input"}

# The checks do not find a random_state inside.
SMALL = {"max_iter": 100, "n_iter_no_change": None, "random_state": 0}
NETS = [
    OverparamReLUClassifier(),
    TwoHiddenReLURegressor(),
    DeepReLUClassifier(),
    DeepReLURegressor(),
    LinearizedReLUClassifier(),
    InfiniteWidthReLUClassifier(),
    OverparamReLUClassifier(50, learning_rate=0.1, momentum=0.5, **SMALL),
    OverparamReLUClassifier(
        50, train_readout=True, output_scale=2.0, init_scale=2.0, **SMALL
    ),
    TwoHiddenReLURegressor(width2=50, row_norm="unit", momentum=0.5, **SMALL),
    DeepReLUClassifier((20, 10, 30), row_norm="clip", **{**SMALL, "max_iter": 60}),
    DeepReLURegressor((20,), fit_intercept=False, **{**SMALL, "max_iter": 20}),
    LinearizedReLUClassifier(
        50,
        diagnostics=None,
        parametrization="mup",
        output_scale=2.0,
        **{**SMALL, "n_iter_no_change": 5},
    ),
    InfiniteWidthReLUClassifier(
        initial_width=None, cache_size=0, train_readout=True, **SMALL
    ),
    CompressedClassifier(OverparamReLUClassifier(50, train_readout=True, **SMALL)),
    CompressedClassifier(LinearizedReLUClassifier(50, **SMALL), rank=2),
    InfiniteWidthReLURegressor(),
    InfiniteWidthReLURegressor(
        3, trained_layers=(1, 4), time=30.0, alpha=0.01, fit_intercept=False
    ),
]


CHECKS = [
    pytest.param(net, check, id=f"{place}-{type(net).__name__}-{_check_name(check)}")
    for place, net in enumerate(NETS)
    for _, check in estimator_checks_generator(net)
]


# The checks' own fits are short, of rows that nothing can be learnt from.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_every_check_passes(estimator, check):
    try:
        check(estimator)
    except SkipTest:
        assert _check_name(check) in NEEDS_A_PACKAGE


def test_every_estimator_is_checked():
    assert len(CHECKS) >= 50 * len(NETS)
    assert parse_version(sklearn.__version__) >= parse_version("1.7")
    assert {type(net) for net in NETS} == {type(make()) for make in EVERY.values()}
