"""What the containers of data consist of, those of numpy, scipy, torch and pandas.

Their values, types and names, without what a container only remembers: what pickle
moves of a frame has caches in it, and says how it was cut out of others.
"""

import hashlib
import sys
from typing import Any

import numpy as np
import scipy.sparse as sp

from overparam_sk.fingerprints.graph import Parts

__all__ = ["array_parts", "container_parts"]


def container_parts(value: Any) -> Parts | None:
    """Of data in a container that is known here; None of anything else."""
    if isinstance(value, np.generic):
        return Parts(f"scalar of {type(value).__name__}", [("", np.asarray(value))])
    if isinstance(value, np.memmap):
        return array_parts(value)
    if type(value) is np.ma.MaskedArray:
        held = [np.asarray(value), np.ma.getmaskarray(value), value.fill_value]
        return Parts(f"masked {value.hardmask}", [("", held)])
    if sp.issparse(value):
        return _sparse(value)
    is_tensor = _is_instance(value, "torch", "Tensor")
    if is_tensor and str(value.layout) == "torch.strided":
        return _tensor(value)
    return _frame(value)


def array_parts(value: Any) -> Parts:
    """Of an array: its type, shape and entries, whatever the layout."""
    label = f"ndarray {value.dtype!r} {value.shape}"
    if value.dtype.hasobject:
        return Parts(label, [("", list(value.ravel()))])
    if not value.nbytes:
        return Parts(label)
    whole = np.ascontiguousarray(value).reshape(-1)
    return Parts(f"{label} {hashlib.sha256(whole.view(np.uint8).data).hexdigest()}")


def _sparse(value: Any) -> Parts:
    label = f"{type(value).__name__} {value.shape}"
    if value.format in ("csr", "csc", "bsr"):
        held = [value.data, value.indptr.astype(np.int64)]
        return Parts(label, [("", [*held, value.indices.astype(np.int64)])])
    places = value.tocoo()
    return Parts(label, [("", [places.data, *map(np.asarray, places.nonzero())])])


def _tensor(value: Any) -> Parts:
    label = f"tensor {value.dtype} {value.requires_grad} {tuple(value.shape)}"
    flat = value.detach().cpu().contiguous().reshape(-1)
    # numpy has no bfloat16.
    raw = flat.view(sys.modules["torch"].uint8).numpy()
    return Parts(label, [(" class", type(value)), ("", raw)])


def _frame(value: Any) -> Parts | None:
    """Of a frame, a series, or an array of pandas; None of anything else."""
    if _is_instance(value, "pandas", "DataFrame"):
        columns = (value.iloc[:, number] for number in range(value.shape[1]))
        return Parts(
            "frame",
            [
                (" class", type(value)),
                (".index", value.index),
                (".columns", value.columns),
                *_beside(value),
                *((f"[{i}]", _values(column)) for i, column in enumerate(columns)),
            ],
        )
    if _is_instance(value, "pandas", "Series"):
        names = [" class", ".index", ".name", ""]
        held = [type(value), value.index, value.name, _values(value)]
        of_rows = list(zip(names, held, strict=True))
        return Parts("series", [*of_rows, *_beside(value)])
    if _is_instance(value, "pandas.api.extensions", "ExtensionArray"):
        return _extension_array(value)
    return None


def _beside(value: Any) -> list[tuple[str, Any]]:
    """What pandas hands on beside the values."""
    names = sorted({*value._metadata} - {"_name"})
    return [
        (".attrs", value.attrs),
        (".flags", value.flags.allows_duplicate_labels),
        *((f".{name}", getattr(value, name, None)) for name in names),
    ]


def _values(column: Any) -> Any:
    """An array of numpy or, where it has another type, of pandas."""
    plain = isinstance(column.dtype, np.dtype)
    return column.to_numpy() if plain else column.array


def _extension_array(array: Any) -> Parts:
    label = f"{type(array).__name__} of {array.dtype!r}"
    if _is_instance(array, "pandas", "Categorical"):
        # Its type shows only some of the categories.
        held = [array.codes, array.categories, bool(array.ordered)]
        return Parts("categorical", [("", held)])
    if array.dtype.kind in "mM":
        return Parts(label, [("", np.asarray(array.view("i8")))])
    return Parts(label, [("", array.to_numpy(dtype=object, na_value=None))])


def _is_instance(value: Any, module: str, name: str) -> bool:
    """Whether it is an instance of a class, of a module that need not be there."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)
