"""Rows and labels from a user's own file: .npz, CSV or Parquet."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_X_y
from sklearn.utils.multiclass import check_classification_targets

from overparam_sk.experiments.npz_files import Declared, declared_arrays, read_array
from overparam_sk.experiments.table_files import read_csv, read_parquet

__all__ = ["DATA_FILES", "ending", "named", "read_data_file"]

Arrays = dict[str, NDArray[Any]]

_PARTS = {"X": "y", "X_test": "y_test"}  # rows -> their labels


def read_data_file(path: Path, target: str | None = None) -> Arrays:
    """Read rows and labels.

    Parameters
    ----------
    path : Path
        An ``.npz`` file with X and y and, optionally, X_test and y_test; or a ``.csv``
        or ``.parquet`` file, of which one column is the target and all others, which
        must be numbers, are the features. The first line of a CSV file holds the
        columns' names; its values are separated by commas.
    target : str, default=None
        Name of the target's column. None is the column "y" or, where there is none,
        the last one. Not for ``.npz`` files.

    Returns
    -------
    dict of str to ndarray
        "X" of shape (n_samples, n_features), float32, "y" of shape (n_samples,), and
        "X_test" and "y_test" if the file has them.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it does not hold what it must, is damaged, or does not go into memory; the
        message names the file. Nothing in a file is unpickled.
    ImportError
        If a package that reads such files is not installed.
    """
    what, read = DATA_FILES[ending(path)]
    with named(path, what):
        arrays = read(path, target)
        for rows, labels in _PARTS.items():
            if rows in arrays:
                X, y = check_X_y(arrays[rows], arrays[labels], dtype=np.float32)
                check_classification_targets(y)
                arrays[rows], arrays[labels] = X, y
    return arrays


def ending(path: Path) -> str:
    """How the file's name ends, by which it is known: a key of ``DATA_FILES``."""
    return path.suffix.lower()


@contextmanager
def named(path: Path, what: str) -> Iterator[None]:
    """Turn whatever is wrong with a file into one line that names it, a ValueError.

    The libraries that read files raise a dozen kinds of errors of damaged ones, with
    more to come in later versions; OSErrors among them, which name no file.
    """
    try:
        yield
    except Exception as error:
        of_the_system = isinstance(error, OSError) and error.filename is not None
        if of_the_system or isinstance(error, ImportError):
            raise
        reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
        raise ValueError(f"{path} must be {what}: {reason}.") from error


def _from_npz(path: Path, target: str | None) -> Arrays:
    if target is not None:
        raise ValueError(f"target must be None where y is an array, got {target!r}")
    found = declared_arrays(path, [*_PARTS, *_PARTS.values()])
    missing = {"X", "y"} - set(found)
    if ("X_test" in found) != ("y_test" in found):
        missing |= {"X_test", "y_test"} - set(found)
    if missing:
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    _check_declared(found)
    return {name: read_array(path, declared) for name, declared in found.items()}


def _check_declared(found: Mapping[str, Declared]) -> None:
    """Refuse what does not go together before any of it is read."""
    for rows, labels in _PARTS.items():
        if rows not in found:
            continue
        X, y = found[rows], found[labels]
        if len(X.shape) != 2 or X.dtype.kind not in "biuf":
            raise ValueError(f"{rows} must be rows of numbers, got {X}")
        if y.dtype.kind not in "biufU" or y.shape[1:] not in ((), (1,)) or not y.shape:
            raise ValueError(f"{labels} must be a number or string a row, got {y}")
        if X.shape[0] != y.shape[0]:
            raise ValueError(
                f"{rows} and {labels} have inconsistent numbers of samples, "
                f"{X.shape[0]} and {y.shape[0]}"
            )
        if X.shape[1] != found["X"].shape[1]:
            raise ValueError(f"X_test must have the columns of {found['X']}, got {X}")


# Ending of a file's name -> what such a file is, and how it is read.
DATA_FILES: dict[str, tuple[str, Callable[[Path, str | None], Arrays]]] = {
    ".npz": (
        "an .npz file of plain arrays, X and y, perhaps X_test and y_test",
        _from_npz,
    ),
    ".csv": ("a CSV file with a line of names and columns of numbers", read_csv),
    ".parquet": ("a Parquet file of columns of numbers", read_parquet),
}
