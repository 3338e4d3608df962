"""The folder of a study: its configuration, its finished fits, and a lock on both."""

import contextlib
import os
import platform
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from overparam_sk.fingerprints import differences
from overparam_sk.store.checked_files import (
    TEMPORARY,
    DamagedFileError,
    refuse_links,
    write_checked,
)
from overparam_sk.store.data import DataFolder
from overparam_sk.store.schema import (
    FORMAT,
    read_configuration,
    read_record,
)

__all__ = ["Store", "configuration_of", "read_fits"]

CONFIGURATION = "study.json"
# A damaged record is a fit done again; without the seed of the study it would be all.
COPY = "study-copy.json"
FITS = "fits"
DATA = "data"
ASIDE = "set-aside"
_OWNER = "owner"
_LOCK = "lock"
_OURS = (CONFIGURATION, COPY, FITS, DATA, ASIDE, _OWNER, _LOCK)

Differences = dict[tuple[str, ...], tuple[str, str]]


class Store:
    """A folder that one study at a time works on, as a context manager.

    ``study.json`` holds what the study is made of, and so does a copy of it, ``fits``
    one record a finished fit, ``data`` what the workers read while the study is
    unfinished, and ``set-aside`` records that were damaged. A record is a checksum and
    JSON, written beside its place and then moved there.

    Parameters
    ----------
    folder : Path
        Made where it is not there.

    Attributes
    ----------
    records : Path
        The folder of the records.
    data : DataFolder

    Raises
    ------
    ValueError
        On entry, if the folder holds other things than a study, or if one of its files
        or folders is a symbolic link.
    BlockingIOError
        On entry, if another study works on the folder. The operating system lets go of
        the lock of a process that died.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records = folder / FITS
        self.data = DataFolder(folder / DATA)
        self._lock = FileLock(folder / _LOCK)
        self._owner = folder / _OWNER

    def __enter__(self) -> "Store":
        """Lock the folder, and clear away what was being written when a writer died."""
        found = {path.name for path in self.folder.glob("*")}
        if found and found.isdisjoint({FITS, CONFIGURATION, COPY, _LOCK}):
            raise ValueError(
                f"store must be a new folder, or that of a study, got {self.folder} "
                f"with {', '.join(sorted(found)[:5])} in it."
            )
        refuse_links(*(self.folder / name for name in _OURS))
        (self.folder / FITS).mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise BlockingIOError(
                f"{self.folder} must be used by one study at a time, and is in use"
                f"{self._who()}. Wait for it, or give this study another store."
            ) from error
        try:
            for pattern in ("study*.json.*", f"{FITS}/*", f"{DATA}/*"):
                for left_over in self.folder.glob(pattern + TEMPORARY):
                    left_over.unlink(missing_ok=True)
            self._owner.unlink(missing_ok=True)
            with self._owner.open("x") as owner:
                owner.write(f" by process {os.getpid()} on {platform.node()}")
        except BaseException:
            # __exit__ is not called, and who keeps the error would keep the lock.
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let others work on the folder."""
        try:
            self._owner.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _who(self) -> str:
        try:
            with self._owner.open(errors="replace") as owner:
                said = owner.read(200)
            return "".join(letter for letter in said if letter.isprintable())
        except OSError:
            return ""

    def configuration(self) -> dict[str, Any] | None:
        """What the study in the folder is made of; None for a new one."""
        both = [
            _read_or_set_aside(read_configuration, self.folder / name, self.folder)
            for name in (CONFIGURATION, COPY)
        ]
        found = next((one for one in both if one is not None), None)
        if found is not None and both != [found, found]:
            self._write(found)
        return found

    def _write(self, configuration: dict[str, Any]) -> None:
        for name in (CONFIGURATION, COPY):
            write_checked(self.folder / name, configuration)

    def settle(self, configuration: dict[str, Any], *, extend: bool) -> None:
        """Take a configuration, or refuse it beside that of the study in the folder.

        Raises
        ------
        ValueError
            If they differ, or with ``extend`` if they differ in more than additional
            estimators, values and repeats. The differences are named.
        """
        before = self.configuration()
        if before is not None:
            _refuse_format(self.folder, before["format"])
            changed = differences(before, configuration)
            _warn_of_versions(changed)
            other = {
                path: entries
                for path, entries in changed.items()
                if not _is_growth(path, before, configuration)
            }
            if changed and (other or not extend):
                hint = "" if other else "\nWith extend=True the study may grow so."
                differ = other if extend else changed
                raise ValueError(_refusal(self.folder, differ) + hint)
        if before != configuration:
            self._write(configuration)

    def record(self, path: Path) -> dict[str, Any] | None:
        """A record, if there is one; one that is damaged is set aside and warned of."""
        return _read_or_set_aside(read_record, path, self.folder)


def configuration_of(folder: Path) -> dict[str, Any]:
    """What the study in a folder is made of, by its file or, where damaged, its copy.

    Raises
    ------
    OSError, ValueError
        If neither can be read; then of the first.
    """
    refuse_links(*(folder / name for name in (CONFIGURATION, COPY, FITS)))
    try:
        return read_configuration(folder / CONFIGURATION)
    except (DamagedFileError, FileNotFoundError):
        with contextlib.suppress(DamagedFileError, FileNotFoundError):
            return read_configuration(folder / COPY)
        raise


def read_fits(folder: Path, configuration: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The fits that are recorded; what is damaged is left out, with a warning.

    Raises
    ------
    ValueError
        If a record is a symbolic link.
    """
    for record in sorted((folder / FITS).glob("*.json")):
        try:
            refuse_links(record)
            yield read_record(record, configuration)["fit"]
        except DamagedFileError as error:
            warnings.warn(f"{error} It is left out.", RuntimeWarning, stacklevel=3)


def _read_or_set_aside(
    read: Callable[[Path], dict[str, Any]], path: Path, folder: Path
) -> dict[str, Any] | None:
    """Read a checked file; None where there is none, or none that is whole."""
    refuse_links(path)
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except DamagedFileError as error:
        aside = folder / ASIDE
        aside.mkdir(exist_ok=True)
        number = len(list(aside.iterdir()))
        path.replace(aside / f"{number}-{path.name}")
        warnings.warn(
            f"{error} It was set aside in {aside}, and what it held is done again.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def _refuse_format(folder: Path, found: int) -> None:
    if found != FORMAT:
        raise ValueError(
            f"{folder / CONFIGURATION}: format must be {FORMAT} for a study to go on, "
            f"got {found}, of an earlier version. WidthStudy.load reads the fits; give "
            "this study another store."
        )


def _warn_of_versions(changed: Differences) -> None:
    """Take the versions of packages out of the differences, and warn of them."""
    versions = {path: changed.pop(path) for path in [*changed] if path[0] == "versions"}
    # Not of what comes with another estimator, and not what left with one.
    versions = {p: both for p, both in versions.items() if "nothing" not in both}
    if versions:
        listed = ", ".join(
            f"{path[-1]} {before} then and {now} now"
            for path, (before, now) in versions.items()
        )
        warnings.warn(
            f"The store's fits were made with other versions: {listed}. They are kept.",
            RuntimeWarning,
            stacklevel=4,
        )


def _is_growth(
    path: tuple[str, ...], before: dict[str, Any], now: dict[str, Any]
) -> bool:
    """Whether an entry only adds estimators, values or repeats."""
    head = path[0]
    if head == "values":
        return set(map(repr, before[head])) <= set(map(repr, now[head]))
    if head == "repeats":
        return bool(before[head] <= now[head])
    return head in ("estimators", "data") and path[1] not in before[head]


def _refusal(folder: Path, changed: Differences) -> str:
    lines = [
        f"  {'.'.join(path)}: {before} there, {now} here"
        for path, (before, now) in sorted(changed.items())
    ]
    return "\n".join(
        [
            f"The study must be the one of which {folder} holds the fits; give it "
            "another store, or set back what differs:",
            *lines,
        ]
    )
