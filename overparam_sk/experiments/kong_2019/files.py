"""The figures of every fit as CSV, and the courses as compressed arrays."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import Measured, Run

__all__ = ["write_data"]

# What initial.npz has of every initialisation, beside λ_min and L(0) at every width.
_OF_STARTS = (
    "lambda_0",
    "lambda_0_error",
    "conditional",
    "limit",
    "half_squares",
    "dead",
    "seed",
)

# Iterations of a course that are kept, evenly spread; the whole courses are over 10 MB.
_N_KEPT = 41


def write_data(measured: Sequence[Measured], out: Path) -> list[str]:
    """Write runs.csv, courses.npz and initial.npz.

    courses.npz has, for every column of the histories, an array of shape (data sets,
    widths, repeats, iterations), and for every data set the eigenvalues of H(0) and
    the shares of L(0) in its modes, means over the repeats.

    Returns
    -------
    list of str
        Their names.
    """
    _write_runs([run for data in measured for run in data.runs], out / "runs.csv")
    for name, arrays in (
        ("courses.npz", _courses(measured)),
        ("initial.npz", _initial(measured)),
    ):
        np.savez_compressed(out / name, allow_pickle=False, **arrays)
    return ["runs.csv", "courses.npz", "initial.npz"]


def _write_runs(runs: Sequence[Run], path: Path) -> None:
    columns = [name for name in runs[0].history if name != "iteration"]
    ends = [f"{name}_{end}" for name in columns for end in ("0", "T")]
    rates = ["rate_first_tenth", "rate_last_tenth", "rate"]
    head = ["data", "width", "repeat", "seed", "lambda_0", "lambda_0_error"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*head, "fit_seconds", *rates, "predicted_loss_T", *ends])
        for run in runs:
            last = run.history["iteration"][-1:]
            figures = [
                run.rate(0, 0.1),
                run.rate(0.9, 1),
                run.rate(),
                run.modes.predicted_loss(last)[0],
                *(run.history[name][at] for name in columns for at in (0, -1)),
            ]
            writer.writerow(
                [
                    *(getattr(run, name) for name in head[:4]),
                    *(f"{getattr(run, name):.6g}" for name in (*head[4:], "seconds")),
                    *(f"{figure:.6g}" for figure in figures),
                ]
            )


def _courses(measured: Sequence[Measured]) -> dict[str, NDArray[Any]]:
    first = measured[0].runs[0].history
    last = len(first["iteration"]) - 1
    kept = np.unique(np.linspace(0, last, _N_KEPT).round().astype(int))
    arrays: dict[str, NDArray[Any]] = {
        "data": np.array([data.name for data in measured]),
        "width": np.array(list(measured[0].fits)),
        "iteration": first["iteration"][kept],
    }
    for name in first.keys() - {"iteration"}:
        arrays[name] = np.array(
            [
                [[run.history[name][kept] for run in runs] for runs in fits.values()]
                for fits in (data.fits for data in measured)
            ],
            dtype=np.float32,
        )
    for data in measured:
        for quantity in ("eigenvalues", "loss_shares"):
            arrays[f"{quantity}_{DATA_SETS[data.name].file_name}"] = np.array(
                [
                    np.mean([getattr(run.modes, quantity) for run in runs], axis=0)
                    for runs in data.fits.values()
                ],
                dtype=np.float32,
            )
    return arrays


def _initial(measured: Sequence[Measured]) -> dict[str, NDArray[Any]]:
    """Arrays of shape (data sets, initialisations), with widths in between."""
    widths = list(measured[0].fits)
    starts = [data.initialisations for data in measured]
    arrays: dict[str, NDArray[Any]] = {
        "data": np.array([data.name for data in measured]),
        "width": np.array(widths),
        "lambda_min": np.array(
            [[[s.lambda_min[w] for s in some] for w in widths] for some in starts]
        ),
        "loss": np.array(
            [[[s.starts[w].loss for s in some] for w in widths] for some in starts]
        ),
    }
    for name in _OF_STARTS:
        arrays[name] = np.array([[getattr(s, name) for s in some] for some in starts])
    return arrays
