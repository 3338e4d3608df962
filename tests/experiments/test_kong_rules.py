"""The rules for Kong's claims, on made-up figures, in every direction they can go."""

import numpy as np
import pytest
from experiments.made_up_kong import AT, RISING, T, initialisation, measured, run

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, UNTESTED
from overparam_sk.experiments.kong_2019 import claims_on_figures as figures
from overparam_sk.experiments.kong_2019 import claims_on_outlook as outlook
from overparam_sk.experiments.kong_2019 import claims_on_starts as starts
from overparam_sk.experiments.kong_2019 import claims_on_theory as theory
from overparam_sk.experiments.kong_2019.claims import CLAIMS, ON_ALL_DATA
from overparam_sk.experiments.kong_2019.judging import interval, pairs_in_order

WEIGHTS_RISE, PATTERNS_RISE = figures.ON_FIGURES[3:5]
WEIGHTS_LOW, PATTERNS_LOW = figures.ON_FIGURES[5:7]
RECORDED_FALL, RELATIVE_FALL, PATTERNS_FALL = figures.ON_FIGURES[7:10]
_, STABLE_ON_IMAGES, FASTER_ON_IMAGES = ON_ALL_DATA


def fits(n_broken, n=20, **broken):
    """Some fits that break a claim among those that keep it, at two widths."""
    return measured(
        *(
            run(10 + 10 * (i % 2), i, **(broken if i < n_broken else {}))
            for i in range(n)
        )
    )


def by_share(claim, **broken):
    """Every fit, most of the fits, half of them."""
    return [
        (claim, HOLDS, fits(0, **broken)),
        (claim, TREND, fits(2, **broken)),
        (claim, NOT, fits(10, **broken)),
    ]


def only(claim, kept, broken):
    """By share, where it is broken by a fit that is given nothing."""
    return [
        (claim, HOLDS, measured(*(run(10, i, **kept) for i in range(20)))),
        (
            claim,
            TREND,
            measured(*(run(10, i, **(broken if i < 2 else kept)) for i in range(20))),
        ),
        (claim, NOT, measured(*(run(10, i, **broken) for i in range(20)))),
    ]


def by_width(claim, kept, broken):
    """Every width, the largest one, all but the largest one."""
    return [
        (claim, HOLDS, measured(run(10, **kept), run(20, **kept))),
        (claim, TREND, measured(run(10, **broken), run(20, **kept))),
        (claim, NOT, measured(run(10, **kept), run(20, **broken))),
    ]


def on_starts(claim, kept, broken):
    """The same for what is said of many initialisations."""
    both = {key: {10: broken[key], 20: kept[key]} for key in kept}
    last = {key: {10: kept[key], 20: broken[key]} for key in kept}
    runs = [run(10), run(20)]
    return [
        (claim, verdict, measured(*runs, starts=[initialisation(**some)] * 60))
        for some, verdict in ((kept, HOLDS), (both, TREND), (last, NOT))
    ]


def ordered(rates, lambda_mins):
    pairs = zip(rates, lambda_mins, strict=True)
    return measured(
        *(
            run(10, i, rate=rate, gram_lambda_min=np.full(101, value))
            for i, (rate, value) in enumerate(pairs)
        )
    )


def noisy(n=80):
    noise = np.random.default_rng(0).standard_normal(n)
    return ordered(5 + np.arange(n) / 60 + noise, 1.0 + np.arange(n))


def large(**changed):
    """A fit with so large a λ_0 that no width is out of Theorem 3's reach."""
    still = dict.fromkeys(("weight_change_1", "weight_change_2"), np.zeros(101))
    return run(**{"lambda_0": 200.0, "rate": 400.0} | still | changed)


def widths(*values):
    return measured(*(run(width) for width in values))


def on_images(broken, **figures_of_it):
    return measured(
        *(
            run(
                10, i, data=name, rate=rate, **(figures_of_it if name == broken else {})
            )
            for name in ("synthetic", "MNIST")
            for i, rate in enumerate((1.0, 2.0))
        )
    )


STEP_UP = np.where(AT < 50, 1.0, 1.5)
FAST_THEN_SLOW = 3.0 * np.exp(-100 * np.minimum(T, T[15]) - 2 * T)
STOPS = np.where(AT < 50, FAST_THEN_SLOW, FAST_THEN_SLOW[50])
SLOW = {"loss": 3.0 * np.exp(-0.5 * T)}
HUMP = np.minimum(RISING, 0.05 - RISING)
SHORT = {"gram_lambda_min": np.where(AT < 50, 1.0, 0.4)}
BROKEN_LATE = {"loss": np.where(AT < 60, 3.0 * np.exp(-2 * T), 9.0)}
RESTLESS = {"relative_distance_2": np.where(AT == 50, 0.2, 0.0)}

CASES = [
    *by_share(figures.loss_decreases, loss=np.full(101, 3.0)),
    *by_share(figures.loss_decreases, **SLOW),
    *by_share(figures.lambda_min_is_stable, gram_lambda_min=STEP_UP),
    (figures.lambda_min_orders_rates, HOLDS, ordered((1, 2, 3, 4, 5, 6), range(1, 7))),
    (figures.lambda_min_orders_rates, HOLDS, ordered((2, 1, 4, 3, 6, 5), range(1, 7))),
    (figures.lambda_min_orders_rates, NOT, ordered((6, 5, 4, 3, 2, 1), range(1, 7))),
    # 8 of 15 pairs of six fits are no evidence.
    (figures.lambda_min_orders_rates, NOT, ordered((2, 6, 1, 4, 3, 5), range(1, 7))),
    (figures.lambda_min_orders_rates, TREND, noisy()),
    (figures.lambda_min_orders_rates, UNTESTED, ordered((1, 2, 3), (0.0, 0.0, 0.0))),
    *by_share(WEIGHTS_RISE, weight_change_2=RISING[::-1]),
    *by_share(WEIGHTS_RISE, weight_change_1=np.zeros(101)),
    *by_share(PATTERNS_RISE, activation_change_1=HUMP),
    *by_width(WEIGHTS_LOW, {}, RESTLESS),
    *by_width(PATTERNS_LOW, {}, {"activation_change_2": RISING * 5}),
    *(
        (claim, HOLDS, widths(10, 20, 40))
        for claim in (RECORDED_FALL, RELATIVE_FALL, PATTERNS_FALL)
    ),
    *(
        (
            claim,
            verdict,
            measured(
                *(
                    run(w, i, **{column: RISING * size})
                    for w, size in zip((10, 20, 40), sizes, strict=True)
                    for i in range(16)
                )
            ),
        )
        for claim, column in (
            (RECORDED_FALL, "weight_change_1"),
            (RELATIVE_FALL, "relative_distance_2"),
            (PATTERNS_FALL, "activation_change_1"),
        )
        for sizes, verdict in (((3, 1, 2), TREND), ((1, 2, 3), NOT))
    ),
    *only(outlook.not_constant, {"loss": FAST_THEN_SLOW}, {}),
    *only(outlook.faster_first, {"loss": FAST_THEN_SLOW}, {}),
    *only(outlook.settles, {"loss": FAST_THEN_SLOW}, {"loss": BROKEN_LATE["loss"]}),
    *only(outlook.settles, {"loss": FAST_THEN_SLOW}, {"loss": STOPS}),
    *only(outlook.other_indicators, {"rate": 3.0, "lambda_0": 0.1}, {"rate": 9.0}),
    *only(outlook.other_indicators, {"rate": 3.0, "lambda_0": 0.1}, {"rate": 2.0}),
    *(
        (claim, verdict, measured(run(10), starts=[initialisation(error=error)]))
        for claim, errors in (
            (outlook.lambda_0_is_computed, {1e-3: HOLDS, 0.02: NOT}),
            (starts.assumption_2, {0.3: HOLDS, 0.4: NOT}),
        )
        for error, verdict in errors.items()
    ),
    (theory.assumption_1, HOLDS, widths(50, 100)),
    (theory.assumption_1, TREND, widths(10, 100)),
    (theory.assumption_1, NOT, widths(10, 20)),
    (theory.theorem_3, UNTESTED, measured(run(10), run(20))),
    (theory.theorem_3, UNTESTED, measured(large(eigenvalues=(20.0, 1.0)))),
    (theory.theorem_3, HOLDS, measured(*(large(repeat=i) for i in range(40)))),
    (
        theory.theorem_3,
        TREND,
        measured(
            *(large(width=10, repeat=i) for i in range(40)),
            *(large(width=20, repeat=i, rate=100.0) for i in range(2)),
        ),
    ),
    (
        theory.theorem_3,
        NOT,
        measured(*(large(repeat=i, rate=400.0 - 300 * (i < 9)) for i in range(40))),
    ),
    *(
        (claim, verdict, measured(*(one(i, keeps) for i in range(40))))
        for claim, one in (
            (
                theory.lemma_5,
                lambda i, keeps: run(
                    10, i, gram_lambda_min=np.full(101, 1.0 if keeps else 0.4)
                ),
            ),
            (
                theory.lemma_7,
                lambda i, keeps: large(repeat=i, rate=400.0 if keeps else 100.0),
            ),
        )
        for keeps, verdict in ((True, HOLDS), (False, NOT))
    ),
    (
        theory.lemma_7,
        NOT,
        measured(*(large(repeat=i, weight_change_1=AT * 1.0) for i in range(40))),
    ),
    (
        theory.lemma_5,
        TREND,
        measured(
            *(run(10, i, gram_lambda_min=np.full(101, 0.4)) for i in range(40)),
            run(20),
        ),
    ),
    (theory.lemma_5, UNTESTED, measured(run(10, moves=(1.0, 0.0)))),
    (theory.lemma_5, UNTESTED, measured(run(10, moves=(0.0, 1.0)))),
    *(
        (claim, verdict, measured(run(10, **figures_of_it)))
        for claim in (theory.lemma_6_loss, theory.lemma_6_moves)
        for figures_of_it, verdict in (
            ({}, HOLDS),
            # What happens after λ_min has fallen is not the lemma's.
            ({**SHORT, **BROKEN_LATE, "weight_change_2": AT * 0.01 / 60}, HOLDS),
            ({"gram_lambda_min": np.full(101, 0.4)}, UNTESTED),
        )
    ),
    (theory.lemma_6_loss, NOT, measured(run(10, **BROKEN_LATE))),
    (theory.lemma_6_moves, NOT, measured(run(10, weight_change_1=AT * 1.0))),
    (theory.lemma_6_moves, NOT, measured(run(10, weight_change_2=AT * 1.0))),
    (theory.lemma_7, UNTESTED, measured(run(10))),
    *on_starts(starts.lemma_5_at_0, {"ratio": 0.6}, {"ratio": 0.4}),
    *on_starts(starts.equation_12, {"loss": 4.0}, {"loss": 3.0}),
    *on_starts(starts.equation_23, {"column": 1.0}, {"column": 2.0}),
    *on_starts(starts.equation_46, {"speeds": (0.5, 0)}, {"speeds": (2.0, 0)}),
    *on_starts(starts.equation_47, {"speeds": (0, 0.8)}, {"speeds": (0, 1.3)}),
    *(
        (
            starts.lemma_4,
            verdict,
            measured(
                run(10), run(20), starts=[initialisation(lambda_0=l0, **some)] * 60
            ),
        )
        for verdict, l0, some in (
            (NOT, 1.0, {"limit": 0.7}),
            (NOT, 100.0, {"limit": 0.7}),
            (UNTESTED, 1.0, {"limit": 0.8}),
            (HOLDS, 100.0, {"ratio": 0.8}),
            (TREND, 100.0, {"ratio": {10: 0.7, 20: 0.8}}),
            (NOT, 100.0, {"ratio": {10: 0.8, 20: 0.7}}),
        )
    ),
    (STABLE_ON_IMAGES, HOLDS, on_images("synthetic", gram_lambda_min=STEP_UP)),
    (STABLE_ON_IMAGES, NOT, on_images("MNIST", gram_lambda_min=STEP_UP)),
    (STABLE_ON_IMAGES, NOT, on_images(None)),
    *(
        (
            FASTER_ON_IMAGES,
            verdict,
            measured(
                *ordered((1, 2), images).runs,
                *(
                    run(10, i, data="synthetic", rate=rate, gram_lambda_min=level)
                    for i, rate in enumerate((2.0, 1.0))
                    for level in [np.full(101, 1.0 + i)]
                ),
            ),
        )
        for images, verdict in (((1, 2), HOLDS), ((2, 1), NOT))
    ),
]


@pytest.mark.parametrize(("claim", "expected", "made"), CASES)
def test_a_verdict(claim, expected, made):
    found = claim.judge(made, "data")
    assert found.verdict == expected
    assert found.ours
    assert (found.reason == "") == (expected == HOLDS)


def test_every_claim_goes_in_every_direction():
    seen = {}
    for claim, verdict, _ in CASES:
        seen.setdefault(claim.words, set()).add(verdict)
    claims = {claim.words: claim for claim in (*CLAIMS, *ON_ALL_DATA)}
    assert seen.keys() == claims.keys()
    for words, claim in claims.items():
        assert {HOLDS, NOT} <= seen[words]
        if claim.conditions or claim is starts.lemma_4:
            assert UNTESTED in seen[words]
        if "in trend:" in claim.rule.text:
            assert TREND in seen[words]


def test_every_claim_quotes_the_paper_and_prints_its_rule():
    assert len({claim.words for claim in CLAIMS}) == len(CLAIMS)
    made = measured(*(run(w, i) for w in (10, 20) for i in range(2)))
    for claim in CLAIMS:
        judgement = claim.judge(made, "data")
        assert '"' in judgement.claim
        assert "hold" in judgement.rule
        for name in claim.rule.own:
            assert f"{name} " in judgement.rule
            assert f"{name} " in judgement.threshold


@pytest.mark.parametrize("claim", [theory.theorem_3, theory.lemma_7])
def test_theorem_3_is_not_refuted_where_its_width_is_out_of_reach(claim):
    # 39 of 40 fits, or none: h2 is what was not reached.
    for broken in (0, 1, 40):
        made = measured(
            *(run(10, i, rate=0.5 if i < broken else 2.0) for i in range(40))
        )
        found = claim.judge(made, "data")
        assert found.verdict == UNTESTED
        assert "10^6." in found.conditions
        assert found.reason.startswith("Out of reach: h2 = Ω(")


def test_39_of_40_fits_may_be_nine_in_ten():
    low, high = interval(39, 40)
    # Clopper and Pearson's, by its definition in binomial tails.
    assert low == pytest.approx(0.8684, abs=1e-4)
    assert high == pytest.approx(0.99937, abs=1e-5)
    assert low < 0.9 < high


def test_lemma_4_says_why_with_figures():
    some = [initialisation(0.1, limit=0.02, conditional=0.3) for _ in range(30)]
    dead = [initialisation(0.0, limit=0.0, conditional=0.0, dead=1) for _ in range(30)]
    made = measured(run(10), run(20), starts=some + dead)
    found = starts.lemma_4.judge(made, "data")
    assert found.verdict == NOT
    assert "50.0% of the starts have a dead row" in found.reason
    assert "0.1 [0.1, 0.1] at h2 = 20, 0.02 [0.02, 0.02] at h2 → ∞" in found.reason
    assert "2^−5 = 3.1%" in found.reason
    nobody = measured(run(10), run(20), starts=dead)
    assert "there is no rest" in starts.lemma_4.judge(nobody, "data").reason


def test_a_loss_that_is_rounding_breaks_no_claim():
    loss = np.maximum(3.0 * np.exp(-6000 * T), 1e-31)
    loss[AT >= 60] *= np.where(AT[AT >= 60] % 2, 1.5, 0.5)
    rising = np.where(AT < 60, RISING, RISING[60] - RISING / 100)
    made = measured(run(10, loss=loss, weight_change_1=rising))
    assert loss[60] < 1e-30
    for claim in (figures.loss_decreases, outlook.settles, WEIGHTS_RISE):
        assert claim.judge(made, "data").verdict == HOLDS


def test_pairs_are_counted_where_both_figures_differ():
    assert pairs_in_order([1, 2, 3], [1, 2, 3]).share == 1
    assert pairs_in_order([1, 1, 2], [5, 6, 4]).share == 0
    assert pairs_in_order([1, 2, 3, 4], [2, 1, 3, 3]).share == 0.8
    assert np.isnan(pairs_in_order([1, 1], [1, 2]).share)


def test_groups_of_fits_with_and_without_a_dead_row_are_counted_apart():
    dead = {"gram_lambda_min": np.zeros(101), "dead_samples": np.ones(101)}
    wakes = {"gram_lambda_min": np.where(AT < 50, 0.0, 1.0)}
    made = measured(run(10), run(10, 1, **dead), run(10, 2, **wakes))
    found = figures.lambda_min_is_stable.judge(made, "data")
    assert "1 of the 1 without a dead row, 1 of the 2 with one" in found.ours
    assert "of which 1 have λ_min = 0 always" in found.ours
    assert "distance 0.25: does not hold as printed up to 1, holds" in found.threshold
