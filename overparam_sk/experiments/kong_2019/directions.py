"""The open directions of section VI, each with what was measured of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from overparam_sk.diagnostics import infinite_width_lambda_min
from overparam_sk.experiments.kong_2019.conditions import DELTA, theorem_3_width
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.runs import LEARNING_RATE, Measured, Run
from overparam_sk.experiments.tables import Table, markdown_table, median_and_range

__all__ = ["directions"]

# h1 of the table of λ_0; H∞ is a mean over the angles of so many units.
_UNITS = (1, 2, 5, 10)
_SEED = 0


def directions(measured: Sequence[Measured]) -> list[str]:
    """Markdown of the section: a paragraph for each direction, and tables."""
    return [
        "## The open directions of section VI",
        '"It is significant to prove the convergence theory with a constant step '
        'size": what there is here is the constant step. Printed are its product '
        "with the largest eigenvalue of H(0), of which the flow needs far less than "
        "1 and descent less than 2, and in how many fits the loss never rises and "
        "keeps exp(−λ_0 t) L(0).",
        markdown_table(_steps(measured)),
        '"λ_0 for the two-hidden-layer network remains mysterious": it is computed. '
        "It is above 0 wherever no two rows are parallel, smaller the closer rows "
        "lie, and changes with h1 as below (rows of seed "
        f"{_SEED}; standard errors are a hundredth of it at most, or it is said).",
        markdown_table(_lambda_0()),
        '"The dynamics are controlled by some other indicators": by all modes of '
        "H(0), as the section on modes and the claim of section VI have it.",
        '"More advanced inequalities in our proof will help decrease the bound of the '
        'width": by how many digits it would have to. Printed is log10 of the '
        "theorem's width for the fits, every constant 1 and δ = "
        f"{DELTA:g}, with what each factor adds, beside the widths at which its bound "
        "is kept in every fit.",
        markdown_table(_digits(measured)),
    ]


def _falls(run: Run) -> bool:
    return bool((np.diff(run.history["loss"]) <= 0).all())


def _keeps_bound(run: Run) -> bool:
    loss = run.history["loss"]
    bound = np.exp(-run.lambda_0 * run.t) * loss[0]
    return bool((loss <= bound * (1 + 1e-12)).all())


def _steps(measured: Sequence[Measured]) -> Table:
    lines = [
        [
            data.name,
            f"{width}",
            median_and_range(LEARNING_RATE * run.modes.eigenvalues[0] for run in runs),
            f"{sum(map(_falls, runs))} of {len(runs)}",
            f"{sum(map(_keeps_bound, runs))} of {len(runs)}",
        ]
        for data in measured
        for width, runs in data.fits.items()
    ]
    head = ["data", "h2", "η λ_max(H(0))", "loss never rises", "keeps the bound"]
    return [head, *lines]


def _lambda_0() -> Table:
    by_figure = {data.figure: data for data in reversed(DATA_SETS.values())}
    lines = []
    for figure in sorted(by_figure):
        X, _ = by_figure[figure].load(_SEED)
        lines.append([by_figure[figure].name, *(_known(X, h1) for h1 in _UNITS)])
    return [["data", *(f"h1 = {h1}" for h1 in _UNITS)], *lines]


def _known(X: NDArray[np.float64], h1: int) -> str:
    value, error = infinite_width_lambda_min(
        X, network="kong_2019", width1=h1, row_norm="clip"
    )
    return f"{value:.3g}" if error <= value / 100 else f"{value:.3g} ± {error:.1g}"


def _digits(measured: Sequence[Measured]) -> Table:
    lines = []
    for data in measured:
        widths = [theorem_3_width(run) for run in data.runs]
        symbols = list(widths[0].powers)
        costs = [np.median([w.costs[symbol] for w in widths]) for symbol in symbols]
        kept = [w for w, runs in data.fits.items() if all(map(_keeps_bound, runs))]
        lines.append(
            [
                data.name,
                median_and_range((w.log10 for w in widths), ".1f"),
                *(f"{cost + 0.0:.1f}" for cost in costs),
                ", ".join(map(str, kept)) or "–",
            ]
        )
    powers = theorem_3_width(measured[0].runs[0]).powers
    head = [f"{symbol}^{power:g}" for symbol, power in powers.items()]
    return [["data", "log10 of h2", *head, "bound kept at h2"], *lines]
