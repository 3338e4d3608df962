"""The rank of what was learned: singular values of W − W(0), beside those of W."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.drawing.legends import legend_of
from overparam_sk.drawing.panels import axes_row
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.scales import above_rounding, finish
from overparam_sk.drawing.spread import draw_mean, explain_spread
from overparam_sk.drawing.style import NEUTRAL, styled
from overparam_sk.parameters import COUNT, FLAG, either, one_of
from overparam_sk.plotting._curves import NAME, as_groups, fitted_attribute
from overparam_sk.world import OwnWorld

__all__ = ["UpdateSpectrumDisplay"]

_COMPONENTS = either(one_of(None), COUNT)


class UpdateSpectrumDisplay(OwnWorld):
    """Singular values of the accumulated update, and of the final weights.

    Figures 1d and 2d of [1]_. Make one with :meth:`from_estimator` or
    :meth:`from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    names : list of str
        One a curve.
    update_singular_values : list of ndarray of shape (n_repeats, n_values)
        Per curve, those of W − W(0), descending.
    weight_singular_values : list of ndarray of shape (n_repeats, n_values) or None, \
default=None
        Per curve, those of W itself, to compare with.
    n_components : int or None, default=None
        Number of components of the data in all, the paper's k·l.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : matplotlib Axes
    lines_ : list of matplotlib Line2D
        The mean lines of the update; set by :meth:`plot`, as the others.
    weight_lines_ : list of matplotlib Line2D
        The mean lines of W; empty where they are not shown.
    component_line_ : matplotlib Line2D or None
        The vertical line at ``n_components``.

    See Also
    --------
    TrainingDynamicsDisplay : How the training went.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, section 7.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.plotting import UpdateSpectrumDisplay
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> net = OverparamReLUClassifier(20, random_state=0).fit(X, y)
    >>> display = UpdateSpectrumDisplay.from_estimator(net, n_components=3)
    >>> display.update_singular_values[0].shape
    (1, 4)
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        names: list[str],
        update_singular_values: list[NDArray[Any]],
        weight_singular_values: Sequence[NDArray[Any] | None] | None = None,
        n_components: int | None = None,
    ) -> None:
        self.names = names
        self.update_singular_values = update_singular_values
        self.weight_singular_values = weight_singular_values
        self.n_components = n_components

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        name: str | None = None,
        n_components: int | None = None,
        weights: bool = True,
    ) -> "UpdateSpectrumDisplay":
        """Take the spectra of one fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator with ``update_singular_values_``
            Or a pipeline, a search or the like that holds just one such.
        name : str, default=None
            None is its width.
        n_components : int, default=None
            Number of components of the data in all, the paper's k·l.
        weights : bool, default=True
            Whether to compute the singular values of ``hidden_weights_`` too, where
            these alone are trained.

        Returns
        -------
        UpdateSpectrumDisplay
        """
        name = NAME("name", name)
        return cls.from_estimators(
            [estimator],
            names=None if name is None else [name],
            n_components=n_components,
            weights=weights,
        )

    @classmethod
    def from_estimators(
        cls,
        estimators: Any,
        *,
        names: Iterable[str] | None = None,
        n_components: int | None = None,
        weights: bool = True,
    ) -> "UpdateSpectrumDisplay":
        """Take the spectra of several fitted estimators, with or without repeats.

        Parameters
        ----------
        estimators : dict or list
            A dict maps the name of a curve to a fitted estimator or to a list of them,
            its repeats. In a list every estimator is a curve of its own. A network of
            several trained layers has a curve for each.
        names : iterable of str, default=None
            Names of a list's curves. None takes the widths where they differ.
        n_components : int, default=None
            Number of components of the data in all, the paper's k·l.
        weights : bool, default=True
            Whether to compute the singular values of ``hidden_weights_`` too, where
            these alone are trained.

        Returns
        -------
        UpdateSpectrumDisplay

        Raises
        ------
        ValueError
            If an estimator is not fitted or lacks the singular values, the names do not
            fit, the repeats of a curve differ in shape, or ``n_components`` < 1.
        """
        n_components = _COMPONENTS("n_components", n_components)
        weights = FLAG("weights", weights)
        groups = as_groups(estimators, names, "update_singular_values_")
        updates: dict[str, list[Any]] = {}
        spectra: dict[str, list[Any] | None] = {}
        for name, group in groups.items():
            found = [e.update_singular_values_ for e in group]
            if any(isinstance(layers, list) for layers in found):
                for layer, values in enumerate(zip(*found, strict=True), start=1):
                    updates[f"{name}, layer {layer}"] = list(values)
                    spectra[f"{name}, layer {layer}"] = None
            else:
                updates[name] = found
                spectra[name] = (
                    [_singular_values(e) for e in group] if weights else None
                )
        drawn = {name: values for name, values in spectra.items() if values is not None}
        stacked = dict(zip(drawn, _stacked(drawn), strict=True))
        return cls(
            names=list(updates),
            update_singular_values=_stacked(updates),
            weight_singular_values=[stacked.get(name) for name in updates]
            if drawn
            else None,
            n_components=n_components,
        )

    @styled
    def plot(
        self, ax: Any = None, *, show_weights: bool = True, cmap: str | None = None
    ) -> "UpdateSpectrumDisplay":
        """Draw the update's singular values solid, those of the weights dashed.

        Both axes are logarithmic: the first k·l of a thousand values are what matters.
        What is no more than float32's rounding of a curve's largest is left out.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a figure.
        show_weights : bool, default=True
            Whether to draw the spectra of W, where there are any.
        cmap : str, default=None
            Colour map over the curves, for names with an order. None is the cycle.

        Returns
        -------
        self : UpdateSpectrumDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        show_weights = FLAG("show_weights", show_weights)
        (self.ax_,) = axes_row(ax, 1)
        self.figure_ = self.ax_.figure
        self.ax_.set(
            xscale="log", yscale="log", xlabel="index", ylabel="singular value"
        )
        hands = pens(len(self.names), cmap)
        self.lines_ = [
            _draw(self.ax_, values, pen, len(self.names), label=name)
            for name, values, pen in zip(
                self.names, self.update_singular_values, hands, strict=True
            )
        ]
        shown = (self.weight_singular_values or []) if show_weights else []
        self.weight_lines_ = [
            _draw(self.ax_, values, pen, len(self.names), linestyle="--", linewidth=1)
            for values, pen in zip(shown, hands, strict=False)
            if values is not None
        ]
        if self.weight_lines_:
            dashes = {"color": NEUTRAL, "linestyle": "--", "linewidth": 1}
            self.ax_.plot([], [], label="dashed: W itself", **dashes)
        if any(len(values) > 1 for values in self.update_singular_values):
            explain_spread(self.ax_, len(self.names))
        self.component_line_ = None
        if self.n_components is not None:
            dots = {"color": NEUTRAL, "linestyle": ":", "linewidth": 1.2}
            label = f"index {self.n_components}"
            self.component_line_ = self.ax_.axvline(
                self.n_components, label=label, **dots
            )
        finish(self.ax_)
        if len(self.ax_.get_legend_handles_labels()[1]) > 1:
            legend_of([self.ax_], ax is None)
        return self


def _draw(ax: Any, values: NDArray[Any], pen: Pen, n_curves: int, **line: Any) -> Any:
    index = np.arange(1, values.shape[1] + 1)
    # What a direction has that no row has is rounding of float32's weights, or 0.
    there = above_rounding(values, np.float32).all(axis=0)
    return draw_mean(ax, index[there], values[:, there], pen, n_curves=n_curves, **line)


def _singular_values(estimator: Any) -> NDArray[Any]:
    W = np.asarray(fitted_attribute(estimator, "hidden_weights_"))
    return np.linalg.svd(W, compute_uv=False)


def _stacked(spectra: dict[str, list[Any]]) -> list[NDArray[Any]]:
    """One array of shape (n_repeats, n_values) a curve."""
    for name, group in spectra.items():
        shapes = {np.shape(values) for values in group}
        if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
            raise ValueError(
                "The singular values of a curve's repeats must be 1-D arrays of one "
                f"length, got shapes {sorted(shapes)} for {name!r}."
            )
    return [np.stack(group).astype(float) for group in spectra.values()]
