"""The fits of Kong (2019), and the many initialisations beside them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, cpu_count, delayed, parallel_config
from numpy.typing import NDArray

from overparam_sk import TwoHiddenReLURegressor
from overparam_sk.diagnostics import (
    ResidualModes,
    infinite_width_lambda_min,
    residual_modes,
)
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.limit import limit_gram
from overparam_sk.experiments.reproduction import Request
from overparam_sk.interrupts import fit_whole
from overparam_sk.parameters import repeat_seeds
from overparam_sk.progress import progress_bar

__all__ = [
    "Initialisation",
    "Measured",
    "Run",
    "Start",
    "by_data",
    "fit",
    "initialise",
    "network",
    "run_all",
    "together",
]

Floats = NDArray[np.float64]
Row = TypeVar("Row")

WIDTH1 = 5
LEARNING_RATE = 2e-4
_NETWORK = {"network": "kong_2019", "width1": WIDTH1, "row_norm": "clip"}


@dataclass(frozen=True, eq=False)
class Run:
    """One fit, with everything that was recorded at every iteration.

    Two are never equal, so that what is made of one can be kept.

    Parameters
    ----------
    data : str
    width, repeat, seed : int
        width is h2. The seed decides the initialisation and, where it is drawn, the
        data, so that the widths of a repeat have both in common, A(0) too.
    n_samples : int
    lambda_0, lambda_0_error : float
        λ_min(H∞) of its rows, with the standard error of the integration.
    modes : ResidualModes
    history : dict of str to ndarray
    moves : tuple of two floats
        The largest ‖A_r(T) − A_r(0)‖ and the largest ‖B_p(T) − B_p(0)‖ of a unit.
    seconds : float
        Wall time of ``fit``.
    """

    data: str
    width: int
    repeat: int
    seed: int
    n_samples: int
    lambda_0: float
    lambda_0_error: float
    modes: ResidualModes
    history: dict[str, NDArray[Any]]
    moves: tuple[float, ...]
    seconds: float

    @property
    def t(self) -> Floats:
        """The gradient flow's time, η times the iteration."""
        times: Floats = LEARNING_RATE * self.history["iteration"]
        return times

    def rate(self, start: float = 0.0, stop: float = 1.0) -> float:
        """−Δ log L/Δt between two shares of the run, over one iteration at least."""
        last = len(self.t) - 1
        first = round(start * last)
        at = [first, max(first + 1, round(stop * last))]
        (t0, t1), (L0, L1) = self.t[at], self.history["loss"][at]
        return float(-np.log(L1 / L0) / (t1 - t0))

    def largest(self, column: str) -> float:
        """Largest value in the course."""
        return float(self.history[column].max())

    def end(self, column: str) -> float:
        """Last value of the course."""
        return float(self.history[column][-1])


@dataclass(frozen=True)
class Start:
    """One initialisation at one width.

    Parameters
    ----------
    lambda_min : float
        Of H(0).
    loss : float
        L(0).
    column_sums : tuple of h1 floats
        |Σ_q w_q B_qr(0)| of eq. (23), unit by unit of the first layer.
    column_squares : float
        Σ_q B_qr(0)², mean over r.
    speeds : tuple of two floats
        The largest ‖dA_r/ds‖ and the largest ‖dB_p/ds‖ at s = 0.
    """

    lambda_min: float
    loss: float
    column_sums: tuple[float, ...]
    column_squares: float
    speeds: tuple[float, ...]


@dataclass(frozen=True)
class Initialisation:
    """What one seed begins with, at every width.

    Parameters
    ----------
    data : str
    seed : int
    lambda_0, lambda_0_error : float
    dead : int
        Rows with σ(A x) = 0; the widths share A(0).
    conditional : float
        λ_min(E[H | A(0)]), of the mean over B and w alone.
    limit : float
        λ_min of a draw of what H(0) is at h2 → ∞ with this A(0).
    half_squares : float
        ½‖y‖².
    starts : dict of int to Start
        By width.
    """

    data: str
    seed: int
    lambda_0: float
    lambda_0_error: float
    dead: int
    conditional: float
    limit: float
    half_squares: float
    starts: dict[int, Start]

    @property
    def lambda_min(self) -> dict[int, float]:
        """Width -> λ_min(H(0))."""
        return {width: start.lambda_min for width, start in self.starts.items()}


@dataclass(frozen=True, eq=False)
class Measured:
    """Fits and initialisations on one data set.

    Parameters
    ----------
    name : str
    runs : list of Run
    initialisations : list of Initialisation
    """

    name: str
    runs: list[Run]
    initialisations: list[Initialisation]

    @property
    def fits(self) -> dict[int, list[Run]]:
        """Width -> its fits; the widths ascend."""
        widths = sorted({run.width for run in self.runs})
        return {w: [run for run in self.runs if run.width == w] for w in widths}

    @property
    def lambda_0s(self) -> dict[float, float]:
        """λ_0 -> its standard error, for each draw of the data."""
        return {start.lambda_0: start.lambda_0_error for start in self.initialisations}


def by_data(
    runs: Sequence[Run], initialisations: Sequence[Initialisation]
) -> list[Measured]:
    """Sort what was measured by its data set."""
    return [
        Measured(
            name,
            [run for run in runs if run.data == name],
            [start for start in initialisations if start.data == name],
        )
        for name in dict.fromkeys(run.data for run in runs)
    ]


def together(measured: Sequence[Measured]) -> Measured:
    """Take all data sets as one."""
    return Measured(
        "all data sets together",
        [run for one in measured for run in one.runs],
        [start for one in measured for start in one.initialisations],
    )


def run_all(
    request: Request, names: Sequence[str], *, n_jobs: int | None = None
) -> list[Measured]:
    """Make all fits and all initialisations.

    Parameters
    ----------
    request : Request
        Its seed decides all seeds; the fits have the first of the initialisations'.
    names : sequence of str
        Of the data sets.
    n_jobs : int, default=None
        Processes; None is one a core. Each has one thread.

    Returns
    -------
    list of Measured
        By data set; its fits by width and repeat.
    """
    scale = request.scale
    n_repeats, n_starts = scale["repeats"], scale["initialisations"]
    seeds = repeat_seeds(request.random_state, max(n_repeats, n_starts))
    # The widest first: no core is left with one of them at the end.
    fits = [
        (name, width, repeat, seed, scale["max_iter"], request.device)
        for width in sorted(scale["widths"], reverse=True)
        for name in names
        for repeat, seed in enumerate(seeds[:n_repeats])
    ]
    starts = [
        (name, seed, scale["widths"]) for name in names for seed in seeds[:n_starts]
    ]
    to_do = [(f"h2 = {width}", _work(width)) for _, width, *_ in fits]
    with progress_bar(to_do, enabled=request.progress) as progress:
        runs = _in_parallel(
            *(fit, fits, n_jobs),
            lambda run: progress.done(f"h2 = {run.width}", run.seconds),
        )
    to_do = [("initialisations", 1.0)] * len(starts)
    with progress_bar(to_do, enabled=request.progress) as progress:
        initialisations = _in_parallel(
            *(initialise, starts, n_jobs), lambda _: progress.done("initialisations")
        )
    runs.sort(key=lambda run: (names.index(run.data), run.width, run.repeat))
    initialisations.sort(key=lambda start: seeds.index(start.seed))
    return by_data(runs, initialisations)


def fit(
    data: str, width: int, repeat: int, seed: int, max_iter: int, device: str
) -> Run:
    """Fit and measure one network."""
    X, y = DATA_SETS[data].load(seed)
    net = network(width, seed, max_iter, len(X), device)
    started = time.perf_counter()
    fit_whole(net, X, y)
    seconds = time.perf_counter() - started
    lambda_0, error = infinite_width_lambda_min(X, **_NETWORK)
    early = [max_iter // 10] if max_iter >= 10 else []
    modes = residual_modes(net, X, y, iterations=early)
    about = (data, width, repeat, seed, len(X), lambda_0, error)
    moves = tuple(map(float, net.largest_unit_change_))
    return Run(*about, modes, net.history_, moves, seconds)


def initialise(data: str, seed: int, widths: Sequence[int]) -> Initialisation:
    """Measure what one seed begins with, at every width."""
    X, y = DATA_SETS[data].load(seed)
    lambda_0, error = infinite_width_lambda_min(X, **_NETWORK)
    starts = {}
    for width in widths:
        # One step: the first entry of its history is the initialisation.
        net = fit_whole(network(width, seed, 1, len(X), "cpu"), X, y)
        starts[width] = _start(net)
    A0, _ = net.initial_weights()
    conditional, _ = infinite_width_lambda_min(X, first_weights=A0, **_NETWORK)
    dead = int(net.history_["dead_samples"][0])
    smallest = np.linalg.eigvalsh(limit_gram(X, A0, seed))[0]
    # A dead row's 0 is rounded.
    limit = 0.0 if dead else max(float(smallest), 0.0)
    half_squares = float(y @ y) / 2
    about = (data, seed, lambda_0, error, dead, conditional, limit, half_squares)
    return Initialisation(*about, starts)


def _start(net: TwoHiddenReLURegressor) -> Start:
    """Measure the start of a fit of one step."""
    _, B0 = net.initial_weights()
    sums = np.abs(net.readout_signs_ @ B0)
    return Start(
        lambda_min=float(net.history_["gram_lambda_min"][0]),
        loss=float(net.history_["loss"][0]),
        column_sums=tuple(map(float, sums)),
        column_squares=float(np.square(B0).sum() / B0.shape[1]),
        speeds=tuple(map(float, net.largest_unit_change_ / LEARNING_RATE)),
    )


def network(
    width: int, seed: int, max_iter: int, n_samples: int, device: str, **others: Any
) -> TwoHiddenReLURegressor:
    """Return the paper's network, unfitted, with whatever else is given."""
    usual: dict[str, Any] = {
        "width1": WIDTH1,
        "width2": width,
        "learning_rate": LEARNING_RATE,
        "max_iter": max_iter,
        "row_norm": "clip",
        "fit_intercept": False,
        "record_every": 1,
        "gram_samples": n_samples,
        "device": device,
        "random_state": seed,
    }
    return TwoHiddenReLURegressor(**usual | others)


def _work(width: int) -> float:
    """Work of a fit: the looks at small matrices cost as much as 500 units do."""
    return width + 500.0


def _in_parallel(
    function: Callable[..., Row],
    arguments: Sequence[tuple[Any, ...]],
    n_jobs: int | None,
    done: Callable[[Row], Any],
) -> list[Row]:
    """Results in whatever order, from one process a core with one thread each."""
    rows: list[Row] = []
    with parallel_config(backend="loky", inner_max_num_threads=1):
        parallel = Parallel(
            n_jobs=n_jobs or cpu_count(), return_as="generator_unordered"
        )
        for row in parallel(delayed(function)(*some) for some in arguments):
            rows.append(row)
            done(row)
    return rows
