"""Four balls in the plane, labelled like XOR: LL18's picture of assumption (A1)."""

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from overparam_sk.memory import check_room
from overparam_sk.parameters import COUNT, FLAG, number, random_generator
from overparam_sk.world import in_own_world

__all__ = ["make_xor_balls"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Balls 0 and 1 are the paper's class "-", balls 2 and 3 its class "+".
CENTERS = ((0.0, 2.0), (2.0, 0.0), (0.0, 0.0), (2.0, 2.0))
BALLS_PER_CLASS = 2

_RADIUS = number(0)


@overload
def make_xor_balls(
    n_samples: int = ...,
    *,
    radius: float = ...,
    random_state: Any = ...,
    return_components: Literal[False] = ...,
) -> tuple[Floats, Ints]: ...
@overload
def make_xor_balls(
    n_samples: int = ...,
    *,
    radius: float = ...,
    random_state: Any = ...,
    return_components: Literal[True],
) -> tuple[Floats, Ints, Ints, Floats]: ...
@in_own_world
def make_xor_balls(
    n_samples: int = 400,
    *,
    radius: float = 0.05,
    random_state: Any = None,
    return_components: bool = False,
) -> tuple[Floats, Ints] | tuple[Floats, Ints, Ints, Floats]:
    """Generate points in four balls in the plane, two for each class, like XOR.

    The example of [1]_, appendix C: class 1, the paper's "+", is uniform over the balls
    around (0, 0) and (2, 2), class 0, its "-", over those around (0, 2) and (2, 0).
    No line separates the classes. Points of different balls are at least
    2 - 2 · ``radius`` apart, 19/10 at the default. With one component per ball,
    assumption (A1) of separability holds for any ``radius`` up to 1/17.

    Parameters
    ----------
    n_samples : int, default=400
        Number of points.
    radius : float, default=0.05
        Radius of each ball; the paper gives the diameter, 1/10. Balls overlap from 1
        on.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. None draws a fresh generator; numpy's global one is left
        alone.
    return_components : bool, default=False
        Whether to return ``component`` and ``centers`` too.

    Returns
    -------
    X : ndarray of shape (n_samples, 2), float64
        The points.
    y : ndarray of shape (n_samples,), int64
        The classes, 0 ("-") and 1 ("+").
    component : ndarray of shape (n_samples,), int64
        Index of each point's ball: 0 and 1 are class 0, 2 and 3 class 1. Only with
        ``return_components=True``.
    centers : ndarray of shape (4, 2), float64
        The centres (0, 2), (2, 0), (0, 0), (2, 2), indexed by ``component``. Only with
        ``return_components=True``.

    Raises
    ------
    ValueError
        If ``n_samples`` is not an integer >= 1 or ``radius`` not a finite number >= 0.

    Notes
    -----
    The balls are drawn independently and with equal probability, so they hold equally
    many points only on average.

    (A1) asks that a ball's diameter 2r be at most δ / (8 · 2), where δ = 2 - 2r is the
    distance between balls of different classes; this is r <= 1/17.

    References
    ----------
    .. [1] Y. Li, Y. Liang, "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, section 3 (A1) and
       appendix C, figure 3.

    Examples
    --------
    >>> from overparam_sk.datasets import make_xor_balls
    >>> X, y = make_xor_balls(random_state=0)
    >>> X.shape, set(y.tolist())
    ((400, 2), {0, 1})
    """
    n_samples = COUNT("n_samples", n_samples)
    radius = _RADIUS("radius", radius)
    return_components = FLAG("return_components", return_components)
    check_room(f"{n_samples} samples", 48.0 * n_samples, "lower n_samples")
    random = random_generator(random_state)

    centers = np.array(CENTERS)
    drawn = random.randint(len(centers), size=n_samples)
    component = drawn.astype(np.int64, copy=False)
    X = centers[component] + radius * _uniform_in_unit_disc(random, n_samples)

    y = component // BALLS_PER_CLASS
    return (X, y, component, centers) if return_components else (X, y)


def _uniform_in_unit_disc(random: np.random.RandomState, n_samples: int) -> Floats:
    """Draw points uniform in the unit disc, shape (n_samples, 2)."""
    # The area inside radius r grows as r², hence the square root.
    r = np.sqrt(random.uniform(size=n_samples))
    angle = random.uniform(high=2 * np.pi, size=n_samples)
    return np.column_stack((r * np.cos(angle), r * np.sin(angle)))
