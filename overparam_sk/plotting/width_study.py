"""Metrics against width: means with error bars, a c/√m line, baselines as bands."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_grid
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.spread import draw_level, draw_means
from overparam_sk.drawing.style import NEUTRAL, styled
from overparam_sk.drawing.words import domain_of, label_of, words_of
from overparam_sk.parameters import FLAG, shown
from overparam_sk.plotting._curves import NAME, chosen, inside
from overparam_sk.plotting._points import ABSENT, Axis, Curves, Floats, Points
from overparam_sk.world import OwnWorld

__all__ = ["WidthStudyDisplay"]

# What is expected to fall as 1/√m (LL18 §7 and Lemma 5.2), in every layer.
_SCALING = ("relative_distance", "activation_change")
# The distance of an infinitely wide network is its constant over √m.
_DISTANCE, _CONSTANT = "relative_distance", "distance_constant"
_SPREAD = "bars, bands: ±1 standard deviation"


class WidthStudyDisplay(OwnWorld):
    """Metrics of a width study against the width, one panel a metric.

    Make one with :meth:`from_study` or :meth:`from_search`. All parameters are stored
    as attributes.

    Parameters
    ----------
    param : str
        What was varied; its words are the label of the x axis.
    values : dict of str to ndarray of shape (n_values,)
        Name of a curve -> its values: numbers ascending, then others, such as "auto"
        or None, in the order of the study. Where some are no numbers, all of them stand
        one beside the other.
    scores : dict of str to dict of str to list of ndarray of shape (n_fits,)
        Per metric, and there per curve, the scores at each value, without those of
        fits that failed.
    baselines : dict of str to dict of str to ndarray of shape (n_fits,)
        Per metric, and there per estimator without the parameter, its scores.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (n_panels,)
    errorbars_ : list of list of matplotlib ErrorbarContainer
        Per panel and curve.
    guides_ : list of matplotlib Line2D
        The c/√m lines.

    See Also
    --------
    TrainingDynamicsDisplay : The course of training behind each point.
    overparam_sk.model_selection.width_study : Makes the study.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.model_selection import width_study
    >>> from overparam_sk.plotting import WidthStudyDisplay
    >>> from sklearn.datasets import load_iris
    >>> net = OverparamReLUClassifier()
    >>> study = width_study(
    ...     {"net": net}, *load_iris(return_X_y=True), values=[50, 200], repeats=2, cv=2
    ... )
    >>> display = WidthStudyDisplay.from_study(study)
    >>> display.values
    {'net': array([ 50, 200])}
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        param: str,
        values: dict[str, NDArray[Any]],
        scores: dict[str, Curves],
        baselines: dict[str, dict[str, Floats]],
    ) -> None:
        self.param = param
        self.values = values
        self.scores = scores
        self.baselines = baselines

    @classmethod
    def from_study(cls, study: Any) -> "WidthStudyDisplay":
        """Take the scores of a study.

        Parameters
        ----------
        study : overparam_sk.model_selection.WidthStudy

        Returns
        -------
        WidthStudyDisplay

        Raises
        ------
        ValueError
            If no fit has a score.
        """
        if not hasattr(study, "metrics") or not hasattr(study, "fits"):
            raise ValueError(f"study must be a WidthStudy, got {shown(study)}.")
        points = [
            (
                metric,
                fit.estimator,
                ABSENT if fit.value is None else fit.value,
                [fit.scores[metric]],
            )
            for metric in study.metrics
            for fit in study.fits
            if isinstance(fit.scores.get(metric), Real)
        ]
        return cls(param=study.param, **vars(Points.of(points)))

    @classmethod
    def from_search(
        cls, search: Any, *, param: str | None = None
    ) -> "WidthStudyDisplay":
        """Take the scores of the splits of a search.

        Parameters
        ----------
        search : fitted GridSearchCV or the like
            With ``cv_results_``, or a pipeline that ends in one. Candidates that differ
            in other parameters are curves of their own, named by those; candidates
            without ``param`` are baselines. Of a successive halving the first iteration
            is taken, in which all candidates have the same resources.
        param : str, default=None
            The parameter of the x axis, "clf__width". None is the one whose name is or
            ends in "width", "width1" or "width2".

        Returns
        -------
        WidthStudyDisplay

        Raises
        ------
        NotFittedError
            Before ``fit`` of the search.
        ValueError
            If there is no such parameter, or no search.
        """
        param = NAME("param", param)
        results = inside(search, "cv_results_").cv_results_
        prefix = "param_"
        known = [n.removeprefix(prefix) for n in results if n.startswith(prefix)]
        param = _the_width(known) if param is None else param
        if param not in known:
            raise ValueError(f"param must be one of {known}, got {param!r}.")
        points = []
        for metric in _search_metrics(results):
            splits = _splits(results, metric)
            for i, params in enumerate(results["params"]):
                if "iter" in results and results["iter"][i] > 0:
                    continue
                others = {k: v for k, v in params.items() if k != param}
                alone = "search" if param in params else f"without {param}"
                name = ", ".join(f"{k}={v}" for k, v in others.items()) or alone
                points.append((metric, name, params.get(param, ABSENT), splits[i]))
        return cls(param=param, **vars(Points.of(points)))

    @styled
    def plot(
        self,
        ax: Any = None,
        *,
        metrics: str | Sequence[str] | None = None,
        guides: bool = True,
        cmap: str | None = None,
    ) -> "WidthStudyDisplay":
        """Draw means with error bars of ±1 sample standard deviation.

        Baselines are lines across with a band of ±1 standard deviation; the distance of
        an ``InfiniteWidthReLUClassifier`` is the line c/√m with its constant c. Where a
        metric is expected to fall with the root of the width, a dashed line c/√m shows
        it, c being the geometric mean of metric x √m over the first curve; above stands
        the exponent of m that fits each curve. Neither bars nor axes go beyond what a
        metric can be.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            One a panel. None makes a figure.
        metrics : str or list of str, default=None
            None is all of them.
        guides : bool, default=True
            Whether to draw the c/√m lines.
        cmap : str, default=None
            Colour map over the curves. None is the cycle.

        Returns
        -------
        self : WidthStudyDisplay

        Raises
        ------
        ValueError
            If there is no such metric, or ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        guides = FLAG("guides", guides)
        panels = chosen("metrics", metrics)
        if panels is None:
            panels = [metric for metric in self.scores if metric != _CONSTANT]
        if not panels or any(panel not in self.scores for panel in panels):
            raise ValueError(
                f"metrics must be among {list(self.scores)}, got {panels}."
            )
        self.ax_ = axes_grid(ax, len(panels))
        self.figure_ = self.ax_[0].figure
        self.errorbars_: list[list[Any]] = []
        self.guides_: list[Any] = []
        names = list(dict.fromkeys(n for m in self.baselines.values() for n in m))
        names = list(dict.fromkeys([*self.values, *names]))
        pen_of = dict(zip(names, pens(len(names), cmap), strict=True))
        axis = Axis.of(self.values)
        for metric, panel in zip(panels, self.ax_, strict=True):
            self._draw(panel, metric, axis, pen_of)
            self._scale(panel, metric, axis, guides)
            finish(panel, domain_of(metric))
        curves = [curve for m in panels for curve in self.scores[m].values()]
        repeated = any(len(repeats) > 1 for curve in curves for repeats in curve)
        if repeated:
            self.ax_[0].errorbar([], [], [], color=NEUTRAL, fmt="", label=_SPREAD)
        if len(pen_of) > 1 or self.guides_ or repeated:
            legend_of(self.ax_, ax is None)
        return self

    def _draw(
        self, ax: Any, metric: str, axis: Axis, pen_of: Mapping[str, Pen]
    ) -> None:
        bars, domain = [], domain_of(metric)
        for name, scores in self.scores[metric].items():
            there = [len(repeats) > 0 for repeats in scores]
            x = axis.places(self.values[name][there])
            line = {"label": name} if axis.numeric else {"label": name, "linestyle": ""}
            known = [repeats for repeats in scores if len(repeats)]
            bars.append(draw_means(ax, x, known, pen_of[name], domain=domain, **line))
        self.errorbars_.append(bars)
        if metric == _DISTANCE:
            self._draw_limits(ax, axis, pen_of)
        for name, repeats in self.baselines[metric].items():
            draw_level(ax, repeats, pen_of[name], domain=domain, label=name)
        ax.set(xlabel=words_of(self.param), ylabel=label_of(metric))

    def _draw_limits(self, ax: Any, axis: Axis, pen_of: Mapping[str, Pen]) -> None:
        """The distances c/√m of networks of infinite width."""
        m = axis.numbers
        for name, constants in self.baselines.get(_CONSTANT, {}).items():
            line = pen_of[name].line(len(m), linestyle="-.", label=name)
            ax.plot(axis.places(m), constants.mean() / np.sqrt(m), **line)

    def _scale(self, ax: Any, metric: str, axis: Axis, guides: bool) -> None:
        """Log axes for what scales with a power of the width, and the guide."""
        axis.draw(ax)
        if not axis.numeric or not (axis.numbers > 0).all():
            return
        if not metric.startswith(_SCALING):
            return
        x, y = self._points_of_first_curve(metric)
        if not len(x) or (y <= 0).any():
            return
        ax.set_yscale("log")
        if guides:
            c = np.exp(np.mean(np.log(y * np.sqrt(x))))
            ends = np.array([x.min(), x.max()])
            dashes = {"color": NEUTRAL, "linestyle": "--", "label": "c/√m"}
            self.guides_ += ax.plot(ends, c / np.sqrt(ends), **dashes)
            ax.set_title(self._exponents(metric))

    def _exponents(self, metric: str) -> str:
        """The power of the width that each curve falls with, by least squares."""
        found = []
        for name in self.scores[metric]:
            x, y = self._points(metric, name)
            if len(np.unique(x)) > 1 and (y > 0).all():
                slope = np.polyfit(np.log(x), np.log(y), 1)[0]
                whose = f"{name}: ".replace("$", r"\$") if len(self.values) > 1 else ""
                found.append(rf"{whose}fitted $m^{{{slope:.2f}}}$")
        return "\n".join(found)

    def _points_of_first_curve(self, metric: str) -> tuple[Floats, Floats]:
        name = next(iter(self.scores[metric]), None)
        return (
            (np.empty(0), np.empty(0)) if name is None else self._points(metric, name)
        )

    def _points(self, metric: str, name: str) -> tuple[Floats, Floats]:
        scores = self.scores[metric][name]
        x = np.repeat(self.values[name].astype(float), [len(r) for r in scores])
        return x, np.concatenate(scores)


def _the_width(names: Sequence[str]) -> str:
    """The parameter that is a width.

    Raises
    ------
    ValueError
        If there is not just one.
    """
    widths = [
        n for n in names if n.rpartition("__")[2] in ("width", "width1", "width2")
    ]
    if len(widths) != 1:
        raise ValueError(f"param must be given, as one of {list(names)}, got None.")
    return widths[0]


def _search_metrics(results: Mapping[str, Any]) -> list[str]:
    prefix = "split0_test_"
    return [name.removeprefix(prefix) for name in results if name.startswith(prefix)]


def _splits(results: Mapping[str, Any], metric: str) -> Floats:
    """Scores of shape (n_candidates, n_splits)."""
    columns: list[Floats] = []
    while f"split{len(columns)}_test_{metric}" in results:
        columns.append(results[f"split{len(columns)}_test_{metric}"])
    return np.stack(columns, axis=1)
