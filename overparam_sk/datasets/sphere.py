"""Random points on the unit sphere with random targets: K19's synthetic data."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.memory import check_room
from overparam_sk.parameters import COUNT, random_generator
from overparam_sk.world import in_own_world

__all__ = ["make_unit_sphere"]


@in_own_world
def make_unit_sphere(
    n_samples: int = 50, n_features: int = 100, *, random_state: Any = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Generate points uniform on the unit sphere, with targets uniform on [0, 1).

    The targets do not depend on the points: a network that fits them has memorised
    them. The defaults are "synthetic-50" of [1]_, section V; ``n_samples=100`` is
    "synthetic-100".

    Parameters
    ----------
    n_samples : int, default=50
        Number of points, n.
    n_features : int, default=100
        Dimension of the space, d.
    random_state : int, RandomState instance or None, default=None
        Seed or generator of the points and the targets. None draws a fresh generator;
        numpy's global one is left alone.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), float64
        Rows of Euclidean norm 1.
    y : ndarray of shape (n_samples,), float64
        Targets in [0, 1).

    Raises
    ------
    ValueError
        If ``n_samples`` or ``n_features`` is not an integer >= 1.

    References
    ----------
    .. [1] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019, sections III
       (‖x_i‖ = 1) and V (the data).

    Examples
    --------
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> X, y = make_unit_sphere(random_state=0)
    >>> X.shape, y.shape
    ((50, 100), (50,))
    """
    n_samples = COUNT("n_samples", n_samples)
    n_features = COUNT("n_features", n_features)
    check_room(
        f"{n_samples} samples",
        16.0 * n_samples * n_features,
        "lower n_samples or n_features",
    )
    random = random_generator(random_state)
    X = random.standard_normal((n_samples, n_features))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X, random.uniform(size=n_samples)
