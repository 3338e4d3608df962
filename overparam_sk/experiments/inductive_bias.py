"""Structured against random labels at one width: LL18, sections 4 and 6.

Theorem 4.1 allows arbitrary labels, each row being a component of its own; what the
paper calls an inductive bias is that structured labels need fewer steps, and leave the
network closer to its initialisation.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture
from overparam_sk.experiments.by_width import falls
from overparam_sk.experiments.claims import HOLDS, NOT, Claim, Finding, Rule
from overparam_sk.experiments.claims_report import publish
from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.first_crossing import FirstCrossing
from overparam_sk.experiments.tables import Table, markdown_table, mean_and_std

__all__ = ["NAME", "BiasFit", "Scale", "fit_shares", "reproduce"]

NAME = "ll18-labels"


@dataclass(frozen=True)
class Scale:
    """How much is run."""

    width: int
    n_samples: int
    n_features: int
    shares: tuple[float, ...]  # of random labels
    repeats: int
    max_iter: int
    every: int


FULL = Scale(4000, 1000, 1000, (0.0, 0.25, 0.5, 0.75, 1.0), 5, 3000, 50)
QUICK = Scale(1000, 400, 400, (0.0, 0.5, 1.0), 2, 2000, 25)


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
    "steps to fit": lambda fit: fit.steps,
    "relative distance": lambda fit: fit.relative_distance,
    "pattern change": lambda fit: fit.activation_change,
    "effective rank of the update": lambda fit: fit.effective_rank,
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


def _all_fitted() -> Rule[ByShare]:
    def find(fits: ByShare) -> Finding:
        steps = [fit.steps for group in fits.values() for fit in group]
        fitted = int(np.isfinite(steps).sum())
        ours = f"{fitted} of {len(steps)} fits have all training rows right"
        return ours, HOLDS if fitted == len(steps) else NOT

    return Rule("holds: every fit reaches a training accuracy of 1.", find)


_CLAIMS: tuple[Claim[ByShare], ...] = (
    Claim(
        '§4: "we can actually fit arbitrary labels of the input data"',
        _all_fitted(),
    ),
    Claim(
        '§6: "poorly structured data (larger k and l) needs more iterations"',
        _rises("steps to fit"),
    ),
    Claim(
        '§6: "the solution can deviate more from the initialization"',
        _rises("relative distance"),
    ),
    Claim('§6: "and has higher complexity": patterns', _rises("pattern change")),
    Claim(
        '§6: "and has higher complexity": rank',
        _rises("effective rank of the update"),
    ),
)


def reproduce(
    *,
    out: Path,
    quick: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    device: str = "auto",
    random_state: int = 0,
    progress: bool = True,
    tell: Callable[[str], Any] = print,
) -> bool:
    """Fit the paper's mixture with more and more random labels.

    Writes claims.md, claims.json and labels.png.

    Parameters
    ----------
    out, quick, device, random_state, progress, tell
        As for :func:`overparam_sk.experiments.li_liang_2018.reproduce`.
    data_home : path-like, default=None
        Not read: the data is generated.

    Returns
    -------
    bool
        True. Ctrl-C raises KeyboardInterrupt, and nothing is written.
    """
    del data_home, progress
    scale = QUICK if quick else FULL
    fits = fit_shares(scale, device=device, random_state=random_state, tell=tell)
    judgements = [claim.judge(fits, "synthetic") for claim in _CLAIMS]
    publish(
        judgements,
        out,
        title="Li and Liang (2018), sections 4 and 6: the labels' structure",
        paragraphs=[
            f"{scale.n_samples} rows of the mixture of section 7 in {scale.n_features} "
            f"dimensions, m = {scale.width}, c = 10, B = 16, {scale.repeats} repeats "
            "(mean ± standard deviation). A share of the training labels is drawn at "
            "random from all classes; the test labels are not. Measured at the first "
            f"step of {scale.max_iter} at which all training rows are right: looked at "
            f"every {scale.every} steps, and at every step near it.",
            markdown_table(_table(fits)),
        ],
        settings={**asdict(scale), "random_state": random_state},
        picture=("labels.png", lambda path: _draw(fits, path)),
        tell=tell,
    )
    return True


def fit_shares(
    scale: Scale,
    *,
    device: str = "auto",
    random_state: int = 0,
    tell: Callable[[str], Any] = print,
) -> dict[float, list[BiasFit]]:
    """Share of random labels -> a fit for every repeat."""
    fits: dict[float, list[BiasFit]] = {}
    for share in scale.shares:
        tell(f"share of random labels {share:g}")
        seeds = range(random_state, random_state + scale.repeats)
        fits[share] = [_fit(scale, share, seed, device) for seed in seeds]
    return fits


def _fit(scale: Scale, share: float, seed: int, device: str) -> BiasFit:
    n = scale.n_samples
    X, y = make_clustered_mixture(2 * n, scale.n_features, random_state=seed)
    X, labels = X.astype(np.float32), y.copy()
    random = np.random.default_rng(seed)
    drawn = random.permutation(n)[: round(share * n)]
    labels[drawn] = random.integers(0, 10, len(drawn))
    net = OverparamReLUClassifier(
        scale.width,
        learning_rate=10.0,
        batch_size=16,
        max_iter=scale.max_iter,
        fit_intercept=False,
        diagnostics=("relative_distance",),
        device=device,
        random_state=seed,
    )
    # The training rows are what is looked at.
    train = X[:n], labels[:n]
    found = FirstCrossing(net, target=1.0, every=scale.every).fit(*train, *train)
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


def _draw(fits: ByShare, path: Path) -> None:
    figure = new_figure(3 * len(_FIGURES), 3)
    panels = zip(figure.subplots(1, len(_FIGURES)), _FIGURES.items(), strict=True)
    for ax, (name, of_fit) in panels:
        groups = [np.array([*map(of_fit, group)]) for group in fits.values()]
        means, spread = [g.mean() for g in groups], [g.std() for g in groups]
        ax.errorbar([*fits], means, spread, marker="o", capsize=3)
        ax.set(xlabel="share of random labels", ylabel=name, ylim=(0, None))
    figure.savefig(path, dpi=150)
