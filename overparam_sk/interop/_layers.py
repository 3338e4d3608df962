"""What a forward pass through any net of Linear and ReLU layers shows."""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["Look", "gram_matrix_of", "look_at", "trained_layers"]


class Pass(NamedTuple):
    """A trained Linear layer in a forward pass of n rows."""

    layer: nn.Linear
    features: Tensor  # (n, p), what went in
    outputs: Tensor  # (n, q)


class Look(NamedTuple):
    """A net on some rows, in float64."""

    weights: list[Tensor]  # of each trained Linear layer, (q, p)
    patterns: list[Tensor]  # of each ReLU, (n, q) bool
    passes: list[Pass]
    outputs: Tensor  # (n, k)


def trained_layers(module: nn.Module) -> list[nn.Linear]:
    """The Linear layers that have trained parameters.

    Raises
    ------
    ValueError
        If other modules have trained parameters too.
    """
    linear = [part for part in module.modules() if isinstance(part, nn.Linear)]
    theirs = {id(parameter) for layer in linear for parameter in layer.parameters()}
    others = [
        name
        for name, parameter in module.named_parameters()
        if parameter.requires_grad and id(parameter) not in theirs
    ]
    if others:
        raise ValueError(
            "All trained parameters must belong to nn.Linear layers, got also "
            f"{others}."
        )
    return [
        layer for layer in linear if any(p.requires_grad for p in layer.parameters())
    ]


def look_at(module: nn.Module, X: Tensor) -> Look:
    """Look at a copy of ``module`` in float64 on the rows X (n, d).

    Raises
    ------
    ValueError
        If a trained layer is used never, more than once, or on inputs that are not 2-D.
    """
    twin = copy.deepcopy(module).to(X.device, torch.float64).eval()
    layers = trained_layers(twin)
    passes: list[Pass] = []
    patterns: list[Tensor] = []

    def see_linear(layer: nn.Linear, inputs: tuple[Tensor], outputs: Tensor) -> None:
        passes.append(Pass(layer, inputs[0].detach(), outputs))

    def see_relu(_: nn.Module, inputs: tuple[Tensor], __: Tensor) -> None:
        patterns.append(inputs[0].detach() > 0)

    for layer in layers:
        layer.register_forward_hook(see_linear)
    for part in twin.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False  # or the hook above would see the rectified inputs
            part.register_forward_hook(see_relu)
    with torch.enable_grad():
        outputs = twin(X)
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    if sorted(id(one.layer) for one in passes) != sorted(map(id, layers)):
        raise ValueError(
            f"Each of the {len(layers)} trained Linear layers must be used once in a "
            f"forward pass, got {len(passes)} uses."
        )
    shapes = [tuple(one.features.shape) for one in passes if one.features.ndim != 2]
    if shapes:
        raise ValueError(
            f"Linear layers must be used on inputs of shape (n, p), got {shapes}."
        )
    weights = [one.layer.weight.detach() for one in passes]
    return Look(weights, patterns, passes, outputs.reshape(len(X), -1))


def gram_matrix_of(look: Look) -> Tensor:
    """(1/k) Σ_i J_i J_iᵀ of the k outputs in all trained parameters, shape (n, n).

    The gradient of one output of one row in a Linear layer's weights is the outer
    product of the derivative in the layer's outputs and the features that went in, so
    that J Jᵀ is a sum over layers of (derivatives' inner products) ⊙ (features' inner
    products, plus 1 for an intercept). No Jacobian is stored.
    """
    n, k = look.outputs.shape
    H = look.outputs.new_zeros(n, n)
    inner = [_inner(one) for one in look.passes]
    for i in range(k):
        derivatives = torch.autograd.grad(
            look.outputs[:, i].sum(),
            [one.outputs for one in look.passes],
            retain_graph=True,
            allow_unused=True,
        )
        for products, derivative in zip(inner, derivatives, strict=True):
            if derivative is not None:
                H = H + products * (derivative @ derivative.T)
    return H.detach() / k


def _inner(one: Pass) -> Tensor:
    """Inner products of the trained parameters' features."""
    features, bias = one.features, one.layer.bias
    products = features.new_zeros(len(features), len(features))
    if one.layer.weight.requires_grad:
        products = features @ features.T
    if bias is not None and bias.requires_grad:
        products = products + 1
    return products
