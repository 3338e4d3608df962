"""Where the flow begins: at the initialisation of a fitted estimator."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.arrays import check_finite, real_array, real_rows
from overparam_sk.networks import gram_parts, initial_layers
from overparam_sk.parameters import shown
from overparam_sk.theory._gates import Field

__all__ = ["begin", "check_one_target", "check_reachable"]

Floats = NDArray[np.float64]

# RK45 is stable for steps up to this over the largest eigenvalue.
_STABLE = 3.3


def begin(estimator: Any, X: ArrayLike, y: ArrayLike) -> tuple[Field, Floats, bool]:
    """The equations, the weights at their start, and whether there is an intercept.

    Raises
    ------
    NotFittedError, ValueError
        As `gradient_flow` does.
    """
    if not hasattr(estimator, "fit"):
        raise _wrong(estimator)
    check_is_fitted(estimator)
    try:
        (h1, d), B = estimator.first_weights_.shape, estimator.second_weights_
        constant, row_norm = estimator.has_intercept_, estimator.row_norm_
        seed = estimator.init_seed_
    except AttributeError:
        raise _wrong(estimator) from None
    check_one_target(estimator)
    rows = real_rows("X", X, sparse=True)
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    targets = real_array("y", y, 1)
    if rows.shape != (len(targets), d):
        raise ValueError(
            f"X must have shape ({len(targets)}, {d}), a row for each of y and the "
            f"columns of the fit, got {rows.shape}."
        )
    if constant:
        rows = np.column_stack([rows, np.ones(len(rows))])
    dtype = torch.from_numpy(B).dtype  # the rows were scaled in it
    weights = initial_layers(
        seed, h1, len(B), d, row_norm=row_norm, constant=constant, dtype=dtype
    )
    A, B, w = (part.double() for part in weights)
    eqs = Field(torch.from_numpy(rows), torch.from_numpy(targets), w, h1)
    return eqs, torch.cat([A.flatten(), B.flatten()]).numpy(), constant


def check_one_target(estimator: Any) -> None:
    """Refuse Kong's network with several outputs, of which the paper does not speak."""
    signs = getattr(estimator, "readout_signs_", None)
    if signs is not None and signs.ndim > 1:
        raise ValueError(
            "estimator must be fitted to one target, a y of shape (n_samples,), got "
            f"{len(signs)} targets."
        )


def _wrong(estimator: Any) -> ValueError:
    return ValueError(
        f"estimator must be a fitted TwoHiddenReLURegressor, got {shown(estimator)}."
    )


def check_reachable(eqs: Field, start: Floats, last: float, max_steps: int) -> None:
    """Refuse what needs more steps than are allowed, or is not finite, before any."""
    at = eqs.at(start)
    check_finite("The gradient at initialisation", eqs.velocity(at))
    B_part, A_part = gram_parts(at, eqs.X @ eqs.X.T)
    H = check_finite("The Gram matrix at initialisation", (B_part + A_part).numpy())
    largest = float(np.linalg.eigvalsh(H)[-1])
    if last * largest > _STABLE * max_steps:
        raise ValueError(
            f"t must be at most {_STABLE * max_steps / largest:.3g} for "
            f"max_steps={max_steps} and λ_max(H(0)) = {largest:.3g}, got {last:g}."
        )
