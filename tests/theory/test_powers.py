"""Products of powers against Python's exact integers and fractions."""

import math
from fractions import Fraction

import pytest

from overparam_sk.theory import PowerProduct, SheetRow


def test_the_logarithm_is_that_of_the_exact_product():
    product = PowerProduct(
        {"kl": 20, "δ": 1.25, "ε": 0.5}, {"kl": 20, "δ": -12, "ε": -24}
    )
    exact = Fraction(20) ** 20 / Fraction(5, 4) ** 12 * Fraction(2) ** 24
    assert math.isclose(product.log10, math.log10(exact), rel_tol=1e-14)
    assert product.costliest == "kl"
    assert str(product) == "kl^20 δ^-12 ε^-24"


def test_a_product_beyond_floats_is_compared():
    product = PowerProduct({"n": 10.0}, {"n": 400})
    assert SheetRow("T", "width", "m", 1e300, ">=", product).holds is False
    assert SheetRow("T", "step", "η", 1e300, "<=", product).holds is True


def test_nothing_is_less_than_any_product():
    product = PowerProduct({"ε": 0.1}, {"ε": 400})
    assert SheetRow("T", "decrease", "ΔL", 0.0, ">=", product).holds is False
    assert SheetRow("T", "loss", "L", 0.0, "<=", product).holds is True


@pytest.mark.parametrize("row", [SheetRow("T", "q", "s"), SheetRow("T", "q", "s", 1.0)])
def test_where_nothing_is_asked_nothing_holds(row):
    assert row.holds is None
