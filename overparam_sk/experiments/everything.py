"""All that can be reproduced, one after another, and one report of it."""

import base64
import html
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from overparam_sk.experiments.claims import HOLDS, NOT, TREND
from overparam_sk.experiments.tables import package_versions, write_json

__all__ = ["reproduce_all", "write_everything"]

_COLORS = {HOLDS: "#d9f2d9", TREND: "#fff3cd", NOT: "#f8d7da"}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}"
    "td,th{border:1px solid #ccc;padding:.3em .6em;vertical-align:top;text-align:left}"
    "img{max-width:100%}"
)


def reproduce_all(
    reproductions: Mapping[str, Callable[..., bool]],
    *,
    out: Path,
    tell: Callable[[str], Any] = print,
    **options: Any,
) -> bool:
    """Run every reproduction into a folder of its own, and write one report.

    Writes report.html, with all pictures in it, and report.json. Called again with the
    same ``out``, what keeps its fits in a store takes them from there; the others, of
    some minutes each, begin anew.

    Parameters
    ----------
    reproductions : dict of str to callable
    out : Path
    tell : callable, default=print
    **options
        For every one of them.

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
    for name, reproduce in reproductions.items():
        tell(f"== {name}")
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        try:
            complete = reproduce(out=folder, tell=tell, **options)
        except KeyboardInterrupt:
            complete = False
        except (OSError, ValueError) as error:
            failed[name] = str(error)
            tell(f"{name} could not be run: {error}")
            continue
        if not complete:
            break
        seconds[name] = round(time.perf_counter() - start, 1)
    if seconds:
        write_everything(out, seconds, failed)
        tell(f"Written to {out}: report.html, report.json.")
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
