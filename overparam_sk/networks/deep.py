"""ReLU networks of any depth with a ±1 readout, of which K19's is the case L = 2.

f_i(x) = (Π_l h_l)^(−1/2) w_iᵀ σ(W_L σ(… σ(W_1 x))), σ = ReLU. The layers W_l are
trained, w is fixed.

============================  ==============  ==============================
Symbol                        Code            Shape
============================  ==============  ==============================
W_1, …, W_L                   ``layers``      (h_l, h_{l−1}), h_0 = d
w, the readout, ±1            ``w``           (h_L,), or (k, h_L): k outputs
W_1 x                         ``Z``           (n, h_1)
Y_l = σ(Z_l), l < L           ``Y``           (n, h_l)
S_L = 1{Z_L > 0}              ``S``           (n, h_L)
G_l = ∂(w_iᵀ Y_L)/∂Z_l        ``G``           (n, h_l)
f(x)                          ``u``           (n,), or (n, k)
============================  ==============  ==============================

Everything follows from Z and the weights, but for the inner products X Xᵀ in the Gram
matrix, as G_L = w_i ⊙ S_L and G_{l−1} = (G_l W_l) ⊙ 1{Y_{l−1} > 0}. The last two layers
of a network of one output are K19's network on Z_{L−1}.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import kong_2019
from overparam_sk.threads import share_out

__all__ = ["DeepForward", "DeepNetwork"]

# Numbers of the last layer's pre-activations that stand at a time for a Gram matrix,
# and where outputs alone are asked for.
_BLOCK_ELEMENTS = 2**22
_OUTPUT_ELEMENTS = 2**20


class DeepForward(NamedTuple):
    """What a forward pass leaves: all that gradients and Gram matrix are made of."""

    Y: tuple[Tensor, ...]  # (n, h_l), l < L
    S: Tensor  # (n, h_L), 0.0 or 1.0
    V: Tensor | None  # (n, h_{L−1}), G_{L−1} of a single output, if L > 1
    u: Tensor  # (n,) or (n, k)

    @property
    def patterns(self) -> tuple[Tensor, ...]:
        """1{Z_l > 0} of every layer, bool."""
        return *(Y > 0 for Y in self.Y), self.S > 0


class DeepNetwork(NamedTuple):
    """The weights of one network, and what follows from them."""

    layers: tuple[Tensor, ...]
    w: Tensor

    @property
    def signs(self) -> Tensor:
        """The readout, shape (k, h_L), whatever k is."""
        return self.w.reshape(-1, self.w.shape[-1])

    @property
    def widest(self) -> int:
        """Pre-activations of a row that have to stand beside the first layer's."""
        return max(len(W) for W in self.layers[1:] or self.layers)

    def double(self) -> "DeepNetwork":
        """The same in float64."""
        return DeepNetwork(tuple(W.double() for W in self.layers), self.w.double())

    def forward(self, Z: Tensor) -> DeepForward:
        """Outputs f(x_i) from Z = X W_1ᵀ.

        Parameters
        ----------
        Z : Tensor of shape (n, h_1)
        """
        one = self.w.ndim == 1 and len(self.layers) > 1
        Y, Z = self._below(Z, self.layers[1:-1] if one else self.layers[1:])
        if one:
            at = kong_2019.forward(Z, self.layers[-1], self.w)
            if Y:
                at.u.mul_(self._scale_below)
            return DeepForward((*Y, at.Y), at.S2, at.V, at.u)
        last = Z.clamp_min(0)
        u = torch.nn.functional.linear(last, self.w).mul_(self._scale)
        return DeepForward(Y, last.gt_(0), None, u)

    def outputs(self, Z: Tensor) -> Tensor:
        """Outputs of many rows, shape (n,) or (n, k), a few of them at a time."""
        u = Z.new_empty(len(Z), *self.w.shape[:-1])
        size = max(1, _OUTPUT_ELEMENTS // self.widest)

        def write(first: int) -> None:
            u[first : first + size] = self.forward(Z[first : first + size]).u

        share_out([partial(write, first) for first in range(0, len(Z), size)])
        return u

    def patterns_at(self, Z: Tensor) -> tuple[Tensor, ...]:
        """1{Z_l > 0} of every layer, bool."""
        Y, Z = self._below(Z, self.layers[1:])
        return *(y > 0 for y in Y), Z > 0

    def gradients(self, at: DeepForward, residual: Tensor) -> tuple[Tensor, ...]:
        """Gradients of L in Z = X W_1ᵀ and in W_2, …, W_L, from ∂L/∂u.

        The gradient in W_1 is ``dZ.T @ X``.

        Parameters
        ----------
        at : DeepForward
        residual : Tensor of shape (n,) or (n, k)
            ∂L/∂u, for each row times its weight.
        """
        found: list[Tensor] = []
        layers = self.layers[1:]
        if at.V is not None:
            top = kong_2019.Forward(at.Y[-1], at.S, at.V, at.u)
            if len(layers) > 1:
                residual = residual * self._scale_below
            D, dW = kong_2019.preactivation_gradients(top, self.w, residual)
            found, layers = [dW], layers[:-1]
        else:
            scaled = (residual * self._scale).reshape(len(at.S), -1)
            D = (scaled @ self.signs).mul_(at.S)
        for W, Y in reversed(list(zip(layers, at.Y, strict=False))):
            found.append(D.T @ Y)
            D = (D @ W).mul_(Y > 0)
        return D, *reversed(found)

    def derivative(
        self, at: DeepForward, dZ: Tensor, above: Sequence[Tensor]
    ) -> Tensor:
        """What u gains as Z = X W_1ᵀ and W_2, …, W_L move, patterns being as they are.

        Parameters
        ----------
        at : DeepForward
        dZ : Tensor of shape (n, h_1)
        above : sequence of Tensor
            Of the shapes of W_2, …, W_L.
        """
        for W, dW, Y in zip(self.layers[1:], above, at.Y, strict=True):
            dZ = (dZ * (Y > 0)) @ W.T + Y @ dW.T
        return torch.nn.functional.linear(dZ * at.S, self.w).mul_(self._scale)

    def gram_parts(
        self, at: DeepForward, inner: Tensor, pairs: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """The parts of H that belong to W_1, …, W_L; no Jacobian is formed.

        H = (1/Π h_l) Σ_l (Y_{l−1} Y_{l−1}ᵀ) ⊙ (G_l G_lᵀ), Y_0 = X, averaged over the
        outputs.

        Parameters
        ----------
        at : DeepForward
        inner : Tensor of shape (n, n)
            X Xᵀ, in float64.
        pairs : Tensor of shape (n, n), default=None
            S Sᵀ, if it is known: how many units are active on both rows.
        """
        pairs = kong_2019.active_together(at.S) if pairs is None else pairs
        grams = [torch.zeros_like(inner) for _ in at.Y]
        for a in self.signs if at.Y else ():
            V = at.V
            if V is None:
                V = (at.S @ (a.unsqueeze(1) * self.layers[-1])).mul_(at.Y[-1] > 0)
            for gram, below in zip(
                reversed(grams), self._descend(V, at.Y), strict=True
            ):
                gram += below / len(self.signs)
        return self._parts(at.Y, inner, [*grams, pairs])

    def gram_parts_by_units(
        self, Z: Tensor, inner: Tensor, which: Literal["mean", "full"] = "mean"
    ) -> tuple[Tensor, ...]:
        """`gram_parts` of Z = X W_1ᵀ, a few units of the last layer at a time.

        "full" keeps the k outputs apart: parts of shape (n·k, n·k), of which row
        s·k + i belongs to output i on row s.
        """
        Y, last = self._below(Z, self.layers[1:-1])
        if len(self.layers) > 1:
            Y = (*Y, last.clamp_min(0))
        each = [self.signs] if which == "full" else list(self.signs.unsqueeze(1))
        grams = self._grams(Z, Y, each[0])
        for a in each[1:]:
            for total, gram in zip(grams, self._grams(Z, Y, a), strict=True):
                total += gram
        return self._parts(Y, inner, [total / len(each) for total in grams])

    @property
    def _scale(self) -> float:
        return float(math.prod(len(W) for W in self.layers) ** -0.5)

    @property
    def _scale_below(self) -> float:
        """What K19's network on top of the others leaves of the scale."""
        return float(math.prod(len(W) for W in self.layers[:-2]) ** -0.5)

    @staticmethod
    def _below(
        Z: Tensor, layers: tuple[Tensor, ...]
    ) -> tuple[tuple[Tensor, ...], Tensor]:
        """Y below each of some layers, and the last one's pre-activations."""
        Y = []
        for W in layers:
            Y.append(Z.clamp_min(0))
            Z = Y[-1] @ W.T
        return tuple(Y), Z

    def _descend(self, V: Tensor, Y: tuple[Tensor, ...]) -> Iterator[Tensor]:
        """G_l G_lᵀ for l = L − 1, …, 1, float64, from V = G_{L−1}."""
        k = len(V) // len(Y[-1])
        for W, below in zip(
            reversed(self.layers[:-1]), (*reversed(Y[:-1]), None), strict=True
        ):
            wide = V.double()
            yield wide @ wide.T
            if below is not None:
                V = (V @ W).mul_((below > 0).repeat_interleave(k, dim=0))

    def _grams(self, Z: Tensor, Y: tuple[Tensor, ...], a: Tensor) -> list[Tensor]:
        """G_l G_lᵀ for l = 1, …, L of the outputs of some signs, all rows of each."""
        n, k = len(Z), len(a)
        pairs = torch.zeros(n * k, n * k, dtype=torch.float64, device=Z.device)
        V = Z.new_zeros(n * k, Y[-1].shape[1]) if Y else None
        size = max(1, _BLOCK_ELEMENTS // (n * k))
        last = self.layers[-1]
        for units in (slice(i, i + size) for i in range(0, len(last), size)):
            S = ((Y[-1] @ last[units].T) if Y else Z[:, units]) > 0
            G = (S.unsqueeze(1) * a[:, units]).reshape(n * k, -1)
            pairs += kong_2019.active_together(G)
            if V is not None:
                V += G @ last[units]
        if V is None:
            return [pairs]
        V.mul_((Y[-1] > 0).repeat_interleave(k, dim=0))
        return [*reversed(list(self._descend(V, Y))), pairs]

    def _parts(
        self, Y: tuple[Tensor, ...], inner: Tensor, grams: list[Tensor]
    ) -> tuple[Tensor, ...]:
        """(Y_{l−1} Y_{l−1}ᵀ) ⊙ (G_l G_lᵀ) / Π h_l for l = 1, …, L, float64."""
        scale = 1 / math.prod(len(W) for W in self.layers)
        n, k = len(inner), len(grams[-1]) // len(inner)
        below = [inner, *(y.double() @ y.double().T for y in Y)]
        parts = []
        for products, gram in zip(below, grams, strict=True):
            blocks = gram.double().view(n, k, n, k)
            part = products[:, None, :, None] * blocks * scale
            parts.append(part.view(n * k, n * k))
        return tuple(parts)
