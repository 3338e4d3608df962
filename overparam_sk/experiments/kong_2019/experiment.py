"""Run, judge, draw and write: the whole reproduction."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from overparam_sk.experiments.claims import HOLDS, NOT, TREND, Judgement
from overparam_sk.experiments.claims_report import write_claims
from overparam_sk.experiments.kong_2019.beyond import sections
from overparam_sk.experiments.kong_2019.claims import CLAIMS, RATES
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.figures import draw_all
from overparam_sk.experiments.kong_2019.files import write_data
from overparam_sk.experiments.kong_2019.measured import Measured, by_data, together
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    WIDTH1,
    Scale,
    run_all,
)
from overparam_sk.experiments.tables import markdown_table

__all__ = ["FULL", "NAME", "QUICK", "judge", "reproduce"]

NAME = "k19"
FULL = Scale((100, 500, 1000, 2000, 4000), 8, 1000, 200)
QUICK = Scale((100, 500, 1000), 2, 300, 20)


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
    """Run the experiments, and judge what the paper says of them.

    Writes claims.md, claims.json, report.md, the figures and the data behind them.

    Parameters
    ----------
    out : Path
        Folder of the results.
    quick : bool, default=False
        Whether to run small widths, few iterations and two repeats.
    data_home : path-like, default=None
        Not read: the images are those that the package ships.
    device : str, default="auto"
    random_state : int, default=0
    progress : bool, default=True
        Whether to show on stderr how far it is.
    tell : callable, default=print
        Takes the lines for the reader.

    Returns
    -------
    bool
        True. Ctrl-C raises KeyboardInterrupt, and nothing is written.

    Raises
    ------
    ValueError
        If the device is not there.
    """
    del data_home
    scale = QUICK if quick else FULL
    started = time.perf_counter()
    measured = by_data(
        *run_all(
            scale,
            list(DATA_SETS),
            device=device,
            random_state=random_state,
            progress=progress,
        )
    )
    seconds = time.perf_counter() - started
    judgements = judge(measured)
    settings = {
        **asdict(scale),
        "width1": WIDTH1,
        "learning_rate": LEARNING_RATE,
        "random_state": random_state,
        "seconds": round(seconds),
    }
    words = _settings_in_words(scale, random_state, seconds)
    write_claims(
        judgements,
        out,
        title="Kong (2019), section V: claims",
        paragraphs=[words, _matrix(judgements)],
        settings=settings,
        by="data",
    )
    report = ["# Kong (2019): beyond the paper", words, *sections(measured)]
    (out / "report.md").write_text("\n\n".join(report) + "\n", encoding="utf-8")
    written = ["claims.md", "claims.json", "report.md", *write_data(measured, out)]
    try:
        written += draw_all(measured, out)
    except ImportError as error:
        tell(f"No figures: {error}")
    for line in _counts(judgements):
        tell(line)
    tell(f"Written to {out}: {', '.join(written)}.")
    return True


def judge(measured: Sequence[Measured]) -> list[Judgement]:
    """Judge every claim on every data set, and the claim on rates on all together."""
    return [
        *(claim.judge(data, data.name) for data in measured for claim in CLAIMS),
        RATES.judge(together(measured), together(measured).name),
    ]


def _matrix(judgements: Sequence[Judgement]) -> str:
    """Verdicts as a table: a line a claim, a column a data set."""
    readings = list(dict.fromkeys(j.reading for j in judgements))
    found = {(j.claim, j.reading): j.verdict for j in judgements}
    lines = [
        [claim, *(found.get((claim, reading), "") for reading in readings)]
        for claim in dict.fromkeys(j.claim for j in judgements)
    ]
    return markdown_table([["the paper", *readings], *lines])


def _counts(judgements: Sequence[Judgement]) -> Iterator[str]:
    """Count the verdicts of each claim over the data sets."""
    for claim in dict.fromkeys(j.claim for j in judgements):
        mine = [j.verdict for j in judgements if j.claim == claim]
        counts = (f"{v}: {mine.count(v)}" for v in (HOLDS, TREND, NOT) if v in mine)
        yield f"{claim}: {', '.join(counts)}"


def _settings_in_words(scale: Scale, random_state: int, seconds: float) -> str:
    return (
        f"h1 = {WIDTH1}, h2 = {', '.join(map(str, scale.widths))}, gradient descent of "
        f"step η = {LEARNING_RATE:g} for {scale.max_iter} iterations, looked at after "
        f"every one; {scale.repeats} repeats (mean ± standard deviation), each with "
        "its own initialisation and, for the synthetic data, its own rows; "
        f"{scale.initialisations} initialisations for what is said of H(0); seed "
        f"{random_state}. Images: the first 50 of each class, rows of norm 1. The "
        "paper does not say what their targets are: 0 for the first class and 1 for "
        "the second, and the class numbers themselves where a name has them. In "
        f"float64, in {seconds:.0f} s."
    )
