"""What the page tells of one experiment: its matrix, its judgements, its pictures."""

import base64
import json
import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from overparam_sk.experiments.captions import Caption, caption_of

__all__ = ["Judged", "Part", "Picture", "anchor"]

# Characters of a claim beside its cells, and of our figure in a cell's label.
_WORDS, _LABEL = 150, 100
# What seconds are of, where settings have them.
_COUNTED = {
    "fit_seconds": "all fits added up, each by the clock",
    "run_seconds": "the measuring by the clock, in the run that made the report",
}


@dataclass(frozen=True)
class Judged:
    """A judgement, with the id of its place on the page."""

    id: str
    claim: str
    reading: str
    ours: str
    verdict: str
    rule: str
    threshold: str
    conditions: str
    reason: str

    @property
    def label(self) -> str:
        """The cell of the matrix, read aloud."""
        ours = textwrap.shorten(self.ours, _LABEL, placeholder=" …")
        return f"{self.verdict}: {self.reading}: {ours}"

    @property
    def details(self) -> dict[str, str]:
        """What there is to know beside the figure."""
        told = {
            "How the verdict moves": self.threshold,
            "Conditions": self.conditions,
            "Reason": self.reason,
        }
        return {name: words for name, words in told.items() if words}


@dataclass(frozen=True)
class Picture:
    """A picture in the page itself."""

    id: str
    file: str
    caption: Caption
    png: bytes

    @property
    def source(self) -> str:
        """The picture as an address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, which a PNG begins with."""
        width, height = (int.from_bytes(self.png[at : at + 4]) for at in (16, 20))
        return width, height


@dataclass(frozen=True)
class Part:
    """An experiment on the page."""

    name: str
    title: str
    settings: Mapping[str, Any]
    run_seconds: float | None
    judged: list[Judged]
    pictures: list[Picture]

    @classmethod
    def of(
        cls,
        name: str,
        report: Mapping[str, Any],
        title: str,
        out: Path,
        captions: Mapping[str, Caption],
    ) -> "Part":
        """Take it from its entry in report.json and the pictures in its folder."""
        fields = [name for name in Judged.__annotations__ if name != "id"]
        judged = [
            Judged(anchor(name, i), *(claim.get(field, "") for field in fields))
            for i, claim in enumerate(report["claims"])
        ]
        files = sorted((out / name).rglob("*.png"))
        pictures = []
        for i, path in enumerate(files, start=1):
            file = path.relative_to(out).as_posix()
            words = caption_of(file, captions)
            pictures.append(
                Picture(f"{id_of(name)}-picture-{i}", file, words, path.read_bytes())
            )
        settings, seconds = report["settings"], report["run_seconds"]
        return cls(name, title, settings, seconds, judged, pictures)

    @property
    def id(self) -> str:
        """Of its section."""
        return id_of(self.name)

    @property
    def verdicts(self) -> list[str]:
        """One for each judgement."""
        return [one.verdict for one in self.judged]

    @cached_property
    def readings(self) -> list[str]:
        """Columns of its matrix."""
        return list(dict.fromkeys(one.reading for one in self.judged))

    @property
    def matrix(self) -> Iterator[tuple[str, list[list[Judged]]]]:
        """Yield claims, and of each the judgements of every reading."""
        by_claim: dict[str, list[Judged]] = {}
        for one in self.judged:
            by_claim.setdefault(one.claim, []).append(one)
        short = {c: textwrap.shorten(c, _WORDS, placeholder=" […]") for c in by_claim}
        often = Counter(short.values())
        for claim, some in by_claim.items():
            cells = [[j for j in some if j.reading == name] for name in self.readings]
            yield claim if often[short[claim]] > 1 else short[claim], cells

    @property
    def by_rule(self) -> Iterator[tuple[str, str, list[Judged]]]:
        """Yield claims with a rule and what is judged by it: a rule stands once."""
        order = list(dict.fromkeys(one.claim for one in self.judged))
        ordered = sorted(self.judged, key=lambda one: order.index(one.claim))
        for (claim, rule), some in groupby(ordered, lambda j: (j.claim, j.rule)):
            yield claim, rule, list(some)

    @property
    def how(self) -> dict[str, str]:
        """The settings as text."""
        return {
            f"{name} ({_COUNTED[name]})" if name in _COUNTED else name: (
                value
                if isinstance(value, str)
                else json.dumps(value, ensure_ascii=False)
            )
            for name, value in self.settings.items()
        }


def anchor(name: str, index: int) -> str:
    """Return the id of an experiment's judgement on the page."""
    return f"{id_of(name)}-claim-{index + 1}"


def id_of(name: str) -> str:
    """Return the id of an experiment's section: an id has no space."""
    return re.sub(r"[^\w.-]+", "-", name)
