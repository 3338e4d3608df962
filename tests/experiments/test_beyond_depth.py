"""A narrow layer at each depth: the experiment, and how its expectations are judged."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from overparam_sk import DeepReLURegressor
from overparam_sk.diagnostics import gram_spectrum
from overparam_sk.experiments.beyond.depth import DEPTH
from overparam_sk.experiments.beyond.depth_runs import (
    Depth,
    Fit,
    Key,
    Start,
    count_dead,
    fit,
    start,
)
from overparam_sk.experiments.beyond.narrow_nets import Limit
from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.reproduction import Request, scale

(
    PROBABILITY,
    VARIANCE,
    TOGETHER,
    SINGULAR,
    PARTS,
    UNSETTLED,
    CONDITIONED,
    FLOOR,
    RATE,
    LAZY,
) = DEPTH.claims
N, WIDTHS, POSITIONS = 50, (32, 128), (0, 1, 2, 3)
TINY = scale(
    data=("synthetic-50",),
    widths=(8, 16),
    narrow=(2, 5),
    networks=8,
    layers=8,
    limit_draws=500,
    fitted=5,
    depths=(2,),
    starts=12,
    depth=2,
    max_iter=4,
    repeats=1,
)


def verdict(claim, of):
    return claim.judge(of, "made up").verdict


def made_up(counts=None, limits=None, starts=None, fits=None):
    key = Key(None, 3, 0, 32)
    return Depth(N, counts or {}, limits or {}, starts or {}, fits or {key: []})


# ------------------------------------------------------------------------ dead rows
def counted(shares, together=1):
    """N is 0 or ``together`` times the mean number of dead rows among these."""
    rng, counts, limits = np.random.default_rng(0), {}, {}
    for p, (share, clump) in enumerate(zip(shares, together, strict=True), 1):
        mean, n_dead = N / 32, round(clump)
        probability = share * mean / n_dead
        limits[5, p] = Limit(mean, mean * n_dead - mean**2, mean / n_dead, 0.0)
        for m in WIDTHS:
            drawn = rng.random((400, 200)) < probability
            counts[5, p, m] = n_dead * drawn.astype(np.int64)
    return made_up(counts=counts, limits=limits)


@pytest.mark.parametrize(
    ("shares", "together", "expected"),
    [
        ((1, 1, 1), (2, 4, 8), (HOLDS, HOLDS, HOLDS)),
        ((1, 1.05, 1), (2, 4, 8), (TREND, HOLDS, HOLDS)),
        ((1, 1, 1.3), (2, 4, 8), (NOT, TREND, HOLDS)),
        ((1, 1, 1), (2, 8, 4), (HOLDS, HOLDS, TREND)),
        ((1, 1, 1.6), (2, 8, 4), (NOT, NOT, TREND)),
        ((1, 1, 1), (8, 4, 2), (HOLDS, HOLDS, NOT)),
    ],
)
def test_dead_rows_are_counted(shares, together, expected):
    of = counted(shares, together)
    found = [verdict(claim, of) for claim in (PROBABILITY, VARIANCE, TOGETHER)]
    assert tuple(found) == expected


def test_counts_are_those_of_each_layer_s_units():
    X = np.eye(4)
    found = count_dead(np.random.default_rng(1), X, 1, (1, 3), 9, 50, 40)
    shares = [counts.mean() / 4 for counts in found.values()]
    error = math.sqrt(1 / (50 * 40 * 4))
    np.testing.assert_allclose(shares, [1 / 2, 1 / 8], atol=4 * error)
    assert (found[3] <= found[1]).all()


# ----------------------------------------------------------------------------- H(0)
def at_start(dead=0, conditioning=0.1, over_limit=1.0, parts=1.0):
    smallest = 0.0 if dead else conditioning
    expected = np.array([0.25, 0.25])
    limit = conditioning / over_limit
    return Start(dead, 1.0, smallest, limit, parts * expected, expected)


def started(figures):
    """Five networks a kind; figures: position, width, which of them -> what it is."""
    kinds = [Key(None, 3, p, m) for p in POSITIONS for m in WIDTHS]
    return made_up(
        starts={
            key: [at_start(**figures(key.position, key.width, i)) for i in range(5)]
            for key in kinds
        }
    )


@pytest.mark.parametrize(
    ("smallest", "expected"),
    [
        ({0: 0.1, 2: 0.0}, HOLDS),
        ({0: 0.0, 2: 0.0}, TREND),
        ({0: 0.1, 2: 1e-9}, NOT),
    ],
)
def test_dead_rows_and_no_others_make_h_singular(smallest, expected):
    group = [replace(at_start(dead), smallest=s) for dead, s in smallest.items()]
    assert verdict(SINGULAR, made_up(starts={Key(None, 3, 1, 32): group})) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [(1.0, HOLDS), (1.2, TREND), (2.0, NOT), (0.5, NOT)]
)
def test_parts_are_to_have_their_sizes(size, expected):
    of = started(lambda p, m, i: {"parts": (size if p else 1) * (1 + 0.01 * (i - 2))})
    assert verdict(PARTS, of) == expected


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ({32: 0.5, 128: 0.4}, {32: 0.1, 128: 0.04}, HOLDS),
        ({32: 0.5, 128: 0.2}, {32: 0.1, 128: 0.04}, TREND),
        ({32: 0.5, 128: 0.4}, {32: 0.1, 128: 0.09}, TREND),
        ({32: 0.5, 128: 0.02}, {32: 0.1, 128: 0.04}, NOT),
    ],
)
def test_a_narrow_layer_is_not_to_settle(narrow, wide, expected):
    of = started(
        lambda p, m, i: {"over_limit": math.exp((narrow if p else wide)[m] * (i - 2))}
    )
    assert verdict(UNSETTLED, of) == expected


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({32: 0.01, 128: 0.01}, HOLDS),
        ({32: 0.2, 128: 0.01}, TREND),
        ({32: 0.01, 128: 0.2}, NOT),
    ],
)
def test_a_narrow_layer_is_to_be_worse_conditioned(figures, expected):
    def of_network(p, m, i):
        # One with a dead row, which is looked past, in the last place alone.
        return {"conditioning": figures[m] if p == 3 else 0.1 / (1 + p), "dead": i == 4}

    assert verdict(CONDITIONED, started(of_network)) == expected


# ----------------------------------------------------------------------------- fits
def trained(**figures):
    usual = {"dead": 0, "dead_after": 0, "free": 0, "floor": 0.0, "first": 1.0}
    usual |= {"last": 0.1, "smallest": 0.1, "largest": 1.0, "step": 1.0, "n_steps": 10}
    return Fit(**{**usual, "distances": np.array([0.1, 0.2]), **figures})


def fitted(figures, row_norm=None):
    kinds = [Key(row_norm, 3, p, m) for p in POSITIONS for m in WIDTHS]
    return {key: [trained(**figures(key.position, key.width))] for key in kinds}


def test_what_a_fit_says_of_itself():
    one = trained(floor=0.05)
    assert one.left == pytest.approx(0.1)
    assert one.rate == pytest.approx(-math.log(0.05 / 0.95) / 10)
    assert one.linear_rate == pytest.approx(-2 * math.log(0.9))
    at_the_floor = trained(floor=0.1, step=20.0)
    assert math.isnan(at_the_floor.rate)
    assert math.isfinite(at_the_floor.linear_rate)


@pytest.mark.parametrize(("last", "expected"), [(0.3, HOLDS), (0.2, NOT)])
def test_dead_rows_are_to_keep_their_loss(last, expected):
    of = made_up(
        fits=fitted(lambda p, m: {"last": last, "floor": 0.3 * (p == 2), "dead": 1})
    )
    assert verdict(FLOOR, of) == expected


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ({32: 0.1, 128: 0.1}, HOLDS),
        ({32: 0.3, 128: 0.1}, TREND),
        ({32: 0.1, 128: 0.5}, NOT),
    ],
)
def test_the_rate_is_to_be_that_of_the_linear_network(last, expected):
    """0.9^20 is 0.12, and 0.9^10 is 0.35. Fits with dead rows are none of those."""
    dying = {3: {"last": 0.9, "dead_after": 1}}
    of = made_up(fits=fitted(lambda p, m: dying.get(p, {"last": last[m]})))
    assert verdict(RATE, of) == expected
    dead = made_up(fits=fitted(lambda p, m: {"dead": 1}))
    assert RATE.judge(dead, "").ours == "every fit had a dead row"


@pytest.mark.parametrize(
    ("drawn", "clipped", "expected"),
    [
        ({32: 0.2, 128: 0.05}, {32: 2.0, 128: 1.0}, HOLDS),
        ({32: 0.2, 128: 0.15}, {32: 2.0, 128: 1.0}, TREND),
        ({32: 0.2, 128: 0.05}, {32: 2.0, 128: 0.3}, TREND),
        ({32: 0.2, 128: 0.5}, {32: 2.0, 128: 0.3}, NOT),
    ],
)
def test_clipped_rows_are_to_move_far(drawn, clipped, expected):
    fits = fitted(lambda p, m: {"distances": np.array([0.0, drawn[m] + p])})
    fits |= fitted(lambda p, m: {"distances": np.array([clipped[m] + p])}, "clip")
    assert verdict(LAZY, made_up(fits=fits)) == expected


@pytest.mark.parametrize("row_norm", [None, "clip"])
def test_a_fit_is_that_of_the_regressor(row_norm):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((12, 4)), rng.standard_normal(12) * (np.arange(12) > 5)
    for seed in range(4):
        one = fit(X, y, Key(row_norm, 3, 2, 9), 2, seed, 7, "cpu")
        net = DeepReLURegressor(
            (9, 2, 9),
            row_norm=row_norm,
            max_iter=7,
            n_iter_no_change=None,
            fit_intercept=False,
            random_state=seed,
        ).fit(X, y)
        dead = net.predict(X) == 0
        assert one.dead_after == net.dead_rows_[-1] == dead.sum()
        assert one.dead == net.history_["dead_rows_3"][0]
        assert one.free == (dead & (y == 0)).sum()
        assert one.floor == pytest.approx((y[dead] ** 2).sum() / 2)
        assert one.last == net.loss_ >= one.floor
        values = gram_spectrum(net, X, initial=True)
        assert (one.largest, one.smallest) == (values[0], values[-1])
        assert (one.smallest == 0) == (one.dead > 0)


def test_the_limit_stands_beside_what_has_one():
    X, rng = np.eye(2), np.random.default_rng(0)

    def limit(row_norm, position):
        key = Key(row_norm, 3, position, 12)
        return start(rng, X, key, 5, lambda depth: 0.1 * depth).limit

    assert limit(None, 0) == pytest.approx(0.3)
    assert limit(None, 1) > 0
    assert limit(None, 2) > 0
    assert math.isnan(limit(None, 3))
    assert math.isnan(limit("clip", 1))


def test_a_small_run(tmp_path):
    said = []
    run = Request(tmp_path, quick=True, progress=False, tell=said.append, device="cpu")
    assert replace(DEPTH, quick=TINY).reproduce(run)
    claims = json.loads((tmp_path / "claims.json").read_text("utf-8"))["claims"]
    assert [one["reading"] for one in claims] == ["synthetic-50"] * len(DEPTH.claims)
    sure = {one.words for one in (SINGULAR, FLOOR)}
    found = {one["claim"]: one["verdict"] for one in claims}
    assert {found[words] for words in sure} == {HOLDS}
    assert (tmp_path / "depth.png").exists()
    text = (tmp_path / "claims.md").read_text("utf-8")
    # By row norm, position or none, and width: H(0) and fits.
    assert text.count("| 2 | – | 8 | ") == 4
    assert text.count("| clip | 2 | 1 | 16 | ") == 2
