"""What a paper's experiment is, and how it is run, judged and written."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from overparam_sk.drawing.style import style
from overparam_sk.experiments.captions import Caption
from overparam_sk.experiments.claims import HOLDS, Claim, Judgement, Measured
from overparam_sk.experiments.tables import markdown_table, write_json
from overparam_sk.experiments.verdicts import VERDICTS
from overparam_sk.progress import counted

__all__ = [
    "MNIST",
    "Experiment",
    "Paper",
    "Request",
    "Scale",
    "by_claim",
    "by_reading",
    "scale",
]

Item = TypeVar("Item")

MNIST = "mnist"

# How much is run, by the words that a report has for it: widths, repeats, ...
Scale = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """An experiment as it was asked for.

    Parameters
    ----------
    out : Path
        Folder of the results, and of the fits that are kept, in store/.
    quick : bool, default=False
        Whether to run small widths and few repeats.
    data_home : path-like, default=None
        Folder with the files of the image data.
    device : str, default="auto"
    random_state : int, default=0
    progress : bool, default=True
        Whether to show on stderr how far it is.
    tell : callable, default=print
        Takes the lines for the reader.
    mnist : dict, default={}
        What of the scale on MNIST is to be another: "widths", "repeats", "max_iter".
    scale : dict, default={}
        What comes of ``quick`` and ``mnist``; the experiment fills it in.
    seconds : float, default=nan
        What measuring took; filled in as well.
    """

    out: Path
    quick: bool = False
    data_home: str | os.PathLike[str] | None = None
    device: str = "auto"
    random_state: int = 0
    progress: bool = True
    tell: Callable[[str], Any] = print
    mnist: Scale = field(default_factory=dict)
    scale: Scale = field(default_factory=dict)
    seconds: float = float("nan")

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the figures."""
        return {**self.scale, "random_state": self.random_state}

    @property
    def seeds(self) -> range:
        """One seed a repeat, for experiments that count them."""
        return range(self.random_state, self.random_state + self.scale["repeats"])

    def each(
        self,
        items: Iterable[Item],
        kind: Callable[[Item], str],
        work: Callable[[Item], float] = lambda item: 1.0,
    ) -> Iterator[Item]:
        """Yield what is to be fitted, and show on the way how far it is."""
        return counted(items, kind, work, enabled=self.progress)

    @property
    def by_width(self) -> Iterator[tuple[int, int]]:
        """Yield each width with each seed, and show on the way how far it is."""
        fits = [(width, seed) for width in self.scale["widths"] for seed in self.seeds]
        return self.each(fits, lambda one: f"width {one[0]}", lambda one: one[0])


def scale(**amounts: Any) -> Scale:
    """Say how much is run."""
    return amounts


def by_reading(judgements: Sequence[Judgement]) -> tuple[str, str]:
    """Count the verdicts of each reading, and say what does not hold."""
    lines = []
    for reading in dict.fromkeys(j.reading for j in judgements):
        mine = [j for j in judgements if j.reading == reading]
        counts = ", ".join(
            f"{verdict}: {sum(j.verdict == verdict for j in mine)}"
            for verdict in VERDICTS
        )
        lines.append(f"- {reading}: {len(mine)} claims; {counts}.")
        lines += [f"  - {j.verdict}: {j.claim}" for j in mine if j.verdict != HOLDS]
    return ("\n".join(lines),) * 2


def by_claim(judgements: Sequence[Judgement]) -> tuple[str, str]:
    """Verdicts as a table, a line a claim; and counted for each claim."""
    readings = list(dict.fromkeys(j.reading for j in judgements))
    table, counted = [["the paper", *readings]], []
    for claim in dict.fromkeys(j.claim for j in judgements):
        found = {j.reading: j.verdict for j in judgements if j.claim == claim}
        table.append([claim, *(found.get(reading, "") for reading in readings)])
        verdicts = list(found.values())
        counts = (f"{v}: {verdicts.count(v)}" for v in VERDICTS)
        counts = (count for count in counts if not count.endswith(": 0"))
        counted.append(f"{claim}: {', '.join(counts)}")
    return markdown_table(table), "\n".join(counted)


@dataclass(frozen=True)
class Experiment(Generic[Measured]):
    """What a paper shows, with what it says of it.

    Parameters
    ----------
    names : tuple of str
        On the command line; the first is that of its folder among all.
    title : str
        The paper, and its figure or section.
    full, quick : dict
        How much is run. What is run on several data sets has a scale for each; one of
        "mnist" can be changed from the command line.
    measure : callable
        Request -> readings, or data sets, in order, each with what was measured; None
        after Ctrl-C, which then ends it. What raises KeyboardInterrupt writes nothing.
    claims : tuple of Claim
        Judged on each of the readings.
    overall : callable, default=None
        All that was measured -> more judgements.
    words : callable
        The request and what was measured, reading by reading -> paragraphs of the
        report, in Markdown, and the settings.
    pictures : dict of str to callable
        Name of a file -> what draws it: what was measured, reading by reading -> a
        figure, or None where there is nothing to draw.
    dpi : int, default=150
    files : callable, default=None
        The request and what was measured -> names of more files, which it writes.
    by : str, default="reading"
        What the judgements of a claim differ in, in the head of the claims' table.
    summary : callable, default=by_reading
        Judgements -> a paragraph of the report, and what the reader is told.
    """

    names: tuple[str, ...]
    title: str
    full: Scale
    quick: Scale
    measure: Callable[[Request], Iterator[tuple[str, Measured | None]]]
    claims: tuple[Claim[Measured], ...]
    words: Callable[..., tuple[Sequence[str], dict[str, Any]]]
    pictures: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    overall: Callable[..., list[Judgement]] | None = None
    dpi: int = 150
    files: Callable[..., list[str]] | None = None
    by: str = "reading"
    summary: Callable[[Sequence[Judgement]], tuple[str, str]] = by_reading

    @property
    def on_mnist(self) -> bool:
        """Whether it has a scale of its own on MNIST."""
        return MNIST in self.full

    def reproduce(self, run: Request) -> bool:
        """Run it, judge what the paper says of it, and write the report.

        Writes claims.md, claims.json and what the experiment has beside them. Fits
        that are kept in store/ are taken from there.

        Parameters
        ----------
        run : Request

        Returns
        -------
        bool
            False after Ctrl-C; then only what is complete is judged.

        Raises
        ------
        KeyboardInterrupt
            After Ctrl-C in an experiment that is judged as a whole.
        OSError, ValueError
            If the data cannot be loaded or the device is not there.
        """
        amounts = dict(self.quick if run.quick else self.full)
        if MNIST in amounts:
            amounts[MNIST] = {**amounts[MNIST], **run.mnist}
        run = replace(run, scale=amounts)
        started = time.perf_counter()
        found: dict[str, Measured] = {}
        complete = True
        for reading, measured in self.measure(run):
            if measured is None:
                complete = False
                break
            found[reading] = measured
        if found:
            self._write(replace(run, seconds=time.perf_counter() - started), found)
        return complete

    def _write(self, run: Request, found: Mapping[str, Measured]) -> None:
        measured = tuple(found.values())
        judgements = [
            claim.judge(one, reading)
            for reading, one in found.items()
            for claim in self.claims
        ]
        judgements += self.overall(*measured) if self.overall else []
        paragraphs, settings = self.words(run, *measured)
        summary, told = self.summary(judgements)
        lines = [f"# {self.title}", *paragraphs, summary]
        lines.append(markdown_table(_table(judgements, self.by)))
        (run.out / "claims.md").write_text("\n\n".join(lines) + "\n", encoding="utf-8")
        claims = [asdict(judgement) for judgement in judgements]
        write_json(run.out / "claims.json", {"settings": settings, "claims": claims})
        written = ["claims.md", "claims.json"]
        written += self.files(run, *measured) if self.files else []
        run.tell(told)
        try:
            written += self._draw(run.out, measured)
        except ImportError as error:
            run.tell(f"No figure{'s' * (len(self.pictures) > 1)}: {error}")
        run.tell(f"Written to {run.out}: {', '.join(written)}.")

    def _draw(self, out: Path, measured: tuple[Measured, ...]) -> list[str]:
        drawn = []
        for name, draw in self.pictures.items():
            with style():
                if (figure := draw(*measured)) is not None:
                    figure.savefig(out / name, dpi=self.dpi)
                    drawn.append(name)
        return drawn


@dataclass(frozen=True)
class Paper:
    """What the command line knows of a paper.

    Parameters
    ----------
    about : str
        The names of its experiments, and what they are.
    experiments : tuple of Experiment
    name : str or None, default=None
        On the command line, where all its experiments make one report.
    captions : dict of str to Caption, default={}
        Pattern of "experiment/picture.png" -> the words of such pictures.
    """

    about: str
    experiments: tuple[Experiment[Any], ...]
    name: str | None = None
    captions: Mapping[str, Caption] = field(default_factory=dict)


def _table(judgements: Sequence[Judgement], by: str) -> list[list[str]]:
    """Claim by claim; a rule stands once, where its claim begins."""
    order = list(dict.fromkeys(j.claim for j in judgements))
    head = ["the paper", by, "ours", "verdict", "rule", "threshold", "conditions"]
    table, told = [[*head, "reason"]], ""
    for j in sorted(judgements, key=lambda j: order.index(j.claim)):
        rule = "" if j.rule == told else j.rule
        line = [j.claim, j.reading, j.ours, j.verdict, rule, j.threshold, j.conditions]
        table.append([*line, j.reason])
        told = j.rule
    return table
