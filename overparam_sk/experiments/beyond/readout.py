"""Both layers trained: finite networks beside their limit, the sum of two kernels."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from overparam_sk import InfiniteWidthReLUClassifier, OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.style import NEUTRAL
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    TREND,
    Finding,
    claim,
    each_width,
    log_slope,
    mean,
)
from overparam_sk.experiments.figure import SPREAD, new_figure, plot_means
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["READOUT", "BothLayers", "Fit", "slope"]

_CLASSES, _FEATURES = 5, 50
_SETTINGS = {"learning_rate": 2.0, "batch_size": 16, "fit_intercept": False}


@dataclass(frozen=True)
class Fit:
    """A network and its limit, from the same function on the same batches.

    ``gap`` is ‖f − f∞‖ / ‖f∞ − f(0)‖ on rows that were not trained on; ``gap_to_one``
    the same with the limit of the first layer alone.
    """

    gap: float
    gap_to_one: float
    hidden: float  # relative distance of W
    readout: float  # and of a
    loss: float
    loss_of_one: float  # with W alone trained, by as many steps
    error: float
    error_of_one: float
    error_of_limit: float


@dataclass(frozen=True)
class BothLayers:
    """The fits of every width, on one kind of rows."""

    rows: str
    fits: Mapping[int, list[Fit]]


def slope(fits: Mapping[int, list[Fit]], figure: Callable[[Fit], float]) -> float:
    """Exponent of the width, by least squares on the logarithms of the means."""
    means = [mean(map(figure, group)) for group in fits.values()]
    return log_slope(fits, means)


def _by_root(slope: float, off: float) -> str:
    if abs(slope + 0.5) <= off:
        return HOLDS
    return TREND if slope < 0 else NOT


@claim(
    "Expected (Jacot, Gabriel, Hongler 2018, for both layers): networks whose readout "
    "is trained too approach the limit with the sum of two kernels as m^(−1/2).",
    "Slope of log ‖f − f∞‖/‖f∞ − f(0)‖ on test rows against log m. holds: within the "
    "threshold of −1/2; in trend: it is negative.",
    off=0.1,
)
def _approach(both: BothLayers, off: float) -> Finding:
    found = slope(both.fits, lambda fit: fit.gap)
    ours = f"slope {found:.3f}; {each_width(both.fits, lambda fit: fit.gap)}"
    return ours, _by_root(found, off)


@claim(
    "Expected: it is that limit and not the one of the first layer alone.",
    "Distance to the limit of the first layer alone over that to the limit of both, at "
    "the largest width. holds: at least the threshold; in trend: more than 1.",
    times=10.0,
)
def _that_limit(both: BothLayers, times: float) -> Finding:
    widest = both.fits[max(both.fits)]
    ratio = mean(fit.gap_to_one / fit.gap for fit in widest)
    verdict = HOLDS if ratio >= times else TREND if ratio > 1 else NOT
    return f"{ratio:.3g} times as far (m={max(both.fits)})", verdict


@claim(
    "Expected: each layer moves by a share m^(−1/2) of its initialisation.",
    "Slopes of log ‖W − W(0)‖/‖W(0)‖ and log ‖a − a(0)‖/‖a(0)‖ against log m. holds: "
    "both within the threshold of −1/2; in trend: both are negative.",
    off=0.05,
)
def _each_layer(both: BothLayers, off: float) -> Finding:
    figures = {"W": lambda fit: fit.hidden, "a": lambda fit: fit.readout}
    slopes = {name: slope(both.fits, of) for name, of in figures.items()}
    ours = ", ".join(f"{name} {found:.3f}" for name, found in slopes.items())
    return ours, _by_root(max(slopes.values(), key=lambda s: abs(s + 0.5)), off)


@claim(
    "Expected: the larger kernel learns faster: with the same c and as many steps the "
    "training loss is smaller than with W alone.",
    "Mean training losses. holds: smaller at every width; in trend: at the largest.",
)
def _faster(both: BothLayers) -> Finding:
    names = {"both": lambda fit: fit.loss, "W alone": lambda fit: fit.loss_of_one}
    means = {
        name: {m: mean(map(of, fits)) for m, fits in both.fits.items()}
        for name, of in names.items()
    }
    ours = "; ".join(f"{n}: {each_width(both.fits, of)}" for n, of in names.items())
    smaller = [means["both"][m] < means["W alone"][m] for m in both.fits]
    return ours, HOLDS if all(smaller) else TREND if smaller[-1] else NOT


def _measure(run: Request) -> Iterator[tuple[str, BothLayers]]:
    for components, reading in ((1, "one component"), (2, "two components")):
        run.tell(f"classes of {reading} each")
        fits: dict[int, list[Fit]] = {}
        for m, seed in run.by_width:
            fits.setdefault(m, []).append(_fit(run, components, m, seed))
        yield reading, BothLayers(reading, fits)


def _fit(run: Request, components: int, width: int, seed: int) -> Fit:
    n = run.scale["rows"]
    X, y = make_clustered_mixture(
        2 * n,
        _FEATURES,
        n_classes=_CLASSES,
        n_components=components,
        normalize=True,
        random_state=seed,
    )
    train, test = (X[:n], y[:n]), (X[n:], y[n:])
    common: dict[str, Any] = {**_SETTINGS, "random_state": seed, "device": run.device}
    common |= {"max_iter": run.scale["max_iter"]}

    def net(**parameters: Any) -> Any:
        asked = ("relative_distance",)
        made = OverparamReLUClassifier(width, diagnostics=asked, **common)
        return made.set_params(**parameters).fit(*train)

    def limit(**parameters: Any) -> Any:
        made = InfiniteWidthReLUClassifier(initial_width=width, **common, **parameters)
        return made.fit(*train)

    both, one = net(train_readout=True), net()
    of_both, of_one = limit(train_readout=True), limit()
    (start,) = both.snapshots(*train, [0])
    f, f0, g, h = (
        of.decision_function(test[0]) for of in (both, start, of_both, of_one)
    )
    way = np.linalg.norm(g - f0)
    hidden, readout = both.relative_distance_
    return Fit(
        gap=float(np.linalg.norm(f - g) / way),
        gap_to_one=float(np.linalg.norm(f - h) / way),
        hidden=float(hidden),
        readout=float(readout),
        loss=both.loss_,
        loss_of_one=one.loss_,
        error=1 - both.score(*test),
        error_of_one=1 - one.score(*test),
        error_of_limit=1 - of_both.score(*test),
    )


def _words(run: Request, *measured: BothLayers) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    words = (
        f"{amounts['rows']} training rows of {_FEATURES} columns and norm 1, "
        f"{_CLASSES} classes, as many for the test, in float64; c = "
        f"{_SETTINGS['learning_rate']:g} for both layers, B = "
        f"{_SETTINGS['batch_size']}, {amounts['max_iter']} steps, "
        f"{amounts['repeats']} repeats (mean ± standard deviation). A network and its "
        "limit start at the same function and see the same batches."
    )
    tables = [markdown_table(_table(one)) for one in measured]
    return [words, *tables], {**run.settings, **_SETTINGS}


_FIGURES: dict[str, Callable[[Fit], float]] = {
    "gap to the limit": lambda fit: fit.gap,
    "gap to that of W alone": lambda fit: fit.gap_to_one,
    "distance of W": lambda fit: fit.hidden,
    "of a": lambda fit: fit.readout,
    "loss": lambda fit: fit.loss,
    "loss, W alone": lambda fit: fit.loss_of_one,
    "test error": lambda fit: fit.error,
    "W alone": lambda fit: fit.error_of_one,
    "the limit": lambda fit: fit.error_of_limit,
}


def _table(both: BothLayers) -> Table:
    lines = [
        [f"{m}", *(mean_and_std(map(of, fits)) for of in _FIGURES.values())]
        for m, fits in both.fits.items()
    ]
    return [["width", *_FIGURES], *lines]


def _draw(*measured: BothLayers) -> Any:
    figure = new_figure(9.5, 4.4 + 0.4 * len(measured))
    left, right = figure.subplots(1, 2)
    hands = iter(pens(4 * len(measured)))
    for ax in (left, right):
        ax.set(xscale="log", yscale="log", xlabel="width m")
    for both in measured:
        for ax, words, of, style in (
            (left, "gap to the limit", attrgetter("gap"), "-"),
            (left, "gap to the limit of W alone", attrgetter("gap_to_one"), ":"),
            (right, "distance of W", attrgetter("hidden"), "-"),
            (right, "distance of a", attrgetter("readout"), "--"),
        ):
            label, pen = f"{words}, {both.rows}", next(hands)
            plot_means(ax, both.fits, of, pen=pen, label=label, linestyle=style)
    widths = np.array([*measured[0].fits])
    for ax, figures in ((left, "gap"), (right, "hidden")):
        first = mean(getattr(fit, figures) for fit in measured[0].fits[widths[0]])
        root = first * (widths / widths[0]) ** -0.5
        ax.plot(widths, root, color=NEUTRAL, linewidth=1, label="m^(−1/2)")
        label_values(ax, widths)
        finish(ax)
    left.set(ylabel="‖f − f∞‖ / ‖f∞ − f(0)‖", title=SPREAD)
    right.set(ylabel="relative distance", title=SPREAD)
    legend_below(figure)
    return figure


READOUT = Experiment(
    names=("beyond-readout",),
    title="Both layers trained, at finite and infinite width",
    full=scale(
        widths=(250, 500, 1000, 2000, 4000, 8000, 16000),
        rows=500,
        max_iter=400,
        repeats=5,
    ),
    quick=scale(widths=(125, 500, 2000), rows=100, max_iter=100, repeats=2),
    measure=_measure,
    claims=(_approach, _that_limit, _each_layer, _faster),
    words=_words,
    pictures={"readout.png": _draw},
)
