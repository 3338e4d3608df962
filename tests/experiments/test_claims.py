"""The rules of the claims, on made-up rows, in both directions."""

import numpy as np
import pytest
from experiments.made_up import course, row, study

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Claim
from overparam_sk.experiments.li_liang_2018 import rules
from overparam_sk.experiments.li_liang_2018.figures_1_and_2 import FIGURE_1, FIGURE_2

FLAT = np.array([3.0, 2.9, 2.8, 2.7])
SLOW, FAST = course([0.1, 0.2, 1.0, 1.0, 1.0]), course([0.1, 0.9, 1.0, 1.0, 1.0])


def verdict(rule, made):
    return Claim("words", rule).judge(made, "reading").verdict


# A rule, and figures with which a fit breaks the claim.
BY_WIDTH = [
    (rules.accuracy_converges(0.99, 0.9, 0.25), {"test_accuracy": 0.98}),
    (rules.accuracy_converges(0.99, 0.9, 0.25), {"history": SLOW}),
    (rules.accuracy_converges(0.99, 0.9, 0.25), {"history": course([0.1] * 5)}),
    (rules.stays_below("activation_change", 0.1), {"activation_change": 0.11}),
    (
        rules.stays_below("relative_distance", 0.1),
        {"history": course([1.0] * 3, relative_distance=np.array([0.0, 0.3, 0.05]))},
    ),
    (rules.gap("W − W(0)", 2, 3.0), {"update_singular_values": FLAT}),
    (rules.gap("W − W(0)", 2, 3.0), {"update_singular_values": FLAT[:2]}),
    (
        rules.gap("W", 2, 1.2),
        {"weight_singular_values": np.array([9.0, 8.0, 1.0, 1.0])},
    ),
    (rules.stands_out("W − W(0)", 2, 3.0), {"update_singular_values": FLAT}),
    (
        rules.stands_out("W", 2, 1.5),
        {"weight_singular_values": np.array([9.0, 8.0, 1.0, 1.0])},
    ),
]


@pytest.mark.parametrize(("rule", "broken"), BY_WIDTH)
def test_rules_that_judge_every_width(rule, broken):
    assert verdict(rule, study(row(10), row(20))) == HOLDS
    assert verdict(rule, study(row(10, **broken), row(20))) == TREND
    assert verdict(rule, study(row(10), row(20, **broken))) == NOT
    assert verdict(rule, study(row(10, **broken), row(20, **broken))) == NOT


def test_the_mean_over_the_repeats_is_what_is_bounded():
    rule = rules.stays_below("activation_change", 0.1)
    pair = [row(10, i, activation_change=v) for i, v in enumerate((0.05, 0.13))]
    assert verdict(rule, study(*pair)) == HOLDS
    pair = [row(10, i, activation_change=v) for i, v in enumerate((0.05, 0.16))]
    assert verdict(rule, study(*pair)) == NOT


@pytest.mark.parametrize(
    ("histories", "expected"),
    [
        ((SLOW, FAST), HOLDS),
        ((FAST, SLOW), NOT),
        ((FAST, FAST), NOT),
        ((SLOW, FAST, FAST), HOLDS),
        ((SLOW, course([0.1, 0.1, 1.0]), FAST), TREND),
    ],
)
def test_early_accuracy_grows_with_width(histories, expected):
    rows = [row(10 * 2**i, history=history) for i, history in enumerate(histories)]
    assert verdict(rules.accuracy_grows(0.25), study(*rows)) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((FAST, FAST, FAST, FAST), TREND),
        ((SLOW, FAST, FAST, FAST), NOT),  # within the standard error
        ((SLOW, SLOW, SLOW, FAST), NOT),
    ],
)
def test_a_gain_within_the_spread_is_at_most_a_trend(second, expected):
    first = [row(10, i, history=h) for i, h in enumerate((SLOW, SLOW, FAST, FAST))]
    second = [row(20, i, history=h) for i, h in enumerate(second)]
    assert verdict(rules.accuracy_grows(0.25), study(*first, *second)) == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((20, 20), HOLDS),
        ((20, 30), HOLDS),  # one recording interval
        ((100, 150), HOLDS),
        ((100, 160), TREND),
        ((300, 100), TREND),
        ((310, 100), NOT),
        ((20, None), NOT),
    ],
)
def test_the_number_of_steps_is_roughly_the_same(steps, expected):
    rows = [row(10 + i, steps_to_target=step) for i, step in enumerate(steps)]
    assert verdict(rules.same_number_of_steps(), study(*rows)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [((3, 2, 1), HOLDS), ((2, 3, 1), TREND), ((1, 2, 3), NOT), ((1,), NOT)],
)
def test_what_shrinks_with_width(values, expected):
    rows = [row(10 + i, relative_distance=v) for i, v in enumerate(values)]
    assert verdict(rules.shrinks("relative_distance"), study(*rows)) == expected


@pytest.mark.parametrize("rule", [rule for rule, _ in BY_WIDTH])
def test_a_fit_that_diverged_breaks_the_claim_at_its_width(rule):
    lost = row(10, 1, failure="it diverged")
    made = study(row(10), lost, row(20), row(20, 1))
    judged = Claim("words", rule).judge(made, "reading")
    assert judged.verdict == TREND
    assert "1 of 4 fits diverged" in judged.ours
    made = study(row(10), row(20, failure="it diverged"))
    assert verdict(rule, made) == NOT


def test_a_judgement_prints_its_rule_and_its_figure_with_the_spread():
    pair = [row(10, i, relative_distance=v) for i, v in enumerate((0.04, 0.06))]
    judged = Claim('"words"', rules.stays_below("relative_distance", 0.1)).judge(
        study(*pair), "raw"
    )
    assert judged.claim == '"words"'
    assert judged.reading == "raw"
    assert "below 0.1" in judged.rule
    assert judged.ours == "largest in the course: 0.05 ± 0.014 (m=10)"


@pytest.mark.parametrize("figure", [FIGURE_1, FIGURE_2])
def test_every_claim_of_a_figure_names_its_paper_and_its_rule(figure):
    assert len({claim.words for claim in figure.claims}) == len(figure.claims) >= 7
    assert all("holds:" in claim.rule.text for claim in figure.claims)
    ((_, scale),) = figure.full.items()
    assert scale["repeats"] == 5
