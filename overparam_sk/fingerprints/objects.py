"""What any object consists of: what pickle follows, and the code of the user's.

joblib.hash, cloudpickle and dask's tokenize look at the bytes of a pickle. These hold
what was installed and what was imported by name alone, file and line numbers, and sets
in any order; and they tell one object from several equal ones. So the steps are
pickle's, ``__reduce_ex__``, and what is made of them is our own.
"""

import contextlib
import copyreg
import functools
import hashlib
import itertools
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from overparam_sk.fingerprints.code import (
    cell_parts,
    class_parts,
    code_parts,
    function_parts,
    module_parts,
    named,
)
from overparam_sk.fingerprints.containers import array_parts, container_parts
from overparam_sk.fingerprints.graph import CannotDescribeError, Parts
from overparam_sk.fingerprints.installed import distribution_of

__all__ = ["PLAIN", "parts_of"]

PLAIN = (type(None), bool, int, float, str)
_ATOMS = {*PLAIN, complex, bytes, type(...), type(NotImplemented)}
# The numpy scalars that stand for Python's own numbers.
_NUMBERS = (np.bool_, np.int64, np.float64, np.str_)
_OF_C = (
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
)
_CACHED = type(functools.cache(len))
_BOUND_OF_C = (types.BuiltinMethodType, types.MethodWrapperType)


def parts_of(value: Any) -> Parts:
    """Name what an object consists of.

    Raises
    ------
    CannotDescribeError
        If pickle could not move it to another process.
    """
    kind = type(value)
    if kind in _ATOMS:
        return Parts(_atom(value))
    by_type = _BY_TYPE.get(kind)
    if by_type is not None:
        return by_type(value)
    return (
        (named(value) if callable(value) else None)
        or (parts_of(value.item()) if isinstance(value, _NUMBERS) else None)
        or container_parts(value)
        or _parts_of_code(value)
        or _reduced(value)
    )


def _atom(value: Any) -> str:
    # repr refuses integers of more than some thousand digits.
    said = hex(value) if type(value) is int else repr(value)
    return f"{type(value).__name__} {said}"


def _sequence(value: Any) -> Parts:
    name = f"{type(value).__name__} of {len(value)}"
    rows, kinds = _plain(value)
    if kinds <= {list, tuple}:
        kinds = {*map(type, itertools.chain.from_iterable(rows))}
        if not kinds.isdisjoint(_NUMBERS):
            rows = [type(row)(_plain(row)[0]) for row in rows]
            kinds = {*map(type, itertools.chain.from_iterable(rows))}
    if kinds <= _ATOMS:  # data, perhaps, as text or as rows of numbers
        with contextlib.suppress(ValueError):
            text = repr(rows).encode("utf-8", "surrogatepass")
            return Parts(f"{name} {hashlib.sha256(text).hexdigest()}")
    return Parts(name, [(f"[{i}]", one) for i, one in enumerate(value)])


def _plain(row: Any) -> tuple[list[Any], set[type]]:
    """The entries with Python's own numbers, and their types."""
    kinds = {*map(type, row)}
    if kinds.isdisjoint(_NUMBERS):
        return list(row), kinds
    plain = [one.item() if type(one) in _NUMBERS else one for one in row]
    return plain, {*map(type, plain)}


def _set(value: Any) -> Parts:
    return Parts(type(value).__name__, [("", one) for one in value], ordered=False)


def _dict(value: Any) -> Parts:
    children = []
    for key, held in value.items():
        children += [(f" key {key!r:.50}", key), (f"[{key!r:.50}]", held)]
    return Parts("dict", children)


def _by_name(prefix: str, held: dict[Any, Any]) -> Parts:
    """Of attributes, in whichever order they were set."""
    # What scikit-learn writes beside the state; versions are compared elsewhere.
    names = sorted((name for name in held if name != "_sklearn_version"), key=repr)
    children = [(f".{name}", held[name]) for name in names]
    return Parts(f"{prefix} {names}", children)


def _parts_of_code(value: Any) -> Parts | None:
    if isinstance(value, type):
        return class_parts(value)
    if isinstance(value, _OF_C):
        return Parts(f"of C: {value.__objclass__.__name__}.{value.__name__}")
    if isinstance(value, _BOUND_OF_C):
        held = value.__self__
        if isinstance(held, types.ModuleType):
            raise CannotDescribeError("it is compiled, and was not installed.")
        return Parts(f"of C: {value.__name__}", [(" of", held)])
    if isinstance(value, _CACHED):
        options = list(value.cache_parameters().items())
        return Parts("cached", [(".__wrapped__", value.__wrapped__), ("", options)])
    if value is check_random_state(None):
        return Parts("the global generator of numpy")
    return None


def _reduced(value: Any) -> Parts:
    """What pickle would make it anew of."""
    reducer: Any = copyreg.dispatch_table.get(type(value))
    # Of who says what counts, where a pickle's bytes are not the same twice.
    reducer = getattr(type(value), "__fingerprint__", reducer)
    try:
        made = reducer(value) if reducer else value.__reduce_ex__(4)
    except Exception as error:
        raise CannotDescribeError(f"{error}.".replace("..", ".")) from error
    if isinstance(made, str):
        return _global(value, made)
    parts: tuple[Any, ...] = (*made, None, None, None)
    function, args, state, items, pairs = parts[:5]
    children = [
        (" class", type(value)),
        (" made by", function),
        (" made of", args),
        *_state(state),
    ]
    children += [(f"[{i}]", item) for i, item in enumerate(items or ())]
    children += [("[...]", list(pair)) for pair in pairs or ()]
    return Parts("object", children)


class _Attributes(dict[Any, Any]):
    """What an object holds by name, as none of its values: dicts have an order."""


def _state(state: Any) -> list[tuple[str, Any]]:
    of_slots = type(state) is tuple and len(state) == 2
    held = [one for one in (state if of_slots else [state]) if one is not None]
    if all(type(one) is dict for one in held):
        return [("", _Attributes(one)) for one in held]
    return [(" state", state)]


def _global(value: Any, name: str) -> Parts:
    module = pickle.whichmodule(value, name)  # type: ignore[attr-defined]
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if found is not value:
        raise CannotDescribeError(f"it is not {module}.{name}.")
    distribution = distribution_of(module)
    if distribution is not None:
        return Parts(f"named {module}.{name}", distribution=distribution)
    held = _Attributes(getattr(value, "__dict__", {}))
    return Parts(f"global {name}", [(" class", type(value)), ("", held)])


_BY_TYPE: dict[type, Callable[[Any], Parts]] = {
    list: _sequence,
    tuple: _sequence,
    set: _set,
    frozenset: _set,
    dict: _dict,
    types.MappingProxyType: _dict,
    _Attributes: functools.partial(_by_name, "attributes"),
    np.ndarray: array_parts,
    types.ModuleType: module_parts,
    types.CodeType: code_parts,
    types.CellType: cell_parts,
    types.FunctionType: lambda value: named(value) or function_parts(value),
    types.MethodType: lambda value: Parts(
        "method", [(".__func__", value.__func__), (".__self__", value.__self__)]
    ),
    # Which has a lock in Python 3.11.
    functools.cached_property: lambda value: Parts(
        "cached property", [("", value.func)]
    ),
    property: lambda value: Parts(
        "property", [("", [value.fget, value.fset, value.fdel])]
    ),
    staticmethod: lambda value: Parts("staticmethod", [("", value.__func__)]),
    classmethod: lambda value: Parts("classmethod", [("", value.__func__)]),
}
