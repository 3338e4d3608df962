"""The kernel along a run: how far it went, where it points, the law of its start."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overparam_sk.diagnostics import gram_spectrum, residual_modes
from overparam_sk.drawing.legends import legend_of, nothing_to_show
from overparam_sk.drawing.panels import axes_grid
from overparam_sk.drawing.pens import Pen, pens
from overparam_sk.drawing.scales import above_rounding, finish
from overparam_sk.drawing.spread import AT_LEAST_0
from overparam_sk.drawing.style import styled
from overparam_sk.drawing.words import domain_of, label_of
from overparam_sk.parameters import either, integer, one_of, several
from overparam_sk.plotting._curves import fitted_attribute, inside
from overparam_sk.world import OwnWorld

__all__ = ["KernelDriftDisplay"]

_LOOKS = either(one_of(None), several(integer(0), "a list of integers >= 0"))
_COURSES = ("gram_drift", "gram_alignment")
# A part of the residual of less than this share is rounding, and its ratio noise.
_SEEN = 1e-6


class KernelDriftDisplay(OwnWorld):
    """Drift and alignment of the Gram matrix, its spectrum, and the residual's modes.

    Four panels: ``gram_drift`` and ``gram_alignment`` against the iteration; the
    eigenvalues of H at the looks; and, mode by mode of H(0), how much is left of the
    residual there, ``|c_i(t) / c_i(0)|``, beside the law ``|1 − ηλ_i|^t`` of a Gram
    matrix that stays H(0). Make one with :meth:`from_estimator`. All parameters are
    stored as attributes.

    Parameters
    ----------
    iterations : ndarray of shape (n_records,)
        Of the history.
    courses : dict of str to ndarray of shape (n_records,)
        ``gram_drift`` and ``gram_alignment``, those that were recorded.
    looks : ndarray of shape (n_looks,)
        Iterations of the spectra and of the modes; the first is 0.
    spectra : ndarray of shape (n_looks, n_samples)
        Eigenvalues of H there, descending.
    modes : ResidualModes or None, default=None
        The residual at the looks; None where there is no law.
    refusal : str or None, default=None
        Why there is none.

    Attributes
    ----------
    figure_ : matplotlib Figure
    ax_ : ndarray of matplotlib Axes of shape (4,)
    course_lines_ : list of two matplotlib Line2D or None
        None for what was not recorded.
    spectrum_lines_ : list of matplotlib Line2D
        One a look.
    mode_lines_, law_lines_ : list of matplotlib Line2D
        What was found at the looks after 0, and the law; empty without modes. Set by
        :meth:`plot`, as those above.

    See Also
    --------
    ConvergenceDisplay : Loss, λ_min and changes of the weights.
    overparam_sk.diagnostics.residual_modes : The modes and their law.

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> from overparam_sk.plotting import KernelDriftDisplay
    >>> X, y = make_unit_sphere(20, 10, random_state=0)
    >>> net = TwoHiddenReLURegressor(
    ...     learning_rate=1e-3, max_iter=100, random_state=0
    ... ).fit(X, y)
    >>> display = KernelDriftDisplay.from_estimator(net, X, y, looks=[10])
    >>> display.spectra.shape
    (3, 20)
    >>> display.plot()  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        iterations: NDArray[Any],
        courses: dict[str, NDArray[Any]],
        looks: NDArray[Any],
        spectra: NDArray[Any],
        modes: Any = None,
        refusal: str | None = None,
    ) -> None:
        self.iterations = iterations
        self.courses = courses
        self.looks = looks
        self.spectra = spectra
        self.modes = modes
        self.refusal = refusal

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike,
        *,
        looks: Sequence[int] | None = None,
    ) -> "KernelDriftDisplay":
        """Take the courses of a fitted estimator, and look at its Gram matrix.

        Nothing is drawn before :meth:`plot`.

        Parameters
        ----------
        estimator : fitted estimator with ``history_`` and ``gram_source``
            Or a pipeline, a search or the like that holds just one such.
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows that it was fitted to.
        y : array-like of shape (n_samples,)
            Their labels or targets.
        looks : list of int, default=None
            Iterations at which to look at the spectrum, beside 0 and the end. For those
            the run is done again (``estimator.snapshots``). None is 0 and the end.

        Returns
        -------
        KernelDriftDisplay
            Without modes where `residual_modes` refuses the estimator; ``refusal`` has
            its reason.

        Raises
        ------
        ValueError
            If the estimator is not fitted, a look is beyond its end, or there are looks
            and the run done again ends elsewhere.
        MemoryError
            If the Gram matrix is larger than the memory.
        """
        looks = _LOOKS("looks", looks) or ()
        history = fitted_attribute(estimator, "history_")
        net = inside(estimator, "history_")
        if max(looks, default=0) > net.n_iter_:
            raise ValueError(
                f"looks must be at most {net.n_iter_}, where the fit ended, got "
                f"{max(looks)}."
            )
        between = sorted({*looks} - {0, net.n_iter_})
        spectra = [gram_spectrum(net, X, initial=True)]
        if between:
            shots = net.snapshots(X, y, between)
            spectra += [gram_spectrum(shot, X) for shot in shots]
        spectra.append(gram_spectrum(net, X))
        modes = refusal = None
        try:
            modes = residual_modes(net, X, y, iterations=between)
        except ValueError as error:
            refusal = str(error)
        return cls(
            iterations=np.asarray(history["iteration"]),
            courses={name: history[name] for name in _COURSES if name in history},
            looks=np.array([0, *between, net.n_iter_]),
            spectra=np.array(spectra),
            modes=modes,
            refusal=refusal,
        )

    @styled
    def plot(self, ax: Any = None, *, cmap: str | None = None) -> "KernelDriftDisplay":
        """Draw the four panels.

        Parameters
        ----------
        ax : array of four matplotlib Axes, default=None
            None makes a figure.
        cmap : str, default=None
            Colour map over the looks. None is the cycle.

        Returns
        -------
        self : KernelDriftDisplay

        Raises
        ------
        ValueError
            If ``ax`` has another length.
        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = axes_grid(ax, 4)
        self.figure_ = self.ax_[0].figure
        drift, alignment, spectrum, modes = self.ax_
        self.course_lines_ = [
            self._draw_course(place, name)
            for place, name in zip((drift, alignment), _COURSES, strict=True)
        ]
        hands = pens(len(self.looks), cmap)
        self._draw_spectra(spectrum, hands)
        self.mode_lines_: list[Any] = []
        self.law_lines_: list[Any] = []
        if self.modes is None:
            nothing_to_show(modes, f"No law of the modes: {self.refusal}")
        else:
            self._draw_modes(modes, hands)
        legend_of([spectrum, modes], ax is None)
        return self

    def _draw_course(self, ax: Any, name: str) -> Any:
        if name not in self.courses:
            nothing_to_show(ax, f"{name} was not recorded")
            return None
        ax.set(xlabel="iteration", ylabel=label_of(name))
        (line,) = ax.plot(self.iterations, self.courses[name])
        finish(ax, domain_of(name))
        return line

    def _draw_spectra(self, ax: Any, hands: list[Pen]) -> None:
        ax.set(xlabel="index", ylabel="eigenvalue of H", xscale="log", yscale="log")
        index = np.arange(1, self.spectra.shape[1] + 1)
        self.spectrum_lines_ = []
        for values, t, pen in zip(self.spectra, self.looks, hands, strict=True):
            there = above_rounding(values)
            about = pen.line(int(there.sum()), label=f"iteration {t}")
            self.spectrum_lines_ += ax.plot(index[there], values[there], **about)
        finish(ax)

    def _draw_modes(self, ax: Any, hands: list[Pen]) -> None:
        """Markers for what was found, over the law as a line."""
        ax.set(xlabel="eigenvalue λᵢ of H(0)", xscale="log")
        ax.set_ylabel("left of the mode, |cᵢ(t) / cᵢ(0)|")
        start, values = np.abs(self.modes.coefficients[0]), self.modes.eigenvalues
        there = above_rounding(values) & (start > _SEEN * start.max(initial=0.0))
        looks = zip(self.modes.coefficients, self.modes.predicted, hands, strict=True)
        for found, law, pen in [*looks][1:]:
            left, foretold = (np.abs(c[there]) / start[there] for c in (found, law))
            at = values[there]
            thin = {"color": pen.color, "linestyle": pen.linestyle, "linewidth": 1}
            self.law_lines_ += ax.plot(at, foretold, **thin)
            points = {"color": pen.color, "marker": pen.marker, "markersize": 4}
            self.mode_lines_ += ax.plot(at, left, linestyle="", **points)
        if self.law_lines_:
            self.law_lines_[0].set_label("law of H(0), |1 − ηλᵢ|ᵗ")
        finish(ax, AT_LEAST_0)
