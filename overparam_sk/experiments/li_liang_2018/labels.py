"""Structured against random labels at one width: LL18, sections 4 and 6.

Theorem 4.1 allows arbitrary labels, each row being a component of its own; what the
paper calls an inductive bias is that structured labels need fewer steps, and leave the
network closer to its initialisation.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.scales import finish
from overparam_sk.drawing.words import domain_of
from overparam_sk.experiments.claims import (
    HOLDS,
    NOT,
    Claim,
    Finding,
    Rule,
    claim,
    falls,
)
from overparam_sk.experiments.figure import SPREAD, new_figure, plot_means
from overparam_sk.experiments.li_liang_2018 import data
from overparam_sk.experiments.li_liang_2018.first_crossing import FirstCrossing
from overparam_sk.experiments.reproduction import Experiment, Request, scale
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["LABELS", "BiasFit", "fit_shares"]


@dataclass(frozen=True)
class BiasFit:
    """A fit up to the first step at which all training rows are right.

    Where there is none, the test accuracy is that of the last step, and the rest NaN.
    """

    steps: float
    relative_distance: float
    activation_change: float
    effective_rank: float
    test_accuracy: float


ByShare = Mapping[float, list[BiasFit]]

_FIGURES: dict[str, Callable[[BiasFit], float]] = {
    "steps to fit": attrgetter("steps"),
    "relative distance": attrgetter("relative_distance"),
    "pattern change": attrgetter("activation_change"),
    "effective rank of the update": attrgetter("effective_rank"),
}


def _rises(name: str) -> Rule[ByShare]:
    return Rule(
        f"Means of {name}, at the step at which all training rows are right, against "
        "the share of random labels. holds: they rise from every share to the next; in "
        "trend: from the first to the last.",
        lambda fits: falls(
            fits, {name: _FIGURES[name]}, symbol="share", rises_instead=True
        ),
    )


@claim(
    '§4: "Then our theorem indicate that as long as m = poly(N, 1/δ′), where δ′ is the '
    "minimal distance between each examples, we can actually fit arbitrary labels of "
    'the input data."',
    "holds: every fit reaches a training accuracy of 1.",
)
def _all_fitted(fits: ByShare) -> Finding:
    steps = [fit.steps for group in fits.values() for fit in group]
    fitted = int(np.isfinite(steps).sum())
    ours = f"{fitted} of {len(steps)} fits have all training rows right"
    return ours, HOLDS if fitted == len(steps) else NOT


_STRUCTURE = (
    '§6: "Indeed, our analysis shows that when the network size is fixed (and '
    "sufficiently overparameterized), learning over poorly structured data (larger k "
    "and l) needs more iterations and thus the solution can deviate more from the "
    'initialization and has higher complexity."'
)
_CLAIMS = (
    _all_fitted,
    Claim(f"{_STRUCTURE} Iterations", _rises("steps to fit")),
    Claim(f"{_STRUCTURE} Distance", _rises("relative distance")),
    Claim(f"{_STRUCTURE} Patterns", _rises("pattern change")),
    Claim(f"{_STRUCTURE} Rank", _rises("effective rank of the update")),
)


def _measure(run: Request) -> Iterator[tuple[str, ByShare]]:
    yield "synthetic, rows as drawn", fit_shares(run)


def fit_shares(run: Request) -> dict[float, list[BiasFit]]:
    """Share of random labels -> a fit for every repeat."""
    fits: dict[float, list[BiasFit]] = {}
    work = [(share, seed) for share in run.scale["shares"] for seed in run.seeds]
    for share, seed in run.each(work, lambda one: f"{one[0]:.0%} of labels random"):
        fits.setdefault(share, []).append(_fit(run, share, seed))
    return fits


def _words(run: Request, fits: ByShare) -> tuple[list[str], dict[str, Any]]:
    amounts = run.scale
    words = (
        f"{amounts['n_samples']} rows of the mixture of section 7 in "
        f"{amounts['n_features']} dimensions, m = {amounts['width']}, "
        f"{data.in_words(data.SYNTHETIC)}, {amounts['repeats']} repeats (mean ± "
        "standard deviation). A share of the training labels is drawn at random from "
        "all classes; the test labels are not. Measured at the first step of "
        f"{amounts['max_iter']} at which all training rows are right: looked at every "
        f"{amounts['every']} steps, and at every step near it."
    )
    return [words, markdown_table(_table(fits))], run.settings


def _fit(run: Request, share: float, seed: int) -> BiasFit:
    n = run.scale["n_samples"]
    X, y = make_clustered_mixture(2 * n, run.scale["n_features"], random_state=seed)
    X, labels = X.astype(np.float32), y.copy()
    random = np.random.default_rng(seed)
    drawn = random.permutation(n)[: round(share * n)]
    labels[drawn] = random.integers(0, 10, len(drawn))
    params = data.training(
        data.SYNTHETIC, fit_intercept=False, device=run.device, random_state=seed
    )
    params |= {"max_iter": run.scale["max_iter"], "diagnostics": ("relative_distance",)}
    net = OverparamReLUClassifier(run.scale["width"], **params)
    # The training rows are what is looked at.
    train = X[:n], labels[:n]
    found = FirstCrossing(net, target=1.0, every=run.scale["every"]).fit(*train, *train)
    if found.steps_ is None:
        accuracy = found.score(X[n:], y[n:])
        return BiasFit(np.nan, np.nan, np.nan, np.nan, accuracy)
    # The same batches, up to there.
    net.set_params(max_iter=found.steps_, record_every=None, diagnostics="all")
    net.fit(*train)
    return BiasFit(
        float(found.steps_),
        net.relative_distance_,
        net.activation_change_,
        net.effective_rank_,
        net.score(X[n:], y[n:]),
    )


def _table(fits: ByShare) -> Table:
    head = ["share of random labels", *_FIGURES, "test accuracy"]
    return [
        head,
        *(
            [
                f"{share:g}",
                *(mean_and_std(map(figure, group)) for figure in _FIGURES.values()),
                mean_and_std((fit.test_accuracy for fit in group), ".4f"),
            ]
            for share, group in fits.items()
        ),
    ]


def _draw(fits: ByShare) -> Any:
    figure = new_figure(8, 6.4)
    panels = zip(figure.subplots(2, 2).ravel(), _FIGURES.items(), strict=True)
    for ax, (name, of_fit) in panels:
        plot_means(ax, fits, of_fit, domain=domain_of(name), label=SPREAD)
        ax.set(xlabel="share of random labels", ylabel=name, ylim=(0, None))
        finish(ax)
    legend_below(figure)
    return figure


# ``shares`` are of random labels; ``every`` steps a fit is first looked at.
LABELS = Experiment(
    names=("ll18-labels",),
    title="Li and Liang (2018), sections 4 and 6: the labels' structure",
    full=scale(
        width=4000,
        n_samples=1000,
        n_features=1000,
        shares=(0.0, 0.25, 0.5, 0.75, 1.0),
        repeats=5,
        max_iter=3000,
        every=50,
    ),
    quick=scale(
        width=1000,
        n_samples=400,
        n_features=400,
        shares=(0.0, 0.5, 1.0),
        repeats=2,
        max_iter=2000,
        every=25,
    ),
    measure=_measure,
    claims=_CLAIMS,
    words=_words,
    pictures={"labels.png": _draw},
)
