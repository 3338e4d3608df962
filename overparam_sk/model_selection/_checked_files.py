"""Files that say whether they are whole: a checksum, then JSON with arrays in it."""

import base64
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "TEMPORARY",
    "DamagedFileError",
    "check_can_be_written",
    "digest",
    "read_checked",
    "write_checked",
]

# The ending of files that are being written, or whose writer died.
TEMPORARY = ".part"

_ARRAY = "__ndarray__"


class DamagedFileError(ValueError):
    """A file that is not what was written."""


def write_checked(path: Path, content: Any) -> None:
    """Write ``content``, whole or not at all.

    Parameters
    ----------
    path : Path
        Replaced if it is there.
    content : dict, list, str, number, bool, None or ndarray
        Of these, at any depth; tuples come back as lists.

    Raises
    ------
    OSError
        If it cannot be written; what was at ``path`` is still there.
    """
    body = _to_bytes(content)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with beside.open("xb") as file:
            file.write(digest(body).encode() + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_checked(path: Path) -> Any:
    """Read what :func:`write_checked` wrote.

    Raises
    ------
    DamagedFileError
        If a byte is missing, added or changed.
    OSError
        If the file cannot be read.
    """
    sum_, newline, body = path.read_bytes().partition(b"\n")
    if not newline or sum_ != digest(body).encode():
        raise DamagedFileError(f"{path} is torn or changed: its checksum is not right.")
    return json.loads(body, object_hook=_from_json)


def check_can_be_written(content: Any) -> None:
    """Raise a TypeError if ``content`` is not what :func:`write_checked` takes."""
    _to_bytes(content)


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _to_bytes(content: Any) -> bytes:
    # A float is written so that it is read as the same float, NaN too.
    text = json.dumps(content, default=_to_json, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def _to_json(value: Any) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in "biufU":
        plain = value.item()
        return float(plain) if isinstance(plain, np.floating) else plain
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        packed = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {_ARRAY: [value.dtype.str, list(value.shape), packed]}
    raise TypeError(
        "A study keeps numbers, strings and arrays of them, in lists and dicts, got "
        f"{type(value).__name__}."
    )


def _from_json(found: dict[str, Any]) -> Any:
    if found.keys() != {_ARRAY}:
        return found
    dtype, shape, packed = found[_ARRAY]
    values = np.frombuffer(base64.b64decode(packed), dtype=dtype)
    return values.reshape(shape).copy()
