"""The exponent and its interval, on studies that nobody fitted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import least_squares

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.model_selection import (
    Fit,
    WidthStudy,
    fit_power_law,
    width_study,
)
from overparam_sk.model_selection._decay import DecayingDifference

WIDTHS = (250, 500, 1000, 2000)


def made_up(c=2.0, p=0.5, noise=0.0, repeats=5, seed=0, folds=(None,), name="net"):
    random = np.random.RandomState(seed)
    fits = [
        Fit(name, m, r, k, r, {"distance": c * m**-p * np.exp(noise * random.randn())})
        for m in WIDTHS
        for r in range(repeats)
        for k in folds
    ]
    return WidthStudy("width", {}, fits)


@given(c=st.floats(1e-3, 1e3), p=st.floats(-3, 3))
def test_an_exact_law_is_found_exactly(c, p):
    law = fit_power_law(made_up(c, p), "distance", n_resamples=50)
    np.testing.assert_allclose([law.c, *law.c_interval], c, rtol=1e-9)
    np.testing.assert_allclose([law.p, *law.p_interval], p, atol=1e-9)
    np.testing.assert_allclose(law([1, 250]), [c, c * 250.0**-p], rtol=1e-9)


def test_it_is_least_squares_on_logarithms():
    study = made_up(noise=0.3, folds=(0, 1))
    law = fit_power_law(study, "distance_")
    x = np.log([fit.value for fit in study.fits])
    y = np.log([fit.scores["distance"] for fit in study.fits])
    slope, height = np.polyfit(x, y, 1)
    assert law.p == pytest.approx(-slope, rel=1e-9)
    assert law.c == pytest.approx(np.exp(height), rel=1e-9)
    assert law.n_fits == len(x) == 40
    assert law.metric == "distance"
    assert str(law).startswith(f"distance of net: {law.c:.3g} m^{-law.p:.3f}, c in [")


@pytest.mark.parametrize(("repeats", "at_least"), [(5, 0.85), (10, 0.9)])
def test_the_interval_holds_the_truth(repeats, at_least):
    hits = []
    for seed in range(200):
        study = made_up(noise=0.1, repeats=repeats, seed=seed)
        law = fit_power_law(study, "distance", n_resamples=500, random_state=seed)
        (c_low, c_high), (p_low, p_high) = law.c_interval, law.p_interval
        hits.append([c_low <= 2 <= c_high, p_low <= 0.5 <= p_high])
    assert np.mean(hits, axis=0).min() >= at_least


def test_the_seed_decides_the_interval():
    study = made_up(noise=0.3, repeats=12)
    one, other = (fit_power_law(study, "distance", random_state=0) for _ in range(2))
    assert one == other
    assert one.p_interval != fit_power_law(study, "distance", random_state=1).p_interval


def test_one_repeat_has_no_interval():
    law = fit_power_law(made_up(repeats=1), "distance")
    assert np.isnan([*law.c_interval, *law.p_interval]).all()


def test_failed_fits_and_baselines_are_left_out():
    study = made_up()
    lost = [Fit("net", 250, 9, None, 9, failure="it diverged")]
    beside = [Fit("svm", None, 0, None, 0, {"distance": 5.0})]
    more = WidthStudy("width", {}, study.fits + lost + beside)
    assert fit_power_law(more, "distance") == fit_power_law(study, "distance")


def test_an_incomplete_study_has_an_interval():
    fits = [*made_up(repeats=3).fits[:-2]]
    fits.append(Fit("net", 500, 3, None, 3, {"distance": 2 / 500**0.5}))
    fits.append(Fit("net", 500, 4, None, 4, {"distance": np.nan}))
    law = fit_power_law(WidthStudy("width", {}, fits), "distance")
    np.testing.assert_allclose([law.p, *law.p_interval], 0.5)
    assert law.n_fits == len(fits) - 1


def test_what_follows_no_law_is_refused():
    study = made_up()
    with pytest.raises(ValueError, match=r"confidence_level must be .* got 95"):
        fit_power_law(study, "distance", confidence_level=95)
    for value in ("a", 0):
        odd = [*study.fits, Fit("net", value, 0, None, 0, {"distance": 1.0})]
        with pytest.raises(ValueError, match="width must be a positive number"):
            fit_power_law(WidthStudy("width", {}, odd), "distance")
    with pytest.raises(ValueError, match=r"metric must be one of \['distance'\], got"):
        fit_power_law(study, "speed")
    with pytest.raises(ValueError, match="at two widths or more, got 'svm'"):
        fit_power_law(study, "distance", estimator="svm")
    two = WidthStudy("width", {}, study.fits + made_up(name="other").fits)
    with pytest.raises(ValueError, match=r"estimator must be given .* \['net', 'oth"):
        fit_power_law(two, "distance")
    zero = [*study.fits, Fit("net", 9, 0, None, 0, {"distance": 0.0})]
    with pytest.raises(ValueError, match=r"must be positive .* got 0.0 at width=9"):
        fit_power_law(WidthStudy("width", {}, zero), "distance")


def beside_a_limit(c=2.0, p=0.5, noise=0.0, shared=0.0, repeats=5, seed=0, m=WIDTHS):
    """L(m, r) = L∞(r) + c·m^(−p) + noise that falls as 1/√m, and the limit beside."""
    random = np.random.default_rng(seed)
    fits = []
    for r in range(repeats):
        limit = 0.3 + shared * random.standard_normal()
        fits.append(Fit("limit", None, r, None, r, {"loss": limit}))
        for width in m:
            error = noise * abs(c) * random.standard_normal() / width**0.5
            loss = limit + c * width**-p + error
            fits.append(Fit("net", width, r, None, r, {"loss": loss}))
    return WidthStudy("width", {}, fits)


@given(
    c=st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3),
    p=st.floats(-3, 3),
    repeats=st.integers(1, 3),
)
def test_an_exact_law_beside_a_computed_limit_is_found_exactly(c, p, repeats):
    study = beside_a_limit(c, p, shared=abs(c), repeats=repeats)
    law = fit_power_law(study, "loss", limit="limit")
    rtol = 1e-6 * max(1, 1 / (min(WIDTHS) ** -p + max(WIDTHS) ** -p))
    np.testing.assert_allclose([law.c, law.p], [c, p], rtol=rtol, atol=rtol)
    limits = [fit.scores["loss"] for fit in study.fits if fit.estimator == "limit"]
    assert law.limit == pytest.approx(np.mean(limits), rel=1e-9)
    np.testing.assert_allclose(law(500) - law.limit, c * 500.0**-p, rtol=0.1)
    if repeats == 1:
        assert np.isnan([*law.c_interval, *law.p_interval]).all()


def test_it_is_least_squares_in_the_differences_weighted_by_width():
    study = beside_a_limit(noise=0.3, shared=2.0)
    law = fit_power_law(study, "loss_", limit="limit")
    limits = {f.repeat: f.scores["loss"] for f in study.fits if f.value is None}
    nets = [fit for fit in study.fits if fit.value is not None]
    m = np.array([fit.value for fit in nets], dtype=float)
    D = np.array([fit.scores["loss"] - limits[fit.repeat] for fit in nets])

    def rest(cp):
        return np.sqrt(m) * (D - cp[0] * m ** -cp[1])

    c, p = least_squares(rest, [1.0, 1.0], xtol=1e-15, ftol=1e-15).x
    assert (law.c, law.p) == (pytest.approx(c, rel=1e-5), pytest.approx(p, rel=1e-5))
    assert law.n_fits == len(nets)
    assert str(law).startswith(f"loss of net: {law.limit:.4g} + {law.c:.3g} m^")


def test_a_limit_that_shares_its_noise_with_the_networks_costs_nothing():
    shared = beside_a_limit(noise=0.1, shared=9.0, seed=3)
    paired = fit_power_law(shared, "loss", limit="limit")
    alone = fit_power_law(shared, "loss", limit=0.3)
    assert np.diff(paired.p_interval) < 0.5
    assert np.diff(alone.p_interval) == np.inf


# c, p, noise (relative at p = 1/2), noise of the limit, repeats, widths; and how many
# of 300 intervals may miss: of a level of 95 %, more than 28 have a chance under 0.1 %.
TRUTHS = [
    (2.0, 0.5, 0.1, 0.0, 2, (250, 1000, 4000)),
    (2.0, 0.5, 0.3, 5.0, 3, (250, 1000, 4000)),
    (-2.0, 1.0, 0.003, 0.0, 2, (250, 1000, 4000)),
    (-2.0, 1.0, 0.03, 1.0, 5, WIDTHS),
    (2.0, 0.5, 1.0, 0.0, 5, WIDTHS),
    (2.0, 0.5, 0.05, 0.0, 2, (250, 1000)),
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_interval_beside_a_limit_holds_the_truth(truth):
    c, p, *rest = truth
    keys = ("noise", "shared", "repeats", "m")
    missed = np.zeros(2)
    for seed in range(300):
        study = beside_a_limit(c, p, **dict(zip(keys, rest, strict=True)), seed=seed)
        law = fit_power_law(study, "loss", limit="limit")
        (c_low, c_high), (p_low, p_high) = law.c_interval, law.p_interval
        missed += [not c_low <= c <= c_high, not p_low <= p <= p_high]
    assert missed.max() <= 28


def test_what_may_go_wrong_is_shared_by_the_power_and_the_height():
    """c by its t intervals at 97.5 %, at every p that is in p's own at 97.5 %."""
    widths, random = np.array([100.0, 200.0, 400.0, 800.0]), np.random.default_rng(0)
    D = 3 / widths * (1 + 0.03 * random.standard_normal((5, 4)))
    law = DecayingDifference(widths, D)
    (low, high), _ = law.intervals(0.95)
    _, powers = law.intervals(0.975)
    ends = []
    for p in np.linspace(*powers, 501):
        g = widths**-p  # weights m, in D itself
        heights = (widths * g * D).sum(axis=1) / (widths * g * g).sum()
        spread = stats.t.ppf(0.9875, 4) * heights.std(ddof=1) / 5**0.5
        ends += [heights.mean() - spread, heights.mean() + spread]
    assert low == pytest.approx(min(ends), rel=1e-6)
    assert high == pytest.approx(max(ends), rel=1e-6)


def test_noise_alone_bounds_no_power():
    study = beside_a_limit(c=1e-9, noise=1e9)
    law = fit_power_law(study, "loss", limit="limit")
    assert law.p_interval == law.c_interval == (-np.inf, np.inf)


def test_what_contradicts_every_power_has_no_interval():
    scores = {250: (1.0, 1.1), 1000: (-1.0, -1.1)}
    fits = [
        Fit("net", m, r, None, r, {"loss": loss})
        for m, losses in scores.items()
        for r, loss in enumerate(losses * 2)
    ]
    law = fit_power_law(WidthStudy("width", {}, fits), "loss", limit=0.0)
    assert np.isnan([*law.c_interval, *law.p_interval]).all()


def test_beside_a_limit_only_whole_repeats_count():
    study = beside_a_limit(noise=0.2, repeats=4)
    fewer = [f for f in study.fits if (f.estimator, f.repeat) != ("limit", 3)]
    fewer = [f for f in fewer if (f.value, f.repeat) != (500, 2)]
    law = fit_power_law(WidthStudy("width", {}, fewer), "loss", limit="limit")
    two = WidthStudy("width", {}, [f for f in study.fits if f.repeat < 2])
    assert law == fit_power_law(two, "loss", limit="limit")


def test_a_limit_without_the_metric_is_told_what_it_has():
    has, lacks = {"loss": 0.3, "distance": np.nan}, {"loss": 0.5, "distance": 0.1}
    fits = [Fit("net", m, 0, None, 0, lacks) for m in (250, 500)]
    study = WidthStudy("width", {}, [*fits, Fit("limit", None, 0, None, 0, has)])
    with pytest.raises(ValueError, match=r"got 'limit', which has \['loss'\]\.$"):
        fit_power_law(study, "distance", limit="limit")
    assert repr(study) == (
        "WidthStudy(3 fits of ['net', 'limit'], width in [250, 500], 0 failed)"
    )


def test_a_limit_that_is_none_is_refused():
    study = beside_a_limit()
    for wrong in ("svm", "net"):
        with pytest.raises(ValueError, match=f"limit must be .* got '{wrong}'"):
            fit_power_law(study, "loss", limit=wrong)
    for wrong in (np.nan, [0.3]):
        with pytest.raises(ValueError, match="limit must be"):
            fit_power_law(study, "loss", limit=wrong)
    parts = [
        f
        for f in study.fits
        if f.value is None or f.value == 250 + 250 * (f.repeat % 2)
    ]
    with pytest.raises(ValueError, match="study must have a repeat in which 'net'"):
        fit_power_law(WidthStudy("width", {}, parts), "loss", limit="limit")


def test_the_limit_of_a_study_is_the_infinite_width_beside_the_networks():
    X, y = make_clustered_mixture(120, 20, n_classes=3, random_state=0)
    options = {"max_iter": 30, "fit_intercept": False, "learning_rate": 1.0}
    study = width_study(
        {
            "net": OverparamReLUClassifier(**options),
            "limit": InfiniteWidthReLUClassifier(**options, n_iter_no_change=None),
        },
        *(X, y),
        values=[16, 64, 256],
        repeats=3,
        cv=2,
        scoring="neg_log_loss",
        random_state=0,
    )
    law = fit_power_law(study, "neg_log_loss", limit="limit")
    assert law.n_fits == 18
    assert law.c < 0 < law.p
    assert law(10**9) == pytest.approx(law.limit)


@pytest.mark.parametrize("unit", [2.0**-900, 2.0**-300, 2.0**300, 2.0**900])
def test_a_law_beside_a_limit_knows_no_unit(unit):
    def study(unit):
        random = np.random.default_rng(0)
        scores = {
            (m, r): 0.3 + 2 * m**-0.5 + 1e-3 * random.standard_normal()
            for r in range(4)
            for m in WIDTHS
        }
        fits = [
            Fit("net", m, r, None, r, {"loss": value * unit})
            for (m, r), value in scores.items()
        ]
        return WidthStudy("width", {}, fits)

    law = fit_power_law(study(1.0), "loss", limit=0.3)
    other = fit_power_law(study(unit), "loss", limit=0.3 * unit)
    assert (other.p, other.p_interval) == (law.p, law.p_interval)
    assert abs(law.p - 0.5) < 0.1
    np.testing.assert_allclose(
        [other.c / unit, *(end / unit for end in other.c_interval)],
        [law.c, *law.c_interval],
        rtol=1e-12,
    )


def test_a_metric_that_is_its_limit_has_no_power():
    law = fit_power_law(made_up(p=0.0), "distance", limit=2.0)
    assert (law.c, law.p) == (0.0, 0.0)
    assert law.p_interval == (-np.inf, np.inf)
    assert law(100) == 2.0


@pytest.mark.parametrize("limit", [None, 0.0])
def test_an_infinite_metric_is_refused(limit):
    study = made_up()
    study.fits[0].scores["distance"] = np.inf
    with pytest.raises(ValueError, match="distance must be finite to follow a power"):
        fit_power_law(study, "distance", limit=limit, n_resamples=50)
