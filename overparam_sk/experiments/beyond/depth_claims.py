"""What we expect of a narrow layer at each depth, and how it is judged."""

from collections.abc import Iterable, Sequence

import numpy as np

from overparam_sk.experiments.beyond.depth_runs import CONTROL, Depth, Key, Start
from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Finding, claim, mean

__all__ = ["CLAIMS", "places", "settled", "where"]

# Networks that a spread is taken of, at least.
_FEW = 3


def where(key: Key) -> str:
    """Name a kind of networks."""
    place = "all wide" if key.position == CONTROL else f"position {key.position}"
    rows = key.row_norm or "rows as drawn"
    return f"L={key.depth}, {place}, m={key.width}, {rows}"


def places(of: Depth, kinds: Iterable[Key]) -> list[Key]:
    """Kinds of networks with rows as they are drawn, of the depth that was trained."""
    depth = next(iter(of.fits)).depth
    return [key for key in kinds if key.row_norm is None and key.depth == depth]


def settled(group: Sequence[Start]) -> list[Start]:
    """Those without a dead row."""
    return [one for one in group if not one.dead]


def _spread(values: Sequence[float]) -> float:
    """Standard deviation of the logarithms."""
    return float(np.std(np.log(values), ddof=1))


@claim(
    "Expected of our own: a row is dead behind a narrow layer of h units with "
    "probability 2^−h, at any position and any width: the units' weights are "
    "symmetric given the layers below.",
    "Share of dead rows over 2^−h, for every h, position and width; standard error "
    "over the networks below. holds: all within the threshold of standard errors; in "
    "trend: all within 10 %.",
    errors=4.0,
)
def _probability(of: Depth, errors: float) -> Finding:
    ratios, off = [], []
    for (h, _, _), counts in of.counts.items():
        shares = counts.mean(axis=1) / of.n * 2.0**h
        ratios.append(shares.mean())
        off.append(abs(ratios[-1] - 1) / (shares.std(ddof=1) / len(shares) ** 0.5))
    low, high, most = min(ratios), max(ratios), max(off)
    ours = (
        f"{low:.3f} to {high:.3f} of 2^−h in {len(ratios)} cases, "
        f"{most:.1f} standard errors off at most"
    )
    near = low > 0.9 and high < 1.1
    return ours, HOLDS if most <= errors else TREND if near else NOT


@claim(
    "Expected of our own: how many rows are dead together follows from their angles, "
    "by Var[N] = Σ_ij [((π − θ_ij)/2π)^h − 4^−h] and the arc-cosine recursion.",
    "Mean of (N − n 2^−h)² over that, at the largest width, for every h and position. "
    "holds: all within the threshold of 1; in trend: both rise from each position to "
    "the next.",
    off=0.15,
)
def _variance(of: Depth, off: float) -> Finding:
    width = max(width for *_, width in of.counts)
    found = {
        (h, p): float(((of.counts[h, p, width] - limit.mean) ** 2).mean())
        for (h, p), limit in of.limits.items()
    }
    expected = {key: limit.variance for key, limit in of.limits.items()}
    ratios = [found[key] / expected[key] for key in found]
    ours = "; ".join(
        f"h={h}, position {p}: {found[h, p]:.3g} of {expected[h, p]:.3g}"
        for h, p in found
    )
    near = all(abs(ratio - 1) <= off for ratio in ratios)
    rises = _by_position(found, 1) and _by_position(expected, 1)
    return ours, HOLDS if near else TREND if rises else NOT


def _by_position(figures: dict[tuple[int, int], float], sign: int) -> bool:
    """Whether a figure goes up, or down, from each position to the next, at every h."""
    sizes = {h for h, _ in figures}
    series = [[v for (h, _), v in figures.items() if h == size] for size in sizes]
    return all((sign * np.diff(one) > 0).all() for one in series)


@claim(
    "Expected of our own: the deeper a narrow layer is, the fewer networks have a "
    "dead row, and the more rows are dead in these: the angles shrink, the expected "
    "number is the same.",
    "Probability that a row is dead, at every width (that of the limit is printed, "
    "and the least that the second moment leaves it). holds: falls from each position "
    "to the next at every h and width; in trend: at the largest width from the first "
    "to the last.",
)
def _together(of: Depth) -> Finding:
    widths = sorted({width for *_, width in of.counts})
    by_width = [
        {
            (h, p): float((counts > 0).mean())
            for (h, p, w), counts in of.counts.items()
            if w == width
        }
        for width in widths
    ]
    last = by_width[-1]
    ours = "; ".join(
        f"h={h}, position {p}: {last[h, p]:.3g} (m={widths[-1]}), {limit.any:.3g} in "
        f"the limit, at least {limit.least:.2g}"
        for (h, p), limit in of.limits.items()
    )
    falls = all(_by_position(one, -1) for one in by_width)
    ends = {h: [v for (k, _), v in last.items() if k == h] for h, _ in last}
    fell = all(values[-1] < values[0] for values in ends.values())
    return ours, HOLDS if falls else TREND if fell else NOT


@claim(
    "Expected of our own: λ_min(H(0)) is 0 with a dead row and only then: such a row "
    "has no gradient in any layer, and distinct rows have independent ones.",
    "All networks drawn, at every depth, position and width. holds: in all of them; "
    "in trend: 0 in all that have a dead row.",
)
def _singular(of: Depth) -> Finding:
    drawn = [one for group in of.starts.values() for one in group]
    dead = [one for one in drawn if one.dead]
    zero = sum(one.smallest == 0 for one in dead)
    positive = sum(one.smallest > 0 for one in drawn if not one.dead)
    ours = (
        f"0 in {zero} of {len(dead)} with a dead row, positive in {positive} of "
        f"{len(drawn) - len(dead)} without"
    )
    if zero < len(dead):
        return ours, NOT
    return ours, HOLDS if positive == len(drawn) - len(dead) else TREND


@claim(
    "Expected of our own: whatever the widths, H_l(x, x) is |x|² 2^−L Π_{j≠l} "
    "E|b_j|²/h_{j−1} in the mean: 2^−L in every layer for rows as they are drawn, and "
    "of the order Π_{j≠l} 1/h_{j−1} for clipped ones.",
    "Mean diagonal of every part over that, for every kind of networks; standard "
    "error over the networks. holds: all within the threshold of standard errors; in "
    "trend: all within a factor 1.5.",
    errors=4.5,
)
def _parts(of: Depth, errors: float) -> Finding:
    ratios, off = [], []
    for group in of.starts.values():
        ratio = np.array([one.sizes / one.expected for one in group])
        error = ratio.std(axis=0, ddof=1) / len(ratio) ** 0.5
        ratios += ratio.mean(axis=0).tolist()
        off += (abs(ratio.mean(axis=0) - 1) / error).tolist()
    low, high, most = min(ratios), max(ratios), max(off)
    ours = (
        f"{low:.3g} to {high:.3g} times in {len(ratios)} parts, "
        f"{most:.1f} standard errors off at most"
    )
    near = low > 1 / 1.5 and high < 1.5
    return ours, HOLDS if most <= errors else TREND if near else NOT


@claim(
    "Expected of our own: with a narrow layer H(0) does not settle as the others "
    "grow: what comes back to a few units is Gaussian, and its square stays random. "
    "Without one it does.",
    "Standard deviation of log(λ_min/λ_min of the limit given the layers up to the "
    "narrow one), networks without a dead row. holds: from the smallest to the "
    "largest width it falls below half without a narrow layer, and not with one, at "
    "every position that has a layer above it; in trend: at the largest width it is "
    "larger with one.",
)
def _unsettled(of: Depth) -> Finding:
    spreads: dict[int, list[float]] = {}
    for key in places(of, of.starts):
        logs = [one.smallest / one.limit for one in settled(of.starts[key])]
        if key.position < key.depth and len(logs) >= _FEW:
            spreads.setdefault(key.position, []).append(_spread(logs))
    control = spreads.pop(CONTROL)
    named = {"all wide": control} | {f"position {p}": s for p, s in spreads.items()}
    ours = "; ".join(
        f"{name}: {', '.join(f'{v:.3g}' for v in values)}"
        for name, values in named.items()
    )
    stays = all(s[-1] >= s[0] / 2 for s in spreads.values())
    larger = all(s[-1] > control[-1] for s in spreads.values())
    holds = stays and control[-1] < control[0] / 2
    return ours, HOLDS if holds else TREND if larger else NOT


@claim(
    "Expected of our own: at every position a narrow layer makes H(0) worse "
    "conditioned than it is without one, even where no row is dead: rows share what a "
    "few units tell apart.",
    "Median of λ_min/λ_max over the networks without a dead row, rows as they are "
    "drawn. holds: smaller at every position and width than all wide; in trend: at "
    "the largest width.",
)
def _conditioned(of: Depth) -> Finding:
    medians = {
        key: float(np.median([one.conditioning for one in alive]))
        for key in places(of, of.starts)
        if (alive := settled(of.starts[key]))
    }
    worse = {
        key: median < medians[key._replace(position=CONTROL)]
        for key, median in medians.items()
        if key.position != CONTROL
    }
    largest = max(key.width for key in medians)
    at_largest = all(ok for key, ok in worse.items() if key.width == largest)
    verdict = HOLDS if all(worse.values()) else TREND if at_largest else NOT
    return _told(medians, largest), verdict


def _told(figures: dict[Key, float], width: int) -> str:
    """Write a figure by position, at one width."""
    return "; ".join(
        f"{where(key)}: {value:.3g}"
        for key, value in figures.items()
        if key.width == width
    )


@claim(
    "Expected of our own: no fit comes below Σ y²/2 over the rows that are dead at "
    "its end: there f = 0.",
    "L(T) less that, in all fits. holds: not negative, up to 1e-9 of L(0); there is "
    "no trend. Printed: fits with dead rows at the end, and these rows.",
)
def _floor(of: Depth) -> Finding:
    fits = [one for group in of.fits.values() for one in group]
    dead = [one for one in fits if one.dead_after]
    ours = (
        f"{len(dead)} of {len(fits)} fits have dead rows at the end, "
        f"{sum(one.dead_after for one in dead)} together, of which "
        f"{sum(one.free for one in dead)} have the target 0 that f = 0 meets"
    )
    kept = all(one.last >= one.floor - 1e-9 * one.first for one in fits)
    return ours, HOLDS if kept else NOT


@claim(
    "Expected of our own: where no row is dead at the start or the end, the loss "
    "falls by (1 − η λ_min(H(0)))² a step at least, as it does if H stays as it is.",
    "Rate −log(L(T)/L(0))/T over −2 log(1 − η λ_min(H(0))), rows as they are drawn. "
    "holds: at least 1 in every such fit; in trend: in every one of the largest "
    "width.",
)
def _rate(of: Depth) -> Finding:
    ratios: dict[Key, list[float]] = {}
    for key in places(of, of.fits):
        alive = [f for f in of.fits[key] if not (f.dead or f.dead_after)]
        if alive:
            ratios[key] = [one.rate / one.linear_rate for one in alive]
    if not ratios:
        return "every fit had a dead row", NOT
    largest = max(key.width for key in ratios)
    ok = {key: min(values) >= 1 for key, values in ratios.items()}
    ours = _told({key: min(values) for key, values in ratios.items()}, largest)
    at_largest = all(kept for key, kept in ok.items() if key.width == largest)
    verdict = HOLDS if all(ok.values()) else TREND if at_largest else NOT
    return f"smallest of the fits: {ours}", verdict


@claim(
    "Expected of our own: wide networks whose rows are left as drawn move by less the "
    "wider they are. With clipped rows and three layers they do not: H(0) is of order "
    "1/(d m), so that f only moves by 1 as the weights move by (d m)^(1/2), and those "
    "of a layer have the norm m^(1/2).",
    "Largest ‖W_l − W_l(0)‖/‖W_l(0)‖ over the layers, mean over the fits of networks "
    "without a narrow layer. holds: from the smallest to the largest width it falls "
    "below half for rows as drawn, and stays above 1/2 for clipped ones; in trend: at "
    "the largest width it is larger for clipped ones.",
)
def _lazy(of: Depth) -> Finding:
    moved: dict[str, list[float]] = {}
    for key, group in of.fits.items():
        if key.position == CONTROL:
            farthest = mean(float(one.distances.max()) for one in group)
            moved.setdefault(key.row_norm or "as drawn", []).append(farthest)
    ours = "; ".join(
        f"{name}: {', '.join(f'{v:.3g}' for v in values)}"
        for name, values in moved.items()
    )
    drawn, clipped = moved["as drawn"], moved["clip"]
    holds = drawn[-1] < drawn[0] / 2 and min(clipped) > 0.5
    return ours, HOLDS if holds else TREND if clipped[-1] > drawn[-1] else NOT


CLAIMS = (
    _probability,
    _variance,
    _together,
    _singular,
    _parts,
    _unsettled,
    _conditioned,
    _floor,
    _rate,
    _lazy,
)
