"""The Gram matrix of any module's outputs, (1/k) Σ_i J_i J_iᵀ, in all its parameters.

The gradient of one output of one row in the weights of a Linear layer is the outer
product of the derivative in the layer's outputs and the features that went in. So their
part of J Jᵀ is (derivatives' inner products) ⊙ (features' inner products, plus 1 for an
intercept), without a Jacobian: this is what wide layers need. Of all other parameters
the rows' gradients are computed, some parameters at a time.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from overparam_sk.interop._rows import Rows
from overparam_sk.world import without_warning

__all__ = ["LinearUses", "NoGramError", "close", "gram_matrix_of", "outputs_of"]

# Passes over the rows that one matrix may cost.
_MOST_OUTPUTS = 1000
# Numbers of a Jacobian that stand at a time; one parameter alone may have more.
_AT_A_TIME, _MOST = 2**25, 2**29


class NoGramError(ValueError):
    """Why a module has no Gram matrix that can be measured."""


class _Use(NamedTuple):
    """A Linear layer in a forward pass of n rows."""

    features: Tensor  # (n, p), what went in
    outputs: Tensor  # (n, q), before anything downstream overwrites them


class LinearUses:
    """The uses of Linear layers in a forward pass, each by the layer's name."""

    def __init__(self) -> None:
        self.of: dict[str, list[_Use]] = {}

    @contextmanager
    def seen_in(self, module: nn.Module) -> Iterator[None]:
        """Note down what runs inside, by hooks."""
        handles = []
        for name, part in module.named_modules():
            if isinstance(part, nn.Linear):
                self.of[name] = []

                def see(
                    _: Any, args: Any, kwargs: Any, out: Tensor, name: str = name
                ) -> Tensor:
                    given = args[0] if args else kwargs["input"]
                    self.of[name].append(_Use(given.detach(), out))
                    return out.clone()

                handles.append(part.register_forward_hook(see, with_kwargs=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def outputs_of(found: Any, n: int) -> Tensor:
    """The outputs of n rows, (n, k), in what a module returns: the first of several.

    Raises
    ------
    NoGramError
        If there is no such tensor.
    """
    if isinstance(found, (tuple, list)) and found:
        return outputs_of(found[0], n)
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if not isinstance(found, Tensor):
        raise NoGramError(f"the module returns a {type(found).__name__}")
    # A single row's may have lost their axis.
    has_rows = n == 1 or found.shape[:1] == (n,)
    if not (found.is_floating_point() and has_rows):
        raise NoGramError(
            f"outputs of {n} rows are {found.dtype} of shape {tuple(found.shape)}"
        )
    outputs = found.reshape(n, -1)
    if not 1 <= outputs.shape[1] <= _MOST_OUTPUTS:
        raise NoGramError(f"a row has {outputs.shape[1]} outputs")
    return outputs


def gram_matrix_of(
    twin: nn.Module, rows: Rows, outputs: Tensor, uses: LinearUses, trained: Set[str]
) -> Tensor:
    """(1/k) Σ_i J_i J_iᵀ of the k outputs in the trained parameters, (n, n), float64.

    Parameters
    ----------
    twin : nn.Module
        All of whose parameters have gradients.
    rows : Rows
        Those of the forward pass.
    outputs : Tensor of shape (n, k)
        What it gave, each row's from that row alone.
    uses : LinearUses
        What it noted down.
    trained : set of str
        Names of the trained parameters.

    Raises
    ------
    NoGramError
        If it takes more memory than is sensible, or does not come out right.
    """
    parameters = {n: p for n, p in twin.named_parameters() if n in trained}
    if not parameters:
        raise NoGramError("no parameter is trained")
    if outputs.grad_fn is None:
        raise NoGramError("the outputs have no gradient")
    if any(p.is_complex() for p in parameters.values()):
        raise NoGramError("there are complex parameters")
    parts = _of_linear_layers(outputs, uses, parameters)
    H = sum(parts.values(), outputs.new_zeros(len(rows), len(rows), dtype=torch.double))
    done = {_full(name, local) for name in parts for local in ("weight", "bias")}
    rest = {n: p for n, p in parameters.items() if n not in done}
    for some in _groups(rest, len(rows)):
        for i in range(outputs.shape[1]):
            J = _jacobian(twin, rows, i, some, outputs[:, i].detach())
            H = H + J @ J.T
    return H / outputs.shape[1]


def _of_linear_layers(
    outputs: Tensor, uses: LinearUses, parameters: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Σ_i J_i J_iᵀ of each Linear layer that is used once, on rows of numbers.

    Of those only whose gradients, summed over the rows, are autograd's: their weights
    are used nowhere else, and as a Linear layer does.
    """
    n, k = outputs.shape
    layers = {
        name: _Layer(
            found[0],
            parameters.get(_full(name, "weight")),
            parameters.get(_full(name, "bias")),
        )
        for name, found in uses.of.items()
        if len(found) == 1 and found[0].features.shape[:-1] == (n,)
    }
    layers = {name: one for name, one in layers.items() if one.parameters}
    inner = {name: one.inner_products() for name, one in layers.items()}
    sums = {name: torch.zeros_like(products) for name, products in inner.items()}
    for i in range(k):
        for name, (D, *gradients) in zip(
            layers, _derivatives(outputs[:, i].sum(), layers.values()), strict=True
        ):
            if name in sums and not layers[name].explains(D, gradients):
                del sums[name]
            if name in sums:
                sums[name] += inner[name] * (D.double() @ D.double().T)
    return sums


class _Layer(NamedTuple):
    """A Linear layer's use, and those of its parameters that are trained."""

    use: _Use
    weight: Tensor | None
    bias: Tensor | None

    @property
    def parameters(self) -> list[Tensor]:
        return [p for p in (self.weight, self.bias) if p is not None]

    def inner_products(self) -> Tensor:
        """Those of the rows' features, (n, n)."""
        F = self.use.features.double()
        products = F @ F.T if self.weight is not None else F.new_zeros(len(F), len(F))
        return products if self.bias is None else products + 1

    def explains(self, D: Tensor, gradients: list[Tensor]) -> bool:
        """Whether the rows' outer products add up to the parameters' gradients."""
        made = [] if self.weight is None else [D.T @ self.use.features]
        made += [] if self.bias is None else [D.sum(dim=0)]
        return all(map(close, made, gradients))


def _derivatives(output: Tensor, layers: Iterable[_Layer]) -> Iterator[list[Tensor]]:
    """For each layer: in its outputs, and in its trained parameters."""
    asked = [[one.use.outputs, *one.parameters] for one in layers]
    flat = [tensor for several in asked for tensor in several]
    found = iter(
        torch.autograd.grad(output, flat, retain_graph=True, materialize_grads=True)
        if flat
        else ()
    )
    return ([next(found) for _ in several] for several in asked)


def _groups(
    parameters: Mapping[str, Tensor], n: int
) -> Iterator[dict[str, nn.Parameter]]:
    """The parameters, as many together as have rows' gradients of a sensible size."""
    some: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if n * parameter.numel() > _MOST:
            raise NoGramError(
                f"{n} rows' gradients in {name} have {n * parameter.numel()} numbers: "
                "give a smaller n_samples"
            )
        if some and n * (parameter.numel() + sum(map(Tensor.numel, some.values()))) > (
            _AT_A_TIME
        ):
            yield some
            some = {}
        some[name] = parameter
    if some:
        yield some


def _jacobian(
    twin: nn.Module, rows: Rows, i: int, some: dict[str, nn.Parameter], expected: Tensor
) -> Tensor:
    """The rows' gradients of output i in some parameters, (n, numbers), float64."""
    tensors = rows.tensors()

    def output(parameters: dict[str, Tensor], *given: Tensor) -> tuple[Tensor, Tensor]:
        parts = iter(given)
        row = rows.mapped(lambda _: next(parts).clone().unsqueeze(0))
        found = functional_call(twin, parameters, row.args, row.kwargs)
        one = outputs_of(found, 1)[0, i]
        return one, one

    of_rows = vmap(
        grad(output, has_aux=True), (None, *(0 for _ in tensors)), randomness="same"
    )
    try:
        with without_warning("There is a performance drop"):
            found, outputs = of_rows({n: p.detach() for n, p in some.items()}, *tensors)
            parts = [found[name].flatten(1) for name in some]
    except Exception:  # not all that can be called can be called for many at once
        parts, outputs = _row_by_row(twin, rows, i, list(some.values()))
    if not close(outputs, expected):
        raise NoGramError("a row alone has another output than among others")
    return torch.cat(parts, dim=1).double()


def _row_by_row(
    twin: nn.Module, rows: Rows, i: int, parameters: list[nn.Parameter]
) -> tuple[list[Tensor], Tensor]:
    gradients, outputs = [], []
    for s in range(len(rows)):
        row = rows.at(slice(s, s + 1)).mapped(Tensor.clone)
        one = outputs_of(twin(*row.args, **row.kwargs), 1)[0, i]
        found = torch.autograd.grad(one, parameters, materialize_grads=True)
        gradients.append(torch.cat([part.to_dense().flatten() for part in found]))
        outputs.append(one.detach())
    return [torch.stack(gradients)], torch.stack(outputs)


def close(found: Tensor, expected: Tensor) -> bool:
    """Whether they are the same up to rounding."""
    exact = min(torch.finfo(found.dtype).eps, torch.finfo(expected.dtype).eps)
    largest = torch.maximum(found.norm(), expected.norm())
    return bool((found - expected).norm() <= exact**0.5 * largest)


def _full(name: str, local: str) -> str:
    return f"{name}.{local}".lstrip(".")
