"""One page of all claims: the matrix first, then every claim with its rule."""

import base64
import html
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from overparam_sk.experiments.matrix import Matrix, anchor
from overparam_sk.experiments.tables import package_versions
from overparam_sk.experiments.verdicts import MARKS, PALETTE

__all__ = ["page"]

_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}"
    "td,th{border:1px solid #ccc;padding:.3em .6em;vertical-align:top;text-align:left}"
    "img,svg{max-width:100%;height:auto}tr:target{outline:3px solid #000}"
)
_HEAD = {
    "claim": "the paper",
    "reading": "reading or data",
    "ours": "ours",
    "verdict": "verdict",
    "rule": "rule",
    "threshold": "how the verdict moves",
    "conditions": "conditions",
    "reason": "reason",
}


def page(
    out: Path,
    matrix: Matrix,
    reports: Mapping[str, dict[str, Any]],
    counts: Mapping[str, int],
    failed: Mapping[str, str],
) -> Iterator[str]:
    """Write the page, line by line.

    Parameters
    ----------
    out : Path
        Folder of the reports' folders, with their pictures.
    matrix : Matrix
        Of all claims; its links lead into the page.
    reports : dict of str to dict
        Name of a folder -> "settings", "seconds" and "claims".
    counts : dict of str to int
        Verdict -> number of claims.
    failed : dict of str to str
        What could not be run, and why.
    """
    yield '<!doctype html><html lang="en"><meta charset="utf-8">'
    yield f"<title>overparam_sk: claims</title><style>{_STYLE}</style>"
    yield "<h1>What the papers say, and what was measured</h1>"
    yield matrix.svg()
    versions = ", ".join(f"{name} {v}" for name, v in package_versions().items())
    total = ", ".join(f"{verdict}: {n}" for verdict, n in counts.items())
    yield f"<p>{html.escape(total)}. {html.escape(versions)}.</p>"
    for name, reason in failed.items():
        yield f"<p>{html.escape(name)} could not be run: {html.escape(reason)}</p>"
    for name, report in reports.items():
        yield from _section(out, name, report)
    yield "</html>"


def _section(out: Path, name: str, report: Mapping[str, Any]) -> Iterator[str]:
    settings = json.dumps(report["settings"], ensure_ascii=False)
    yield f"<h2 id='{html.escape(name)}'>{html.escape(name)}</h2>"
    took = "" if report["seconds"] is None else f", {report['seconds']:.0f} s"
    yield f"<details><summary>settings{took}</summary>"
    yield f"<code>{html.escape(settings)}</code></details>"
    pictures = sorted((out / name).rglob("*.png"))
    yield from _table(name, report["claims"], bool(pictures))
    yield f"<div id='{html.escape(name)}-pictures'>"
    for picture in pictures:
        content = base64.b64encode(picture.read_bytes()).decode()
        words = html.escape(str(picture.relative_to(out)))
        yield f"<p>{words}<br><img alt='{words}' "
        yield f"src='data:image/png;base64,{content}'></p>"
    yield "</div>"


def _table(
    name: str, claims: list[dict[str, str]], has_pictures: bool
) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{cell}</th>" for cell in _HEAD.values())
    yield "</tr>"
    for index, claim in enumerate(claims):
        cells = {key: html.escape(claim.get(key, "")) for key in _HEAD}
        if has_pictures:
            cells["ours"] += f" <a href='#{html.escape(name)}-pictures'>pictures</a>"
        verdict = claim["verdict"]
        cells["verdict"] = f"{MARKS[verdict]} {cells['verdict']}"
        style = f" style='border-left:1em solid {PALETTE[verdict]}'"
        yield f"<tr id='{html.escape(anchor(name, index))}'>"
        for key, cell in cells.items():
            yield f"<td{style if key == 'verdict' else ''}>{cell}</td>"
        yield "</tr>"
    yield "</table>"
