"""What a study is made of, in words and checksums that can be compared later."""

import functools
import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["describe", "differences", "fingerprint"]


def fingerprint(data: Any) -> str:
    """Checksum of an array, sparse matrix, DataFrame or list of arrays.

    The same numbers have the same fingerprint on every machine, whatever the layout.
    """
    hasher = hashlib.sha256()
    for part in _parts(data):
        hasher.update(part)
    return hasher.hexdigest()[:16]


def _parts(data: Any) -> Iterator[Any]:
    if data is None or isinstance(data, (str, int, float)):
        yield repr(data).encode()
    elif isinstance(data, (list, tuple)):
        yield f"{len(data)} parts".encode()
        for part in data:
            yield from _parts(part)
    elif sp.issparse(data):
        csr = data.tocsr()
        yield from _parts(("sparse", csr.shape[0], csr.shape[1]))
        yield from _parts([csr.data, csr.indices.astype(np.int64), csr.indptr[:]])
    elif hasattr(data, "iloc"):
        columns = data.items() if hasattr(data, "columns") else [("", data)]
        for name, column in columns:
            yield from _parts([repr(name), str(column.dtype), column.to_numpy()])
    else:
        array = np.asarray(data)
        yield f"{array.dtype.str} {array.shape}".encode()
        if array.dtype.hasobject:
            yield repr(array.tolist()).encode()
        elif array.size:
            yield np.ascontiguousarray(array).data.cast("B")


def describe(value: Any) -> Any:
    """Describe a parameter by what it does, in strings, numbers, lists and dicts.

    Estimators are described by class and parameters, without ``random_state``, which
    a study sets.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) or sp.issparse(value) or hasattr(value, "iloc"):
        return f"{type(value).__name__} of shape {value.shape}: {fingerprint(value)}"
    if isinstance(value, Mapping):
        return {str(key): describe(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        entries = [describe(entry) for entry in value]
        return (
            sorted(entries, key=repr)
            if isinstance(value, (set, frozenset))
            else (entries)
        )
    if isinstance(value, type):
        return _full_name(value)
    return _describe_object(value)


def _describe_object(value: Any) -> Any:
    if hasattr(value, "get_params"):
        params = value.get_params(deep=False)
        params.pop("random_state", None)
        return {"class": _full_name(type(value)), **describe(params)}
    if isinstance(value, functools.partial):
        return describe(
            {"partial": value.func, "args": value.args, "keywords": value.keywords}
        )
    if inspect.isroutine(value):
        code = getattr(value, "__code__", None)
        return _full_name(value) + ("" if code is None else f" {_code_print(code)}")
    text = repr(value)
    if " at 0x" not in text:
        return text
    return {"class": _full_name(type(value)), **describe(vars(value))}


def _code_print(code: CodeType) -> str:
    """Checksum of what a function does, with the functions inside it."""
    inner = (_code_print(c) if isinstance(c, CodeType) else c for c in code.co_consts)
    return fingerprint([code.co_code.hex(), repr(code.co_names), *map(repr, inner)])


def _full_name(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{value.__qualname__}"


def differences(before: Any, now: Any) -> dict[str, tuple[str, str]]:
    """Name every entry in which two descriptions differ: path -> (before, now)."""
    old, new = dict(_flat(before)), dict(_flat(now))
    return {
        path: (old.get(path, "nothing"), new.get(path, "nothing"))
        for path in {**old, **new}
        if old.get(path) != new.get(path)
    }


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _flat(entry, f"{path}.{key}" if path else str(key))
    else:
        yield path, json.dumps(value, ensure_ascii=False)
