"""Figures with their spread, tables as text, and what JSON cannot hold."""

import json
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "Table",
    "as_json",
    "markdown_table",
    "mean_and_std",
    "median_and_range",
    "package_versions",
    "plain_table",
    "write_json",
]

Table = list[list[str]]

_PACKAGES = ("overparam-sk", "numpy", "scikit-learn", "torch")


def mean_and_std(values: Iterable[float], form: str = ".3g") -> str:
    """Write a mean and, of several values, the sample standard deviation.

    Parameters
    ----------
    values : iterable of float
        NaN is a value that there is not.
    form : str, default=".3g"
        Format of both; the standard deviation has one digit less with ".3g".

    Returns
    -------
    str
        "mean ± std", "value", or "–" for no value.
    """
    known = [value for value in values if np.isfinite(value)]
    if not known:
        return "–"
    mean = _figure(float(np.mean(known)), form)
    if len(known) == 1:
        return mean
    std_form = ".2g" if form == ".3g" else form
    return f"{mean} ± {_figure(float(np.std(known, ddof=1)), std_form)}"


def median_and_range(values: Iterable[float], form: str = ".3g") -> str:
    """Write the median and, of several values, the smallest and the largest.

    For figures that spread over orders of magnitude.

    Parameters
    ----------
    values : iterable of float
        NaN is a value that there is not.
    form : str, default=".3g"

    Returns
    -------
    str
        "median [min, max]", "value", or "–" for no value.
    """
    known = np.array([value for value in values if not np.isnan(value)])
    if not len(known):
        return "–"
    median = _figure(float(np.median(known)), form)
    if len(known) == 1:
        return median
    low, high = (_figure(float(end), form) for end in (known.min(), known.max()))
    return f"{median} [{low}, {high}]"


def _figure(value: float, form: str) -> str:
    """Format a number, one of a hundred or more without an exponent."""
    return f"{value:{'.0f' if abs(value) >= 100 else form}}"


def plain_table(table: Table) -> str:
    """Lay a table out in columns, for a terminal."""
    sizes = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(cell.rjust(n) for cell, n in zip(line, sizes, strict=True))
        for line in table
    ]
    return "\n".join(lines)


def markdown_table(table: Table) -> str:
    """Write a table as Markdown."""
    lines = [" | ".join(cell.replace("|", "\\|") for cell in line) for line in table]
    rule = " | ".join("---" for _ in table[0])
    return "\n".join(f"| {line} |" for line in [lines[0], rule, *lines[1:]])


def as_json(value: Any) -> Any:
    """Turn arrays into lists and what is not finite into null, as JSON has neither."""
    if isinstance(value, dict):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return as_json(value.tolist())
    if isinstance(value, np.generic):
        return as_json(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide the figures."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write ``content``, and before it the versions that it was made with."""
    text = json.dumps(
        as_json({"versions": package_versions(), **content}),
        indent=1,
        allow_nan=False,
        ensure_ascii=False,
    )
    path.write_text(text + "\n", encoding="utf-8")
