"""What the arguments of the displays must be."""

from collections.abc import Mapping
from typing import Any

from overparam_sk.parameters import (
    COUNT,
    TEXT,
    either,
    instance,
    number,
    one_of,
    several,
)

__all__ = ["COMPONENTS", "HISTORIES", "HISTORY", "NAME", "NAMES", "RATE", "chosen"]

NAME = either(one_of(None), TEXT)
NAMES = either(
    one_of(None), several(either(TEXT, number()), "a list of names or numbers")
)
# λ_0 and η of a bound.
RATE = either(one_of(None), number(0))
COMPONENTS = either(one_of(None), COUNT)
HISTORY = instance(Mapping, "a dict of columns")
HISTORIES = instance(Mapping, "a dict of histories")
_CHOSEN = either(one_of(None), TEXT, several(TEXT, "a list of strings"))


def chosen(name: str, value: Any) -> list[str] | None:
    """None, or the strings among one or several."""
    plain = _CHOSEN(name, value)
    if plain is None:
        return None
    return [plain] if isinstance(plain, str) else list(plain)
