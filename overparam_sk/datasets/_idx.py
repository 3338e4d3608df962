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

The format has no checksum: a flipped entry can be seen only by the caller.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["parse_idx", "read_bytes", "read_idx"]

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: Path) -> NDArray[Any]:
    """Read an idx file, gzipped or not.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray
        Of the type and shape that the file states, in native byte order.

    Raises
    ------
    OSError
        If the file cannot be opened or read.
    ValueError
        If it is not a whole idx file, no byte missing and none left over.
    """
    return parse_idx(read_bytes(path), path)


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, decompressed if it is gzipped.

    What tells is the first two bytes, not the name: an idx file begins with 0.

    Raises
    ------
    OSError
        If the file cannot be opened or read.
    ValueError
        If it is gzipped and truncated or corrupt.
    """
    data = path.read_bytes()
    if not data.startswith(GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(
            f"{path} must be a whole gzip file, got a truncated or corrupt one "
            f"({error})."
        ) from error


def parse_idx(data: bytes, path: Path) -> NDArray[Any]:
    """Return the array that the bytes of an idx file hold.

    Parameters
    ----------
    data : bytes
    path : Path
        Where the bytes come from; only for the messages.

    Returns
    -------
    ndarray
        Of the type and shape that the header states, in native byte order.

    Raises
    ------
    ValueError
        If the bytes are not a whole idx file, no byte missing and none left over.
    """
    dtype, shape = _parse_header(data, path)
    start = 4 + 4 * len(shape)
    expected = start + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise ValueError(
            f"{path} must hold {expected} bytes (uncompressed), as its idx header says "
            f"(shape {shape}, {dtype.itemsize} bytes each), got {len(data)}."
        )
    entries = np.frombuffer(data[start:], dtype)
    try:  # numpy refuses 255 dimensions, and sizes as (0, 2**32 - 1, 2**32 - 1)
        return entries.reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:
        raise ValueError(
            f"{path} must have a shape that numpy can hold, got {shape} ({error})."
        ) from error


def _parse_header(data: bytes, path: Path) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the type of the entries and the shape."""
    if len(data) < 4:
        raise ValueError(
            f"{path} must begin with the 4 magic bytes of an idx file, got "
            f"{len(data)} bytes in all."
        )
    zeros, code, n_dimensions = data[:2], data[2], data[3]
    if zeros != b"\0\0" or code not in DTYPES:
        known = ", ".join(f"{code:02x}" for code in DTYPES)
        raise ValueError(
            f"{path} must be an idx file, which begins with the bytes 00 00 and a type "
            f"among {known}, got {data[:4].hex(' ')}."
        )
    if len(data) < 4 + 4 * n_dimensions:
        raise ValueError(
            f"{path} must have an idx header of {4 + 4 * n_dimensions} bytes for its "
            f"{n_dimensions} dimensions, got {len(data)} bytes in all."
        )
    return np.dtype(DTYPES[code]), struct.unpack_from(f">{n_dimensions}I", data, 4)
