"""Activation patterns of any forward pass, by watching the operators that it calls.

nn.ReLU, functional.relu, x.relu_() and clamp_min(0) all come down to a few operators,
of which `Patterns` sees every one, whoever calls it: a module, a function, a script.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["Calls", "Patterns"]

# What has two slopes, and bends where its input is 0.
_BENT_AT_0 = {
    "_prelu_kernel": "prelu",
    "leaky_relu": "leaky_relu",
    "relu": "relu",
    "rrelu_with_noise": "rrelu",
}
_SMOOTH = {
    *("celu", "elu", "gelu", "glu", "hardshrink", "hardsigmoid", "hardswish"),
    *("log_sigmoid_forward", "mish", "sigmoid", "silu", "softplus", "softshrink"),
    *("tanh",),
}


class Calls:
    """Of a module's parts: which have been called, and which are being called.

    Attributes
    ----------
    first : dict of str to None
        Qualified names in the order of the first calls.
    open : list of (str, bool)
        Those being called, the innermost last, and whether each holds no others.
    """

    def __init__(self) -> None:
        self.first: dict[str, None] = {}
        self.open: list[tuple[str, bool]] = []

    @contextmanager
    def within(self, module: nn.Module) -> Iterator[None]:
        """Keep the books by hooks."""
        with ExitStack() as hooks:
            for name, part in module.named_modules():
                if isinstance(part, torch.jit.ScriptModule):
                    continue
                call = (name, next(part.children(), None) is None)
                for handle in (
                    part.register_forward_pre_hook(partial(self._enter, call)),
                    part.register_forward_hook(self._leave, always_call=True),
                ):
                    hooks.callback(handle.remove)
            yield

    def _enter(self, call: tuple[str, bool], *_: Any) -> None:
        self.first.setdefault(call[0])
        self.open.append(call)

    def _leave(self, *_: Any) -> None:
        self.open.pop()


class Patterns(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees the patterns 1{z > kink} of all units with kinks in what runs inside.

    min(max(z, 0), 6) is two such units, ReLU(z) − ReLU(z − 6), and has two kinks.

    Parameters
    ----------
    calls : Calls
        Which modules are being called, for the names.

    Attributes
    ----------
    seen : dict of str to Tensor
        Patterns by name in the order of the calls, of shape (shape of z, kinks).
    smooth : dict of str to str
        Names of activation functions that have no pattern, and why.
    """

    def __init__(self, calls: Calls) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls = calls
        self.seen: dict[str, Tensor] = {}
        self.smooth: dict[str, str] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Look at an operator's input, which it may overwrite; then call it."""
        kwargs = kwargs or {}
        kind = func._schema.name.removeprefix("aten::").rstrip("_")
        if kind in _LOOKS:
            names = [argument.name for argument in func._schema.arguments]
            z, kinks = _LOOKS[kind]({**dict(zip(names, args, strict=False)), **kwargs})
            if kinks and z.is_floating_point() and not z.is_nested:
                name = self._name(_BENT_AT_0.get(kind, "relu"), self.seen)
                self.seen[name] = z.unsqueeze(-1) > z.new_tensor(kinks)
        elif kind in _SMOOTH:
            name = self._name(kind, {})
            self.smooth.setdefault(name, f"{kind} has no activation pattern")
        return func(*args, **kwargs)

    def _name(self, kind: str, taken: dict[str, Any]) -> str:
        """Of a layer: that of the innermost module, or of what is called in it."""
        module, is_leaf = self.calls.open[-1] if self.calls.open else ("", False)
        name = module if is_leaf and module else f"{module}.{kind}".lstrip(".")
        again = (f"{name} ({i})" for i in range(2, len(taken) + 3))
        return name if name not in taken else next(n for n in again if n not in taken)


_Look = Callable[[dict[str, Any]], tuple[Any, tuple[float, ...]]]


def _at_0(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    return given["self"], (0.0,)


def _hardtanh(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    ends = (given.get("min_val", -1.0), given.get("max_val", 1.0))
    return given["self"], ends


def _threshold(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    return given["self"], (given["threshold"],)


def _clamp(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    """Only what is cut off at 0: other bounds keep numbers in a range."""
    low, high = given.get("min"), given.get("max")
    if low is None or isinstance(high, Tensor) or not _is_zero(low):
        return None, ()
    return given["self"], (0.0,) if high is None else (0.0, high)


def _larger(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    """The larger one of z and 0."""
    one, other = given["self"], given["other"]
    if _is_zero(other):
        return one, (0.0,)
    return other, (0.0,) if _is_zero(one) else ()


def _where(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    """By hand: z where z > 0, and 0 elsewhere."""
    z, other = given["self"], given["other"]
    gated = isinstance(z, Tensor) and _is_zero(other)
    return z, (0.0,) if gated and _is_pattern(given["condition"], z) else ()


def _times(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    """By hand: z times 1{z > 0}."""
    for z, gate in ((given["self"], given["other"]), (given["other"], given["self"])):
        if isinstance(z, Tensor) and _is_pattern(gate, z):
            return z, (0.0,)
    return None, ()


def _masked(given: dict[str, Any]) -> tuple[Any, tuple[float, ...]]:
    """By hand: z, and 0 where z ≤ 0."""
    z = given["self"]
    return z, (0.0,) if _is_zero(given["value"]) and _is_pattern(
        ~given["mask"], z
    ) else ()


def _is_zero(bound: Any) -> bool:
    return not (bool(bound.any()) if isinstance(bound, Tensor) else bound)


def _is_pattern(gate: Any, z: Tensor) -> bool:
    """Whether a gate, of booleans or numbers, is 1 where z > 0 and 0 elsewhere."""
    if not isinstance(gate, Tensor) or gate.is_complex() or not z.is_floating_point():
        return False
    apart = gate.shape == z.shape and gate.data_ptr() != z.data_ptr()
    return apart and torch.equal(gate, (z > 0).to(gate.dtype))


_LOOKS: dict[str, _Look] = {
    **dict.fromkeys(_BENT_AT_0, _at_0),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "fmax": _larger,
    "hardtanh": _hardtanh,
    "masked_fill": _masked,
    "maximum": _larger,
    "mul": _times,
    "threshold": _threshold,
    "where": _where,
}
