"""Symbolic links where a study keeps its own files: whoever made them meant another."""

import stat
from pathlib import Path

__all__ = ["refuse_links"]


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
