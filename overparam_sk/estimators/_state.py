"""The fitted state: numpy arrays, numbers, strings; stamped when it is pickled."""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from torch import Tensor

from overparam_sk.estimators._checksum import checksum
from overparam_sk.version import __version__
from overparam_sk.world import OwnWorld

__all__ = ["StampedState", "split_intercept"]

# Raised when the meaning of a fitted attribute changes.
_FORMAT = 1


class StampedState(OwnWorld, BaseEstimator):
    """An estimator whose pickles carry version, format and a checksum.

    Neither pickle nor joblib sees a flipped bit in an array: half of all flips load
    without a word otherwise. skops has checksums of its own.
    """

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle as the state and its checksum."""
        state = self.__getstate__()
        return _restore, (type(self), state, checksum(state))

    def __getstate__(self) -> dict[str, Any]:
        """Copy the state and stamp it."""
        state: dict[str, Any] = dict(super().__getstate__())
        state["_overparam_sk_version"] = __version__
        state["_overparam_sk_format"] = _FORMAT
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take a stamped state; warn at another version, refuse a newer format."""
        state = dict(state)
        written_by = state.pop("_overparam_sk_version", None)
        format_ = state.pop("_overparam_sk_format", 0)
        here = __version__
        if format_ > _FORMAT:
            raise ValueError(
                f"The pickle's format must be at most {_FORMAT}, got {format_}, "
                f"written by overparam-sk {written_by}: upgrade from {here}."
            )
        if written_by != here:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=here,
                    original_sklearn_version=str(written_by),
                ),
                stacklevel=3,  # who unpickles calls `_restore`, which calls this
            )
        super().__setstate__(state)

    def _forget(self) -> None:
        """Remove every fitted attribute: the estimator is unfitted."""
        fitted = [n for n in vars(self) if n.endswith("_") and n[0] != "_"]
        self._replace_state([*fitted, "_update_singular_values"], {})

    def _replace_state(self, names: Iterable[str], by: dict[str, Any]) -> None:
        """Put attributes in the place of others, in one step that Ctrl-C cannot cut."""
        kept = {n: value for n, value in vars(self).items() if n not in set(names)}
        self.__dict__ = kept | by


def _restore(kind: type[StampedState], state: dict[str, Any], written: str) -> Any:
    """Make an estimator of what was pickled, if it is whole."""
    if checksum(state) != written:
        raise ValueError(
            f"The pickle of a {kind.__name__} must be as it was written, got another "
            "checksum: it is damaged."
        )
    estimator = kind.__new__(kind)
    estimator.__setstate__(state)
    return estimator


def split_intercept(W: Tensor, n_given: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The weights of the given columns, and those of the constant 1 or else zeros."""
    whole: NDArray[Any] = W.detach().cpu().numpy()
    if whole.shape[1] > n_given:
        return whole[:, :n_given].copy(), whole[:, n_given].copy()
    return np.ascontiguousarray(whole), np.zeros(len(whole), dtype=whole.dtype)
