"""Slips of Li and Liang (2018), in the paper's order."""

from functools import partial

from overparam_sk.theory._slip import Slip

__all__ = ["LI_LIANG_2018"]

_slip = partial(Slip, "LL18")

LI_LIANG_2018: tuple[Slip, ...] = (
    _slip(
        "§5.1",
        "σ = Õ(1/m^(−1/2))",
        "σ = Õ(1/m^(1/2))",
        "1/m^(−1/2) = m^(1/2). 1/(ηmε²) ≤ σε/η is mσε³ ≥ 1, with (A3)'s σ = m^(−1/2) "
        "m ≥ 1/ε⁶, as the text concludes.",
    ),
    _slip(
        "§7, N(0, 1/√m)",
        "weights from N(0, 1/√m)",
        "(A3) has N(0, σ²I) with σ = 1/√m, that is N(0, 1/m)",
        "Read as a variance, 1/√m is a standard deviation of m^(−1/4): m^(1/4) times "
        "(A3)'s, 8 times at m = 4000.",
    ),
    _slip(
        "Lemma A.1",
        "‖∂L/∂w_r‖ ≤ L where |a_{i,r}| ≤ L",
        "≤ 2L",
        "Σ_{i≠y} (a_i − a_y) o_i is 2L(1 − o_y) for a_i = L, a_y = −L. With t ≤ "
        "τ/(2Lη) the weights move by τ and not τ/2: a constant, which Õ hides.",
    ),
    _slip(
        "Lemma A.2, δ²",
        "1 − ⟨x_{a,b}, x_{1,1}⟩² ≥ δ², by (A1) and (A2)",
        "δ²(1 − δ²/4) at distance δ, and 0 for x_{a,b} = −x_{1,1}",
        "‖x − x'‖ = D gives ⟨x, x'⟩ = 1 − D²/2 and 1 − ⟨x, x'⟩² = D²(1 − D²/4). (A1) "
        "bounds D from below, and nothing keeps it from 2. B.2 has it again.",
    ),
    _slip(
        "Lemma A.2, eq. 2",
        "Pr[h(w) ≥ vτ/128] ≥ …, by Lemma A.5",
        "Pr[|h(w)| ≥ vτ/128]",
        "Lemma A.5 bounds |φ − l|: φ = ReLU(α) and l = 2τ have φ − l < 0 on all of "
        "[−τ, τ]. ⟨P, w⟩ has the same tail on both sides, so that the rest stays.",
    ),
    _slip(
        "Lemma A.3, 1/e",
        "‖Σ a_{i,r} P_i‖ ≥ ‖P_1‖ with probability at least 1/e",
        "as little as P(|N(0, 1)| ≥ √((k−1)/k)), which tends to 0.317 < 1/e",
        "Σ_i P_i = 0. With P_i = −P_1/(k − 1) for i ≥ 2, Σ a_i P_i = N(0, k/(k−1)) "
        "P_1: 0.361 at k = 6, where 1/e = 0.368. A constant.",
    ),
    _slip(
        "Lemma A.3, Σ P_i",
        "Pr[‖Σ_i P_{i,r}‖ = Ω̃(vδ/kl)] = Ω(δ/kl)",
        "Σ_i P_{i,r} = 0; it is Σ_i a_{i,r} P_{i,r} that is meant",
        "Σ_i v_{i,a,b} = 0 (A, property 2), so that Σ_i P_{i,r} = Σ_{a,b} p_{a,b} 0 · "
        "x_{a,b} = 0.",
    ),
    _slip(
        "Lemma A.3, net",
        "‖Σ p_{a,b} a_{i,r} (v − v') 1 x‖ ≤ Lε",
        "≤ k²l Lε",
        "The sum has k · k · l terms of up to Lε each; all are, where the x are "
        "nearly one, and a = L. The net's logarithm takes it up.",
    ),
    _slip(
        "Lemma A.4, T",
        "T = Θ̃(σδ/(klη))",
        "the proof has T = σδ/(k²l²η)",
        "The mean k⁵l⁵/(δ⁴σm) is k³l³/(δ³ηm) over T = σδ/(k²l²η). Lemma A.1 couples up "
        "to t = τ/η with τ = σδ/(k²l²): the stated T is kl times as long.",
    ),
    _slip(
        "Lemma A.5, cases",
        "∫ ≥ ρτ²/8 in case 2(a), and in 2(b), from the integral that is written",
        "each is ρτ²/16 at α_0 = τ/2; both together are ρτ²/8",
        "φ − l = (ρ/2)(α − τ/2) on [0, τ] has ρτ²/16 on [0, τ/2] and on [τ/2, τ]. "
        "(ρ/4)(α_0² + (τ − α_0)²) ≥ ρτ²/8, so that the lemma holds.",
    ),
    _slip(
        "Lemma A.5, −φ",
        "the other case follows with −φ for φ",
        "with φ(−α)",
        "φ = ReLU(−α) has ∂_min = −1; −φ is concave, and φ(−α) = ReLU(α) convex with "
        "∂_max = 1.",
    ),
    _slip(
        "Lemma B.2, k",
        "Σ_{a≠1,b} E[|p v_1| 1] ≤ 4τ/(δσ) · v l",
        "v (k − 1) l",
        "The sum has (k − 1) l terms of up to v: with p = 1/(kl) and every row taken "
        "for class 1 but for that class itself, each |p v_{1,a,b}| is v. Then τ = "
        "O(σδ/(kl)), and τ/σ is the lemma's δ/(kl).",
    ),
    _slip(
        "Lemma B.2, Markov",
        "τ = σδ/(12l) gives Pr[E_τ] = Ω(τ/σ)",
        "a smaller constant, as 1/24",
        "4τ/(δσ) · vl = v/3 then, and Markov's inequality for Pr[Σ > v/3] is at 1: "
        "nothing is left for the event Σ ≤ v/3.",
    ),
    _slip(
        "Lemma B.2, convex",
        "h = φ + l with l convex",
        "−l is convex, as Lemma B.5 for φ − (−l) needs",
        "l is a sum over a ≠ 1 of p v_{1,a,b} ReLU(·), and v_{1,a,b} = −o_1 ≤ 0.",
    ),
    _slip(
        "Lemma B.3",
        "|E[p v] − (1/(pS)) Σ_s p v^(s)| = Õ(1/√(pS))",
        "Õ(√(p/S))",
        "The mean of pS values of [−1, 1] is off by 1/√(pS), and p times that is "
        "√(p/S). S = Ω̃(1/v²) follows from this one: the printed one asks for 1/(p v²).",
    ),
    _slip(
        "Lemma B.4, τ",
        "t = Õ((vδ/kl)² σγ/η), with τ = σγ/(100 B) in the proof",
        "t = Õ(σγ/(100 B η)), which is at most (vδ/kl)⁴ σγ³/(100η)",
        "Lemma B.1 couples up to τ/η, and B ≥ (kl/(vδ))⁴/γ²: the stated t is 100 B "
        "(vδ/kl)² ≥ 100 (kl/(vδ))²/γ² times as long. With v = ε³/(8kl), γ = δ/kl and "
        "T = (kl)⁵/(ηmδ³ε⁶), T ≤ τ/η asks for m ≥ 409600² (kl)³²/(δ²⁰ε³⁶), "
        "not (kl)²⁰/(δ¹²ε²⁴).",
    ),
    _slip(
        "Lemma B.4, |·|",
        "⟨w_r, x'⟩ ≥ τ for a share of 1 − 10τ/σ of r",
        "|⟨w_r, x'⟩| ≥ τ",
        "⟨w_r(0), x'⟩ is symmetric: the share of ⟨w_r, x'⟩ ≥ τ tends to less than 1/2, "
        "where 1 − 10τ/σ > 1/2 for τ < σ/20.",
    ),
    _slip(
        "Lemma B.4, sign",
        "L(w(t)) − L(w(t+1)) = E[Δ_t]",
        "= −E[Δ_t]",
        "Δ_t is defined as L(w(t) − η∇) − L(w(t)). The lines after it have the sign of "
        "−Δ_t.",
    ),
    _slip(
        "Theorem 4.1, 1/e",
        "for ε ≤ 1/e, v_{a,a,b} ≤ ε gives f_a ≥ f_i + 1",
        "for ε ≤ 1/(1 + e)",
        "At k = 2, f_a − f_i = log((1 − ε)/ε): log(e − 1) = 0.54 at 1/e, 1 at "
        "1/(1 + e). That the prediction is right needs ε < 1/2 alone.",
    ),
    _slip(
        "D.2",
        "covariance σ/√d I, and N(0, σ_0/√d)",
        "§7 has σ²/d I, and N(0, σ_0²/d)",
        "At d = 1000 and σ = 1 the variance is 0.032 or 0.001: σ/√d is the standard "
        "deviation. D.3 has it again.",
    ),
)
