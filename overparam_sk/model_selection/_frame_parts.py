"""What the containers of pandas consist of, without what they only remember.

What pickle moves of them has caches in it, and says how they were cut out of others.
"""

import sys
from typing import Any

import numpy as np

from overparam_sk.model_selection._graph import Parts

__all__ = ["frame_parts", "is_instance"]


def is_instance(value: Any, module: str, name: str) -> bool:
    """Whether it is an instance of a class, of a module that need not be there."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def frame_parts(value: Any) -> Parts | None:
    """Of a frame, a series, or an array of pandas; None of anything else."""
    if is_instance(value, "pandas", "DataFrame"):
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
    if is_instance(value, "pandas", "Series"):
        names = [" class", ".index", ".name", ""]
        held = [type(value), value.index, value.name, _values(value)]
        of_rows = list(zip(names, held, strict=True))
        return Parts("series", [*of_rows, *_beside(value)])
    if is_instance(value, "pandas.api.extensions", "ExtensionArray"):
        return _array_parts(value)
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


def _array_parts(array: Any) -> Parts:
    label = f"{type(array).__name__} of {array.dtype!r}"
    if is_instance(array, "pandas", "Categorical"):
        # Its type shows only some of the categories.
        held = [array.codes, array.categories, bool(array.ordered)]
        return Parts("categorical", [("", held)])
    if array.dtype.kind in "mM":
        return Parts(label, [("", np.asarray(array.view("i8")))])
    return Parts(label, [("", array.to_numpy(dtype=object, na_value=None))])
