"""Kong's sheet through its public door: hostile rows, dtypes, verdicts that change."""

import json
import math

import numpy as np
import pytest

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.datasets import make_unit_sphere
from overparam_sk.theory import PowerProduct, theory_sheet

X, y = make_unit_sphere(12, 6, random_state=0)


def fit(rows=X, targets=y, **options):
    usual = {"learning_rate": 0.01, "max_iter": 20, "random_state": 0}
    return TwoHiddenReLURegressor(4, 30, **{**usual, **options}).fit(rows, targets)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fit_intercept": False},
        {"row_norm": "unit", "fit_intercept": False},
        {"row_norm": None},
        {"momentum": 0.5},
        {"learning_rate": 1.0, "max_iter": 3},
        {"record_every": 7},
        {"diagnostics": None},
        {"gram_samples": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_fit_has_a_sheet_of_plain_finite_numbers(options, dtype):
    rows, targets = X.astype(dtype), y.astype(dtype)
    sheet = theory_sheet(fit(rows, targets, **options), rows, targets)
    assert sheet.paper == "Kong (2019)"
    assert len(sheet.rows) > 50
    for row in sheet.rows:
        for value in (row.found, row.required):
            if not isinstance(value, PowerProduct) and value is not None:
                assert type(value) in (int, float), row
                assert math.isfinite(value), row
    assert str(sheet)
    assert sheet["Theorem 3"][0].costliest in sheet.setting


@pytest.mark.parametrize(
    ("rows", "targets"),
    [
        (np.full_like(X, np.nan), y),
        (X + 1j, y),
        (X[0], y),
        (X[:, :3], y),
        (X, y[:3]),
        (X, np.full_like(y, np.inf)),
        (X[:0], y[:0]),
        (X[::-1], y),
        (X, -y),
        (2 * X, y),
    ],
    ids=[
        "NaN",
        "complex",
        "1-D",
        "columns",
        "rows",
        "inf",
        "none",
        "order",
        "sign",
        "scale",
    ],
)
def test_what_cannot_be_the_training_rows_is_refused(rows, targets):
    with pytest.raises(ValueError, match=r"X|x|y|samples|feature|Complex"):
        theory_sheet(fit(), rows, targets)


def test_a_fit_on_some_of_the_rows_is_refused():
    net = fit(early_stopping=True, validation_fraction=0.25)
    with pytest.raises(ValueError, match="all rows with weight 1"):
        theory_sheet(net, X, y)
    weighted = TwoHiddenReLURegressor(4, 30, learning_rate=0.01, max_iter=2)
    weighted.fit(X, y, sample_weight=np.arange(1.0, 13.0))
    with pytest.raises(ValueError, match="all rows with weight 1"):
        theory_sheet(weighted, X, y)


def test_the_widths_move_with_delta_as_their_powers_say():
    net = fit(fit_intercept=False)
    loose, strict = (theory_sheet(net, X, y, delta=delta) for delta in (0.5, 0.05))
    widths = [sheet["Theorem 3"][0].required.log10 for sheet in (loose, strict)]
    assert widths[1] - widths[0] == pytest.approx(3)  # δ^−3
    radii = [sheet["R'_A"][0].required for sheet in (loose, strict)]
    assert radii[0] == pytest.approx(10 * radii[1])


def test_the_sheet_changes_nothing_of_the_estimator():
    net = fit()
    before = {
        name: np.copy(value) for name, value in vars(net).items() if "weights" in name
    }
    first, second = (theory_sheet(net, X, y).to_dict() for _ in range(2))
    assert first == second
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(net, name), value)


@pytest.mark.parametrize("epsilon", [5e-324, 1e-320, 1e-300])
def test_an_error_however_small_asks_for_a_number_of_iterations(epsilon):
    sheet = theory_sheet(fit(learning_rate=1e-3), X, y, epsilon=epsilon)
    (row,) = sheet["t/η"]
    assert math.isfinite(row.required)


@pytest.mark.parametrize("delta", [5e-324, 1e-320, 1e-307, 1e-200, 1 - 2**-53])
def test_a_probability_however_small_has_a_sheet_of_numbers(delta):
    sheet = theory_sheet(fit(), X, y, delta=delta)
    json.dumps(sheet.to_dict(), allow_nan=False)
    start = sheet["L(0)"]
    assert [row.holds for row in start] == [True, True]
    assert start[0].required_log10 == pytest.approx(math.log10(12) - math.log10(delta))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_rows_of_norm_1_that_a_constant_makes_longer_are_explained(fit_intercept):
    row = theory_sheet(fit(fit_intercept=fit_intercept), X, y).rows[0]
    assert row.quantity == "rows have norm 1"
    assert row.holds is not fit_intercept
    assert ("fit_intercept=True" in row.note) == fit_intercept
