"""Gradient descent with an infinitely small step (K19 eqs. 4 and 5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overparam_sk.arrays import check_finite, real_array
from overparam_sk.parameters import COUNT, FLAG, either, number, one_of, shown
from overparam_sk.theory._beginning import begin, check_reachable
from overparam_sk.theory._follow import Follower
from overparam_sk.theory._look import Look
from overparam_sk.world import OwnWorld, in_own_world

__all__ = ["GradientFlow", "gradient_flow"]

Floats = NDArray[np.float64]

# Up to this h2 the changes of patterns are few enough to be located one by one.
_LOCATED_UP_TO = 100
# How much looser the run is that the error is estimated by. Where changes end most
# steps, steps are alike in both unless it is much looser.
_LOOSER, _LOOSER_LOCATED = 10.0, 100.0

_EVENTS = either(one_of("auto"), FLAG)
_RTOL, _ATOL = number(1e-12, 0.1), number(0.0, above=True)


@dataclass(frozen=True)
class GradientFlow(OwnWorld):
    """What `gradient_flow` found.

    Attributes
    ----------
    outputs : ndarray of shape (n_times, n_samples)
        u(t), the outputs on the rows.
    history : dict of str to ndarray of shape (n_times,)
        ``t``, ``loss`` and, with ``diagnostics``, the columns that the estimator's
        ``history_`` has for the same diagnostics on all rows. Patterns are
        1{pre-activation > 0}, also of units that the flow holds at 0.
    first_weights : ndarray of shape (h1, n_features)
        A at the last time.
    first_intercept : ndarray of shape (h1,)
        Weights of the constant 1 there; zeros if there is none.
    second_weights : ndarray of shape (h2, h1)
        B there.
    error : float
        Estimate of the largest error of ``outputs``: their largest difference from
        those of a run with ten times the tolerances, a hundred where changes are
        located.
    change_times : ndarray of shape (n_changes,) or None
        When a unit's pattern changed on a row, in order; None where changes were not
        located.
    n_held : int
        How many of these changes held the unit at 0 on that row.
    n_steps, n_evaluations : int
        Steps taken, and evaluations of the gradient.
    """

    outputs: Floats = field(repr=False)
    history: dict[str, NDArray[Any]] = field(repr=False)
    first_weights: Floats = field(repr=False)
    first_intercept: Floats = field(repr=False)
    second_weights: Floats = field(repr=False)
    error: float
    change_times: Floats | None = field(repr=False)
    n_held: int
    n_steps: int
    n_evaluations: int

    @property
    def t(self) -> Floats:
        """The times, shape (n_times,)."""
        return self.history["t"]

    @property
    def loss(self) -> Floats:
        """L(t) = ½ ‖u(t) − y‖², shape (n_times,)."""
        return self.history["loss"]


@in_own_world
def gradient_flow(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    t: ArrayLike,
    *,
    events: bool | str = "auto",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    diagnostics: bool = True,
    max_steps: int = 100_000,
) -> GradientFlow:
    """Follow Kong's continuous time: dA/dt = −∂L/∂A, dB/dt = −∂L/∂B.

    It begins ([1]_, §IV) at A(0) and B(0) of the estimator, with its readout, and is
    what gradient descent on L = ½ Σ_i (u_i − y_i)² tends to as the step η goes to 0, at
    t = η times the iteration. The steps are those of the embedded pair RK45, in
    float64.

    The right-hand side jumps where a pre-activation is 0. With ``events`` a step ends
    there: between two changes of patterns the field is smooth, and its accuracy is the
    tolerance's. Where both sides of such a surface push towards it, which gradient
    descent answers by going to and fro, the flow stays on it: its velocity is then
    minus the element of least norm of the loss's Clarke subdifferential, as it is
    everywhere else [2]_. Without ``events`` steps shorten where patterns change, as the
    error estimate has it, and such surfaces are crossed to and fro at the tolerance's
    scale; tolerances below about 1e-6 then cost many steps.

    Parameters
    ----------
    estimator : fitted TwoHiddenReLURegressor
        Its initialisation, readout and intercept; not what its fit has found.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        As they were fitted, or others.
    t : float or array-like of shape (n_times,)
        Where to look, ascending, from 0 on.
    events : bool or "auto", default="auto"
        Whether changes of patterns are located; "auto" does so up to a second layer of
        100 units.
    rtol, atol : float, default=1e-6 and 1e-9
        Tolerances of the weights in a step.
    diagnostics : bool, default=True
        Whether to measure the network at each of the times, on all rows.
    max_steps : int, default=100_000
        Most steps of each of the two runs, one for ``error``.

    Returns
    -------
    GradientFlow

    Raises
    ------
    NotFittedError
        Before ``fit``.
    ValueError
        For what is no fitted TwoHiddenReLURegressor; for rows, targets or times that do
        not fit, or are not finite; if ``max_steps`` do not lead to the last time.
    MemoryError
        If the Gram matrix of the rows is larger than the memory.

    References
    ----------
    .. [1] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019. Eqs. 4, 5.
    .. [2] D. Davis, D. Drusvyatskiy, S. Kakade, J. D. Lee. "Stochastic Subgradient
       Method Converges on Tame Functions", 2020. Lemma 5.2.

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> from overparam_sk.theory import gradient_flow
    >>> X, y = make_unit_sphere(10, 5, random_state=0)
    >>> net = TwoHiddenReLURegressor(width2=20, random_state=0).fit(X, y)
    >>> flow = gradient_flow(net, X, y, [0.0, 1.0, 2.0])
    >>> bool((flow.loss[1:] < flow.loss[:-1]).all())
    True
    """
    events = _EVENTS("events", events)
    tolerances = {"rtol": _RTOL("rtol", rtol), "atol": _ATOL("atol", atol)}
    diagnostics = FLAG("diagnostics", diagnostics)
    max_steps = COUNT("max_steps", max_steps)
    times = _checked_times(t)
    eqs, start, constant = begin(estimator, X, y)
    check_reachable(eqs, start, times[-1], max_steps)
    if events == "auto":
        events = len(eqs.w) <= _LOCATED_UP_TO
    states, outputs, told = [start], [], None
    look = Look(eqs, start, constant) if diagnostics else None
    columns: list[Mapping[str, Any]] = []
    with np.errstate(all="ignore"):  # what is not finite is refused
        factor = _LOOSER_LOCATED if events else _LOOSER
        loose = {name: factor * value for name, value in tolerances.items()}
        rough = Follower(eqs, **loose, max_steps=max_steps, events=bool(events))
        others = [eqs.at(state).u.numpy() for state in rough.states(start, times)]
        run = Follower(eqs, **tolerances, max_steps=max_steps, events=bool(events))
        for state in run.states(start, times):
            outputs.append(eqs.at(state).u.numpy())
            columns.append(look.at(state) if look else {})
            states[0] = state
    found = check_finite("The outputs", np.array(outputs))
    A, B = (W.numpy().copy() for W in eqs.layers(states[0]))
    told = run.told
    return GradientFlow(
        outputs=found,
        history={
            "t": times,
            "loss": ((found - eqs.y.numpy()) ** 2).sum(axis=1) / 2,
            **{name: np.array([c[name] for c in columns]) for name in columns[0]},
        },
        first_weights=A[:, :-1] if constant else A,
        first_intercept=A[:, -1] if constant else np.zeros(len(A)),
        second_weights=B,
        error=float(np.abs(found - np.array(others)).max()),
        change_times=None if told.changes is None else np.array(told.changes),
        n_held=told.n_held,
        n_steps=told.n_steps,
        n_evaluations=told.n_evaluations,
    )


def _checked_times(t: ArrayLike) -> Floats:
    times = np.atleast_1d(real_array("t", t, 0, 1))
    if times[0] < 0 or (np.diff(times) < 0).any():
        raise ValueError(f"t must be ascending times >= 0, got {shown(t)}.")
    return times
