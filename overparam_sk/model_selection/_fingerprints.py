"""What a study is made of, in words and checksums that can be compared later."""

import functools
import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

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
    if isinstance(data, (list, tuple)):
        yield f"{len(data)} parts".encode()
        for part in data:
            yield from _parts(part)
    elif sp.issparse(data):
        csr = data.tocsr()
        yield from _parts(("sparse", csr.shape[0], csr.shape[1]))
        yield from _parts([csr.data, csr.indices.astype(np.int64), csr.indptr[:]])
    elif hasattr(data, "iloc"):
        yield repr(data.index).encode()
        columns = data.items() if hasattr(data, "columns") else [("", data)]
        for name, column in columns:
            categories = getattr(column.dtype, "categories", ())
            yield from _parts([repr(name), repr(column.dtype), list(categories)])
            yield from _parts(column.to_numpy())
    elif isinstance(data, np.ndarray):
        yield f"{data.dtype.str} {data.shape}".encode()
        if data.dtype.hasobject:
            yield from _parts(data.tolist())
        elif data.size:
            yield np.ascontiguousarray(data).data.cast("B")
    else:
        yield repr(data).encode()


def describe(value: Any) -> Any:
    """Describe a parameter by what it does, in strings, numbers, lists and dicts.

    Estimators are described by class and parameters, without ``random_state``, which
    a study sets; functions by their code and all that they hold.
    """
    return _describe(value, ())


def _describe(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return repr(value) if value.dtype.kind not in "biuf" else value.item()
    if hasattr(value, "__array__") or sp.issparse(value):
        known = sp.issparse(value) or hasattr(value, "iloc")
        checksum = fingerprint(value if known else np.asarray(value))
        return f"{type(value).__name__} of shape {tuple(value.shape)}: {checksum}"
    if id(value) in above:
        return "itself"
    if isinstance(value, (np.random.RandomState, np.random.Generator)):
        return _full_name(type(value))
    above = (*above, id(value))
    if isinstance(value, Mapping):
        return {str(key): _describe(entry, above) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_describe(entry, above) for entry in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_describe(entry, above) for entry in value), key=repr)
    if isinstance(value, type):
        return _full_name(value)
    if inspect.isroutine(value):
        return _describe_function(value, above)
    return _describe_object(value, above)


def _describe_object(value: Any, above: tuple[int, ...]) -> Any:
    kind = {"class": _full_name(type(value))}
    if type(value).__module__ == "__main__":
        # Whose methods may be others in the next session.
        methods = vars(type(value)).values()
        kind["code"] = fingerprint(
            [_code(m.__code__) for m in methods if inspect.isfunction(m)]
        )
    state = _state(value)
    if state is None:
        return {**kind, "is": repr(value)}
    held = {key: entry for key, entry in state.items() if key != "random_state"}
    return {**kind, **_describe(held, above)}


def _state(value: Any) -> Mapping[str, Any] | None:
    """What an object holds that decides what it does; None where nobody can see."""
    if isinstance(value, functools.partial):
        return {"of": value.func, "args": value.args, "keywords": value.keywords}
    keeps = getattr(type(value), "__sklearn_clone__", BaseEstimator.__sklearn_clone__)
    if hasattr(value, "get_params") and keeps is BaseEstimator.__sklearn_clone__:
        params: Mapping[str, Any] = value.get_params(deep=False)
        return params
    if hasattr(value, "get_params"):  # FrozenEstimator: what is fitted stays fitted
        return {"state": joblib.hash(value)}
    return getattr(value, "__dict__", None)


def _describe_function(value: Any, above: tuple[int, ...]) -> Any:
    name = _full_name(value)
    owner = getattr(value, "__self__", None)
    code = getattr(value, "__code__", None)
    held = [
        *(cell.cell_contents for cell in getattr(value, "__closure__", None) or ()),
        getattr(value, "__defaults__", None),
        getattr(value, "__kwdefaults__", None),
    ]
    held = [entry for entry in held if entry is not None]
    words: dict[str, Any] = {"function": name}
    if code is not None:
        words["code"] = _code(code)
    if held:
        words["holds"] = _describe(held, above)
    if owner is not None and not inspect.ismodule(owner):
        words["of"] = _describe(owner, above)
    return words if len(words) > 1 else name


def _code(code: CodeType) -> str:
    """Checksum of what a function does, with the functions inside it."""
    held = [_constant(constant) for constant in code.co_consts]
    return fingerprint([code.co_code.hex(), repr(code.co_names), *held])


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return _code(value)
    # The order of a set of strings is another in every process.
    return repr(sorted(map(repr, value)) if isinstance(value, frozenset) else value)


def _full_name(value: Any) -> str:
    return f"{getattr(value, '__module__', '')}.{value.__qualname__}"


Path = tuple[str, ...]


def differences(before: Any, now: Any) -> dict[Path, tuple[str, str]]:
    """Name every entry in which two descriptions differ: path -> (before, now)."""
    old, new = dict(_flat(before)), dict(_flat(now))
    return {
        path: (old.get(path, "nothing"), new.get(path, "nothing"))
        for path in {**old, **new}
        if old.get(path) != new.get(path)
    }


def _flat(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping) and value:
        for key, entry in value.items():
            yield from _flat(entry, (*path, str(key)))
    else:
        yield path, json.dumps(value, ensure_ascii=False)
