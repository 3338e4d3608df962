"""Rows of which none can be set apart for validation: the refusal says what to do."""

import numpy as np
import pytest
from estimators.small_nets import ALL, CLASSIFIERS, X
from sklearn.exceptions import NotFittedError

ONE_ROW = np.r_[0, np.arange(19) % 2 + 1]
SAYS = r"^early_stopping=True sets validation_fraction={} of the rows apart.*{}.*: "
SAYS += "change validation_fraction, give X_val and y_val, or set early_stopping=False"


@pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS)
@pytest.mark.parametrize(
    ("fraction", "y", "reason"),
    [
        (0.3, ONE_ROW, "class.* only 1 "),
        (0.3, np.array(["a", "b", "c"])[ONE_ROW], "class.* only 1 "),
        (0.1, np.arange(20) % 3, "test_size = 2 .* number of classes = 3"),
        (5e-324, np.arange(20) % 2, "test_size = 1 .* number of classes = 2"),
        (0.9, np.arange(20) % 5, "train_size = 2 .* number of classes = 5"),
    ],
)
def test_too_few_rows_of_a_class(make, fraction, y, reason):
    net = make(early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match=SAYS.format(fraction, reason)):
        net.fit(X, y)
    with pytest.raises(NotFittedError):
        net.predict(X)
    assert net.set_params(early_stopping=False).fit(X, y).n_iter_ == net.max_iter
    assert not hasattr(net, "best_validation_score_")
    if "only 1" not in reason:
        net.set_params(early_stopping=True, validation_fraction=0.3)
        assert hasattr(net.fit(X, y), "best_validation_score_")
    net.set_params(early_stopping=True, validation_fraction=fraction)
    net.fit(X, y, X_val=X[:2], y_val=y[:2])
    assert net.best_validation_score_ == max(net.history_["val_score"])


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
def test_too_few_rows(make):
    net = make(early_stopping=True, validation_fraction=0.99)
    few = slice(0, 1 if make().__sklearn_tags__().estimator_type == "regressor" else 2)
    with pytest.raises(ValueError, match=SAYS.format(0.99, "")):
        net.fit(X[few], np.arange(20)[few])
