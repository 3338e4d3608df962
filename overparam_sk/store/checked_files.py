"""Files that say whether they are whole: a checksum, then JSON with arrays in it.

And no links: whoever made one where a study keeps its own files meant another.
"""

import base64
import hashlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "TEMPORARY",
    "DamagedFileError",
    "check_can_be_written",
    "digest",
    "read_checked",
    "refuse_links",
    "write_checked",
]

# The ending of files that are being written, or whose writer died.
TEMPORARY = ".part"

_ARRAY = "__ndarray__"
_MAX_DEPTH = 50
_TOO_DEEP = f"more than {_MAX_DEPTH} lists and objects are in each other."
_MAX_BITS = 1023  # of what a float can hold


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
        If a byte is missing, added or changed, or the content is none that
        :func:`write_checked` writes.
    OSError
        If the file cannot be read.
    """
    sum_, newline, body = path.read_bytes().partition(b"\n")
    if not newline or sum_ != digest(body).encode():
        raise DamagedFileError(f"{path} is torn or changed: its checksum is not right.")
    try:
        return _of_bytes(body)
    except (ValueError, RecursionError) as error:
        raise DamagedFileError(f"{path}: {_told(error)}") from error


def _told(error: BaseException) -> str:
    # Python's own words for it are about its stack.
    return _TOO_DEEP if isinstance(error, RecursionError) else str(error)


def check_can_be_written(content: Any) -> None:
    """Raise a TypeError if ``content`` is not what :func:`write_checked` takes.

    Or a ValueError if it would not be read again: two keys that are written alike, or
    more than 50 dicts and lists in each other.
    """
    _of_bytes(_to_bytes(content))


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


def _of_bytes(body: bytes) -> Any:
    try:
        found = json.loads(body, object_pairs_hook=_each_once)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"the content must be JSON, and is none: {error}") from error
    return _decoded(found, "the content", 0)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r:.60} must be there once, got it twice.")
    return found


def _decoded(value: Any, place: str, depth: int) -> Any:
    """With the arrays, and nothing that cannot be used."""
    if depth > _MAX_DEPTH:
        raise ValueError(_TOO_DEEP)
    if type(value) is int and value.bit_length() > _MAX_BITS:
        raise ValueError(f"{place} must be a number below 2**{_MAX_BITS}.")
    if isinstance(value, list):
        return [
            _decoded(entry, f"{place}[{number}]", depth + 1)
            if isinstance(entry, (list, dict, int))
            else entry
            for number, entry in enumerate(value)
        ]
    if isinstance(value, dict):
        if value.keys() == {_ARRAY}:
            return _array(value[_ARRAY], place)
        return {
            name: _decoded(entry, f"{place}.{name}", depth + 1)
            for name, entry in value.items()
        }
    return value


def _array(written: Any, place: str) -> Any:
    try:
        dtype, shape, packed = written
        values = np.frombuffer(base64.b64decode(packed, validate=True), dtype=dtype)
        return values.reshape(shape).copy()
    except (ArithmeticError, SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"{place} must be an array, and is none: {error}") from error


def refuse_links(*paths: Path) -> None:
    """Refuse what is neither a plain file nor a folder; what is not there is fine.

    Raises
    ------
    ValueError
        With the path, and where a link points to.
    """
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISLNK(mode):
            raise ValueError(
                f"{path} must not be a symbolic link, got one to {path.readlink()}. A "
                "study keeps its own files in its store, and follows none out of it."
            )
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ValueError(f"{path} must be a file or a folder, got neither.")
