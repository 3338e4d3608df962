"""Progress on a terminal, by rich: a bar under a table that grows."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from overparam_sk.progress.shown import Progress
from overparam_sk.world import say

__all__ = ["live"]


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
    import rich.table
    import rich.text

    progress = Progress(fits)

    def table() -> Any:
        head, *rows = progress.fits.table
        made = rich.table.Table(*head, box=None, header_style="bold")
        for column in made.columns:
            column.justify = "right"
        for row in rows:
            made.add_row(*map(rich.text.Text, row))
        return made

    def frame() -> Any:
        n, done = progress.fits.n, progress.fits.n_done
        bar = rich.progress_bar.ProgressBar(total=n, completed=done, width=40)
        parts = [table(), bar] if progress.under_way else [bar]
        return rich.console.Group(*parts, rich.text.Text(progress.line))

    stderr: Any = _Extra(sys.stderr)
    console = rich.console.Console(file=stderr)
    # What is printed meanwhile goes above the bar; what goes elsewhere stays there.
    of_terminal = getattr(sys.stdout, "isatty", bool)()
    with rich.live.Live(
        get_renderable=frame, console=console, redirect_stdout=of_terminal
    ):
        yield progress


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
