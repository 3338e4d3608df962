"""The infinite width of Li and Liang's network, in the space of functions.

With a step η = c/m, the outputs f of the network and its trained layer have a limit as
m → ∞ (the neural tangent kernel of Jacot, Gabriel, Hongler 2018, for minibatch SGD on
the softmax cross-entropy):

======================================  ============================================
f_i(0), i ∈ [k]                         independent Gaussian processes with the kernel
                                        |x||y| (sin θ + (π − θ) cos θ)/2π
K∞(x, y)                                x·y (π − θ)/2π; if the readout is trained
                                        too, plus the kernel of f(0)
f(t+1) − f(t)                           −(c/B) Σ_{s ∈ batch} K∞(·, x_s)(o_s − 1{y_s})
‖W(t) − W(0)‖_F² m                      tr(RᵀKR), with f(t) = f(0) + K∞(·, X) R(t) and
                                        W's part K of K∞
of them the intercepts' part            tr(RᵀGR), G = (π − θ)/2π
======================================  ============================================

R, shape (n, k), adds up what the steps have put at the training rows.
"""

from functools import partial

from torch import Tensor

from overparam_sk.networks.arc_cosine import (
    DirectedRows,
    both_layers_parts,
    gated_linear_parts,
)
from overparam_sk.networks.li_liang_2018 import (
    LiLiang2018,
    initial_weight_chunks,
    readout_weights,
)
from overparam_sk.threads import share_out

__all__ = ["KernelRows", "random_outputs"]

# Numbers of a block of the kernel, or of pre-activations, that is computed at a time
# in some ten passes: a block is what a helper takes, and has memory of its own.
_BLOCK_ELEMENTS = 2**20


class KernelRows:
    """K∞(Y, X), row by row: stored if there is room, and otherwise made when asked for.

    Parameters
    ----------
    Y : DirectedRows
        p rows.
    X : DirectedRows
        n rows.
    room : float
        Bytes that may be stored.
    constant : bool, default=False
        Whether the last column of the rows is the 1 of an intercept, whose part of the
        kernel is wanted too.
    readout : bool, default=False
        Whether the readout is trained, whose part of the kernel is wanted too.

    Attributes
    ----------
    n_parts : int
        1 or, with what belongs to an intercept and to the readout, 2.
    """

    def __init__(
        self,
        Y: DirectedRows,
        X: DirectedRows,
        room: float,
        *,
        constant: bool = False,
        readout: bool = False,
    ) -> None:
        self._Y, self._X = Y, X
        self._constant, self._readout = constant, readout
        self.n_parts = 1 + (constant or readout)
        self._stored: tuple[Tensor, ...] = ()
        p, n = len(Y.norms), len(X.norms)
        if self.n_parts * p * n * X.norms.itemsize <= room:
            self._stored = self._made(Y, X)

    @property
    def is_stored(self) -> bool:
        """Whether a row costs no product."""
        return bool(self._stored)

    def take(self, indices: Tensor) -> tuple[Tensor, ...]:
        """K∞(Y[indices], X), shape (len(indices), n), and the others' part."""
        if self._stored:
            return tuple(part.index_select(0, indices) for part in self._stored)
        return self._made(self._Y.take(indices), self._X)

    def times(self, V: Tensor) -> Tensor:
        """K∞(Y, X) V for V of shape (n, k), shape (p, k); rows of zeros are free."""
        if self._stored:
            return self._stored[0] @ V
        (there,) = V.any(dim=1).nonzero(as_tuple=True)
        V, X = V[there], self._X.take(there)
        product = V.new_empty(len(self._Y.norms), V.shape[1])

        def write(places: slice) -> None:
            product[places] = self._parts(self._Y.take(places), X)[0] @ V

        share_out([partial(write, at) for at in _slices(len(product), len(V))])
        return product

    def _made(self, Y: DirectedRows, X: DirectedRows) -> tuple[Tensor, ...]:
        p, n = len(Y.norms), len(X.norms)
        made = tuple(X.norms.new_empty(p, n) for _ in range(self.n_parts))

        def write(places: slice) -> None:
            parts = self._parts(Y.take(places), X)
            for whole, part in zip(made, parts, strict=True):
                whole[places] = part

        share_out([partial(write, places) for places in _slices(p, n)])
        return made

    def _parts(self, Y: DirectedRows, X: DirectedRows) -> tuple[Tensor, ...]:
        """The kernel and, where there is such, what of it does not belong to W."""
        if not self._readout:
            return gated_linear_parts(Y, X)[: self.n_parts]
        kernel, gates, of_readout = both_layers_parts(Y, X)
        others = of_readout + gates if self._constant else of_readout
        return kernel + of_readout, others


def _slices(n_rows: int, n_columns: int) -> list[slice]:
    size = max(1, _BLOCK_ELEMENTS // max(1, n_columns))
    return [slice(i, i + size) for i in range(0, n_rows, size)]


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

    def add(part: LiLiang2018, W: Tensor, rows: slice) -> None:
        outputs[rows] += part.outputs_(X[rows] @ W.T)

    for units, W in chunks:
        part = network.of_units(units)
        share_out([partial(add, part, W, rows) for rows in _slices(len(X), len(W))])
    return outputs
