"""The course of training: accuracy, coupling and distance against the iteration."""

from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_row
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.style import styled
from overparam_sk.drawing.words import domain_of, label_of
from overparam_sk.plotting._courses import draw_courses, spread_is_shown
from overparam_sk.plotting._curves import (
    HISTORIES,
    NAME,
    Groups,
    as_histories,
    check_quantities,
    common_columns,
    stacked,
)
from overparam_sk.world import OwnWorld

__all__ = ["TrainingDynamicsDisplay"]

_PANELS = ("score", "activation_change", "relative_distance")
_SCORE_LABELS = {
    frozenset({"val_score"}): "validation score",
    frozenset({"score"}): "training score",
}


class TrainingDynamicsDisplay(OwnWorld):
    """Courses of ``history_`` against the iteration, mean and spread over repeats.

    Make one with :meth:`from_estimator`, :meth:`from_estimators` or
    :meth:`from_histories`. All parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        One a curve.
    iterations : list of ndarray of shape (n_records,)
        Per curve, the iterations that all of its repeats recorded.
    courses : dict of str to list of ndarray of shape (n_repeats, n_records)
        Per column of the history, and there per curve. "score" is ``val_score`` where
        there was a validation set, and otherwise the training score.
    score_label : str, default="score"
        What "score" is.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (n_panels,)
    lines_ : ndarray of matplotlib Line2D of shape (n_panels, n_curves)
        The mean lines; set by :meth:`plot`, as the two above.

    See Also
    --------
    UpdateSpectrumDisplay : The rank of what was learned.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.plotting import TrainingDynamicsDisplay
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> nets = [
    ...     OverparamReLUClassifier(width, random_state=0).fit(X, y)
    ...     for width in (20, 200)
    ... ]
    >>> display = TrainingDynamicsDisplay.from_estimators(nets)
    >>> display.names
    ['20', '200']
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        names: list[str],
        iterations: list[NDArray[Any]],
        courses: dict[str, list[NDArray[Any]]],
        score_label: str = "score",
    ) -> None:
        self.names = names
        self.iterations = iterations
        self.courses = courses
        self.score_label = score_label

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, name: str | None = None
    ) -> "TrainingDynamicsDisplay":
        """Take the courses of one fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator with ``history_``
            Or a pipeline, a search or the like that holds just one such.
        name : str, default=None
            None is its width.

        Returns
        -------
        TrainingDynamicsDisplay
        """
        name = NAME("name", name)
        return cls.from_estimators([estimator], names=None if name is None else [name])

    @classmethod
    def from_estimators(
        cls, estimators: Any, *, names: Iterable[str] | None = None
    ) -> "TrainingDynamicsDisplay":
        """Take the courses of several fitted estimators, with or without repeats.

        Parameters
        ----------
        estimators : dict or list
            A dict maps the name of a curve to a fitted estimator or to a list of them,
            its repeats. In a list every estimator is a curve of its own.
        names : iterable of str, default=None
            Names of a list's curves. None takes the widths where they differ.

        Returns
        -------
        TrainingDynamicsDisplay

        Raises
        ------
        ValueError
            If an estimator is not fitted or has no history, nor holds just one that
            has, the names do not fit, or the repeats of a curve share no recorded
            iteration.
        """
        return cls._from_groups(as_histories(estimators, names, fitted=True))

    @classmethod
    def from_histories(cls, histories: Mapping[str, Any]) -> "TrainingDynamicsDisplay":
        """Take the courses of histories that outlived their estimators.

        Parameters
        ----------
        histories : dict of str to dict or list of dict
            Name of a curve -> the ``history_`` of one fit, or of each of its repeats.

        Returns
        -------
        TrainingDynamicsDisplay

        Raises
        ------
        ValueError
            If a history is empty, or the repeats of a curve share no iteration.
        """
        return cls._from_groups(
            as_histories(HISTORIES("histories", histories), None, fitted=False)
        )

    @classmethod
    def _from_groups(cls, groups: Groups) -> "TrainingDynamicsDisplay":
        flat = [history for group in groups.values() for history in group]
        kinds = ["val_score" if "val_score" in h else "score" for h in flat]
        if all(kind in h for kind, h in zip(kinds, flat, strict=True)):
            groups = {
                name: [{**h, "score": h.get("val_score", h.get("score"))} for h in g]
                for name, g in groups.items()
            }
        iterations, courses = stacked(groups, common_columns(groups))
        return cls(
            names=list(groups),
            iterations=iterations,
            courses=courses,
            score_label=_SCORE_LABELS.get(frozenset(kinds), "score"),
        )

    @styled
    def plot(
        self,
        ax: Any = None,
        *,
        quantities: Iterable[str] | None = None,
        cmap: str | None = None,
    ) -> "TrainingDynamicsDisplay":
        """Draw one panel a quantity: mean lines and ±1 standard deviation around them.

        The spread is a band; of more than two curves it is bars, which hide nothing.
        Where half of the score is gained in the first twentieth of the run, and was
        looked at there, the iterations are logarithmic.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            One a panel. None makes a figure.
        quantities : iterable of str, default=None
            Columns of ``courses``. None is the score, the activation change and the
            relative distance, those of them that every history has.
        cmap : str, default=None
            Colour map over the curves, for names with an order. None is the cycle.

        Returns
        -------
        self : TrainingDynamicsDisplay

        Raises
        ------
        ValueError
            If a quantity was not recorded by all, or ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        panels = check_quantities(quantities, _PANELS, self.courses)
        self.ax_ = axes_row(ax, len(panels))
        self.figure_ = self.ax_[0].figure
        self.lines_ = draw_courses(self.ax_, panels, self, cmap)
        for panel, panel_ax in zip(panels, self.ax_, strict=True):
            panel_ax.set_ylabel(
                self.score_label if panel == "score" else label_of(panel)
            )
            finish(panel_ax, domain_of(panel))
        if len(self.names) > 1 or spread_is_shown(self):
            legend_of(self.ax_, ax is None)
        return self
