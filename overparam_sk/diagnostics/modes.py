"""The residual in the eigenvectors of H(0): which of them decide how the loss falls.

On the squared loss ½ Σ_i (u_i − y_i)², with a Gram matrix that stays H(0), gradient
descent of step η multiplies the residual along the eigenvector of λ_i by 1 − ηλ_i in
every step.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from overparam_sk.arrays import check_finite, real_array
from overparam_sk.diagnostics.gram import gram_matrix
from overparam_sk.linalg import with_eigenvectors
from overparam_sk.parameters import either, integer, one_of, several, shown
from overparam_sk.world import OwnWorld, in_own_world

__all__ = ["DescentSource", "ResidualModes", "residual_modes"]

Floats = NDArray[np.float64]
_ITERATIONS = either(one_of(None), several(integer(0), "a list of integers >= 0"))


@dataclass(frozen=True)
class DescentSource:
    """Gradient descent as it was done: an estimator's ``descent_source``.

    Parameters
    ----------
    learning_rate : float
        η at the end.
    n_iter : int
        Steps done.
    outputs : callable
        (X, y, iterations) -> outputs u after these numbers of steps, shape
        (n_iterations, n_samples), from the initial weights, of η and without momentum.
        A ValueError if the fit was another one.
    """

    learning_rate: float
    n_iter: int
    outputs: Callable[[Any, Any, Sequence[int]], NDArray[Any]]


@dataclass(frozen=True)
class ResidualModes(OwnWorld):
    """The residual of one run in the eigenvectors q_i of its H(0).

    Parameters
    ----------
    eigenvalues : ndarray of shape (n,)
        λ_i of H(0), descending.
    iterations : ndarray of shape (k,)
        Numbers of steps after which the residual was looked at; the first is 0.
    coefficients : ndarray of shape (k, n)
        c_i = q_i·(y − u) there.
    learning_rate : float
        η.
    """

    eigenvalues: Floats
    iterations: NDArray[np.int64]
    coefficients: Floats
    learning_rate: float

    def __repr__(self) -> str:
        """Tell the sizes: the arrays would fill a screen."""
        n, looks = len(self.eigenvalues), self.iterations.tolist()
        step = f"learning_rate={self.learning_rate:.4g}"
        return f"ResidualModes({n} modes, iterations={looks}, {step})"

    @property
    def predicted(self) -> Floats:
        """``coefficients`` if H stayed H(0): c_i(0) (1 − ηλ_i)^t, shape (k, n)."""
        found: Floats = self._factors(self.iterations) * self.coefficients[0]
        return found

    @property
    def loss_shares(self) -> Floats:
        """Share of L(0) that mode i holds, at every iteration looked at, (k, n)."""
        return self._shares(self.coefficients)

    @property
    def predicted_shares(self) -> Floats:
        """``loss_shares`` if H stayed H(0)."""
        return self._shares(self.predicted)

    @property
    def initial_rate(self) -> float:
        """−d log L/dt at t = 0 by K19's eq. (45): 2 Σ c_i² λ_i / Σ c_i²."""
        return float(2 * self.loss_shares[0] @ self.eigenvalues)

    def share_of_top(self, n_modes: int) -> float:
        """Share of L(0) in the ``n_modes`` largest eigenvalues."""
        return float(self.loss_shares[0, :n_modes].sum())

    def predicted_loss(self, iterations: ArrayLike) -> Floats:
        """L after so many steps if H stayed H(0): ½ Σ c_i(0)² (1 − ηλ_i)^(2t)."""
        squares = self._factors(np.asarray(iterations)) ** 2
        losses: Floats = squares @ self.coefficients[0] ** 2 / 2
        return losses

    def _factors(self, iterations: NDArray[Any]) -> Floats:
        factors = 1 - self.learning_rate * self.eigenvalues
        powers: Floats = factors ** iterations[..., None]
        return powers

    def _shares(self, coefficients: Floats) -> Floats:
        squares, whole = coefficients**2, (self.coefficients[0] ** 2).sum()
        shares: Floats = squares / (whole or 1.0)
        return shares


@in_own_world
def residual_modes(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    iterations: Sequence[int] | None = None,
    device: str = "cpu",
) -> ResidualModes:
    """Residual y − u(t), mode by mode of H(0), beside its law (1 − ηλ_i)^t.

    The law is that of gradient descent on ½ Σ_i (u_i − y_i)², of all rows, with one
    step η and no momentum, while H stays H(0). Whether a fit was that is found out and
    not believed: the descent is done again, from the initial weights, and must end
    where the fit did.

    Parameters
    ----------
    estimator : fitted estimator
        One with a ``descent_source``, as TwoHiddenReLURegressor and DeepReLURegressor
        have it, of one target.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The training rows, all of them.
    y : array-like of shape (n_samples,)
        Their targets.
    iterations : list of int, default=None
        Numbers of steps after which to look, beside 0 and the end; None is those two.
    device : str, default="cpu"
        Where to compute H(0), as for `gram_matrix`.

    Returns
    -------
    ResidualModes

    Raises
    ------
    ValueError
        For an estimator of another loss; for iterations that the fit did not do; if
        the descent done again ends elsewhere: after momentum, a step that was changed
        on the way, weights of the samples, a warm start of another kind, weights kept
        from before the end (``early_stopping``, or a ``learning_rate`` and
        ``n_iter_no_change`` of "auto"), or with other rows.
    MemoryError
        As `gram_matrix` does.

    References
    ----------
    .. [1] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019, eq. (45).

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> from overparam_sk.diagnostics import residual_modes
    >>> X, y = make_unit_sphere(20, 10, random_state=0)
    >>> net = TwoHiddenReLURegressor(
    ...     learning_rate=1e-3, max_iter=100, random_state=0
    ... ).fit(X, y)
    >>> modes = residual_modes(net, X, y, iterations=[10])
    >>> modes.coefficients.shape
    (3, 20)
    """
    source = getattr(estimator, "descent_source", None)
    if not isinstance(source, DescentSource):
        raise ValueError(
            "estimator must be one of the squared loss by gradient descent on all rows,"
            f" a fitted TwoHiddenReLURegressor or DeepReLURegressor, got "
            f"{shown(estimator)}."
        )
    asked = _ITERATIONS("iterations", iterations) or ()
    if max(asked, default=0) > source.n_iter:
        raise ValueError(
            f"iterations must be at most {source.n_iter}, where the fit ended, got "
            f"{max(asked)}."
        )
    looks = sorted({0, *asked, source.n_iter})
    H = gram_matrix(estimator, X, initial=True, device=device)
    values, vectors = with_eigenvectors(torch.from_numpy(H))
    targets = real_array("y", y, 1)
    residuals = targets - np.asarray(source.outputs(X, targets, looks), dtype=float)
    return ResidualModes(
        eigenvalues=values.numpy(),
        iterations=np.array(looks),
        coefficients=check_finite("The coefficients", residuals @ vectors.numpy()),
        learning_rate=source.learning_rate,
    )
