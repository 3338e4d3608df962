"""Mean and spread of infinitely wide networks, beside ensembles of finite ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import DeepReLURegressor, InfiniteWidthReLURegressor
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.spread import STANDARD_DEVIATION
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.drawing.words import domain_of
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Finding,
    claim,
    log_slope,
)
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table

__all__ = ["UNCERTAINTY", "Ensembles"]

Floats = NDArray[np.float64]

# Normal quantile of the intervals, and what they are to hold.
_QUANTILE, _LEVEL = 1.959964, 0.95
# η λ_max: so small that gradient descent is the flow, up to about 2 %.
_STEP = 0.1
# Plain gradient descent from N(0, 1), with nothing measured on its way.
_PLAIN: dict[str, Any] = {
    "row_norm": None,
    "n_iter_no_change": None,
    "record_every": None,
    "diagnostics": None,
}
_READOUT, _HIDDEN = "readout, the end", "hidden layers, the end"


@dataclass(frozen=True)
class Drawn:
    """The limit, of functions drawn from its prior and seen at the training rows."""

    inside: Floats  # of each function, the share of the grid in its interval
    variance: float  # of the ensemble, mean over the grid


@dataclass(frozen=True)
class Ensembles:
    """Networks of every width, and their limit, on a grid of g rows at T times.

    Parameters
    ----------
    depth : int
        Hidden layers.
    X, y : ndarray of shape (n, 1) and (n,)
        What is trained on.
    grid : ndarray of shape (g, 1)
    times : ndarray of shape (T,)
    mean, std : ndarray of shape (T, g)
        Of the limit.
    outputs : dict of int to ndarray of shape (n_networks, T, g)
        By width.
    drawn : dict of str to Drawn
        How the limit learns functions drawn from its prior.
    """

    depth: int
    X: Floats
    y: Floats
    grid: Floats
    times: Floats
    mean: Floats
    std: Floats
    outputs: Mapping[int, Floats]
    drawn: Mapping[str, Drawn]

    @property
    def name(self) -> str:
        """How deep they are."""
        return f"{self.depth} hidden layer{'s' * (self.depth > 1)}"

    def coverage(self, width: int) -> Floats:
        """Share of the networks' outputs in the limit's intervals, shape (T,)."""
        off = abs(self.outputs[width] - self.mean)
        found: Floats = (off <= _QUANTILE * self.std).mean(axis=(0, 2))
        return found

    def spread(self, width: int) -> Floats:
        """The networks' spread over the limit's, root mean square over the grid."""
        variance = self.outputs[width].var(axis=0, ddof=1)
        found: Floats = np.sqrt((variance / self.std**2).mean(axis=1))
        return found

    def gap(self, width: int) -> Floats:
        """The means' difference over the spread of the prior, root mean squares."""
        gap = self.outputs[width].mean(axis=0) - self.mean
        prior = (self.std[0] ** 2).mean()
        found: Floats = np.sqrt((gap**2).mean(axis=1) / prior)
        return found


def _each(of: Ensembles, figure: Callable[[int], Floats], form: str = ".2f") -> str:
    """A figure at every width: one number a time."""
    lines = (
        f"{', '.join(format(v, form) for v in figure(m))} (m={m})" for m in of.outputs
    )
    times = ", ".join(f"{t:.3g}" for t in of.times)
    return f"at t = {times}: {'; '.join(lines)}"


@claim(
    "Expected (Jacot, Gabriel, Hongler 2018; Lee et al. 2019): the spread of trained "
    "networks comes to the limit's as they get wider.",
    "The networks' standard deviation over the limit's, root mean square over the "
    "grid, at the last time. holds: nearer to 1 from width to width; in trend: at the "
    "largest than at the smallest.",
)
def _spread_settles(of: Ensembles) -> Finding:
    off = np.array([abs(of.spread(m)[-1] - 1) for m in of.outputs])
    verdict = TREND if off[-1] < off[0] else NOT
    return _each(of, of.spread), HOLDS if (np.diff(off) < 0).all() else verdict


@claim(
    "Expected of our own: the variance that a finite width adds falls as 1/m, because "
    "the kernel of a network is the limit's up to O(m^(−1/2)), at random.",
    "Slope of the logarithm of that figure's square less 1, at the last time, against "
    "log m. holds: within the threshold of −1; in trend: below −1/2.",
    off=0.25,
)
def _as_one_over_the_width(of: Ensembles, off: float) -> Finding:
    added = np.array([of.spread(m)[-1] ** 2 - 1 for m in of.outputs])
    if not (added > 0).all():
        return "the networks spread less at some width", NOT
    slope = log_slope(of.outputs, added)
    verdict = TREND if slope < -0.5 else NOT
    return f"slope {slope:.2f}", HOLDS if abs(slope + 1) <= off else verdict


@claim(
    "Expected of our own: the limit's 95 % intervals hold 95 % of the outputs of "
    "networks that are wide enough.",
    "Share of outputs in mean ± 1.96 standard deviations of the limit, over networks "
    "and grid. holds: within the threshold of 95 % at every time, at the largest "
    "width; in trend: at the last time it is nearer there than at the smallest.",
    off=0.03,
)
def _intervals_hold(of: Ensembles, off: float) -> Finding:
    first, last = (
        abs(of.coverage(m) - _LEVEL) for m in (min(of.outputs), max(of.outputs))
    )
    verdict = TREND if last[-1] < first[-1] else NOT
    return _each(of, of.coverage), HOLDS if (last <= off).all() else verdict


@claim(
    "Expected of our own: at every time, and whichever layers are trained, the 95 % "
    "intervals hold 95 % of the functions drawn from the prior. (What is off, f − B "
    "f(X) for a function f and a linear map B, has the covariance of the ensemble, "
    "f(0) − B f(0)(X).)",
    "Mean share of the grid on which a drawn function lies in the interval. holds: "
    "within 3 standard errors of 95 % each time; in trend: within the threshold.",
    off=0.01,
)
def _calibrated(of: Ensembles, off: float) -> Finding:
    shares = {name: _share(drawn.inside) for name, drawn in of.drawn.items()}
    gaps = [(abs(share - _LEVEL), error) for share, error in shares.values()]
    near = all(gap <= off for gap, _ in gaps)
    ours = "; ".join(f"{n}: {s:.1%} ± {e:.1%}" for n, (s, e) in shares.items())
    exact = all(gap <= 3 * error for gap, error in gaps)
    return ours, HOLDS if exact else TREND if near else NOT


@claim(
    "Expected (Lee et al. 2019): with hidden layers trained the ensemble at the end is "
    "no posterior. As that has the least variance, the ensemble's is larger.",
    "Mean variance over the grid, over that of the posterior, which is the end with "
    "the readout alone trained. holds: larger than the threshold; in trend: larger "
    "than 1.",
    times=1.01,
)
def _no_posterior(of: Ensembles, times: float) -> Finding:
    variances = [of.drawn[name].variance for name in (_HIDDEN, _READOUT)]
    ratio = variances[0] / variances[1]
    verdict = TREND if ratio > 1 else NOT
    return f"{ratio:.3g} times", HOLDS if ratio > times else verdict


def _share(held: Floats) -> tuple[float, float]:
    """Mean, and its standard error over the functions."""
    return float(held.mean()), float(held.std(ddof=1) / len(held) ** 0.5)


def _measure(run: Request) -> Iterator[tuple[str, Ensembles]]:
    amounts = run.scale
    rng = np.random.default_rng(run.random_state)
    ends = rng.uniform(-2, -0.5, 6), rng.uniform(0.7, 2, 6)
    X, grid = np.concatenate(ends)[:, None], np.linspace(-3, 3, 61)[:, None]
    y = np.sin(2 * X[:, 0])
    for depth in amounts["depths"]:
        limit = InfiniteWidthReLURegressor(depth).fit(X, y)
        step = _STEP / float(limit.eigenvalues_[0])
        times = step * np.array(amounts["steps"], dtype=float)
        along = [limit.predict(grid, return_std=True, t=t) for t in times]
        mean, std = (np.array(part) for part in zip(*along, strict=True))
        outputs = {
            m: _train(run, depth, m, step, X, y, grid) for m in amounts["widths"]
        }
        early = float(times[len(times) // 2])
        drawn = {
            _READOUT: _draw(run, depth, "readout", X, grid, None),
            _HIDDEN: _draw(run, depth, "hidden", X, grid, None),
            f"hidden layers, t = {early:.3g}": _draw(
                run, depth, "hidden", X, grid, early
            ),
        }
        found = Ensembles(depth, X, y, grid, times, mean, std, outputs, drawn)
        yield found.name, found


def _train(
    run: Request, depth: int, m: int, step: float, X: Floats, y: Floats, grid: Floats
) -> Floats:
    """Outputs of all networks of a width at the numbers of steps."""
    seeds = [run.random_state + i for i in range(run.scale["networks"])]
    found = []
    for seed in run.each(seeds, lambda _: f"networks of {depth} x {m} units"):
        own = {"learning_rate": step, "device": run.device, "random_state": seed}
        net = DeepReLURegressor((m,) * depth, **_PLAIN).set_params(**own)
        outputs: list[Floats] = []
        for n_steps in np.diff(run.scale["steps"]).tolist():
            net.set_params(max_iter=n_steps, warm_start=bool(outputs)).fit(X, y)
            if not outputs:
                (start,) = net.snapshots(X, y, [0])
                outputs.append(start.predict(grid))
            outputs.append(net.predict(grid))
        found.append(outputs)
    return np.array(found)


def _draw(
    run: Request, depth: int, layers: Any, X: Floats, grid: Floats, t: float | None
) -> Drawn:
    """Draw functions from the prior, learn each from its values at X, and look."""
    n, rows = len(X), np.concatenate([X, grid])
    net = InfiniteWidthReLURegressor(depth, trained_layers=layers, time=t)
    prior = net.fit(X, np.zeros(n)).predict(rows, return_cov=True, t=0.0)[1]
    values, vectors = np.linalg.eigh(prior)
    rng = np.random.default_rng([run.random_state, depth])
    normal = rng.standard_normal((len(rows), run.scale["functions"]))
    functions = vectors @ (np.sqrt(values.clip(min=0))[:, None] * normal)
    mean, std = net.fit(X, functions[:n]).predict(grid, return_std=True)
    inside = abs(functions[n:] - mean) <= _QUANTILE * std
    return Drawn(inside.mean(axis=0), float((std[:, 0] ** 2).mean()))


def _words(run: Request, *measured: Ensembles) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    words = (
        f"{len(measured[0].X)} rows of one column and a constant 1, targets sin 2x, "
        f"{amounts['networks']} networks a width, N(0, 1) weights without row norms, "
        f"hidden layers trained by gradient descent with η λ_max(Θ) = {_STEP:g}: t = η "
        f"times {', '.join(map(str, amounts['steps']))} steps; "
        f"{len(measured[0].grid)} points of the grid from -3 to 3; "
        f"{amounts['functions']} functions drawn from the prior. The limit is "
        "InfiniteWidthReLURegressor."
    )
    tables = [f"{one.name}:\n\n{markdown_table(_table(one))}" for one in measured]
    return [words, *tables], {**run.settings, "step": _STEP}


_FIGURES: dict[str, Callable[[Ensembles, int], Floats]] = {
    "spread over the limit's": Ensembles.spread,
    "gap of means over prior's spread": Ensembles.gap,
    "share in 95 % intervals": Ensembles.coverage,
}

# Of the two widths, by their markers.
_DASHES = {"o": "--", "s": ":"}


def _table(of: Ensembles) -> Table:
    lines = [
        [
            f"{m}",
            f"{t:.3g}",
            *(f"{figure(of, m)[at]:.3f}" for figure in _FIGURES.values()),
        ]
        for m in of.outputs
        for at, t in enumerate(of.times)
    ]
    return [["width", "t", *_FIGURES], *lines]


def _draw_bands(*measured: Ensembles) -> Any:
    n_times = len(measured[0].times)
    figure = new_figure(2.9 * n_times, 2.8 * len(measured) + 0.6)
    axes = figure.subplots(
        len(measured), n_times, squeeze=False, sharex=True, sharey="row"
    )
    for row, of in zip(axes, measured, strict=True):
        x = of.grid[:, 0]
        row[0].set_ylabel(f"{of.name}: output")
        for at, ax in enumerate(row):
            low, high = (of.mean[at] + s * of.std[at] for s in (-1, 1))
            shade = {"color": "0.8", "label": f"limit, {STANDARD_DEVIATION}"}
            ax.fill_between(x, low, high, **shade)
            ax.plot(x, of.mean[at], color="0.3", linewidth=1.2, label="limit, mean")
            sizes = (min(of.outputs), max(of.outputs))
            for pen, m in zip(pens(2), sizes, strict=True):
                mean = of.outputs[m][:, at].mean(axis=0)
                std = of.outputs[m][:, at].std(axis=0, ddof=1)
                options = pen.line(len(x), linewidth=1, markersize=4)
                ax.plot(x, mean, **options, label=f"m = {m}, mean")
                dashes = {**options, "marker": "", "linestyle": _DASHES[pen.marker]}
                for sign, label in ((1, f"m = {m}, {STANDARD_DEVIATION}"), (-1, None)):
                    ax.plot(x, mean + sign * std, label=label, **dashes)
            dots = {"color": "black", "marker": "x", "linestyle": "", "markersize": 6}
            ax.plot(of.X[:, 0], of.y, label="training rows", **dots)
            ax.set_title(f"t = {of.times[at]:.3g}")
    for ax in axes[-1]:
        ax.set_xlabel("x")
    legend_below(figure)
    return figure


def _draw_widths(*measured: Ensembles) -> Any:
    figure = new_figure(3.8 * len(_FIGURES), 2.8 * len(measured) + 0.8)
    axes = figure.subplots(len(measured), len(_FIGURES), squeeze=False)
    for row, of in zip(axes, measured, strict=True):
        for ax, (name, found) in zip(row, _FIGURES.items(), strict=True):
            for at, (t, pen) in enumerate(
                zip(of.times, pens(len(of.times)), strict=True)
            ):
                values = [found(of, m)[at] for m in of.outputs]
                line = pen.line(len(values), label=f"t = {t:.3g}")
                ax.plot([*of.outputs], values, **line)
            ax.set(xscale="log", title=of.name, xlabel="width m", ylabel=name)
            label_values(ax, of.outputs)
            finish(ax, domain_of(name))
        level = {"color": NEUTRAL, "linestyle": "--", "linewidth": 1}
        row[0].axhline(1, label="as in the limit", **level)
        row[-1].axhline(_LEVEL, label=f"{_LEVEL:g}", **{**level, "linestyle": ":"})
    legend_below(figure)
    return figure


UNCERTAINTY = Experiment(
    names=("beyond-uncertainty",),
    title="Infinite width with uncertainty, beside ensembles of finite networks",
    full=scale(
        depths=(1, 2, 3),
        widths=(16, 32, 64, 128, 256),
        steps=(0, 20, 100, 500),
        networks=200,
        functions=4000,
    ),
    quick=scale(
        depths=(1, 3),
        widths=(16, 64),
        steps=(0, 20, 200),
        networks=40,
        functions=1000,
    ),
    measure=_measure,
    claims=(
        _spread_settles,
        _as_one_over_the_width,
        _intervals_hold,
        _calibrated,
        _no_posterior,
    ),
    words=_words,
    pictures={"bands.png": _draw_bands, "widths.png": _draw_widths},
)
