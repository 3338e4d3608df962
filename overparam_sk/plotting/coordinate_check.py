"""How far what moves against the width, and which step is best at each width."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_table
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.scales import finish, label_values
from overparam_sk.drawing.style import styled
from overparam_sk.parameters import (
    COUNT,
    SEED,
    either,
    number,
    one_of,
    repeat_seeds,
    several,
    such_that,
)
from overparam_sk.plotting._coordinates import Floats, changes, losses, makers
from overparam_sk.world import OwnWorld

__all__ = ["CoordinateCheckDisplay"]

_COUNTS = such_that(
    several(COUNT, ""), bool, "a list of integers >= 1, not an empty one"
)
_RATES = either(
    one_of(None),
    such_that(several(number(0, above=True), ""), bool, "a list of finite numbers > 0"),
)
_STYLES = {"hidden": "-", "readout": "--", "outputs": ":"}


class CoordinateCheckDisplay(OwnWorld):
    """Sizes of changes against the width, and losses against the step.

    A column for each parametrisation. Above, the root mean square of how far hidden
    pre-activations, readout and outputs have moved after some steps: where features
    are learned alike at every width, as with ``parametrization="mup"``, all lines are
    flat. Below, the training loss at the end of a fit against its ``learning_rate``, a
    line a width: where a step transfers, the lines have their minimum at one place.
    Make one with :meth:`from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    widths : ndarray of shape (n_widths,)
        m, ascending.
    iterations : ndarray of shape (n_iterations,)
        Numbers of steps after which it was looked.
    changes : dict of str to dict of str to ndarray of shape (n_iterations, n_widths)
        Per parametrisation the changes of "hidden" and "readout", in units of their
        root mean square at initialisation, and of "outputs", as they are.
    learning_rates : ndarray of shape (n_rates,) or None, default=None
        c.
    losses : dict of str to ndarray of shape (n_widths, n_rates) or None, default=None
        Per parametrisation the training losses; NaN where a fit diverged.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (n_rows, n_parametrisations)
        One row without ``learning_rates``, otherwise two.
    change_lines_ : dict of str to list of matplotlib Line2D
    loss_lines_ : dict of str to list of matplotlib Line2D
        Per parametrisation. Set by :meth:`plot`, as those above.

    See Also
    --------
    PhaseDiagramDisplay : Figures over scale and width.

    References
    ----------
    .. [1] G. Yang, E. J. Hu. "Tensor Programs IV: Feature Learning in Infinite-Width
       Neural Networks", ICML 2021.
    .. [2] G. Yang et al. "Tensor Programs V: Tuning Large Neural Networks via Zero-Shot
       Hyperparameter Transfer", 2022, appendix D.1.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from overparam_sk.plotting import CoordinateCheckDisplay
    >>> X, y = make_clustered_mixture(60, 8, normalize=True, random_state=0)
    >>> nets = {
    ...     name: OverparamReLUClassifier(
    ...         parametrization=name,
    ...         base_width=64,
    ...         output_scale=1.0,
    ...         train_readout=True,
    ...         learning_rate=0.5,
    ...     )
    ...     for name in ("ntk", "mup")
    ... }
    >>> display = CoordinateCheckDisplay.from_estimators(
    ...     nets, X, y, widths=[256, 4096], iterations=[1, 5]
    ... )
    >>> {name: of["hidden"].round(1) for name, of in display.slopes.items()}
    {'ntk': array([-0.5, -0.5]), 'mup': array([0., 0.])}
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        widths: NDArray[Any],
        iterations: NDArray[Any],
        changes: dict[str, dict[str, Floats]],
        learning_rates: Floats | None = None,
        losses: dict[str, Floats] | None = None,
    ) -> None:
        self.widths = widths
        self.iterations = iterations
        self.changes = changes
        self.learning_rates = learning_rates
        self.losses = losses

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: ArrayLike,
        y: ArrayLike,
        *,
        widths: Sequence[int],
        iterations: Sequence[int] = (1, 5, 10),
        learning_rates: Sequence[float] | None = None,
        repeats: int = 1,
        random_state: int = 0,
    ) -> "CoordinateCheckDisplay":
        """Fit networks of every width and look how far what moved.

        Parameters
        ----------
        estimators : dict of str to estimator
            Name of a parametrisation -> an unfitted `OverparamReLUClassifier` or
            `LinearizedReLUClassifier`, or a function of the width that makes one, where
            more than the width is another. Its own ``learning_rate`` is that of the
            sizes of changes, its own ``max_iter`` that of the losses.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        widths : list of int
        iterations : list of int, default=(1, 5, 10)
        learning_rates : list of float, default=None
            None leaves the losses out.
        repeats : int, default=1
            Fits of which means are taken.
        random_state : int, default=0

        Returns
        -------
        CoordinateCheckDisplay

        Raises
        ------
        ValueError
            If there is nothing to fit, or a fit is refused.
        DivergenceError
            If a fit of so few steps diverges; among the losses that is NaN.
        """
        made = makers(estimators)
        sizes = sorted(set(_COUNTS("widths", widths)))
        steps = sorted(set(_COUNTS("iterations", iterations)))
        rates = _RATES("learning_rates", learning_rates)
        seeds = repeat_seeds(
            SEED("random_state", random_state), COUNT("repeats", repeats)
        )
        found: dict[str, Any] = {
            "widths": np.array(sizes),
            "iterations": np.array(steps),
            "changes": {
                name: changes(make, X, y, widths=sizes, iterations=steps, seeds=seeds)
                for name, make in made.items()
            },
        }
        if rates is not None:
            ordered = sorted(set(rates))
            found["learning_rates"] = np.array(ordered)
            found["losses"] = {
                name: losses(make, X, y, widths=sizes, rates=ordered, seeds=seeds)
                for name, make in made.items()
            }
        return cls(**found)

    @property
    def slopes(self) -> dict[str, dict[str, Floats]]:
        """Exponents of the width: per parametrisation and kind, shape (n_iterations,).

        By least squares on the logarithms; NaN of a single width.
        """
        logs = np.log(np.asarray(self.widths, dtype=float))
        if len(logs) == 1:
            return {
                name: {kind: np.full(len(v[0]), np.nan) for kind, v in of.items()}
                for name, of in self.changes.items()
            }
        return {
            name: {kind: np.polyfit(logs, np.log(v).T, 1)[0] for kind, v in of.items()}
            for name, of in self.changes.items()
        }

    @property
    def best_learning_rates(self) -> dict[str, Floats]:
        """Where the loss is least: per parametrisation, shape (n_widths,).

        Empty without ``learning_rates``; NaN where all fits diverged.
        """
        if self.learning_rates is None or self.losses is None:
            return {}
        return {
            name: np.array([_best(self.learning_rates, course) for course in of_widths])
            for name, of_widths in self.losses.items()
        }

    @styled
    def plot(
        self, ax: Any = None, *, cmap: str | None = None
    ) -> "CoordinateCheckDisplay":
        """Draw a column for each parametrisation.

        Parameters
        ----------
        ax : array of matplotlib Axes, default=None
            As many as panels, row by row. None makes a figure.
        cmap : str, default=None
            Colour map over the iterations and the widths. None is the cycle.

        Returns
        -------
        self : CoordinateCheckDisplay

        Raises
        ------
        ValueError
            If ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        rows = 1 if self.losses is None else 2
        self.ax_ = axes_table(ax, rows, len(self.changes))
        self.figure_ = self.ax_[0, 0].figure
        hands = pens(len(self.iterations), cmap)
        self.change_lines_ = {
            name: self._draw_changes(place, name, hands)
            for place, name in zip(self.ax_[0], self.changes, strict=True)
        }
        self.loss_lines_: dict[str, list[Any]] = {}
        hands = pens(len(self.widths), cmap)
        for place, name in zip(self.ax_[1:].ravel(), self.losses or (), strict=True):
            self.loss_lines_[name] = self._draw_losses(place, name, hands)
        for panel in self.ax_.ravel():
            finish(panel)
        # Each row has curves of its own; one legend of both is told in two columns.
        for row in self.ax_ if ax is not None else self.ax_[:0]:
            legend_of(row, False)
        if ax is None:
            legend_of(self.ax_.ravel(), True)
        return self

    def _draw_changes(self, ax: Any, name: str, hands: list[Pen]) -> list[Any]:
        ax.set(xscale="log", yscale="log", title=name)
        ax.set(xlabel="width m", ylabel="root mean square change")
        lines = []
        for kind, values in self.changes[name].items():
            for t, course, pen in zip(self.iterations, values, hands, strict=True):
                style = {"linestyle": _STYLES.get(kind, "-.")}
                about = pen.line(len(course), label=f"{kind}, t = {t}", **style)
                lines += ax.plot(self.widths, course, **about)
        label_values(ax, self.widths)
        return lines

    def _draw_losses(self, ax: Any, name: str, hands: list[Pen]) -> list[Any]:
        ax.set(xscale="log", yscale="log")
        ax.set(xlabel="learning rate c", ylabel="training loss")
        assert self.losses is not None  # who calls has seen to it
        lines = []
        for m, course, pen in zip(self.widths, self.losses[name], hands, strict=True):
            about = pen.line(len(course), label=f"m = {m}")
            lines += ax.plot(self.learning_rates, course, **about)
        return lines


def _best(rates: Floats, course: Floats) -> float:
    known = np.isfinite(course)
    return float(rates[known][course[known].argmin()]) if known.any() else np.nan
