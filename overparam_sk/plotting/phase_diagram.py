"""Figures over the plane of output scale and width: where training is lazy, or rich."""

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_grid
from overparam_sk.drawing.pens import colors
from overparam_sk.drawing.scales import label_values
from overparam_sk.drawing.style import styled
from overparam_sk.drawing.words import label_of
from overparam_sk.parameters import FLAG, shown
from overparam_sk.plotting._curves import chosen
from overparam_sk.world import OwnWorld

__all__ = ["PhaseDiagramDisplay"]

Floats = NDArray[np.float64]


class PhaseDiagramDisplay(OwnWorld):
    """Figures as colours over the width and a scale α, one panel a figure.

    Weights of a network whose outputs are multiplied by α move by a share of order
    1/(α √m) for a change of the outputs of order 1: along the lines α √m = constant,
    which are the mean field's, training is as lazy, or as rich, at every width.
    Make one with :meth:`from_study`, or of arrays. All parameters are stored as
    attributes.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        m, ascending.
    scales : ndarray of shape (n_scales,)
        α, ascending.
    scores : dict of str to ndarray of shape (n_scales, n_widths)
        A figure in each cell; NaN where there is none.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (n_panels,)
    meshes_ : list of matplotlib QuadMesh
        One a panel.
    guides_ : list of matplotlib Line2D
        The lines α √m = 1, 10, ... Set by :meth:`plot`, as those above.

    See Also
    --------
    WidthStudyDisplay : The same figures against the width.
    CoordinateCheckDisplay : How far what moves, by parametrisation.

    References
    ----------
    .. [1] L. Chizat, E. Oyallon, F. Bach. "On Lazy Training in Differentiable
       Programming", NeurIPS 2019.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.model_selection import width_study
    >>> from overparam_sk.plotting import PhaseDiagramDisplay
    >>> from sklearn.datasets import load_iris
    >>> nets = {
    ...     f"{scale:g}": OverparamReLUClassifier(
    ...         output_scale=scale, learning_rate=0.01, max_iter=20
    ...     )
    ...     for scale in (0.1, 10)
    ... }
    >>> study = width_study(
    ...     nets, *load_iris(return_X_y=True), values=[50, 200], repeats=1, cv=2
    ... )
    >>> display = PhaseDiagramDisplay.from_study(study)
    >>> display.scales, display.scores["gram_drift"].shape
    (array([ 0.1, 10. ]), (2, 2))
    >>> display.plot(metrics=["gram_drift", "accuracy"])  # doctest: +SKIP
    """

    def __init__(
        self, *, widths: NDArray[Any], scales: Floats, scores: dict[str, Floats]
    ) -> None:
        self.widths = widths
        self.scales = scales
        self.scores = scores

    @classmethod
    def from_study(cls, study: Any) -> "PhaseDiagramDisplay":
        """Take the means of a study's scores.

        Parameters
        ----------
        study : overparam_sk.model_selection.WidthStudy
            Its estimators have the scales as their names, as in
            ``{"0.1": OverparamReLUClassifier(output_scale=0.1), ...}``.

        Returns
        -------
        PhaseDiagramDisplay
            Fits that failed are left out; a cell without any other is NaN.

        Raises
        ------
        ValueError
            If a name is no positive number, a value is none, or no fit has a score.
        """
        if not hasattr(study, "metrics") or not hasattr(study, "fits"):
            raise ValueError(f"study must be a WidthStudy, got {shown(study)}.")
        metrics = study.metrics
        if not metrics:
            raise ValueError("study must have a fit with a score, got none.")
        scales = sorted({_scale(fit.estimator) for fit in study.fits})
        widths = sorted({_width(fit.value) for fit in study.fits})
        scores = {}
        for metric in metrics:
            cells: dict[tuple[float, Any], list[float]] = {}
            for fit in study.fits:
                found = fit.scores.get(metric)
                score = float(found) if isinstance(found, Real) else np.nan
                if np.isfinite(score):
                    at = float(fit.estimator), fit.value
                    cells.setdefault(at, []).append(score)
            scores[metric] = np.array(
                [[np.mean(cells.get((a, m), [np.nan])) for m in widths] for a in scales]
            )
        return cls(widths=np.array(widths), scales=np.array(scales), scores=scores)

    @styled
    def plot(
        self,
        ax: Any = None,
        *,
        metrics: str | Sequence[str] | None = None,
        guides: bool = True,
        cmap: str | None = None,
    ) -> "PhaseDiagramDisplay":
        """Draw the cells on logarithmic axes.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            One a panel. None makes a figure.
        metrics : str or list of str, default=None
            None is all of them.
        guides : bool, default=True
            Whether to draw the lines α √m = 1, 10, ... .
        cmap : str, default=None
            Colour map of the cells. None is matplotlib's.

        Returns
        -------
        self : PhaseDiagramDisplay

        Raises
        ------
        ValueError
            If there is no such metric, or ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        guides = FLAG("guides", guides)
        panels = chosen("metrics", metrics)
        panels = [*self.scores] if panels is None else panels
        if not panels or any(panel not in self.scores for panel in panels):
            raise ValueError(
                f"metrics must be among {list(self.scores)}, got {panels}."
            )
        colors(1, cmap)  # which refuses what is no colour map
        self.ax_ = axes_grid(ax, len(panels))
        self.figure_ = self.ax_[0].figure
        self.meshes_: list[Any] = []
        self.guides_: list[Any] = []
        for metric, panel in zip(panels, self.ax_, strict=True):
            self._draw(panel, metric, cmap)
            if guides:
                self._guide(panel)
        if self.guides_:
            self.guides_[0].set_label("α √m = 1, 10, …")
            legend_of(self.ax_, ax is None)
        return self

    def _draw(self, ax: Any, metric: str, cmap: str | None) -> None:
        cells = self.scores[metric]
        known = cells[np.isfinite(cells)]
        # What spans an order of magnitude is seen by its logarithm.
        wide = known.size and known.min() > 0 and known.max() > 10 * known.min()
        edges = _edges(self.widths), _edges(self.scales)
        norm = "log" if wide else "linear"
        mesh = ax.pcolormesh(*edges, cells, norm=norm, cmap=cmap)
        self.meshes_.append(mesh)
        ax.set(xscale="log", yscale="log", title=label_of(metric))
        ax.set(xlabel="width m", ylabel="output scale α")
        ax.grid(False)
        label_values(ax, self.widths)
        bar = ax.figure.colorbar(mesh, ax=ax)
        bar.ax.grid(False)

    def _guide(self, ax: Any) -> None:
        """The lines of one share that the weights move by."""
        from matplotlib.patheffects import withStroke

        m, alpha = _edges(self.widths), _edges(self.scales)
        low, high = (np.log10(alpha[at] * np.sqrt(m[at])) for at in (0, -1))
        for power in range(int(np.ceil(low)), int(np.floor(high)) + 1):
            # Seen on every colour: white in a dark hem.
            dashes = {"color": "w", "linestyle": "--", "linewidth": 1.2}
            hem = {"path_effects": [withStroke(linewidth=2.2, foreground="0.3")]}
            self.guides_ += ax.plot(m, 10.0**power / np.sqrt(m), **dashes, **hem)
        ax.set(xlim=(m[0], m[-1]), ylim=(alpha[0], alpha[-1]))


def _edges(centres: NDArray[Any]) -> Floats:
    """Edges of cells around values, halfway between them on a logarithmic axis."""
    logs = np.log(np.asarray(centres, dtype=float))
    if len(logs) == 1:
        return _exp(logs[0] + np.array([-0.5, 0.5]))
    between = (logs[1:] + logs[:-1]) / 2
    ends = 2 * logs[[0, -1]] - between[[0, -1]]
    return _exp(np.concatenate([ends[:1], between, ends[1:]]))


def _exp(logs: Floats) -> Floats:
    return np.asarray(np.exp(logs))


def _scale(name: str) -> float:
    try:
        scale = float(name)
    except ValueError:
        scale = np.nan
    if not 0 < scale < np.inf:
        raise ValueError(
            "study must have positive numbers, the scales, as names of its "
            f"estimators, got {shown(name)}."
        )
    return scale


def _width(value: Any) -> Any:
    if not isinstance(value, Real) or not float(value) > 0:
        raise ValueError(
            f"study must be of positive numbers, the widths, got {shown(value)}."
        )
    return value
