"""What is measured of a narrow layer in a deep network: dead rows, H(0), and fits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from overparam_sk import DeepReLURegressor
from overparam_sk.diagnostics import gram_spectrum, infinite_width_lambda_min
from overparam_sk.experiments.beyond.narrow_nets import (
    Limit,
    RowNorm,
    dead_rows,
    draw,
    expected_sizes,
    features,
    hidden_widths,
    sizes,
)

__all__ = ["CONTROL", "Depth", "Fit", "Key", "Start", "count_dead", "fit", "start"]

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

# The position of the narrow layer in a network that has none.
CONTROL = 0


class Key(NamedTuple):
    """A kind of networks: depth L, where the narrow layer is, and the other widths."""

    row_norm: RowNorm
    depth: int
    position: int
    width: int


@dataclass(frozen=True)
class Start:
    """A network at initialisation.

    Parameters
    ----------
    dead : int
        Dead rows.
    largest, smallest : float
        λ_max and λ_min of H(0).
    limit : float
        λ_min of the expectation of H(0) as the layers above the narrow one grow, given
        those up to it; of the infinite width where none is narrow. NaN where no layer
        is above it, or rows are clipped.
    sizes, expected : ndarray of shape (L,)
        Mean diagonal of each layer's part, and what that is in the mean.
    """

    dead: int
    largest: float
    smallest: float
    limit: float
    sizes: Floats
    expected: Floats

    @property
    def conditioning(self) -> float:
        """λ_min/λ_max."""
        return self.smallest / self.largest


@dataclass(frozen=True)
class Fit:
    """A network that was trained for T steps.

    Parameters
    ----------
    dead, dead_after : int
        Dead rows at the start and at the end.
    free : int
        Those at the end whose target is 0, which f = 0 meets.
    floor : float
        Σ y²/2 over the dead rows at the end.
    first, last : float
        L(0) and L(T).
    smallest, largest : float
        λ_min and λ_max of H(0).
    step : float
        η at the end.
    n_steps : int
    distances : ndarray of shape (L,)
        ‖W_l − W_l(0)‖/‖W_l(0)‖.
    """

    dead: int
    dead_after: int
    free: int
    floor: float
    first: float
    last: float
    smallest: float
    largest: float
    step: float
    n_steps: int
    distances: Floats

    @property
    def left(self) -> float:
        """L(T)/L(0)."""
        return self.last / self.first

    @property
    def rate(self) -> float:
        """−log(L(T)/L(0))/T of what no dead row holds; NaN if they hold all of it."""
        above = (self.last - self.floor) / (self.first - self.floor)
        return float(-np.log(above) / self.n_steps) if above > 0 else float("nan")

    @property
    def linear_rate(self) -> float:
        """What it is at least if H stays as it is: −2 log(1 − η λ_min)."""
        return float(-2 * np.log1p(-min(self.step * self.smallest, 1 - 1e-16)))


@dataclass(frozen=True)
class Depth:
    """All of one data set.

    Parameters
    ----------
    n : int
        Rows.
    counts : dict of (h, position, width) to ndarray of shape (n_networks, n_layers)
        Dead rows behind a layer of h units: networks below, and layers drawn for each.
    limits : dict of (h, position) to Limit
        Of the same as the width grows.
    starts, fits : dict of Key to lists
    """

    n: int
    counts: Mapping[tuple[int, int, int], Counts]
    limits: Mapping[tuple[int, int], Limit]
    starts: Mapping[Key, Sequence[Start]]
    fits: Mapping[Key, Sequence[Fit]]


def count_dead(
    rng: np.random.Generator,
    X: Floats,
    position: int,
    narrow: Sequence[int],
    width: int,
    n_networks: int,
    n_layers: int,
) -> dict[int, Counts]:
    """By h, dead rows behind many layers of h units above networks of wide ones."""
    shape, most = (n_networks, n_layers), max(narrow)
    found = {h: np.empty(shape, dtype=np.int64) for h in narrow}
    for at in range(n_networks):
        *below, _ = draw(rng, (width,) * (position - 1) or (1,), X.shape[1], None)
        Y = features(below if position > 1 else (), X)[-1]
        units = rng.standard_normal((Y.shape[1], n_layers * most))
        off = (Y @ units <= 0).reshape(len(X), n_layers, most)
        for h in narrow:
            found[h][at] = off[:, :, :h].all(axis=2).sum(axis=0)
    return found


def start(
    rng: np.random.Generator,
    X: Floats,
    key: Key,
    narrow: int,
    infinite: Callable[[int], float],
) -> Start:
    """Draw a network; ``infinite`` gives λ_min of the infinite width, by the depth."""
    widths = hidden_widths(key.depth, key.position, narrow, key.width)
    weights = draw(rng, widths, X.shape[1], key.row_norm)
    values = gram_spectrum(weights, X)
    limit = float("nan")
    if key.row_norm is None and key.position == CONTROL:
        limit = infinite(key.depth)
    elif key.row_norm is None and key.position < key.depth:
        given = weights[: key.position]
        options = {"network": "deep_relu", "depth": key.depth, "first_weights": given}
        limit = infinite_width_lambda_min(X, **options)[0]
    return Start(
        int(dead_rows(weights[:-1], X).sum()),
        float(values[0]),
        float(values[-1]),
        limit,
        sizes(weights, X),
        expected_sizes(widths, X.shape[1], key.row_norm),
    )


def fit(
    X: Floats, y: Floats, key: Key, narrow: int, seed: int, n_steps: int, device: str
) -> Fit:
    """Train a network from the step 1/λ_max(H(0)), which is halved where it must be."""
    net = DeepReLURegressor(
        hidden_widths(key.depth, key.position, narrow, key.width),
        row_norm=key.row_norm,
        max_iter=n_steps,
        n_iter_no_change=None,
        fit_intercept=False,
        record_every=n_steps,
        diagnostics=("relative_distance",),
        random_state=seed,
        device=device,
    ).fit(X, y)
    values = gram_spectrum(net, X, initial=True)
    dead = dead_rows(net.layer_weights_, X)
    loss = net.history_["loss"]
    return Fit(
        int(dead_rows(net.initial_weights(), X).sum()),
        int(dead.sum()),
        int((dead & (y == 0)).sum()),
        float((y[dead] ** 2).sum() / 2),
        float(loss[0]),
        float(loss[-1]),
        float(values[-1]),
        float(values[0]),
        float(net.learning_rate_),
        n_steps,
        np.array(net.relative_distance_),
    )
