"""The Gram matrix at the current weights, and its smallest eigenvalue.

Made of masked matrix products only (`networks.gate_gram` and others): the
Jacobian, n·m·d numbers, is never formed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from overparam_sk.arrays import check_finite, real_array, real_rows
from overparam_sk.devices import memory_of, resolve_device
from overparam_sk.diagnostics.diagnostic import Diagnostic
from overparam_sk.diagnostics.views import GramView, View
from overparam_sk.linalg import inner_products, smallest_eigenvalue, spectrum
from overparam_sk.memory import check_room
from overparam_sk.networks import (
    DeepNetwork,
    FirstLayerNetwork,
    LiLiang2018,
    gate_gram,
    output_gate_gram,
)
from overparam_sk.parameters import COUNT, FLAG, either, one_of, shown
from overparam_sk.rows import Rows, as_rows
from overparam_sk.world import in_own_world

__all__ = [
    "GramLambdaMin",
    "GramSource",
    "check_gram_fits",
    "deep_gram",
    "first_layer_gram",
    "gram_lambda_min",
    "gram_matrix",
    "gram_spectrum",
]

# Matrices of the Gram matrix's size, in float64, that stand at a time: of one layer,
# and more for each other one.
_MATRICES, _MORE_EACH = 4, 5
# Numbers of pre-activations that stand at a time.
_BLOCK_ELEMENTS = 2**23

Which = Literal["mean", "full"]
_WHICH = one_of("mean", "full")
_LAYER = either(one_of(None), COUNT)


class GramLambdaMin(Diagnostic):
    """λ_min of the network's Gram matrix on a sample of the training rows.

    By interlacing it bounds λ_min of the Gram matrix of all rows from above. An
    eigenvalue that is rounding noise is reported as 0.0.
    """

    name: ClassVar[str] = "gram_lambda_min"
    sees: ClassVar[type] = GramView
    layers: ClassVar[slice] = slice(0, 1)

    def accumulate(self, view: View) -> None:
        """Add a summand."""
        assert isinstance(view, GramView)
        self.add(view.part)

    def value(self) -> float:
        """λ_min of the sum. On the CPU: CUDA's solvers are slow at n ≈ 100."""
        assert self.total is not None
        return smallest_eigenvalue(self.total.cpu())


@dataclass(frozen=True)
class GramSource:
    """What a Gram matrix is made of: an estimator's ``gram_source``, once it is fitted.

    Parameters
    ----------
    gram : callable
        ``(which, rows, *weights) -> H``, a Tensor, all of them in float64.
    weights : callable
        Gives all weights, those of the layer that sees the rows first.
    constant : bool, default=False
        Whether that layer's last column is the weights of a constant 1.
    n_outputs : int, default=1
        Outputs that "full" keeps apart.
    initial : callable or None, default=None
        As ``weights``, of those at initialisation; None where nobody knows them.
    n_layers : int, default=0
        Trained layers whose parts ``gram`` gives apart, if it is called with ``layer``,
        which counts from 1; 0 where it does not take it.
    """

    gram: Callable[..., Tensor]
    weights: Callable[[], tuple[NDArray[Any], ...]]
    constant: bool = False
    n_outputs: int = 1
    initial: Callable[[], tuple[NDArray[Any], ...]] | None = None
    n_layers: int = 0

    def of_layer(self, layer: int | None) -> Callable[..., Tensor]:
        """``gram``, or what gives the part of a layer."""
        if layer is None:
            return self.gram
        if layer > self.n_layers:
            there = f"at most {self.n_layers}, the trained layers of the network"
            raise ValueError(
                f"layer must be {there if self.n_layers else 'None for this network'}, "
                f"got {layer}."
            )
        return partial(self.gram, layer=layer)


def check_gram_fits(
    n: int, device: torch.device, advice: str, *, n_layers: int = 1
) -> None:
    """Refuse a Gram matrix that the machine cannot hold, before anything is allocated.

    Raises
    ------
    MemoryError
        Naming the bytes, and ``advice``.
    """
    check_room(
        f"The Gram matrix of {n} rows",
        (_MATRICES + _MORE_EACH * (n_layers - 1)) * 8 * n * n,
        advice,
        memory_of(device),
        str(device),
    )


@in_own_world
def gram_matrix(
    estimator_or_params: Any,
    X: ArrayLike,
    *,
    which: Which = "mean",
    initial: bool = False,
    layer: int | None = None,
    device: str = "cpu",
) -> NDArray[np.float64]:
    """Gram matrix of the outputs' gradients in the trained weights, in float64.

    Li and Liang's network: H = (1/(k·m)) Σ_i J_i J_iᵀ, the average over the k outputs,

        H_st = x_s·x_t (1/m) Σ_r ā_r 1{w_r·x_s > 0} 1{w_r·x_t > 0},

    with ā_r = mean_i a²_{i,r}, of f itself whatever its outputs are multiplied by: the
    loss is divided by as much; where the readout is trained too, plus
    Σ_r ReLU(w_r·x_s) ReLU(w_r·x_t). Kong's: H = J Jᵀ (K19 eq. 9), by Prop. 1

        H = [(Y Yᵀ) ⊙ (S2 S2ᵀ) + (X Xᵀ) ⊙ (V Vᵀ)] / (h_1 h_2),

    which of L layers is (1/Π h_l) Σ_l (Y_{l−1} Y_{l−1}ᵀ) ⊙ (G_l G_lᵀ), averaged over
    the outputs, with Y_l what layer l puts out, Y_0 = X and G_l = ∂(wᵀY_L)/∂Z_l.

    Parameters
    ----------
    estimator_or_params : fitted estimator or tuple of array-like
        One with a ``gram_source``, as OverparamReLUClassifier, LinearizedReLUClassifier
        and TwoHiddenReLURegressor have; or (W, a) of shapes (m, d) and (k, m); or
        (A, B, w) of shapes (h1, d), (h2, h1) and (h2,), and so for any other number of
        layers below the signs w.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    which : {"mean", "full"}, default="mean"
        "full" keeps the outputs apart: (1/m) J Jᵀ, whose row s·k + i belongs to output
        i on sample s; J Jᵀ where the readout is signs. With one output both are the
        same.
    initial : bool, default=False
        Whether to take the estimator's weights at initialisation: H(0).
    layer : int or None, default=None
        The gradients in the weights of which layer make the matrix, from 1; one above
        the hidden layers is a readout that is trained. None is all of them, whose parts
        add up.
    device : str, default="cpu"
        Where to compute: "cpu", "cuda", "cuda:1", "mps"; "auto" is the first CUDA
        device where there is one.

    Returns
    -------
    ndarray of shape (n_samples, n_samples), or (n_samples·k, n_samples·k) if "full"

    Raises
    ------
    ValueError
        For weights or rows that do not fit together, or are not finite; for a device
        or a layer that is not there; for ``initial`` where weights are given, which
        know of none.
    MemoryError
        If the matrix is larger than the memory, before anything is allocated.
    """
    which, layer = _WHICH("which", which), _LAYER("layer", layer)
    source = _source(estimator_or_params)
    gram = source.of_layer(layer)
    taken, where = source.weights, resolve_device(device)
    if FLAG("initial", initial):
        if source.initial is None:
            raise ValueError(
                "initial must be False unless estimator_or_params is an estimator that "
                f"knows its initial weights, got {initial!r}."
            )
        taken = source.initial
    weights = [real_array("The weights", part) for part in taken()]
    X_ = _checked_rows(X, len(weights[0].T), source.constant)
    n_outputs = source.n_outputs if which == "full" else 1
    side, n_layers = X_.shape[0] * n_outputs, max(1, source.n_layers)
    check_gram_fits(side, where, "pass fewer rows", n_layers=n_layers)
    rows = as_rows(X_, constant=source.constant, dtype=torch.float64, device=where)
    tensors = [torch.from_numpy(part).to(rows.device) for part in weights]
    H = gram(which, rows, *tensors)
    return check_finite("The Gram matrix", H.cpu().numpy())


@in_own_world
def gram_lambda_min(
    estimator_or_params: Any,
    X: ArrayLike,
    *,
    which: Which = "mean",
    initial: bool = False,
    layer: int | None = None,
    device: str = "cpu",
) -> float:
    """Smallest eigenvalue of `gram_matrix`.

    Parameters
    ----------
    estimator_or_params, X, which, initial, layer, device
        As for `gram_matrix`, which raises what it raises.

    Returns
    -------
    float
        Exactly 0.0 if it is no larger than the eigenvalue problem's rounding error.

    Warns
    -----
    RuntimeWarning
        When the iterations that look for it, above 16384 rows, have not converged; all
        eigenvalues are computed then.
    """
    options: dict[str, Any] = {"which": which, "initial": initial, "device": device}
    H = gram_matrix(estimator_or_params, X, layer=layer, **options)
    return smallest_eigenvalue(torch.from_numpy(H))


@in_own_world
def gram_spectrum(
    estimator_or_params: Any,
    X: ArrayLike,
    *,
    which: Which = "mean",
    initial: bool = False,
    layer: int | None = None,
    device: str = "cpu",
) -> NDArray[np.float64]:
    """Eigenvalues of `gram_matrix`, descending.

    Parameters
    ----------
    estimator_or_params, X, which, initial, layer, device
        As for `gram_matrix`, which raises what it raises.

    Returns
    -------
    ndarray of shape (n_samples,), or (n_samples·k,) if "full"
        Exactly 0.0 where one is no larger than the eigenvalue problem's rounding error.

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> from overparam_sk.diagnostics import gram_spectrum
    >>> X, y = make_unit_sphere(20, 10, random_state=0)
    >>> net = TwoHiddenReLURegressor(
    ...     learning_rate=1e-3, max_iter=20, random_state=0
    ... ).fit(X, y)
    >>> start, now = (gram_spectrum(net, X, initial=i) for i in (True, False))
    >>> start.shape, bool(now[0] > start[0])
    ((20,), True)
    """
    options: dict[str, Any] = {"which": which, "initial": initial, "device": device}
    H = gram_matrix(estimator_or_params, X, layer=layer, **options)
    return spectrum(torch.from_numpy(H)).numpy()


def first_layer_gram(
    which: Which,
    rows: Rows,
    W: Tensor,
    a: Tensor,
    kind: type[FirstLayerNetwork] = LiLiang2018,
    train_readout: bool = False,
    layer: int | None = None,
) -> Tensor:
    """That of LL18's network or of one with other units, some of them at a time.

    A trained readout, the second layer, has its part: J_a J_aᵀ, the same for each
    output, and none between outputs.
    """
    gates = gate_gram if which == "mean" else output_gate_gram
    n_outputs = 1 if which == "mean" else len(a)
    side = len(rows) * n_outputs
    H = torch.zeros(side, side, dtype=torch.float64, device=rows.device)
    of_readout = torch.zeros(len(rows), len(rows), dtype=H.dtype, device=H.device)
    places = torch.arange(len(W), dtype=torch.int64)
    for units in torch.split(places, max(1, _BLOCK_ELEMENTS // side)):
        part, Z = kind(a[:, units]), rows.times(W[units].T)
        if layer != 2:
            H += gates(part.slopes(Z > 0), part.a)
        if train_readout and layer != 1:
            of_readout += inner_products(part.values(Z))
    inner = rows.inner_products().div_(len(W))
    # One inner product for each block of n_outputs² entries.
    blocks = H.view(len(rows), n_outputs, len(rows), n_outputs)
    blocks.mul_(inner[:, None, :, None])
    blocks.diagonal(dim1=1, dim2=3).add_(of_readout.unsqueeze(2))
    return H


def deep_gram(
    which: Which, rows: Rows, *weights: Tensor, layer: int | None = None
) -> Tensor:
    """That of a network of any depth: K19's (Prop. 1) has two layers and one output."""
    *layers, w = weights
    net, Z = DeepNetwork(tuple(layers), w), rows.times(layers[0].T)
    parts = net.gram_parts_by_units(Z, rows.inner_products(), which)
    H, *others = parts if layer is None else parts[layer - 1 : layer]
    for part in others:
        H += part
    return H


def _source(given: Any) -> GramSource:
    """What a fitted estimator hands over, or what a tuple of weights stands for."""
    if not isinstance(given, (tuple, list)):
        source = getattr(given, "gram_source", None)
        if isinstance(source, GramSource):
            return source
        raise ValueError(
            "estimator_or_params must be a fitted OverparamReLUClassifier, "
            "TwoHiddenReLURegressor or other network of weights, or a tuple of them, "
            f"got {shown(given)}."
        )
    parts = tuple(real_array("The weights", part, 1, 2) for part in given)
    shapes = [part.shape for part in parts]
    if not _fit_together(shapes):
        raise ValueError(
            "estimator_or_params must be a fitted estimator, (W, a) of shapes "
            "(m, d), (k, m) or (A, B, w) of shapes (h1, d), (h2, h1), (h2,), or "
            f"of more or fewer such layers, got arrays of shapes {shapes}."
        )
    n_outputs = len(parts[-1]) if parts[-1].ndim == 2 else 1
    gram = first_layer_gram if [len(s) for s in shapes] == [2, 2] else deep_gram
    return GramSource(gram, lambda: parts, n_outputs=n_outputs, n_layers=len(parts) - 1)


def _fit_together(shapes: list[tuple[int, ...]]) -> bool:
    """Whether each has as many columns as the layer below it has units."""
    if len(shapes) < 2 or any(len(shape) != 2 for shape in shapes[:-1]):
        return False
    return all(above[-1] == below[0] for below, above in pairwise(shapes))


def _checked_rows(X: Any, n_columns: int, constant: bool) -> Any:
    X = real_rows("X", X, sparse=True)
    if X.shape[1] + constant != n_columns or not X.shape[0]:
        raise ValueError(
            f"X must have shape (n_samples >= 1, {n_columns - constant}), as the "
            f"weights have, got {X.shape}."
        )
    return X
