"""scikit-learn's own checks: all of them, none excused."""

import pytest
import sklearn
from estimators.small_nets import EVERY
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.fixes import parse_version

from overparam_sk import (
    CompressedClassifier,
    InfiniteWidthReLUClassifier,
    LinearizedReLUClassifier,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)

# Checks that scikit-learn skips for want of an optional package.
NEEDS_A_PACKAGE = {"check_dataframe_column_names_consistency", "check_array_api_input"}

# The checks do not find a random_state inside.
SMALL = {"max_iter": 100, "random_state": 0}
NETS = [
    OverparamReLUClassifier(),
    TwoHiddenReLURegressor(),
    LinearizedReLUClassifier(),
    InfiniteWidthReLUClassifier(),
    OverparamReLUClassifier(50, learning_rate=1.0, fit_intercept=False, **SMALL),
    TwoHiddenReLURegressor(width2=50, row_norm="unit", momentum=0.5, **SMALL),
    LinearizedReLUClassifier(50, n_iter_no_change=5, diagnostics=None, **SMALL),
    InfiniteWidthReLUClassifier(initial_width=None, cache_size=0, **SMALL),
    CompressedClassifier(OverparamReLUClassifier(50, **SMALL)),
    CompressedClassifier(LinearizedReLUClassifier(50, **SMALL), rank=2),
]


@pytest.mark.parametrize("estimator", NETS, ids=lambda net: type(net).__name__)
def test_every_check_passes(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) >= 50
    not_passed = {
        result["check_name"]: (result["status"], str(result["exception"]))
        for result in results
        if result["status"] != "passed"
        and not (
            result["status"] == "skipped" and result["check_name"] in NEEDS_A_PACKAGE
        )
    }
    assert not not_passed
    assert parse_version(sklearn.__version__) >= parse_version("1.7")


def test_every_estimator_is_checked():
    assert {type(net) for net in NETS} == {type(make()) for make in EVERY.values()}
