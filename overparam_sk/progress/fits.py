"""Fits that are counted: how long the others will take, and what came out so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Fits", "duration"]

# Kinds of fits that are named one by one; of more, the first and the last are.
_NAMED = 8


@dataclass
class _Kind:
    """Fits that take about as long as one another."""

    work: float
    n: int = 0
    seconds: list[float] = field(default_factory=list)
    figures: list[float] = field(default_factory=list)

    @property
    def row(self) -> list[str]:
        """Fits done, the mean of the figures, and of the seconds."""
        figure = f"{np.mean(self.figures):.4g}" if self.figures else "–"
        seconds = f"{np.mean(self.seconds):.2g}" if self.seconds else "–"
        return [f"{len(self.seconds)}/{self.n}", figure, seconds]


class Fits:
    """The fits that are to be done.

    Parameters
    ----------
    fits : sequence of pairs of str and float
        The kind and the work of each.
    """

    def __init__(self, fits: Sequence[tuple[str, float]]) -> None:
        self.n, self.n_done, self.figure = len(fits), 0, "result"
        found: dict[str, _Kind] = {}
        for name, work in fits:
            found.setdefault(name, _Kind(work)).n += 1
        self._kinds = dict(sorted(found.items(), key=lambda item: item[1].work))

    def finish(
        self, kind: str, seconds: float, figure: tuple[str, float] | None
    ) -> None:
        """Count one, with what it took and what came out."""
        one = self._kinds[kind]
        one.seconds.append(max(seconds, 0.0))
        self.n_done += 1
        if figure is not None:
            self.figure = figure[0]
            one.figures.append(figure[1])

    def left(self, elapsed: float) -> float:
        """Estimate the seconds that the rest will take.

        A fit takes as long as those of its kind did; where none is done yet, as long as
        its work asks for at the speed of the others. Fits that run at the same time
        are done as much sooner as they were so far.
        """
        took = {name: kind.seconds for name, kind in self._kinds.items()}
        spent = sum(map(sum, took.values()))
        if not spent:
            return 0.0
        worked = sum(kind.work * len(kind.seconds) for kind in self._kinds.values())
        rest = sum(
            (kind.n - len(kind.seconds))
            * (float(np.mean(took[name])) if took[name] else kind.work * spent / worked)
            for name, kind in self._kinds.items()
        )
        return elapsed * rest / spent

    @property
    def in_words(self) -> str:
        """What is to be done."""
        counts = [f"{kind.n} of {name}" for name, kind in self._kinds.items()]
        if len(counts) > _NAMED:
            counts = [counts[0], "…", counts[-1]]
        return f"{self.n} fit{'s' if self.n > 1 else ''}: {', '.join(counts)}"

    @property
    def has_one_of_each(self) -> bool:
        """Whether there is something to be seen of all."""
        return all(kind.seconds for kind in self._kinds.values())

    @property
    def table(self) -> list[list[str]]:
        """What came out so far, a line a kind of which there is a fit."""
        head = ["", "fits", f"mean {self.figure}", "seconds a fit"]
        kinds = self._kinds.items()
        return [head, *([name, *kind.row] for name, kind in kinds if kind.seconds)]

    @property
    def as_text(self) -> str:
        """The table, laid out in columns."""
        sizes = [max(map(len, column)) for column in zip(*self.table, strict=True)]
        return "\n".join(
            "  ".join(cell.rjust(n) for cell, n in zip(line, sizes, strict=True))
            for line in self.table
        )


def duration(seconds: float) -> str:
    """Write a time down: 12 s, 3 min 05 s, 2 h 10 min."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
