"""What can be refused before anything is fitted is refused then."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from overparam_sk import DivergenceError, OverparamReLUClassifier
from overparam_sk.devices import resolve_device
from overparam_sk.experiments.problem import Problem
from overparam_sk.memory import check_room

__all__ = ["check_device", "check_fits", "check_folder"]


def check_device(name: str) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    ValueError
        With those that are there.
    """
    resolve_device(name)


def check_folder(folder: Path, files: Iterable[str]) -> None:
    """Refuse a folder that the results cannot be written into; none is made.

    Parameters
    ----------
    folder : Path
        If it is not there, what it would be made in is tried.
    files : iterable of str
        Names of the files that will be written, over those that are there.

    Raises
    ------
    ValueError
        With the reason.
    """
    there = next(
        path
        for path in (folder.absolute(), *folder.absolute().parents)
        if path.exists()
    )
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
        for path in (folder / name for name in files):
            if path.is_dir():
                raise IsADirectoryError(None, f"{path.name} is a folder")
            if path.exists() and not os.access(path, os.W_OK):
                raise PermissionError(None, f"{path.name} may not be written")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(
            f"out must be a folder that the results can be written into, got "
            f"{os.fspath(folder)!r}: {reason}."
        ) from error


def check_fits(
    problem: Problem, widths: Sequence[int], fit_params: Mapping[str, Any]
) -> None:
    """Refuse what no fit would do: a step on a row of each class tells.

    Parameters
    ----------
    problem : Problem
    widths : sequence of int
    fit_params : dict
        Parameters of the estimator. Its device may be that of another machine.

    Raises
    ------
    ValueError
        In the estimator's own words, or if the widest network does not go into memory.
    """
    classes, rows = np.unique(problem.y, return_index=True)
    params = {**fit_params, "batch_size": 1, "device": "cpu", "random_state": 0}
    net = OverparamReLUClassifier(min(widths), **params)
    with suppress(DivergenceError):  # which a study is told of
        net.partial_fit(problem.X[rows], problem.y[rows], classes=classes)
    widest, n_features = max(widths), problem.X.shape[1]
    needed = float(problem.X.itemsize) * widest * n_features
    check_room(f"A network of width {widest}", needed, "lower widths")
