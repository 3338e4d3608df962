"""Lemma 5.1 of Li and Liang (2018): units whose gradient is the pseudo gradient.

The lemma is of the k·l rows without variance, of full batches and of t = Õ(τ/η) steps.
Its bound, 1 − eτkl/σ, says something for τ below σ/(ekl) only, less than the first of
section 7's steps: so both are looked at, the lemma's steps and section 7's, and beside
them the 1000 rows with a variance.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.claims import (
    BY_WIDTH,
    Condition,
    Finding,
    claim,
    each_width,
    verdict_of_widths,
)
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["COUPLING", "Coupled"]

_K, _L, _D = 10, 2, 1000
# τ as shares of σ/(ekl), up to which the bound is above 0, in so many steps.
_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
_STEPS = 50


@dataclass(frozen=True)
class Coupled:
    """What was measured of one initialisation."""

    rows: int
    norm_error: float  # largest | ‖x‖ − 1 |
    by_tau: Mapping[float, float]  # τ e k l/σ -> share of coupled units
    after_all: float  # of the k·l rows, after section 7's T steps
    on_noisy_rows: float  # of 1000 rows with a variance, after them


ByWidth = Mapping[int, list[Coupled]]


def _all(fits: ByWidth) -> list[Coupled]:
    return [one for group in fits.values() for one in group]


_ONE_ROW_EACH = Condition[ByWidth](
    '(S) "Each D_(a,b) is a single data point", "full batch gradient descent"',
    lambda fits: (
        f"{max(one.rows for one in _all(fits))} rows in one batch, k·l = {_K * _L}",
        all(one.rows == _K * _L for one in _all(fits)),
    ),
)
_NORM_1 = Condition[ByWidth](
    '(A2) "Any x from the distribution has ‖x‖_2 = 1"',
    lambda fits: (
        f"up to {max(one.norm_error for one in _all(fits)):.1g}",
        all(one.norm_error < 1e-5 for one in _all(fits)),
    ),
)


@claim(
    '§5.1: "The first says that at each iteration, the total number of hidden units '
    "whose gradient can be coupled with the pseudo one is quite large. Lemma 5.1 "
    "(Coupling). W.h.p. over the random initialization, for every τ > 0, for every t = "
    "Õ(τ/η), we have that for at least 1 − eτkl/σ fraction of r ∈ [m]: ∂L(w^(t))/∂w_r "
    '= ∂̃L(w^(t))/∂w_r."',
    "Share of hidden units that keep their pattern on all k·l rows after t = τ/η "
    "steps, without factors of log m: at least 1 − eτkl/σ in every repeat, for τ = "
    f"{', '.join(map(str, _SHARES))} times σ/(ekl), each in {_STEPS} steps. {BY_WIDTH}",
    conditions=(_ONE_ROW_EACH, _NORM_1),
)
def _lemma_5_1(fits: ByWidth) -> Finding:
    def at(share: float) -> Callable[[Coupled], float]:
        return lambda one: one.by_tau[share]

    ours = "; ".join(
        f"bound {1 - share:g}: {each_width(fits, at(share), '.4f')}"
        for share in _all(fits)[0].by_tau
    )
    ok = {
        m: all(kept >= 1 - share for one in group for share, kept in one.by_tau.items())
        for m, group in fits.items()
    }
    return ours, verdict_of_widths(ok)


@claim(
    "beyond: most units keep their patterns on the k·l rows after all T steps of "
    "section 7, which are more than the t = Õ(τ/η) of Lemma 5.1",
    "Share of hidden units that keep their pattern on all k·l rows after T steps of "
    "section 7's size, full batch: above 1/2 in every repeat. The lemma's bound is "
    "below 0 from the first such step on. Printed beside it: the share on 1000 rows "
    f"with a variance, after T steps of batches of 16. {BY_WIDTH}",
    "The lemma does not say it: what is hidden by Õ is not so large.",
    above=0.5,
)
def _after_all_steps(fits: ByWidth, above: float) -> Finding:
    share, noisy = attrgetter("after_all"), attrgetter("on_noisy_rows")
    ours = f"on k·l rows {each_width(fits, share)}; on 1000 noisy rows "
    ok = {m: min(map(share, group)) > above for m, group in fits.items()}
    return ours + each_width(fits, noisy), verdict_of_widths(ok)


def _measure(run: Request) -> Iterator[tuple[str, ByWidth]]:
    fits: dict[int, list[Coupled]] = {}
    for width, seed in run.by_width:
        fits.setdefault(width, []).append(_couple(width, seed, run.device))
    yield "synthetic, rows scaled to norm 1", fits


def _couple(width: int, seed: int, device: str) -> Coupled:
    X, y = make_clustered_mixture(
        400, _D, component_std=0.0, normalize=True, random_state=seed
    )
    X, places = np.unique(X.astype(np.float32), axis=0, return_index=True)
    usual = data.SYNTHETIC
    sigma = width**-0.5

    def coupling(c: float, steps: int, X: NDArray[Any], y: NDArray[Any]) -> float:
        net = OverparamReLUClassifier(
            width,
            learning_rate=c,
            max_iter=steps,
            batch_size=len(X) if len(X) == _K * _L else usual.batch_size,
            fit_intercept=False,
            record_every=None,
            device=device,
            random_state=seed,
        )
        return float(net.fit(X, y).coupling_)

    noisy = data.mixture_problem(normalize=True, random_state=seed)
    by_tau = {}
    for share in _SHARES:
        tau = share * sigma / (np.e * _K * _L)
        by_tau[share] = coupling(tau * width / _STEPS, _STEPS, X, y[places])
    c, T = float(usual.learning_rate), usual.max_iter
    return Coupled(
        len(X),
        float(np.abs(np.linalg.norm(X, axis=1) - 1).max()),
        by_tau,
        coupling(c, T, X, y[places]),
        coupling(c, T, noisy.X, noisy.y),
    )


def _words(run: Request, fits: ByWidth) -> tuple[list[str], dict[str, Any]]:
    words = (
        f"The means of section 7's components, one row each, of norm 1, in {_D} "
        f"dimensions; η = c/m, {run.scale['repeats']} repeats (mean ± standard "
        f"deviation). {data.in_words(data.SYNTHETIC)} and T = "
        f"{data.SYNTHETIC.max_iter} for section 7's own steps."
    )
    return [words, markdown_table(_table(fits))], run.settings


def _table(fits: ByWidth) -> Table:
    head = ["width", *(f"eτkl/σ = {share:g}" for share in _SHARES)]
    lines = [
        [
            f"{m}",
            *(mean_and_std((one.by_tau[s] for one in group), ".4f") for s in _SHARES),
            mean_and_std((one.after_all for one in group), ".4f"),
            mean_and_std((one.on_noisy_rows for one in group), ".4f"),
        ]
        for m, group in fits.items()
    ]
    return [[*head, "k·l rows after T", "1000 noisy rows after T"], *lines]


COUPLING = Experiment(
    names=("ll18-coupling",),
    title="Li and Liang (2018), Lemma 5.1",
    full=scale(widths=(1000, 4000, 16000), repeats=5),
    quick=scale(widths=(500, 2000), repeats=2),
    measure=_measure,
    claims=(_lemma_5_1, _after_all_steps),
    words=_words,
)
