"""δ, λ and l against their definitions, pair by pair, and on data that has them."""

import numpy as np
import pytest

from overparam_sk.datasets import make_clustered_mixture, make_xor_balls, separability
from overparam_sk.distances import smallest_distance


def distance(x, z):
    return float(np.linalg.norm(x - z))


def pairs(X, one, other):
    return [distance(X[i], X[j]) for i in one for j in other if i != j]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_components", [1, 2, 4])
def test_the_definition(n_components, seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(40, 3)), np.repeat(["a", "b"], 20)
    found = separability(X, y, n_components)
    groups = {
        (label, c): np.flatnonzero((y == label) & (found.component == c))
        for label in "ab"
        for c in range(n_components)
    }
    assert all(len(rows) for rows in groups.values())
    delta = min(pairs(X, range(20), range(20, 40)))
    widest = max(max(pairs(X, rows, rows), default=0) for rows in groups.values())
    assert found.delta == pytest.approx(delta)
    assert found.diameter == pytest.approx(widest)
    assert found.lambda_ == pytest.approx(widest / delta)
    assert found.bound == 1 / (8 * n_components)
    lengths = [distance(x, 0) for x in X]
    assert found.norms == pytest.approx((min(lengths), max(lengths)))
    assert found.holds == (widest / delta <= 1 / (8 * n_components))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_components", range(1, 8))
def test_the_components_of_a_mixture_come_out(n_components, seed):
    X, y, component, _ = make_clustered_mixture(
        1000, 500, n_components=n_components, return_components=True, random_state=seed
    )
    found = separability(X, y)
    assert found.n_components == n_components
    for label in np.unique(y):
        here = y[found.rows] == label
        pairs = set(
            zip(found.component[here], component[found.rows[here]], strict=True)
        )
        assert len(pairs) == n_components  # the same parts, by other names


def test_appendix_c_the_balls_satisfy_a1_with_two_components_only():
    X, y = make_xor_balls(1000, random_state=0)
    two, one = separability(X, y), separability(X, y, 1)
    assert two.n_components == 2
    assert two.holds
    assert two.delta >= 19 / 10
    assert two.diameter <= 1 / 10
    assert not one.holds


@pytest.mark.parametrize("sample", [None, 10])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 20, 21])
def test_a_row_alone_is_no_component(n, sample):
    """Of so few rows each could be its own, of diameter 0, and (A1) hold."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(2 * n, 5)), np.repeat([0, 1], n)
        found = separability(X, y, sample=sample)
        assert found.n_components == 1
        assert found.holds == (n == 1)  # no class has two rows then


@pytest.mark.parametrize("each", [2, 3, 10])
@pytest.mark.parametrize("n_components", [1, 2, 5])
def test_components_of_few_rows_come_out(n_components, each):
    X, y, component, _ = make_clustered_mixture(
        200 * n_components,
        100,
        n_classes=2,
        n_components=n_components,
        return_components=True,
        random_state=0,
    )
    few = np.concatenate(
        [np.flatnonzero(component == c)[:each] for c in range(2 * n_components)]
    )
    assert len(few) == 2 * n_components * each
    assert separability(X[few], y[few]).n_components == n_components


def test_components_may_be_points():
    X, y = np.repeat(np.eye(12), 3, axis=0), np.repeat(np.arange(12) % 2, 3)
    found = separability(X, y)
    assert (found.n_components, found.diameter, found.holds) == (6, 0, True)


def test_a_class_without_structure_is_one_component():
    rng = np.random.default_rng(0)
    for X in (rng.normal(size=(200, 50)), rng.uniform(size=(200, 1))):
        assert separability(X, np.arange(200) % 2).n_components == 1


def test_a_sample_sees_a_larger_delta_and_smaller_diameters():
    X, y = make_clustered_mixture(1000, 50, random_state=0)
    whole, some = separability(X, y, sample=None), separability(X, y, sample=20)
    assert some.delta >= whole.delta
    assert some.diameter <= whole.diameter
    assert len(some.rows) == 200
    assert len(whole.rows) == 1000
    again = separability(X, y, sample=20)
    np.testing.assert_array_equal(some.rows, again.rows)


def test_equal_rows_of_two_classes_are_not_separated():
    X = np.zeros((4, 3))
    X[3] = 1
    found = separability(X, [0, 0, 1, 1])
    assert found.delta == 0
    assert found.lambda_ == np.inf
    assert not found.holds


@pytest.mark.parametrize("apart", [1e-5, 1e-8, 1e-9, 1e-12])
@pytest.mark.parametrize("unit", [1e-150, 1.0, 1e150])
def test_rows_that_are_near_each_other_are_not_equal(apart, unit):
    X = np.array([[1, 0, 1], [1, apart, 1], [0, 1, 1], [0, -1, 1]]) * unit
    assert separability(X, [0, 1, 0, 1]).delta == pytest.approx(apart * unit, rel=1e-9)


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-3, 1.0])
@pytest.mark.parametrize("other", [False, True])
def test_the_smallest_distance_is_that_of_every_pair(apart, other):
    X = np.random.default_rng(0).standard_normal((40, 5))
    X[20:] += 10
    X[7], X[33] = X[3] + apart / 5**0.5, X[3] + 2 * apart / 5**0.5
    given = (X[:20], X[20:]) if other else (X,)
    one, two = (range(20), range(20, 40)) if other else (range(40), range(40))
    expected = min(pairs(X, one, two))
    assert smallest_distance(*given) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "must_be"),
    [
        ({"n_components": 0}, "n_components must be 'auto' or an integer >= 1, got 0"),
        ({"sample": 1.5}, "sample must be None or an integer >= 1, got 1.5"),
    ],
)
def test_refusals(options, must_be):
    with pytest.raises(ValueError, match=must_be):
        separability(np.eye(4), [0, 0, 1, 1], **options)
    with pytest.raises(ValueError, match="at least 2 classes, got 1"):
        separability(np.eye(4), np.zeros(4))
