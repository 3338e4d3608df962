"""The rules for Kong's claims, on made-up fits, in both directions."""

import numpy as np
import pytest
from experiments.made_up_kong import AT, RISING, T, initialisation, measured, run

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Claim
from overparam_sk.experiments.kong_2019 import claims as rules
from overparam_sk.experiments.kong_2019.claims import CLAIMS, RATES

PATTERNS = ("activation_change_1", "activation_change_2")


def judged(rule, made):
    return Claim("words", rule).judge(made, "data")


def verdict(rule, made):
    return judged(rule, made).verdict


STEP_UP = np.where(AT < 50, 1.0, 3.0)
FAST_THEN_SLOW = 3.0 * np.exp(-100 * np.minimum(T, T[15]) - 2 * T)
# A rule, figures with which a fit keeps the claim, and figures with which it breaks it.
BY_WIDTH = [
    (rules.loss_decreases.rule, {}, {"loss": np.full(101, 3.0)}),
    (rules.loss_decreases.rule, {}, {"loss": 3.0 * np.exp(-0.5 * T)}),
    (rules.loss_decreases.rule, {}, {"loss": 3 - 0.01 * T + 1e-3 * (AT % 2)}),
    (rules.lambda_min_is_stable.rule, {}, {"gram_lambda_min": STEP_UP}),
    (
        rules.lambda_min_is_stable.rule,
        {"gram_lambda_min": np.zeros(101)},
        {"gram_lambda_min": np.where(AT < 50, 0.0, 1.0)},
    ),
    (rules.changes_rise(*PATTERNS), {}, {"activation_change_2": RISING[::-1]}),
    (rules.changes_rise(*PATTERNS), {}, {"activation_change_1": np.zeros(101)}),
    (
        rules.changes_stay_below(0.1, *PATTERNS),
        {},
        {"activation_change_2": np.where(AT == 50, 0.2, 0.0)},
    ),
    (rules.rate_settles.rule, {"loss": FAST_THEN_SLOW}, {}),
    (
        rules.rate_settles.rule,
        {"loss": FAST_THEN_SLOW},
        {"loss": np.where(AT < 50, FAST_THEN_SLOW, FAST_THEN_SLOW[50])},
    ),
    (rules.loss_bound.rule, {}, {"loss": 3.0 * np.exp(-0.5 * T)}),
    (
        rules.lambda_min_stays_above.rule,
        {},
        {"gram_lambda_min": np.where(AT == 50, 0.4, 1.0)},
    ),
]


@pytest.mark.parametrize(("rule", "kept", "broken"), BY_WIDTH)
def test_rules_that_judge_every_width(rule, kept, broken):
    assert verdict(rule, measured(run(10, **kept), run(20, **kept))) == HOLDS
    assert verdict(rule, measured(run(10, **broken), run(20, **kept))) == TREND
    assert verdict(rule, measured(run(10, **kept), run(20, **broken))) == NOT


def test_the_median_over_the_fits_is_what_is_stable():
    calm, wild = {}, {"gram_lambda_min": STEP_UP}
    runs = [run(10, i, **figures) for i, figures in enumerate((calm, calm, wild))]
    found = judged(rules.lambda_min_is_stable.rule, measured(*runs))
    assert found.verdict == HOLDS
    assert "1 [1, 3] (h2=10)" in found.ours
    assert (
        "0 all the time in 0 of 3 fits, never in 3, whose ratio is 1 [1, 3]"
        in found.ours
    )


def test_a_loss_that_no_longer_moves_is_in_the_median():
    stuck = np.where(AT < 50, FAST_THEN_SLOW, FAST_THEN_SLOW[50])
    losses = [FAST_THEN_SLOW, FAST_THEN_SLOW, stuck]
    runs = [run(10, i, loss=loss) for i, loss in enumerate(losses)]
    found = judged(rules.rate_settles.rule, measured(*runs))
    assert found.verdict == HOLDS
    assert found.ours.count("inf] (h2=10)") == 2
    runs = [run(10, i, loss=loss) for i, loss in enumerate([*losses, stuck, stuck])]
    assert verdict(rules.rate_settles.rule, measured(*runs)) == NOT


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((1, 2, 3, 4, 5, 6), HOLDS),
        ((6, 5, 4, 3, 2, 1), NOT),
        ((2, 1, 4, 3, 6, 5), HOLDS),
        ((3, 1, 2, 6, 5, 4), HOLDS),
        ((2, 6, 1, 4, 3, 5), NOT),  # ρ = 0.26 of six fits is no evidence
    ],
)
def test_a_larger_lambda_min_is_faster(rates, expected):
    runs = [
        run(10, i, rate=rate, gram_lambda_min=np.full(101, 1.0 + i))
        for i, rate in enumerate(rates)
    ]
    assert verdict(rules.lambda_min_orders_rates.rule, measured(*runs)) == expected


def test_a_weak_correlation_of_many_fits_is_a_trend():
    noise = np.random.default_rng(0).standard_normal(200)
    runs = [
        run(10, i, rate=5 + 0.4 * i / 60 + x, gram_lambda_min=np.full(101, 1.0 + i))
        for i, x in enumerate(noise)
    ]
    found = judged(rules.lambda_min_orders_rates.rule, measured(*runs))
    assert found.verdict == TREND


def test_a_lambda_min_that_is_always_0_orders_nothing():
    dead = {"gram_lambda_min": np.zeros(101)}
    runs = [run(10, i, rate=1.0 + i, **dead) for i in range(4)]
    assert verdict(rules.lambda_min_orders_rates.rule, measured(*runs)) == NOT


def test_changes_fall_with_width_in_both_layers():
    rule = rules.changes_fall_with_width(*PATTERNS)
    assert verdict(rule, measured(run(10), run(20), run(40))) == HOLDS
    bump = run(20, activation_change_1=RISING * 2)
    assert verdict(rule, measured(run(10), bump, run(40))) == TREND
    last = run(40, activation_change_1=RISING * 2)
    assert verdict(rule, measured(run(10), run(20), last)) == NOT


def test_lemma_4_counts_initialisations():
    rule = rules.initial_lambda_min.rule
    runs = [run(10), run(20)]
    good, bad = initialisation(0.8), initialisation(0.7)
    assert verdict(rule, measured(*runs, starts=[good] * 20)) == HOLDS
    found = judged(rule, measured(*runs, starts=[good] * 18 + [bad] * 2))
    assert found.verdict == NOT
    assert "of 20 initialisations: 90.0% (h2=10), 90.0% (h2=20)" in found.ours
    good.lambda_min[10] = 0.0
    assert verdict(rule, measured(*runs, starts=[good] * 20)) == TREND


@pytest.mark.parametrize(("value", "expected"), [(1e-2, HOLDS), (2e-6, NOT)])
def test_assumption_2_needs_more_than_the_standard_error(value, expected):
    made = measured(run(10), starts=[initialisation(lambda_0=value, widths=(10,))])
    assert verdict(rules.assumption_2.rule, made) == expected


def test_every_claim_quotes_the_paper_and_prints_its_rule():
    assert len({claim.words for claim in CLAIMS}) == len(CLAIMS) == 13
    assert RATES in CLAIMS
    made = measured(*(run(w, i) for w in (10, 20) for i in range(2)))
    for claim in CLAIMS:
        judgement = claim.judge(made, "data")
        assert '"' in judgement.claim
        assert "holds:" in judgement.rule
        assert judgement.ours
        assert judgement.verdict in (HOLDS, TREND, NOT)
