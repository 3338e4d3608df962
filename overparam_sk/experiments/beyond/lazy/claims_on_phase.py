"""What is expected over scale and width, and how it is judged."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments.beyond.lazy.measured import Lazy
from overparam_sk.experiments.beyond.lazy.phase import OCTAVE, Cell
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Finding,
    at_most,
    claim,
    each_width,
    log_slope,
    mean,
)

__all__ = ["CLAIMS_ON_PHASE"]


def _drift(cell: Cell) -> float:
    return cell.drift


def _falls(figures: NDArray[Any]) -> str:
    """Whether figures fall along the first axis, in all columns; NaN does not."""
    if (np.diff(figures, axis=0) < 0).all():
        return HOLDS
    return TREND if (figures[-1] < figures[0]).all() else NOT


def _ends(figures: NDArray[Any], first: str, last: str) -> str:
    low, high = figures[0], figures[-1]
    pairs = ", ".join(f"{a:.3g} → {b:.3g}" for a, b in zip(low, high, strict=True))
    return f"from {first} to {last}: {pairs}"


@claim(
    "Expected (Chizat, Oyallon, Bach 2019): the larger α, the less the kernel moves.",
    "Mean drift of the Gram matrix at the same training loss. holds: it falls from "
    "each α to the next at every width; in trend: from the smallest to the largest.",
)
def _larger_is_lazier(lazy: Lazy) -> Finding:
    drift = lazy.plane(_drift)
    ends = f"α = {lazy.scales[0]:g}", f"{lazy.scales[-1]:g}"
    widths = ", ".join(map(str, lazy.widths))
    return f"m = {widths}, {_ends(drift, *ends)}", _falls(drift)


@claim(
    "Expected: at the same α the kernel of a wider network moves less.",
    "Mean drift at the same training loss. holds: it falls from each width to the next "
    "at every α; in trend: from the smallest to the largest.",
)
def _wider_is_lazier(lazy: Lazy) -> Finding:
    drift = lazy.plane(_drift).T
    scales = ", ".join(f"{alpha:g}" for alpha in lazy.scales)
    ends = f"m = {lazy.widths[0]}", f"{lazy.widths[-1]}"
    return f"α = {scales}, {_ends(drift, *ends)}", _falls(drift)


def _where_rich(lazy: Lazy, figure: Callable[[Cell, float], float]) -> list[float]:
    """Means of a figure of cells and their α √m, where that is at most 1."""
    at = {key: key[0] * key[1] ** 0.5 for key in lazy.cells}
    return [
        mean(figure(cell, at[key]) for cell in cells)
        for key, cells in lazy.cells.items()
        if at[key] <= 1
    ]


def _one_number(found: list[float], name: str, times: float) -> Finding:
    if not found:
        return "no cell has α √m ≤ 1", NOT
    ours = f"{name} from {min(found):.3g} to {max(found):.3g} in {len(found)} cells"
    return ours, at_most(max(found) / min(found), times, times**2)


@claim(
    "Expected: where the weights move further than they began (α √m ≤ 1), what they "
    "come to and so the drift is as 1/(α √m), whatever the width: units of size ρ add "
    "up to f = √m ρ² = g/α, and H/H(0) is as ρ².",
    "Largest over smallest mean of drift x α √m among these cells. holds: at most the "
    "threshold; in trend: at most its square.",
    times=2.0,
)
def _one_scale(lazy: Lazy, times: float) -> Finding:
    found = _where_rich(lazy, lambda cell, at: cell.drift * at)
    return _one_number(found, "drift x α √m", times)


@claim(
    "Expected: there the largest stable step is as α √m, since the kernel grows as its "
    "inverse.",
    "Largest over smallest mean of c*/(α √m) among these cells. holds: at most the "
    "threshold; in trend: at most its square.",
    times=2.0,
)
def _one_step(lazy: Lazy, times: float) -> Finding:
    found = _where_rich(lazy, lambda cell, at: cell.largest_step / at)
    return _one_number(found, "c*/(α √m)", times)


@claim(
    "Expected: at the largest α the largest stable step is that of the linearised "
    "network.",
    f"Largest distance of mean log2 c* from it over the widths, on a grid of 1/{OCTAVE}"
    " octave. holds: at most the threshold; in trend: at most twice it.",
    octaves=1 / OCTAVE,
)
def _step_of_the_limit(lazy: Lazy, octaves: float) -> Finding:
    laziest = max(lazy.scales)
    found = {
        m: mean(np.log2([cell.largest_step for cell in lazy.cells[laziest, m]]))
        - mean(np.log2(lazy.linear[m]))
        for m in lazy.widths
    }
    ours = ", ".join(f"{gap:+.2f} (m={m})" for m, gap in found.items())
    return f"α = {laziest:g}: {ours}", at_most(
        max(map(abs, found.values())), octaves, 2 * octaves
    )


@claim(
    "Expected (Chizat, Oyallon, Bach 2019, of convolutional networks): lazy training "
    "generalises worse.",
    "Mean test error at the same training loss, at the smallest and the largest α. "
    "holds: larger at the largest at every width; in trend: at the largest width.",
)
def _rich_is_better(lazy: Lazy) -> Finding:
    error = lazy.plane(lambda cell: cell.error)
    rises = error[-1] > error[0]
    best = [lazy.scales[at] for at in error.argmin(axis=0)]
    ours = "; ".join(
        f"{low:.3f} → {high:.3f}, least at α = {alpha:g} (m={m})"
        for low, high, alpha, m in zip(
            error[0], error[-1], best, lazy.widths, strict=True
        )
    )
    return ours, HOLDS if rises.all() else TREND if rises[-1] else NOT


@claim(
    "Expected: as α → ∞ the network is the centred linearised one: in float64 to 1e-6.",
    "Mean of ‖g_α − g_lin‖ / ‖g_lin‖ on training and on test rows at the largest α. "
    "holds: both at most the threshold; in trend: at most ten times it.",
    gap=1e-6,
)
def _limit(lazy: Lazy, gap: float) -> Finding:
    last = max(lazy.gaps)
    train, test = (
        mean(getattr(one, name) for one in lazy.gaps[last])
        for name in ("train", "test")
    )
    ours = f"{train:.2g} and {test:.2g} at α = {last:g}"
    return ours, at_most(max(train, test), gap, 10 * gap)


@claim(
    "Expected: as long as patterns switch the distance falls as α^(−1/2), that of sums "
    "of random signs over a number of units that falls as 1/α; once none does, as 1/α, "
    "which is what the product of the two layers' changes leaves.",
    "Slopes of log mean distance on training rows against log α where a pattern of one "
    "has switched, and between the two largest α, where none has. holds: both within "
    "the threshold; in trend: both are negative.",
    off=0.15,
)
def _rates(lazy: Lazy, off: float) -> Finding:
    switched = [a for a, of in lazy.gaps.items() if mean(o.switched for o in of) > 0]
    calm = [alpha for alpha in lazy.gaps if alpha not in switched][-2:]
    if min(len(switched), len(calm)) < 2:
        return "there are not two scales of either kind", NOT
    first, last = (_slope(lazy, scales) for scales in (switched, calm))
    ours = f"{first:.3f} up to α = {max(switched):g}, {last:.3f} up to {max(calm):g}"
    if abs(first + 0.5) <= off and abs(last + 1) <= off:
        return ours, HOLDS
    return ours, TREND if max(first, last) < 0 else NOT


def _slope(lazy: Lazy, scales: list[float]) -> float:
    means = [mean(one.train for one in lazy.gaps[alpha]) for alpha in scales]
    return log_slope(scales, means)


@claim(
    "Expected: a small W(0) is rich and a large one lazy.",
    "Mean drift at the same training loss, α = 1, W(0) scaled by ι. holds: it falls "
    "from each ι to the next; in trend: from the smallest to the largest.",
)
def _small_starts_are_rich(lazy: Lazy) -> Finding:
    drift = [[mean(map(_drift, cells))] for cells in lazy.starts.values()]
    return each_width(lazy.starts, _drift, symbol="ι"), _falls(np.array(drift))


CLAIMS_ON_PHASE = (
    _larger_is_lazier,
    _wider_is_lazier,
    _one_scale,
    _one_step,
    _step_of_the_limit,
    _rich_is_better,
    _limit,
    _rates,
    _small_starts_are_rich,
)
