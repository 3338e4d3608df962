"""scikit-learn's own checks: all of them, none excused."""

import pytest
import sklearn
from estimators.small_nets import ALL, EVERY
from sklearn.base import is_classifier
from sklearn.utils.estimator_checks import (
    check_classifiers_train,
    check_estimator,
    check_regressors_train,
)
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

# Small, for most checks only look at what is refused, changed and kept. The checks do
# not find a random_state inside.
SMALL = {"max_iter": 100, "random_state": 0}
NETS = [
    OverparamReLUClassifier(50, **SMALL),
    TwoHiddenReLURegressor(width2=50, **SMALL),
    LinearizedReLUClassifier(50, **SMALL),
    InfiniteWidthReLUClassifier(initial_width=50, **SMALL),
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


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_the_defaults_learn_what_scikit_learn_asks_for(make):
    net = type(make())()
    check = check_classifiers_train if is_classifier(net) else check_regressors_train
    check(type(net).__name__, net)
