"""What was measured on a data set, kept beside the report: rules can be judged again.

A file has everything that `Measured` has, in arrays, and the settings it was measured
with as its name; nothing in it is unpickled.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import ResidualModes
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    Initialisation,
    Measured,
    Run,
    Start,
    run_all,
)
from overparam_sk.experiments.npz_files import declared_arrays, read_array
from overparam_sk.experiments.reproduction import Request
from overparam_sk.experiments.tables import package_versions

__all__ = ["kept_or_run", "load", "save"]

Arrays = dict[str, NDArray[Any]]

_RUN = ("width", "repeat", "seed", "n_samples", "lambda_0", "lambda_0_error", "seconds")
_START = ("seed", "lambda_0", "lambda_0_error", "dead", "conditional", "limit")
_INITIALISATION = (*_START, "half_squares")
_MODES = ("eigenvalues", "iterations", "coefficients")
_HISTORY = "history_"


def kept_or_run(request: Request, names: Sequence[str]) -> list[Measured]:
    """Take what the store has; measure the rest and keep it, data set by data set.

    Parameters
    ----------
    request : Request
        Its folder has the store, and its settings and device decide what is the same.
    names : sequence of str
        Of the data sets.

    Returns
    -------
    list of Measured

    Raises
    ------
    ValueError
        If a file of the store is damaged.
    OSError
        If the store cannot be written.
    """
    return [_kept_or_run(request, name) for name in names]


def _kept_or_run(request: Request, name: str) -> Measured:
    path = _path(request, name)
    if path.exists():
        return load(path, name)
    (measured,) = run_all(request, [name])
    save(measured, path)
    return measured


def _path(request: Request, name: str) -> Path:
    """Another seed, scale, device, data set or version of a package: another file."""
    what = [sorted(request.settings.items()), request.device, package_versions(), name]
    key = hashlib.sha256(repr(what).encode()).hexdigest()[:8]
    return request.out / "store" / f"{DATA_SETS[name].file_name}-{key}.npz"


def save(measured: Measured, path: Path) -> None:
    """Write the file, whole or not at all."""
    runs, starts = measured.runs, measured.initialisations
    arrays: Arrays = {
        **{f"run_{name}": _column(runs, name) for name in (*_RUN, "moves")},
        **{f"mode_{name}": _column([r.modes for r in runs], name) for name in _MODES},
        **{
            _HISTORY + name: np.array([run.history[name] for run in runs])
            for name in runs[0].history
        },
        **{f"seed_{name}": _column(starts, name) for name in _INITIALISATION},
        "seed_widths": np.array(list(starts[0].starts)),
        **{
            f"start_{field.name}": np.array(
                [
                    [getattr(s, field.name) for s in one.starts.values()]
                    for one in starts
                ]
            )
            for field in fields(Start)
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part.npz")
    np.savez_compressed(part, allow_pickle=False, **arrays)
    os.replace(part, path)


def _column(rows: Sequence[Any], name: str) -> NDArray[Any]:
    return np.array([getattr(row, name) for row in rows])


def load(path: Path, name: str) -> Measured:
    """Read what `save` wrote of a data set.

    Raises
    ------
    ValueError
        If the file is damaged.
    """
    try:
        arrays = _arrays(path)
        return Measured(name, _runs(arrays, name), _initialisations(arrays, name))
    except Exception as error:  # zipfile and numpy have a dozen kinds
        raise ValueError(
            f"{path} is damaged ({error}): delete it to have it measured again"
        ) from error


def _arrays(path: Path) -> Arrays:
    with ZipFile(path) as file:
        names = {name.removesuffix(".npy") for name in file.namelist()}
    declared = declared_arrays(path, names)
    return {name: read_array(path, one) for name, one in declared.items()}


def _runs(arrays: Arrays, data: str) -> list[Run]:
    columns = [name for name in arrays if name.startswith(_HISTORY)]
    runs = []
    for i in range(len(arrays["run_width"])):
        about = {name: arrays[f"run_{name}"][i].item() for name in _RUN}
        known = {name: arrays[f"mode_{name}"][i] for name in _MODES}
        modes = ResidualModes(**known, learning_rate=LEARNING_RATE)
        history = {name.removeprefix(_HISTORY): arrays[name][i] for name in columns}
        first, second = map(float, arrays["run_moves"][i])
        runs.append(
            Run(data=data, modes=modes, history=history, moves=(first, second), **about)
        )
    return runs


def _initialisations(arrays: Arrays, data: str) -> list[Initialisation]:
    return [
        Initialisation(
            data=data,
            starts={
                int(width): _start(arrays, i, j)
                for j, width in enumerate(arrays["seed_widths"])
            },
            **{name: arrays[f"seed_{name}"][i].item() for name in _INITIALISATION},
        )
        for i in range(len(arrays["seed_seed"]))
    ]


def _start(arrays: Arrays, i: int, j: int) -> Start:
    found = {f.name: arrays[f"start_{f.name}"][i, j].tolist() for f in fields(Start)}
    tuples = {name: tuple(v) for name, v in found.items() if isinstance(v, list)}
    return Start(**found | tuples)
