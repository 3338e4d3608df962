"""A theory sheet as files, as a command makes it, and as an experiment."""

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from overparam_sk import OverparamReLUClassifier
from overparam_sk.drawing.legends import legend_below
from overparam_sk.drawing.style import new_figure, styled
from overparam_sk.experiments.claims import HOLDS, NOT, Claim, Condition, Finding, Rule
from overparam_sk.experiments.problem import Problem
from overparam_sk.experiments.reproduction import Experiment, Request, Scale
from overparam_sk.experiments.tables import markdown_table, write_json
from overparam_sk.interrupts import fit_whole
from overparam_sk.theory import SheetRow, TheorySheet, theory_sheet

__all__ = [
    "SHEET_FILES",
    "asks",
    "find_row",
    "rows_hold",
    "sheet_experiment",
    "sheet_of",
    "write_sheet",
]

SHEET_FILES = tuple(f"sheet.{ending}" for ending in ("md", "json", "csv", "png"))
Measure = Callable[[Request], Iterator[tuple[str, TheorySheet | None]]]


def sheet_of(
    problem: Problem, width: int, parameters: Mapping[str, Any], *, epsilon: float
) -> TheorySheet:
    """Train Li and Liang's network, all of its steps, and hold it against the theorems.

    Parameters
    ----------
    problem : Problem
    width : int
    parameters : dict
        More of them; ``fit_intercept`` is False, as in the paper, where it is not
        among them.
    epsilon : float

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C: the sheet is of all the steps.
    """
    params = {"fit_intercept": False, "n_iter_no_change": None, **parameters}
    # Whatever the sheet needs it measures itself.
    net = OverparamReLUClassifier(width, diagnostics=None, **params)
    fit_whole(net, problem.X, problem.y)
    return theory_sheet(net, problem.X, problem.y, epsilon=epsilon)


def write_sheet(sheet: TheorySheet, folder: Path, name: str = "sheet") -> list[str]:
    """Write sheet.md, .json, .csv and .png, over those that are there.

    Parameters
    ----------
    sheet : TheorySheet
    folder : Path
        One that is there.
    name : str, default="sheet"
        Of the files.

    Returns
    -------
    list of str
        What to tell the reader: a picture left out, files written.
    """
    table = sheet.to_table()
    paper = sheet.title.partition(":")[0]
    lines = [f"# Theory sheet: {paper}", sheet.title, markdown_table(table)]
    (folder / f"{name}.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    write_json(folder / f"{name}.json", sheet.to_dict())
    rows = sheet.to_dict()["rows"]
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [key for key in rows[0] if key != "costs"])
        writer.writeheader()
        for row in rows:
            row.pop("costs")
            writer.writerow(row)
    written, notes = [f"{name}{ending}" for ending in (".md", ".json", ".csv")], []
    try:
        _picture(sheet).savefig(folder / f"{name}.png", dpi=150)
        written.append(f"{name}.png")
    except ImportError as error:
        notes.append(f"No figure: {error}")
    return [*notes, f"Written to {folder}: {', '.join(written)}."]


def find_row(
    sheet: TheorySheet, part: str, symbol: str, quantity: str = ""
) -> SheetRow:
    """The first row of a part and a symbol whose quantity begins so."""
    return next(
        row
        for row in sheet[part]
        if row.symbol == symbol and row.quantity.startswith(quantity)
    )


def asks(part: str, symbol: str, quantity: str = "") -> Condition[TheorySheet]:
    """That a row of the sheet holds, as the condition of a claim."""

    def look(sheet: TheorySheet) -> tuple[str, bool]:
        row = find_row(sheet, part, symbol, quantity)
        return row.comparison, bool(row.holds)

    return Condition(f"{part}, {symbol}", look)


def rows_hold(text: str, *places: tuple[str, ...]) -> Rule[TheorySheet]:
    """That rows of the sheet hold, as the rule of a claim.

    Parameters
    ----------
    text : str
        The rule in words.
    *places : tuple of str
        Part, symbol and the beginning of the quantity of each.
    """

    def find(sheet: TheorySheet) -> Finding:
        rows = [find_row(sheet, *place) for place in places]
        ours = "; ".join(f"{row.symbol}: {row.comparison}" for row in rows)
        return ours, HOLDS if all(row.holds for row in rows) else NOT

    return Rule(f"{text} Constants and logarithms are 1.", find)


def sheet_experiment(
    name: str,
    title: str,
    *,
    full: Scale,
    quick: Scale,
    measure: Measure,
    claims: tuple[Claim[TheorySheet], ...],
) -> Experiment[TheorySheet]:
    """An experiment whose report holds the sheets.

    Parameters
    ----------
    name : str
        On the command line.
    title : str
    full, quick : dict
        How much is run.
    measure : callable
        Request -> readings, each with its sheet.
    claims : tuple of Claim
        Of the sheets.
    """
    return Experiment(
        names=(name,),
        title=title,
        full=full,
        quick=quick,
        measure=measure,
        claims=claims,
        words=_words,
        pictures={"sheet.png": lambda *sheets: _picture(sheets[0])},
        files=_files,
    )


def _words(run: Request, *sheets: TheorySheet) -> tuple[list[str], dict[str, Any]]:
    words = [
        "What the theorems ask for, beside what the network has and did. Every "
        "constant that the paper leaves in an O or Ω is 1, and every logarithm that it "
        "hides in a tilde."
    ]
    for sheet in sheets:
        words += [f"## {sheet.title}", markdown_table(sheet.to_table())]
    return words, run.settings


def _files(run: Request, *sheets: TheorySheet) -> list[str]:
    content = {"sheets": [sheet.to_dict() for sheet in sheets]}
    write_json(run.out / "sheets.json", content)
    return ["sheets.json"]


@styled
def _picture(sheet: TheorySheet) -> Any:
    figure = new_figure(10, 2.0 + 0.3 * len(sheet.rows))
    sheet.plot(figure.subplots())
    legend_below(figure)
    return figure
