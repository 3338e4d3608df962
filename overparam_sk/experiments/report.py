"""A study as a table, and as files: CSV, JSON, Markdown and a figure."""

import csv
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from overparam_sk.experiments.figure import draw_curves, draw_widths
from overparam_sk.experiments.findings import finding, in_the_picture, legend
from overparam_sk.experiments.study import FitRow, Study
from overparam_sk.experiments.tables import (
    Table,
    markdown_table,
    mean_and_std,
    write_json,
)

__all__ = ["FILES", "singular_value_gap", "summary_table", "write_report"]

FILES = ("study.csv", "study.json", "study.md", "study.png", "widths.png")
_IN_CSV = (
    "study.csv has a line a fit; fit_seconds there are the seconds by the clock of "
    "`fit` alone, with its looks at the test rows, of fits that were done as one the "
    "share of each."
)


def summary_table(study: Study) -> Table:
    """Means and standard deviations over the repeats, a line a width or baseline.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of list of str
        The first line is the head. s_j is the j-th singular value of W − W(0), of
        which LL18 expect the first k·l to be large.
    """
    kl = study.n_clusters
    head = [
        "width",
        "test accuracy",
        "pattern change",
        "relative distance",
        f"steps to {study.target_accuracy:.0%}",
        f"s_{kl}",
        f"s_{kl + 1}",
        f"s_{kl}/s_{kl + 1}",
    ]
    baselines = [
        [name, mean_and_std(scores, ".4f"), *["–"] * (len(head) - 2)]
        for name, scores in study.baselines.items()
    ]
    return [head, *(_summary_line(study, width) for width in study.widths), *baselines]


def _summary_line(study: Study, width: int) -> list[str]:
    fits = study.fits(width)
    gaps = np.array([singular_value_gap(row, study.n_clusters) for row in fits])
    return [
        f"{width}",
        mean_and_std((row.test_accuracy for row in fits), ".4f"),
        mean_and_std(row.activation_change for row in fits),
        mean_and_std(row.relative_distance for row in fits),
        _steps(fits),
        *(mean_and_std(column) for column in gaps.reshape(-1, 3).T),
    ]


def singular_value_gap(row: FitRow, n_clusters: int) -> tuple[float, float, float]:
    """Return s_kl, s_{kl+1} and their ratio; NaN where there are not as many."""
    s = row.update_singular_values
    last = float(s[n_clusters - 1]) if len(s) >= n_clusters else np.nan
    after = float(s[n_clusters]) if len(s) > n_clusters else np.nan
    return last, after, last / after if after > 0 else np.nan


def _steps(fits: Sequence[FitRow]) -> str:
    reached = [row.steps_to_target for row in fits if row.steps_to_target is not None]
    if not reached:
        return "not reached" if fits else "–"
    text = mean_and_std(reached, ".0f")
    missing = len(fits) - len(reached)
    return f"{text} ({len(reached)} of {len(fits)} fits)" if missing else text


def write_report(study: Study, folder: Path, title: str | None = None) -> list[str]:
    """Write study.csv, .json, .md, .png and widths.png, over those that are there.

    Parameters
    ----------
    study : Study
    folder : Path
        Made where it is not there; ``~`` is the home folder.
    title : str, default=None
        What the study is of; None is its data.

    Returns
    -------
    list of str
        What to tell the reader: failed fits, a figure left out, files written, and
        what the pictures show.
    """
    folder = Path(os.path.expanduser(folder))
    folder.mkdir(parents=True, exist_ok=True)
    _write_csv(study, folder / "study.csv")
    write_json(folder / "study.json", asdict(study))
    headline = _headline(study, title)
    notes = _failures(study)
    told = "\n".join(f"- {line}" for line in [*legend(study), _IN_CSV])
    lines = [f"# {headline}", finding(study), markdown_table(summary_table(study))]
    lines += [told, *notes]
    (folder / "study.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    written = ["study.csv", "study.json", "study.md"]
    try:
        curves = draw_curves(
            {str(width): study.fits(width) for width in study.widths},
            headline,
            legend="width m",
            n_components=study.n_clusters,
            target_accuracy=study.target_accuracy,
        )
        if curves is not None:
            pictures = {"study.png": curves, "widths.png": draw_widths(study, headline)}
            for name, picture in pictures.items():
                picture.savefig(folder / name, dpi=150)
                written.append(name)
    except ImportError as error:
        notes.append(f"No figure: {error}")
    notes.append(f"Written to {folder}: {', '.join(written)}.")
    if "study.png" in written:
        notes.append(in_the_picture(study, folder))
    return notes


def _headline(study: Study, title: str | None) -> str:
    if title is None:
        rows = ", rows of norm 1" if study.normalized else ""
        title = f"Width study of {Path(study.problem).name}{rows}"
    repeats = f"{study.repeats} repeats" if study.repeats > 1 else "1 repeat"
    done = f", {len(study.rows)} fits done" if study.interrupted else ""
    return f"{title}, {repeats}{done}"


def _failures(study: Study) -> list[str]:
    return [
        f"Width {row.width}, repeat {row.repeat} has no figures: {row.failure}"
        for row in study.failures()
    ]


def _write_csv(study: Study, path: Path) -> None:
    """One line a fit; the arrays are in the JSON file."""
    kl = study.n_clusters
    singular = [f"s_{kl}", f"s_{kl + 1}", f"s_{kl}/s_{kl + 1}"]
    arrays = {"history", "update_singular_values", "weight_singular_values"}
    names = [name for name in FitRow.__dataclass_fields__ if name not in arrays]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([*names, *singular])
        for row in study.rows:
            gap = singular_value_gap(row, kl)
            writer.writerow([*(getattr(row, name) for name in names), *gap])
