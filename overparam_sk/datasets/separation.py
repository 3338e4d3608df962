"""How well labelled data is separated: δ, λ and l of LL18's assumption (A1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import AgglomerativeClustering
from sklearn.utils import check_X_y
from sklearn.utils.multiclass import check_classification_targets

from overparam_sk.arrays import check_finite
from overparam_sk.distances import smallest_distance
from overparam_sk.parameters import COUNT, either, one_of, random_generator
from overparam_sk.world import in_own_world

__all__ = ["Separability", "separability"]

# With n_components="auto" no class is cut into more parts, and one cut more must divide
# the largest diameter by more than this: any segment can be cut into halves.
_MOST_COMPONENTS = 20
_LEAST_DROP = 2.0

_COMPONENTS = either(one_of("auto"), COUNT)
_SAMPLE = either(one_of(None), COUNT)


@dataclass(frozen=True)
class Separability:
    """What `separability` found.

    Attributes
    ----------
    delta : float
        δ, the smallest distance between rows of different classes.
    n_components : int
        l, components of each class.
    diameters : ndarray of shape (most,)
        Entry l − 1: the largest diameter of a component if every class is cut into l.
    component : ndarray of shape (n_rows,), int64
        Component of each row that was looked at, 0 to l − 1 within its class.
    rows : ndarray of shape (n_rows,), int64
        Those rows.
    norms : tuple of float
        The smallest and the largest Euclidean norm of these rows; 1 and 1 under
        assumption (A2).
    """

    delta: float
    n_components: int
    diameters: NDArray[np.float64]
    component: NDArray[np.int64]
    rows: NDArray[np.int64]
    norms: tuple[float, float]

    @property
    def diameter(self) -> float:
        """The largest diameter of a component."""
        return float(self.diameters[self.n_components - 1])

    @property
    def lambda_(self) -> float:
        """λ, the largest diameter over δ; infinite if rows of two classes are equal."""
        return self.diameter / self.delta if self.delta > 0 else float("inf")

    @property
    def bound(self) -> float:
        """1/(8 l), which λ must not exceed."""
        return 1 / (8 * self.n_components)

    @property
    def holds(self) -> bool:
        """Whether assumption (A1) holds for these rows, cut in this way."""
        return self.lambda_ <= self.bound


@in_own_world
def separability(
    X: ArrayLike,
    y: ArrayLike,
    n_components: Any = "auto",
    *,
    sample: int | None = 2000,
    random_state: Any = 0,
) -> Separability:
    """Estimate δ, λ and l of labelled data: assumption (A1) of LL18.

    (A1) of [1]_ asks that components of different classes are at least δ apart, and
    that no component is wider than λδ, with λ ≤ 1/(8l) and l components in each class.
    Every class is cut by agglomerative clustering with complete linkage, whose heights
    are the diameters of the clusters, so that all l are known at once.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        (A2) of [1]_ has rows of norm 1; they are taken as they are.
    y : array-like of shape (n_samples,)
        Class labels, of at least two classes.
    n_components : "auto" or int, default="auto"
        l. "auto" is the one at which the largest diameter falls most from l − 1 to l,
        up to 20 and to half the rows of the smallest class; 1 if it never falls to less
        than a half.
    sample : int or None, default=2000
        Rows of each class, drawn at random, that are clustered and measured; None
        takes all. Memory is quadratic in it. The supports are those of the rows: of
        more rows δ is smaller and the diameters are larger.
    random_state : int, RandomState instance or None, default=0
        Seed of the sample.

    Returns
    -------
    Separability

    Raises
    ------
    ValueError
        If ``n_components`` or ``sample`` is not an integer >= 1, or X and y are not
        labelled rows of two or more classes.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, section 3 and appendix C.

    Examples
    --------
    >>> from overparam_sk.datasets import make_xor_balls, separability
    >>> found = separability(*make_xor_balls(random_state=0))
    >>> found.n_components, found.holds
    (2, True)
    >>> round(found.delta, 2), round(found.diameter, 3), round(found.lambda_, 3)
    (1.9, 0.099, 0.052)
    """
    n_components = _COMPONENTS("n_components", n_components)
    sample = _SAMPLE("sample", sample)
    X_, y_ = check_X_y(X, y, dtype=np.float64)
    check_classification_targets(y_)
    classes = np.unique(y_)
    if len(classes) < 2:
        raise ValueError(f"y must hold at least 2 classes, got {len(classes)}.")
    random = random_generator(random_state)
    # In units of the largest entry, so that no square over- or underflows.
    scale = float(np.abs(X_).max()) or 1.0
    X_ = X_ / scale
    places = [_some(np.flatnonzero(y_ == label), sample, random) for label in classes]
    delta = min(_between(X_, places))
    most = n_components
    if n_components == "auto":
        # A row alone has the diameter 0, which says nothing of its component.
        most = max(1, min(_MOST_COMPONENTS, *(len(rows) // 2 for rows in places)))
    diameters = np.max([_diameters(X_[rows], most) for rows in places], axis=0)
    if n_components == "auto":
        n_components = _at_the_largest_drop(diameters)
    component = [_components(X_[rows], n_components) for rows in places]
    lengths = np.linalg.norm(X_[np.concatenate(places)], axis=1)
    with np.errstate(over="ignore"):
        delta, diameters, lengths = delta * scale, diameters * scale, lengths * scale
    for name, figures in (("δ", np.array(delta)), ("The diameters", diameters)):
        check_finite(name, figures)
    check_finite("The norms of the rows", lengths)
    return Separability(
        float(delta),
        int(n_components),
        diameters,
        np.concatenate(component),
        np.concatenate(places),
        (float(lengths.min()), float(lengths.max())),
    )


def _some(
    rows: NDArray[np.int64], sample: int | None, random: np.random.RandomState
) -> NDArray[np.int64]:
    if sample is None or len(rows) <= sample:
        return rows
    return np.sort(random.choice(rows, sample, replace=False))


def _between(X: NDArray[Any], places: list[NDArray[np.int64]]) -> Iterator[float]:
    """The smallest distance between each class and those after it."""
    for i, rows in enumerate(places[:-1]):
        others = X[np.concatenate(places[i + 1 :])]
        yield smallest_distance(X[rows], others)


def _diameters(X: NDArray[Any], most: int) -> NDArray[np.float64]:
    """The largest diameter of a cluster, for 1 to ``most`` clusters."""
    diameters = np.zeros(most)
    if len(X) > 1:
        heights = _tree(X, 1).distances_[::-1][:most]
        diameters[: len(heights)] = heights
    return diameters


def _at_the_largest_drop(diameters: NDArray[np.float64]) -> int:
    before, after = diameters[:-1], diameters[1:]
    dropped = after * _LEAST_DROP < before
    if not dropped.any():
        return 1
    ratio = np.where(dropped, after / np.where(before > 0, before, 1), np.inf)
    return 2 + int(np.argmin(ratio))


def _components(X: NDArray[Any], n_components: int) -> NDArray[np.int64]:
    if len(X) <= n_components:
        return np.arange(len(X))
    labels: NDArray[np.int64] = _tree(X, n_components).labels_.astype(np.int64)
    return labels


def _tree(X: NDArray[Any], n_clusters: int) -> Any:
    return AgglomerativeClustering(
        n_clusters, linkage="complete", compute_distances=True, compute_full_tree=True
    ).fit(X)
