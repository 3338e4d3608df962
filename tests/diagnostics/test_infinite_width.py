"""The public functions of the infinite width: what they are, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from overparam_sk.datasets import make_unit_sphere
from overparam_sk.diagnostics import infinite_width_gram, infinite_width_lambda_min
from overparam_sk.networks import (
    DirectedRows,
    expected_gram_parts,
    forward,
    gate_gram,
    gated_linear_kernel,
    gram_parts,
    infinite_kernels,
    initial_layers,
    initial_weights,
    layer_parts,
    narrow_parts,
    readout_weights,
)

DEEP = {"network": "deep_relu"}
KONG = {"network": "kong_2019", "n_points": 256}


def data(n=7, d=4, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def test_li_liang_is_the_limit_of_the_finite_gram():
    X = torch.from_numpy(data())
    m = 100_000
    W = initial_weights(0, m, 4, dtype=torch.float64)
    a = readout_weights(0, 10, m, dtype=torch.float64)
    finite = (X @ X.T) * gate_gram(X @ W.T > 0, a) / m
    # Each entry averages m terms ā_r·1·1 of variance at most 0.6.
    lengths = X.norm(dim=1).numpy()
    error = (finite.numpy() - infinite_width_gram(X)) / np.outer(lengths, lengths)
    assert abs(error).max() < 4.5 * (0.6 / m) ** 0.5


def test_parts_options_and_defaults_of_kong():
    X, Y = data(), data(3, seed=1)
    kernels = infinite_kernels(6, 4, "unit", 256, 3)
    B_part, A_part = kernels.gram_parts(torch.from_numpy(X), torch.from_numpy(Y))
    options = {**KONG, "width1": 6, "row_norm": "unit", "random_state": 3}
    parts = {
        part: infinite_width_gram(X, Y, part=part, **options)
        for part in ("first", "second", "sum")
    }
    np.testing.assert_array_equal(parts["first"], A_part)
    np.testing.assert_array_equal(parts["second"], B_part)
    np.testing.assert_array_equal(parts["sum"], A_part + B_part)
    assert parts["sum"].dtype == np.float64
    np.testing.assert_array_equal(
        infinite_width_gram(X, **KONG),
        infinite_width_gram(X, X, width1=5, row_norm="clip", random_state=0, **KONG),
    )


def test_the_first_weights_replace_the_average_over_them():
    X, A = data(), data(6, seed=1)
    Z = torch.from_numpy(X @ A.T)
    inner = torch.from_numpy(X @ X.T)
    parts = expected_gram_parts(Z, Z, inner, "unit")
    options = {"network": "kong_2019", "first_weights": A, "row_norm": "unit"}
    gram = infinite_width_gram(X, part="second", **options)
    np.testing.assert_allclose(gram, parts[0], rtol=1e-13)
    gram = infinite_width_gram(X, **options)
    np.testing.assert_allclose(gram, parts[0] + parts[1], rtol=1e-13)


def test_deep_networks_are_their_layers():
    X, Y = data(), data(3, seed=1)
    rows = [DirectedRows.of(torch.from_numpy(M)) for M in (X, Y)]
    *hidden, readout = layer_parts(*rows, 3)
    options = {**DEEP, "depth": 3}
    for layer, part in enumerate(hidden, start=1):
        found = infinite_width_gram(X, Y, part=layer, **options)
        np.testing.assert_array_equal(found, part)
    for name, layer in (("first", 0), ("second", 1)):
        found = infinite_width_gram(X, Y, part=name, **options)
        np.testing.assert_array_equal(found, hidden[layer])
    found = infinite_width_gram(X, Y, part="readout", **options)
    np.testing.assert_array_equal(found, readout)
    np.testing.assert_allclose(infinite_width_gram(X, Y, **options), sum(hidden))
    found = infinite_width_gram(X, Y, train_readout=True, **options)
    np.testing.assert_allclose(found, sum(hidden) + readout)


def test_li_liang_with_the_readout_is_deep_with_one_layer():
    X = data()
    deep = {**DEEP, "depth": 1}
    for options in ({}, {"train_readout": True}, {"part": "readout"}):
        found = infinite_width_gram(X, **options)
        np.testing.assert_allclose(found, infinite_width_gram(X, **deep, **options))


def test_narrow_first_layers_are_given():
    X, A, B = data(), data(6, seed=1), data(2, 6, seed=2)
    rows, given = torch.from_numpy(X), [torch.from_numpy(M) for M in (A, B)]
    for layers, depth in ((A, 2), ([A], 3), ((A, B), 4), ([A.tolist(), B], 3)):
        n = 2 if len(layers) == 2 else 1
        parts = narrow_parts(rows, rows, given[:n], depth)
        options = {**DEEP, "depth": depth, "first_weights": layers}
        found = infinite_width_gram(X, **options)
        np.testing.assert_allclose(found, sum(parts[:-1]))
        found = infinite_width_gram(X, part="readout", **options)
        np.testing.assert_array_equal(found, parts[-1])
    # One of two is Kong's, whose rows are not scaled.
    kong = {"network": "kong_2019", "first_weights": A, "row_norm": None}
    options = {**DEEP, "first_weights": A}
    found = infinite_width_gram(X, **options)
    np.testing.assert_allclose(found, infinite_width_gram(X, **kong), atol=1e-13)


def test_an_intercept_is_a_column_of_ones():
    X, Y, A = data(), data(3, seed=1), data(6, 5, seed=2)
    X1, Y1 = (np.column_stack([M, np.ones(len(M))]) for M in (X, Y))
    for options in (
        {},
        KONG,
        DEEP,
        {**DEEP, "first_weights": A},
        {"network": "kong_2019", "first_weights": A},
    ):
        augmented = infinite_width_gram(X, Y, fit_intercept=True, **options)
        np.testing.assert_array_equal(augmented, infinite_width_gram(X1, Y1, **options))
    assert infinite_width_lambda_min([[0.0]], fit_intercept=True) == (0.5, 0.0)


def test_kong_is_the_mean_of_its_scrambles():
    X = data()
    grams = [infinite_width_gram(X, scramble=s, **KONG) for s in range(8)]
    np.testing.assert_allclose(infinite_width_gram(X, **KONG), np.mean(grams, axis=0))
    values = [np.linalg.eigvalsh(gram)[0] for gram in grams]
    value, standard_error = infinite_width_lambda_min(X, **KONG)
    mean = np.linalg.eigvalsh(np.mean(grams, axis=0))[0]
    assert value == pytest.approx(mean, rel=1e-9)
    assert standard_error == pytest.approx(np.std(values, ddof=1) / math.sqrt(8))
    assert 0 < standard_error < 0.1 * value


def test_the_standard_error_of_lambda_min_is_the_scatter_over_seeds():
    X, _ = make_unit_sphere(20, 10, random_state=0)
    found = [
        infinite_width_lambda_min(X, random_state=seed, **KONG) for seed in range(12)
    ]
    values, told = np.array(found).T
    assert 0.5 < values.std(ddof=1) / np.sqrt((told**2).mean()) < 2


@pytest.mark.parametrize("options", [{}, KONG], ids=["li_liang_2018", "kong_2019"])
def test_lambda_min_of_repeated_rows_is_zero(options):
    X = data()
    assert infinite_width_lambda_min(X, **options)[0] > 0
    assert infinite_width_lambda_min(np.vstack([X, X[:1]]), **options)[0] == 0.0


@pytest.mark.parametrize("network", ["li_liang_2018", "kong_2019"])
def test_rows_of_a_line_and_rows_of_zeros(network):
    gram = infinite_width_gram([[2.0], [0.0], [-3.0]], network=network, n_points=2)
    diagonal = infinite_width_gram([[1.0]], network=network, n_points=2)
    np.testing.assert_allclose(gram, diagonal * np.diag([4.0, 0, 9]), atol=1e-13)


def test_finite_networks_agree_on_average_with_h_infinity():
    X = data(5, 8)
    h1, h2, n_draws = 5, 50, 1500
    grams = np.empty((n_draws, 5, 5))
    for seed in range(n_draws):
        net = initial_layers(seed, h1, h2, 8, row_norm="clip", dtype=torch.float64)
        at = forward(torch.from_numpy(X) @ net.A.T, net.B, net.w)
        grams[seed] = sum(gram_parts(at, torch.from_numpy(X @ X.T))).numpy()
    standard_error = grams.std(axis=0) / n_draws**0.5
    error = abs(grams.mean(axis=0) - infinite_width_gram(X, network="kong_2019"))
    assert (error < 4 * standard_error).all()


def test_single_precision_and_lists_are_taken_exactly():
    X = data().astype(np.float32)
    expected = gated_linear_kernel(*[torch.from_numpy(X).double()] * 2)
    np.testing.assert_array_equal(infinite_width_gram(X), expected)
    np.testing.assert_array_equal(infinite_width_gram(X.tolist()), expected)


NAN = np.array([[1.0, np.nan]])


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (
            [1.0, 2.0],
            {},
            r"X must be a dense 2-D array .* got an array of shape \(2,\)",
        ),
        ([], {}, r"X must be a dense 2-D array .* got an array of shape \(0,\)"),
        (csr_array(np.eye(2)), {}, "got a sparse matrix of shape"),
        (NAN, {}, "X must be .* finite numbers, got NaN"),
        ([[1e200, 0.0]], {}, "must be finite numbers .* scale X to smaller"),
        ([[1.0, 2.0]], {"Y": [[1.0]]}, "Y must have the 2 columns of X, got 1"),
        ([[1.0, 2.0]], {"Y": NAN}, "Y must be .* finite numbers"),
        (
            [[1.0]],
            {"network": "ntk"},
            "network must be 'li_liang_2018' or .*'ntk'",
        ),
        ([[1.0]], {"part": "third"}, "part must be 'sum' or .* got 'third'"),
        ([[1.0]], {"part": "second"}, "part must be 'sum' or 'first' .* got 'second'"),
        ([[1.0]], {"first_weights": [[1.0]]}, "first_weights must be None"),
        (
            [[1.0]],
            {**DEEP, "part": 3},
            "must be 'sum' or 'readout' or an integer from 1 to 2 .* got 3",
        ),
        (
            [[1.0]],
            {**DEEP, "depth": 0},
            "depth must be an integer from 1 to 512",
        ),
        ([[1.0]], {**KONG, "part": "readout"}, "part must be 'sum' or 'first' or 'sec"),
        ([[1.0]], {**KONG, "train_readout": True}, "train_readout must be False for"),
        (
            [[1.0]],
            {**DEEP, "first_weights": [[[1.0]], [[1.0]]]},
            "those of at most depth - 1 = 1 layers, got 2",
        ),
        (
            [[1.0]],
            {**DEEP, "depth": 3, "first_weights": [np.ones((2, 1)), [[1.0]]]},
            r"first_weights\[1\] must have 2 columns, one for each unit .* got 1",
        ),
        (
            [[1.0]],
            {**DEEP, "first_weights": [1.0]},
            "first_weights must be a dense 2-D",
        ),
        ([[1.0]], {**KONG, "row_norm": "l1"}, "row_norm must be .* got 'l1'"),
        (
            [[1.0]],
            {**KONG, "width1": 0},
            "an integer from 1 to 7067, got 0",
        ),
        (
            [[1.0]],
            {**KONG, "width1": 2.0},
            "an integer from 1 to 7067, got 2.0",
        ),
        (
            [[1.0]],
            {**KONG, "n_points": 100},
            "n_points must be a power of two .*, got 100",
        ),
        ([[1.0]], {**KONG, "n_points": 0}, "n_points must be a power of two .*, got 0"),
        ([[1.0]], {**KONG, "random_state": None}, "random_state must be an integer"),
        (
            [[1.0]],
            {**KONG, "scramble": 8},
            "None or an integer from 0 to 7, got 8",
        ),
        (
            [[1.0]],
            {**KONG, "first_weights": [1.0]},
            "first_weights must be a dense 2-D",
        ),
        (
            [[1.0]],
            {**KONG, "first_weights": NAN[:, 1:]},
            "first_weights must be .* finite numbers",
        ),
        (
            [[1.0]],
            {**KONG, "first_weights": [[1.0]], "fit_intercept": True},
            "first_weights must have 2 columns, .* got 1",
        ),
    ],
)
def test_refusals(X, options, message):
    with pytest.raises(ValueError, match=message):
        infinite_width_gram(X, **options)
