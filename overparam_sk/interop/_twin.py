"""A copy of a module, to be looked at in place of it."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["core_of", "same_chance", "twin_of"]

# Parameters, buffers, parts and hooks, which are always copied.
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)


def core_of(module: nn.Module) -> nn.Module:
    """The module itself, of one that is compiled or shared out over devices."""
    while True:
        inner = getattr(module, "_orig_mod", None)  # of torch.compile
        if isinstance(module, _WRAPPERS):
            inner = module.module
        if not isinstance(inner, nn.Module):
            return module
        module = inner


def twin_of(module: nn.Module) -> nn.Module:
    """A copy of a module in evaluation mode, with nothing in it compiled.

    Parameters stay trained or not; a module that is used twice or weights that are tied
    are so in the copy.
    """
    twin = _copied(core_of(module)).eval()
    for part in list(twin.modules()):
        for name, child in part.named_children():
            part.register_module(name, core_of(child))
    return twin


def _copied(module: nn.Module) -> nn.Module:
    """A deep copy, in spite of what a deep copy does not take."""
    held = [
        value
        for part in module.modules()
        for name, value in vars(part).items()
        if name not in _OF_EVERY_MODULE
    ]
    memo: dict[int, Any] = {
        # What forward passes left there, or a weight that a hook makes of others.
        id(tensor): tensor.detach().clone()
        for tensor in _tensors_in(held)
        if not tensor.is_leaf
    }
    try:
        return copy.deepcopy(module, dict(memo))
    except Exception:  # a lock, an open file: whatever it has beside its parameters
        for value in held:
            try:
                copy.deepcopy(value, dict(memo))
            except Exception:
                memo[id(value)] = value
        return copy.deepcopy(module, memo)


def _tensors_in(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _tensors_in(part)


@contextmanager
def same_chance(devices: set[torch.device]) -> Iterator[None]:
    """The same random numbers for everything inside; the generators are then put back.

    A module may draw some in evaluation mode, too. They are not to change what the
    training draws, and the start and a later look are to see the same.
    """
    indices = sorted({d.index or 0 for d in devices if d.type == "cuda"})
    with torch.random.fork_rng(indices):
        for generator in (
            torch.default_generator,
            *(torch.cuda.default_generators[i] for i in indices),
        ):
            generator.manual_seed(0)
        yield
