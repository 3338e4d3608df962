"""Slips of Kong (2019), in the paper's order."""

from functools import partial

from overparam_sk.theory._slip import Slip

__all__ = ["KONG_2019"]

_slip = partial(Slip, "K19")

KONG_2019: tuple[Slip, ...] = (
    _slip(
        "Lemma 4",
        "h2 = Ω(n²/λ_0⁶ · log(2n²/δ))",
        "the proof has 32 n²/λ_0² · log(2n²/δ)",
        "By (29), ‖H − H∞‖² ≤ 2n²/h2 · log(2n²/δ) ≤ (λ_0/4)² if and only if h2 ≥ "
        "32 n²/λ_0² · log(2n²/δ). The exponent 6 is that of Theorem 3.",
    ),
    _slip(
        "Lemma 4, every h2",
        "λ_min(H(0)) ≥ ¾ λ_0 with probability 1 − δ, for h2 large enough",
        "P(λ_min(H(0)) = 0) ≥ 2^(−h1) at every h2",
        "A(0) and −A(0) have the same distribution, so that all h1 units are off on a "
        "given row with probability 2^(−h1); then σ(A x_i) = 0, its row of H is 0, "
        "and λ_min(H(0)) = 0 whatever h2 is.",
    ),
    _slip(
        "§IV-C",
        "R' ≤ R is equivalent to h2^(2/3) = Ω(n³ L(0) h1/(λ_0³ δ²))",
        "λ_0⁴ in the place of λ_0³",
        "R'_A ≤ R_A squared is 8nL(0)/(λ_0² h1 h2^(2/3)) ≤ δ²λ_0²/(n²h1²), that is "
        "h2^(2/3) ≥ 8 n³L(0)h1/(λ_0⁴δ²). Theorem 3's λ_0⁶ = (λ_0⁴)^(3/2) is right: the "
        "slip is in the display alone.",
    ),
    _slip(
        "eq. 12",
        "E L(0) = ‖y‖² + n",
        "½‖y‖² + ½ Σ E u_i², with E u_i² = ab/4 for ‖x_i‖ = 1",
        "L = ½‖u − y‖² and E_w u_i = 0. A symmetric z has E σ(z)² = ½ E z², in each of "
        "two layers; a and b are the mean squares of an entry of A and B: 1 as drawn, "
        "1/d and 1/h1 when rows have norm 1. At most ½‖y‖² + n/8: O(n) is right.",
    ),
    _slip(
        "eq. 23",
        "Σ_q B_qr² ≤ 1",
        "Σ_q B_qr² is h2/h1 in the mean over r when rows have norm 1",
        "It is the rows that have norm ≤ 1: Σ_r Σ_q B_qr² = Σ_q ‖B_q‖² = h2. With "
        "√(h2/h1) for h2^(1/6) in (46), R'_A = (2/λ_0) √(2nL(0))/h1 does not fall "
        "with h2, and R'_A ≤ R_A asks for nothing of h2.",
    ),
    _slip(
        "eq. 24, sum",
        "P(|H_ij − H_ij∞| ≥ δ) ≤ 2(1 − h1/τ²) exp(·)",
        "≤ h1/τ² + 2 exp(·)",
        "With G the event that (23) bounds every |X_pr|: P(E) ≤ P(not G) + P(E | G). "
        "The printed bound has no P(not G): at τ² = h1 it is 0 for every δ.",
    ),
    _slip(
        "eq. 24, exponent",
        "exp(−h1h2δ²/(t + 2)²)",
        "exp(−h1h2δ²/(2(τ + 2)²))",
        "Hoeffding's inequality for N = h1h2 numbers in [−M, M] is 2 exp(−2N²δ²/"
        "(N(2M)²)) = 2 exp(−Nδ²/(2M²)), M = τ + 2. (25) has the 2 again; t is τ.",
    ),
    _slip(
        "eq. 24, independence",
        "Hoeffding's inequality for the mean of X_pr over p and r",
        "the X_pr are not independent, and the mean does not concentrate in h2",
        "The terms p ≠ q add up to (Σ_q w_q B_qr)²/h2 less its diagonal. With B_qr = b "
        "its variance over w is 2b⁴(1 − 1/h2), which tends to 2b⁴ and not to 0.",
    ),
    _slip(
        "eq. 27",
        "h2^k = √2/(√2 − √δ) with δ ≤ 1/2, in (26)",
        "then (23) leaves the event a probability 1 − h1/τ² < 1/2",
        "h2^k grows with δ to 2 at δ = 1/2, and τ + 2 = √(h1 h2^k): h1/τ² > "
        "h1/(τ + 2)² = 1/h2^k ≥ 1/2, and above 1 for h1 ≤ 23. Nothing like 1 − δ is "
        "left, at any h2. The algebra of (27) itself is right.",
    ),
    _slip(
        "eq. 31",
        "P(1_i(t){r} ≠ 1_i(0){r}) ≤ 2R_A/√(2π)",
        "about √d times that, for rows of norm 1",
        "Lemma 3.2 of [6] is for A_r·x ~ N(0, 1). Of a row that was scaled to norm 1, "
        "A_r·x has the density Γ(d/2)/(√π Γ((d−1)/2)) at 0: above 1/√(2π) from d = 3 "
        "on, 3.96 against 0.40 at d = 100.",
    ),
    _slip(
        "eq. 32",
        "P(1{p} stays | all 1{r} stay) ≥ 1 − 2R_B/√(2π)",
        "σ(A x) moves by up to √h1 R_A too, which R_B does not bound",
        "h1 = 2, B_p fixed (R_B = 0) and σ(A x) from (1, 0.5) to (1, 0.7): no 1{r} "
        "changes, and 1{p} does for B_p = (1, −1.5); for a Gaussian B_p with "
        "probability (atan 0.7 − atan 0.5)/π > 0.",
    ),
    _slip(
        "eq. 36",
        "P(activation changes) ≤ 4(h1R_A + R_A + R_B)/√(2π)",
        "(35) is for one (p, r); H_ij has h1h2 of them",
        "Of N independent patterns that change with probability q, one does with 1 − "
        "(1 − q)^N, up to N q. The first two sums of (30) are linear in (p, r) and "
        "need one alone, the third one is not.",
    ),
    _slip(
        "eq. 38, squares",
        "‖A_r(t)‖² ≤ R_A² + ‖A_r(0)‖²",
        "≤ 2(R_A² + ‖A_r(0)‖²)",
        "(a + b)² = a² + b² + 2ab ≤ 2(a² + b²), with equality at a = b. The next line "
        "has the 2.",
    ),
    _slip(
        "eq. 38, h2",
        "(1/(h1h2)) Σ_{p,r} B_pr² ≤ 1/h2",
        "≤ 1/h1",
        "Σ_{p,r} B_pr² = Σ_p ‖B_p‖² ≤ h2, with equality for rows of norm 1; in (39) "
        "too, whose bound 2(1 + 1/h2) is true as 1 + 1/h1 ≤ 2.",
    ),
    _slip(
        "eq. 38, p ≠ q",
        "E|H_ij(t)| ≤ (1/(h1h2)) Σ_{p,r} E(|x_i·A_r A_r·x_j| + |x_i·x_j| B_pr²)",
        "the sum over p ≠ q of (10) is left out, and does not vanish at time t",
        "E_w w_p w_q B_pr B_qr = 0 while B does not depend on w. h1 = d = 1, x = 1, "
        "A = a > 0, w_p B_p = b > 0 all on: H = a² + h2 b², and not a² + b².",
    ),
    _slip(
        "eq. 41",
        "its last line is O(max(R_A, R_B))",
        "it is 2R_A + R_A² + (1 + h2)/h1 · (2R_B + R_B²)",
        "Σ_{p,q} has h2² terms over h1h2. So (44) has to be R_B = O(cδλ_0h1/(nh2)), "
        "and R'_B ≤ R_B becomes h2 ≤ c²δ²λ_0⁴h1²/(8n³L(0)): an upper bound, so that "
        "no large h2 closes Lemma 7's cycle, nor gives Theorem 3.",
    ),
    _slip(
        "eq. 46",
        "|Σ_p w_p B_pr(s) 1_i(s){p,r}| ≤ h2^(1/6), by (23)",
        "(23) has the sum of all units at time 0, where B does not depend on w",
        "(d/ds) Σ_p w_p B_pr = (h1h2)^(−1/2) Σ_i (y_i − u_i) σ(A_r·x_i) Σ_p 1_i{p}: as "
        "w_p² = 1, the moves of all units add up. And units are on or off.",
    ),
    _slip(
        "eq. 46, all r",
        "with probability 1 − 1/h2^(1/3), for all r",
        "1 − h1/h2^(1/3)",
        "(23) is for one r, with τ² = h2^(1/3); Lemma 4's proof has h1/τ² for all. At "
        "h1 = 5 and h2 = 4000 it is 0.31 in the place of 0.06.",
    ),
    _slip(
        "eq. 47, ‖A(s)‖",
        "‖A(s)‖_F ≤ √h1",
        "‖A(s)‖_F ≤ √h1 (1 + R_A)",
        "Rows have norm ≤ 1 at time 0 alone: ‖A_r(s)‖ ≤ ‖A_r(0)‖ + R_A.",
    ),
    _slip(
        "eq. 47, pattern",
        "A(s)x_i · 1_i{p,r}",
        "σ(A(s)x_i) · 1_i{p}",
        "r is bound nowhere. At h1 = 2, A x = (1, −1) and 1{p} = 1, A x times 1{p, 1} "
        "is (1, −1), where σ(A x) is (1, 0). The bound ‖σ(A x)‖ ≤ ‖A‖ stays.",
    ),
)
