"""The data of a study: laid down as files that every worker reads, and checks."""

import contextlib
import functools
import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import wrap_non_picklable_objects
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import _safe_split

from overparam_sk.fingerprints import fingerprint
from overparam_sk.model_selection._checked_files import TEMPORARY
from overparam_sk.model_selection._links import refuse_links

__all__ = ["DataFolder", "DataNotHereError", "DataReference", "Split", "StudyData"]

_SPARSE = {kind.__name__: kind for kind in (sp.csr_matrix, sp.csr_array)}
_SPARSE_PARTS = ("data", "indices", "indptr")


class DataNotHereError(OSError):
    """The study's data does not lie where this machine looks for it."""


@dataclass(frozen=True)
class Split:
    """What one fit is trained on and scored on."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    weight: Any = None
    test_weight: Any = None


@dataclass(frozen=True)
class StudyData:
    """What the fits of a repeat are trained on and scored on.

    Parameters
    ----------
    X, y : array, CSR matrix or array, data frame, list
        Whatever has rows that scikit-learn can select.
    X_test, y_test : as X and y, default=None
    sample_weight : as y, default=None
        Of the rows of X.
    train, test : list of ndarray of int, default=None
        Rows of each fold, where there is no test set.
    """

    X: Any
    y: Any
    X_test: Any = None
    y_test: Any = None
    sample_weight: Any = None
    train: list[Any] | None = None
    test: list[Any] | None = None

    def split(self, fold: int | None, model: Any) -> Split:
        """Training and test rows of a fold, as scikit-learn selects them for a model.

        One of a precomputed kernel gets the columns of its training rows.
        """
        if fold is None or self.train is None or self.test is None:
            return Split(self.X, self.y, self.X_test, self.y_test, self.sample_weight)
        train, test = self.train[fold], self.test[fold]
        X, y = _safe_split(model, self.X, self.y, train)
        X_test, y_test = _safe_split(model, self.X, self.y, test, train)
        weights = self.sample_weight
        if weights is None:
            return Split(X, y, X_test, y_test)
        of_rows = (_safe_indexing(weights, rows) for rows in (train, test))
        return Split(X, y, X_test, y_test, *of_rows)

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, data) of all that there is."""
        for field in fields(self):
            found = getattr(self, field.name)
            if field.name in ("train", "test"):
                numbered = enumerate(found or ())
                yield from ((f"{field.name}-{i}", rows) for i, rows in numbered)
            elif found is not None:
                yield field.name, found

    def fingerprints(self) -> dict[str, str]:
        """Name of a part -> its checksum."""
        return {name: fingerprint(part) for name, part in self.parts()}


@dataclass(frozen=True)
class _File:
    """A file by its name, and by the checksum of what was written into it."""

    name: str
    digest: str

    def read_array(self, folder: Path) -> Any:
        """Map an array into memory; what is written to it stays in this process."""
        path = folder / self.name
        state = _state(path)
        _check(path, self.digest, state)
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except (EOFError, ValueError) as error:
            raise _not_ours(path) from error
        if _state(path) != state:  # another file since the check
            raise _not_ours(path)
        return array.view(np.ndarray)

    def read_object(self, folder: Path) -> Any:
        """Read the bytes, and only if they are the right ones take the object."""
        content = (folder / self.name).read_bytes()
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise _not_ours(folder / self.name)
        return pickle.loads(content)


def _state(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


@functools.lru_cache(1000)
def _check(path: Path, digest: str, state: tuple[int, ...]) -> None:
    """Once in a process, unless the file is another: it is read as a whole."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            raise _not_ours(path)


def _not_ours(path: Path) -> DataNotHereError:
    return DataNotHereError(f"{path} must be what this study wrote, and is not.")


@dataclass(frozen=True)
class _Part:
    """How a part of the data is read: an array, a sparse one, or any object."""

    kind: str
    files: tuple[_File, ...]
    shape: tuple[int, ...] = ()

    def read(self, folder: Path) -> Any:
        if self.kind == "object":
            return self.files[0].read_object(folder)
        arrays = tuple(file.read_array(folder) for file in self.files)
        if self.kind == "array":
            return arrays[0]
        return _SPARSE[self.kind](arrays, shape=self.shape, copy=False)


@dataclass(frozen=True)
class DataReference:
    """Where data lies: small, whatever the size of the data.

    It comes from the memory of the driver, with the checksums of the files: a file that
    another one wrote is not looked into.

    Parameters
    ----------
    folder : str
    parts : dict of str to _Part
    """

    folder: str
    parts: dict[str, _Part]

    def open(self) -> StudyData:
        """Map arrays into memory, and read what is not an array.

        Raises
        ------
        DataNotHereError
            If they are not in the folder, or not what was written there.
        """
        loaded: dict[str, Any] = {}
        for name, part in self.parts.items():
            try:
                found = part.read(Path(self.folder))
            except FileNotFoundError as error:
                raise DataNotHereError(f"{error.filename} is not there.") from error
            field, _, number = name.partition("-")
            if number:
                loaded.setdefault(field, []).append(found)
            else:
                loaded[field] = found
        return StudyData(**loaded)

    def paths(self) -> list[Path]:
        """All files of the data."""
        files = [file for part in self.parts.values() for file in part.files]
        return [Path(self.folder) / file.name for file in files]


class DataFolder:
    """The folder of the data, which every call writes anew, each part once.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, _Part] = {}

    def lay_down(self, data: StudyData, prints: dict[str, str]) -> DataReference:
        """Write the parts that this call has not written yet.

        Parameters
        ----------
        data : StudyData
        prints : dict of str to str
            Its fingerprints.

        Returns
        -------
        DataReference
        """
        refuse_links(self.folder)
        self.folder.mkdir(exist_ok=True)
        parts = {}
        for name, part in data.parts():
            stem = prints[name]
            if stem not in self._written:
                self._written[stem] = self._save(stem, part)
            parts[name] = self._written[stem]
        return DataReference(str(self.folder), parts)

    def take_up(self, prints: Iterable[dict[str, str]]) -> None:
        """Remove what this call and calls that died laid down; the folder if empty."""
        for stem in {stem for files in prints for stem in files.values()}:
            for path in self.folder.glob(f"{stem}.*"):
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def _save(self, stem: str, part: Any) -> _Part:
        kind = type(part).__name__
        if _SPARSE.get(kind) is type(part):
            files = [
                self._save_array(f"{stem}.{name}.npy", getattr(part, name))
                for name in _SPARSE_PARTS
            ]
            return _Part(kind, tuple(files), part.shape)
        if type(part) in (np.ndarray, np.memmap) and not part.dtype.hasobject:
            return _Part("array", (self._save_array(f"{stem}.npy", part),))
        # By value, so that a container of the session's own class can be sent too.
        sent = wrap_non_picklable_objects(part, keep_wrapper=False)
        file = self._write(f"{stem}.object", lambda to: pickle.dump(sent, to))
        return _Part("object", (file,))

    def _save_array(self, name: str, array: Any) -> _File:
        return self._write(name, lambda to: np.save(to, array, allow_pickle=False))

    def _write(self, name: str, save: Callable[[Any], None]) -> _File:
        """Write beside the place and move there, which follows no link."""
        hasher = hashlib.sha256()
        beside = self.folder / f"{name}{TEMPORARY}"
        beside.unlink(missing_ok=True)
        with beside.open("xb") as file:

            def write(some: Any) -> None:
                hasher.update(some)
                file.write(some)

            # To a file itself numpy writes past Python, and misses a full disk.
            save(SimpleNamespace(write=write))
        beside.replace(self.folder / name)
        return _File(name, hasher.hexdigest())
