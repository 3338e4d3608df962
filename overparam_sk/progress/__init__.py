"""How far fits are: what is being fitted, how long it will take, and first figures.

A terminal has rich's bar under a table that grows, a notebook a text that is replaced;
everything else, such as a log or a terminal without rich, has a few plain lines.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from overparam_sk.progress.fits import duration
from overparam_sk.progress.live import live, rich_table
from overparam_sk.progress.shown import InLines, InNotebook, Progress
from overparam_sk.world import is_terminal

__all__ = ["Progress", "counted", "duration", "progress_bar", "rich_table"]

Item = TypeVar("Item")


@contextmanager
def progress_bar(
    fits: Sequence[tuple[str, float]], *, enabled: bool = True
) -> Iterator[Progress]:
    """Show what is being fitted, the time that is left, and first figures.

    Parameters
    ----------
    fits : sequence of pairs of str and float
        For each fit that is to be done its kind, such as "width 4000", and its work
        beside that of the others, in any unit. The rest is estimated by the kinds of
        which a fit is done, and for other kinds by their work.
    enabled : bool, default=True

    Yields
    ------
    Progress
        To be told what begins and what is done.
    """
    if not enabled or not fits:
        yield Progress(fits)
    elif (display := _display()) is not None:
        yield InNotebook(fits, display)
    elif is_terminal(sys.stderr) and _has_rich():
        with live(fits) as progress:
            yield progress
    else:
        yield InLines(fits)


def counted(
    items: Iterable[Item],
    kind: Callable[[Item], str],
    work: Callable[[Item], float] = lambda item: 1.0,
    *,
    enabled: bool = True,
) -> Iterator[Item]:
    """Yield what is to be fitted, one after the other, and show how far it is.

    Parameters
    ----------
    items : iterable
    kind, work : callable
        Of each, as `progress_bar` is given them.
    enabled : bool, default=True
    """
    items = list(items)
    fits = [(kind(item), work(item)) for item in items]
    with progress_bar(fits, enabled=enabled) as progress:
        for item in items:
            progress.begin(kind(item))
            yield item
            progress.done(kind(item))


def _display() -> Any:
    """What shows things in the cells of the notebook that we run in, if we do."""
    if (ipython := sys.modules.get("IPython")) is None:
        return None
    shell = ipython.get_ipython()
    return ipython.display.display if hasattr(shell, "kernel") else None


def _has_rich() -> bool:
    try:
        import rich.live  # noqa: F401
    except ImportError:
        return False
    return True
