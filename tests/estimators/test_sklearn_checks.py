"""scikit-learn's own checks: all of them, none excused."""

import pytest
import sklearn
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


NETS = [
    OverparamReLUClassifier(),
    TwoHiddenReLURegressor(),
    LinearizedReLUClassifier(),
    InfiniteWidthReLUClassifier(),
    # The checks do not find a random_state inside.
    CompressedClassifier(OverparamReLUClassifier(50, max_iter=100, random_state=0)),
    CompressedClassifier(
        LinearizedReLUClassifier(50, max_iter=100, random_state=0), rank=2
    ),
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
