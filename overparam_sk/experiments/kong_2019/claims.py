"""What Kong (2019) says of the experiments and of λ_min, in the paper's words."""

from overparam_sk.experiments.claims import Claim
from overparam_sk.experiments.kong_2019 import rules
from overparam_sk.experiments.kong_2019.measured import Measured

__all__ = ["CLAIMS", "RATES"]

_WEIGHTS = ("weight_change_1", "weight_change_2")
_DISTANCES = ("relative_distance_1", "relative_distance_2")
_PATTERNS = ("activation_change_1", "activation_change_2")

RATES: Claim[Measured] = Claim(
    '§V-B: "a larger λ_min(H(t)) typically yields a faster convergence rate"',
    rules.lambda_min_orders_rates(0.5),
)

CLAIMS: tuple[Claim[Measured], ...] = (
    Claim(
        '§V-B: "the logarithm of loss decreases at a bounded rate as t increases"',
        rules.loss_decreases(),
    ),
    Claim(
        '§V-B: "the smallest eigenvalue λ_min(H(t)) remains stable during the training '
        'process"',
        rules.lambda_min_is_stable(2.0),
    ),
    RATES,
    Claim(
        '§V-B: "both the weight change rate and pattern change rate increase as t '
        'increases"',
        rules.changes_rise(*_WEIGHTS, *_PATTERNS),
    ),
    Claim(
        '§V-B: "but are still below a low threshold": weight change, relative to the '
        "initial weights",
        rules.changes_stay_below(0.1, *_DISTANCES),
    ),
    Claim(
        '§V-B: "but are still below a low threshold": pattern change',
        rules.changes_stay_below(0.1, *_PATTERNS),
    ),
    Claim(
        '§V-B: "As the networks become wider the threshold generally gets lower": '
        "weight change",
        rules.changes_fall_with_width(*_WEIGHTS),
    ),
    Claim(
        '§V-B: "As the networks become wider the threshold generally gets lower": '
        "pattern change",
        rules.changes_fall_with_width(*_PATTERNS),
    ),
    Claim(
        '§VI: "it decreases much faster during the initial training status, and '
        'achieves a stable rate after many iterations"',
        rules.rate_settles(2.0, 0.25),
    ),
    Claim(
        'Theorem 3: "the training error is bounded by L(t) ≤ exp(−λ_0 t)L(0)"',
        rules.loss_bound(),
    ),
    Claim('Assumption 2: "λ_0 = λ_min(H∞) > 0"', rules.assumption_2()),
    Claim(
        'Lemma 4: "λ_min(H) ≥ (3/4) λ_0" "with probability at least 1 − δ at time '
        't = 0"',
        rules.initial_lambda_min(0.75),
    ),
    Claim(
        'Lemma 5: "λ_min(H(t)) ≥ λ_0/2", which Lemma 6 supposes',
        rules.lambda_min_stays_above(0.5),
    ),
)
