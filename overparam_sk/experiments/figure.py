"""LL18's four panels: accuracy, coupling, distance and spectrum."""

from pathlib import Path

import numpy as np

from overparam_sk.experiments.study import Study
from overparam_sk.plotting import TrainingDynamicsDisplay, UpdateSpectrumDisplay

__all__ = ["draw_study"]


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
    curves = {width: study.fits(width) for width in study.widths}
    curves = {width: fits for width, fits in curves.items() if fits}
    if not curves:
        return False
    dynamics = TrainingDynamicsDisplay.from_histories(
        {str(width): [row.history for row in fits] for width, fits in curves.items()}
    )
    spectrum = UpdateSpectrumDisplay(
        names=[str(width) for width in curves],
        update_singular_values=[
            np.stack([row.update_singular_values for row in fits])
            for fits in curves.values()
        ],
        weight_singular_values=[
            np.stack([row.weight_singular_values for row in fits])
            for fits in curves.values()
        ],
        n_components=study.n_clusters,
    )
    _draw(dynamics, spectrum, study, path, title)
    return True


def _draw(
    dynamics: TrainingDynamicsDisplay,
    spectrum: UpdateSpectrumDisplay,
    study: Study,
    path: Path,
    title: str,
) -> None:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "it needs matplotlib; install it with: pip install 'overparam-sk[plot]'"
        ) from error
    figure = Figure(figsize=(10, 7), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    dynamics.plot(
        axes[:3],
        quantities=["score", "activation_change", "relative_distance"],
        cmap="viridis",
    )
    axes[0].set(ylabel="test accuracy", ylim=(max(0, axes[0].get_ylim()[0]), 1.02))
    axes[0].axhline(study.target_accuracy, color="0.5", linestyle=":", linewidth=1)
    axes[0].legend(title="width m", loc="lower right")
    for ax in axes[1:3]:
        ax.set_ylim(bottom=0)
    spectrum.plot(axes[3], cmap="viridis")
    axes[3].set(xlabel="index", ylabel="singular values of W − W(0)")
    figure.suptitle(title)
    figure.savefig(path, dpi=150)
