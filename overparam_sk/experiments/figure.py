"""LL18's four panels, and how accuracy, coupling and distance depend on width."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from overparam_sk.experiments.study import FitRow, Study
from overparam_sk.plotting import (
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

__all__ = ["draw_curves", "draw_widths", "new_figure", "plot_means", "two_rows"]

Row = TypeVar("Row")

_BY_WIDTH = ("test_accuracy", "activation_change", "relative_distance")


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
    curves = {name: fits for name, fits in curves.items() if fits}
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
    figure = new_figure(10, 7)
    axes = figure.subplots(2, 2).ravel()
    dynamics.plot(
        axes[:3],
        quantities=["score", "activation_change", "relative_distance"],
        cmap="viridis",
    )
    axes[0].set(ylabel="test accuracy", ylim=(max(0, axes[0].get_ylim()[0]), 1.02))
    axes[0].axhline(target_accuracy, color="0.5", linestyle=":", linewidth=1)
    axes[0].legend(title=legend, loc="lower right")
    for ax in axes[1:3]:
        ax.set_ylim(bottom=0)
    spectrum.plot(axes[3], cmap="viridis")
    axes[3].set(xlabel="index", ylabel="singular values of W − W(0)")
    figure.suptitle(title, parse_math=False)
    return figure


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
    figure = new_figure(12, 3.8)
    display.plot(figure.subplots(1, len(_BY_WIDTH)))
    display.ax_[0].set(ylabel="test accuracy")
    figure.suptitle(title, parse_math=False)
    return figure


def plot_means(
    ax: Any,
    fits: Mapping[Any, Sequence[Row]],
    figure: Callable[[Row], float],
    **options: Any,
) -> None:
    """Draw the mean of a figure of fits, with its standard deviation, by their key."""
    groups = [np.array([*map(figure, group)]) for group in fits.values()]
    means, spread = [g.mean() for g in groups], [g.std() for g in groups]
    ax.errorbar([*fits], means, spread, marker="o", capsize=3, **options)


def new_figure(width: float, height: float) -> Any:
    """An empty figure that no window shows.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "it needs matplotlib; install it with: pip install 'overparam-sk[plot]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def two_rows(names: Sequence[str], xlabel: str, ylabel: str) -> tuple[Any, list[Any]]:
    """An empty figure with a panel for each name, in two rows, and the panels."""
    columns = -(-len(names) // 2)
    figure = new_figure(3.6 * columns, 6.0)
    axes = figure.subplots(2, columns, squeeze=False, sharex=True).ravel()
    for ax, name in zip(axes, names, strict=False):
        ax.set(title=name, xlabel=xlabel)
    for empty in axes[len(names) :]:
        figure.delaxes(empty)
    axes[0].set_ylabel(ylabel)
    return figure, list(axes[: len(names)])
