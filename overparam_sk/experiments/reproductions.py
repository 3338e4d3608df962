"""The papers that can be reproduced, and one report of them all."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from overparam_sk.experiments.beyond.paper import BEYOND
from overparam_sk.experiments.kong_2019.paper import KONG_2019
from overparam_sk.experiments.li_liang_2018.paper import LI_LIANG_2018
from overparam_sk.experiments.matrix import Matrix
from overparam_sk.experiments.page import page
from overparam_sk.experiments.reproduction import Experiment, Paper, Request
from overparam_sk.experiments.tables import write_json
from overparam_sk.experiments.verdicts import VERDICTS
from overparam_sk.progress import duration

__all__ = [
    "ALL",
    "PAPERS",
    "files_of",
    "named_experiments",
    "names",
    "reproduce",
    "reproduce_all",
    "takes_mnist",
    "write_everything",
    "write_page",
]

# A new paper is a folder, and its entry here.
PAPERS: list[Paper] = [LI_LIANG_2018, KONG_2019, BEYOND]

ALL = "all"


def named_experiments() -> dict[str, Experiment[Any]]:
    """Every experiment by each of its names; those on MNIST, the longest, are last."""
    of_all = (experiment for paper in PAPERS for experiment in paper.experiments)
    in_order = sorted(of_all, key=lambda experiment: experiment.on_mnist)
    return {name: one for one in in_order for name in one.names}


def names() -> list[str]:
    """Whatever the command line takes."""
    return [*named_experiments(), *_reports()]


def files_of(name: str) -> list[str]:
    """What is written, whatever comes out, into the folder of the results."""
    if name in _reports():
        return ["report.html", "report.json", "claims.svg"]
    return ["claims.md", "claims.json", *_asked_for(name)[0].pictures]


def takes_mnist(name: str) -> bool:
    """Whether the scale on MNIST may be changed for it."""
    return any(one.on_mnist for one in _asked_for(name))


def reproduce(name: str, run: Request) -> bool:
    """Run an experiment, or those of a report; False after Ctrl-C."""
    asked = _asked_for(name)
    if name in _reports():
        return reproduce_all(asked, run)
    return asked[0].reproduce(run)


def _reports() -> dict[str, list[Experiment[Any]]]:
    """What one report is made of, by its name: all, or all of a paper that has one."""
    of_papers = {paper.name: [*paper.experiments] for paper in PAPERS if paper.name}
    return {ALL: [*named_experiments().values()], **of_papers}


def _asked_for(name: str) -> list[Experiment[Any]]:
    return _reports().get(name) or [named_experiments()[name]]


def reproduce_all(experiments: Iterable[Experiment[Any]], run: Request) -> bool:
    """Run every experiment into a folder of its own, and write one report.

    Writes report.html, whose first picture is a matrix of all claims against data sets
    and readings, the same as claims.svg and claims.png, and report.json. Called again
    with the same ``run.out``, what keeps its fits in a store takes them from there; the
    others, of some minutes each, begin anew.

    Parameters
    ----------
    experiments : iterable of Experiment
        One that comes again, under another name, is left out.
    run : Request

    Returns
    -------
    bool
        False if one was interrupted; then those before it are in the report.

    Raises
    ------
    ValueError
        If one could not be run, after all the others and their report, which names it.
    """
    seconds: dict[str, float | None] = {}
    failed: dict[str, str] = {}
    complete = True
    named = {one.names[0]: one for one in experiments}
    began = time.perf_counter()
    for i, (name, experiment) in enumerate(named.items(), start=1):
        since = duration(time.perf_counter() - began)
        run.tell(f"== {name}, {i} of {len(named)} after {since}: {experiment.title}")
        folder = run.out / name
        folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        try:
            complete = experiment.reproduce(replace(run, out=folder))
        except KeyboardInterrupt:
            complete = False
        except (OSError, ValueError) as error:
            failed[name] = str(error)
            run.tell(f"{name} could not be run: {error}")
            continue
        if not complete:
            break
        seconds[name] = round(time.perf_counter() - start, 1)
    if seconds:
        written = write_everything(run.out, seconds, failed)
        run.tell(f"Written to {run.out}: {', '.join(written)}.")
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise ValueError(f"All must be run, got a failure of {reasons}")
    return complete


def write_everything(
    out: Path, seconds: Mapping[str, float | None], failed: Mapping[str, str]
) -> list[str]:
    """Put the claims and pictures of the folders in ``out`` into one report.

    Parameters
    ----------
    out : Path
    seconds : dict of str to float or None
        Name of a folder with a claims.json -> how long it took, if in this run.
    failed : dict of str to str
        What could not be run, and why.

    Returns
    -------
    list of str
        The files that were written.
    """
    found = {
        name: json.loads((out / name / "claims.json").read_text(encoding="utf-8"))
        for name in seconds
    }
    reports = {
        name: {
            "settings": content["settings"],
            "run_seconds": seconds[name],
            "claims": content["claims"],
        }
        for name, content in found.items()
    }
    verdicts = [
        claim["verdict"] for part in reports.values() for claim in part["claims"]
    ]
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    content = {"verdicts": counts, "failed": failed, "reports": reports}
    write_json(out / "report.json", content)
    report, *pictures = write_page(out)
    return [report, "report.json", *pictures]


def write_page(out: Path) -> list[str]:
    """Write report.html and the matrix, of report.json and the pictures beside it.

    Parameters
    ----------
    out : Path

    Returns
    -------
    list of str
        The files that were written.
    """
    content = json.loads((out / "report.json").read_text(encoding="utf-8"))
    titles = {name: one.title for name, one in named_experiments().items()}
    captions = {
        pattern: words for paper in PAPERS for pattern, words in paper.captions.items()
    }
    text = page(out, content, titles, captions)
    (out / "report.html").write_text(text, encoding="utf-8")
    reports = content["reports"]
    matrix = Matrix({name: part["claims"] for name, part in reports.items()})
    return ["report.html", *matrix.write(out)]
