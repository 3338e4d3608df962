"""The idx format, in which MNIST and its like are published; plain or gzipped.

========  ===================================================================
Bytes     Meaning
========  ===================================================================
0, 1      0
2         type of an entry, a key of ``DTYPES``
3         number of dimensions, D
4 to 4D+3 the sizes, each an unsigned big-endian integer of 4 bytes
the rest  the entries in C order, big-endian; nothing follows them
========  ===================================================================

The format has no checksum: a flipped entry can be seen only by the caller. A gzipped
file may decompress to a thousand times its size, so the header is read first and then
as many bytes as it declares, piece by piece: no more memory is taken than has arrived.
"""

import gzip
import hashlib
import math
import os
import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

__all__ = ["PublishedFile", "read_idx"]

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"
PIECE = 2**20  # bytes that are read at a time


@dataclass(frozen=True)
class PublishedFile:
    """What a file of bytes must be where not any idx file will do.

    Parameters
    ----------
    name : str
        For the messages.
    shape : tuple of int
    sha256 : str
        Of the uncompressed bytes, as 64 hexadecimal digits.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class _Header:
    raw: bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def n_bytes(self) -> int:
        """Of the whole file, uncompressed."""
        return len(self.raw) + math.prod(self.shape) * self.dtype.itemsize


def read_idx(path: Path, published: PublishedFile | None = None) -> NDArray[Any]:
    """Read an idx file, gzipped or not.

    What tells is the first two bytes, not the name: an idx file begins with 0.

    Parameters
    ----------
    path : Path
    published : PublishedFile, default=None
        What the file must be; a shape that is another is refused before the entries
        are read. None is any idx file.

    Returns
    -------
    ndarray
        Of the type and shape that the file states, in native byte order.

    Raises
    ------
    OSError
        If the file cannot be opened or read.
    ValueError
        If it is not a whole idx file, no byte missing and none left over, or not the
        published one; the message names it.
    """
    with _uncompressed(path) as (file, n_bytes):
        header = _read_header(file, path)
        bytes_ = np.dtype(np.uint8)
        if published and (header.shape, header.dtype) != (published.shape, bytes_):
            raise ValueError(
                f"{path} must be {published.name}, of shape {published.shape} and type "
                f"uint8, got {header.shape} and {header.dtype.name}."
            )
        entries = _read_entries(file, header, path, n_bytes)
    if published:
        found = hashlib.sha256(header.raw)
        found.update(entries)
        if found.hexdigest() != published.sha256:
            raise ValueError(
                f"{path} must be {published.name}, with SHA-256 {published.sha256} "
                f"(uncompressed), got {found.hexdigest()}."
            )
    return _as_array(entries, header, path)


@contextmanager
def _uncompressed(path: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    """The file to be read, and how many bytes it has, if that is known without reading.

    Raises
    ------
    ValueError
        If it turns out while it is read that it is gzipped and truncated or corrupt.
    """
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] == GZIP_MAGIC:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    yield unzipped, None  # type: ignore[misc]  # reads as a BinaryIO
            else:
                status = os.fstat(file.fileno())
                yield file, status.st_size if stat.S_ISREG(status.st_mode) else None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path} must be a whole gzip file, got a truncated or corrupt one "
            f"({error})."
        ) from error
    except OSError as error:  # one of reading does not say of what
        error.filename = error.filename or str(path)
        raise


def _read_header(file: BinaryIO, path: Path) -> _Header:
    raw = file.read(4)
    if len(raw) < 4:
        raise ValueError(
            f"{path} must begin with the 4 magic bytes of an idx file, got "
            f"{len(raw)} bytes in all."
        )
    zeros, code, n_dimensions = raw[:2], raw[2], raw[3]
    if zeros != b"\0\0" or code not in DTYPES:
        known = ", ".join(f"{code:02x}" for code in DTYPES)
        raise ValueError(
            f"{path} must be an idx file, which begins with the bytes 00 00 and a type "
            f"among {known}, got {raw.hex(' ')}."
        )
    raw += file.read(4 * n_dimensions)
    if len(raw) < 4 + 4 * n_dimensions:
        raise ValueError(
            f"{path} must have an idx header of {4 + 4 * n_dimensions} bytes for its "
            f"{n_dimensions} dimensions, got {len(raw)} bytes in all."
        )
    shape = struct.unpack_from(f">{n_dimensions}I", raw, 4)
    return _Header(raw, np.dtype(DTYPES[code]), shape)


def _read_entries(
    file: BinaryIO, header: _Header, path: Path, n_bytes: int | None
) -> bytearray:
    """Read what the header declares, to the end of the file.

    Parameters
    ----------
    n_bytes : int or None
        Size of the file, if it is known: a wrong one is refused before it is read.
    """
    entries, start, expected = bytearray(), len(header.raw), header.n_bytes
    if n_bytes in (None, expected):
        while piece := file.read(min(PIECE, expected + 1 - start - len(entries))):
            entries += piece
        n_bytes = start + len(entries)
    if n_bytes != expected:
        found = f"{n_bytes} or more" if start + len(entries) > expected else n_bytes
        raise ValueError(
            f"{path} must hold {expected} bytes (uncompressed), as its idx header says "
            f"(shape {header.shape}, {header.dtype.itemsize} bytes each), got {found}."
        )
    return entries


def _as_array(entries: bytearray, header: _Header, path: Path) -> NDArray[Any]:
    native = header.dtype.newbyteorder("=")
    try:  # numpy refuses 255 dimensions, and sizes as (0, 2**32 - 1, 2**32 - 1)
        array = np.frombuffer(entries, header.dtype).reshape(header.shape)
        return array.astype(native, copy=False)
    except ValueError as error:
        raise ValueError(
            f"{path} must have a shape that numpy can hold, got {header.shape} "
            f"({error})."
        ) from error
