"""How far what moves in a few steps: hidden units, readout, outputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from overparam_sk.parameters import shown
from overparam_sk.world import without_warning

__all__ = ["Floats", "Maker", "changes", "losses", "makers"]

Floats = NDArray[np.float64]
# Width -> an unfitted estimator of that width.
Maker = Callable[[int], Any]


def makers(estimators: Any) -> dict[str, Maker]:
    """What makes the networks of each name.

    Raises
    ------
    ValueError
        If it is no dict of estimators with a width, or of functions.
    """
    if not isinstance(estimators, Mapping) or not estimators:
        raise ValueError(
            "estimators must be a dict of estimators or of functions of the width, got "
            f"{shown(estimators)}."
        )
    return {str(name): _maker(one) for name, one in estimators.items()}


def _maker(one: Any) -> Maker:
    if hasattr(one, "get_params") and not isinstance(one, type):
        if "width" not in one.get_params():
            raise ValueError(
                f"estimators must have the parameter width, got {shown(one)}."
            )
        return lambda width: clone(one).set_params(width=width)
    if not callable(one):
        raise _no_maker(one)

    def make(width: int) -> Any:
        made = one(width)
        if not hasattr(made, "set_params"):
            raise _no_maker(made)
        return clone(made)  # that of the function stays as it is

    return make


def _no_maker(one: Any) -> ValueError:
    return ValueError(
        "estimators must be a dict of estimators or of functions of the width, got "
        f"one with {shown(one)}."
    )


def changes(
    make: Maker,
    X: Any,
    y: ArrayLike,
    *,
    widths: Sequence[int],
    iterations: Sequence[int],
    seeds: Sequence[int],
) -> dict[str, Floats]:
    """Root mean square changes, means over the seeds.

    Returns
    -------
    dict of str to ndarray of shape (n_iterations, n_widths)
        Hidden units and the readout are in units of their root mean square at
        initialisation, outputs are as they are.
    """
    found: dict[str, list[Floats]] = {}
    for width in widths:
        each = [
            _moved(make(width).set_params(random_state=seed), X, y, iterations)
            for seed in seeds
        ]
        for kind in each[0]:
            mean = np.mean([one[kind] for one in each], axis=0)
            found.setdefault(kind, []).append(mean)
    return {kind: np.array(of_widths).T for kind, of_widths in found.items()}


def losses(
    make: Maker,
    X: ArrayLike,
    y: ArrayLike,
    *,
    widths: Sequence[int],
    rates: Sequence[float],
    seeds: Sequence[int],
) -> Floats:
    """Training losses at the end of fits, means over the seeds; NaN if one diverged.

    Returns
    -------
    ndarray of shape (n_widths, n_rates)
    """

    def end(width: int, rate: float, seed: int) -> float:
        net = make(width).set_params(learning_rate=rate, random_state=seed)
        try:
            # Steps that are too large are among those that are tried.
            with without_warning("The (loss has risen|network predicts 0)"):
                return float(net.fit(X, y).loss_)
        except FloatingPointError:
            return float("nan")

    return np.array(
        [[np.mean([end(m, c, seed) for seed in seeds]) for c in rates] for m in widths]
    )


def _moved(
    net: Any, X: Any, y: ArrayLike, iterations: Sequence[int]
) -> dict[str, Floats]:
    net.set_params(max_iter=max(iterations), n_iter_no_change=None).fit(X, y)
    start, *later = net.snapshots(X, y, [0, *iterations])
    found = {}
    for name, look in _COORDINATES.items():
        if name == "readout" and not net.has_trained_readout_:
            continue
        begin = look(start, X)
        unit = 1.0 if name == "outputs" else _root_mean_square(begin)
        moved = [_root_mean_square(look(one, X) - begin) / unit for one in later]
        found[name] = np.array(moved)
    return found


def _hidden(net: Any, X: Any) -> Floats:
    found: Floats = np.asarray(X @ net.hidden_weights_.T + net.hidden_intercept_)
    return found


_COORDINATES: dict[str, Callable[[Any, Any], Floats]] = {
    "hidden": _hidden,
    "readout": lambda net, X: net.readout_weights_,
    "outputs": lambda net, X: net.decision_function(X),
}


def _root_mean_square(values: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
