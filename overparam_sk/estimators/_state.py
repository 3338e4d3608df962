"""The fitted state: numpy arrays, numbers, strings; stamped when it is pickled."""

import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from overparam_sk.estimators._array_api import follow_inputs
from overparam_sk.version import DOCUMENTATION, __version__
from overparam_sk.world import open_doors

__all__ = ["StampedEstimator"]

# Raised when the meaning of a fitted attribute changes.
_FORMAT = 1
# What a network with a readout was before it could be anything else.
_FIRST_LAYER_ALONE = {
    "has_trained_readout_": False,
    "init_scale_": 1.0,
    "output_scale_": 1.0,
    "is_centered_": False,
}


class StampedEstimator(BaseEstimator):
    """An estimator whose pickles carry version, format and a checksum.

    Neither pickle nor joblib sees a flipped bit in an array: half of all flips load
    without a word otherwise. skops has checksums of its own.
    """

    # Behind the "?" of an estimator's HTML: a page of the site for each public name.
    _doc_link_module = __name__.partition(".")[0]
    _doc_link_template = (
        f"{DOCUMENTATION}api/generated/{_doc_link_module}.{{estimator_name}}.html"
    )

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        follow_inputs(open_doors(cls))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle as the state and its checksum."""
        state = self.__getstate__()
        return _restore, (type(self), state, checksum(state), *self._brought_along())

    def _brought_along(self) -> tuple[Any, ...]:
        """What a pickle holds beside the state."""
        return ()

    def _take_along(self, *brought: Any) -> None:
        """Take what a pickle held beside the state."""

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
        # Parameters that came later do by default what was done before them.
        later = {
            name: parameter.default
            for name, parameter in inspect.signature(type(self)).parameters.items()
            if name not in state and parameter.default is not parameter.empty
        }
        super().__setstate__(later | _of_today(state))

    def _forget(self) -> None:
        """Remove every fitted attribute: the estimator is unfitted."""
        self.__dict__ = {
            name: value
            for name, value in vars(self).items()
            if name.startswith("_") or not name.endswith("_")
        }

    def _replace_fit(self, names: Iterable[str], by: dict[str, Any]) -> None:
        """Put attributes in the place of others, in one step that Ctrl-C cannot cut."""
        gone = set(names)
        self.__dict__ = {n: v for n, v in vars(self).items() if n not in gone} | by


def _of_today(state: dict[str, Any]) -> dict[str, Any]:
    """A state with what older versions did not write, or wrote under another name."""
    spectrum = state.pop("_update_singular_values", None)
    if spectrum is not None:
        state["update_singular_values_"] = spectrum
    for name in ("hidden_intercept_", "first_intercept_"):
        if name in state:  # without an intercept all its weights are 0
            state.setdefault("has_intercept_", bool(np.any(state[name])))
    if "readout_weights_" in state or "left_" in state:
        state = {**_FIRST_LAYER_ALONE, **state}
    if "dual_coef_" in state:
        state.setdefault("has_trained_readout_", False)
    return state


def _restore(
    kind: type[StampedEstimator], state: dict[str, Any], written: str, *brought: Any
) -> Any:
    """Make an estimator of what was pickled, if it is whole."""
    if checksum(state) != written:
        raise ValueError(
            f"The pickle of a {kind.__name__} must be as it was written, got another "
            "checksum: it is damaged."
        )
    estimator = kind.__new__(kind)
    estimator.__setstate__(state)
    estimator._take_along(*brought)
    return estimator


def checksum(state: dict[str, Any]) -> str:
    """Checksum of names, numbers, strings and arrays of them, in dicts and sequences.

    Parameters
    ----------
    state : dict
        Of what else is in it, only the type counts.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(state, ()):
        found.update(part)
    return found.hexdigest()


def _parts(value: Any, above: tuple[int, ...]) -> Iterator[bytes | memoryview]:
    """Bytes that are others for another value: each part says first what it is."""
    if id(value) in above:  # a list that holds itself
        yield f"circle of {len(above) - above.index(id(value))}:".encode()
        return
    above = (*above, id(value))
    # A memory-mapped array is the array that was written.
    kind = np.ndarray if isinstance(value, np.ndarray) else type(value)
    yield f"{kind.__name__}:".encode()
    if isinstance(value, dict):
        yield f"{len(value)}:".encode()
        for name, entry in value.items():
            yield from _parts(name, above)
            yield from _parts(entry, above)
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)}:".encode()
        for entry in value:
            yield from _parts(entry, above)
    elif isinstance(value, (np.ndarray, np.generic)):
        # pickle gives arrays back in the machine's own order of bytes.
        array = np.asarray(value)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        yield f"{array.dtype.str}{array.shape}:".encode()
        if array.dtype.hasobject:
            yield from _parts(array.ravel().tolist(), above)
        else:
            yield np.ascontiguousarray(array).view(np.uint8).data
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        yield f"{value!r}:".encode()
