"""Beyond the paper: how tight the bound is, which modes decide, why λ_min is 0."""

from collections.abc import Callable, Sequence

import numpy as np

from overparam_sk.experiments.kong_2019.runs import WIDTH1, Measured, Run
from overparam_sk.experiments.tables import (
    Table,
    markdown_table,
    mean_and_std,
    median_and_range,
)

__all__ = ["sections"]


def sections(measured: Sequence[Measured]) -> list[str]:
    """Markdown of the sections: headings, what is measured, and tables."""
    return [
        "## How tight L(t) ≤ exp(−λ_0 t) L(0) is",
        "The rate of a fit is −Δ log L/Δt with t = η · iteration; the bound's is λ_0. "
        "By eq. (45) the flow has dL/dt = −rᵀHr ≤ −2 λ_min(H) L with r = u − y: with "
        "λ_min(H) ≥ λ_0/2, as Lemma 5 has it, that is the printed rate λ_0; were H = "
        "H∞ it would be 2 λ_0. A ratio of 1 to λ_0 would make the printed bound tight, "
        "a ratio of 2 the sharp one. Mean ± standard deviation over the repeats.",
        markdown_table(_by_width(measured, _TIGHTNESS)),
        "## Which modes the loss is in",
        "With c = Qᵀ(u(0) − y) in the eigenvectors Q of H(0), a Gram matrix that stays "
        "H(0) makes the loss ½ Σ c_i² (1 − ηλ_i)^(2t). The first columns say what "
        "share of L(0) lies in the largest eigenvalues, and what rate the start has by "
        "them, 2 Σ c_i² λ_i / Σ c_i², against the rate of the first hundredth of the "
        "fit. Then the prediction against the fit: L(T), the largest relative error of "
        "the loss in the first tenth and in all of the fit, and what is left of the "
        "part of the loss in mode 1 at T/10. Median [smallest, largest] over the "
        "repeats.",
        markdown_table(_by_width(measured, _MODES)),
        "## λ_min(H(0)) and dead rows",
        "A row with σ(A x) = 0 has no gradient: its row of H is 0, and so is λ_min, at "
        "any h2 and for as long as it stays dead. A unit of random direction is off on "
        f"a given row with probability 1/2, all {WIDTH1} are with probability "
        f"2^−{WIDTH1}, so that n rows far from each other have a dead one among them "
        f"with probability 1 − (1 − 2^−{WIDTH1})^n. Assumption 2 speaks of H∞, the "
        "mean over A: its λ_0 does not see the rows that are dead under one A. λ_min "
        "of E[H | A], the mean over B and w alone, does.",
        markdown_table(_initial(measured)),
        "If H(0) came close to H∞ as h2 grows, as the proof of Lemma 4 has it, the "
        "spread of λ_min(H(0)) over the initialisations would shrink. Quartiles of "
        "λ_min(H(0))/λ_0 over those without a dead row, of the limit h2 → ∞ given "
        "A(0), drawn once for each, and of E[H | A]:",
        markdown_table(_quartiles(measured)),
    ]


def _tightness(run: Run) -> list[float]:
    rates = [run.rate(0, 0.1), run.rate(0.9, 1), run.rate()]
    return [*rates, *(rate / run.lambda_0 for rate in rates)]


def _modes(run: Run) -> list[float]:
    iterations, loss = run.history["iteration"], run.history["loss"]
    predicted = run.modes.predicted_loss(iterations)
    error = np.abs(predicted / loss - 1)
    shares, expected = run.modes.loss_shares, run.modes.predicted_shares
    return [
        *(run.modes.share_of_top(k) for k in (1, 5, 10)),
        run.modes.initial_rate,
        run.rate(0, 0.01),
        predicted[-1] / loss[-1],
        error[: len(error) // 10 + 1].max(),
        error.max(),
        shares[1, 0] / shares[0, 0],
        expected[1, 0] / shares[0, 0],
    ]


# Head of a column -> how its figure is written; and what makes the figures of a fit.
_Columns = tuple[list[str], Callable[[Run], list[float]], Callable[..., str]]
_TIGHTNESS: _Columns = (
    [
        "rate, first tenth",
        "last tenth",
        "all",
        "over λ_0, first tenth",
        "last tenth",
        "all",
    ],
    _tightness,
    mean_and_std,
)
_MODES: _Columns = (
    [
        "share of L(0) in mode 1",
        "modes 1–5",
        "modes 1–10",
        "rate at 0 by the modes",
        "rate, first hundredth",
        "predicted L(T)/L(T)",
        "error, first tenth",
        "error, all",
        "left of mode 1 at T/10",
        "predicted",
    ],
    _modes,
    median_and_range,
)


def _by_width(measured: Sequence[Measured], columns: _Columns) -> Table:
    """Return a line for each data set and width."""
    head, figures, write = columns
    lines = [
        [data.name, f"{width}", *map(write, zip(*map(figures, runs), strict=True))]
        for data in measured
        for width, runs in data.fits.items()
    ]
    return [["data", "h2", *head], *lines]


def _initial(measured: Sequence[Measured]) -> Table:
    head = [
        "data",
        "initialisations",
        "with a dead row",
        f"1 − (1 − 2^−{WIDTH1})^n",
        "dead rows, mean",
        f"n · 2^−{WIDTH1}",
        "λ_min(H(0)) = 0, by h2",
        "λ_min(E[H | A]) = 0",
    ]
    lines = []
    for data in measured:
        starts, n = data.initialisations, data.runs[0].n_samples
        zero = ", ".join(
            f"{np.mean([s.lambda_min[width] == 0 for s in starts]):.1%} (h2={width})"
            for width in data.fits
        )
        lines.append(
            [
                data.name,
                f"{len(starts)}",
                f"{np.mean([s.dead > 0 for s in starts]):.1%}",
                f"{1 - (1 - 2.0**-WIDTH1) ** n:.1%}",
                f"{np.mean([s.dead for s in starts]):.2f}",
                f"{n * 2.0**-WIDTH1:.2f}",
                zero,
                f"{np.mean([s.conditional == 0 for s in starts]):.1%}",
            ]
        )
    return [head, *lines]


def _quartiles(measured: Sequence[Measured]) -> Table:
    head = ["data", "alive", "h2", "first quartile", "median", "third quartile"]
    lines = []
    for data in measured:
        alive = [start for start in data.initialisations if start.dead == 0]
        ratios_at = {
            f"{width}": [start.lambda_min[width] / start.lambda_0 for start in alive]
            for width in data.fits
        }
        ratios_at["∞"] = [start.limit / start.lambda_0 for start in alive]
        ratios_at["E[H | A]"] = [s.conditional / s.lambda_0 for s in alive]
        for width, ratios in ratios_at.items():
            found = np.quantile(ratios, [0.25, 0.5, 0.75]) if ratios else [np.nan] * 3
            cells = [f"{q:.3g}" if np.isfinite(q) else "–" for q in found]
            lines.append([data.name, f"{len(alive)}", width, *cells])
    return [head, *lines]
