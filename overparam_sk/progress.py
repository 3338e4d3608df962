"""How far a study is, on stderr: a rich bar where there is one, else a line."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from overparam_sk.world import say

__all__ = ["progress_bar", "time_left"]

Advance = Callable[[float], None]


@contextmanager
def progress_bar(
    n_fits: int, work: float, *, enabled: bool = True
) -> Iterator[Advance]:
    """Show the fits done and an estimate of the time that the others will take.

    A terminal gets a rich bar where rich is installed and otherwise one line that
    is written over; a file gets a line a fit.

    Parameters
    ----------
    n_fits : int
    work : float
        Of all fits, in any unit: the estimate is the rest of it at the speed so far.
    enabled : bool, default=True

    Yields
    ------
    callable
        To be called with the work of every fit that is done.
    """
    if not enabled:
        yield lambda _: None
        return
    started, done, fits = time.monotonic(), 0.0, 0
    with _shown(n_fits, work) as show:

        def advance(of_fit: float) -> None:
            nonlocal done, fits
            done, fits = done + of_fit, fits + 1
            show(fits, done, time_left(time.monotonic() - started, done, work))

        yield advance


def time_left(elapsed: float, done: float, work: float) -> str:
    """Estimate the remaining time from the work done so far, as text."""
    if done >= work:
        return f"done in {_duration(elapsed)}"
    return f"about {_duration(elapsed * (work - done) / done)} left"


Show = Callable[[int, float, str], None]


@contextmanager
def _shown(n_fits: int, work: float) -> Iterator[Show]:
    terminal = _is_terminal()
    if terminal:
        try:
            import rich.console
            import rich.progress as bars
        except ImportError:
            pass
        else:
            columns = (
                "fits",
                bars.BarColumn(),
                "{task.fields[fits]}/" + str(n_fits),
                "{task.fields[left]}",
            )
            stderr: Any = _Extra(sys.stderr)
            console = rich.console.Console(file=stderr)
            with bars.Progress(*columns, console=console) as progress:
                task = progress.add_task("", total=work, fits=0, left="")
                yield lambda fits, done, left: progress.update(
                    task, completed=done, fits=fits, left=left
                )
            return
    with _plain(n_fits, terminal) as show:
        yield show


class _Extra:
    """A stream that may fail; rich ends the process whose stderr is a broken pipe."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> int:
        say(text, self._file, end="")
        return len(text)

    def flush(self) -> None:
        """Every write does so."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def _plain(n_fits: int, terminal: bool) -> Iterator[Show]:
    def show(fits: int, _: float, left: str) -> None:
        line = f"{fits}/{n_fits} fits, {left}"
        if terminal:
            say(f"\r{line:<60}", sys.stderr, end="")
        else:
            say(line, sys.stderr)

    try:
        yield show
    finally:
        if terminal:
            say("", sys.stderr)


def _is_terminal() -> bool:
    """Whether stderr is one; what cannot be asked, or is closed, is none."""
    with suppress(AttributeError, OSError, ValueError):
        return sys.stderr.isatty()
    return False


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
