"""The exponent and its interval, on studies that nobody fitted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam_sk.model_selection import Fit, WidthStudy, fit_power_law

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
