"""Every slip of the papers: the line of algebra, in sympy or in numbers.

Each of `overparam_sk.theory.SLIPS` has a check here, by its paper and place. A check
shows that what is printed does not follow, and that what is said to follow does.
"""

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
import torch
from scipy.special import gammaln
from scipy.stats import norm

from overparam_sk.networks import initial_layers
from overparam_sk.theory import SLIPS

CHECKS: dict[tuple[str, str], Callable[[], None]] = {}

n, h1, h2, d, k, m = sp.symbols("n h1 h2 d k m", positive=True)
l = sp.Symbol("l", positive=True)  # noqa: E741 (the paper's)
L0, lam, delta, eps, eta = sp.symbols("L0 lambda_0 delta epsilon eta", positive=True)
sigma, tau, gamma, v, B, p = sp.symbols("sigma tau gamma v B p", positive=True)
R_A, R_B, c = sp.symbols("R_A R_B c", positive=True)
PAPERS = {"K19": "Kong (2019)", "LL18": "Li and Liang (2018)"}


def check(paper, where):
    def keep(function):
        CHECKS[paper, where] = function
        return function

    return keep


def same(left, right):
    return sp.simplify(left - right) == 0


def powers_of(symbol, expression):
    """The exponent of a symbol in a product of powers."""
    return sp.simplify(symbol * sp.diff(sp.log(expression), symbol))


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.paper} {slip.where}")
def test_the_algebra_shows_the_slip(slip):
    CHECKS[slip.paper, slip.where]()


def test_every_check_is_of_a_slip_that_is_listed_once():
    places = [(slip.paper, slip.where) for slip in SLIPS]
    assert len(set(places)) == len(places)
    assert set(places) == set(CHECKS)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_docs_list_the_slips(paper):
    text = (Path(__file__).parents[2] / "docs" / "slips.md").read_text(encoding="utf-8")
    assert f"## {PAPERS[paper]}" in text
    assert markdown(paper) in text


def markdown(paper):
    """The table of docs/slips.md; a bar inside a cell is written as an entity."""
    lines = [
        [slip.where, slip.printed, slip.derived, slip.why]
        for slip in SLIPS
        if slip.paper == paper
    ]
    head = [["where", "printed", "what follows", "why"], ["---"] * 4]
    cells = [[cell.replace("|", "&#124;") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*head, *cells])


# ------------------------------------------------------------------------ Kong (2019)
R_prime_A = 2 / lam * sp.sqrt(2 * n * L0 / (h1 * h2 ** sp.Rational(2, 3)))
R_prime_B = 2 / lam * sp.sqrt(2 * n * L0 / h2)


def least_h2(equation):
    (found,) = sp.solve(equation, h2)
    return found


@check("K19", "Lemma 4")
def lemma_4():
    log = sp.Symbol("log", positive=True)
    width = least_h2(sp.Eq(2 * n**2 / h2 * log, (lam / 4) ** 2))
    assert same(width, 32 * n**2 / lam**2 * log)
    assert powers_of(lam, width) == -2


@check("K19", "Lemma 4, every h2")
def lemma_4_dead_rows():
    rows = np.eye(100)
    for width in (10, 1000):
        dead = 0
        for seed in range(60):
            A, weights, w = initial_layers(
                seed, 5, width, 100, row_norm="clip", dtype=torch.float64
            )
            Y = np.maximum(rows @ A.numpy().T, 0)
            off = (Y == 0).all(axis=1)
            # A row without features has no gradient in either layer.
            assert not (np.maximum(Y @ weights.numpy().T, 0)[off] @ w.numpy()).any()
            dead += off.sum()
        assert dead / 6000 == pytest.approx(2**-5, abs=0.01)


@check("K19", "§IV-C")
def section_4c():
    squared = sp.Eq(R_prime_A**2, (delta * lam / (n * h1)) ** 2)
    (power,) = sp.solve(squared.subs(h2 ** sp.Rational(2, 3), v), v)
    assert same(power, 8 * n**3 * L0 * h1 / (lam**4 * delta**2))
    assert powers_of(lam, power ** sp.Rational(3, 2)) == -6  # Theorem 3's
    of_B = least_h2(sp.Eq(R_prime_B**2, (delta * lam / n) ** 2))
    assert same(of_B, 8 * n**3 * L0 / (lam**4 * delta**2))


@check("K19", "eq. 12")
def equation_12():
    # E σ(z)² = ½ E z² for a symmetric z, and a layer of h1 units on ‖x‖ = 1.
    a, b = sp.symbols("a b", positive=True)
    Y = h1 * a / 2
    u = h2 * (b * Y / 2) / (h1 * h2)
    assert same(u, a * b / 4)
    assert n * u.subs({a: 1, b: 1}) / 2 == n / 8
    assert same(u.subs({a: 1 / d, b: 1 / h1}), 1 / (4 * d * h1))
    z = sp.Symbol("z", real=True)
    half = sp.integrate(z**2 * sp.exp(-(z**2) / 2), (z, 0, sp.oo))
    assert same(half / sp.sqrt(2 * sp.pi), sp.Rational(1, 2))


@check("K19", "eq. 23")
def equation_23():
    B0 = np.random.default_rng(0).normal(size=(4000, 5))
    B0 /= np.linalg.norm(B0, axis=1, keepdims=True)
    columns = np.square(B0).sum(axis=0)
    assert columns.mean() == pytest.approx(4000 / 5)
    assert columns.min() > 700
    by_columns = R_prime_A * sp.sqrt(h2 / h1) / h2 ** sp.Rational(1, 6)
    assert same(by_columns, 2 / lam * sp.sqrt(2 * n * L0) / h1)
    assert not by_columns.simplify().has(h2)


@check("K19", "eq. 24, sum")
def equation_24_sum():
    bound = 2 * (1 - h1 / tau**2) * sp.exp(-h1 * h2 * delta**2 / (tau + 2) ** 2)
    assert bound.subs(h1, tau**2) == 0
    # P(E) = P(E and G) + P(E and not G), with G of probability g: printed is g P(E|G).
    g, given, otherwise = sp.Rational(1, 2), sp.Rational(1, 10), 1
    assert g * given + (1 - g) * otherwise > g * given
    assert g * given + (1 - g) * otherwise <= (1 - g) + given


@check("K19", "eq. 24, exponent")
def equation_24_exponent():
    N, M = h1 * h2, tau + 2
    hoeffding = -2 * N**2 * delta**2 / (N * (2 * M) ** 2)
    assert same(hoeffding, -h1 * h2 * delta**2 / (2 * (tau + 2) ** 2))
    with_k = hoeffding.subs(tau, sp.sqrt(h1 * h2**k) - 2)
    assert same(with_k, -(h2 ** (1 - k)) * delta**2 / 2)  # (25)'s


@check("K19", "eq. 24, independence")
def equation_24_independence():
    b = sp.Symbol("b", positive=True)
    for width in (2, 3, 5):
        sums = map(sum, itertools.product([-1, 1], repeat=width))
        values = [(b * total) ** 2 / width for total in sums]
        mean = sum(values) / len(values)
        variance = sum((value - mean) ** 2 for value in values) / len(values)
        assert same(variance, 2 * b**4 * (1 - sp.Rational(1, width)))
    assert sp.limit(2 * b**4 * (1 - 1 / h2), h2, sp.oo) == 2 * b**4


@check("K19", "eq. 27")
def equation_27():
    power = sp.sqrt(2) / (sp.sqrt(2) - sp.sqrt(delta))
    # The simplification in (27) is right.
    assert same(2 * (1 - 1 / power) / delta, sp.sqrt(2 / delta))
    assert sp.simplify(power.subs(delta, sp.Rational(1, 2)) - 2) == 0
    assert sp.simplify(sp.diff(power, delta)).subs(delta, 0.3) > 0
    # h1/τ² > h1/(τ + 2)² = 1/h2^k ≥ 1/2 has failed, whatever h1 is.
    for share in (1e-6, 0.1, 0.5):
        of_2 = float(power.subs(delta, share))
        for width in (5, 1000, 10**8):
            failed = width / (math.sqrt(width * of_2) - 2) ** 2
            assert failed > 0.5
        # τ ≤ √h1, where √(2 h1) − 2 ≤ √h1 at the latest.
        assert all(
            math.sqrt(width * of_2) - 2 < math.sqrt(width) for width in range(24)
        )
    assert math.sqrt(2 * 24) - 2 > math.sqrt(24)


@check("K19", "eq. 31")
def equation_31():
    def density(columns):
        logs = gammaln([columns / 2, (columns - 1) / 2])
        return math.exp(logs[0] - logs[1]) / math.sqrt(math.pi)

    gauss = 1 / math.sqrt(2 * math.pi)
    assert density(2) < gauss < density(3)
    assert density(100) == pytest.approx(3.96, abs=0.01)
    assert gauss == pytest.approx(0.40, abs=0.01)
    assert density(10**6) / gauss == pytest.approx(1000, rel=1e-5)
    # The density of one coordinate of a uniform direction.
    rows = np.random.default_rng(0).normal(size=(200_000, 20))
    near = np.abs(rows[:, 0] / np.linalg.norm(rows, axis=1)) <= 0.01
    found = near.mean() / 0.02
    assert found == pytest.approx(density(20), rel=0.1)


@check("K19", "eq. 32")
def equation_32():
    before, after = np.array([1, 0.5]), np.array([1, 0.7])
    assert ((before > 0) == (after > 0)).all()
    unit = np.array([1, -1.5])
    assert (unit @ before > 0) != (unit @ after > 0)
    drawn = np.random.default_rng(0).normal(size=(200_000, 2))
    changed = ((drawn @ before > 0) != (drawn @ after > 0)).mean()
    expected = (math.atan(0.7) - math.atan(0.5)) / math.pi
    assert changed == pytest.approx(expected, rel=0.05)
    assert expected > 0.04


@check("K19", "eq. 36")
def equation_36():
    q, N = sp.Rational(1, 1000), 1000
    assert 1 - (1 - q) ** N > 600 * q
    assert 1 - (1 - q) ** N <= N * q


@check("K19", "eq. 38, squares")
def equation_38_squares():
    a, b = sp.symbols("a b", real=True)
    assert ((a + b) ** 2 - a**2 - b**2).subs({a: 1, b: 1}) > 0
    assert same(2 * (a**2 + b**2) - (a + b) ** 2, (a - b) ** 2)


@check("K19", "eq. 38, h2")
def equation_38_widths():
    B0 = np.random.default_rng(0).normal(size=(40, 5))
    B0 /= np.linalg.norm(B0, axis=1, keepdims=True)
    assert np.square(B0).sum() / B0.size == pytest.approx(1 / 5)
    # (39) is true: 1 + 1/h1 ≤ 2 for h1 ≥ 1.
    assert all(
        1 + 1 / width <= 2 * (1 + 1 / wide) for width in (1, 5) for wide in (1, 9)
    )


@check("K19", "eq. 38, p ≠ q")
def equation_38_cross_terms():
    a, b = 0.5, 0.25
    for width in (1, 4, 64):
        # x = 1, A = a, w_p B_p = b, all on: ∂f/∂B_p = w_p a/√h2, ∂f/∂A = Σ w_p B_p/√h2.
        H = width * (a / math.sqrt(width)) ** 2 + (width * b / math.sqrt(width)) ** 2
        assert pytest.approx(a**2 + width * b**2) == H
    assert a**2 + b**2 < H


@check("K19", "eq. 41")
def equation_41():
    A, of_B = 2 * R_A + R_A**2, 2 * R_B + R_B**2
    last = (h1 * h2 * A + h2 * of_B + h2**2 * of_B) / (h1 * h2)
    assert same(last, A + (1 + h2) / h1 * of_B)
    assert sp.limit(last, h2, sp.oo) == sp.oo  # and max(R_A, R_B) does not grow
    radius = c * delta * lam * h1 / (n * h2)
    most = sp.solve(sp.Eq(R_prime_B**2, radius**2), h2)
    assert len(most) == 1
    assert same(most[0], c**2 * delta**2 * lam**4 * h1**2 / (8 * n**3 * L0))
    # At most: R'_B falls as h2^(−1/2), the radius as 1/h2.
    assert powers_of(h2, R_prime_B / radius) == sp.Rational(1, 2)


@check("K19", "eq. 46")
def equation_46():
    # d/ds Σ_p w_p B_pr: the signs of eq. (5)'s gradient cancel those of the sum.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 4)), rng.normal(size=6)
    A0, B0 = rng.normal(size=(3, 4)), rng.normal(size=(50, 3))
    w = rng.choice([-1.0, 1.0], 50)
    Y = np.maximum(X @ A0.T, 0)
    on = Y @ B0.T > 0
    u = (on * (Y @ B0.T)) @ w / math.sqrt(150)
    gradient = -w[:, None] * ((on * (u - y)[:, None]).T @ Y) / math.sqrt(150)
    expected = ((y - u)[:, None] * Y * on.sum(axis=1)[:, None]).sum(axis=0)
    np.testing.assert_allclose(w @ gradient, expected / math.sqrt(150))
    # And with some units off, the sum is another one.
    assert not np.allclose(w @ B0, (on * w) @ B0)


@check("K19", "eq. 46, all r")
def equation_46_all_rows():
    one = 1 / (h2 ** sp.Rational(1, 6)) ** 2
    assert same(one, h2 ** -sp.Rational(1, 3))
    at = {h1: 5, h2: 4000}
    assert float((h1 * one).subs(at)) == pytest.approx(0.31, abs=0.005)
    assert float(one.subs(at)) == pytest.approx(0.06, abs=0.005)


@check("K19", "eq. 47, ‖A(s)‖")
def equation_47_norm():
    start = np.eye(3, 10)  # rows of norm 1
    moved = start * 1.1
    assert np.linalg.norm(moved, axis=1).max() == pytest.approx(1 + 0.1)
    assert np.linalg.norm(moved) > math.sqrt(3)
    assert np.linalg.norm(moved) <= math.sqrt(3) * 1.1 + 1e-12


@check("K19", "eq. 47, pattern")
def equation_47_pattern():
    Ax = np.array([1.0, -1.0])
    assert not np.array_equal(Ax * (Ax[0] > 0), np.maximum(Ax, 0))
    assert np.array_equal(Ax * (Ax > 0), np.maximum(Ax, 0))


# -------------------------------------------------------------- Li and Liang (2018)
@check("LL18", "§5.1")
def section_5_1():
    printed = 1 / m ** (-sp.Rational(1, 2))
    assert same(printed, sp.sqrt(m))
    # 1/(ηmε²) ≤ σε/η is mσε³ ≥ 1.
    (least,) = sp.solve(sp.Eq(m * (1 / sp.sqrt(m)) * eps**3, 1), m)
    assert same(least, eps**-6)


@check("LL18", "§7, N(0, 1/√m)")
def section_7_variance():
    deviation = sp.sqrt(1 / sp.sqrt(m))
    assert same(deviation / (1 / sp.sqrt(m)), m ** sp.Rational(1, 4))
    assert float((m ** sp.Rational(1, 4)).subs(m, 4000)) == pytest.approx(8, abs=0.1)


@check("LL18", "Lemma A.1")
def lemma_a_1():
    most = 3.0
    a = np.array([-most, most, most])  # the first is the row's class
    for right in (0.5, 0.01):
        o = np.array([right, (1 - right) / 2, (1 - right) / 2])
        coefficient = ((a - a[0]) * o)[1:].sum()
        assert coefficient == pytest.approx(2 * most * (1 - right))
    assert coefficient > most


@check("LL18", "Lemma A.2, δ²")
def lemma_a_2_separation():
    D = sp.Symbol("D", positive=True)
    inner = 1 - D**2 / 2
    assert same(1 - inner**2, D**2 * (1 - D**2 / 4))
    assert (1 - inner**2).subs(D, 2) == 0
    x = np.array([1.0, 0.0])
    assert np.linalg.norm(x - -x) == 2
    assert 1 - (x @ -x) ** 2 == 0


@check("LL18", "Lemma A.2, eq. 2")
def lemma_a_2_sign():
    t = 0.3
    alpha = np.linspace(-t, t, 1001)
    values = np.maximum(alpha, 0) - 2 * t
    assert (np.abs(values) >= t / 128).mean() >= 1 / 16
    assert (values < 0).all()


@check("LL18", "Lemma A.3, 1/e")
def lemma_a_3_chance():
    def chance(classes):
        return 2 * norm.sf(math.sqrt((classes - 1) / classes))

    assert chance(5) > 1 / math.e > chance(6) == pytest.approx(0.361, abs=5e-4)
    assert chance(10**9) == pytest.approx(0.317, abs=5e-4)
    # Along P_1: Σ P_i = 0 with the least Σ |P_i|² has P_i = −P_1/(k − 1).
    assert same(1 + (k - 1) / (k - 1) ** 2, k / (k - 1))
    drawn = np.random.default_rng(0).normal(size=(100_000, 10))
    P = np.array([1.0, *[-1 / 9] * 9])
    assert (np.abs(drawn @ P) >= 1).mean() == pytest.approx(chance(10), abs=0.006)


@check("LL18", "Lemma A.3, Σ P_i")
def lemma_a_3_sum():
    rng = np.random.default_rng(0)
    o = rng.dirichlet(np.ones(4), size=3)  # softmax outputs of three rows
    labels = np.array([0, 1, 3])
    residual = -o
    residual[np.arange(3), labels] += 1  # v_{i,a,b}
    rows, weights = rng.normal(size=(3, 7)), rng.dirichlet(np.ones(3))
    P = (residual * weights[:, None]).T @ rows
    assert np.abs(P).max() > 0.01
    np.testing.assert_allclose(P.sum(axis=0), 0, atol=1e-15)


@check("LL18", "Lemma A.3, net")
def lemma_a_3_net():
    classes, parts, most, step = 4, 2, 3.0, 0.01
    x = np.array([1.0, 0.0])
    terms = [step * most * x for _ in range(classes * classes * parts)]
    reached = np.linalg.norm(sum(terms))
    assert reached == pytest.approx(classes**2 * parts * most * step)
    assert reached > most * step


@check("LL18", "Lemma A.4, T")
def lemma_a_4():
    per_step = eta * (v * delta / (k * l)) ** 2 * delta * m / (k * l)
    total = 1 / (per_step / v**2)  # of v², by L(0) = Õ(1)
    assert same(total, k**3 * l**3 / (delta**3 * eta * m))
    proof = sigma * delta / (k**2 * l**2 * eta)
    stated = sigma * delta / (k * l * eta)
    assert same(total / proof, k**5 * l**5 / (delta**4 * sigma * m))
    assert same(total / stated, k**4 * l**4 / (delta**4 * sigma * m))
    assert same(stated / proof, k * l)


@check("LL18", "Lemma A.5, cases")
def lemma_a_5_cases():
    rho, a, a0 = sp.symbols("rho a a0", positive=True)
    line = rho / 2 * (a - tau / 2)
    left = sp.integrate(-line, (a, 0, tau / 2))
    right = sp.integrate(line, (a, tau / 2, tau))
    assert same(left, rho * tau**2 / 16)
    assert same(right, rho * tau**2 / 16)
    both = rho / 4 * (a0**2 + (tau - a0) ** 2)
    (at,) = sp.solve(sp.diff(both, a0), a0)
    assert same(both.subs(a0, at), rho * tau**2 / 8)


@check("LL18", "Lemma A.5, −φ")
def lemma_a_5_mirror():
    alpha = np.linspace(-1, 1, 21)
    phi = np.maximum(-alpha, 0)
    assert np.diff(phi, 2).min() >= -1e-12  # convex
    assert np.diff(-phi, 2).min() < -0.05  # and its negative is not
    np.testing.assert_allclose(phi[::-1], np.maximum(alpha, 0), atol=1e-15)


@check("LL18", "Lemma B.2, k")
def lemma_b_2_classes():
    classes, parts = 4, 2
    share = 1 / (classes * parts)
    o = np.zeros((classes, parts, classes))
    o[1:, :, 0] = 1  # taken for class 1
    o[0, :, 1] = 1  # which is taken for class 2
    residual = -o
    for a in range(classes):
        residual[a, :, a] += 1
    largest = (share * residual).max()
    assert largest == share == share * residual[0, 0, 0]
    total = np.abs(share * residual[1:, :, 0]).sum()
    assert total == pytest.approx((classes - 1) * parts * largest)
    assert total > parts * largest


@check("LL18", "Lemma B.2, Markov")
def lemma_b_2_markov():
    mean = 4 * tau / (delta * sigma) * v * l
    printed = mean.subs(tau, sigma * delta / (12 * l))
    assert same(1 - printed / (v / 3), 0)
    half = mean.subs(tau, sigma * delta / (24 * l))
    assert same(1 - half / (v / 3), sp.Rational(1, 2))


@check("LL18", "Lemma B.2, convex")
def lemma_b_2_convex():
    alpha = np.linspace(-1, 1, 21)
    of_others = -0.3 * np.maximum(alpha, 0) - 0.2 * np.maximum(0.1 - alpha, 0)
    assert np.diff(of_others, 2).min() < -0.01
    assert np.diff(-of_others, 2).min() >= -1e-12


@check("LL18", "Lemma B.3")
def lemma_b_3():
    S = sp.Symbol("S", positive=True)
    assert same(p / sp.sqrt(p * S), sp.sqrt(p / S))
    (fewest,) = sp.solve(sp.Eq(1 / sp.sqrt(p * S), v), S)
    assert same(fewest, 1 / (p * v**2))
    rng = np.random.default_rng(0)
    share, size = 0.04, 2500
    values = rng.choice([-1.0, 1.0], size=(4000, round(share * size)))
    off = share * values.mean(axis=1)
    assert off.std() == pytest.approx(math.sqrt(share / size), rel=0.05)
    assert off.std() < 0.1 / math.sqrt(share * size)


@check("LL18", "Lemma B.4, τ")
def lemma_b_4_time():
    least = (k * l / (v * delta)) ** 4 / gamma**2
    stated = (v * delta / (k * l)) ** 2 * sigma * gamma / eta
    coupled = sigma * gamma / (100 * B * eta)
    assert same(stated / coupled, 100 * B * (v * delta / (k * l)) ** 2)
    longer = (stated / coupled).subs(B, least)
    assert same(longer, 100 * (k * l / (v * delta)) ** 2 / gamma**2)
    assert same(
        coupled.subs(B, least),
        (v * delta / (k * l)) ** 4 * sigma * gamma**3 / (100 * eta),
    )
    # T = (kl)⁵/(ηmδ³ε⁶) within it, at the theorem's v and γ.
    at = {v: eps**3 / (8 * k * l), gamma: delta / (k * l)}
    T = (k * l) ** 5 / (eta * m * delta**3 * eps**6)
    within = coupled.subs(B, least).subs(at).subs(sigma, 1 / sp.sqrt(m))
    (width,) = sp.solve(sp.Eq(sp.expand(within / T), 1), m)
    expected = 409600**2 * (k * l) ** 32 / (delta**20 * eps**36)
    assert same(sp.expand(width / expected), 1)


@check("LL18", "Lemma B.4, |·|")
def lemma_b_4_absolute():
    for share in (0.01, 0.04):  # τ/σ
        assert norm.sf(share) < 0.5 < 1 - 10 * share
        assert 2 * norm.sf(share) > 1 - 10 * share


@check("LL18", "Lemma B.4, sign")
def lemma_b_4_sign():
    before, after = sp.symbols("L_t L_t1")
    change = after - before
    assert same(before - after, -change)
    assert not same(before - after, change)


@check("LL18", "Theorem 4.1, 1/e")
def theorem_4_1():
    gap = sp.log((1 - eps) / eps)
    assert float(gap.subs(eps, sp.exp(-1))) == pytest.approx(0.54, abs=0.005)
    assert same(sp.expand_log(sp.logcombine(gap.subs(eps, 1 / (1 + sp.E)))), 1)
    assert gap.subs(eps, sp.Rational(1, 2)) == 0


@check("LL18", "D.2")
def appendix_d_2():
    printed, section_7 = sigma / sp.sqrt(d), sigma**2 / d
    at = {sigma: 1, d: 1000}
    assert float(printed.subs(at)) == pytest.approx(0.032, abs=5e-4)
    assert float(section_7.subs(at)) == pytest.approx(0.001)
    assert same(printed, sp.sqrt(section_7))


# ------------------------------------------------------- looked at, and found right
def test_lemma_a_4s_v_is_the_supremum_norm_of_softmax_residuals():
    # max p v has no |·|, and needs none: v_{a,a,b} = Σ_{i≠a} o_i ≥ |v_{i,a,b}|.
    rng = np.random.default_rng(0)
    o, labels = rng.dirichlet(np.ones(5), size=200), rng.integers(0, 5, 200)
    weights = rng.dirichlet(np.ones(200))
    residual = -o
    residual[np.arange(200), labels] += 1
    weighted = weights[:, None] * residual
    assert weighted.max() == np.abs(weighted).max()


def test_theorem_3s_powers_follow_from_the_lemmas():
    width = (8 * n**3 * L0 * h1 / (lam**4 * delta**2)) ** sp.Rational(3, 2)
    printed = {n: 4.5, L0: 1.5, h1: 1.5, lam: -6, delta: -3}
    assert {s: float(powers_of(s, width)) for s in printed} == printed


def test_theorem_4_1s_powers_follow_from_lemma_b_4():
    at = {v: eps**3 / (8 * k * l), gamma: delta / (k * l)}
    decrease = (gamma * (v * delta / (k * l)) ** 2).subs(at)
    assert same(decrease, delta**3 * eps**6 / (64 * k**5 * l**5))
    # T = 1/(ηm · decrease) with ηm = decrease, and σ/η · decrease ≥ T.
    assert powers_of(eps, decrease**-2) == -12
    unit = delta**3 * eps**6 / (k * l) ** 5
    (width,) = sp.solve(sp.Eq(sp.sqrt(m) * unit**2, 1), m)
    assert same(width, (k * l) ** 20 / (delta**12 * eps**24))


def test_lemma_6s_integral():
    s = sp.Symbol("s", positive=True)
    assert same(sp.integrate(sp.exp(-lam * s / 2), (s, 0, sp.oo)), 2 / lam)
