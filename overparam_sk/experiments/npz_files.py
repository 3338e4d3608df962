"""Arrays from an .npz file of somebody else's: what it declares is checked first."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

__all__ = ["Declared", "declared_arrays", "read_array"]

_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# The most bytes that deflate makes of one.
_DEFLATED = 1032


@dataclass(frozen=True)
class Declared:
    """What an array says that it is, before it is read."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.name} of shape {self.shape} and type {self.dtype}"


def declared_arrays(path: Path, names: Collection[str]) -> dict[str, Declared]:
    """Read the headers of those of the arrays that the file holds.

    Parameters
    ----------
    path : Path
    names : collection of str

    Returns
    -------
    dict of str to Declared

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If an array holds objects, is there twice, or is larger or smaller in the file
        than it says.
    Exception
        Of a dozen other kinds, from zipfile and numpy, if the file is damaged,
        encrypted or something else.
    """
    with ZipFile(path) as file:
        found = [i for i in file.infolist() if i.filename.removesuffix(".npy") in names]
        if len({info.filename for info in found}) < len(found):
            raise ValueError("it holds an array twice")
        return {
            name: _declared(file, name, info)
            for info in found
            if (name := info.filename.removesuffix(".npy")) != info.filename
        }


def read_array(path: Path, declared: Declared) -> NDArray[Any]:
    """Read an array that was found by :func:`declared_arrays`.

    Raises
    ------
    MemoryError
        If it does not go into memory, before it is read.
    Exception
        As above.
    """
    with ZipFile(path) as file:
        info = file.getinfo(f"{declared.name}.npy")
        if _declared(file, declared.name, info) != declared:
            raise ValueError(f"{declared} changed while it was read")
        with file.open(info) as member:
            array: NDArray[Any] = npy.read_array(member, allow_pickle=False)
            member.read(1)  # at the end zipfile compares the checksum
    return array


def _declared(file: ZipFile, name: str, info: ZipInfo) -> Declared:
    """Read the header of a member, and compare it with the directory's sizes."""
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ValueError(f"{name} is compressed in a way that numpy does not write")
    with file.open(info) as member:
        version = npy.read_magic(member)
        if version not in _HEADERS:
            raise ValueError(f"{name} is of version {version} of numpy's format")
        shape, _, dtype = _HEADERS[version](member)
        start = member.tell()
    declared = Declared(name, shape, dtype)
    if dtype.hasobject:
        raise ValueError(f"{declared} holds Python objects, which are not unpickled")
    if min(shape, default=0) < 0:
        raise ValueError(f"{declared} has a negative size")
    n_bytes = start + math.prod(shape) * dtype.itemsize
    n_compressed = min(info.compress_size, Path(str(file.filename)).stat().st_size)
    if n_bytes != info.file_size or n_bytes > _DEFLATED * n_compressed:
        raise ValueError(
            f"{declared} takes {n_bytes} bytes, but the file has {info.file_size} for "
            f"it, {n_compressed} when compressed"
        )
    return declared
