"""Figures 1 to 8 of Kong (2019), and four that the paper has not."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from overparam_sk.datasets import load_image_pair
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.spread import draw_between, explain_spread
from overparam_sk.drawing.style import NEUTRAL, new_figure
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import LEARNING_RATE, Measured, Run
from overparam_sk.plotting import ConvergenceDisplay

__all__ = ["PICTURES"]

# Stretches of a run whose rates are drawn.
_WINDOWS = 40
# Left end of the axis of λ_min(H(0))/λ_0.
_SMALLEST = 1e-5
_BOUND: dict[str, Any] = {
    "color": NEUTRAL,
    "linestyle": "--",
    "linewidth": 1.2,
    "label": r"bound $e^{-\lambda_0 t}$",
}
_QUARTILES = "quartiles over the repeats"


def _panels(
    title: str, draw: Callable[[Any, Measured], Any], *measured: Measured
) -> Any:
    """Draw a panel for each data set."""
    columns = -(-len(measured) // 2)
    figure = new_figure(max(3.0 * columns, 6.0), 7.2)
    axes = figure.subplots(2, columns, squeeze=False).ravel()
    for ax, data in zip(axes, measured, strict=False):
        draw(ax, data)
        ax.set_title(data.name)
    for empty in axes[len(measured) :]:
        figure.delaxes(empty)
    legend_below(figure)
    figure.suptitle(title)
    return figure


def _display(data: Measured, lambda_0: float | None) -> ConvergenceDisplay:
    return ConvergenceDisplay.from_histories(
        {f"h₂ = {w}": [run.history for run in runs] for w, runs in data.fits.items()},
        lambda_0=lambda_0,
        learning_rate=LEARNING_RATE,
    )


def _draw_one(name: str, *measured: Measured) -> Any:
    """Figures 3 to 8: all panels of a data set."""
    (data,) = (one for one in measured if one.name == name)
    figure = new_figure(11.5, 7.4)
    display = _display(data, float(np.mean(list(data.lambda_0s))))
    display.plot(figure.subplots(2, 3), cmap="viridis")
    legend_below(figure)
    figure.suptitle(f"Figure {DATA_SETS[name].figure}: {name}")
    return figure


def _draw_loss(ax: Any, data: Measured) -> None:
    """Over L(0), in which the draws of the data differ more than in the course."""
    ax.set(yscale="log", xlabel="iteration", ylabel="L(t)/L(0), median")
    for width, runs, pen in _by_width(data):
        losses = [run.history["loss"] / run.history["loss"][0] for run in runs]
        x = runs[0].history["iteration"]
        _draw_quartiles(ax, x, losses, pen, width, len(data.fits))
    explain_spread(ax, len(data.fits), _QUARTILES)
    t, lambda_0 = data.runs[0].t, np.mean(list(data.lambda_0s))
    ax.plot(t / LEARNING_RATE, np.exp(-lambda_0 * t), **_BOUND)
    finish(ax)


def _draw_quartiles(
    ax: Any, x: Any, courses: Any, pen: Pen, width: int, n_curves: int
) -> None:
    spread = np.quantile(courses, [0.25, 0.5, 0.75], axis=0)
    ax.plot(x, spread[1], **pen.line(len(x), label=f"h₂ = {width}"))
    if len(courses) > 1:
        draw_between(ax, x, spread, pen, n_curves)


def _by_width(data: Measured) -> list[tuple[int, list[Run], Pen]]:
    """Widths, their fits and their pens, which are those of the displays."""
    hands = pens(len(data.fits), "viridis")
    return [(w, data.fits[w], pen) for w, pen in zip(data.fits, hands, strict=True)]


def _draw_rates(ax: Any, data: Measured) -> None:
    ax.set(yscale="log", xlabel="iteration", ylabel="−Δlog L/Δt over λ₀, median")
    for width, runs, pen in _by_width(data):
        last = len(runs[0].t) - 1
        edges = np.unique(np.linspace(0, last, _WINDOWS + 1).round().astype(int))
        rates = [
            -np.diff(np.log(run.history["loss"][edges]))
            / np.diff(run.t[edges])
            / run.lambda_0
            for run in runs
        ]
        at = runs[0].history["iteration"][edges]
        middles = (at[1:] + at[:-1]) / 2
        _draw_quartiles(ax, middles, rates, pen, width, len(data.fits))
    explain_spread(ax, len(data.fits), _QUARTILES)
    for rate, words, style in ((1, "the printed bound, 1", ":"), (2, "sharp, 2", "--")):
        ax.axhline(rate, color=NEUTRAL, linestyle=style, linewidth=1.2, label=words)
    finish(ax)


def _draw_predicted(ax: Any, data: Measured) -> None:
    ax.set(yscale="log", xlabel="iteration", ylabel="L(t)/L(0), median")
    for width, runs, pen in _by_width(data):
        iterations = runs[0].history["iteration"]
        losses = [run.history["loss"] / run.history["loss"][0] for run in runs]
        guesses = [
            run.modes.predicted_loss(iterations) / run.modes.predicted_loss([0])
            for run in runs
        ]
        found = pen.line(len(iterations), label=f"h₂ = {width}")
        ax.plot(iterations, np.median(losses, axis=0), **found)
        foretold = {**found, "linestyle": "--", "linewidth": 1, "label": None}
        ax.plot(iterations, np.median(guesses, axis=0), **foretold)
    _explain_dashes(ax)
    finish(ax)


def _explain_dashes(ax: Any) -> None:
    dashes = {"color": NEUTRAL, "linestyle": "--", "linewidth": 1}
    ax.plot([], [], label="dashed: predicted by the modes of H(0)", **dashes)


def _draw_modes(ax: Any, data: Measured) -> None:
    runs = data.fits[max(data.fits)]
    found = np.mean([run.modes.loss_shares for run in runs], axis=0)
    expected = np.mean([run.modes.predicted_shares for run in runs], axis=0)
    index = np.arange(1, found.shape[1] + 1)
    looks = runs[0].modes.iterations
    ax.set(xscale="log", xlabel="eigenvectors, largest first", ylabel="share of L(0)")
    for i, (at, pen) in enumerate(zip(looks, pens(len(looks)), strict=True)):
        line = pen.line(len(index), label=f"iteration {at}")
        ax.plot(index, found[i].cumsum(), **line)
        if i:
            dashes = {**line, "linestyle": "--", "linewidth": 1, "label": None}
            ax.plot(index, expected[i].cumsum(), **dashes)
    _explain_dashes(ax)
    ax.set_ylim(0, 1)


def _draw_initial(ax: Any, data: Measured) -> None:
    starts = data.initialisations
    height = np.arange(1, len(starts) + 1) / len(starts)
    by_width = _by_width(data)
    curves = [
        (f"h₂ = {width}", pen, [s.lambda_min[width] for s in starts])
        for width, _, pen in by_width
    ]
    last = replace(pens(len(by_width) + 1)[-1], color="black", linestyle="--")
    curves.append(("E[H | A]", last, [s.conditional for s in starts]))
    for label, pen, values in curves:
        ratios = np.sort(np.array(values) / [s.lambda_0 for s in starts])
        # A zero has no place on a log axis: all of them are where the curve starts.
        there = ratios > 0
        shown = np.maximum(ratios[there], _SMALLEST)
        ax.step(
            np.append(_SMALLEST, shown),
            np.append(1 - np.mean(there), height[there]),
            where="post",
            **pen.line(len(shown), label=label, linewidth=1.2),
        )
    level = {"color": NEUTRAL, "linestyle": ":", "linewidth": 1.2}
    ax.axvline(0.75, label="Lemma 4's 3/4", **level)
    ax.set(
        xscale="log",
        xlim=(_SMALLEST, 3),
        ylim=(0, 1),
        xlabel="at most this λ_min(H(0))/λ₀",
        ylabel="share of initialisations",
    )


# Columns of Figure 1: the excerpt, the pair that has the class, the class, its name.
_SAMPLES: tuple[tuple[Any, tuple[int, int], int, str], ...] = (
    ("mnist", (0, 1), 0, "MNIST-0"),
    ("mnist", (0, 1), 1, "MNIST-1"),
    ("mnist", (1, 7), 7, "MNIST-7"),
    ("fashion-mnist", (0, 1), 0, "Fashion-0"),
    ("fashion-mnist", (0, 1), 1, "Fashion-1"),
    ("fashion-mnist", (7, 9), 7, "Fashion-7"),
    ("fashion-mnist", (7, 9), 9, "Fashion-9"),
)


def _draw_samples(*measured: Measured) -> Any:
    """Figure 1: three rows of each class, of those that the fits have."""
    figure = new_figure(9.0, 4.6)
    axes = figure.subplots(3, len(_SAMPLES))
    for column, (name, classes, label, title) in zip(axes.T, _SAMPLES, strict=True):
        X, labels = load_image_pair(name, classes, 50)
        for ax, row in zip(column, X[labels == label], strict=False):
            ax.imshow(row.reshape(28, 28), cmap="gray_r")
            ax.set_axis_off()  # the pixels of a picture have no axis
        column[0].set_title(title)
    figure.suptitle("Figure 1: samples of the training data")
    return figure


PICTURES: dict[str, Callable[..., Any]] = {
    "fig1.png": _draw_samples,
    "fig2.png": partial(_panels, "Figure 2: training loss", _draw_loss),
    **{
        f"fig{data.figure}-{data.file_name}.png": partial(_draw_one, name)
        for name, data in DATA_SETS.items()
    },
    "rates.png": partial(
        _panels,
        "Rate of the loss over λ₀",
        _draw_rates,
    ),
    "modes-loss.png": partial(
        _panels,
        "Training loss, and what the modes of H(0) predict",
        _draw_predicted,
    ),
    "modes.png": partial(
        _panels,
        "Loss in the first eigenvectors of H(0), largest width, mean over the repeats",
        _draw_modes,
    ),
    "lambda-min.png": partial(
        _panels,
        "λ_min(H(0))/λ₀ over initialisations; the curves start at the share of zeros",
        _draw_initial,
    ),
}
