"""The rows that a module is called with: in one tensor, or in several."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from overparam_sk.parameters import shown
from overparam_sk.rows import as_tensor

__all__ = ["Rows", "chosen", "rows_of", "stacked"]

_MUST_BE = (
    "X must be a tensor or an array of finite numbers, a tuple of them for several "
    "inputs or a dict for inputs by name, of the same rows and at least one"
)
_Leaf = Callable[[Any], Any]


@dataclass(frozen=True)
class Rows:
    """Arguments of a module's forward pass, some of which are tensors that have rows.

    Parameters
    ----------
    args : tuple
    kwargs : dict
        Tensors, or dicts, tuples and lists of them, that have the rows along their
        first axis. What has no axis, or is no tensor, is handed on.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __post_init__(self) -> None:
        counts = sorted({len(one) for one in self.tensors()})
        if len(counts) != 1 or not counts[0]:
            raise ValueError(f"{_MUST_BE}, got {counts or 'no'} rows.")

    def __len__(self) -> int:
        return len(self.tensors()[0])

    def tensors(self) -> list[Tensor]:
        """Those that have rows, always in the same order."""
        found: list[Tensor] = []
        _mapped((self.args, self.kwargs), _of_rows(found.append))
        return found

    def mapped(self, function: Callable[[Tensor], Tensor]) -> "Rows":
        """The same with other tensors."""
        return Rows(*_mapped((self.args, self.kwargs), _of_rows(function)))

    def at(self, places: Any) -> "Rows":
        """Some of the rows."""
        return self.mapped(lambda one: one[places])

    def on(self, device: torch.device, dtype: torch.dtype) -> "Rows":
        """On a device; real and complex numbers, not whole ones, in a precision."""

        def moved(one: Tensor) -> Tensor:
            whole = not (one.is_floating_point() or one.is_complex())
            kind = dtype.to_complex() if one.is_complex() else dtype
            return one.to(device, one.dtype if whole else kind)

        return self.mapped(moved)


def rows_of(X: Any) -> Rows:
    """What a user gives: an array, a tuple of several inputs or a dict of named ones.

    Raises
    ------
    ValueError
        For anything else, numbers that are not finite, no rows, or different ones.
    """
    if isinstance(X, Mapping):
        return Rows((), {str(name): _mapped(part, _given) for name, part in X.items()})
    args = X if isinstance(X, tuple) else (X,)
    return Rows(tuple(_mapped(part, _given) for part in args), {})


def chosen(n: int, size: int, seed: int) -> Tensor:
    """Places of at most ``size`` of n rows, a seeded subset in their order."""
    return torch.from_numpy(np.sort(np.random.default_rng(seed).permutation(n)[:size]))


def stacked(items: Sequence[Any]) -> Any:
    """Items of a data set as one: tensors, or dicts, tuples and lists of them."""
    first = items[0]
    if isinstance(first, Mapping):
        return {name: stacked([item[name] for item in items]) for name in first}
    if isinstance(first, (tuple, list)):
        return _like(first, [stacked(part) for part in zip(*items, strict=True)])
    return torch.stack(
        [i if isinstance(i, Tensor) else as_tensor(np.asarray(i)) for i in items]
    )


def _given(leaf: Any) -> Any:
    """An array as a tensor; a flag, a name or None as it is."""
    if leaf is None or isinstance(leaf, (str, bytes, bool, int, float)):
        return leaf
    try:
        tensor = leaf.detach() if isinstance(leaf, Tensor) else _from_numpy(leaf)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{_MUST_BE}, got {shown(leaf)}: {error}.") from error
    if not (tensor.is_meta or bool(tensor.isfinite().all())):
        raise ValueError(f"{_MUST_BE}, got NaN or infinity.")
    return tensor


def _from_numpy(leaf: Any) -> Tensor:
    array = np.asarray(leaf)
    if array.dtype.kind not in "biufc" or np.ma.is_masked(leaf):
        raise ValueError(f"entries of dtype {array.dtype}, or masked ones")
    return as_tensor(array)


def _of_rows(function: Callable[[Tensor], Any]) -> _Leaf:
    return lambda leaf: (
        function(leaf) if isinstance(leaf, Tensor) and leaf.ndim else leaf
    )


def _mapped(tree: Any, function: _Leaf) -> Any:
    """The same dicts, tuples and lists of other leaves; a list of numbers is a leaf."""
    if isinstance(tree, Mapping):
        return {name: _mapped(part, function) for name, part in tree.items()}
    if isinstance(tree, tuple) or (isinstance(tree, list) and any(map(_is_part, tree))):
        return _like(tree, [_mapped(part, function) for part in tree])
    return function(tree)


def _is_part(one: Any) -> bool:
    return isinstance(one, (Tensor, np.ndarray, Mapping))


def _like(sequence: Any, parts: list[Any]) -> Any:
    kind = type(sequence)
    return kind(*parts) if hasattr(sequence, "_fields") else kind(parts)
