"""Values that nobody expects, each with what it may rightly be taken for.

This is the reading of the contract, not of the code: a value is an integer, a real
number, a flag, a text or None, and nothing else, whatever Python lets it be used as.
"""

import datetime
import enum
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import torch

__all__ = ["HOSTILE", "Hostile"]


@dataclass(frozen=True)
class Hostile:
    label: str
    value: Any
    integer: int | None = None
    real: float | None = None
    flag: bool | None = None
    text: str | None = None
    none: bool = False
    entries: tuple | None = None  # of a sequence


def _integer(value, plain=None):
    plain = int(value) if plain is None else plain
    real = float(plain) if abs(plain) < 10**308 else None
    return Hostile(_label(value), value, integer=plain, real=real)


def _real(value, plain=None):
    plain = float(value) if plain is None else plain
    return Hostile(_label(value), value, real=plain)


def _label(value):
    try:
        text = repr(value)
    except ValueError:
        text = "an integer of too many digits"
    return f"{type(value).__name__} {' '.join(text.split())[:50]}"


class _Text(enum.StrEnum):
    AUTO = "auto"


class _Whole(enum.IntEnum):
    THREE = 3


class _Int(int):
    pass


class _Raises:
    """Every question about it raises."""

    def _raise(self, *_):
        raise RuntimeError("hostile")

    __eq__ = __bool__ = __len__ = __iter__ = __float__ = __index__ = __repr__ = _raise
    __hash__ = object.__hash__


class _SaysYes:
    """Equal to everything."""

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__


class _Index:
    def __index__(self):
        return 3


class _Float:
    def __float__(self):
        return 0.5


INTEGERS = [
    *(_integer(v) for v in (0, 1, 2, 3, 5, -1, -2, 100)),
    *(_integer(t(3)) for t in (np.int8, np.uint8, np.int16, np.uint32, np.int64)),
    _integer(np.int16(100)),
    _integer(np.uint64(2)),
    _integer(np.uint64(2**64 - 1)),
    _integer(np.int32(-1)),
    _integer(_Int(3)),
    _integer(_Whole.THREE),
    *(_integer(v) for v in (2**31, 2**32, 2**40, 2**63, -(2**63), 2**64)),
    *(_integer(v) for v in (10**400, -(10**400), 10**5000)),
]
REALS = [
    *(_real(v) for v in (0.5, 1.0, 2.0, 1.5, -0.5, 0.0, -0.0, 0.99, 1e-320, 1e-5)),
    *(_real(v) for v in (1e300, -1e300, np.nan, np.inf, -np.inf)),
    _real(np.float16(0.5)),
    _real(np.float32(0.25)),
    _real(np.float64(np.nan)),
    _real(np.longdouble("1e400"), np.inf),
    _real(Fraction(1, 2)),
    _real(Fraction(3, 1)),
    _real(Fraction(10**400), np.inf),
    _real(Fraction(1, 10**400), 0.0),
]
FLAGS = [
    Hostile(_label(v), v, flag=bool(v)) for v in (True, False, np.True_, np.False_)
]
TEXTS = [
    Hostile(_label(v), v, text=v)
    for v in (
        *("", "auto", "all", "abc", "3", "0.5", "True", "None", "balanced", "cpu"),
        *("cuda:١", "cuda:00", "cuda:-1", "cuda:", "CPU", "cpu ", "\ncpu", "auto\0"),
        *("clip", "mean", "coupling", "train", "ieee", "\ud800", "x" * 10_000),
    )
] + [
    Hostile("np.str_ auto", np.str_("auto"), text="auto"),
    Hostile("np.str_ clip", np.str_("clip"), text="clip"),
    Hostile("str enum auto", _Text.AUTO, text="auto"),
]
SEQUENCES = [
    Hostile(_label(v), v, entries=tuple(v))
    for v in (
        *((), [], [1], (1, 2), [0, 1], [-1], (True,), [1.0], range(3)),
        *(["auto"], ("coupling",), ["coupling"], ("coupling", 3), [[1]], [None]),
        *(np.array([3]), np.array([1, 2]), np.array(["auto"]), np.array([])),
        (np.array([1, 2]),),
        (10**400,),
    )
]
OTHERS = [
    Hostile("None", None, none=True),
    *(
        Hostile(_label(v), v)
        for v in (
            *(Decimal("0.5"), Decimal("nan"), 1 + 0j, np.complex64(1), 3j),
            *(np.timedelta64(3, "s"), np.timedelta64(3), np.datetime64("2020-01-01")),
            *(datetime.timedelta(3), datetime.date(2020, 1, 1)),
            *(pd.NA, pd.NaT, pd.Timestamp("2020"), pd.Timedelta(3)),
            *(pd.Series([1, 2]), pd.Series(["auto"]), pd.DataFrame({"a": [1]})),
            *(np.array(3), np.array(0.5), np.array("auto"), np.array(None)),
            *(np.array(True), np.eye(2), np.void(b"abc"), np.ma.masked),
            *(torch.tensor(3), torch.tensor([1.0, 2.0]), torch.tensor(True)),
            torch.tensor(0.5, requires_grad=True),
            *({}, {"a": 1}, {1: 2}, set(), {1}, frozenset({"auto"}), iter([1])),
            *(b"auto", bytearray(b"3"), memoryview(b"3"), slice(3), ...),
            *(NotImplemented, object(), int, float, np.float64, len, SimpleNamespace()),
            *(ValueError("3"), torch.float32, torch.device("cpu"), np.dtype("f8")),
            *(_SaysYes(), _Index(), _Float()),
        )
    ),
    Hostile("raises at every question", _Raises()),
]
HOSTILE = [*INTEGERS, *REALS, *FLAGS, *TEXTS, *SEQUENCES, *OTHERS]
assert isinstance(np.timedelta64(3), Integral)  # which is why it is here
