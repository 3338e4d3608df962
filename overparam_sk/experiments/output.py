"""What the command line prints, on streams that may not take it.

The files are the report; standard output is a courtesy. A terminal that lacks ± or –,
a pipe that nobody reads and a full disk neither stop what goes on nor end in a
traceback.
"""

import io
import os
import shutil
import sys
from contextlib import suppress

from overparam_sk.experiments.tables import Table, plain_table
from overparam_sk.progress import rich_table
from overparam_sk.world import is_terminal, say

__all__ = ["Output", "let_go_of_streams", "tell_error"]

# A closed stream is a ValueError.
_UNTAKEN = (OSError, ValueError)


class Output:
    """Standard output, which remembers the error after which it took nothing more.

    Attributes
    ----------
    error : Exception or None
    """

    def __init__(self) -> None:
        self.error: Exception | None = None

    def tell(self, text: str) -> None:
        """Print a line; what the stream's encoding lacks becomes a question mark."""
        stream = sys.stdout
        if stream is None or self.error is not None:  # pythonw has none
            return
        encoding = getattr(stream, "encoding", None) or "utf-8"
        known = text.encode(encoding, "replace").decode(encoding)
        try:
            print(known, file=stream, flush=hasattr(stream, "flush"))
        except _UNTAKEN as error:
            self.error = error

    def table(self, table: Table) -> None:
        """Print a table; on a terminal, where rich is there, folded to its width."""
        self.tell(_folded(table) or plain_table(table))


def _folded(table: Table) -> str:
    """The table as wide as the terminal; empty where it is none."""
    if not is_terminal(sys.stdout):
        return ""
    try:
        import rich.console

        laid_out = rich_table(table)
    except ImportError:
        return ""
    text = io.StringIO()
    width = shutil.get_terminal_size().columns
    rich.console.Console(file=text, width=width, color_system=None).print(laid_out)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def tell_error(text: str) -> None:
    """Print a line on standard error, if it takes one."""
    say(text, sys.stderr)


def let_go_of_streams() -> None:
    """Drop what the streams of a process that ends have not taken.

    Python would try again at its end, and print a traceback.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except _UNTAKEN:
            with suppress(*_UNTAKEN), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
