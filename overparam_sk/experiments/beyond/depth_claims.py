"""What we expect of a narrow layer at each depth, and how it is judged."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    "probability 2^−h, at any position and any width: the units' weights are symmetric "
    "given the layers below.",
    "Share of dead rows over 2^−h, for every h, position and width; its standard error "
    "by the variance of the next line. holds: all within the threshold of standard "
    "errors; in trend: all within 10 %.",
    errors=4.0,
)
def _probability(of: Depth, errors: float) -> Finding:
    ratios, off = [], []
    for (h, p, _), counts in of.counts.items():
        limit = of.limits[h, p]
        ratios.append(float(counts.mean()) / limit.mean)
        error = (limit.variance / counts.size) ** 0.5
        off.append(abs(float(counts.mean()) - limit.mean) / error)
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
    "Mean of (N − n 2^−h)² beside that, at the largest width, for every h and "
    "position; standard error over the networks below. holds: all within the "
    "threshold of standard errors, and a share that a finite width may add; in trend: "
    "both rise from each position to the next.",
    errors=4.0,
    share=0.05,
)
def _variance(of: Depth, errors: float, share: float) -> Finding:
    width = max(width for *_, width in of.counts)
    found, expected, near = dict[Any, float](), dict[Any, float](), []
    for key, limit in of.limits.items():
        of_networks = ((of.counts[*key, width] - limit.mean) ** 2).mean(axis=1)
        found[key], expected[key] = float(of_networks.mean()), limit.variance
        error = of_networks.std(ddof=1) / len(of_networks) ** 0.5
        allowed = errors * error + share * limit.variance
        near.append(abs(found[key] - limit.variance) <= allowed)
    ours = "; ".join(
        f"h={h}, position {p}: {found[h, p]:.3g} of {expected[h, p]:.3g}"
        for h, p in found
    )
    rises = _by_position(found, 1) and _by_position(expected, 1)
    return ours, HOLDS if all(near) else TREND if rises else NOT


def _by_position(
    figures: dict[tuple[int, int], float], sign: int, slack: float = 0.0
) -> bool:
    """Whether a figure goes up, or down, from each position to the next, at every h."""
    sizes = {h for h, _ in figures}
    series = [[v for (h, _), v in figures.items() if h == size] for size in sizes]
    return all((sign * np.diff(one) > -slack).all() for one in series)


@claim(
    "Expected of our own: the deeper a narrow layer is, the fewer networks have a dead "
    "row, and the more rows are dead in these: the angles shrink, the expected number "
    "is the same.",
    "Probability that a row is dead, at every width (that of the limit is printed, and "
    "the least that the second moment leaves it). holds: falls from each position to "
    "the next at every h and width, up to the threshold of standard errors, and from "
    "the first to the last; in trend: that, at the largest width.",
    errors=3.0,
)
def _together(of: Depth, errors: float) -> Finding:
    by_width: dict[int, dict[tuple[int, int], float]] = {}
    for (h, p, width), counts in of.counts.items():
        by_width.setdefault(width, {})[h, p] = float((counts > 0).mean())
    last = by_width[max(by_width)]
    ours = "; ".join(
        f"h={h}, position {p}: {last[h, p]:.3g} (m={max(by_width)}), {limit.any:.3g} "
        f"in the limit, at least {limit.least:.2g}"
        for (h, p), limit in of.limits.items()
    )
    n_draws = min(counts.size for counts in of.counts.values())
    ends = {
        width: {key: v for key, v in one.items() if key[1] in _ends(one)}
        for width, one in by_width.items()
    }
    fell = {width: _by_position(one, -1) for width, one in ends.items()}
    slack = errors * (0.5 / n_draws) ** 0.5  # of a difference, at most
    falls = all(_by_position(one, -1, slack) for one in by_width.values())
    verdict = TREND if fell[max(fell)] else NOT
    return ours, HOLDS if falls and all(fell.values()) else verdict


def _ends(figures: Iterable[tuple[int, int]]) -> tuple[int, int]:
    positions = [p for _, p in figures]
    return min(positions), max(positions)


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
    "Mean diagonal of every part over that, at every depth and position, the networks "
    "of all widths together; standard error over the networks. holds: all within the "
    "threshold of standard errors; in trend: all within a factor 1.5.",
    errors=5.0,
)
def _parts(of: Depth, errors: float) -> Finding:
    groups: dict[Key, list[NDArray[np.float64]]] = {}
    for key, group in of.starts.items():
        ratios = [one.sizes / one.expected for one in group]
        groups.setdefault(key._replace(width=0), []).extend(ratios)
    ratio = [np.array(group) for group in groups.values()]
    means = [one.mean(axis=0) for one in ratio]
    errs = [one.std(axis=0, ddof=1) / len(one) ** 0.5 for one in ratio]
    off = np.concatenate([abs(m - 1) / e for m, e in zip(means, errs, strict=True)])
    flat = np.concatenate(means)
    ours = (
        f"{flat.min():.3g} to {flat.max():.3g} times in {len(flat)} parts, "
        f"{off.max():.1f} standard errors off at most"
    )
    near = flat.min() > 1 / 1.5 and flat.max() < 1.5
    return ours, HOLDS if off.max() <= errors else TREND if near else NOT


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
    "holds: at least 1 in every such fit; in trend: at least 1/2, which is what the "
    "form of Kong's Theorem 3 would be. Printed: at the largest width.",
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
    ours = _told({key: min(values) for key, values in ratios.items()}, largest)
    least = min(map(min, ratios.values()))
    verdict = HOLDS if least >= 1 else TREND if least >= 1 / 2 else NOT
    return f"{least:.3g} at least; of the fits at the largest width: {ours}", verdict


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
