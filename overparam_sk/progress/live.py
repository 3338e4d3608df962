"""Progress on a terminal, by rich: a bar under a table that grows."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from overparam_sk.progress.shown import Progress
from overparam_sk.world import is_terminal, say

__all__ = ["live", "rich_table"]


@contextmanager
def live(fits: Sequence[tuple[str, float]]) -> Iterator[Progress]:
    """Show progress until the fits are done.

    Raises
    ------
    ImportError
        If rich is not installed.
    """
    import rich.console
    import rich.live
    import rich.progress_bar
    import rich.text

    progress = Progress(fits)

    def frame() -> Any:
        n, done = progress.fits.n, progress.fits.n_done
        bar = rich.progress_bar.ProgressBar(total=n, completed=done, width=40)
        parts = [rich_table(progress.fits.table), bar] if progress.under_way else [bar]
        return rich.console.Group(*parts, rich.text.Text(f" {progress.line}"))

    stderr: Any = _Extra(sys.stderr)
    console = rich.console.Console(file=stderr)
    # What is printed meanwhile goes above the bar; what goes elsewhere stays there.
    of_terminal = is_terminal(sys.stdout)
    with rich.live.Live(
        get_renderable=frame, console=console, redirect_stdout=of_terminal
    ):
        yield progress


def rich_table(table: Sequence[Sequence[str]]) -> Any:
    """Make rich's table of one whose first line is the head; its words are plain.

    Raises
    ------
    ImportError
        If rich is not installed.
    """
    import rich.table
    import rich.text

    head, *rows = ([rich.text.Text(cell) for cell in line] for line in table)
    made = rich.table.Table(box=None, pad_edge=False)
    for cell in head:
        made.add_column(cell, justify="right", overflow="fold")  # cut is lost
    for row in rows:
        made.add_row(*row)
    return made


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
