"""LL18's four panels, and how accuracy, coupling and distance depend on width."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from overparam_sk.drawing.legends import legend_below, nothing_to_show
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.spread import ANY, Domain, draw_means
from overparam_sk.drawing.style import NEUTRAL, new_figure, styled
from overparam_sk.experiments.study import FitRow, Study
from overparam_sk.plotting import (
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

__all__ = [
    "SPREAD",
    "draw_curves",
    "draw_widths",
    "new_figure",
    "plot_means",
    "two_rows",
]

Row = TypeVar("Row")

# What error bars are.
SPREAD = "mean ±1 standard deviation"
_BY_WIDTH = ("test_accuracy", "activation_change", "relative_distance")


@styled
def draw_curves(
    curves: Mapping[str, Sequence[FitRow]],
    title: str,
    *,
    legend: str,
    n_components: int | None,
    target_accuracy: float,
) -> Any:
    """Draw the four panels of LL18's figures 1 and 2 for named groups of fits.

    Parameters
    ----------
    curves : dict of str to sequence of FitRow
    title : str
    legend : str
        What the names are of.
    n_components : int or None
        k·l, where a line stands in the spectrum.
    target_accuracy : float
        Where a line stands in the accuracies.

    Returns
    -------
    matplotlib.figure.Figure or None
        None if no fit has anything to draw.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    symbol = legend.split()[-1]
    curves = {f"{symbol} = {name}": fits for name, fits in curves.items() if fits}
    if not curves:
        return None
    dynamics = TrainingDynamicsDisplay.from_histories(
        {name: [row.history for row in fits] for name, fits in curves.items()}
    )
    spectrum = UpdateSpectrumDisplay(
        names=list(curves),
        update_singular_values=[
            np.stack([row.update_singular_values for row in fits])
            for fits in curves.values()
        ],
        weight_singular_values=[
            np.stack([row.weight_singular_values for row in fits])
            for fits in curves.values()
        ],
        n_components=n_components,
    )
    figure = new_figure(10, 8)
    axes = figure.subplots(2, 2).ravel()
    dynamics.plot(
        axes[:3],
        quantities=["score", "activation_change", "relative_distance"],
        cmap="viridis",
    )
    axes[0].set(ylabel="test accuracy")
    target = {"color": NEUTRAL, "linestyle": (0, (1, 3)), "linewidth": 1.5}
    axes[0].axhline(target_accuracy, label=f"target {target_accuracy:.0%}", **target)
    for ax in axes[1:3]:
        ax.set_ylim(bottom=0)
    spectrum.plot(axes[3], cmap="viridis")
    axes[3].set(ylabel="singular value of W − W(0)")
    legend_below(figure)
    figure.suptitle(title, parse_math=False)
    return figure


@styled
def draw_widths(study: Study, title: str) -> Any:
    """Draw accuracy, coupling and distance against the width, with the baselines.

    The study has a fit that did not fail; errors as for :func:`draw_curves`.
    """
    display = WidthStudyDisplay(
        param="width",
        values={"net": np.array(study.widths)},
        scores={
            metric: {
                "net": [
                    np.array([getattr(row, metric) for row in study.fits(width)])
                    for width in study.widths
                ]
            }
            for metric in _BY_WIDTH
        },
        baselines={
            metric: {
                name: np.array(scores)[np.isfinite(scores)]
                for name, scores in study.baselines.items()
                if metric == "test_accuracy" and np.isfinite(scores).any()
            }
            for metric in _BY_WIDTH
        },
    )
    figure = new_figure(11, 4.4)
    display.plot(figure.subplots(1, len(_BY_WIDTH)))
    legend_below(figure)
    figure.suptitle(title, parse_math=False)
    return figure


def plot_means(
    ax: Any,
    fits: Mapping[Any, Sequence[Row]],
    figure: Callable[[Row], float],
    *,
    pen: Pen | None = None,
    domain: Domain = ANY,
    **options: Any,
) -> None:
    """Draw the mean of a figure of fits, with its standard deviation, by their key."""
    groups = [np.array([*map(figure, group)], dtype=float) for group in fits.values()]
    chosen = pens(1)[0] if pen is None else pen
    draw_means(ax, np.array([*fits]), groups, chosen, domain=domain, **options)
    missing = [
        key for key, of in zip(fits, groups, strict=True) if not np.isfinite(of).all()
    ]
    if len(missing) == len(groups):
        nothing_to_show(ax, "nothing to show: no mean is finite")
    elif missing:
        # At the lower end, beside which there is no value to be read off.
        options = {"color": chosen.color, "marker": "x", "linestyle": ""}
        at = ax.get_xaxis_transform()
        places = np.full(len(missing), 0.03 + 0.05 * chosen.place)
        ax.plot(missing, places, transform=at, label="×: not all fits", **options)


def two_rows(names: Sequence[str], xlabel: str, ylabel: str) -> tuple[Any, list[Any]]:
    """An empty figure with a panel for each name, in two rows, and the panels."""
    columns = -(-len(names) // 2)
    figure = new_figure(max(2.9 * columns, 5.0), 6.4)
    axes = figure.subplots(2, columns, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        ax.set(title=name, xlabel=xlabel, ylabel=ylabel)
    for empty in axes[len(names) :]:
        figure.delaxes(empty)
    return figure, list(axes[: len(names)])
