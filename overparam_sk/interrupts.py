"""Ctrl-C: noticed, and held back until what was begun is whole."""

import signal
import threading
from types import FrameType
from typing import Any, Self

from overparam_sk.world import without_warning

__all__ = ["CtrlC", "fit_whole"]


class CtrlC:
    """While it is entered, notices that Ctrl-C was pressed.

    Python raises KeyboardInterrupt between any two instructions, also between two that
    belong together. Only the main thread is told of signals; in others, and where
    Ctrl-C is ignored, nothing is noticed. A handler other than Python's own is called
    as ever: what is noticed, and held back, is the KeyboardInterrupt that it raises.

    Parameters
    ----------
    hold : bool
        Whether to hold the first KeyboardInterrupt back, for the body to end at a place
        of its choice. The second one is raised at once.

    Attributes
    ----------
    pressed : bool
    """

    def __init__(self, *, hold: bool) -> None:
        self.pressed = False
        self._hold = hold
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._notice)
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    def _notice(self, number: int, frame: FrameType | None) -> None:
        try:
            self._before(number, frame)
        except KeyboardInterrupt:
            first, self.pressed = not self.pressed, True
            if self._hold and first:
                return
            # Here and not on leaving, which this may interrupt.
            self._give_back()
            raise

    def _give_back(self) -> None:
        ours = self._before is not None
        if ours and signal.getsignal(signal.SIGINT) == self._notice:
            signal.signal(signal.SIGINT, self._before)


def fit_whole(net: Any, *data: Any, **options: Any) -> Any:
    """Fit ``net``, and raise KeyboardInterrupt after Ctrl-C.

    An estimator, ours or scikit-learn's MLP, may keep what was trained before Ctrl-C,
    with a warning; who calls this drops it, and needs none. Ctrl-C arrives in the main
    thread only.
    """
    with (
        CtrlC(hold=False) as ctrl_c,
        without_warning("Training (was )?interrupted "),
    ):
        fitted = net.fit(*data, **options)
    if ctrl_c.pressed:
        raise KeyboardInterrupt
    return fitted
