"""The tables of the report."""

from collections.abc import Callable, Mapping

import numpy as np

from overparam_sk.experiments.beyond.lazy.measured import Lazy
from overparam_sk.experiments.beyond.lazy.phase import Cell
from overparam_sk.experiments.tables import Table, mean_and_std

__all__ = ["FIGURES", "tables"]

FIGURES: Mapping[str, Callable[[Cell], float]] = {
    "gram_drift": lambda cell: cell.drift,
    "test error": lambda cell: cell.error,
    "largest stable step c*": lambda cell: cell.largest_step,
    "steps to the loss": lambda cell: cell.steps,
}


def tables(lazy: Lazy) -> dict[str, Table]:
    """Title -> table."""
    return {
        "Over α and the width": _phase(lazy),
        "‖g_α − g_lin‖ / ‖g_lin‖, and patterns that switched": _gaps(lazy),
        "W(0) scaled by ι, at α = 1": _starts(lazy),
        "Exponents of the width": _slopes(lazy),
        "Best c": _best(lazy),
    }


def _phase(lazy: Lazy) -> Table:
    head = ["α", "width", "α √m", *FIGURES]
    lines = [
        [f"{alpha:.3g}", f"{m}", f"{alpha * m**0.5:.3g}"]
        + [mean_and_std(map(of, lazy.cells[alpha, m])) for of in FIGURES.values()]
        for alpha in lazy.scales
        for m in lazy.widths
    ]
    limit = [
        ["linearised", f"{m}", "", "0", "", mean_and_std(steps), ""]
        for m, steps in lazy.linear.items()
    ]
    return [head, *lines, *limit]


def _gaps(lazy: Lazy) -> Table:
    head = ["α", "training rows", "test rows", "patterns switched"]
    lines = [
        [f"{alpha:g}"]
        + [
            f"{np.mean([getattr(one, name) for one in of]):.2g}"
            for name in ("train", "test", "switched")
        ]
        for alpha, of in lazy.gaps.items()
    ]
    return [head, *lines]


def _starts(lazy: Lazy) -> Table:
    lines = [
        [f"{iota:.3g}", *(mean_and_std(map(of, cells)) for of in FIGURES.values())]
        for iota, cells in lazy.starts.items()
    ]
    return [["ι", *FIGURES], *lines]


def _slopes(lazy: Lazy) -> Table:
    kinds = ("hidden", "readout", "outputs")
    lines = [
        [name, *(", ".join(f"{slope:.2f}" for slope in of[kind]) for kind in kinds)]
        for name, of in lazy.check.slopes.items()
    ]
    times = ", ".join(map(str, lazy.check.iterations))
    return [[f"t = {times}", *kinds], *lines]


def _best(lazy: Lazy) -> Table:
    head = ["", *(f"m = {m}" for m in lazy.check.widths)]
    lines = [
        [name, *(f"{c:g}" for c in best)]
        for name, best in lazy.check.best_learning_rates.items()
    ]
    return [head, *lines]
