"""LL18's four panels, and how accuracy, coupling and distance depend on width."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from overparam_sk.experiments.study import FitRow, Study
from overparam_sk.plotting import (
    TrainingDynamicsDisplay,
    UpdateSpectrumDisplay,
    WidthStudyDisplay,
)

__all__ = ["draw_curves", "draw_study", "draw_widths", "new_figure"]

_BY_WIDTH = ("test_accuracy", "activation_change", "relative_distance")


def draw_study(study: Study, path: Path, title: str) -> bool:
    """Draw the four panels of LL18's figures 1 and 2.

    Parameters
    ----------
    study : Study
    path : Path
        Of the picture.
    title : str

    Returns
    -------
    bool
        False if no fit has anything to draw; then there is no picture.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    return draw_curves(
        {str(width): study.fits(width) for width in study.widths},
        path,
        title,
        legend="width m",
        n_components=study.n_clusters,
        target_accuracy=study.target_accuracy,
    )


def draw_curves(
    curves: Mapping[str, Sequence[FitRow]],
    path: Path,
    title: str,
    *,
    legend: str,
    n_components: int | None,
    target_accuracy: float,
) -> bool:
    """Draw the four panels for named groups of fits.

    Parameters
    ----------
    curves : dict of str to sequence of FitRow
    path : Path
        Of the picture.
    title : str
    legend : str
        What the names are of.
    n_components : int or None
        k·l, where a line stands in the spectrum.
    target_accuracy : float
        Where a line stands in the accuracies.

    Returns
    -------
    bool
        False if no fit has anything to draw; then there is no picture.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    curves = {name: fits for name, fits in curves.items() if fits}
    if not curves:
        return False
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
    figure.savefig(path, dpi=150)
    return True


def draw_widths(study: Study, path: Path, title: str) -> None:
    """Draw accuracy, coupling and distance against the width, with the baselines.

    Parameters
    ----------
    study : Study
        With a fit that did not fail.
    path : Path
        Of the picture.
    title : str

    Raises
    ------
    ImportError
        If matplotlib is not installed.
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
    figure.savefig(path, dpi=150)


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
