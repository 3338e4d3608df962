"""A sheet as text and as HTML."""

import html
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from textwrap import wrap
from typing import Any

__all__ = ["as_html", "as_table", "as_text", "as_title", "asked", "figure"]

_HEAD = ("symbol", "found", "asked", "verdict", "quantity")
_INDENTED: dict[str, Any] = {
    "width": 100,
    "initial_indent": " " * 6,
    "subsequent_indent": " " * 6,
}
_COLORS = {"holds": "#cfe5f5", "does not hold": "#fbdcc0"}


def figure(value: float | None) -> str:
    """A number with four digits; a count of less than a million in full."""
    if value is None:
        return ""
    if float(value).is_integer() and abs(value) < 10**6:
        return str(int(value))
    return f"{value:.4g}"


def asked(row: Mapping[str, Any]) -> str:
    """What is asked, a product of powers with its digits and what costs most."""
    if row["relation"] is None:
        return ""
    if row["formula"] is None:
        return f"{row['relation']} {figure(row['required'])}".strip()
    return f"{row['relation']} 10^{row['required_log10']:.1f} = {row['formula']}"


def _said(row: Mapping[str, Any]) -> str:
    """The verdict, and by how much it is missed."""
    short = row["digits_short"]
    if short is None or short < 0.1:
        return str(row["verdict"])
    return f"{row['verdict']}: {short:.1f} digits off"


def as_text(sheet: Mapping[str, Any]) -> str:
    """Part by part, with the notes below it."""
    rows = sheet["rows"]
    cells = [_HEAD, *map(_cells, rows)]
    sizes = [max(len(line[i]) for line in cells) for i in range(len(_HEAD) - 1)]
    lines = [as_title(sheet), _line(_HEAD, sizes)]
    for part, group in groupby(rows, key=lambda row: row["part"]):
        lines += ["", part]
        told = ""
        for row in group:
            lines.append(_line(_cells(row), sizes))
            notes = [note for note in _notes(row) if note != told]
            lines += [line for note in notes for line in wrap(note, **_INDENTED)]
            told = notes[-1] if notes else told
    return "\n".join(lines)


def as_title(sheet: Mapping[str, Any]) -> str:
    """The paper and the setting in a line."""
    setting = ", ".join(f"{name} = {figure(v)}" for name, v in sheet["setting"].items())
    return f"{sheet['paper']}: {setting}"


def as_table(sheet: Mapping[str, Any]) -> list[list[str]]:
    """A line a row, and before them the head; a part stands once, where it begins."""
    table, told = [["part", *_HEAD, "notes"]], ""
    for row in sheet["rows"]:
        part = "" if row["part"] == told else row["part"]
        told = row["part"]
        table.append([part, *_cells(row), " ".join(_notes(row))])
    return table


def as_html(sheet: Mapping[str, Any]) -> str:
    """A table, coloured by verdict."""
    return "\n".join(_html_lines(sheet))


def _html_lines(sheet: Mapping[str, Any]) -> Iterator[str]:
    head, *lines = as_table(sheet)
    yield f"<p>{html.escape(as_title(sheet))}</p>"
    yield f"<table><tr>{''.join(f'<th>{name}</th>' for name in head)}</tr>"
    for row, cells in zip(sheet["rows"], lines, strict=True):
        color = _COLORS.get(row["verdict"], "none")
        escaped = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        yield f"<tr style='background:{color};text-align:left'>{escaped}</tr>"
    yield "</table>"


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    found = figure(row["found"])
    return row["symbol"], found, asked(row), _said(row), row["quantity"]


def _notes(row: Mapping[str, Any]) -> list[str]:
    notes = []
    if row["costs"]:
        digits = sorted(row["costs"].items(), key=lambda cost: -abs(cost[1]))
        each = ", ".join(f"{symbol} {cost:+.1f}" for symbol, cost in digits)
        missed = row["verdict"] == "does not hold"
        most = f"; {row['costliest']} costs most" if missed else ""
        notes.append(f"Digits: {each}{most}.")
    return [*notes, row["note"]] if row["note"] else notes


def _line(cells: Sequence[str], sizes: Sequence[int]) -> str:
    padded = [cell.ljust(n) for cell, n in zip(cells, sizes, strict=False)]
    return "  " + "  ".join([*padded, cells[-1]]).rstrip()
