"""The data of a study: laid down once as files that every worker maps into memory."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import joblib
import numpy as np
import scipy.sparse as sp

from overparam_sk.model_selection._checked_files import TEMPORARY
from overparam_sk.model_selection._fingerprints import fingerprint

__all__ = ["DataNotHereError", "DataReference", "StudyData", "lay_down", "take_up"]

_SPARSE_PARTS = ("data", "indices", "indptr")

Split = tuple[Any, Any, Any, Any]  # X, y, X_test, y_test


class DataNotHereError(FileNotFoundError):
    """The study's data does not lie where this machine looks for it."""


@dataclass(frozen=True)
class StudyData:
    """What the fits of a repeat are trained on and scored on.

    Parameters
    ----------
    X : array, CSR matrix or DataFrame
    y : array
    X_test, y_test : as X and y, default=None
    train, test : list of ndarray of int, default=None
        Rows of each fold, where there is no test set.
    """

    X: Any
    y: Any
    X_test: Any = None
    y_test: Any = None
    train: list[Any] | None = None
    test: list[Any] | None = None

    def split(self, fold: int | None) -> Split:
        """Training and test rows of a fold."""
        if fold is None or self.train is None or self.test is None:
            return self.X, self.y, self.X_test, self.y_test
        train, test = self.train[fold], self.test[fold]
        return (
            _rows(self.X, train),
            _rows(self.y, train),
            _rows(self.X, test),
            _rows(self.y, test),
        )

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, array) of all that there is."""
        for field in fields(self):
            found = getattr(self, field.name)
            if isinstance(found, list):
                yield from ((f"{field.name}-{i}", rows) for i, rows in enumerate(found))
            elif found is not None:
                yield field.name, found

    def fingerprints(self) -> dict[str, str]:
        """Name of a part -> its checksum."""
        return {name: fingerprint(part) for name, part in self.parts()}


@dataclass(frozen=True)
class DataReference:
    """Where data lies: small, whatever the size of the data.

    Parameters
    ----------
    folder : str
    files : dict of str to str
        Name of a part -> its fingerprint, with which its files' names begin.
    """

    folder: str
    files: dict[str, str]

    def open(self) -> StudyData:
        """Map the parts into memory.

        Raises
        ------
        DataNotHereError
            If they are not in the folder.
        """
        loaded: dict[str, Any] = {}
        for name, stem in self.files.items():
            part = _load(Path(self.folder), stem)
            field, _, number = name.partition("-")
            if number:
                loaded.setdefault(field, []).append(part)
            else:
                loaded[field] = part
        return StudyData(**loaded)

    def paths(self) -> list[Path]:
        """All files of the data."""
        folder = Path(self.folder)
        stems = dict.fromkeys(self.files.values())
        return [path for stem in stems for path in sorted(folder.glob(f"{stem}.*"))]


def lay_down(data: StudyData, prints: dict[str, str], folder: Path) -> DataReference:
    """Write the parts that do not lie in ``folder`` yet, or not as they should.

    Parameters
    ----------
    data : StudyData
    prints : dict of str to str
        Its fingerprints.
    folder : Path

    Returns
    -------
    DataReference
    """
    folder.mkdir(exist_ok=True)
    for name, part in data.parts():
        if not _is_intact(folder, prints[name]):
            _save(folder, prints[name], part)
    return DataReference(str(folder), prints)


def take_up(prints: Iterable[dict[str, str]], folder: Path) -> None:
    """Remove what was laid down, and the folder if nothing else is in it."""
    for files in prints:
        for path in DataReference(str(folder), files).paths():
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _is_intact(folder: Path, stem: str) -> bool:
    # A changed byte shows as any exception of whoever reads the file. In a pickle it
    # may also crash the process: that is not read before it is seen to be whole.
    with contextlib.suppress(Exception):
        if (folder / f"{stem}.joblib").exists():
            return (folder / f"{stem}.sum").read_text() == _file_sum(folder, stem)
        return fingerprint(_load(folder, stem)) == stem
    return False


def _save(folder: Path, stem: str, part: Any) -> None:
    if sp.issparse(part):
        for name in _SPARSE_PARTS:
            _save_array(folder / f"{stem}.{name}.npy", getattr(part, name))
        _save_array(folder / f"{stem}.shape.npy", np.array(part.shape))
    elif isinstance(part, np.ndarray) and not part.dtype.hasobject:
        _save_array(folder / f"{stem}.npy", part)
    else:  # a DataFrame, or an array of Python objects
        beside = folder / f"{stem}{TEMPORARY}"
        joblib.dump(part, beside)
        beside.replace(folder / f"{stem}.joblib")
        (folder / f"{stem}.sum").write_text(_file_sum(folder, stem))


def _file_sum(folder: Path, stem: str) -> str:
    with (folder / f"{stem}.joblib").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save_array(path: Path, array: Any) -> None:
    beside = path.with_suffix(TEMPORARY)
    with beside.open("wb") as file:
        # To a file itself numpy writes past Python, and does not see every full disk.
        np.save(SimpleNamespace(write=file.write), array, allow_pickle=False)
    beside.replace(path)


def _load(folder: Path, stem: str) -> Any:
    if (folder / f"{stem}.npy").exists():
        return np.load(folder / f"{stem}.npy", mmap_mode="r")
    if (folder / f"{stem}.joblib").exists():
        return joblib.load(folder / f"{stem}.joblib", mmap_mode="r")
    try:
        *parts, shape = (
            np.load(folder / f"{stem}.{name}.npy", mmap_mode="r")
            for name in (*_SPARSE_PARTS, "shape")
        )
    except FileNotFoundError as error:
        raise DataNotHereError(f"{folder} must hold {stem}.npy.") from error
    return sp.csr_matrix(tuple(parts), shape=tuple(shape), copy=False)


def _rows(data: Any, places: Any) -> Any:
    return data.iloc[places] if hasattr(data, "iloc") else data[places]
