"""Convergence of gradient descent: loss with its bound, λ_min, and how far it went."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_grid
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.style import NEUTRAL, styled
from overparam_sk.drawing.words import domain_of, label_of
from overparam_sk.parameters import either, number, one_of
from overparam_sk.plotting._courses import draw_courses, spread_is_shown
from overparam_sk.plotting._curves import (
    HISTORIES,
    NAME,
    Groups,
    as_groups,
    as_histories,
    check_quantities,
    common_columns,
    fitted_attribute,
    stacked,
)
from overparam_sk.world import OwnWorld

__all__ = ["ConvergenceDisplay"]

# Row by row: with two layers there is a column of panels for each kind of change.
_PANELS = (
    "loss",
    "weight_change_1",
    "activation_change_1",
    "gram_lambda_min",
    "weight_change",
    "weight_change_2",
    "activation_change",
    "activation_change_2",
)
_LOGARITHMIC = {"loss", "val_loss", "gram_lambda_min"}
# λ_0 and η of a bound.
_RATE = either(one_of(None), number(0))


class ConvergenceDisplay(OwnWorld):
    """Loss, λ_min, weight change and pattern change against the iteration.

    What [1]_ draws of every data set, one curve a width: the mean over the repeats and
    a band of ±1 standard deviation. There is a panel for each trained layer's changes:
    six in all for a network of two, and four for a network of one. Make one with
    :meth:`from_estimator`, :meth:`from_estimators` or :meth:`from_histories`. All
    parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        One a curve.
    iterations : list of ndarray of shape (n_records,)
        Per curve, the iterations that all of its repeats recorded.
    courses : dict of str to list of ndarray of shape (n_repeats, n_records)
        Per column of the history, and there per curve.
    lambda_0 : float, default=None
        λ_0, the smallest eigenvalue of the infinitely wide network's Gram matrix. With
        it the loss panel has the bound exp(−λ_0 t) L(0) ([1]_, Theorem 3).
    learning_rate : float, default=None
        η of the constant step, which makes the bound's time t = η · iteration.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (n_panels,)
    lines_ : ndarray of matplotlib Line2D of shape (n_panels, n_curves)
        The mean lines.
    bound_line_ : matplotlib Line2D or None
        The bound; set by :meth:`plot`, as those above.

    See Also
    --------
    TrainingDynamicsDisplay : Score, coupling and distance.
    overparam_sk.diagnostics.infinite_width_lambda_min : λ_0.

    References
    ----------
    .. [1] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019. Figures 2 to 8.

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> from overparam_sk.plotting import ConvergenceDisplay
    >>> X, y = make_unit_sphere(20, 10, random_state=0)
    >>> nets = {
    ...     str(width): TwoHiddenReLURegressor(
    ...         width2=width, learning_rate=1e-3, max_iter=20, random_state=0
    ...     ).fit(X, y)
    ...     for width in (50, 100)
    ... }
    >>> display = ConvergenceDisplay.from_estimators(nets, lambda_0=0.05)
    >>> display.names
    ['50', '100']
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        names: list[str],
        iterations: list[NDArray[Any]],
        courses: dict[str, list[NDArray[Any]]],
        lambda_0: float | None = None,
        learning_rate: float | None = None,
    ) -> None:
        self.names = names
        self.iterations = iterations
        self.courses = courses
        self.lambda_0 = lambda_0
        self.learning_rate = learning_rate

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        lambda_0: float | None = None,
    ) -> "ConvergenceDisplay":
        """Take the courses of one fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator with ``history_``
            Or a pipeline, a search or the like that holds just one such.
        name : str, default=None
            None is its width.
        lambda_0 : float, default=None
            Of the bound on the loss; None draws none.

        Returns
        -------
        ConvergenceDisplay
        """
        name = NAME("name", name)
        names = None if name is None else [name]
        return cls.from_estimators([estimator], names=names, lambda_0=lambda_0)

    @classmethod
    def from_estimators(
        cls,
        estimators: Any,
        *,
        names: Iterable[str] | None = None,
        lambda_0: float | None = None,
    ) -> "ConvergenceDisplay":
        """Take the courses of several fitted estimators, with or without repeats.

        Parameters
        ----------
        estimators : dict or list
            A dict maps the name of a curve to a fitted estimator or to a list of them,
            its repeats. In a list every estimator is a curve of its own.
        names : iterable of str, default=None
            Names of a list's curves. None takes the widths where they differ.
        lambda_0 : float, default=None
            Of the bound on the loss; None draws none.

        Returns
        -------
        ConvergenceDisplay

        Raises
        ------
        ValueError
            If an estimator is not fitted or has no history, nor holds just one that
            has, the names do not fit, the repeats of a curve share no recorded
            iteration, or there is to be a bound and the ``learning_rate_`` differ.
        """
        groups = as_histories(estimators, names, fitted=True)
        lambda_0, learning_rate = _RATE("lambda_0", lambda_0), None
        if lambda_0 is not None:
            nets = as_groups(estimators, names, "history_").values()
            rates = {fitted_attribute(n, "learning_rate_") for of in nets for n in of}
            if len(rates) > 1:
                raise ValueError(
                    "The estimators must have one learning_rate_ where lambda_0 is "
                    f"given, got {sorted(rates)}."
                )
            (learning_rate,) = rates
        return cls._from_groups(groups, lambda_0, learning_rate)

    @classmethod
    def from_histories(
        cls,
        histories: Mapping[str, Any],
        *,
        lambda_0: float | None = None,
        learning_rate: float | None = None,
    ) -> "ConvergenceDisplay":
        """Take the courses of histories that outlived their estimators.

        Parameters
        ----------
        histories : dict of str to dict or list of dict
            Name of a curve -> the ``history_`` of one fit, or of each of its repeats.
        lambda_0 : float, default=None
            Of the bound on the loss; None draws none.
        learning_rate : float, default=None
            η, needed for the bound.

        Returns
        -------
        ConvergenceDisplay

        Raises
        ------
        ValueError
            If a history is empty, the repeats of a curve share no iteration, or there
            is a λ_0 without a step.
        """
        groups = as_histories(HISTORIES("histories", histories), None, fitted=False)
        lambda_0 = _RATE("lambda_0", lambda_0)
        learning_rate = _RATE("learning_rate", learning_rate)
        return cls._from_groups(groups, lambda_0, learning_rate)

    @classmethod
    def _from_groups(
        cls, groups: Groups, lambda_0: float | None, learning_rate: float | None
    ) -> "ConvergenceDisplay":
        if lambda_0 is not None and learning_rate is None:
            raise ValueError(
                "learning_rate must be a number where lambda_0 is given, got None."
            )
        iterations, courses = stacked(groups, common_columns(groups))
        return cls(
            names=list(groups),
            iterations=iterations,
            courses=courses,
            lambda_0=lambda_0,
            learning_rate=learning_rate,
        )

    @styled
    def plot(
        self,
        ax: Any = None,
        *,
        quantities: Iterable[str] | None = None,
        cmap: str | None = None,
    ) -> "ConvergenceDisplay":
        """Draw one panel a quantity: mean lines and ±1 standard deviation around them.

        The spread is a band; of more than two curves it is bars, which hide nothing.

        The axes of the loss and of λ_min are logarithmic; that of λ_min is not where
        one is exactly 0.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            One a panel. None makes a figure.
        quantities : iterable of str, default=None
            Columns of ``courses``. None is the loss, λ_min, and the weight and pattern
            changes of every layer, those of them that every history has.
        cmap : str, default=None
            Colour map over the curves, for names with an order. None is the cycle.

        Returns
        -------
        self : ConvergenceDisplay

        Raises
        ------
        ValueError
            If a quantity was not recorded by all, or ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        panels = check_quantities(quantities, _PANELS, self.courses)
        self.ax_ = axes_grid(ax, len(panels))
        self.figure_ = self.ax_[0].figure
        self.lines_ = draw_courses(self.ax_, panels, self, cmap, _LOGARITHMIC)
        self.bound_line_ = None
        for panel, panel_ax in zip(panels, self.ax_, strict=True):
            if panel == "loss":
                self.bound_line_ = self._draw_bound(panel_ax)
            panel_ax.set_ylabel(label_of(panel, named_layers=True))
            finish(panel_ax, domain_of(panel))
        if len(self.names) > 1 or self.bound_line_ or spread_is_shown(self):
            legend_of(self.ax_, ax is None)
        return self

    def _draw_bound(self, ax: Any) -> Any:
        """Draw the bound of the curve that starts highest: it lies above the others."""
        if self.lambda_0 is None or self.learning_rate is None:
            return None
        losses = [course.mean(axis=0) for course in self.courses["loss"]]
        top = int(np.argmax([loss[0] for loss in losses]))
        t = self.learning_rate * (self.iterations[top] - self.iterations[top][0])
        (line,) = ax.plot(
            self.iterations[top],
            np.exp(-self.lambda_0 * t) * losses[top][0],
            color=NEUTRAL,
            linestyle="--",
            linewidth=1.2,
            label=r"bound $e^{-\lambda_0 t} L(0)$",
        )
        return line
