"""Classes that are mixtures of Gaussian components: LL18's synthetic data."""

from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from overparam_sk.arrays import real_array
from overparam_sk.memory import check_room
from overparam_sk.parameters import COUNT, FLAG, number, random_generator, shown
from overparam_sk.world import in_own_world

__all__ = ["make_clustered_mixture"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Sample = tuple[Floats, Ints]
_SPREAD = number(0)
SampleWithComponents = tuple[Floats, Ints, Ints, Floats]


@overload
def make_clustered_mixture(
    n_samples: int = ...,
    n_features: int = ...,
    *,
    n_classes: int = ...,
    n_components: int = ...,
    component_std: float = ...,
    center_std: float = ...,
    weights: ArrayLike | None = ...,
    normalize: bool = ...,
    return_components: Literal[False] = ...,
    random_state: Any = ...,
) -> Sample: ...
@overload
def make_clustered_mixture(
    n_samples: int = ...,
    n_features: int = ...,
    *,
    n_classes: int = ...,
    n_components: int = ...,
    component_std: float = ...,
    center_std: float = ...,
    weights: ArrayLike | None = ...,
    normalize: bool = ...,
    return_components: Literal[True],
    random_state: Any = ...,
) -> SampleWithComponents: ...
@in_own_world
def make_clustered_mixture(
    n_samples: int = 1000,
    n_features: int = 1000,
    *,
    n_classes: int = 10,
    n_components: int = 2,
    component_std: float = 1.0,
    center_std: float = 5.0,
    weights: ArrayLike | None = None,
    normalize: bool = False,
    return_components: bool = False,
    random_state: Any = None,
) -> Sample | SampleWithComponents:
    """Generate classes that are mixtures of Gaussian components.

    The synthetic data of [1]_, section 7: each of the k classes has l components; a
    component is N(c, component_std²/d · I), and its centre c is itself drawn from
    N(0, center_std²/d · I). So a point lies about ``component_std`` from its centre,
    and two centres lie about √2 · ``center_std`` apart, whatever d is.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of points. The paper trains on 1000 and tests on 1000 more.
    n_features : int, default=1000
        Dimension of the space, d.
    n_classes : int, default=10
        Number of classes, k.
    n_components : int, default=2
        Number of components in each class, l.
    component_std : float, default=1.0
        The paper's sigma: the root mean square distance of a point from its centre.
    center_std : float, default=5.0
        The paper's sigma_0: the root mean square distance of a centre from 0.
    weights : array-like of shape (n_classes, n_components) or flat, default=None
        Probabilities of the components, non-negative, scaled to sum to 1. A flat array
        has the n_classes · n_components entries in the order of ``component`` below.
        None makes all components equally likely, as in the paper.
    normalize : bool, default=False
        Whether to scale each row to Euclidean norm 1, assumption (A2) of [1]_. The
        centres are returned as drawn.
    return_components : bool, default=False
        Whether to return ``component`` and ``centers`` too.
    random_state : int, RandomState instance or None, default=None
        Seed or generator. None draws a fresh generator; numpy's global one is left
        alone.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), float64
        The points.
    y : ndarray of shape (n_samples,), int64
        The classes, 0 to n_classes - 1.
    component : ndarray of shape (n_samples,), int64
        Index of each point's component. The components of class i are
        i · n_components, ..., (i + 1) · n_components - 1, so
        ``y == component // n_components``. Only with ``return_components=True``.
    centers : ndarray of shape (n_classes * n_components, n_features), float64
        The centres, indexed by ``component``. Only with ``return_components=True``.

    Raises
    ------
    ValueError
        If a count is not an integer >= 1, a standard deviation is not a finite number
        >= 0, ``weights`` has another shape or no valid probabilities, or both standard
        deviations are 0 where the rows are to be scaled to norm 1.

    Notes
    -----
    The components are drawn independently, so the classes are equal in size only on
    average, and a small sample may lack one.

    The centres are drawn first: one seed gives the same centres whatever ``n_samples``
    is. Two samples from one seed are not independent, though; for a training and a test
    set make one call and split it with ``train_test_split``.

    Section 7 of [1]_ writes the covariance as sigma²/d · I, which is followed here, and
    appendix D.2 as sigma/√d · I, which agrees if read as a standard deviation.

    References
    ----------
    .. [1] Y. Li, Y. Liang, "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, sections 3 (A2) and 7.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> X, y = make_clustered_mixture(n_samples=2000, random_state=0)
    >>> X_train, X_test, y_train, y_test = train_test_split(
    ...     X, y, test_size=1000, random_state=0
    ... )
    >>> X_train.shape, X_test.shape
    ((1000, 1000), (1000, 1000))
    """
    n_samples, n_features = (
        COUNT("n_samples", n_samples),
        COUNT("n_features", n_features),
    )
    n_classes = COUNT("n_classes", n_classes)
    n_components = COUNT("n_components", n_components)
    component_std = _SPREAD("component_std", component_std)
    center_std = _SPREAD("center_std", center_std)
    normalize = FLAG("normalize", normalize)
    return_components = FLAG("return_components", return_components)
    check_room(
        f"{n_samples} samples and {n_classes} times {n_components} centres",
        8.0 * n_features * (2 * n_samples + n_classes * n_components),
        "lower n_samples, n_features, n_classes or n_components",
    )
    if normalize and component_std == center_std == 0:
        raise ValueError(
            "component_std or center_std must be > 0 with normalize=True, got 0 for "
            "both: the rows are zero and cannot be scaled to norm 1."
        )
    probabilities = _probabilities(weights, n_classes, n_components)
    random = random_generator(random_state)

    # The centres come first, so that they do not depend on n_samples.
    centers = random.standard_normal((n_classes * n_components, n_features))
    centers *= center_std / np.sqrt(n_features)
    component = _draw_components(random, n_samples, probabilities)
    X = random.standard_normal((n_samples, n_features))
    X *= component_std / np.sqrt(n_features)
    X += centers[component]
    if normalize:
        X /= np.linalg.norm(X, axis=1, keepdims=True)

    y = component // n_components
    return (X, y, component, centers) if return_components else (X, y)


def _probabilities(
    weights: ArrayLike | None, n_classes: int, n_components: int
) -> Floats:
    """Return the components' probabilities, shape (n_classes * n_components,)."""
    total = n_classes * n_components
    if weights is None:
        return np.full(total, 1 / total)
    given = real_array("weights", weights)
    shapes = (n_classes, n_components), (total,)
    if given.shape not in shapes:
        raise ValueError(
            f"weights must have shape {shapes[0]} or {shapes[1]}, got {given.shape}."
        )
    if np.any(given < 0) or not np.any(given > 0):
        raise ValueError(
            "weights must be finite and non-negative, and not all 0, got "
            f"{shown(given.tolist())}."
        )
    relative = given.ravel() / given.max()  # so that the sum cannot overflow
    probabilities: Floats = relative / relative.sum()
    return probabilities


def _draw_components(
    random: np.random.RandomState, n_samples: int, probabilities: Floats
) -> Ints:
    """Draw component indices independently, shape (n_samples,)."""
    drawn = random.choice(len(probabilities), size=n_samples, p=probabilities)
    return drawn.astype(np.int64, copy=False)
