"""The data of a study: laid down as files that every worker reads, and checks."""

import contextlib
import functools
import hashlib
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import wrap_non_picklable_objects

from overparam_sk.store.checked_files import TEMPORARY, refuse_links

__all__ = ["DataFolder", "DataNotHereError", "DataReference"]

_SPARSE = {kind.__name__: kind for kind in (sp.csr_matrix, sp.csr_array)}
_SPARSE_PARTS = ("data", "indices", "indptr")


class DataNotHereError(OSError):
    """The study's data does not lie where this machine looks for it."""


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

    def open(self) -> dict[str, Any]:
        """Name -> part: map arrays into memory, and read what is not an array.

        Raises
        ------
        DataNotHereError
            If they are not in the folder, or not what was written there.
        """
        try:
            folder = Path(self.folder)
            return {name: part.read(folder) for name, part in self.parts.items()}
        except FileNotFoundError as error:
            raise DataNotHereError(f"{error.filename} is not there.") from error

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

    def lay_down(
        self, parts: Iterable[tuple[str, Any]], prints: dict[str, str]
    ) -> DataReference:
        """Write the parts that this call has not written yet.

        Parameters
        ----------
        parts : iterable of (str, object)
            Each with its name.
        prints : dict of str to str
            Their fingerprints.

        Returns
        -------
        DataReference
        """
        refuse_links(self.folder)
        self.folder.mkdir(exist_ok=True)
        laid_down = {}
        for name, part in parts:
            stem = prints[name]
            if stem not in self._written:
                self._written[stem] = self._save(stem, part)
            laid_down[name] = self._written[stem]
        return DataReference(str(self.folder), laid_down)

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
