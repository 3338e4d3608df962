"""Dead rows behind a narrow layer, and the sizes of the parts of H, by their theory."""

import math

import numpy as np
import pytest
import torch

from overparam_sk.diagnostics import gram_matrix
from overparam_sk.experiments.beyond.narrow_nets import (
    dead_rows,
    draw,
    expected_sizes,
    hidden_widths,
    limit_of,
    sizes,
)
from overparam_sk.networks import DeepNetwork, initial_signed_layers

N_DRAWS = 2000


def rows(n, d, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, d))
    X[1] = X[0] + 0.1 * X[1]
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def drawn(widths, d, row_norm, seed):
    """Weights of the package's own networks."""
    layers, w = initial_signed_layers(
        seed, widths, d, row_norm=row_norm, dtype=torch.float64
    )
    return DeepNetwork(layers, w)


def dead_in(X, widths, row_norm):
    """Which rows are dead in each of many networks, shape (N_DRAWS, n)."""
    X, found = torch.from_numpy(X), []
    for seed in range(N_DRAWS):
        net = drawn(widths, X.shape[1], row_norm, seed)
        patterns = net.patterns_at(X @ net.layers[0].T)
        found.append(~patterns[-1].any(dim=1).numpy())
    return np.array(found)


@pytest.mark.parametrize("row_norm", [None, "clip", "unit"])
@pytest.mark.parametrize("widths", [(3,), (7, 3), (16, 7, 3)])
def test_a_row_is_dead_with_the_same_probability_anywhere(widths, row_norm):
    """2^−h for the narrow layer, and the layers below have theirs."""
    dead = dead_in(rows(4, 5), widths, row_norm)
    alive = math.prod(1 - 2.0**-h for h in widths)
    error = math.sqrt(alive * (1 - alive) / N_DRAWS)
    assert abs(dead.mean(axis=0) - (1 - alive)).max() < 4.5 * error


@pytest.mark.parametrize("position", [1, 2, 3])
def test_rows_are_dead_together_as_their_angles_say(position):
    """Layers of 64 units below stand for infinitely wide ones, up to about 1/64."""
    X, h = rows(6, 5), 2
    limit = limit_of(X, position, (h,), 20_000, seed=0)[h]
    N = dead_in(X, hidden_widths(position, position, h, 64), None).sum(axis=1)
    assert limit.mean == pytest.approx(6 / 4)
    squares = (N - limit.mean) ** 2
    error = squares.std() / N_DRAWS**0.5
    assert abs(squares.mean() - limit.variance) < 4 * error + limit.variance / 64
    for share, expected in (((N > 0), limit.any), ((N == 6), limit.all)):
        error = math.sqrt(expected * (1 - expected) * (1 / N_DRAWS + 1 / 20_000))
        assert abs(share.mean() - expected) < 4 * error + 1 / 64
    assert limit.least <= limit.any + 0.01


def test_two_rows_at_an_angle_by_hand():
    theta = 0.7
    X = np.array([[1.0, 0.0], [math.cos(theta), math.sin(theta)]])
    both = ((math.pi - theta) / (2 * math.pi)) ** 3
    limit = limit_of(X, 1, (3,), 40_000, seed=1)[3]
    # Var of the sum of two indicators of probability 1/8.
    assert limit.variance == pytest.approx(2 * (1 / 8 - 1 / 64) + 2 * (both - 1 / 64))
    error = math.sqrt(both / 40_000)
    assert limit.all == pytest.approx(both, abs=4 * error)
    assert limit.any == pytest.approx(1 / 4 - both, abs=8 * error)


def test_rows_that_all_are_one_die_together():
    X = np.ones((5, 3))
    for position in (1, 3):
        limit = limit_of(X, position, (4,), 20_000, seed=0)[4]
        assert limit.any == limit.all == pytest.approx(1 / 16, abs=0.008)
        assert limit.variance == pytest.approx(25 * (1 / 16 - 1 / 256))


@pytest.mark.parametrize("widths", [(3,), (6, 2), (4, 2, 5), (2, 4, 3, 3)])
def test_the_parts_are_those_of_the_gram_matrix(widths):
    X = rows(5, 4)
    *layers, w = draw(np.random.default_rng(3), widths, 4, "clip")
    H = gram_matrix((*layers, w), X)
    places = range(1, len(widths) + 1)
    parts = [gram_matrix((*layers, w), X, layer=place) for place in places]
    expected = [np.trace(part) / 5 for part in parts]
    np.testing.assert_allclose(sizes((*layers, w), X), expected, rtol=1e-12)
    dead = dead_rows(layers, X)
    np.testing.assert_array_equal(dead, ~H.any(axis=1))


@pytest.mark.parametrize("row_norm", [None, "clip"])
@pytest.mark.parametrize("widths", [(3,), (6, 2), (2, 30, 5), (4, 2, 3, 3)])
def test_the_mean_size_of_each_part_is_exact_at_any_width(widths, row_norm):
    X, rng = rows(5, 3), np.random.default_rng(5)
    found = [sizes(draw(rng, widths, 3, row_norm), X) for _ in range(N_DRAWS)]
    error = np.std(found, axis=0) / N_DRAWS**0.5
    off = abs(np.mean(found, axis=0) - expected_sizes(widths, 3, row_norm))
    assert (off < 4.5 * error).all()


def test_with_a_narrow_layer_that_is_not_the_last_a_clipped_part_stays():
    """Of three layers, where all wide ones leave none: the order is Π 1/h_{j−1}."""
    largest = {
        position: [
            expected_sizes(hidden_widths(3, position, 5, m), 10, "clip").max()
            for m in (100, 10_000)
        ]
        for position in range(4)
    }
    for position in (1, 2):
        assert largest[position][1] == pytest.approx(largest[position][0])
    for position in (0, 3):
        ratio = largest[position][1] / largest[position][0]
        assert ratio == pytest.approx(1 / 100)
