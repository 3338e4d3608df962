"""All claims against all data sets and readings, in one picture.

A cell's colour and mark are its verdict; it leads to the claim's row, with our figure
and the rule. The picture is written by itself, so that it has links, titles for
readers of screens, and no need of matplotlib, which only the PNG has.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from overparam_sk.experiments.figure import new_figure
from overparam_sk.experiments.page_parts import anchor
from overparam_sk.experiments.rendering import render
from overparam_sk.experiments.verdicts import MARKS, PALETTE, VERDICTS, ink

__all__ = ["Matrix"]

# Of the picture, in pixels.
_CELL, _LEFT, _FONT, _LETTER = 20, 620, 12, 6.7
_WORDS = 92  # characters of a claim beside its cells


@dataclass(frozen=True)
class _Box:
    """A verdict's cell."""

    x: float
    y: float
    verdict: str
    href: str
    title: str


@dataclass(frozen=True)
class _Text:
    """Words that start, or end, at a place, and may lean."""

    x: float
    y: float
    words: str
    title: str
    ends: bool = False
    bold: bool = False
    leans: bool = False


@dataclass(frozen=True)
class Matrix:
    """The claims of several experiments.

    Parameters
    ----------
    claims : dict of str to list of dict
        Name of an experiment -> its judgements, as claims.json has them.
    """

    claims: Mapping[str, Sequence[Mapping[str, str]]]

    def write(self, folder: Path) -> list[str]:
        """Write claims.svg and, where matplotlib is there, claims.png.

        Parameters
        ----------
        folder : Path

        Returns
        -------
        list of str
            What was written.
        """
        (folder / "claims.svg").write_text(self.svg("report.html"), encoding="utf-8")
        try:
            self._save(folder / "claims.png")
        except ImportError:
            return ["claims.svg"]
        return ["claims.svg", "claims.png"]

    def svg(self, page: str = "") -> str:
        """Return the picture with its links, into ``page`` or the one it stands in."""
        width, height = self._size
        return render(
            "claims.svg.jinja",
            width=width,
            height=height,
            font=_FONT,
            cell=_CELL,
            texts=list(self._texts),
            boxes=list(self._boxes),
            page=page,
            marks=MARKS,
            palette=PALETTE,
            ink=ink,
        )

    @cached_property
    def _columns(self) -> dict[str, int]:
        readings = (c["reading"] for claims in self.claims.values() for c in claims)
        return {reading: i for i, reading in enumerate(dict.fromkeys(readings))}

    @cached_property
    def _rows(self) -> dict[tuple[str, str], int]:
        """Line of each experiment's name, under "", and of each of its claims."""
        rows: dict[tuple[str, str], int] = {}
        for name, claims in self.claims.items():
            for words in ("", *dict.fromkeys(claim["claim"] for claim in claims)):
                rows[name, words] = len(rows)
        return rows

    @cached_property
    def _head(self) -> float:
        """Height of the leaning words above, and of the legend beside them."""
        longest = max((*map(len, self._columns), 0))
        return max(0.87 * _LETTER * longest + 20, _CELL * (len(VERDICTS) + 1))

    @property
    def _size(self) -> tuple[float, float]:
        """Width and height."""
        width = _LEFT + _CELL * len(self._columns) + 0.6 * self._head
        return width, self._head + _CELL * len(self._rows) + 10

    @property
    def _boxes(self) -> Iterator[_Box]:
        for name, claims in self.claims.items():
            for index, claim in enumerate(claims):
                reading, verdict = claim["reading"], claim["verdict"]
                yield _Box(
                    _LEFT + _CELL * self._columns[reading],
                    self._head + _CELL * self._rows[name, claim["claim"]],
                    verdict,
                    anchor(name, index),
                    f"{verdict}: {claim['claim']} ({name}, {reading}): {claim['ours']}",
                )
        for i, verdict in enumerate(VERDICTS):
            yield _Box(8, 8 + _CELL * i, verdict, "", verdict)

    @property
    def _texts(self) -> Iterator[_Text]:
        for reading, column in self._columns.items():
            x = _LEFT + _CELL * (column + 0.7)
            yield _Text(x, self._head - 6, reading, "", leans=True)
        for (name, words), row in self._rows.items():
            y = self._head + _CELL * (row + 0.7)
            short = textwrap.shorten(words, _WORDS, placeholder=" […]")
            if words:
                yield _Text(_LEFT - 8, y, short, words, ends=True)
            else:
                yield _Text(8, y, name, "", bold=True)
        for i, verdict in enumerate(VERDICTS):
            yield _Text(8 + 1.3 * _CELL, 8 + _CELL * (i + 0.7), verdict, "")

    def _save(self, path: Path) -> None:
        """Draw the same with matplotlib, at 100 dots an inch."""
        width, height = self._size
        figure = new_figure(width / 100, height / 100)
        figure.set_layout_engine("none")
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.axis("off")
        points = 72 / 100 * _FONT
        for text in self._texts:
            ax.text(
                text.x,
                text.y,
                text.words.replace("$", r"\$"),
                size=points,
                ha="right" if text.ends else "left",
                rotation=60 if text.leans else 0,
                rotation_mode="anchor",
                weight="bold" if text.bold else "normal",
            )
        for box in self._boxes:
            x, y, side = box.x + 1, box.y + 1, _CELL - 2
            ax.fill(
                [x, x + side, x + side, x],
                [y, y, y + side, y + side],
                PALETTE[box.verdict],
            )
            ax.text(
                box.x + _CELL / 2,
                box.y + 0.7 * _CELL,
                MARKS[box.verdict],
                size=points,
                ha="center",
                color=ink(box.verdict),
            )
        figure.savefig(path, dpi=100)
