"""Kong 2019, claim by claim: what its equations, bounds and §V say of our network.

Where a claim does not hold as printed, the test says what does. The experiments at the
paper's sizes are `python -m overparam_sk reproduce k19`.
"""

import itertools
import math

import numpy as np
import pytest
import reference
import torch

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.datasets import make_unit_sphere
from overparam_sk.diagnostics import (
    gram_lambda_min,
    gram_matrix,
    infinite_width_gram,
    infinite_width_lambda_min,
)
from overparam_sk.experiments.kong_2019.limit import limit_gram
from overparam_sk.networks import (
    forward,
    gram_parts,
    initial_layers,
    preactivation_gradients,
)

KONG = {"network": "kong_2019", "width1": 5}
STEP = 2e-4  # §V-A


def layers(seed=0, h1=5, h2=40, d=10, row_norm="clip"):
    return initial_layers(seed, h1, h2, d, row_norm=row_norm, dtype=torch.float64)


def sphere(n=12, d=10, seed=0):
    return map(torch.from_numpy, make_unit_sphere(n, d, random_state=seed))


def outputs_after(weights, X, y, step, n_steps=1):
    A, B, _ = reference.gradient_descent(*weights, X, y, n_steps, step=step)
    return forward(X @ A.T, B, weights.w).u


@pytest.fixture(scope="module")
def fits():
    """§V-A on 20 points of the sphere, a seed without dead rows, three widths."""
    X, y = make_unit_sphere(20, 100, random_state=0)
    return {
        width: TwoHiddenReLURegressor(
            5,
            width,
            learning_rate=STEP,
            max_iter=1000,
            fit_intercept=False,
            record_every=10,
            random_state=2,
        ).fit(X, y)
        for width in (100, 400, 1600)
    }


def test_section_3a_initialisation():
    A, B, w = layers(h2=4000, d=100)
    assert set(w.tolist()) == {-1.0, 1.0}
    assert abs(float(w.mean())) < 0.05
    for W in (A, B):
        assert float(W.norm(dim=1).max()) <= 1 + 1e-12
    raw = layers(h2=4000, d=100, row_norm=None)
    assert float(raw.B.std()) == pytest.approx(1, rel=0.02)
    # "normalized to have norm ≤ 1": a row that is shorter stays as it is.
    short = raw.B.norm(dim=1) < 1
    assert bool(short.any())
    assert torch.equal(B[short], raw.B[short])


def test_equation_15_derivatives_are_autograds():
    X, _ = sphere()
    A, B, w = layers()
    for i, x in enumerate(X):
        net = reference.TwoHiddenReLU(A, B, w)
        dA, dB = torch.autograd.grad(net(x[None])[0], [net.A, net.B])
        at = forward(X @ A.T, B, w)
        one = torch.zeros(len(X), dtype=X.dtype)
        one[i] = 1
        dZ, ours = preactivation_gradients(at, w, one)
        torch.testing.assert_close(dZ.T @ X, dA)
        torch.testing.assert_close(ours, dB)


def equation_10(A, B, w, x_i, x_j):
    """The right-hand side, term by term."""
    y_i, y_j = (A @ x_i).clamp(min=0), (A @ x_j).clamp(min=0)
    h2, h1 = B.shape
    inner, total = x_i @ x_j, 0.0
    for r in range(h1):
        if not (A[r] @ x_i > 0 and A[r] @ x_j > 0):
            continue
        for p, q in itertools.product(range(h2), range(h2)):
            if not (B[p] @ y_i > 0 and B[q] @ y_j > 0):
                continue
            if p == q:
                total += (x_i @ A[r]) * (A[r] @ x_j) + inner * B[p, r] ** 2
            else:
                total += inner * w[p] * w[q] * B[p, r] * B[q, r]
    return float(total)


def test_proposition_1_is_the_gram_matrix_of_autograds_jacobian():
    X, _ = sphere(n=5, d=4)
    A, B, w = layers(seed=1, h1=3, h2=6, d=4)
    H = gram_matrix((A, B, w), X.numpy())
    slow = sum(reference.two_hidden_gram_parts(A, B, w, X))
    np.testing.assert_allclose(H, slow.numpy(), atol=1e-14)
    printed = [[equation_10(A, B, w, x, z) for z in X] for x in X]
    np.testing.assert_allclose(3 * 6 * H, printed, atol=1e-13)


def test_equation_8_outputs_follow_the_gram_matrix():
    X, y = sphere()
    weights = layers()
    u = forward(X @ weights.A.T, weights.B, weights.w).u
    step = 1e-6
    du = (outputs_after(weights, X, y, step) - u) / step
    H = torch.from_numpy(gram_matrix(tuple(weights), X.numpy()))
    torch.testing.assert_close(du, H @ (y - u), rtol=1e-5, atol=1e-8)


def test_equation_45_the_loss_falls_at_twice_lambda_min_at_least():
    X, y = sphere()
    weights = layers(seed=6)
    u = forward(X @ weights.A.T, weights.B, weights.w).u
    residual = y - u
    L = float(residual.square().sum()) / 2
    step = 1e-6
    after = outputs_after(weights, X, y, step)
    slope = (float((y - after).square().sum()) / 2 - L) / step
    H = torch.from_numpy(gram_matrix(tuple(weights), X.numpy()))
    assert slope == pytest.approx(-float(residual @ H @ residual), rel=1e-4)
    # ‖y − u‖² = 2 L: with λ_min(H) ≥ λ_0/2 this is the paper's −λ_0 L.
    lambda_min = gram_lambda_min(tuple(weights), X.numpy())
    assert lambda_min > 0
    assert slope <= -2 * lambda_min * L
    # An eigenvector of λ_min as the residual shows that the factor 2 is sharp.
    v = torch.linalg.eigh(H).eigenvectors[:, 0]
    aligned = outputs_after(weights, X, u + v, step)
    slope = (float((u + v - aligned).square().sum()) / 2 - 0.5) / step
    assert slope == pytest.approx(-2 * lambda_min * 0.5, rel=1e-3)


@pytest.mark.parametrize("row_norm", ["clip", None])
def test_equation_12_has_half_the_labels_and_an_eighth_of_n_at_most(row_norm):
    # Printed: E L(0) = ‖y‖² + n. With L = ½‖u − y‖² it is ½‖y‖² + ½ Σ E u_i², and
    # E u_i² = a b/4, with a and b the mean squares of an entry of A and of B: n/8 at
    # most. That is still Θ(n), which is all that Theorem 3 takes from it.
    n, d = 8, 10
    X, y = sphere(n, d)
    losses, squares = [], []
    for seed in range(3000):
        A, B, w = layers(seed, h2=20, d=d, row_norm=row_norm)
        u = forward(X @ A.T, B, w).u
        losses.append(float((u - y).square().sum()) / 2)
        squares.append((float(A.square().mean()), float(B.square().mean())))
    a, b = np.mean(squares, axis=0)
    expected = float(y.square().sum()) / 2 + n * a * b / 8
    error = np.std(losses) / math.sqrt(len(losses))
    assert np.mean(losses) == pytest.approx(expected, abs=4 * error)
    printed = float(y.square().sum()) + n
    assert np.mean(losses) < printed - 100 * error
    if row_norm is None:
        assert a * b == pytest.approx(1, abs=0.02)


def test_proposition_2_both_gram_matrices_are_positive_semi_definite():
    X, _ = sphere(30)
    for H in (gram_matrix(tuple(layers()), X.numpy()), infinite_width_gram(X, **KONG)):
        assert np.linalg.eigvalsh(H)[0] > -1e-14
        np.testing.assert_allclose(H, H.T, atol=1e-15)


def test_assumption_2_holds_where_no_two_rows_are_the_same():
    X, _ = make_unit_sphere(30, 10, random_state=0)
    lambda_0, error = infinite_width_lambda_min(X, **KONG)
    assert lambda_0 > 10 * error
    assert infinite_width_lambda_min(np.vstack([X, X[:1]]), **KONG)[0] == 0.0


def test_lemma_4_fails_at_any_h2_where_a_row_is_dead():
    X, _ = make_unit_sphere(50, 100, random_state=0)
    lambda_0, _ = infinite_width_lambda_min(X, **KONG)
    assert lambda_0 > 0
    rows, dead_rows, seen = 0, 0, set()
    for seed in range(40):
        for h2 in (20, 2000):
            A, B, w = layers(seed, h2=h2, d=100)
            dead = reference.dead_samples(A, X)
            lambda_min = gram_lambda_min((A, B, w), X)
            assert (lambda_min == 0) == (dead > 0)
            # What the lemma has with high probability is not met once.
            assert lambda_min < 0.75 * lambda_0
        seen.add(dead > 0)
        rows, dead_rows = rows + len(X), dead_rows + dead
    assert seen == {True, False}
    # A row is dead with probability 2^−h1.
    assert dead_rows / rows == pytest.approx(2**-5, abs=0.015)


def test_lemma_4_the_gram_matrix_does_not_settle_as_h2_alone_grows():
    # Σ_p w_p B_pr 1{..}/√h2 tends to a Gaussian, not to 0, so that the terms p ≠ q of
    # eq. (10) keep their spread over w at every h2; the part of B settles.
    X, _ = sphere(2)
    spread = {}
    for h2 in (50, 5000):
        parts = []
        for seed in range(200):
            A, _, _ = layers(3)
            _, B, w = layers(seed, h2=h2)
            parts.append([part[0, 0] for part in gram_parts_of(A, B, w, X)])
        spread[h2] = np.std(parts, axis=0)
    B_part, A_part = spread[5000] / spread[50]
    assert B_part == pytest.approx(0.1, abs=0.05)
    assert A_part == pytest.approx(1, abs=0.3)


def test_lemma_4_fails_in_the_limit_of_h2_too():
    # Drawn by its closed form: what H(0) tends to, given A(0), is no mean.
    X, _ = make_unit_sphere(20, 100, random_state=0)
    A = layers(2, d=100).A.numpy()
    few = X[:6]
    drawn = np.array([limit_gram(few, A, seed) for seed in range(3000)])
    mean = infinite_width_gram(few, row_norm="clip", first_weights=A, **KONG)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=2e-3)
    finite = []
    for seed in range(1000):
        _, B, w = layers(seed, h2=500, d=100)
        finite.append(gram_matrix((A, B, w), few))
    np.testing.assert_allclose(np.std(finite, axis=0), drawn.std(axis=0), rtol=0.25)
    lambda_0, _ = infinite_width_lambda_min(X, **KONG)
    smallest = [
        np.linalg.eigvalsh(limit_gram(X, layers(seed, d=100).A.numpy(), seed))[0]
        for seed in range(100)
    ]
    assert np.mean(np.array(smallest) >= 0.75 * lambda_0) < 0.1


def test_lemma_5_asks_for_no_width_and_fails_at_0():
    # Nothing has moved at t = 0, so that every R_A and R_B is kept.
    X, _ = make_unit_sphere(50, 100, random_state=0)
    half = infinite_width_lambda_min(X, **KONG)[0] / 2
    smallest = [gram_lambda_min(layers(s, h2=2000, d=100), X) for s in range(20)]
    assert max(smallest) < half


def test_theorem_3_cannot_have_a_smaller_delta_than_the_chance_of_a_dead_row():
    # One row: it is dead with probability 2^−h1, and then nothing moves, at any h2.
    x, y = torch.eye(4, dtype=torch.float64)[:1], torch.ones(1, dtype=torch.float64)
    dead = 0
    for seed in range(400):
        start = layers(seed, h1=3, h2=50, d=4)
        is_dead = not bool((start.A[:, 0] > 0).any())
        u = outputs_after(start, x, y, STEP, 2)
        assert (float(u) == 0) == is_dead
        dead += is_dead
    assert dead / 400 == pytest.approx(2**-3, abs=0.05)


def test_equation_23_sums_a_column_which_grows_with_h2():
    # Σ_q B_qr² is about h2/h1, as the rows have norm 1: not 1 at most.
    h2, sums = 4000, []
    for seed in range(100):
        _, B, w = layers(seed, h2=h2, d=4)
        assert float(B.square().sum(dim=0).mean()) == pytest.approx(h2 / 5, rel=0.05)
        sums.append(abs(float(w @ B[:, 0])))
    assert np.mean(np.array(sums) >= h2 ** (1 / 6)) > 0.7 > h2 ** (-1 / 3)
    assert np.mean(np.square(sums)) == pytest.approx(h2 / 5, rel=0.5)


def gram_parts_of(A, B, w, X):
    return [part.numpy() for part in gram_parts(forward(X @ A.T, B, w), X @ X.T)]


def test_section_5a_the_step_is_small_enough_to_pass_for_the_flow():
    X, y = sphere(20, 100)
    weights = layers(seed=2, h2=200, d=100)
    start = forward(X @ weights.A.T, weights.B, weights.w).u
    paper = outputs_after(weights, X, y, STEP, 300)
    finer = outputs_after(weights, X, y, STEP / 10, 3000)
    assert float((paper - finer).norm()) < 1e-3 * float((paper - start).norm())


def test_section_5b_the_loss_falls_at_every_look_and_stays_below_theorem_3(fits):
    X, _ = make_unit_sphere(20, 100, random_state=0)
    lambda_0, _ = infinite_width_lambda_min(X, **KONG)
    for net in fits.values():
        t, L = STEP * net.history_["iteration"], net.history_["loss"]
        assert (np.diff(L) < 0).all()
        assert (np.exp(-lambda_0 * t) * L[0] >= L).all()


def test_section_5b_changes_grow_and_stay_low(fits):
    for net in fits.values():
        assert (np.diff(net.history_["weight_change_1"]) > 0).all()
        assert (np.diff(net.history_["weight_change_2"]) > 0).all()
        assert max(net.activation_change_) < 0.1
        assert max(net.relative_distance_) < 0.2


def test_section_5b_relative_distance_of_the_wide_layer_falls_with_its_width(fits):
    distances = [net.relative_distance_[1] for net in fits.values()]
    assert distances == sorted(distances, reverse=True)
    slope = np.polyfit(np.log(list(fits)), np.log(distances), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.15)


def test_section_6_the_modes_of_the_initial_gram_matrix_foretell_the_loss(fits):
    # "dynamics are controlled by some other indicators": L(t) = ½ Σ c² (1 − ηλ)^2t.
    X, y = make_unit_sphere(20, 100, random_state=0)
    net = fits[1600]
    A0, B0 = net.initial_weights()
    w = net.readout_signs_
    values, vectors = np.linalg.eigh(gram_matrix((A0, B0, w), X))
    u0 = np.maximum(np.maximum(X @ A0.T, 0) @ B0.T, 0) @ w / math.sqrt(5 * 1600)
    c = vectors.T @ (u0 - y)
    t, L = net.history_["iteration"], net.history_["loss"]
    foretold = (1 - STEP * values) ** (2 * t[:, None]) @ c**2 / 2
    assert L[0] - L[-1] > 0.01 * L[0]
    np.testing.assert_allclose(foretold, L, rtol=5e-3)
    # Far better than what the smallest eigenvalue alone says of the fall.
    slowest = L[0] * np.exp(-2 * values[0] * STEP * t)
    assert abs(foretold[-1] - L[-1]) < 0.1 * abs(slowest[-1] - L[-1])
