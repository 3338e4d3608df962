"""The one door of parameters: what a value must be, and what it is from there on.

A `Rule` is called with a parameter's name and value. It gives the value back as a plain
Python value, so that nothing behind the door meets a numpy scalar, or it raises a
ValueError that says what the value must be and what it was. scikit-learn's own
validation (``validate_params``) refuses too, but hands on what it was given: 400 as an
unsigned integer still wraps round in the first subtraction.
"""

import inspect
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from numbers import Integral, Real
from typing import Any, TypeVar, cast

import numpy as np

__all__ = [
    "COUNT",
    "DEVICE",
    "FLAG",
    "JOBS",
    "PATH",
    "RANDOM_STATE",
    "SEED",
    "TEXT",
    "Rule",
    "checked",
    "either",
    "instance",
    "integer",
    "matching",
    "number",
    "one_of",
    "random_generator",
    "repeat_seeds",
    "several",
    "shown",
    "such_that",
    "suggesting",
]

# Sizes and counts beyond this do not fit the integers of the linear algebra below.
_TOO_LARGE = 2**31

# Nobody means more entries than this.
_LONGEST = 10**6

_REFUSED = object()
_Init = TypeVar("_Init", bound=Callable[..., None])


@dataclass(frozen=True)
class Rule:
    """What the value of a parameter must be.

    Parameters
    ----------
    must_be : str
        For the message.
    plain : callable
        Value -> the plain value, or `_REFUSED`.
    counts : bool, default=False
        Whether integers from 2**31 on are too large, which goes without saying until
        there is one.
    """

    must_be: str
    plain: Callable[[Any], Any]
    counts: bool = False

    def __call__(self, name: str, value: Any) -> Any:
        """Return the plain value; ValueError if it breaks the rule."""
        plain = self.plain(value)
        if plain is _REFUSED:
            large = _is_number(value, Integral) and int(value) >= _TOO_LARGE
            limit = " and < 2**31" if self.counts and large else ""
            must_be = f"{name} must be {self.must_be}{limit}"
            raise ValueError(f"{must_be}, got {shown(value)}.")
        return plain


def shown(value: Any) -> str:
    """A repr for a message: one line, of a bounded length, whatever the value is."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of too many digits, an object that is half made
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 200 else f"{text[:200]}..."


def suggesting(init: _Init) -> _Init:
    """An ``__init__`` that says, of a name that it does not know, which one is close.

    In the words of Python 3.13, and of the class that was called.
    """

    @wraps(init)
    def checks(self: Any, *args: Any, **given: Any) -> None:
        for name in given:
            if name not in names:
                said = f"{type(self).__name__}.__init__() got an unexpected keyword"
                close = get_close_matches(name, names, n=1)
                hint = f" Did you mean '{close[0]}'?" if close else ""
                raise TypeError(f"{said} argument '{name}'.{hint}")
        init(self, *args, **given)

    names = tuple(inspect.signature(init).parameters)[1:]
    return cast(_Init, checks)


def checked(
    parameters: Mapping[str, Any], rules: Mapping[str, Callable[[str, Any], Any]]
) -> dict[str, Any]:
    """All parameters, those that have a rule as plain values."""
    return {
        name: rules[name](name, value) if name in rules else value
        for name, value in parameters.items()
    }


def integer(low: int, high: int = _TOO_LARGE - 1) -> Rule:
    """An integer of any type, in [low, high]."""

    def plain(value: Any) -> Any:
        if not _is_number(value, Integral):
            return _REFUSED
        whole = int(value)
        return whole if low <= whole <= high else _REFUSED

    if high == _TOO_LARGE - 1:
        return Rule(f"an integer >= {low}", plain, counts=True)
    return Rule(f"an integer from {low} to {_power(high)}", plain)


def number(
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: bool = False,
    below: bool = False,
    nan: bool = False,
    infinite: bool = False,
) -> Rule:
    """A real number in [low, high], without an end that is open; or NaN or infinity."""

    def plain(value: Any) -> Any:
        if not _is_number(value, Real):
            return _REFUSED
        try:
            real = float(value)
        except (OverflowError, ValueError):
            return _REFUSED
        if nan and math.isnan(real):
            return real
        if infinite and value == math.inf:  # not what is too large for a float
            return real
        inside = low <= real <= high and math.isfinite(real)
        at_open_end = (above and real == low) or (below and real == high)
        return real if inside and not at_open_end else _REFUSED

    if low == -math.inf:
        return Rule("a finite number or NaN" if nan else "a finite number", plain)
    if high == math.inf:
        kind = "number" if infinite else "finite number"
        return Rule(f"a {kind} {'>' if above else '>='} {low:g}", plain)
    ends = f"{'(' if above else '['}{low:g}, {high:g}{')' if below else ']'}"
    return Rule(f"a number in {ends}", plain)


def one_of(*values: Any) -> Rule:
    """One of these strings, or None where that is among them."""

    def plain(value: Any) -> Any:
        for known in values:
            if value is known or (isinstance(value, str) and value == known):
                return known
        return _REFUSED

    return Rule(" or ".join(map(repr, values)), plain)


def several(rule: Rule, must_be: str) -> Rule:
    """A tuple, list or 1-D array of what ``rule`` takes, as a tuple."""

    def plain(value: Any) -> Any:
        listed = isinstance(value, (tuple, list, range))
        if not listed and not (isinstance(value, np.ndarray) and value.ndim == 1):
            return _REFUSED
        if len(value[:_LONGEST]) == _LONGEST:
            return _REFUSED
        entries = tuple(map(rule.plain, value))
        return _REFUSED if any(e is _REFUSED for e in entries) else entries

    return Rule(must_be, plain)


def instance(kind: type | tuple[type, ...], must_be: str) -> Rule:
    """An object of a type, as it is."""
    return Rule(must_be, lambda value: value if isinstance(value, kind) else _REFUSED)


def matching(pattern: re.Pattern[str], must_be: str) -> Rule:
    """A string that a pattern matches from end to end."""

    def plain(value: Any) -> Any:
        matches = isinstance(value, str) and pattern.fullmatch(value)
        return "".join(value) if matches else _REFUSED

    return Rule(must_be, plain)


def such_that(rule: Rule, holds: Callable[[Any], bool], must_be: str) -> Rule:
    """What a rule takes, if something more holds for it."""

    def plain(value: Any) -> Any:
        found = rule.plain(value)
        return found if found is not _REFUSED and holds(found) else _REFUSED

    return Rule(must_be, plain)


def either(*rules: Rule) -> Rule:
    """What any of the rules takes."""

    def plain(value: Any) -> Any:
        found = (rule.plain(value) for rule in rules)
        return next((value for value in found if value is not _REFUSED), _REFUSED)

    texts = [rule.must_be for rule in rules]
    must_be = ", ".join(texts[:-1]) + f" or {texts[-1]}"
    return Rule(must_be, plain, any(rule.counts for rule in rules))


def random_generator(random_state: Any) -> np.random.RandomState:
    """A generator of our own for a ``random_state``: for None a fresh one.

    ``sklearn.utils.check_random_state(None)`` would be numpy's global generator, which
    this package neither reads nor seeds.
    """
    state = RANDOM_STATE("random_state", random_state)
    if isinstance(state, np.random.RandomState):
        return state
    return np.random.RandomState(state)


def repeat_seeds(random_state: int, repeats: int) -> list[int]:
    """Seeds of the repeats; later repeats do not change the seeds before."""
    children = np.random.SeedSequence(random_state).spawn(repeats)
    return [int(child.generate_state(1)[0] // 2) for child in children]


def _is_number(value: Any, kind: Any) -> bool:
    """Whether it is a number, which a flag and a span of time are not."""
    return isinstance(value, kind) and not isinstance(
        value, (bool, np.bool_, np.timedelta64)
    )


def _power(n: int) -> str:
    return f"2**{(n + 1).bit_length() - 1} - 1" if n + 1 in (2**31, 2**32) else str(n)


FLAG = Rule(
    "True or False",
    lambda value: bool(value) if isinstance(value, (bool, np.bool_)) else _REFUSED,
)
COUNT = integer(1)
DEVICE = matching(
    re.compile(r"auto|cpu|mps|cuda(:(0|[1-9][0-9]{0,3}))?"),
    "'auto', 'cpu', 'cuda', 'cuda:<index>' or 'mps'",
)
PATH = instance((str, os.PathLike), "a path")
TEXT = matching(re.compile("(?s).*"), "a string")
# joblib makes as many workers as it is told to.
JOBS = such_that(
    integer(-(2**15), 2**15), bool, "an integer from -32768 to 32768, but not 0"
)
SEED = integer(0, 2**32 - 1)
# What numpy's RandomState can be made of.
RANDOM_STATE = either(
    one_of(None),
    SEED,
    instance(np.random.RandomState, "a RandomState instance"),
)
