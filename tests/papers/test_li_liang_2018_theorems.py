"""Li, Liang 2018: Theorem 4.1 and the lemmas of §5 and appendices A and B."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture, separability
from overparam_sk.theory import theory_sheet
from overparam_sk.theory._li_liang_2018.facts import Facts
from overparam_sk.theory._li_liang_2018.lemma_b_4 import without_variance

k, l, delta, epsilon, v, sigma, eta, m, B = sympy.symbols(  # noqa: E741
    "k l delta epsilon v sigma eta m B", positive=True
)
kl = k * l
gamma = delta / kl
PAPER = {"fit_intercept": False, "random_state": 0, "n_iter_no_change": None}


@pytest.fixture(scope="module")
def fitted():
    """§7's network on components a tenth as wide: (A1) and (A2) hold."""
    X, y = make_clustered_mixture(
        300, 100, n_classes=3, component_std=0.1, normalize=True, random_state=0
    )
    net = OverparamReLUClassifier(
        4000, learning_rate=1, batch_size=16, max_iter=50, **PAPER
    )
    return net.fit(X, y), X, y


@pytest.fixture(scope="module")
def sheet(fitted):
    return theory_sheet(*fitted, epsilon=0.02)


def powers(row):
    """What is required, as an exact product, of a row's powers alone."""
    names = {"kl": kl, "k": k, "l": l, "δ": delta, "ε": epsilon, "v": v, "8": 8}
    names |= {"σ": sigma, "η": eta, "m": m, "B": B}
    product = sympy.Integer(1)
    for symbol, power in row.required.powers.items():
        product *= names[symbol] ** power
    return product


def rows(sheet, part, symbol):
    return [row for row in sheet.rows if row.part == part and row.symbol == symbol]


# ------------------------------------------------------------------ Theorem 4.1
def theorem(v, tau_over_eta):
    """B.3's algebra with Lemma B.4: ηm, B, T and the m for which T ≤ τ/η."""
    step = gamma * (v * delta / kl) ** 2  # ηm, and what the loss falls by, over ηm
    steps = 1 / (step * step)  # L(0) = 1 over ηm times step
    batch = (kl / (v * delta)) ** 4 / gamma**2
    # τ/η = τ m/(ηm) with σ = m^(-1/2): what is left of it without √m.
    permitted = sympy.simplify((tau_over_eta / sympy.sqrt(m)).subs(B, batch) / step)
    return (
        step,
        batch,
        steps,
        sympy.expand_power_base(sympy.simplify((steps / permitted) ** 2), force=True),
    )


def test_theorem_4_1_has_the_powers_of_its_proof(sheet):
    v_theorem = epsilon**3 / kl
    as_stated = (v_theorem * delta / kl) ** 2 * gamma * sympy.sqrt(m)
    step, batch, steps, width = theorem(v_theorem, as_stated)
    stated, repaired = (powers(row) for row in rows(sheet, "Theorem 4.1", "m"))
    assert sympy.simplify(width / stated) == 1
    assert sympy.simplify(steps / powers(*rows(sheet, "Theorem 4.1", "T"))) == 1
    assert sympy.simplify(step / powers(*rows(sheet, "Theorem 4.1", "ηm"))) == 1
    asked = powers(*rows(sheet, "Theorem 4.1", "B"))
    with_8 = batch.subs(epsilon, epsilon * sympy.Rational(1, 2))  # ε³/8
    assert sympy.simplify(with_8 / asked) == 1
    printed = (8 * kl**2 / (epsilon**3 * delta)) ** 4 * (kl / delta) ** 2
    assert sympy.simplify(printed / asked) == 1
    of_rows = powers(*rows(sheet, "Theorem 4.1", "N"))
    assert sympy.simplify(of_rows / (asked * steps)) == 1
    # B.4's proof has τ = σγ/B (its 100 being 1).
    *_, width = theorem(v_theorem, gamma / B * sympy.sqrt(m))
    assert sympy.simplify(width / repaired) == 1


def test_theorem_4_1_keeping_the_8_is_64_to_the_fourth_as_wide():
    widths = [
        theorem(v, (v * delta / kl) ** 2 * gamma * sympy.sqrt(m))[3]
        for v in (epsilon**3 / (8 * kl), epsilon**3 / kl)
    ]
    assert sympy.simplify(widths[0] / widths[1]) == 64**4


@pytest.mark.parametrize(
    ("normalize", "low", "high"), [(True, 64.5, 66), (False, 56, 57.5)]
)
def test_theorem_4_1_on_the_data_of_section_7(normalize, low, high):
    X, y = make_clustered_mixture(normalize=normalize, random_state=0)
    net = OverparamReLUClassifier(50, learning_rate=10, max_iter=5, **PAPER).fit(X, y)
    row, *_ = rows(theory_sheet(net, X, y, epsilon=0.02), "Theorem 4.1", "m")
    found = Fraction(separability(X, y).delta)
    exact = Fraction(20) ** 20 / (found**12 * Fraction("0.02") ** 24)
    assert row.required_log10 == pytest.approx(
        len(str(int(exact))) - 1 + np.log10(float(str(int(exact))[:15]) / 1e14)
    )
    assert low < row.required_log10 < high
    assert row.verdict == "does not hold"
    assert row.costliest == "ε"
    assert row.digits_short == pytest.approx(row.required_log10 - np.log10(50))


def test_theorem_4_1_is_about_an_error_that_counts_ties(fitted):
    net, X, y = fitted
    (row,) = rows(theory_sheet(net, X, y), "Theorem 4.1", "error")
    assert row.found == 1 - net.score(X, y)
    # Before any step two equal rows of readout would tie; here a dead row does.
    X_dead = np.where(np.arange(len(X))[:, None] == 0, 0, X)
    (row,) = rows(theory_sheet(net, X_dead, y), "Theorem 4.1", "error")
    assert row.found == pytest.approx(1 - net.score(X_dead[1:], y[1:]) + 1 / len(X))


HEXAGON = np.array([[np.cos(t), np.sin(t)] for t in np.arange(6) * np.pi / 3])


def test_theorem_4_1_fails_for_a_hexagon_of_alternating_labels():
    """(A1) and (A2) hold, and no network of the paper's, however wide, learns it.

    ReLU(z) − ReLU(−z) = z, so that f_1 − f_2 has an odd part that is linear: its sum
    over the three points of class 1 is 0, where each must be > 0.
    """
    X, y = HEXAGON, np.arange(6) % 2
    found = separability(X, y, 3)
    assert found.holds
    assert found.lambda_ == 0
    assert found.delta == pytest.approx(1)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1)
    np.testing.assert_allclose(X[::2].sum(axis=0), 0, atol=1e-15)
    for width in (100, 4000):
        net = OverparamReLUClassifier(
            width, learning_rate=2, max_iter=500, batch_size=6, **PAPER
        ).fit(X, y)
        f = net.decision_function(X)
        assert np.sum(f[::2] - f[[3, 5, 1]]) == pytest.approx(0, abs=1e-4)
        assert net.score(X, y) <= 5 / 6
    # A constant 1 among the columns is all that is missing.
    with_constant = PAPER | {"fit_intercept": True}
    net = OverparamReLUClassifier(
        1000, learning_rate=2, max_iter=500, batch_size=6, **with_constant
    )
    assert net.fit(X, y).score(X, y) == 1


# ------------------------------------------------------- Lemmas 5.1, A.1 and B.1
def patterns(net, X):
    W, W0 = (w.astype(float) for w in (net.hidden_weights_, net.initial_weights()))
    return X @ W.T, X @ W0.T


def test_lemma_5_1_on_the_components_rows(fitted, sheet):
    net, X, y = fitted
    medoids = slow_medoids(X, y, 2)
    Z, Z0 = patterns(net, X[medoids])
    tau = net.learning_rate_ / net.width * net.n_iter_
    moved = max(
        np.linalg.norm(w - w0)
        for w, w0 in zip(net.hidden_weights_, net.initial_weights(), strict=True)
    )
    units = range(net.width)
    coupled = np.mean([((Z[:, r] > 0) == (Z0[:, r] > 0)).all() for r in units])
    far = [np.mean([(abs(Z0[:, r]) >= t).all() for r in units]) for t in (tau, moved)]
    part = "Lemma 5.1 (A.1)"
    assert [r.found for r in rows(sheet, part, "coupled")] == [coupled] * 2
    assert [r.found for r in rows(sheet, part, "|H|/m")] == pytest.approx(far)
    bounds = [1 - np.e * t * 6 * net.width**0.5 for t in (tau, moved)]
    assert [r.found for r in rows(sheet, part, "1 − eτkl/σ")] == pytest.approx(
        bounds, rel=1e-5
    )
    (radius,) = rows(sheet, part, "R")
    assert radius.found == pytest.approx(moved, rel=1e-5)
    assert radius.required == pytest.approx(tau)
    assert rows(sheet, part, "coupled, all")[0].found == net.coupling_
    assert rows(sheet, part, "changed, all")[0].found == pytest.approx(
        net.activation_change_
    )


def slow_medoids(X, y, n_components):
    found = separability(X, y, n_components)
    groups = [
        found.rows[(y[found.rows] == i) & (found.component == j)]
        for i in np.unique(y)
        for j in range(n_components)
    ]
    return [
        min(rows, key=lambda s: sum(np.linalg.norm(X[s] - X[t]) for t in rows))
        for rows in groups
    ]


@pytest.mark.parametrize("tau_of_sigma", [0.001, 0.01, 0.05])
def test_lemma_a_1_holds_where_its_bound_says_something(tau_of_sigma):
    """|⟨w_r(0), x⟩| ≥ τ on kl rows for 1 − eτkl/σ of the units, four errors aside."""
    random = np.random.default_rng(0)
    X = random.standard_normal((6, 20))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    Z0 = random.standard_normal((20_000, 20)) @ X.T  # in units of σ
    far = np.mean((abs(Z0) >= tau_of_sigma).all(axis=1))
    assert far >= 1 - np.e * tau_of_sigma * 6


def test_lemma_b_1_at_the_row_where_it_is_least(fitted, sheet):
    net, X, _ = fitted
    Z, Z0 = patterns(net, X)
    tau = net.learning_rate_ / net.width * net.n_iter_
    least = min(
        np.mean(((z > 0) == (z0 > 0)) & (abs(z) >= tau))
        for z, z0 in zip(Z, Z0, strict=True)
    )
    row, _ = rows(sheet, "Lemma B.1", "coupled, x")
    assert row.found == least
    assert row.required == pytest.approx(1 - 10 * tau * net.width**0.5)


# ------------------------------------------ Lemmas 5.2, A.2, A.3, B.2 and B.3
def slow_moment(net, X, y, W, weights, component):
    """v, and ‖∂̃L/∂w_r‖ unit by unit, of the definitions."""
    a = net.readout_weights_.astype(float)
    W0 = net.initial_weights().astype(float)
    W = W.astype(float)
    k = len(a)
    pv = np.zeros((component.max() + 1, k))
    pseudo = np.zeros_like(W)
    for x, label, weight, c in zip(X, y, weights, component, strict=True):
        f = np.exp(a @ np.maximum(W @ x, 0))
        o = f / f.sum()
        vs = np.array([1 - o[i] if i == label else -o[i] for i in range(k)])
        pv[c] += weight * vs
        pseudo += weight * np.outer((a.T @ (o - np.eye(k)[label])) * (W0 @ x > 0), x)
    return pv.max(), np.linalg.norm(pseudo, axis=1)


@pytest.mark.parametrize("where", ["W(0)", "W(T)"])
@pytest.mark.parametrize("part", ["Lemma 5.2 (A.3)", "Lemma B.3"])
def test_lemmas_5_2_and_b_3_against_the_definitions(fitted, sheet, part, where):
    net, X, y = fitted
    W = net.initial_weights() if where == "W(0)" else net.hidden_weights_
    found = separability(X, y)
    component = np.empty(len(X), dtype=int)
    component[found.rows] = y[found.rows] * 2 + found.component
    if part == "Lemma B.3":
        at, weights, of = np.arange(len(X)), np.full(len(X), 1 / len(X)), component
    else:
        at = np.array(slow_medoids(X, y, 2))
        weights, of = np.bincount(component) / len(X), np.arange(len(at))
    v, norms = slow_moment(net, X[at], y[at], W, weights, of)
    (row,) = (r for r in rows(sheet, part, "v") if where in r.quantity)
    assert row.found == pytest.approx(v, rel=1e-5)
    (row,) = (r for r in rows(sheet, part, "share ≥ vδ/kl") if where in r.quantity)
    share = np.mean(norms >= v * found.delta / 6)
    assert row.found == pytest.approx(share, abs=2 / net.width)
    assert row.required == pytest.approx(found.delta / 6)
    assert row.holds


def test_lemma_5_2_v_is_the_largest_absolute_value_of_a_softmax(fitted):
    facts = Facts.of(*fitted, epsilon=0.02)
    sample = facts.row_each
    outputs = np.random.default_rng(0).standard_normal((len(sample.rows), 3))
    pv = sample.pv(sample.residual(outputs))
    assert pv.max() == pytest.approx(abs(pv).max())
    np.testing.assert_allclose(pv.sum(axis=1), 0, atol=1e-15)


def test_lemmas_5_2_and_a_2_fail_for_the_hexagon():
    """v = 1/12 > 0, and every pseudo gradient and every P_(i,r) is 0."""
    X, y = HEXAGON, np.arange(6) % 2
    random = np.random.default_rng(0)
    W0, a = random.standard_normal((500, 2)), random.standard_normal((2, 500))
    o = np.full((6, 2), 0.5)  # what every even function has, f = 0 among them
    v = np.eye(2)[y] - o
    assert (v / 6).max() == pytest.approx(1 / 12)
    active = W0 @ X.T > 0
    for i in range(2):
        P = (active * v[:, i] / 6) @ X
        np.testing.assert_allclose(P, 0, atol=1e-15)
    pseudo = (active * (v @ a).T / 6) @ X
    np.testing.assert_allclose(pseudo, 0, atol=1e-14)


def test_lemma_a_2_takes_delta_squared_where_there_is_less():
    """‖x − x'‖ = D between unit vectors makes 1 − ⟨x, x'⟩² D²(1 − D²/4)."""
    D, c = sympy.symbols("D c")
    squared = (1 - c**2).subs(c, 1 - D**2 / 2)
    assert sympy.expand(squared - D**2 * (1 - D**2 / 4)) == 0
    X, y = HEXAGON, np.arange(6) % 2
    net = OverparamReLUClassifier(20, max_iter=2, **PAPER).fit(X, y)
    (row,) = theory_sheet(net, X, y)["1 − ⟨x,x'⟩²"]
    assert row.found == pytest.approx(0, abs=1e-15)
    assert row.required == pytest.approx(1)
    assert row.holds is False


def test_lemma_a_3_and_b_3_widths(sheet):
    (row,) = rows(sheet, "Lemma 5.2 (A.3)", "m")
    # exp(−δm/(kl) + k²l log(v/ε)) is small from here on.
    assert sympy.simplify(powers(row) / (k**2 * l * kl / delta)) == 1
    row, _ = rows(sheet, "Lemma B.3", "m")
    assert sympy.simplify(powers(row) / (kl / (v * delta)) ** 4) == 1
    of_the_proof = (kl / (v * delta)) ** 2 * k**2 * l / delta
    assert sympy.simplify(powers(row) / of_the_proof) == l / (delta * v**2)


# ------------------------------------------------------------ Lemmas A.4 and B.4
def test_lemma_a_4_on_full_batch_gradient_descent(fitted, sheet):
    """The course without variance, against the network trained step by step."""
    facts = Facts.of(*fitted, epsilon=0.02)
    delta, kl, steps = facts.separation.delta, facts.kl, 100
    eta = facts.sigma * delta / kl**2 / steps
    course = without_variance(facts, eta, steps)
    sample, W = facts.row_each, facts.W0.copy()
    losses, vs = [], []
    for _ in range(steps + 1):
        f = np.maximum(sample.rows @ W.T, 0) @ facts.a.T
        o = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)
        wrong = 1 - o[np.arange(len(o)), sample.labels]
        losses.append(-sample.weights @ np.log1p(-wrong))
        vs.append((sample.weights * wrong).max())
        D = (o - np.eye(3)[sample.labels]) * sample.weights[:, None]
        W -= eta * ((D @ facts.a) * (sample.rows @ W.T > 0)).T @ sample.rows
    np.testing.assert_allclose(course.loss, losses, rtol=1e-10)
    np.testing.assert_allclose(course.v, vs, rtol=1e-10)
    falls = -np.diff(losses)
    asked = eta * facts.m * (delta / kl) ** 3 * np.square(vs[:-1])
    (ratio,) = sheet["ΔL/(ηγm(vδ/kl)²)"]
    assert ratio.found == pytest.approx((falls / asked).min())
    assert ratio.holds
    (mean,) = sheet["mean v(t)²"]
    assert mean.found == pytest.approx(np.square(vs[1:]).mean())
    assert mean.holds


def test_lemma_a_4_states_another_t_than_its_proof_has(sheet):
    per_step = eta * m * gamma * (delta / kl) ** 2  # of the loss, over v²
    sum_of_squares = 1 / per_step
    in_proof, as_stated = sigma * delta / kl**2 / eta, sigma * delta / kl / eta
    stated = kl**5 / (delta**4 * sigma * m)
    assert sympy.simplify(sum_of_squares / in_proof / stated) == 1
    assert sympy.simplify(sum_of_squares / as_stated / stated) == 1 / kl
    (row,) = sheet["mean v(t)²"]
    assert sympy.simplify(powers(row) / stated) == 1
    (row,) = sheet["T/T"]
    assert row.found == int(sympy.simplify(as_stated / in_proof).subs({k: 3, l: 2}))


def test_lemma_b_4_conditions_and_the_tau_of_its_proof(sheet):
    part, squared = "Lemma B.4", (v * delta / kl) ** 2
    stated, of_the_proof = (powers(row) for row in rows(sheet, part, "T"))
    assert sympy.simplify(stated / (squared * sigma * gamma / eta)) == 1
    assert sympy.simplify(of_the_proof / (sigma * gamma / B / eta)) == 1
    batch = powers(*rows(sheet, part, "B"))
    assert sympy.simplify(batch / ((kl / (v * delta)) ** 4 / gamma**2)) == 1
    assert sympy.simplify(powers(*rows(sheet, part, "ηm")) / (gamma * squared)) == 1
    # The stated t is longer than what B.1 permits, by (kl/(vδ))²/γ² ≥ 1.
    too_long = (stated / of_the_proof).subs(B, batch)
    assert sympy.simplify(too_long * squared * gamma**2) == 1


@pytest.mark.parametrize("end", ["W(0)", "W(T)"])
def test_lemma_b_4_decrease_in_a_full_batch_step(fitted, sheet, end):
    net, X, y = fitted
    a, W0 = net.readout_weights_.astype(float), net.initial_weights().astype(float)
    W = W0 if end == "W(0)" else net.hidden_weights_.astype(float)

    def outputs(W):
        return np.exp(np.maximum(X @ W.T, 0) @ a.T)

    def loss(W):
        f = outputs(W)
        return -np.log(f[np.arange(len(y)), y] / f.sum(axis=1)).mean()

    f = outputs(W)
    D = f / f.sum(axis=1, keepdims=True) - np.eye(3)[y]
    gradient = ((D @ a) * (X @ W.T > 0)).T @ X / len(X)
    eta = net.learning_rate_ / net.width
    (row,) = (r for r in rows(sheet, "Lemma B.4", "ΔL") if f"from {end}" in r.quantity)
    decrease = loss(W) - loss(W - eta * gradient)
    assert row.found == pytest.approx(decrease, rel=1e-6)
    assert row.holds


# ------------------------------------------- Lemmas A.5, B.5 and B.6: technical
@st.composite
def convex(draw, n=4, reach=1.0):
    """Kinks of a convex function on [−1, 1]: places and sizes; slope and value at 0."""
    places = draw(st.lists(st.floats(-reach, reach), min_size=n, max_size=n))
    sizes = draw(st.lists(st.floats(0, 5), min_size=n, max_size=n))
    slope, value = draw(st.floats(-5, 5)), draw(st.floats(-5, 5))
    return np.array(places), np.array(sizes), slope, value


def at(function, alpha):
    places, sizes, slope, value = function
    kinks = np.maximum(alpha[:, None] - places, 0) @ sizes
    return kinks + slope * alpha + value


def kinks_in(function, low, high):
    """∂_max(high) − ∂_min(low)."""
    places, sizes, *_ = function
    return sizes[(places >= low) & (places <= high)].sum()


ALPHA = np.linspace(-1, 1, 4001)


@settings(max_examples=200, deadline=None)
@given(
    phi=convex(), slope=st.floats(-9, 9), value=st.floats(-9, 9), rho=st.floats(0.1, 9)
)
def test_lemma_a_5_a_kink_is_far_from_every_line(phi, slope, value, rho):
    phi = (np.append(phi[0], 0.0), np.append(phi[1], rho), *phi[2:])
    rho = kinks_in(phi, 0, 0)
    gap = abs(at(phi, ALPHA) - slope * ALPHA - value)
    assert 2 * gap.mean() >= rho / 8 * (1 - 1e-3)
    assert np.mean(gap >= rho / 128) >= 1 / 16


def test_lemma_a_5_has_a_better_constant():
    """ρ|α|/2 − ρτ/4 has τ²ρ/4, and no kink has less."""
    alpha, tau, rho = sympy.symbols("alpha tau rho", positive=True)
    half = sympy.integrate(rho * (tau / 2 - alpha) / 2, (alpha, 0, tau / 2))
    assert sympy.simplify(4 * half) == rho * tau**2 / 4


@settings(max_examples=200, deadline=None)
@given(phi=convex(reach=0.5), other=convex())
def test_lemma_b_5_a_convex_function_is_far_from_one_that_bends_less(phi, other):
    gamma = kinks_in(phi, -0.5, 0.5) - kinks_in(other, -1, 1)
    gap = abs(at(phi, ALPHA) - at(other, ALPHA))
    if gamma > 0:
        assert 2 * gap.mean() >= gamma / 32 * (1 - 1e-3)
        assert np.mean(gap >= gamma / 512) >= 1 / 64


def b_6(L, n_smooth, r, p, random):
    """Left and right of B.6 for g = a quadratic's piece and units of two kinds."""
    n = n_smooth + r
    w, step = random.uniform(-1, 1, n), random.choice([-p, p], n)
    smooth = np.arange(n) < n_smooth
    signs = random.choice([-1, 1], n)

    def units(w):
        # x²/2 up to |x| = 1 and |x| − 1/2 beyond is 1-Lipschitz and 1-smooth.
        huber = np.where(abs(w) < 1, w**2 / 2, abs(w) - 0.5)
        return L * signs * np.where(smooth, huber, np.maximum(w, 0))

    def outer(s):
        return L * np.where(abs(s) < 1, s**2 / 2, abs(s) - 0.5)

    before, after = units(w).sum(), units(w + step).sum()
    slope = L * np.clip(before, -1, 1)
    inner = L * signs * np.clip(w, -1, 1)
    linear = slope * (inner * step)[smooth].sum()
    return outer(after) - outer(before), linear, L**3 * n**2 * p**2 + L**2 * r * p


@settings(max_examples=300, deadline=None)
@given(
    L=st.floats(1, 5),
    n_smooth=st.integers(0, 6),
    r=st.integers(0, 6),
    p=st.floats(1e-3, 2),
    seed=st.integers(0, 2**32 - 1),
)
def test_lemma_b_6_holds_from_l_1_on(L, n_smooth, r, p, seed):
    if n_smooth + r:
        rises, linear, rest = b_6(L, n_smooth, r, p, np.random.default_rng(seed))
        assert rises <= linear + rest + 1e-9


def test_lemma_b_6_fails_for_a_small_l():
    """g(s) = Ls, g_1(w) = Lw²/2 at w = 0, one unit, r = 0: L²p²/2 against L³p²."""
    L, p = sympy.symbols("L p", positive=True)
    rises, printed = L * L * p**2 / 2, L**3 * p**2
    assert sympy.solve(sympy.Eq(rises, printed), L) == [sympy.Rational(1, 2)]
    assert (rises - printed).subs({L: sympy.Rational(1, 10), p: 1}) > 0
    # What Taylor gives: L³m²p²/2 + L²(m − r)p²/2 + L²rp, no more than printed if
    # m − r ≤ Lm², so that the paper's L = Õ(1) ≥ 1 is enough.
    n, r = sympy.symbols("m r", positive=True)
    taylor = L**3 * n**2 * p**2 / 2 + L**2 * (n - r) * p**2 / 2 + L**2 * r * p
    over = sympy.factor(taylor - L**3 * n**2 * p**2 - L**2 * r * p)
    assert sympy.simplify(over - L**2 * p**2 * (n - r - L * n**2) / 2) == 0
