"""The infinite width of Li and Liang's network, in the space of functions.

With a step η = c/m, the outputs f of the network and its trained layer have a limit as
m → ∞ (the neural tangent kernel of Jacot, Gabriel, Hongler 2018, for minibatch SGD on
the softmax cross-entropy):

======================================  ============================================
f_i(0), i ∈ [k]                         independent Gaussian processes with the kernel
                                        |x||y| (sin θ + (π − θ) cos θ)/2π
K∞(x, y)                                x·y (π − θ)/2π
f(t+1) − f(t)                           −(c/B) Σ_{s ∈ batch} K∞(·, x_s)(o_s − 1{y_s})
‖W(t) − W(0)‖_F² m                      tr(RᵀK∞R), with f(t) = f(0) + K∞(·, X) R(t)
======================================  ============================================

R, shape (n, k), adds up what the steps have put at the training rows.
"""

from torch import Tensor

from overparam_sk.networks.arc_cosine import gated_linear_kernel
from overparam_sk.networks.li_liang_2018 import (
    LiLiang2018,
    initial_weight_chunks,
    readout_weights,
)

__all__ = ["KernelRows", "random_outputs"]

# Numbers of a block of the kernel, or of pre-activations, that is computed at a time.
_BLOCK_ELEMENTS = 2**22


class KernelRows:
    """K∞(Y, X), row by row: stored if there is room, and otherwise made when asked for.

    Parameters
    ----------
    Y : Tensor of shape (p, d)
    X : Tensor of shape (n, d)
    room : float
        Bytes that may be stored.
    """

    def __init__(self, Y: Tensor, X: Tensor, room: float) -> None:
        self._Y, self._X = Y, X
        self._stored: Tensor | None = None
        if len(Y) * len(X) * X.dtype.itemsize <= room:
            stored = X.new_empty(len(Y), len(X))
            for places in self._slices():
                stored[places] = gated_linear_kernel(Y[places], X)
            self._stored = stored

    @property
    def is_stored(self) -> bool:
        """Whether a row costs no product."""
        return self._stored is not None

    def take(self, indices: Tensor) -> Tensor:
        """K∞(Y[indices], X), shape (len(indices), n)."""
        if self._stored is not None:
            return self._stored.index_select(0, indices)
        return gated_linear_kernel(self._Y.index_select(0, indices), self._X)

    def times(self, V: Tensor) -> Tensor:
        """K∞(Y, X) V for V of shape (n, k), shape (p, k)."""
        if self._stored is not None:
            return self._stored @ V
        product = V.new_empty(len(self._Y), V.shape[1])
        for places in self._slices():
            product[places] = gated_linear_kernel(self._Y[places], self._X) @ V
        return product

    def _slices(self) -> list[slice]:
        size = max(1, _BLOCK_ELEMENTS // len(self._X))
        return [slice(i, i + size) for i in range(0, len(self._Y), size)]


def random_outputs(
    X: Tensor, *, seed: int, m: int | None, k: int, constant: bool
) -> Tensor:
    """A draw of f(0): the outputs of a network of m units at initialisation.

    Given its hidden weights, and over its readout, f(0) is exactly a Gaussian process;
    its kernel is that of the limit up to O(1/√m). It is the function at which a network
    of width m and the same seed starts.

    Parameters
    ----------
    X : Tensor of shape (n, d)
        With the column of ones, if ``constant``.
    seed : int
    m : int or None
        None is f(0) = 0, the mean of the process.
    k : int
    constant : bool

    Returns
    -------
    Tensor of shape (n, k)
    """
    outputs = X.new_zeros(len(X), k)
    if m is None:
        return outputs
    a = readout_weights(seed, k, m, dtype=X.dtype, device=X.device)
    network = LiLiang2018(a)
    n_given = X.shape[1] - constant
    chunks = initial_weight_chunks(
        seed, m, n_given, constant=constant, dtype=X.dtype, device=X.device
    )
    for units, W in chunks:
        part = network.of_units(units)
        size = max(1, _BLOCK_ELEMENTS // len(W))
        for first in range(0, len(X), size):
            rows = slice(first, first + size)
            outputs[rows] += part.outputs_(X[rows] @ W.T)
    return outputs
