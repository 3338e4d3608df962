"""Tables of which one column is the target: CSV by pandas, Parquet by pyarrow."""

import csv
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read_csv", "read_parquet"]

_ENCODING = "utf-8-sig"  # UTF-8, with or without Windows' mark of it


def read_csv(path: Path, target: str | None) -> dict[str, NDArray[Any]]:
    """Read X and y from a CSV file; whatever is wrong with it is an exception."""
    pandas = _installed("pandas")
    with path.open(newline="", encoding=_ENCODING) as file:
        lines = list(islice(filter(None, csv.reader(file)), 2))
    if len(lines) < 2:
        raise ValueError("there are no rows")
    names, first = lines
    if "" in names:
        raise ValueError(
            f"column {names.index('') + 1} has no name; pandas writes such a one "
            "without index=False"
        )
    if all(map(_is_number, names)) and names != [str(i) for i in range(len(names))]:
        raise ValueError(f"the names are numbers, {', '.join(names[:5])}")
    if len(first) > len(names):  # the first would be taken for an index
        raise ValueError(f"there are more columns than the {len(names)} names")
    _check_names(names, target)
    return _columns(pandas.read_csv(path, low_memory=False, encoding=_ENCODING), target)


def read_parquet(path: Path, target: str | None) -> dict[str, NDArray[Any]]:
    """Read X and y from a Parquet file; an index of pandas is left out."""
    parquet = _installed("pyarrow.parquet")
    with path.open("rb") as file:
        table = parquet.ParquetFile(file, page_checksum_verification=True)
        empty = table.schema_arrow.empty_table().to_pandas()
        _check_names([str(name) for name in empty.columns], target)
        _columns(empty, target)
        # A column of one value takes no space in the file, and all of it in memory.
        np.empty((table.metadata.num_rows, table.metadata.num_columns))
        return _columns(table.read().to_pandas(), target)


def _installed(module: str) -> Any:
    try:
        import_module("pandas")
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            "CSV files are read by pandas, and Parquet files by pandas and pyarrow, of "
            f"which {error.name} is not installed: pip install 'overparam-sk[frame]' "
            "pyarrow"
        ) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_names(names: Sequence[str], target: str | None) -> None:
    if len(names) < 2:
        raise ValueError(
            f"there must be two columns or more, got {', '.join(map(repr, names))}"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two columns have the name {min(twice)!r}")
    if target is not None and target not in names:
        raise ValueError(
            f"target must be one of its columns, {', '.join(names)}, got {target!r}"
        )


def _columns(frame: Any, target: str | None) -> dict[str, NDArray[Any]]:
    """Take a frame apart."""
    if target is None:
        target = "y" if "y" in frame.columns else frame.columns[-1]
    labels, rows = frame[target], frame.drop(columns=target)
    for name, column in rows.items():
        if column.dtype.kind not in "biuf":
            some = next(iter(column.dropna()), column.dtype)
            raise ValueError(f"columns must be numbers, got {some!r} in {name!r}")
    if n_missing := labels.isna().sum():
        raise ValueError(f"the target {target!r} lacks {n_missing} values")
    y = labels.to_numpy()
    if y.dtype.kind not in "biuf":
        y = y.astype(str)
    return {"X": rows.to_numpy(dtype=np.float64), "y": y}
