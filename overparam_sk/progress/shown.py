"""Where progress is shown without a library: a log, a pipe, a notebook; or nowhere."""

import sys
import time
from collections.abc import Sequence
from typing import Any

from overparam_sk.progress.fits import Fits, duration
from overparam_sk.world import say

__all__ = ["InLines", "InNotebook", "Progress"]

# Lines of a log beside the first and the table: one a tenth of the fits.
_LINES = 10


class Progress:
    """What there is to tell of fits that are being done; this one tells nobody."""

    def __init__(self, fits: Sequence[tuple[str, float]]) -> None:
        self.fits = Fits(fits)
        self._running = ""
        self._started, self._before = time.monotonic(), 0.0

    def begin(self, what: str) -> None:
        """Say what is being fitted from now on, from whichever thread."""
        self._running = what

    def done(
        self,
        kind: str,
        seconds: float | None = None,
        figure: tuple[str, float] | None = None,
    ) -> None:
        """Count a fit.

        Parameters
        ----------
        kind : str
            As it was announced.
        seconds : float, default=None
            What it took; None is the time since the one before.
        figure : tuple of str and float, default=None
            What came out, behind its name.
        """
        since, self._before = self._elapsed - self._before, self._elapsed
        self.fits.finish(kind, since if seconds is None else seconds, figure)
        self.show()

    def show(self) -> None:
        """Nobody looks."""

    @property
    def line(self) -> str:
        """How far it is, how long it will take, and what runs."""
        fits = self.fits
        told = f"{fits.n_done}/{fits.n} fits"
        if fits.n_done == fits.n:
            return f"{told}, done in {duration(self._elapsed)}"
        if fits.n_done:
            since = self._elapsed - self._before
            told += f", about {duration(max(0, fits.left(self._before) - since))} left"
        return f"{told}; now {self._running}" if self._running else told

    @property
    def under_way(self) -> bool:
        """Whether something is done, and something is not."""
        return 0 < self.fits.n_done < self.fits.n

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started


class InLines(Progress):
    """A few lines on stderr, and first figures once there is one of each kind."""

    def __init__(self, fits: Sequence[tuple[str, float]]) -> None:
        super().__init__(fits)
        self._told, self._has_table = 0, False
        say(self.fits.in_words, sys.stderr)

    def show(self) -> None:
        """Say a line a tenth."""
        fits = self.fits
        tenth = fits.n_done * _LINES // fits.n
        if tenth > self._told or fits.n <= _LINES:
            self._told = tenth
            say(self.line, sys.stderr)
        if fits.has_one_of_each and self.under_way and not self._has_table:
            self._has_table = True
            say(fits.as_text, sys.stderr)


class InNotebook(Progress):
    """A text in the output of a notebook's cell, replaced as fits are done."""

    def __init__(self, fits: Sequence[tuple[str, float]], display: Any) -> None:
        super().__init__(fits)
        self._text = display(self._bundle, raw=True, display_id=True)

    def show(self) -> None:
        """Replace the text."""
        self._text.update(self._bundle, raw=True)

    @property
    def _bundle(self) -> dict[str, str]:
        table = [self.fits.as_text] if self.under_way else []
        line = self.line if self.fits.n_done else self.fits.in_words
        return {"text/plain": "\n".join([*table, line])}
