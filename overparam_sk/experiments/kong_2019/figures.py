"""Figures 1 to 8 of Kong (2019), and four that the paper has not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from overparam_sk.datasets import load_image_pair
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import LEARNING_RATE, Measured, Run
from overparam_sk.plotting import ConvergenceDisplay

__all__ = ["PICTURES"]

# Stretches of a run whose rates are drawn.
_WINDOWS = 40
# Left end of the axis of λ_min(H(0))/λ_0.
_SMALLEST = 1e-5
# Colours that the colour-blind can tell apart.
_OKABE_ITO = ("#0072B2", "#009E73", "#D55E00")
_BOUND: dict[str, Any] = {
    "color": "0.2",
    "linestyle": "--",
    "linewidth": 1.2,
    "label": r"bound $e^{-\lambda_0 t}$",
}


def _panels(
    title: str, draw: Callable[[Any, Measured], Any], *measured: Measured
) -> Any:
    """Draw a panel for each data set."""
    columns = -(-len(measured) // 2)
    figure = _figure(3.8 * columns, 6.4)
    axes = figure.subplots(2, columns, squeeze=False).ravel()
    for ax, data in zip(axes, measured, strict=False):
        draw(ax, data)
        ax.set_title(data.name, fontsize="medium")
    for empty in axes[len(measured) :]:
        figure.delaxes(empty)
    axes[0].legend(fontsize="small")
    figure.suptitle(title)
    return figure


def _figure(width: float, height: float) -> Any:
    figure = new_figure(width, height)
    figure.get_layout_engine().set(w_pad=0.1, h_pad=0.08)
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
    figure = _figure(12.5, 6.4)
    display = _display(data, float(np.mean(list(data.lambda_0s))))
    display.plot(figure.subplots(2, 3), cmap="viridis")
    display.ax_[0].legend(fontsize="x-small")
    figure.suptitle(f"Figure {DATA_SETS[name].figure}: {name}")
    return figure


def _draw_loss(ax: Any, data: Measured) -> None:
    """Over L(0), in which the draws of the data differ more than in the course."""
    for width, runs, shade in _shades(data):
        losses = [run.history["loss"] / run.history["loss"][0] for run in runs]
        _draw_quartiles(ax, runs[0].history["iteration"], losses, shade, width)
    t, lambda_0 = data.runs[0].t, np.mean(list(data.lambda_0s))
    ax.plot(t / LEARNING_RATE, np.exp(-lambda_0 * t), **_BOUND)
    ax.set(yscale="log", xlabel="iteration", ylabel="L(t)/L(0) (median, quartiles)")
    _write_out_ticks(ax)


def _write_out_ticks(ax: Any) -> None:
    """Write 0.5 instead of 5 × 10⁻¹ on a log axis of less than a decade."""
    low, high = ax.get_ylim()
    if high < 10 * low:
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter("{x:g}")


def _draw_quartiles(ax: Any, x: Any, courses: Any, shade: Any, width: int) -> None:
    low, median, high = np.quantile(courses, [0.25, 0.5, 0.75], axis=0)
    ax.plot(x, median, color=shade, label=f"h₂ = {width}")
    ax.fill_between(x, low, high, color=shade, alpha=0.15, linewidth=0)


def _shades(data: Measured) -> list[tuple[int, list[Run], Any]]:
    """Widths, their fits and their colours, which are those of the displays."""
    from matplotlib import colormaps

    places = np.linspace(0.0, 0.9, len(data.fits))
    shades = colormaps["viridis"](places)
    return [
        (w, data.fits[w], shade) for w, shade in zip(data.fits, shades, strict=True)
    ]


def _draw_rates(ax: Any, data: Measured) -> None:
    for width, runs, shade in _shades(data):
        last = len(runs[0].t) - 1
        edges = np.unique(np.linspace(0, last, _WINDOWS + 1).round().astype(int))
        rates = [
            -np.diff(np.log(run.history["loss"][edges]))
            / np.diff(run.t[edges])
            / run.lambda_0
            for run in runs
        ]
        middles = (edges[1:] + edges[:-1]) / 2
        _draw_quartiles(ax, middles, rates, shade, width)
    for rate in (1, 2):
        ax.axhline(rate, color="0.2", linestyle=":", linewidth=1)
    ax.set(
        yscale="log",
        xlabel="iteration",
        ylabel=r"$-\Delta\log L/\Delta t$ over $\lambda_0$ (median, quartiles)",
    )


def _draw_predicted(ax: Any, data: Measured) -> None:
    for width, runs, shade in _shades(data):
        iterations = runs[0].history["iteration"]
        losses = [run.history["loss"] / run.history["loss"][0] for run in runs]
        guesses = [
            run.modes.predicted_loss(iterations) / run.modes.predicted_loss([0])
            for run in runs
        ]
        label = f"h₂ = {width}"
        ax.plot(iterations, np.median(losses, axis=0), color=shade, label=label)
        ax.plot(iterations, np.median(guesses, axis=0), color=shade, linestyle="--")
    ax.set(yscale="log", xlabel="iteration", ylabel="L(t)/L(0), median over repeats")
    _write_out_ticks(ax)


def _draw_modes(ax: Any, data: Measured) -> None:
    runs = data.fits[max(data.fits)]
    found = np.mean([run.modes.loss_shares for run in runs], axis=0)
    expected = np.mean([run.modes.predicted_shares for run in runs], axis=0)
    index = np.arange(1, found.shape[1] + 1)
    for i, at in enumerate(runs[0].modes.iterations):
        line = {"color": _OKABE_ITO[i], "linewidth": 1.4}
        ax.plot(index, found[i].cumsum(), label=f"iteration {at}", **line)
        if i:
            ax.plot(index, expected[i].cumsum(), linestyle="--", **line)
    ax.set(
        xscale="log",
        xlabel="eigenvectors, largest eigenvalues first",
        ylabel="their loss over L(0), mean",
        ylim=(0, 1.02),
    )


def _draw_initial(ax: Any, data: Measured) -> None:
    starts = data.initialisations
    height = np.arange(1, len(starts) + 1) / len(starts)
    curves = [
        (f"h₂ = {width}", shade, "-", [s.lambda_min[width] for s in starts])
        for width, _, shade in _shades(data)
    ]
    curves.append(("E[H | A]", _OKABE_ITO[2], "--", [s.conditional for s in starts]))
    for label, shade, style, values in curves:
        ratios = np.sort(np.array(values) / [s.lambda_0 for s in starts])
        # A zero has no place on a log axis: all of them are the first step.
        shown = np.maximum(ratios, _SMALLEST)
        ax.step(
            np.append(_SMALLEST, shown),
            np.append(np.mean(ratios == 0), height),
            where="post",
            color=shade,
            linestyle=style,
            linewidth=1.2,
            label=label,
        )
    ax.axvline(0.75, color="0.2", linestyle=":", linewidth=1)
    ax.set(
        xscale="log",
        xlim=(_SMALLEST, 3),
        ylim=(0, 1.02),
        xlabel=r"at most this $\lambda_{\min}(H(0))/\lambda_0$",
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
    figure = _figure(9.0, 4.2)
    axes = figure.subplots(3, len(_SAMPLES))
    for column, (name, classes, label, title) in zip(axes.T, _SAMPLES, strict=True):
        X, labels = load_image_pair(name, classes, 50)
        for ax, row in zip(column, X[labels == label], strict=False):
            ax.imshow(row.reshape(28, 28), cmap="gray_r")
            ax.set(xticks=[], yticks=[])
        column[0].set_title(title, fontsize="medium")
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
        "Rate of the loss over λ₀ (dotted: the printed bound, 1, and the sharp, 2)",
        _draw_rates,
    ),
    "modes-loss.png": partial(
        _panels,
        "Training loss (solid) and what the modes of H(0) predict (dashed)",
        _draw_predicted,
    ),
    "modes.png": partial(
        _panels,
        "Loss in the first eigenvectors of H(0), largest width: measured (solid), "
        "predicted (dashed)",
        _draw_modes,
    ),
    "lambda-min.png": partial(
        _panels,
        r"$\lambda_{\min}(H(0))/\lambda_0$ over initialisations (the curves start at "
        "the share of zeros; dotted: Lemma 4's 3/4)",
        _draw_initial,
    ),
}
