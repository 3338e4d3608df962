"""The generators: what they promise about distributions, order, seeds and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from overparam_sk.datasets import (
    make_clustered_mixture,
    make_unit_sphere,
    make_xor_balls,
)

GENERATORS = [make_clustered_mixture, make_xor_balls, make_unit_sphere]


def assert_variance(values, expected, n_errors=4.0):
    """Check the variance of independent N(0, expected) values."""
    standard_error = expected * np.sqrt(2 / values.size)
    assert abs(np.mean(values**2) - expected) < n_errors * standard_error


def assert_frequencies(counts, probabilities, n_errors=4.0):
    """Check multinomial counts."""
    n = counts.sum()
    standard_errors = np.sqrt(n * probabilities * (1 - probabilities))
    assert np.all(np.abs(counts - n * probabilities) <= n_errors * standard_errors)


@pytest.mark.parametrize("make", GENERATORS)
class TestEveryGenerator:
    def test_same_seed_same_data(self, make):
        for first, second in zip(
            make(20, random_state=3), make(20, random_state=3), strict=True
        ):
            assert_array_equal(first, second)

    def test_other_seed_other_data(self, make):
        X, _ = make(20, random_state=3)
        other, _ = make(20, random_state=4)
        assert not np.any(other == X)

    def test_none_is_a_fresh_generator(self, make):
        assert not np.any(make(20)[0] == make(20)[0])

    @pytest.mark.parametrize("seed", [None, 0])
    def test_global_generator_is_left_alone(self, make, seed):
        before = np.random.get_state()  # noqa: NPY002
        make(20, random_state=seed)
        after = np.random.get_state()  # noqa: NPY002
        assert before[0] == after[0]
        assert_array_equal(before[1], after[1])
        assert before[2:] == after[2:]

    def test_generator_is_advanced(self, make):
        generator = np.random.RandomState(0)
        first, _ = make(20, random_state=generator)
        second, _ = make(20, random_state=generator)
        assert not np.any(first == second)
        assert_array_equal(first, make(20, random_state=0)[0])

    def test_unknown_random_state_is_refused(self, make):
        with pytest.raises(ValueError, match=r"random_state must be .* got '0'"):
            make(20, random_state="0")

    @pytest.mark.parametrize("n_samples", [0, -1, 2.0, "3", None, True, np.nan])
    def test_n_samples_is_checked(self, make, n_samples):
        with pytest.raises(ValueError, match="n_samples must be an integer >= 1, got"):
            make(n_samples)

    def test_numpy_integers_are_integers(self, make):
        assert len(make(np.int64(7))[0]) == 7


class TestClusteredMixture:
    def test_defaults_are_the_papers(self):
        X, y, component, centers = make_clustered_mixture(
            return_components=True, random_state=0
        )
        assert X.shape == (1000, 1000)
        assert centers.shape == (20, 1000)
        assert (X.dtype, y.dtype, component.dtype) == (float, np.int64, np.int64)
        assert_array_equal(np.unique(y), np.arange(10))
        assert_array_equal(np.unique(component), np.arange(20))

    @pytest.mark.parametrize(("component_std", "center_std"), [(1.0, 5.0), (3.0, 0.5)])
    @pytest.mark.parametrize("n_features", [50, 400])
    def test_variances(self, component_std, center_std, n_features):
        X, _, component, centers = make_clustered_mixture(
            500,
            n_features,
            component_std=component_std,
            center_std=center_std,
            return_components=True,
            random_state=0,
        )
        assert_variance(centers, center_std**2 / n_features)
        assert_variance(X - centers[component], component_std**2 / n_features)

    def test_points_spread_around_their_own_center(self):
        X, _, component, centers = make_clustered_mixture(
            2000, 10, n_classes=2, return_components=True, random_state=1
        )
        for c, center in enumerate(centers):
            of_component = X[component == c]
            standard_error = 1 / np.sqrt(10 * len(of_component))
            assert_allclose(of_component.mean(axis=0), center, atol=4 * standard_error)
            covariance = np.cov(of_component.T)
            off_diagonal = covariance[~np.eye(10, dtype=bool)]
            assert np.abs(off_diagonal).max() < 5 * 0.1 / np.sqrt(len(of_component))

    def test_components_belong_to_classes_in_blocks(self):
        _, y, component, _ = make_clustered_mixture(
            200, 3, n_classes=4, n_components=3, return_components=True, random_state=0
        )
        assert_array_equal(y, component // 3)

    def test_components_are_equally_likely(self):
        _, _, component, _ = make_clustered_mixture(
            8000, 1, return_components=True, random_state=0
        )
        assert_frequencies(np.bincount(component, minlength=20), np.full(20, 1 / 20))

    @pytest.mark.parametrize("flat", [False, True])
    def test_weights(self, flat):
        weights = np.array([[6, 2, 0], [1, 0, 1]])
        _, _, component, _ = make_clustered_mixture(
            4000,
            2,
            n_classes=2,
            n_components=3,
            weights=weights.ravel() if flat else weights.tolist(),
            return_components=True,
            random_state=0,
        )
        assert_frequencies(np.bincount(component, minlength=6), weights.ravel() / 10)

    def test_scale_of_the_weights_does_not_matter(self):
        weights = np.array([1.0, 2.0])
        samples = [
            make_clustered_mixture(
                30, 2, n_classes=2, n_components=1, weights=w, random_state=0
            )[0]
            for w in (weights, weights * 1e307 * 8, weights * 5e-324)
        ]
        assert_array_equal(samples[0], samples[1])
        assert_array_equal(samples[0], samples[2])

    def test_centers_do_not_depend_on_n_samples(self):
        few = make_clustered_mixture(3, 20, return_components=True, random_state=5)
        many = make_clustered_mixture(300, 20, return_components=True, random_state=5)
        assert_array_equal(few[3], many[3])

    def test_return_components_changes_nothing_else(self):
        X, y = make_clustered_mixture(30, 20, random_state=5)
        with_components = make_clustered_mixture(
            30, 20, random_state=5, return_components=True
        )
        assert_array_equal(X, with_components[0])
        assert_array_equal(y, with_components[1])

    def test_normalize_scales_rows_and_nothing_else(self):
        raw, y, _, centers = make_clustered_mixture(
            50, 20, random_state=0, return_components=True
        )
        X, y_too, _, centers_too = make_clustered_mixture(
            50, 20, random_state=0, return_components=True, normalize=True
        )
        norms = np.linalg.norm(raw, axis=1)
        assert np.ptp(norms) > 0.5
        assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-14)
        assert_allclose(X * norms[:, None], raw, rtol=1e-13)
        assert_array_equal(y, y_too)
        assert_array_equal(centers, centers_too)

    def test_zero_spread_puts_points_on_the_centers(self):
        X, _, component, centers = make_clustered_mixture(
            50, 20, component_std=0, return_components=True, random_state=0
        )
        assert_array_equal(X, centers[component])

    def test_zero_rows_cannot_be_normalized(self):
        with pytest.raises(ValueError, match="must be > 0 with normalize=True, got 0"):
            make_clustered_mixture(5, 5, component_std=0, center_std=0, normalize=True)

    @pytest.mark.parametrize("name", ["n_features", "n_classes", "n_components"])
    @pytest.mark.parametrize("value", [0, 1.5, "2", False])
    def test_counts_are_checked(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be an integer >= 1, got"):
            make_clustered_mixture(**{name: value})

    @pytest.mark.parametrize("name", ["component_std", "center_std"])
    @pytest.mark.parametrize("value", [-1e-9, np.nan, np.inf, "1", None, True])
    def test_scales_are_checked(self, name, value):
        with pytest.raises(ValueError, match=f"{name} must be a finite number >= 0"):
            make_clustered_mixture(**{name: value})

    @pytest.mark.parametrize("shape", [(4,), (3, 2), (2, 3, 1), (1, 6), ()])
    def test_shape_of_weights_is_checked(self, shape):
        with pytest.raises(ValueError, match=r"shape \(2, 3\) or \(6,\), got"):
            make_clustered_mixture(n_classes=2, n_components=3, weights=np.ones(shape))

    @pytest.mark.parametrize(
        "weights", [[1, -1], [0, 0], [1, np.nan], [np.inf, 1], [-1, -1]]
    )
    def test_values_of_weights_are_checked(self, weights):
        with pytest.raises(ValueError, match=r"finite (and non-neg|numbers)"):
            make_clustered_mixture(n_classes=2, n_components=1, weights=weights)

    @settings(max_examples=30, deadline=None)
    @given(
        n_samples=st.integers(1, 20),
        n_features=st.integers(1, 8),
        n_classes=st.integers(1, 4),
        n_components=st.integers(1, 3),
        normalize=st.booleans(),
        seed=st.integers(0, 2**32 - 1),
    )
    def test_shapes(
        self, n_samples, n_features, n_classes, n_components, normalize, seed
    ):
        X, y, component, centers = make_clustered_mixture(
            n_samples,
            n_features,
            n_classes=n_classes,
            n_components=n_components,
            normalize=normalize,
            return_components=True,
            random_state=seed,
        )
        assert X.shape == (n_samples, n_features)
        assert y.shape == component.shape == (n_samples,)
        assert centers.shape == (n_classes * n_components, n_features)
        assert np.all(np.isfinite(X))
        assert 0 <= y.min() <= y.max() < n_classes
        assert_array_equal(y, component // n_components)


class TestXorBalls:
    def test_labels_are_xor_of_the_centers(self):
        X, y, component, centers = make_xor_balls(
            random_state=0, return_components=True
        )
        assert X.shape == (400, 2)
        assert (X.dtype, y.dtype, component.dtype) == (float, np.int64, np.int64)
        assert_array_equal(centers, [[0, 2], [2, 0], [0, 0], [2, 2]])
        assert_array_equal(y, component // 2)
        far_right, far_up = (X > 1).T
        assert_array_equal(y == 1, far_right == far_up)

    @pytest.mark.parametrize("radius", [0, 0.05, 1 / 17, 0.9])
    def test_points_lie_in_their_balls(self, radius):
        X, _, component, centers = make_xor_balls(
            radius=radius, random_state=0, return_components=True
        )
        distances = np.linalg.norm(X - centers[component], axis=1)
        assert distances.max() <= radius + 1e-15

    def test_balls_are_separated(self):
        X, _, component, _ = make_xor_balls(random_state=0, return_components=True)
        distances = np.linalg.norm(X[:, None] - X, axis=2)
        same_ball = component[:, None] == component
        assert distances[same_ball].max() <= 0.1
        assert distances[~same_ball].min() >= 1.9

    def test_points_are_uniform_in_the_ball(self):
        X, _, component, centers = make_xor_balls(
            8000, radius=2.0, random_state=0, return_components=True
        )
        offsets = (X - centers[component]) / 2
        # The share within radius r is r², and each of 8 sectors holds an eighth.
        rings = np.floor(np.sum(offsets**2, axis=1) * 10).astype(int)
        assert_frequencies(np.bincount(rings, minlength=10), np.full(10, 0.1))
        angles = np.arctan2(*offsets.T) + np.pi
        sectors = np.floor(angles / (2 * np.pi) * 8).astype(int)
        assert_frequencies(np.bincount(sectors, minlength=8), np.full(8, 1 / 8))

    def test_balls_are_equally_likely(self):
        _, _, component, _ = make_xor_balls(
            8000, random_state=0, return_components=True
        )
        assert_frequencies(np.bincount(component, minlength=4), np.full(4, 1 / 4))

    @pytest.mark.parametrize("radius", [-0.1, np.nan, np.inf, "0.05", None])
    def test_radius_is_checked(self, radius):
        with pytest.raises(ValueError, match="radius must be a finite number >= 0"):
            make_xor_balls(radius=radius)


class TestUnitSphere:
    def test_defaults_are_the_papers(self):
        X, y = make_unit_sphere(random_state=0)
        assert X.shape == (50, 100)
        assert y.shape == (50,)
        assert X.dtype == y.dtype == float

    @pytest.mark.parametrize("n_features", [1, 2, 100])
    def test_rows_have_norm_one(self, n_features):
        X, _ = make_unit_sphere(40, n_features, random_state=0)
        assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-14)

    def test_points_are_uniform(self):
        # Archimedes: on the sphere in 3 dimensions each coordinate is uniform on
        # [-1, 1]; a normalised cube, for one, fails this.
        X, _ = make_unit_sphere(40000, 3, random_state=0)
        for coordinate in X.T:
            bins = np.floor((coordinate + 1) * 5).astype(int)
            assert_frequencies(np.bincount(bins, minlength=10), np.full(10, 0.1))

    def test_targets_are_uniform(self):
        _, y = make_unit_sphere(4000, 2, random_state=0)
        assert 0 <= y.min() <= y.max() < 1
        bins = np.floor(y * 10).astype(int)
        assert_frequencies(np.bincount(bins, minlength=10), np.full(10, 0.1))

    def test_n_features_is_checked(self):
        with pytest.raises(ValueError, match="n_features must be an integer >= 1"):
            make_unit_sphere(5, 0)
