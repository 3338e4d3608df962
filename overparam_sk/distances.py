"""The smallest distance between rows, in spite of rounding."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import pairwise_distances_chunked

__all__ = ["smallest_distance"]

Floats = NDArray[np.float64]

# Of the squares of norms from which a squared distance is made: its rounding error, and
# above what it has digits enough.
_ROUNDING, _ENOUGH = 1e-13, 1e-7
# Pairs of which the difference is taken at a time.
_PAIRS = 2**12


def smallest_distance(X: Floats, Y: Floats | None = None) -> float:
    """Of a row of X and one of Y, or of two rows of X.

    ‖x‖² + ‖y‖² − 2⟨x, y⟩ is fast, and has no digit left where x and y are near each
    other; so those pairs that may be the nearest are then subtracted.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    Y : ndarray of shape (p, d), default=None

    Returns
    -------
    float
        Infinite where there are no two rows.
    """
    # In units of the largest entry, so that no square over- or underflows.
    unit = max(float(np.abs(part).max()) for part in (X, Y) if part is not None) or 1.0
    X, Y = X / unit, None if Y is None else Y / unit
    others = X if Y is None else Y
    largest = (X**2).sum(axis=1).max() + (others**2).sum(axis=1).max()
    smallest = np.inf
    for first, block in _blocks(X, Y):
        least = float(block.min())
        if least**2 > _ENOUGH * largest:
            smallest = min(smallest, least)
            continue
        bound = min(smallest, least) ** 2 + _ROUNDING * largest
        near = np.argwhere(block**2 <= bound)
        for start in range(0, len(near), _PAIRS):
            i, j = near[start : start + _PAIRS].T
            differences = X[first + i] - others[j]
            found = float(np.linalg.norm(differences, axis=1).min())
            smallest = min(smallest, found)
            if not smallest:
                return 0.0
    return smallest * unit


def _blocks(X: Floats, Y: Floats | None) -> Iterator[tuple[int, NDArray[Any]]]:
    """Distances of some rows of X, the first of them and none from itself."""
    first = 0
    for block in pairwise_distances_chunked(X, Y):
        if Y is None:
            places = np.arange(len(block))
            block[places, first + places] = np.inf
        yield first, block
        first += len(block)
