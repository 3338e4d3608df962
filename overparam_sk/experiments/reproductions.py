"""The papers that can be reproduced, and one report of them all."""

import base64
import html
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.kong_2019.paper import KONG_2019
from overparam_sk.experiments.li_liang_2018.paper import LI_LIANG_2018
from overparam_sk.experiments.reproduction import Experiment, Paper, Request
from overparam_sk.experiments.tables import package_versions, write_json

__all__ = [
    "ALL",
    "PAPERS",
    "named_experiments",
    "names",
    "reproduce",
    "reproduce_all",
    "takes_mnist",
    "write_everything",
]

# A new paper is a folder, and its entry here.
PAPERS: list[Paper] = [LI_LIANG_2018, KONG_2019]

ALL = "all"

_COLORS = {HOLDS: "#d9f2d9", TREND: "#fff3cd", NOT: "#f8d7da"}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}"
    "td,th{border:1px solid #ccc;padding:.3em .6em;vertical-align:top;text-align:left}"
    "img{max-width:100%}"
)


def named_experiments() -> dict[str, Experiment[Any]]:
    """Every experiment by each of its names; those on MNIST, the longest, are last."""
    of_all = (experiment for paper in PAPERS for experiment in paper.experiments)
    in_order = sorted(of_all, key=lambda experiment: experiment.on_mnist)
    return {name: one for one in in_order for name in one.names}


def names() -> list[str]:
    """Whatever the command line takes."""
    return [*named_experiments(), ALL]


def takes_mnist(name: str) -> bool:
    """Whether the scale on MNIST may be changed for it."""
    return name == ALL or named_experiments()[name].on_mnist


def reproduce(name: str, run: Request) -> bool:
    """Run an experiment, or all; False after Ctrl-C."""
    known = named_experiments()
    if name == ALL:
        return reproduce_all(known.values(), run)
    return known[name].reproduce(run)


def reproduce_all(experiments: Iterable[Experiment[Any]], run: Request) -> bool:
    """Run every experiment into a folder of its own, and write one report.

    Writes report.html, with all pictures in it, and report.json. Called again with the
    same ``run.out``, what keeps its fits in a store takes them from there; the others,
    of some minutes each, begin anew.

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
    for name, experiment in {one.names[0]: one for one in experiments}.items():
        run.tell(f"== {name}")
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
        write_everything(run.out, seconds, failed)
        run.tell(f"Written to {run.out}: report.html, report.json.")
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise ValueError(f"All must be run, got a failure of {reasons}")
    return complete


def write_everything(
    out: Path, seconds: Mapping[str, float | None], failed: Mapping[str, str]
) -> None:
    """Put the claims and pictures of the folders in ``out`` into one report.

    Parameters
    ----------
    out : Path
    seconds : dict of str to float or None
        Name of a folder with a claims.json -> how long it took, if in this run.
    failed : dict of str to str
        What could not be run, and why.
    """
    found = {
        name: json.loads((out / name / "claims.json").read_text(encoding="utf-8"))
        for name in seconds
    }
    reports = {
        name: {
            "settings": content["settings"],
            "seconds": seconds[name],
            "claims": content["claims"],
        }
        for name, content in found.items()
    }
    counts = _counts([claim for part in reports.values() for claim in part["claims"]])
    content = {"verdicts": counts, "failed": failed, "reports": reports}
    write_json(out / "report.json", content)
    (out / "report.html").write_text(
        "\n".join(_page(out, reports, counts, failed)), encoding="utf-8"
    )


def _counts(claims: list[dict[str, str]]) -> dict[str, int]:
    return {
        verdict: sum(claim["verdict"] == verdict for claim in claims)
        for verdict in (HOLDS, TREND, NOT)
    }


def _page(
    out: Path,
    reports: Mapping[str, dict[str, Any]],
    counts: Mapping[str, int],
    failed: Mapping[str, str],
) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield f"<title>overparam_sk: claims</title><style>{_STYLE}</style>"
    yield "<h1>What the papers say, and what was measured</h1>"
    versions = ", ".join(f"{name} {v}" for name, v in package_versions().items())
    total = ", ".join(f"{verdict}: {n}" for verdict, n in counts.items())
    yield f"<p>{html.escape(total)}. {html.escape(versions)}.</p>"
    for name, reason in failed.items():
        yield f"<p>{html.escape(name)} could not be run: {html.escape(reason)}</p>"
    for name, report in reports.items():
        settings = json.dumps(report["settings"], ensure_ascii=False)
        yield f"<h2>{html.escape(name)}</h2>"
        took = "" if report["seconds"] is None else f", {report['seconds']:.0f} s"
        yield f"<details><summary>settings{took}</summary>"
        yield f"<code>{html.escape(settings)}</code></details>"
        yield from _table(report["claims"])
        for picture in sorted((out / name).rglob("*.png")):
            content = base64.b64encode(picture.read_bytes()).decode()
            words = html.escape(str(picture.relative_to(out)))
            yield f"<p>{words}<br><img alt='{words}' "
            yield f"src='data:image/png;base64,{content}'></p>"
    yield "</html>"


def _table(claims: list[dict[str, str]]) -> Iterator[str]:
    head = ("the paper", "reading or data", "ours", "verdict", "rule", "reason")
    yield "<table><tr>" + "".join(f"<th>{cell}</th>" for cell in head) + "</tr>"
    for claim in claims:
        cells = [
            html.escape(claim[key])
            for key in ("claim", "reading", "ours", "verdict", "rule", "reason")
        ]
        color = _COLORS[claim["verdict"]]
        yield f"<tr style='background:{color}'>"
        yield "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</table>"
