"""Checks of the arguments, and the generator that a ``random_state`` stands for."""

from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

__all__ = ["check_choice", "check_count", "check_scale", "local_random_state"]


def check_count(name: str, value: Any) -> None:
    """Refuse with a ValueError what is not an integer >= 1."""
    if not _is(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}.")


def check_scale(name: str, value: Any) -> None:
    """Refuse with a ValueError what is not a finite number >= 0."""
    if not _is(value, Real) or not isfinite(value) or value < 0:
        raise ValueError(f"{name} must be a finite number >= 0, got {value!r}.")


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Refuse with a ValueError what is not one of the strings in ``choices``."""
    if not isinstance(value, str) or value not in choices:
        allowed = " or ".join(map(repr, choices))
        raise ValueError(f"{name} must be {allowed}, got {value!r}.")


def local_random_state(random_state: Any) -> np.random.RandomState:
    """Return the generator for ``random_state``; None is a fresh one.

    ``check_random_state(None)`` would be numpy's global generator, which this package
    neither reads nor seeds.
    """
    if random_state is None:
        return np.random.RandomState()
    generator: np.random.RandomState = check_random_state(random_state)
    return generator


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, (bool, np.bool_))
