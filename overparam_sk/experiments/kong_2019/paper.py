"""What is reproduced of Kong (2019), its words, and how it is told."""

from collections.abc import Iterator, Sequence
from typing import Any

from overparam_sk.experiments.claims import Judgement
from overparam_sk.experiments.kong_2019 import figures
from overparam_sk.experiments.kong_2019.beyond import sections
from overparam_sk.experiments.kong_2019.captions import CAPTIONS
from overparam_sk.experiments.kong_2019.claims import CLAIMS, ON_ALL_DATA
from overparam_sk.experiments.kong_2019.data import DATA_SETS
from overparam_sk.experiments.kong_2019.directions import directions
from overparam_sk.experiments.kong_2019.files import write_data
from overparam_sk.experiments.kong_2019.first_widths import FIRST_WIDTHS
from overparam_sk.experiments.kong_2019.flow import FLOW
from overparam_sk.experiments.kong_2019.runs import (
    LEARNING_RATE,
    WIDTH1,
    Measured,
    together,
)
from overparam_sk.experiments.kong_2019.steps import STEPS
from overparam_sk.experiments.kong_2019.store import kept_or_run
from overparam_sk.experiments.kong_2019.theorems import THEOREMS
from overparam_sk.experiments.reproduction import (
    Experiment,
    Paper,
    Request,
    by_claim,
    scale,
)

__all__ = ["KONG_2019", "SECTION_5"]


def _measure(run: Request) -> Iterator[tuple[str, Measured]]:
    for measured in kept_or_run(run, list(DATA_SETS)):
        yield measured.name, measured


def _of_all(*measured: Measured) -> list[Judgement]:
    """Judge on all data sets together what compares fits of any, or data sets."""
    everything = together(measured)
    return [claim.judge(everything, everything.name) for claim in ON_ALL_DATA]


def _seconds(measured: Sequence[Measured]) -> int:
    """What the fits took, one after the other; kept ones are not made again."""
    return round(sum(run.seconds for one in measured for run in one.runs))


def _in_words(run: Request, measured: Sequence[Measured]) -> str:
    amounts = run.scale
    widths = ", ".join(map(str, amounts["widths"]))
    return (
        f"h1 = {WIDTH1}, h2 = {widths}, gradient descent of step η = "
        f"{LEARNING_RATE:g} for {amounts['max_iter']} iterations, looked at after "
        f"every one; {amounts['repeats']} repeats (mean ± standard deviation), each "
        "with its own initialisation and, for the synthetic data, its own rows; "
        f"{amounts['initialisations']} initialisations for what is said of H(0); seed "
        f"{run.random_state}. Images: the first 50 of each class, rows of norm 1. The "
        "paper does not say what their targets are: 0 for the first class and 1 for "
        "the second, and the class numbers themselves where a name has them. In "
        f"float64; the fits took {_seconds(measured)} s, one after the other."
    )


def _words(run: Request, *measured: Measured) -> tuple[list[str], dict[str, Any]]:
    return [_in_words(run, measured)], {
        **run.scale,
        "width1": WIDTH1,
        "learning_rate": LEARNING_RATE,
        "random_state": run.random_state,
        "fit_seconds": _seconds(measured),
    }


def _write_more(run: Request, *measured: Measured) -> list[str]:
    report = ["# Kong (2019): beyond the paper", _in_words(run, measured)]
    report += [*sections(measured), *directions(measured)]
    (run.out / "report.md").write_text("\n\n".join(report) + "\n", encoding="utf-8")
    return ["report.md", *write_data(measured, run.out)]


SECTION_5 = Experiment(
    names=("k19",),
    title="Kong (2019), section V: claims",
    full=scale(
        widths=(100, 500, 1000, 2000, 4000),
        repeats=8,
        max_iter=1000,
        initialisations=200,
    ),
    quick=scale(widths=(100, 500, 1000), repeats=2, max_iter=300, initialisations=20),
    measure=_measure,
    claims=CLAIMS,
    overall=_of_all,
    words=_words,
    files=_write_more,
    pictures=figures.PICTURES,
    dpi=120,
    by="data",
    summary=by_claim,
)

KONG_2019 = Paper(
    "k19, k19-flow, k19-steps, k19-theory, k19-width1: Kong (2019), on images that "
    "the package ships.",
    (SECTION_5, FLOW, STEPS, THEOREMS, FIRST_WIDTHS),
    captions=CAPTIONS,
)
