"""Figures 1 and 2 of Li and Liang (2018) at their settings, judged claim by claim.

The paper leaves two things open. Section 7 does not say whether the rows are scaled to
norm 1, which (A2) assumes: both readings are run. It writes the initialisation as
N(0, 1/√m); as (A3) has σ = 1/√m, the network takes that as the standard deviation, and
the other reading, a variance of 1/√m, is not run.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from overparam_sk.experiments import claim_rules as rules
from overparam_sk.experiments.claims import Claim, Judgement
from overparam_sk.experiments.claims_report import verdicts, write_claims
from overparam_sk.experiments.problems import load_problem
from overparam_sk.experiments.report import write_report
from overparam_sk.experiments.study import Study, run_study, usual_store

__all__ = ["FIGURES", "Figure", "Reading", "Scale", "reproduce"]


@dataclass(frozen=True)
class Scale:
    """How much of a figure is run; ``record_every`` is the course's resolution."""

    widths: tuple[int, ...]
    repeats: int
    max_iter: int
    record_every: int


@dataclass(frozen=True)
class Reading:
    """One way to read what the paper leaves open; ``key`` names its folder."""

    key: str
    words: str
    normalize: bool


@dataclass(frozen=True)
class Figure:
    """A figure of the paper: its data and settings, and what is said of it."""

    title: str
    data: str
    learning_rate: float
    batch_size: int
    target_accuracy: float
    full: Scale
    quick: Scale
    readings: tuple[Reading, ...]
    claims: tuple[Claim[Study], ...]


_SIMILAR = (
    '; of Figure 2: "The observation in general is similar to those on the synthetic '
    'data (though less significant)"'
)
_CONVERGES = '"The test accuracy quickly converges to 100%"'
_GROWS = '"which is even more significant with larger number of hidden units"'
_STEPS = (
    '"the number of iterations to get the accuracy to achieve a desired accuracy '
    'should be roughly the same"'
)
_PATTERN = '"The activation pattern difference ratio is less than 0.1"'
_DISTANCE = '"The relative distance is less than 0.1"'
_TOP_20 = (
    '"the top 20 singular values of the accumulated updates are much larger than the '
    'rest"'
)
_SPECTRUM = '"while the spectrum of the weight matrix do not have such structure"'

FIGURES: dict[str, Figure] = {
    "ll18-fig1": Figure(
        title="Figure 1, synthetic data",
        data="synthetic",
        learning_rate=10.0,
        batch_size=16,
        target_accuracy=0.98,
        # The first tens of steps decide, so they are looked at closely.
        full=Scale((1000, 2000, 4000, 8000, 16000), 5, 400, 4),
        quick=Scale((500, 1000, 2000), 2, 400, 4),
        readings=(
            Reading("raw", "rows as drawn", normalize=False),
            Reading("norm-1", "rows scaled to norm 1", normalize=True),
        ),
        claims=(
            Claim(_CONVERGES, rules.accuracy_converges(0.995, 0.99, 0.25)),
            Claim(_GROWS, rules.accuracy_grows(0.1)),
            Claim(_STEPS, rules.same_number_of_steps()),
            Claim(_PATTERN, rules.stays_below("activation_change", 0.1)),
            Claim(_DISTANCE, rules.stays_below("relative_distance", 0.1)),
            Claim(_TOP_20, rules.gap_in_the_update(20, 3.0)),
            Claim(_SPECTRUM, rules.no_gap_in_the_weights(20, 1.2)),
        ),
    ),
    "ll18-fig2": Figure(
        title="Figure 2, MNIST",
        data="mnist",
        learning_rate=4e3,
        batch_size=64,
        target_accuracy=0.95,
        full=Scale((1000, 2000, 4000, 8000), 5, 20_000, 400),
        quick=Scale((500, 1000, 2000), 2, 2000, 100),
        readings=(
            Reading("norm-1", "rows scaled to norm 1", normalize=True),
            Reading("raw", "grey values in [0, 1], rows not scaled", normalize=False),
        ),
        claims=(
            Claim(_CONVERGES + _SIMILAR, rules.accuracy_converges(0.95, 0.95, 0.25)),
            Claim(_GROWS + _SIMILAR, rules.accuracy_grows(0.1)),
            Claim(_STEPS + _SIMILAR, rules.same_number_of_steps()),
            Claim(
                "Figure 2's axis: pattern change up to about 0.4",
                rules.stays_below("activation_change", 0.4),
            ),
            Claim(
                "Figure 2's axis: relative distance up to about 2.0",
                rules.stays_below("relative_distance", 2.0),
            ),
            Claim(_TOP_20 + _SIMILAR, rules.share_of_the_update(20, 0.8)),
            Claim(_SPECTRUM + _SIMILAR, rules.share_of_the_weights(20, 0.4)),
            Claim(
                '"the observed trend become more evident with more '
                'overparameterization"',
                rules.shrinks("activation_change", "relative_distance"),
            ),
        ),
    ),
}


def reproduce(
    name: str,
    *,
    out: Path,
    quick: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    device: str = "auto",
    random_state: int = 0,
    progress: bool = True,
    tell: Callable[[str], Any] = print,
    mnist: Mapping[str, Any] | None = None,
) -> bool:
    """Run a figure, reading by reading, and judge what the paper says of it.

    Writes a folder a reading (as :func:`write_report`), claims.md and claims.json. The
    fits are kept in store/, so that the same call goes on where it was stopped.

    Parameters
    ----------
    name : str
        A key of ``FIGURES``.
    out : Path
        Folder of the results.
    quick : bool, default=False
        Whether to run small widths and two repeats instead of the paper's five.
    data_home : path-like, default=None
        Folder with the files of MNIST.
    device : str, default="auto"
    random_state : int, default=0
    progress : bool, default=True
        Whether to show on stderr how far it is.
    tell : callable, default=print
        Takes the lines for the reader.
    mnist : dict, default=None
        What of the scale on MNIST is to be another: "widths", "repeats", "max_iter".

    Returns
    -------
    bool
        False after Ctrl-C; then only the readings that are complete are judged.

    Raises
    ------
    OSError, ValueError
        If the data cannot be loaded or the device is not there.
    """
    figure = FIGURES[name]
    scale = figure.quick if quick else figure.full
    if figure.data == "mnist":
        scale = replace(scale, **(mnist or {}))
    judgements: list[Judgement] = []
    complete = True
    for reading in figure.readings:
        title = f"{figure.title}: {reading.words}"
        tell(title)
        study = _run(
            figure, scale, reading, data_home, device, random_state, progress, out
        )
        for line in write_report(study, out / reading.key, title):
            tell(line)
        if study.interrupted:
            complete = False
            break
        judgements += [claim.judge(study, reading.words) for claim in figure.claims]
    if judgements:
        _write_claims(figure, scale, judgements, out, random_state)
        tell(verdicts(judgements))
        tell(f"Written to {out}: claims.md, claims.json.")
    return complete


def _run(
    figure: Figure,
    scale: Scale,
    reading: Reading,
    data_home: str | os.PathLike[str] | None,
    device: str,
    random_state: int,
    progress: bool,
    out: Path,
) -> Study:
    problem = load_problem(
        figure.data,
        data_home=data_home,
        normalize=reading.normalize,
        random_state=random_state,
    )
    what: dict[str, Any] = {
        "problem": problem,
        "widths": scale.widths,
        "repeats": scale.repeats,
        "fit_params": {
            "learning_rate": figure.learning_rate,
            "batch_size": figure.batch_size,
            "max_iter": scale.max_iter,
            "record_every": scale.record_every,
            "device": device,
        },
        "random_state": random_state,
    }
    return run_study(
        **what,
        target_accuracy=figure.target_accuracy,
        store=usual_store(out, **what),
        progress=progress,
    )


def _write_claims(
    figure: Figure,
    scale: Scale,
    judgements: list[Judgement],
    out: Path,
    random_state: int,
) -> None:
    settings = {
        "figure": figure.title,
        "learning_rate": figure.learning_rate,
        "batch_size": figure.batch_size,
        "target_accuracy": figure.target_accuracy,
        "random_state": random_state,
        **asdict(scale),
    }
    write_claims(
        judgements,
        out,
        title=f"Li and Liang (2018), {figure.title}",
        paragraphs=[
            f"Step c/m with c = {figure.learning_rate:g}, B = {figure.batch_size}, "
            f"T = {scale.max_iter}, widths {', '.join(map(str, scale.widths))}, "
            f"{scale.repeats} repeats (mean ± standard deviation), seed "
            f"{random_state}.",
            verdicts(judgements),
        ],
        settings=settings,
    )
