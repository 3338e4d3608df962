"""Arrays of other libraries, under scikit-learn's ``array_api_dispatch``.

A method's data are made numpy arrays at its door, and what it returns is made one of
the library and on the device of X. In between nothing is different: what is fitted is
numpy, and `overparam_sk.rows` is told by ``device`` where to compute.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any, TypeVar

import numpy as np
from sklearn import get_config
from sklearn.utils._array_api import (
    _convert_to_numpy,
    _max_precision_float_dtype,
    device,
    get_namespace,
)

__all__ = ["as_written", "follow_inputs"]

_Class = TypeVar("_Class", bound=type)


def follow_inputs(cls: _Class) -> _Class:
    """Let the public methods that take an X follow it, inherited ones too."""
    for name in (name for name in dir(cls) if not name.startswith("_")):
        method = inspect.getattr_static(cls, name)
        if not isinstance(method, FunctionType):
            continue
        if "X" in inspect.signature(method).parameters and not _follows(method):
            setattr(cls, name, _following(method))
    return cls


def _following(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def follows(self: Any, *args: Any, **given: Any) -> Any:
        everything = (*args, *given.values())
        if not get_config()["array_api_dispatch"] or not any(map(_is_of, everything)):
            return method(self, *args, **given)
        X = args[0] if args else given.get("X")
        args = tuple(map(_as_numpy, args))
        given = {name: _as_numpy(value) for name, value in given.items()}
        found = method(self, *args, **given)
        return _like(X)(found) if _is_of(X) else found

    follows.follows_inputs = True  # type: ignore[attr-defined]
    return follows


def _follows(method: Callable[..., Any]) -> bool:
    return hasattr(method, "follows_inputs")


def as_written(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method that `follow_inputs` has wrapped; a decorator of others stays."""
    ours = getattr(method, "__code__", None) is _FOLLOWS
    return method.__wrapped__ if ours else method  # type: ignore[attr-defined]


_FOLLOWS = _following(as_written).__code__


def _is_of(value: Any) -> bool:
    """Whether it is an array of another library's; PyTorch's are not marked as such."""
    if isinstance(value, (np.ndarray, np.generic)):
        return False
    is_torch = type(value).__module__.partition(".")[0] == "torch"
    return hasattr(value, "__array_namespace__") or (
        is_torch and hasattr(value, "ndim")
    )


def _as_numpy(value: Any) -> Any:
    if not _is_of(value):
        return value
    xp, _ = get_namespace(value)
    if value.dtype == getattr(xp, "bfloat16", None):  # which numpy has not
        value = value.double()
    return _convert_to_numpy(value, xp)


def _like(X: Any) -> Callable[[Any], Any]:
    """What makes an array of numbers one of X's library, where X is."""
    xp, _ = get_namespace(X)
    place = device(X)

    def back(found: Any) -> Any:
        if isinstance(found, tuple):
            return tuple(map(back, found))
        if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
            return found  # labels that are text, an estimator, a score
        if found.dtype == np.float64 and _max_precision_float_dtype(xp, place) != (
            xp.float64
        ):
            found = found.astype(np.float32)
        return xp.asarray(np.ascontiguousarray(found), device=place)

    return back
