"""partial_fit refuses and takes what scikit-learn's own estimators do."""

import numpy as np
import pytest
from estimators.small_nets import CLASSIFIERS, INCREMENTAL, X, outputs
from sklearn.linear_model import SGDClassifier
from sklearn.neural_network import MLPClassifier

y = np.arange(20) % 3
CLASSES = [0, 1, 2]


@pytest.fixture(params=sorted(INCREMENTAL.keys() & CLASSIFIERS.keys()))
def net(request):
    return INCREMENTAL[request.param]


def refusal(estimator, *calls):
    """What the last of these calls of partial_fit is refused with."""
    for arguments in calls[:-1]:
        estimator.partial_fit(X, y, classes=arguments)
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        estimator.partial_fit(X, y, classes=calls[-1])
    return str(refused.value)


@pytest.mark.parametrize(
    "other", [[0, 1], [0, 1, 2, 3], [0, 1, 5], ["a", "b", "c"], [True, False]]
)
def test_other_classes_than_before_are_refused_in_scikit_learns_words(net, other):
    theirs = refusal(SGDClassifier(), CLASSES, other)
    assert "is not the same as on last call" in theirs
    assert refusal(net(), CLASSES, other) == theirs
    after_fit = net().fit(X, y)
    before = outputs(after_fit, X)
    assert refusal(after_fit, other) == theirs
    np.testing.assert_array_equal(outputs(after_fit, X), before)


@pytest.mark.parametrize("again", [None, [2, 1, 0, 0], np.array([0.0, 1.0, 2.0])])
def test_the_same_classes_may_be_said_again(net, again):
    said = net().partial_fit(X, y, classes=CLASSES).partial_fit(X, y, classes=again)
    assert said.n_iter_ == 2


@pytest.mark.parametrize("few", [[], [0], np.array([])])
def test_fewer_than_two_classes_are_refused(net, few):
    with pytest.raises(ValueError, match="at least 2 classes in the data, but the"):
        net().partial_fit(X, y, classes=few)


def test_a_refused_call_leaves_no_classes_for_the_next(net):
    estimator = net()
    with pytest.raises(ValueError, match=r"labels among \[3, 4\]"):
        estimator.partial_fit(X, y, classes=[3, 4])
    assert estimator.partial_fit(X, y, classes=CLASSES).classes_.tolist() == CLASSES


def test_balanced_weights_are_refused_in_scikit_learns_words(net):
    theirs = refusal(SGDClassifier(class_weight="balanced"), CLASSES)
    assert refusal(net(class_weight="balanced"), CLASSES) == theirs
    fitted = net(class_weight="balanced").fit(X, y)
    assert refusal(fitted, CLASSES) == theirs


def test_early_stopping_is_refused_in_scikit_learns_words(net):
    theirs = refusal(MLPClassifier(early_stopping=True), CLASSES)
    assert refusal(net(early_stopping=True), CLASSES) == theirs
    fitted = net(early_stopping=True, validation_fraction=0.3).fit(X, y)
    assert refusal(fitted, None) == theirs


@pytest.mark.parametrize("class_weight", [{0: 1, 1: 3}, {1: 3}, {2: 0.5}, {0: 0, 2: 4}])
def test_a_chunk_may_lack_classes_that_have_a_weight(net, class_weight):
    by_class = np.array([class_weight.get(label, 1) for label in CLASSES])
    weighted, by_sample = net(class_weight=class_weight), net()
    for lacking in (2, 1, 0, None):
        rows = y != lacking
        weighted.partial_fit(X[rows], y[rows], classes=CLASSES)
        by_sample.partial_fit(X[rows], y[rows], CLASSES, by_class[y[rows]])
    np.testing.assert_allclose(outputs(weighted, X), outputs(by_sample, X), rtol=1e-12)
