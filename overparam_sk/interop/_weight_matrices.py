"""The weights of any module's layers, as matrices of a row per unit."""

from collections.abc import Callable, Iterator, Sequence, Set
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
    first_of: dict[int, str] = {}
    rest = {id(p): name for name, p in module.named_parameters() if name in trained}
    ours = frozenset(rest)
    for path in sorted(parts, key=lambda path: places.get(path, len(places))):
        layer: Any = parts[path]
        name = path or type(layer).__name__
        kind = next((k for k in _KINDS if isinstance(layer, k)), None)
        own = {
            id(parameter)
            for local, parameter in layer.named_parameters()
            if local.startswith(_OF_LAYER)
        }
        if kind is None or ours.isdisjoint(own):
            continue
        rest = {key: rest[key] for key in rest.keys() - own}
        W = layer.weight
        reason = _reason(W, first_of.setdefault(id(W), name), name)
        if reason:
            skipped[name] = reason
        else:
            weights[name] = _KINDS[kind](layer, W.detach()).double()
    return weights, skipped | dict(_strays(parts, set(rest.values())))


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


def _strays(parts: dict[str, nn.Module], names: set[str]) -> Iterator[tuple[str, str]]:
    for name in sorted(names):
        path, _, _ = name.rpartition(".")
        owner = parts[path]
        whole = next(owner.children(), None) is None
        kind = type(owner).__name__
        yield (path or kind) if whole else name, f"{kind} has no weight matrix"
