"""The weights of any module's layers, as matrices of a row per unit."""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

__all__ = ["weights_of"]


def _flat(layer: Any, W: Tensor) -> Tensor:
    """(units, inputs): a kernel has its channels' patches as inputs."""
    return W.flatten(1)


def _transposed_convolution(layer: Any, W: Tensor) -> Tensor:
    """W of shape (in, out / groups, ...), the inputs of a group one after another."""
    apart = W.reshape(layer.groups, -1, *W.shape[1:])
    return apart.transpose(1, 2).flatten(0, 1).flatten(1)


def _embedding(layer: Any, W: Tensor) -> Tensor:
    """A Linear layer of one-hot rows."""
    return W.T


_KINDS: dict[type[nn.Module], Callable[[Any, Tensor], Tensor]] = {
    nn.Linear: _flat,
    nn.Bilinear: _flat,
    nn.Conv1d: _flat,
    nn.Conv2d: _flat,
    nn.Conv3d: _flat,
    nn.ConvTranspose1d: _transposed_convolution,
    nn.ConvTranspose2d: _transposed_convolution,
    nn.ConvTranspose3d: _transposed_convolution,
    nn.Embedding: _embedding,
    nn.EmbeddingBag: _embedding,
}
# Layers of several weights, each of shape (units, inputs).
_OF_SEVERAL = (nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase)
# Parameters that are such a layer's weight, its intercept, or what makes up the weight.
_OF_LAYER = ("weight", "bias", "parametrizations.")


def weights_of(
    module: nn.Module, trained: Set[str], called: Sequence[str]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Weights of the trained layers, and what is trained and belongs to none of them.

    Parameters
    ----------
    module : nn.Module
        After a forward pass, in which weights are made that are made up of others.
    trained : set of str
        Qualified names of the trained parameters, the first of each.
    called : sequence of str
        Modules in the order of their first calls, which is that of the layers.

    Returns
    -------
    weights : dict of str to Tensor
        By layer, of shape (units, inputs), in float64.
    skipped : dict of str to str
        Names of layers or parameters, and why.
    """
    weights: dict[str, Tensor] = {}
    skipped: dict[str, str] = {}
    parts, places = dict(module.named_modules()), {n: i for i, n in enumerate(called)}
    rest = {id(p): name for name, p in module.named_parameters() if name in trained}
    ours, first_of = frozenset(rest), dict[int, str]()
    for path in sorted(parts, key=lambda path: places.get(path, len(places))):
        for name, W, as_matrix, own in _found_in(path, parts[path]):
            if ours.isdisjoint(own):
                continue
            rest = {key: rest[key] for key in rest.keys() - own}
            # What is made anew each time is nobody else's.
            shared = isinstance(W, nn.Parameter)
            first = first_of.setdefault(id(W), name) if shared else name
            reason = _reason(W, first, name)
            if reason:
                skipped[name] = reason
            else:
                weights[name] = as_matrix(W.detach()).double()
    return weights, skipped | dict(_strays(parts, rest.values()))


def _found_in(
    path: str, layer: Any
) -> Iterator[tuple[str, Any, Callable[[Tensor], Tensor], set[int]]]:
    """Of each weight: its name, itself, how it is a matrix, whose parameters it has."""
    kind = _kind(layer)
    if kind is not None:
        own = {
            id(parameter)
            for local, parameter in layer.named_parameters()
            if local.startswith(_OF_LAYER)
        }
        name = path or type(layer).__name__
        yield name, getattr(layer, "weight", None), partial(_KINDS[kind], layer), own
    elif isinstance(layer, _OF_SEVERAL):
        parameters = dict(layer.named_parameters(recurse=False))
        intercepts = {id(p) for p in parameters.values() if p.ndim == 1}
        for local, W in parameters.items():
            if W.ndim == 2:
                name = f"{path}.{local}".lstrip(".")
                yield name, W, partial(_flat, layer), {id(W), *intercepts}


def _kind(layer: nn.Module) -> type[nn.Module] | None:
    return next((kind for kind in _KINDS if isinstance(layer, kind)), None)


def _reason(W: Any, first: str, name: str) -> str:
    """Why a weight is not measured, if it is not."""
    if not isinstance(W, Tensor) or is_lazy(W):
        return "its weight is no tensor yet"
    if W.is_meta:
        return "its weight is on the meta device"
    if W.is_complex():
        return "its weight is complex"
    if not W.numel():
        return "its weight is empty"
    return "" if first == name else f"its weight is that of {first}"


def _strays(
    parts: dict[str, nn.Module], names: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """A layer that holds nothing else by its name, any other parameter by its own."""
    for name in sorted(names):
        owner = parts[name.rpartition(".")[0]]
        whole = _kind(owner) is None and next(owner.children(), None) is None
        kind = type(owner).__name__
        told = (name.rpartition(".")[0] or kind) if whole else name
        yield told, f"{kind} has no weight matrix" if whole else "it is no known weight"
