"""Where studies keep their fits, and what they take over from one another."""

import glob
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import joblib

from overparam_sk.experiments.problem import Problem, data_of
from overparam_sk.model_selection import WidthStudy

__all__ = ["usual_store"]

# The name of a record: who was fitted, at which value if at any, in which repeat.
_RECORD = re.compile(
    r"[A-Za-z_]+(?:-(?P<value>\d+))?-(?P<repeat>\d+)-[0-9a-f]{8}\.json"
)


def usual_store(
    out: Path, problem: Problem, widths: Sequence[int], repeats: int, **settings: Any
) -> Path:
    """Where a study keeps its fits if nobody says: each has a folder of its own.

    Other values in a file of the same name are another study. Fits of studies that
    differ in nothing but their widths and repeats are copied from their folders beside
    it, so that a larger one begins with what is there: a record says itself what it is
    of, with the seed and the data, and one that is not the study's is not taken.

    Parameters
    ----------
    out : Path
    problem : Problem
    widths : sequence of int
    repeats : int
    **settings : object
        Whatever else decides the figures.

    Returns
    -------
    Path
        A folder in out/store, which is there only if there was something to copy.
    """
    fixed = None if problem.redraw else joblib.hash(data_of(problem))

    def folder(widths: Sequence[int], repeats: int) -> Path:
        others = sorted(settings.items())
        what = [problem.name, fixed, problem.normalized, widths, repeats, others]
        key = hashlib.sha256(repr(what).encode()).hexdigest()[:8]
        return out / "store" / f"{Path(problem.name).name}-{key}"

    mine = folder(widths, repeats)
    alike = glob.escape(Path(problem.name).name)
    for other in sorted(mine.parent.glob(f"{alike}-*")):
        size = None if other == mine else _size(other)
        # Its own size under our settings gives its name, if they are its settings.
        if size and other in (folder(*size), folder([*size[0]], size[1])):
            _copy(_records(other, widths, repeats), mine / "fits")
    return mine


def _size(store: Path) -> tuple[tuple[int, ...], int] | None:
    """Widths and repeats of the study in a store; None if there is none to read."""
    try:
        study = WidthStudy.load(store).configuration
    except (OSError, ValueError):
        return None
    return tuple(study["values"]), study["repeats"]


def _records(store: Path, widths: Sequence[int], repeats: int) -> Iterator[Path]:
    """Yield the records of a store that are of these widths and repeats."""
    for record in sorted((store / "fits").iterdir()):
        named = _RECORD.fullmatch(record.name)
        if named is None or int(named["repeat"]) >= repeats:
            continue
        if named["value"] is None or int(named["value"]) in widths:
            yield record


def _copy(records: Iterator[Path], fits: Path) -> None:
    """Copy the records that are not there; each is whole, or not there."""
    for record in records:
        if not (fits / record.name).exists():
            fits.mkdir(parents=True, exist_ok=True)
            beside = fits / f"{record.name}.copy-{os.getpid()}"
            shutil.copyfile(record, beside)
            beside.replace(fits / record.name)
