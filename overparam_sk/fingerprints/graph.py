"""One checksum for all that hangs together: objects, what they hold, and circles."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

__all__ = ["CannotDescribeError", "Parts", "checksum"]


class CannotDescribeError(TypeError):
    """Something of which nobody can say whether it is the same in another session."""


@dataclass(frozen=True)
class Parts:
    """What an object is by itself, and the objects that it consists of.

    Parameters
    ----------
    label : str
        All that is not in the children.
    children : list of (str, object)
        Each with how it is reached from the object: ".func", "[0]".
    ordered : bool
        Whether the order of the children is part of the object: not in a set.
    distribution : str or None
        What brought the object along, where its name says all of it.
    """

    label: str
    children: list[tuple[str, Any]] = field(default_factory=list)
    ordered: bool = True
    distribution: str | None = None


def checksum(
    value: Any, parts_of: Callable[[Any], Parts], where: str
) -> tuple[str, set[str]]:
    """Checksum of an object by what it consists of, and the distributions it needs.

    Objects have the same checksum if what can be reached from them looks the same,
    whatever is one object or several equal ones, and whichever way circles are walked.

    Parameters
    ----------
    value : object
    parts_of : callable
        Object -> Parts.
    where : str
        The path of ``value``, for refusals.

    Raises
    ------
    CannotDescribeError
        With the path of what has no parts and no words.
    """
    found, edges = _reach(value, parts_of, where)
    distributions = {one.distribution for one in found if one.distribution}
    return _hash_all(found, edges)[0], distributions


def _reach(
    value: Any, parts_of: Callable[[Any], Parts], where: str
) -> tuple[list[Parts], list[list[int]]]:
    """Parts of all that can be reached, and the numbers of the children of each."""
    numbers = {_key(value): 0}
    reached = [(value, where)]  # holds what was made on the way: its id stays its own
    found: list[Parts] = []
    edges: list[list[int]] = []
    for one, path in reached:  # which grows
        try:
            parts = parts_of(one)
        except CannotDescribeError as error:
            raise CannotDescribeError(
                f"{path} must be something of which a later session can tell whether "
                f"it is the same, got {type(one).__name__}: {error}"
            ) from error
        to = []
        for step, child in parts.children:
            number = numbers.setdefault(_key(child), len(reached))
            if number == len(reached):
                reached.append((child, path + step))
            to.append(number)
        found.append(parts)
        edges.append(to)
    return found, edges


def _key(value: Any) -> Any:
    # What stands for a part of an object says itself which part it is.
    return getattr(type(value), "key_of_part", id)(value)


def _hash_all(found: list[Parts], edges: list[list[int]]) -> list[str]:
    """Checksums, children first; in circles they are refined until they tell all."""
    sums = [_sum(parts.label, ()) for parts in found]  # of what has no children
    circle_of = _circles(edges)
    members: dict[int, list[int]] = {}
    below: dict[int, set[int]] = {}
    for number, to in enumerate(edges):
        if to:
            circle = circle_of[number]
            members.setdefault(circle, []).append(number)
            others = {circle_of[child] for child in to if edges[child]} - {circle}
            below.setdefault(circle, set()).update(others)

    def look(number: int) -> str:
        parts = found[number]
        children = (sums[to] for to in edges[number])
        inside = children if parts.ordered else sorted(children)
        return _sum(parts.label, inside)

    for circle in TopologicalSorter(below).static_order():
        of_circle, kinds = members[circle], 0
        while True:
            looked = {number: look(number) for number in of_circle}
            for number, seen in looked.items():
                sums[number] = seen
            # Not refined by a further look: what is told apart will stay so.
            if len(set(looked.values())) == kinds or len(of_circle) == 1:
                break
            kinds = len(set(looked.values()))
        if len(of_circle) > 1:
            whole = sorted(set(looked.values()))
            for number, seen in looked.items():
                sums[number] = _sum(seen, whole)
    return sums


def _circles(edges: list[list[int]]) -> list[int]:
    """Number of the circle that each belongs to; its own if it is in none."""
    rows = [row for row, to in enumerate(edges) for _ in to]
    columns = [column for to in edges for column in to]
    graph = coo_array(([True] * len(rows), (rows, columns)), shape=(len(edges),) * 2)
    _, labels = connected_components(graph, directed=True, connection="strong")
    return [int(label) for label in labels]


def _sum(label: str, children: Iterable[str]) -> str:
    text = "\0".join([str(len(label)), label, *children])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
