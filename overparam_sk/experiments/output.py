"""What the command line prints, on streams that may not take it.

The files are the report; standard output is a courtesy. A terminal that lacks ± or –,
a pipe that nobody reads and a full disk neither stop what goes on nor end in a
traceback.
"""

import os
import sys
from contextlib import suppress

from overparam_sk.world import say

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
