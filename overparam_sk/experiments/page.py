"""One page of all claims: in plain words, as a matrix, and one by one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from overparam_sk.experiments.captions import Caption
from overparam_sk.experiments.page_parts import Part
from overparam_sk.experiments.plain_words import in_all, of_judgements
from overparam_sk.experiments.rendering import render
from overparam_sk.experiments.verdicts import MARKS, MEANINGS, PALETTE, ink

__all__ = ["page"]


def page(
    out: Path,
    content: Mapping[str, Any],
    titles: Mapping[str, str],
    captions: Mapping[str, Caption],
) -> str:
    """Make the page, which needs no other file.

    Parameters
    ----------
    out : Path
        Folder of the reports' folders, with their pictures.
    content : dict
        What report.json holds: "versions", "failed", and in "reports", for the name of
        each folder, its "settings", "run_seconds" and "claims".
    titles : dict of str to str
        Name of a folder -> what its experiment is; those that are not here are titled
        by their name.
    captions : dict of str to Caption
        Pattern of a picture's path in ``out`` -> its words.

    Returns
    -------
    str
        HTML.
    """
    parts = [
        Part.of(name, report, titles.get(name, name), out, captions)
        for name, report in content["reports"].items()
    ]
    return render(
        "report.html.jinja",
        parts=parts,
        summary=in_all({part.name: part.verdicts for part in parts}),
        of_judgements=of_judgements,
        failed=content["failed"],
        versions=content["versions"],
        marks=MARKS,
        meanings=MEANINGS,
        kinds={verdict: f"verdict-{i}" for i, verdict in enumerate(MARKS)},
        colors={verdict: (PALETTE[verdict], ink(verdict)) for verdict in MARKS},
    )
