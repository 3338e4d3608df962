"""Weights of classes and of samples: scikit-learn's figures, or a refusal by name."""

import re
from fractions import Fraction
from inspect import signature

import numpy as np
import pytest
from estimators.small_nets import ALL, CLASSIFIERS, X, outputs
from sklearn.utils.class_weight import compute_class_weight

from overparam_sk.estimators._data import with_class_weight
from overparam_sk.parameters import shown

y = np.arange(20) % 3
WEIGHT = np.linspace(0.5, 2, 20)
NAMES = np.array(["ant", "bee", "cat"])


@pytest.fixture(params=CLASSIFIERS.values(), ids=CLASSIFIERS)
def net(request):
    return request.param


def fitted(net, class_weight, y=y, sample_weight=None):
    return net(class_weight=class_weight).fit(X, y, sample_weight)


def same(one, other):
    np.testing.assert_allclose(outputs(one, X), outputs(other, X), atol=1e-12)


@pytest.mark.parametrize(
    ("class_weight", "y", "of_classes"),
    [
        ({}, y, [1, 1, 1]),
        ({1: 3}, y, [1, 3, 1]),
        ({0: 0, 1: 1, 2: 1}, y, [0, 1, 1]),
        ({0: 1, 1: 2, 2: 3, 7: 9}, y, [1, 2, 3]),  # as scikit-learn: more is no matter
        ({np.int64(0): np.float32(2), 1.0: True, np.uint8(2): 4}, y, [2, 1, 4]),
        ({0: Fraction(1, 2), 1: np.bool_(True), 2: np.int8(3)}, y, [0.5, 1, 3]),
        ({0: 1e-300, 1: 2e-300, 2: 3e-300}, y, [1, 2, 3]),
        ({0: 1e308, 1: 5e307, 2: 1e308}, y, [2, 1, 2]),
        ({"ant": 2, np.str_("cat"): 3}, NAMES[y], [2, 1, 3]),
        ({"1": 2, "2": 3}, np.array(["1", "2", "3"])[y], [2, 3, 1]),
        ({"ant": 2, "cat": 3}, NAMES[y].astype(object), [2, 1, 3]),
        ({0.0: 2, 2: 3}, y.astype(float), [2, 1, 3]),
        ({True: 2}, y > 0, [1, 2, 2]),
    ],
)
def test_a_dict_multiplies_the_weights_of_the_samples(net, class_weight, y, of_classes):
    by_sample = np.array(of_classes)[np.arange(20) % 3]
    same(fitted(net, class_weight, y), fitted(net, None, y, by_sample))
    weighted = fitted(net, class_weight, y, 8e307 * WEIGHT)
    same(weighted, fitted(net, None, y, by_sample * WEIGHT))


def test_balanced_gives_every_class_the_same_total_weight(net):
    rare = np.where(np.arange(20) < 16, 0, y)
    totals = np.bincount(rare, WEIGHT)
    balanced = fitted(net, "balanced", rare, WEIGHT)
    same(balanced, fitted(net, None, rare, WEIGHT / totals[rare]))
    same(
        fitted(net, "balanced", rare),
        fitted(net, None, rare, 1 / np.bincount(rare)[rare]),
    )


def test_balanced_counts_no_class_whose_rows_have_no_weight(net):
    weight = WEIGHT * (y != 2)
    totals = np.bincount(y, weight) + (np.arange(3) == 2)
    same(fitted(net, "balanced", y, weight), fitted(net, None, y, weight / totals[y]))


@pytest.mark.parametrize(
    "class_weight",
    ["balanced", {}, {0: 2}, {0: 2, 1: 3, 2: 4}, {0: 2, 1: 3, 2: 4, 5: 1}],
)
def test_the_figures_are_scikit_learns(class_weight):
    rare = np.where(np.arange(20) < 12, 0, y)
    # Its versions before 1.9 take no weights of samples.
    takes = "sample_weight" in signature(compute_class_weight).parameters
    given = {"sample_weight": WEIGHT} if takes else {}
    sample_weight = WEIGHT if takes else np.ones(20)
    theirs = compute_class_weight(class_weight, classes=np.arange(3), y=rare, **given)
    ours = with_class_weight(class_weight, rare, np.arange(3), sample_weight)
    expected = sample_weight * theirs[rare]
    np.testing.assert_allclose(ours / ours.sum(), expected / expected.sum())


NO_WEIGHTS = [-1, np.nan, np.inf, -np.inf, None, "a", "2", 1j, [1], 10**400, np.ones(1)]


@pytest.mark.parametrize("value", NO_WEIGHTS, ids=lambda value: repr(value)[:9])
def test_what_is_no_weight_is_refused_with_its_class(net, value):
    for class_weight in ({0: value, 1: 3}, {0: 1, 1: 1, 2: 1, 7: value}):
        label = next(key for key in class_weight if class_weight[key] is value)
        must_be = rf"^class_weight\[{label}\] must be a finite number >= 0 .*, got "
        with pytest.raises(ValueError, match=must_be + re.escape(shown(value))):
            fitted(net, class_weight)


@pytest.mark.parametrize(
    ("class_weight", "sample_weight"),
    [({0: 0, 1: 0, 2: 0}, None), ({0: 0}, y == 0), ({0: 0, 1: 0, 2: 5e-324}, y != 2)],
)
def test_some_sample_must_keep_a_weight(net, class_weight, sample_weight):
    match = "class_weight must leave a sample with a positive weight, got "
    with pytest.raises(ValueError, match=match + re.escape(repr(class_weight))):
        fitted(net, class_weight, y, sample_weight)


@pytest.mark.parametrize(
    ("class_weight", "y", "missing"),
    [
        ({5: 2}, y, [0, 1, 2]),
        ({0: 2, 5: 2}, y, [1, 2]),
        ({"0": 2}, y, [0, 1, 2]),
        ({"dog": 2}, NAMES[y], ["ant", "bee", "cat"]),
        ({1: 2}, np.array(["1", "2", "3"])[y], ["1", "2", "3"]),
    ],
)
def test_names_of_no_class_are_refused_in_scikit_learns_words(
    net, class_weight, y, missing
):
    match = re.escape(f"The classes, {missing}, are not in class_weight")
    with pytest.raises(ValueError, match=match):
        fitted(net, class_weight, y)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (np.nan, "sample_weight contains NaN"),
        (np.float32("nan"), "sample_weight contains NaN"),
        (np.inf, "sample_weight contains infinity"),
        (-1, "[Nn]egative values"),
        (0, "must have a positive entry|only zero|at least one"),
        (1j, "Complex data not supported"),
    ],
)
def test_a_single_weight_for_all_is_checked_as_many_are(make, weight, match):
    for given in (weight, np.full(20, weight)):
        with pytest.raises(ValueError, match=match):
            make().fit(X, y, given)


@pytest.mark.parametrize("make", ALL.values(), ids=ALL)
@pytest.mark.parametrize("weight", [1, 1.0, True, np.float32(1), Fraction(1)])
def test_a_single_weight_for_all_is_taken(make, weight):
    same(make().fit(X, y, weight), make().fit(X, y))
