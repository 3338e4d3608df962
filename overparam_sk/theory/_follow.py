"""Following the flow through time, with or without a look at where patterns change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import RK45
from scipy.optimize import brentq

from overparam_sk.theory._gates import Contact, Field, Piece

__all__ = ["Followed", "Follower"]

Floats = NDArray[np.float64]

# Where in a step, as shares of it, margins are looked at.
_LOOKS = np.linspace(0, 1, 5)[1:]


@dataclass
class Followed:
    """What there is to say of a way through time.

    Parameters
    ----------
    n_steps, n_evaluations : int
    changes : list of float
        Times of the pattern changes that were located.
    n_held : int
        How many of them held a unit at 0.
    """

    n_steps: int = 0
    n_evaluations: int = 0
    changes: list[float] | None = None
    n_held: int = 0


class Follower:
    """The flow from a start, in the steps of an embedded Runge-Kutta pair.

    Parameters
    ----------
    field : Field
    rtol, atol : float
    max_steps : int
    events : bool
        Whether a step ends where a pattern changes.
    """

    def __init__(
        self, field: Field, *, rtol: float, atol: float, max_steps: int, events: bool
    ) -> None:
        self._field, self._max_steps = field, max_steps
        self._tolerances = {"rtol": rtol, "atol": atol}
        self.told = Followed(changes=[] if events else None)

    def states(self, start: Floats, times: Floats) -> Iterator[Floats]:
        """The weights at each of the ascending times, the first of them at least 0.

        Raises
        ------
        ValueError
            If ``max_steps`` do not lead there.
        """
        waiting = list(times)
        while waiting and waiting[0] == 0:
            waiting.pop(0)
            yield start
        if not waiting:
            return
        for begin, end, course in self._stretches(start, times[-1]):
            while waiting and begin < waiting[0] <= end:
                yield course(waiting.pop(0))

    def _stretches(
        self, state: Floats, last: float
    ) -> Iterator[tuple[float, float, Callable[[float], Floats]]]:
        """Stretches of time, one after the other, and the weights in each."""
        if self.told.changes is None:
            yield from self._steps(self._field, 0.0, state, last, None)
            return
        t, step, piece = 0.0, None, Piece.of(self._field, state)
        while t < last:
            least = np.minimum(piece.margins(state), 0) - piece.slack(state)
            for begin, end, course in self._steps(piece, t, state, last, step):
                met = _first_below(piece, course, least, begin, end)
                if met is None:
                    yield begin, end, course
                    t, step = end, end - begin
                    continue
                t, place = met
                yield begin, t, course
                state = course(t)
                piece = self._change(piece, state, t, piece.contact(place))
                step = end - begin
                break

    def _change(self, piece: Piece, state: Floats, t: float, met: Contact) -> Piece:
        after = piece.after(state, met)
        assert self.told.changes is not None
        self.told.changes.append(t)
        self.told.n_held += met in after.held
        return after

    def _steps(
        self, field: Any, t: float, state: Floats, last: float, step: float | None
    ) -> Iterator[tuple[float, float, Callable[[float], Floats]]]:
        first = {} if step is None else {"first_step": min(step, last - t)}
        solver: Any = RK45(field, t, state, last, **first, **self._tolerances)
        counted = 0
        while solver.status == "running":
            if self.told.n_steps >= self._max_steps:
                raise ValueError(
                    f"t must be reached in max_steps={self._max_steps} steps, got to "
                    f"{solver.t:g} of {last:g}: raise max_steps or rtol, or lower t."
                )
            said = solver.step()
            self.told.n_steps += 1
            self.told.n_evaluations += solver.nfev - counted
            counted = solver.nfev
            if solver.status == "failed":
                raise ValueError(
                    "t must be where the flow is finite in float64, got to "
                    f"{solver.t:g} of {last:g}: {said}"
                )
            yield solver.t_old, solver.t, solver.dense_output()


def _first_below(
    piece: Piece,
    course: Callable[[float], Floats],
    least: Floats,
    begin: float,
    end: float,
) -> tuple[float, int] | None:
    """When the first margin falls below its least, and the place of that one."""

    def spare(t: float) -> Floats:
        return piece.margins(course(t)) - least

    before = begin
    for after in begin + _LOOKS * (end - begin):
        below = np.flatnonzero(spare(after) < 0)
        if len(below):
            at = _root(lambda t: float(spare(t)[below].min()), before, float(after))  # noqa: B023
            return at, int(below[spare(at)[below].argmin()])
        before = float(after)
    return None


def _root(function: Callable[[float], float], begin: float, end: float) -> float:
    found = brentq(function, begin, end, xtol=4 * np.spacing(end), rtol=8.9e-16)
    return float(found)
