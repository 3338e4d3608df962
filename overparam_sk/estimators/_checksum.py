"""A checksum of a fitted state, by which a pickle of it knows whether it is whole."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

__all__ = ["checksum"]


def checksum(state: dict[str, Any]) -> str:
    """Checksum of names, numbers, strings and arrays of them, in dicts and sequences.

    Parameters
    ----------
    state : dict
        Of what else is in it, only the type counts.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    found = hashlib.blake2b(digest_size=16)
    for part in _parts(state, ()):
        found.update(part)
    return found.hexdigest()


def _parts(value: Any, above: tuple[int, ...]) -> Iterator[bytes | memoryview]:
    """Bytes that are others for another value: each part says first what it is."""
    if id(value) in above:  # a list that holds itself
        yield f"circle of {len(above) - above.index(id(value))}:".encode()
        return
    above = (*above, id(value))
    # A memory-mapped array is the array that was written.
    kind = np.ndarray if isinstance(value, np.ndarray) else type(value)
    yield f"{kind.__name__}:".encode()
    if isinstance(value, dict):
        yield f"{len(value)}:".encode()
        for name, entry in value.items():
            yield from _parts(name, above)
            yield from _parts(entry, above)
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)}:".encode()
        for entry in value:
            yield from _parts(entry, above)
    elif isinstance(value, (np.ndarray, np.generic)):
        # pickle gives arrays back in the machine's own order of bytes.
        array = np.asarray(value)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        yield f"{array.dtype.str}{array.shape}:".encode()
        if array.dtype.hasobject:
            yield from _parts(array.ravel().tolist(), above)
        else:
            yield np.ascontiguousarray(array).view(np.uint8).data
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        yield f"{value!r}:".encode()
