"""Conditions are part of a claim, and thresholds of our own say how a verdict moves."""

import pytest

from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    UNTESTED,
    Claim,
    Condition,
    Judgement,
    Rule,
    at_most,
    claim,
    verdict_of_widths,
)
from overparam_sk.experiments.reproduction import by_claim, by_reading
from overparam_sk.experiments.reproductions import named_experiments
from overparam_sk.experiments.verdicts import VERDICTS, moves

EXPERIMENTS = {e.names[0]: e for e in named_experiments().values()}
WIDE = Condition("m ≥ 100", lambda m: (f"m = {m}", m >= 100))
EVEN = Condition("m is even", lambda m: ("it is" if m % 2 == 0 else "odd", m % 2 == 0))


def of(verdict, *conditions, reason=""):
    return Claim(
        "words", Rule("rule", lambda m: (f"ours {m}", verdict)), reason, conditions
    )


@pytest.mark.parametrize("alone", [HOLDS, TREND, NOT])
@pytest.mark.parametrize(
    ("m", "unmet"), [(10, ["m = 10"]), (11, ["m = 11", "odd"]), (101, ["odd"])]
)
def test_a_claim_whose_conditions_are_not_met_is_not_tested(alone, m, unmet):
    judged = of(alone, WIDE, EVEN, reason="known").judge(m, "data")
    assert judged.verdict == UNTESTED
    assert judged.ours == f"ours {m}"
    assert all(figures in judged.reason for figures in unmet)
    assert judged.reason.endswith(f"The rule alone says: {alone}.")
    assert judged.conditions.count("not met: ") == len(unmet)


@pytest.mark.parametrize("verdict", [HOLDS, TREND, NOT])
def test_where_they_are_met_the_rule_decides(verdict):
    judged = of(verdict, WIDE, EVEN, reason=lambda m: f"as m is {m}").judge(100, "")
    assert judged.verdict == verdict
    assert judged.reason == ("" if verdict == HOLDS else "as m is 100")
    assert judged.conditions == "met: m ≥ 100: m = 100; met: m is even: it is"


def test_what_was_not_tested_has_a_reason():
    with pytest.raises(ValueError, match="reason must say what was out of reach"):
        Judgement("words", "data", "1", UNTESTED, "rule")


@pytest.mark.parametrize("summary", [by_reading, by_claim])
def test_every_verdict_is_counted(summary):
    claims = [of(HOLDS), of(TREND), of(NOT), of(NOT, WIDE)]
    judged = [c.judge(1, f"data {i}") for i, c in enumerate(claims)]
    for text in summary(judged):
        assert all(verdict in text for verdict in VERDICTS)


def worst(figure, bound=0.1):
    return verdict_of_widths({w: value <= bound for w, value in figure.items()})


@pytest.mark.parametrize(
    ("verdict", "value", "words"),
    [
        (
            lambda t: worst({1: 0.3, 2: 0.2}, t),
            0.1,
            f"t 0.1: {NOT} up to 0.2, {TREND} up to 0.3, {HOLDS} beyond",
        ),
        (
            lambda t: worst({1: -0.72, 2: -0.74}, -t),
            0.8,
            f"t 0.8: {HOLDS} up to 0.72, {TREND} up to 0.74, {NOT} beyond",
        ),
        (
            lambda t: at_most(2.0, t, 3.0),
            1.5,
            f"t 1.5: {TREND} up to 2, {HOLDS} beyond",
        ),
        (lambda t: at_most(2.0, 1.5, t), 3.0, f"t 3: {NOT} up to 2, {TREND} beyond"),
        (
            lambda t: HOLDS if 0.1 <= t <= 20 else NOT,
            1.0,
            f"t 1: {NOT} up to 0.1, {HOLDS} up to 20, {NOT} beyond",
        ),
        (lambda t: at_most(1.0, 1.5, t), 3.0, "t 3: holds, whatever it is"),
        (lambda t: NOT, 3.0, f"t 3: {NOT}, whatever it is"),
    ],
)
def test_how_a_verdict_moves_is_computed_by_bisection(verdict, value, words):
    assert moves("t", value, verdict) == words


def test_a_rule_says_which_thresholds_are_ours():
    @claim("words", "It is near.", near=0.5, far=2.0)
    def near(measured, near, far):
        return f"{measured}", at_most(measured, near, far)

    judged = near.judge(1.0, "data")
    assert judged.verdict == TREND
    assert judged.rule == "It is near. Thresholds of our own: near 0.5, far 2."
    assert judged.threshold == (
        f"near 0.5: {TREND} up to 1, {HOLDS} beyond; "
        f"far 2: {NOT} up to 1, {TREND} beyond"
    )
    of_the_paper = of(HOLDS).judge(1, "data")
    assert of_the_paper.threshold == ""
    assert "own" not in of_the_paper.rule


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_thresholds_of_the_papers_claims_are_positive(experiment):
    for one in experiment.claims:
        assert all(value > 0 for value in one.rule.own.values())
