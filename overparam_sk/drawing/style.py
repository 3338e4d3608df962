"""The style file, as a context around whatever draws."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

__all__ = ["NEUTRAL", "import_pyplot", "keep_ticks", "new_figure", "style", "styled"]

P = ParamSpec("P")
R = TypeVar("R")

# Of guides and limits, which are nobody's curve; it is seen on white and on black.
NEUTRAL = "0.45"


def import_pyplot() -> Any:
    """matplotlib.pyplot; an ImportError names the extra that brings it."""
    with _named_extra():
        import matplotlib.pyplot as plt
    return plt


def new_figure(width: float, height: float) -> Any:
    """An empty figure of that many inches, which no window shows.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    with _named_extra():
        from matplotlib.figure import Figure
    return Figure(figsize=(width, height), layout="constrained")


@contextmanager
def style() -> Iterator[None]:
    """What is drawn inside looks as all pictures of the package do.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    with _named_extra():
        from matplotlib.style import context
    with context("overparam_sk.drawing.displays"):
        yield


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """A function that draws in the package's style."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> R:
        with style():
            drawn = draw(*args, **kwargs)
            # A figure is shown or saved later, outside of the style.
            axes = getattr(drawn, "axes", ()) if hasattr(drawn, "savefig") else ()
            for ax in axes:
                keep_ticks(ax)
            return drawn

    return in_style


def keep_ticks(ax: Any) -> None:
    """Let ticks that are made when the figure is shown be those of the style too."""
    settings = import_pyplot().rcParams
    for axis in "xy":
        ax.tick_params(
            axis=axis,
            which="both",
            labelsize=settings[f"{axis}tick.labelsize"],
            grid_color=settings["grid.color"],
            grid_alpha=settings["grid.alpha"],
            grid_linewidth=settings["grid.linewidth"],
        )


@contextmanager
def _named_extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError(
            "it needs matplotlib; install it with: pip install 'overparam-sk[plot]'"
        ) from error
