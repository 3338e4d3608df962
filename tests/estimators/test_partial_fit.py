"""partial_fit refuses and takes what scikit-learn's own estimators do."""

import pickle
import warnings

import numpy as np
import pytest
from estimators.small_nets import (
    CLASSIFIERS,
    INCREMENTAL,
    X,
    outputs,
    trained_weights,
)
from sklearn.base import is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning
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


# ------------------------------------------------------------------- full batches
FULL = {n: m for n, m in INCREMENTAL.items() if not hasattr(m(), "batch_size")}
REGRESSORS = {n: m for n, m in FULL.items() if is_regressor(m())}


def trained(net):
    return [np.copy(W) for W in trained_weights(net)]


@pytest.mark.parametrize("step", ["auto", 1e-3])
@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_a_call_is_one_step_of_gradient_descent(make, step):
    options = {"learning_rate": step, "momentum": 0, "max_iter": 3}
    rows, targets = np.r_[X, X], np.r_[y, y]  # enough of them to tell their scale
    whole = make(**options).fit(rows, targets)
    net = make(**options)
    for call in (1, 2, 3):
        assert net.partial_fit(rows, targets) is net
        assert net.n_iter_ == call
    assert net.learning_rate_ == whole.learning_rate_
    for mine, theirs in zip(trained(net), trained(whole), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)
    assert {*net.history_["iteration"]} == {0, 1, 2, 3}
    assert net.history_["loss"][-1] < net.history_["loss"][0]


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_the_step_of_the_first_call_stays_until_it_is_too_long(make):
    net = make(fit_intercept=False).partial_fit(X, y)
    step = net.learning_rate_
    assert net.partial_fit(X / 1e3, y).learning_rate_ == step
    before = trained(net)
    with warnings.catch_warnings():  # of rows on which the loss is what it is
        warnings.simplefilter("ignore", ConvergenceWarning)
        net.partial_fit(1e3 * X, y)  # its loss would have risen
    assert net.learning_rate_ == step / 2
    for mine, theirs in zip(trained(net), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_it_goes_on_from_a_fit_and_pickles_between(make):
    net = make().fit(X, y)
    back = pickle.loads(pickle.dumps(net))
    net.partial_fit(X, y)
    back.partial_fit(X, y)
    assert net.n_iter_ == 6
    np.testing.assert_array_equal(outputs(net, X), outputs(back, X))


@pytest.mark.parametrize("make", REGRESSORS.values(), ids=REGRESSORS)
def test_early_stopping_is_refused_for_numbers_too(make):
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping"):
        make(early_stopping=True).partial_fit(X, y)


@pytest.mark.parametrize("make", REGRESSORS.values(), ids=REGRESSORS)
def test_a_refused_chunk_of_numbers_leaves_the_network_as_it_was(make):
    net = make().partial_fit(X, y)
    before = outputs(net, X)
    for bad, targets in ((X[:, :2], y), (1e300 * X, y), (X, np.full(20, np.nan))):
        with pytest.raises(ValueError):  # noqa: PT011
            net.partial_fit(bad, targets)
        np.testing.assert_array_equal(outputs(net, X), before)


@pytest.mark.parametrize("make", REGRESSORS.values(), ids=REGRESSORS)
def test_chunks_of_rows_are_learnt(make):
    rows = np.random.default_rng(1).normal(size=(200, 3))
    targets = rows[:, 0] - rows[:, 1]
    net = make(diagnostics=None, row_norm=None)
    for i in range(100):
        some = slice(20 * (i % 10), 20 * (i % 10) + 20)
        net.partial_fit(rows[some], targets[some], sample_weight=np.ones(20))
    assert net.score(rows, targets) > 0.45


@pytest.mark.parametrize("make", FULL.values(), ids=FULL)
def test_a_larger_chunk_is_no_loss_that_has_risen(make):
    """The loss, a sum over the rows of a call, is compared with that of the same."""
    net = make(learning_rate=1e-3)
    rows = np.random.default_rng(0).normal(size=(60, 3))
    targets = rows[:, 0] > 0 if is_classifier(net) else rows[:, 0]
    more = {"classes": [False, True]} if is_classifier(net) else {}
    net.partial_fit(rows[:1], targets[:1], **more)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(5):
            net.partial_fit(rows, targets)
