"""The world around: what a program has set does not change what we compute.

PyTorch's default device, autocast, inference mode and flushing of denormal numbers, and
numpy's error state and buffer size belong to a thread: inside `in_own_world` they are
what they are in a fresh process, and afterwards they are again as they were; so is
scikit-learn's ``array_api_dispatch``, with which its checks would hand on tensors. The
precision of float32 products (TF32, bfloat16) belongs to the process: for as long as a
thread is inside it is float32's. PyTorch's default dtype belongs to the process too and
is left alone: whoever makes a tensor says its dtype.
"""

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import wraps
from inspect import isfunction
from threading import Lock
from typing import Any, ParamSpec, TypeVar

import numpy as np

__all__ = [
    "OwnWorld",
    "in_own_world",
    "is_terminal",
    "open_doors",
    "say",
    "warn_user",
    "without_warning",
]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_C = TypeVar("_C")
_AUTOCAST = ("cpu", "cuda", "mps")
_BUFFER = 8192  # numpy's own; sums of mixed dtypes are cut there


def in_own_world(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let ``function``, a door between numpy and us, run in a world of its own."""

    @wraps(function)
    def inside(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with ExitStack() as world:
            _enter(world)
            return function(*args, **kwargs)

    inside.in_own_world = True  # type: ignore[attr-defined]
    return inside


def open_doors(cls: type[_C]) -> type[_C]:
    """Make doors of the public methods and properties that a class brings."""
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name != "__call__":
            continue
        if isinstance(member, property) and member.fget is not None:
            setattr(cls, name, member.getter(in_own_world(member.fget)))
        elif isinstance(member, classmethod):
            setattr(cls, name, classmethod(in_own_world(member.__func__)))
        elif isfunction(member):
            setattr(cls, name, in_own_world(member))
    # scikit-learn's mixins bring it; what it adds up must not depend on the caller.
    score = getattr(cls, "score", None)
    if isfunction(score) and not hasattr(score, "in_own_world"):
        cls.score = in_own_world(score)  # type: ignore[attr-defined]
    return cls


class OwnWorld:
    """A class whose public methods and properties are doors, those to come as well."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        open_doors(cls)


def _enter(world: ExitStack) -> None:
    world.enter_context(
        np.errstate(divide="warn", over="warn", under="ignore", invalid="warn")
    )
    if np.getbufsize() != _BUFFER:
        world.callback(np.setbufsize, np.setbufsize(_BUFFER))
    # Nobody can have set what belongs to others where they are not imported.
    sklearn: Any = sys.modules.get("sklearn")
    if sklearn is not None and sklearn.get_config()["array_api_dispatch"]:
        world.enter_context(sklearn.config_context(array_api_dispatch=False))
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    world.callback(_PRODUCTS.leave, torch.backends, world)
    _PRODUCTS.enter(torch.backends, world)
    if torch.empty(0, dtype=torch.bool).device.type != "cpu":
        world.enter_context(torch.device("cpu"))
    if torch.is_inference_mode_enabled():
        world.enter_context(torch.inference_mode(False))
    for device in _AUTOCAST:
        if torch.is_autocast_enabled(device):
            world.enter_context(torch.autocast(device, enabled=False))
    if sys.float_info.min / 2 == 0.0:
        torch.set_flush_denormal(False)
        world.callback(torch.set_flush_denormal, True)


class _Products:
    """float32 products in float32, while anybody is inside.

    The first one in sets what the last one out sets back, unless it is another's by
    then.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside: set[int] = set()
        self._found: dict[str, str] = {}

    def enter(self, backends: Any, who: object) -> None:
        with self._lock:
            self._inside.add(id(who))
            for name in ("cuda", "mkldnn"):
                products = getattr(backends, name).matmul
                if products.fp32_precision not in ("none", "ieee"):
                    self._found[name] = products.fp32_precision
                    products.fp32_precision = "ieee"

    def leave(self, backends: Any, who: object) -> None:
        with self._lock:
            self._inside.discard(id(who))
            while self._found and not self._inside:
                name, found = self._found.popitem()
                products = getattr(backends, name).matmul
                if products.fp32_precision == "ieee":
                    products.fp32_precision = "none"  # perhaps it was inherited
                    if products.fp32_precision != found:
                        products.fp32_precision = found


_PRODUCTS = _Products()


@contextmanager
def without_warning(message: str) -> Iterator[None]:
    """Ignore warnings that begin with ``message``, a regular expression.

    `warnings.catch_warnings` puts the filters back that it found, which may be those of
    another thread's. This one takes out what it put in, wherever that is by then.
    """
    here: Any = warnings.filters
    quiet = ("ignore", re.compile(message, re.IGNORECASE), Warning, None, 0)
    here.insert(0, quiet)
    try:
        yield
    finally:
        now: Any = warnings.filters
        for filters in (here, now):
            with suppress(ValueError):
                filters.remove(quiet)


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line that called us, whichever doors lie between."""
    level, frame = 2, sys._getframe(1)
    inside = ("overparam_sk", "sklearn")
    while frame.f_globals.get("__name__", "").split(".")[0] in inside and frame.f_back:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def is_terminal(file: Any) -> bool:
    """Whether a stream is one; what cannot be asked, or is closed, is none."""
    with suppress(AttributeError, OSError, ValueError):
        return bool(file.isatty())
    return False


def say(text: str, file: Any, *, end: str = "\n") -> None:
    """Print to a stream, if that is possible: what is said on the way is extra."""
    # There is none, it is closed or its reader gone, or it cannot write the text.
    with suppress(AttributeError, OSError, ValueError):
        file.write(text + end)
        file.flush()
