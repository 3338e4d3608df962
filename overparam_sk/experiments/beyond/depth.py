"""Kong's experiment at any depth: a layer of 5 units anywhere in a wide network."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import infinite_width_lambda_min
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.spread import SHARE
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.beyond.depth_claims import CLAIMS, settled
from overparam_sk.experiments.beyond.depth_runs import (
    CONTROL,
    Depth,
    Fit,
    Key,
    count_dead,
    fit,
    start,
)
from overparam_sk.experiments.beyond.narrow_nets import RowNorm, limit_of
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.reproduction import Experiment, Request, by_claim, scale
from overparam_sk.experiments.tables import Table, markdown_table, median_and_range
from overparam_sk.parameters import repeat_seeds

__all__ = ["DEPTH"]

Floats = NDArray[np.float64]

_ROW_NORMS: tuple[RowNorm, ...] = (None, "clip")


def _measure(run: Request) -> Iterator[tuple[str, Depth]]:
    for name in run.scale["data"]:
        X, y = DATA_SETS[name].load(run.random_state)
        run.tell(f"{name}: {len(X)} rows of {X.shape[1]} columns")
        yield name, _of_data(run, X, y)


def _of_data(run: Request, X: Floats, y: Floats) -> Depth:
    amounts = run.scale
    positions = range(1, max(amounts["depths"]) + 1)
    rng = np.random.default_rng(run.random_state)
    counts, limits = dict[Any, Any](), dict[Any, Any]()
    for p in positions:
        draws = amounts["limit_draws"], run.random_state
        for h, limit in limit_of(X, p, amounts["narrow"], *draws).items():
            limits[h, p] = limit
        for m in amounts["widths"]:
            many = amounts["networks"], amounts["layers"]
            found = count_dead(rng, X, p, amounts["narrow"], m, *many)
            counts |= {(h, p, m): dead for h, dead in found.items()}
    counts = dict(sorted(counts.items()))
    return Depth(
        len(X),
        counts,
        dict(sorted(limits.items())),
        _starts(run, X, rng),
        _fits(run, X, y),
    )


def _kinds(run: Request, *depths: int) -> list[Key]:
    return [
        Key(row_norm, depth, position, m)
        for row_norm in _ROW_NORMS
        for depth in depths
        for position in range(CONTROL, depth + 1)
        for m in run.scale["widths"]
    ]


def _starts(run: Request, X: Floats, rng: np.random.Generator) -> dict[Key, Any]:
    @cache
    def infinite(depth: int) -> float:
        return infinite_width_lambda_min(X, network="deep_relu", depth=depth)[0]

    narrow = run.scale["fitted"]
    return {
        key: [start(rng, X, key, narrow, infinite) for _ in range(run.scale["starts"])]
        for key in _kinds(run, *run.scale["depths"])
    }


def _fits(run: Request, X: Floats, y: Floats) -> dict[Key, list[Fit]]:
    amounts, found = run.scale, dict[Key, list[Fit]]()
    kinds = _kinds(run, amounts["depth"])
    seeds = repeat_seeds(run.random_state, amounts["repeats"])
    work = [(key, seed) for key in kinds for seed in seeds]
    for key, seed in run.each(
        work, lambda one: f"m = {one[0].width}", lambda one: one[0].width
    ):
        options = key, amounts["fitted"], seed, amounts["max_iter"], run.device
        found.setdefault(key, []).append(fit(X, y, *options))
    return found


def _words(run: Request, *measured: Depth) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    widths = ", ".join(map(str, amounts["widths"]))
    words = [
        f"f(x) = (h_1 ⋯ h_L)^(−1/2) wᵀσ(W_L ⋯ σ(W_1 x)) with one layer of h units at "
        f"position 1, 2, … and m = {widths} in the others; without intercept, in "
        "float64. All expectations are our own: no paper has this.",
        f"Dead rows: h = {', '.join(map(str, amounts['narrow']))}; "
        f"{amounts['networks']} networks below, {amounts['layers']} narrow layers "
        f"above each; the limit by {amounts['limit_draws']} Gaussian draws. H(0): h = "
        f"{amounts['fitted']}, L = {', '.join(map(str, amounts['depths']))}, "
        f"{amounts['starts']} networks a kind. Fits: h = {amounts['fitted']}, L = "
        f"{amounts['depth']}, {amounts['max_iter']} steps of gradient descent of η = "
        f"1/λ_max(H(0)), halved where a step would raise the loss, "
        f"{amounts['repeats']} repeats. Median [smallest, largest] in the tables of "
        f"networks. Seed {run.random_state}; in {run.seconds:.0f} s.",
    ]
    for name, of in zip(amounts["data"], measured, strict=True):
        words += [
            f"**{name}**: dead rows N of {of.n}, at m = {max(amounts['widths'])}",
            markdown_table(_dead_table(of)),
            f"**{name}**: H(0). λ_min/λ_max without the networks that have a dead row; "
            "the mean diagonal of the parts, and what it is in the mean",
            markdown_table(_start_table(of)),
            f"**{name}**: fits. The rate is that of what no dead row holds",
            markdown_table(_fit_table(of)),
        ]
    return words, {**run.settings, "run_seconds": round(run.seconds)}


def _dead_table(of: Depth) -> Table:
    width = max(width for *_, width in of.counts)
    head = ["h", "position", "mean N", "n 2^−h", "std of N", "by the angles"]
    head += ["P(N ≥ 1)", "in the limit", "mean N where N ≥ 1", "P(N = n)"]
    table = [[*head, "in the limit"]]
    for (h, p), limit in of.limits.items():
        N = of.counts[h, p, width]
        spread = float(((N - limit.mean) ** 2).mean() ** 0.5)
        figures = [float(N.mean()), limit.mean, spread, limit.variance**0.5]
        some, every = N[N > 0], np.equal(N, of.n).mean()
        figures += [len(some) / N.size, limit.any]
        figures += [float(some.mean()) if len(some) else math.nan, every, limit.all]
        table.append([f"{h}", f"{p}", *(f"{v:.3g}" for v in figures)])
    return table


_KINDS = ["rows", "L", "position", "m"]


def _kind(key: Key) -> list[str]:
    place = "–" if key.position == CONTROL else f"{key.position}"
    return [key.row_norm or "as drawn", f"{key.depth}", place, f"{key.width}"]


def _start_table(of: Depth) -> Table:
    head = ["with a dead row", "λ_min/λ_max", "λ_min over the limit's"]
    table = [[*_KINDS, *head, "parts of W_1, W_2, …", "in the mean"]]
    trained = {key.depth for key in of.fits}
    widest = max(key.width for key in of.starts)
    for key, group in of.starts.items():
        if key.depth not in trained and key.width < widest:
            continue
        alive = settled(group)
        parts = np.mean([one.sizes for one in group], axis=0)
        table.append(
            [
                *_kind(key),
                f"{len(group) - len(alive)} of {len(group)}",
                median_and_range((one.conditioning for one in alive), ".2g"),
                median_and_range((one.smallest / one.limit for one in alive), ".2g"),
                ", ".join(f"{v:.2g}" for v in parts),
                ", ".join(f"{v:.2g}" for v in group[0].expected),
            ]
        )
    return table


# Of what the limit says, and of a row that dies on its own.
_DASHES = ("-", ":")


def _fit_table(of: Depth) -> Table:
    columns: dict[str, Callable[[Fit], float]] = {
        "dead at the start": lambda one: one.dead,
        "at the end": lambda one: one.dead_after,
        "of target 0": lambda one: one.free,
        "L(T)/L(0)": lambda one: one.left,
        "rate a step": lambda one: one.rate,
        "−2 log(1 − η λ_min)": lambda one: one.linear_rate,
        "η λ_max(H(0))": lambda one: one.step * one.largest,
        "farthest layer moved": lambda one: float(one.distances.max()),
    }
    lines = [
        [
            *_kind(key),
            *(median_and_range(map(of, fits), ".2g") for of in columns.values()),
        ]
        for key, fits in of.fits.items()
    ]
    return [[*_KINDS, *columns], *lines]


def _draw(*measured: Depth) -> Any:
    figure = new_figure(12, 3.6 * len(measured) + 1.2)
    rows = figure.subplots(len(measured), 3, squeeze=False)
    for row, of in zip(rows, measured, strict=True):
        _draw_dead(row[0], of)
        widest = max(key.width for key in of.fits)
        starts = {k: settled(v) for k, v in of.starts.items() if k.row_norm is None}
        _draw_kinds(row[1], starts, widest, lambda one: one.conditioning)
        row[1].set(ylabel="λ_min/λ_max of H(0), no dead row")
        _draw_kinds(row[2], of.fits, widest, lambda one: one.rate)
        row[2].set(ylabel="rate a step, but for dead rows")
        for ax in row[1:]:
            ax.set_xlabel("position of the narrow layer, 0: none")
            ax.set_title(f"m = {widest}")
            finish(ax)
    legend_below(figure)
    return figure


def _draw_dead(ax: Any, of: Depth) -> None:
    width = max(width for *_, width in of.counts)
    narrow = list(dict.fromkeys(h for h, _ in of.limits))
    ax.set(xlabel="position of the narrow layer", ylabel="P(a row is dead)")
    ax.set_yscale("log")
    for h, pen in zip(narrow, pens(len(narrow)), strict=True):
        at = [p for k, p in of.limits if k == h]
        N = [of.counts[h, p, width] for p in at]
        found = [(one > 0).mean() for one in N]
        points = pen.line(len(at), linestyle="", label=f"h = {h}, measured")
        ax.plot(at, found, **points)
        line = {"color": pen.color, "linewidth": 1}
        expected = [of.limits[h, p].any for p in at]
        ax.plot(at, expected, linestyle=_DASHES[0], **line)
        ax.axhline(2.0**-h, linestyle=_DASHES[1], **line)
    for dashes, label in zip(_DASHES, ("in the limit", "2^(−h)"), strict=True):
        ax.plot([], [], color=NEUTRAL, linewidth=1, linestyle=dashes, label=label)
    ax.set_xticks(at)
    finish(ax, SHARE)


def _draw_kinds(
    ax: Any,
    groups: Mapping[Key, Sequence[Any]],
    width: int,
    figure: Callable[[Any], float],
) -> None:
    """Each network a point, by the position."""
    kinds = [key for key in groups if key.width == width]
    different = list(dict.fromkeys((key.row_norm, key.depth) for key in kinds))
    ax.set_yscale("log")
    # Other markers than those of the widths h.
    for i, ((norm, L), pen) in enumerate(
        zip(different, pens(3 + len(different))[3:], strict=True)
    ):
        some = {k.position: groups[k] for k in kinds if k[:2] == (norm, L)}
        points = [(p, figure(one)) for p, group in some.items() for one in group]
        x, y = np.array(points).reshape(-1, 2).T
        label = f"L = {L}, rows {norm or 'as drawn'}"
        dots = pen.line(0, linestyle="", alpha=0.5, markersize=4, label=label)
        ax.plot(x + 0.12 * i, y, **dots)
    ax.set_xticks(sorted({key.position for key in kinds}))


DEPTH: Experiment[Depth] = Experiment(
    names=("beyond-depth",),
    title="A narrow layer at each depth of a wide network",
    full=scale(
        data=("synthetic-50", "MNIST-01"),
        widths=(32, 128, 512),
        narrow=(2, 5, 10),
        networks=50,
        layers=400,
        limit_draws=20_000,
        fitted=5,
        depths=(2, 3, 4),
        starts=40,
        depth=3,
        max_iter=100,
        repeats=6,
    ),
    quick=scale(
        data=("synthetic-50",),
        widths=(32, 128),
        narrow=(2, 5),
        networks=40,
        layers=40,
        limit_draws=4000,
        fitted=5,
        depths=(3,),
        starts=20,
        depth=3,
        max_iter=30,
        repeats=3,
    ),
    measure=_measure,
    claims=CLAIMS,
    words=_words,
    pictures={"depth.png": _draw},
    dpi=120,
    by="data",
    summary=by_claim,
)
