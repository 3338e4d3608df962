"""What is measured of networks at all scales, widths and parametrisations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import LinearizedReLUClassifier
from overparam_sk.experiments.beyond.lazy.limit import Gap, gaps
from overparam_sk.experiments.beyond.lazy.parametrizations import PARAMETRIZATIONS
from overparam_sk.experiments.beyond.lazy.phase import (
    Cell,
    Steps,
    largest_stable_step,
    look,
)
from overparam_sk.experiments.beyond.lazy.rows import Rows, draw, plain
from overparam_sk.experiments.claims import mean
from overparam_sk.experiments.reproduction import Request
from overparam_sk.plotting import CoordinateCheckDisplay

__all__ = ["Lazy", "measure"]


@dataclass(frozen=True)
class Lazy:
    """On one data set; every list has one entry a repeat."""

    cells: Mapping[tuple[float, int], Sequence[Cell]]  # by α and m
    linear: Mapping[int, Sequence[float]]  # largest stable step, linearised, by m
    gaps: Mapping[float, Sequence[Gap]]  # by α
    starts: Mapping[float, Sequence[Cell]]  # by ι
    check: CoordinateCheckDisplay
    name: str  # of the data

    @property
    def scales(self) -> list[float]:
        """α, ascending."""
        return sorted({alpha for alpha, _ in self.cells})

    @property
    def widths(self) -> list[int]:
        """m, ascending."""
        return sorted({m for _, m in self.cells})

    def plane(self, figure: Callable[[Cell], float]) -> NDArray[np.float64]:
        """Means of a figure, shape (n_scales, n_widths)."""
        return np.array(
            [
                [mean(map(figure, self.cells[alpha, m])) for m in self.widths]
                for alpha in self.scales
            ]
        )


def measure(run: Request, name: str) -> Lazy:
    """Fit all networks on one of the data sets."""
    amounts = run.scale
    seeds = run.seeds
    rows = {seed: draw(name, amounts["rows"], seed) for seed in seeds}
    cells = {}
    plane = [(m, alpha) for m in amounts["widths"] for alpha in amounts["scales"]]
    for m, alpha in run.each(
        plane, lambda one: f"{name}, width {one[0]}", lambda one: one[0]
    ):
        found = [_cell(run, rows[s], s, width=m, output_scale=alpha) for s in seeds]
        cells[alpha, m] = found
    linear = {
        m: [_largest_of_linear(run, rows[s], s, m) for s in seeds]
        for m in amounts["widths"]
    }
    middle = amounts["widths"][1]
    apart = [
        gaps(
            rows[s],
            amounts["limits"],
            width=middle,
            n_steps=amounts["limit_steps"],
            seed=s,
        )
        for s in seeds
    ]
    run.tell(f"{name}: scales of W(0)")
    starts = {
        iota: [
            _cell(run, rows[s], s, width=middle, output_scale=1.0, init_scale=iota)
            for s in seeds
        ]
        for iota in amounts["starts"]
    }
    run.tell(f"{name}: parametrisations")
    by_scale = dict(zip(amounts["limits"], zip(*apart, strict=True), strict=True))
    return Lazy(cells, linear, by_scale, starts, _check(run, rows[seeds[0]]), name)


def _cell(run: Request, rows: Rows, seed: int, **parameters: Any) -> Cell:
    make = partial(plain, device=run.device, random_state=seed, **parameters)
    return look(make, rows, Steps(**run.scale["steps"]))


def _largest_of_linear(run: Request, rows: Rows, seed: int, width: int) -> float:
    make = partial(
        plain,
        LinearizedReLUClassifier,
        output_scale=1.0,
        width=width,
        device=run.device,
        random_state=seed,
    )
    return largest_stable_step(make, rows, run.scale["steps"]["stable"])


def _check(run: Request, rows: Rows) -> CoordinateCheckDisplay:
    """The sizes of changes, of more repeats; and the losses, which cost more."""
    amounts = run.scale
    common: dict[str, Any] = {
        "X": rows.X,
        "y": rows.y,
        "widths": amounts["check_widths"],
        "random_state": run.random_state,
    }
    nets = {
        name: _with(make, max_iter=amounts["check_steps"], device=run.device)
        for name, make in PARAMETRIZATIONS.items()
    }
    sizes = CoordinateCheckDisplay.from_estimators(
        nets, **common, iterations=(1, 5, 10), repeats=amounts["check_repeats"]
    )
    ends = CoordinateCheckDisplay.from_estimators(
        nets,
        **common,
        iterations=(1,),
        learning_rates=[2.0**octave for octave in amounts["octaves"]],
        repeats=amounts["repeats"],
    )
    return CoordinateCheckDisplay(
        widths=sizes.widths,
        iterations=sizes.iterations,
        changes=sizes.changes,
        learning_rates=ends.learning_rates,
        losses=ends.losses,
    )


def _with(make: Callable[[int], Any], **parameters: Any) -> Callable[[int], Any]:
    return lambda width: make(width).set_params(**parameters)
