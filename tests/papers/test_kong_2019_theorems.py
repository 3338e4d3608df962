"""Kong 2019, theorem by theorem: the rows of its sheet, against slow obvious loops.

Where a statement does not hold on the paper's own data, the test says so, with what is
seen instead. What the algebra alone shows is in tests/theory/test_slips.py.
"""

import itertools
import math
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.datasets import make_unit_sphere
from overparam_sk.diagnostics import gram_matrix, infinite_width_lambda_min
from overparam_sk.theory._kong_2019 import sheet
from overparam_sk.theory._kong_2019.assumptions import setting
from overparam_sk.theory._kong_2019.measured import Measured
from overparam_sk.theory._kong_2019.numbers import Numbers, expected_loss, mean_square
from overparam_sk.theory._kong_2019.patterns import chance_near_zero

H1, H2, N, D = 3, 40, 8, 20
STEP, DELTA = 0.02, 0.1


def fit(width2=H2, n=N, d=D, **options):
    X, y = make_unit_sphere(n, d, random_state=0)
    usual = {
        "learning_rate": STEP,
        "max_iter": 300,
        "fit_intercept": False,
        "record_every": 1,
        "random_state": 3,
    }
    net = TwoHiddenReLURegressor(H1, width2, **{**usual, **options})
    return net.fit(X, y), X, y


@pytest.fixture(scope="module")
def fitted():
    return fit()


@pytest.fixture(scope="module")
def measured(fitted):
    return Measured.of(*fitted)


@pytest.fixture(scope="module")
def rows(fitted):
    return sheet(*fitted, epsilon=0.5, delta=DELTA).rows


def row(rows, part, words):
    (found,) = [r for r in rows if r.part == part and words in r.quantity]
    return found


def gram_of(layers):
    return gram_matrix((layers.A, layers.B, layers.w), layers.X)


def on(layers, i, p=None, r=None):
    """1_i{r}, 1_i{p} or 1_i{p, r} (eq. 14), from the weights."""
    x = layers.X[i]
    first = r is None or layers.A[r] @ x > 0
    second = p is None or layers.B[p] @ np.maximum(layers.A @ x, 0) > 0
    return bool(first and second)


# ------------------------------------------------------------------ the suppositions
def test_section_3a_the_setting_is_measured(rows, measured):
    setting = [r for r in rows if r.part == "§III-A"]
    assert len(setting) == 6
    assert not any(r.holds is False for r in setting)
    step = row(rows, "§III-A", "the step")
    H = gram_of(measured.start)
    assert step.found == pytest.approx(STEP * np.linalg.eigvalsh(H)[-1])


@pytest.mark.parametrize(
    ("options", "scale", "words"),
    [
        ({"momentum": 0.5}, 1, "momentum"),
        ({"row_norm": None}, 1, "rows of A(0)"),
        ({}, 2, "rows have norm 1"),
        ({"fit_intercept": True}, 1, "rows have norm 1"),
    ],
)
def test_section_3a_what_is_not_as_supposed_is_said(options, scale, words):
    net, X, y = fit(**options, max_iter=2)
    rows = setting(Measured.of(net.fit(scale * X, y), scale * X, y))
    assert row(rows, "§III-A", words).holds is False


def test_an_intercept_is_one_more_column_of_ones():
    net, X, y = fit(fit_intercept=True)
    ones = np.column_stack([X, np.ones(N)])
    m = Measured.of(net, X, y)
    np.testing.assert_array_equal(m.end.X, ones)
    u = net.predict(X) - y
    np.testing.assert_allclose(m.end.residual, u, atol=1e-10)
    np.testing.assert_allclose(m.end.gram, gram_matrix(net, X), atol=1e-12)
    assert m.start.loss == pytest.approx(net.history_["loss"][0])


def test_rows_of_another_fit_are_refused(fitted):
    net, X, y = fitted
    for X_, y_ in ((X, y + 1), (X[:-1], y[:-1]), (X[:, :-1], y)):
        with pytest.raises(ValueError, match=r"(?i)\bX\b"):
            sheet(net, X_, y_, epsilon=0.5, delta=DELTA)


def test_assumption_1(rows):
    assert row(rows, "Assumption 1", "partial").found == H2 / H1
    net, X, y = fit(width2=2, max_iter=2)
    narrow = sheet(net, X, y, epsilon=0.5, delta=DELTA).rows
    assert row(narrow, "Assumption 1", "partial").holds is False


def test_assumption_2_and_proposition_2(rows, fitted):
    _, X, _ = fitted
    value, error = infinite_width_lambda_min(X, network="kong_2019", width1=H1)
    assumption = row(rows, "Assumption 2", "λ_0")
    assert (assumption.found, assumption.required) == (value, 3 * error)
    assert assumption.holds
    assert row(rows, "Proposition 2", "semi-definite").holds


def test_assumption_2_fails_where_rows_repeat_and_no_width_is_enough():
    X, y = make_unit_sphere(N, D, random_state=0)
    X, y = np.vstack([X, X[:1]]), np.append(y, 0.5)
    net, *_ = fit(max_iter=2)
    found = sheet(net.fit(X, y), X, y, epsilon=0.5, delta=DELTA).rows
    assert row(found, "Assumption 2", "λ_0").holds is False
    for part, words in (("Theorem 3", "width"), ("Lemma 4", "as printed")):
        width = row(found, part, words)
        assert width.required is None
        assert width.holds is None
        assert "no width is large enough" in width.note
    assert row(found, "Lemma 7", "the cycle, A").holds is None


# ----------------------------------------------------------------------- Theorem 3
def test_theorem_3_width(rows, measured):
    lambda_0, L0 = measured.lambda_0[0], measured.start.loss
    printed = N**4.5 * L0**1.5 * H1**1.5 / (lambda_0**6 * DELTA**3)
    found = row(rows, "Theorem 3", "width")
    assert 10**found.required.log10 == pytest.approx(printed)
    assert found.holds is False


def test_theorem_3_the_loss_stays_below_its_bound_at_every_look(rows, fitted):
    net, X, _ = fitted
    lambda_0, _ = infinite_width_lambda_min(X, network="kong_2019", width1=H1)
    L = net.history_["loss"]
    ratios = [
        L[i] / (math.exp(-lambda_0 * STEP * t) * L[0])
        for i, t in enumerate(net.history_["iteration"])
        if t > 0
    ]
    found = row(rows, "Theorem 3", "loss over the bound")
    assert found.found == pytest.approx(max(ratios))
    assert found.holds


def test_theorem_3_fails_where_the_step_is_too_long():
    with pytest.warns(ConvergenceWarning, match="has risen"):
        net, X, y = fit(learning_rate=20.0, max_iter=4)
    rows = sheet(net, X, y, epsilon=0.5, delta=DELTA).rows
    found = row(rows, "Theorem 3", "loss over")
    assert found.found > 1
    assert found.holds is False


def test_theorem_3_iterations_to_epsilon(rows, fitted, measured):
    net, *_ = fitted
    first = next(
        t
        for t, L in zip(net.history_["iteration"], net.history_["loss"], strict=True)
        if L <= 0.5
    )
    found = row(rows, "Theorem 3", "iterations")
    assert found.found == first
    bound = math.log(measured.start.loss / 0.5) / (measured.lambda_0[0] * STEP)
    assert found.required == pytest.approx(bound)


@pytest.mark.parametrize("options", [{"learning_rate": "auto"}, {"momentum": 0.9}])
def test_theorem_3_has_no_time_with_other_steps(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 20 iterations are few
        net, X, y = fit(**options, max_iter=20)
    rows = sheet(net, X, y, epsilon=0.5, delta=DELTA).rows
    found = row(rows, "Theorem 3", "loss over")
    assert found.holds is None
    assert "Not tested" in found.note


@pytest.mark.parametrize("row_norm", ["clip", "unit", None])
def test_equation_12_expected_loss_is_the_mean_over_initialisations(row_norm):
    X, y = make_unit_sphere(5, 6, random_state=0)
    rng = np.random.default_rng(0)

    def scaled(W):
        norms = np.linalg.norm(W, axis=-1, keepdims=True)
        return {"clip": W / np.maximum(norms, 1), "unit": W / norms, None: W}[row_norm]

    A, B = (scaled(rng.normal(size=size)) for size in ((8000, 3, 6), (8000, 10, 3)))
    w = rng.choice([-1.0, 1.0], size=(8000, 10))
    Y = np.maximum(np.einsum("srd,nd->snr", A, X), 0)
    u = np.einsum("sp,snp->sn", w, np.maximum(np.einsum("spr,snr->snp", B, Y), 0))
    losses = np.square(u / math.sqrt(30) - y).sum(axis=1) / 2
    net, *_ = fit(n=5, d=6, width2=10, row_norm=row_norm, max_iter=1)
    found = expected_loss(Measured.of(net, X, y))
    assert found == pytest.approx(losses.mean(), abs=4 * losses.std() / math.sqrt(8000))
    assert np.square(A).mean() == pytest.approx(mean_square(6, row_norm), rel=0.02)


def test_equation_12_does_not_hold_as_printed(rows, fitted):
    _, _, y = fitted
    found = row(rows, "eq. (12)", "expected")
    assert found.required == pytest.approx(y @ y + N)
    assert found.holds is False
    assert found.found < found.required / 2
    # Markov's bound O(n/δ) on L(0) does, with room.
    assert row(rows, "§IV-C", "by Markov").holds


# --------------------------------------------------------------------------- lemmas
def test_lemma_4(rows, measured):
    lambda_0, log = measured.lambda_0[0], math.log(2 * N**2 / DELTA)
    printed, proof = (row(rows, "Lemma 4", w) for w in ("as printed", "as its proof"))
    assert 10**printed.required.log10 == pytest.approx(N**2 / lambda_0**6 * log)
    assert 10**proof.required.log10 == pytest.approx(32 * N**2 / lambda_0**2 * log)
    eigenvalue = row(rows, "Lemma 4", "smallest eigenvalue")
    H = gram_of(measured.start)
    assert eigenvalue.found == pytest.approx(np.linalg.eigvalsh(H)[0], abs=1e-12)
    assert eigenvalue.required == 0.75 * lambda_0


def test_lemma_4_does_not_hold_where_a_row_is_dead():
    # h1 = 3: a row in eight.
    net, X, y = fit(n=40, max_iter=1, width2=2000, gram_samples=40)
    found = row(sheet(net, X, y, epsilon=0.5, delta=DELTA).rows, "Lemma 4", "smallest")
    dead = sum((net.initial_weights()[0] @ x <= 0).all() for x in X)
    assert dead > 0
    assert found.note.startswith(f"{dead} rows")
    assert found.found == 0.0
    assert found.holds is False


def test_equation_23(rows, measured):
    B, w = measured.start.B, measured.start.w
    squares = max(sum(B[q, r] ** 2 for q in range(H2)) for r in range(H1))
    signed = max(abs(sum(w[q] * B[q, r] for q in range(H2))) for r in range(H1))
    found = row(rows, "eq. (23)", "squares")
    assert found.found == pytest.approx(squares)
    assert found.holds is False
    assert found.found > H2 / H1 / 2
    found = row(rows, "eq. (23)", "largest signed sum")
    assert found.found == pytest.approx(signed)
    assert found.required == H2 ** (1 / 6)
    share = row(rows, "eq. (23)", "share")
    assert share.found == np.mean(np.abs(w @ B) <= H2 ** (1 / 6))
    assert share.required == pytest.approx(1 - H2 ** (-1 / 3))


def test_equations_23_and_46_do_not_hold_at_the_papers_width():
    net, X, y = fit(width2=4000, max_iter=2, learning_rate=2e-4)
    found = sheet(net, X, y, epsilon=0.5, delta=DELTA).rows
    for part, words in (
        ("eq. (23)", "at 0"),
        ("eq. (46)", "at 0, of the units"),
        ("eq. (46)", "at t, of the units"),
    ):
        r = row(found, part, f"largest signed sum of a column {words}")
        assert r.required == pytest.approx(4000 ** (1 / 6))
        assert r.found > 2 * r.required
        assert r.holds is False
        share = row(found, part, f"h2^(1/6) of the signed sum of a column {words}")
        assert share.holds is False


def test_lemma_5(rows, fitted, measured):
    net, *_ = fitted
    A0, B0 = net.initial_weights()
    moves = {
        "A": max(math.dist(a, b) for a, b in zip(net.first_weights_, A0, strict=True)),
        "B": max(math.dist(a, b) for a, b in zip(net.second_weights_, B0, strict=True)),
    }
    lambda_0 = measured.lambda_0[0]
    radii = {"A": DELTA * lambda_0 / (N * H1), "B": DELTA * lambda_0 / N}
    for W, move in moves.items():
        found = row(rows, "Lemma 5", f"row of {W}")
        assert found.found >= move * (1 - 1e-6)
        assert found.required == pytest.approx(radii[W])
        assert found.holds is False
    found = row(rows, "Lemma 5", "smallest eigenvalue")
    assert found.found == pytest.approx(net.history_["gram_lambda_min"].min())
    assert found.required == lambda_0 / 2


def test_lemma_6(rows, measured):
    lambda_0, L0 = measured.lambda_0[0], measured.start.loss
    scale = 2 / lambda_0 * math.sqrt(2 * N * L0)
    radii = {"A": scale / math.sqrt(H1 * H2 ** (2 / 3)), "B": scale / math.sqrt(H2)}
    for W, radius in radii.items():
        found = row(rows, "Lemma 6", f"row of {W}")
        assert found.required == pytest.approx(radius)
        assert found.holds


def test_equation_45(rows):
    # The rate of the flow's loss, by one short step of the descent.
    short = fit(learning_rate=1e-6, max_iter=1)[0].history_["loss"]
    rate = (1 - short[1] / short[0]) / 1e-6
    found = row(rows, "eq. (45)", "at 0")
    assert found.found == pytest.approx(rate, rel=1e-3)
    assert found.holds


def test_equation_46(rows, measured):
    for time, layers in (("0", measured.start), ("t", measured.end)):
        gated = max(
            abs(
                sum(
                    layers.w[p] * layers.B[p, r] * on(layers, i, p, r)
                    for p in range(H2)
                )
            )
            for i, r in itertools.product(range(N), range(H1))
        )
        found = row(rows, "eq. (46)", f"largest signed sum of a column at {time}, of")
        assert found.found == pytest.approx(gated)
    whole = max(abs(measured.end.w @ measured.end.B))
    (found,) = (r for r in rows if r.quantity == "largest signed sum of a column at t")
    assert found.found == pytest.approx(whole)


def test_equation_47_holds_at_the_start_and_not_later(rows, measured):
    at_start, later = (row(rows, "eq. (47)", f"at {time}") for time in "0t")
    assert at_start.holds
    assert later.found == pytest.approx(np.sqrt(np.square(measured.end.A).sum()))
    assert later.holds is False


def test_equations_48_and_49_are_the_integrals_of_46_and_47(measured):
    lambda_0, L0 = measured.lambda_0[0], measured.start.loss
    s = np.linspace(0, 60 / lambda_0, 400_001)
    fall = np.exp(-lambda_0 * s / 2)
    speeds = (
        math.sqrt(2 * N * L0 / (H1 * H2 ** (2 / 3))) * fall,
        math.sqrt(2 * N * L0 / H2) * fall,
    )
    paths = [np.trapezoid(speed, s) for speed in speeds]
    assert Numbers(measured, DELTA).R_prime == pytest.approx(paths, rel=1e-6)


def test_lemma_7_the_cycle(rows, measured):
    numbers = Numbers(measured, DELTA)
    for W, R_, R in zip("AB", numbers.R_prime, numbers.R, strict=True):
        found = row(rows, "Lemma 7", f"the cycle, {W}")
        assert (found.found, found.required) == (R_, R)
        assert found.holds is False


def at_width(lambda_0, L0, h2):
    """R'_A, R_A, R'_B and R_B of Lemmas 5 and 6 at any h2."""
    scale = 2 / lambda_0 * math.sqrt(2 * N * L0)
    R = DELTA * lambda_0 / N
    return scale * (H1 * h2 ** (2 / 3)) ** -0.5, R / H1, scale * h2**-0.5, R


def test_lemma_7_widths_are_where_the_cycle_closes(rows, measured):
    lambda_0, L0 = measured.lambda_0[0], measured.start.loss
    closes_A = 10 ** row(rows, "Lemma 7", "λ_0⁴").required.log10
    (of_B,) = (r for r in rows if r.quantity == "width, from R'_B ≤ R_B")
    closes_B = 10**of_B.required.log10
    for factor, closed in ((0.99, False), (1.01, True)):
        R_A_, R_A, _, _ = at_width(lambda_0, L0, factor * closes_A)
        _, _, R_B_, R_B = at_width(lambda_0, L0, factor * closes_B)
        assert (R_A_ <= R_A) == (R_B_ <= R_B) == closed
    # With λ_0³, as §IV-C prints, it does not close.
    printed = 10 ** row(rows, "Lemma 7", "λ_0³").required.log10
    R_A_, R_A, _, _ = at_width(lambda_0, L0, printed)
    assert R_A_ > R_A


def test_lemma_7_does_not_close_at_any_width_with_the_columns_true_size(rows, measured):
    found = row(rows, "Lemma 7", "√(h2/h1)")
    lambda_0, L0 = measured.lambda_0[0], measured.start.loss
    assert found.found == pytest.approx(2 / lambda_0 * math.sqrt(2 * N * L0) / H1)
    assert found.holds is False
    at_most = row(rows, "Lemma 7", "(41) asks")
    # R'_B = R_B h1/h2 there, and beyond it R'_B is the larger.
    h2 = 10**at_most.required.log10
    scale = 2 / lambda_0 * math.sqrt(2 * N * L0)
    assert scale / math.sqrt(h2) == pytest.approx(DELTA * lambda_0 / N * H1 / h2)
    assert scale / math.sqrt(2 * h2) > DELTA * lambda_0 / N * H1 / (2 * h2)
    assert h2 < 1
    assert at_most.holds is False


# --------------------------------------------------------------- patterns and H(t)
def loops(measured):
    """Changed shares, unit by unit and row by row."""
    a, b = measured.start, measured.end
    units = list(itertools.product(range(H2), range(H1)))
    single = (
        np.array([[on(a, i, p, r) for p, r in units] for i in range(N)], dtype=bool),
        np.array([[on(b, i, p, r) for p, r in units] for i in range(N)], dtype=bool),
    )
    before, after = (s[:, None] & s[None] for s in single)
    return {
        "31": np.mean(
            [on(a, i, r=r) != on(b, i, r=r) for i in range(N) for r in range(H1)]
        ),
        "33": np.mean(
            [on(a, i, p=p) != on(b, i, p=p) for i in range(N) for p in range(H2)]
        ),
        "34": np.mean(single[0] != single[1]),
        "35": np.mean(before != after),
        "36": np.mean((before != after).any(axis=2)),
    }


def test_equations_31_to_36_changed_patterns_against_loops(rows, measured):
    slow = loops(measured)
    assert 0 < slow["35"] < slow["36"]
    words = {
        "31": "of the first layer, changed",
        "33": "of the second layer, changed",
        "34": "two units on a row",
        "35": "two units on two rows",
        "36": "any changed pattern",
    }
    R_A, R_B = measured.moves
    bounds = {
        "31": 2 * R_A,
        "33": 2 * (H1 * R_A + R_B),
        "34": 2 * (H1 * R_A + R_A + R_B),
        "35": 4 * (H1 * R_A + R_A + R_B),
        "36": 4 * (H1 * R_A + R_A + R_B),
    }
    for eq, text in words.items():
        found = row(rows, f"eq. ({eq})", text)
        assert found.found == pytest.approx(slow[eq])
        assert found.required == pytest.approx(bounds[eq] / math.sqrt(2 * math.pi))


@pytest.mark.parametrize("row_norm", ["clip", "unit", None])
@pytest.mark.parametrize("d", [1, 3, 100])
def test_equation_31s_event_has_the_probability_said(row_norm, d):
    rng = np.random.default_rng(0)
    W = rng.normal(size=(40_000, d))
    norms = np.linalg.norm(W, axis=1)
    scale = {"clip": np.maximum(norms, 1), "unit": norms, None: np.ones(len(W))}
    first = np.abs(W[:, 0] / scale[row_norm])
    for radius in (0.05, 0.3, 0.9):
        found = chance_near_zero(radius, d, row_norm)
        assert found == pytest.approx((first <= radius).mean(), abs=0.012)


def test_equation_31_does_not_bound_its_event_once_rows_are_scaled():
    # Printed 2R/√(2π): at d = 100 the event is 10 times as likely, without it not.
    for R in (1e-3, 1e-2):
        printed = 2 * R / math.sqrt(2 * math.pi)
        assert chance_near_zero(R, 100, None) <= printed
        assert chance_near_zero(R, 100, "clip") > 9 * printed
    net, X, y = fit(n=60, width2=20, max_iter=20, gram_samples=60)
    found = sheet(net, X, y, epsilon=0.5, delta=DELTA).rows
    event = row(found, "eq. (31)", "which (31) goes by")
    A0, _ = net.initial_weights()
    R_A = row(found, "Lemma 5", "row of A").found
    slow = np.mean([abs(a @ x) <= R_A for a in A0 for x in X])
    assert event.found == pytest.approx(slow)
    assert event.holds is False


def test_equations_36_to_44_the_gram_matrix(rows, measured):
    a, b = measured.start, measured.end
    H0, H = (gram_matrix((s.A, s.B, s.w), s.X) for s in (a, b))
    change = np.mean([[abs(H[i, j] - H0[i, j]) for j in range(N)] for i in range(N)])
    R_A, R_B = measured.moves
    now, start = 2 * (1 + R_A**2 + (1 + R_B**2) / H2), 2 * (1 + 1 / H2)
    last = sum(
        (2 * R_A + R_A**2) / (H1 * H2) for _ in itertools.product(range(H2), range(H1))
    )
    last += sum((2 * R_B + R_B**2) / (H1 * H2) for _ in range(H2))
    last += sum((2 * R_B + R_B**2) / (H1 * H2) for _ in range(H2**2))
    chance = 4 * (H1 * R_A + R_A + R_B) / math.sqrt(2 * math.pi)
    lambda_0 = measured.lambda_0[0]
    expected = {
        ("eq. (38)", "mean entry"): (np.abs(H).mean(), now),
        ("eq. (39)", "mean entry"): (np.abs(H0).mean(), start),
        ("eq. (36)", "mean change"): (change, last + chance * (now + start)),
        ("eq. (41)", "last line"): (last, max(R_A, R_B)),
        ("eq. (42)", "mean change"): (change, max(H1 * R_A, R_B)),
        ("eq. (43)", "as Markov"): (change, DELTA * lambda_0 / (4 * N)),
        ("eq. (43)", "Gram matrix"): (np.linalg.norm(H - H0, 2), lambda_0 / 4),
    }
    for (part, words), (value, bound) in expected.items():
        found = row(rows, part, words)
        assert found.found == pytest.approx(value), part
        assert found.required == pytest.approx(bound), part
    assert row(rows, "eq. (36)", "mean change").holds
    assert row(rows, "eq. (42)", "mean change").holds
    # (41) is far above the O that it is written as, and (43) is out of reach.
    assert row(rows, "eq. (41)", "last line").holds is False
    assert row(rows, "eq. (43)", "as Markov").holds is False


def test_equation_44_radii_bound_what_equation_43_needs(measured):
    # h1 R_A = R_B = δλ_0/n, and 4n/λ_0 times that is 4δ: the constant c is for it.
    numbers = Numbers(measured, DELTA)
    R_A, R_B = numbers.R
    assert max(H1 * R_A, R_B) == pytest.approx(DELTA * measured.lambda_0[0] / N)
