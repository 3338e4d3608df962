"""Li, Liang 2018 (LL18): the two-layer ReLU network with a fixed Gaussian readout.

========================  ==================  ==========  =====================
Symbol                    Code                Shape       Where in LL18
========================  ==================  ==========  =====================
m, d, k                   ``m``, ``d``, ``k``  scalars     §3
w_r, the hidden units     ``W``               (m, d)      §3, (A3)
a_{i,r}, the readout      ``a``               (k, m)      §3, (A3)
⟨w_r, x_s⟩                ``Z``               (n, m)      §3
f_i(x_s)                  ``outputs``         (n, k)      §3
o_i(x_s), the softmax     ``o``               (n, k)      §3, "cross entropy"
∂L/∂⟨w_r, x_s⟩            ``Z`` after         (n, m)      eq. (1)
                          ``differentiate_``
========================  ==================  ==========  =====================

Only W is trained. The paper writes 1{⟨w_r, x⟩ ≥ 0} in eq. (1) and "positive" in §7
for the activation pattern; both are 1{⟨w_r, x⟩ > 0} here, as in PyTorch. They differ
only where a pre-activation is exactly zero.
"""

from collections.abc import Iterator
from typing import ClassVar

import torch
from torch import Tensor

from overparam_sk.networks.first_layer import FirstLayerNetwork, Scratch
from overparam_sk.networks.streams import generator, normal

__all__ = [
    "LiLiang2018",
    "LinearizedLiLiang2018",
    "gate_gram",
    "initial_weight_chunks",
    "initial_weights",
    "output_gate_gram",
    "pseudo_gradient_squares",
    "readout_weights",
]

# W(0) is drawn, and drawn again for the diagnostics, in chunks of units of about this
# many numbers, so that it never stands in memory whole beside W. The size is part of
# the definition of W(0): another one is another random stream.
_CHUNK_ELEMENTS = 2**20

# By its overload: to look that up would take longer than a small batch.
_where_positive = torch.ops.aten.threshold_backward.grad_input


class LiLiang2018(FirstLayerNetwork):
    """f_i(x) = Σ_r a_{i,r} ReLU(⟨w_r, x⟩) (LL18 §3)."""

    keeps_preactivations: ClassVar[bool] = False  # a unit is on where its value is > 0

    def activate(self, Z: Tensor, gates: Tensor | None, out: Tensor) -> None:
        """ReLU(Z)."""
        torch.clamp_min(Z, 0, out=out)

    def derive(self, scratch: Scratch, Z: Tensor) -> None:
        """1{Z > 0} times ``backward``."""
        # One pass for (Z > 0) · backward; the mask alone would be a second one.
        _where_positive(scratch.backward, Z, 0, grad_input=Z)

    def slopes(self, active: Tensor) -> Tensor:
        """1{⟨w_r, x⟩ > 0}, or 1{⟨g_r, x⟩ > 0} where there are gates."""
        return active


class LinearizedLiLiang2018(LiLiang2018):
    """g_i(x) = Σ_r a_{i,r} ⟨w_r, x⟩ 1{⟨g_r, x⟩ > 0} with g = w(0), linear in w (§5.1).

    Li and Liang's pseudo network: the activation patterns stay those of W(0).
    """

    gated: ClassVar[bool] = True

    def activate(self, Z: Tensor, gates: Tensor | None, out: Tensor) -> None:
        """Z, set to 0 where a unit is off."""
        assert gates is not None
        torch.mul(Z, gates, out=out)

    def derive(self, scratch: Scratch, Z: Tensor) -> None:
        """The gates times ``backward``."""
        assert scratch.gates is not None
        torch.mul(scratch.backward, scratch.gates, out=Z)


def initial_weight_chunks(
    seed: int,
    m: int,
    d: int,
    *,
    held: slice | None = None,
    constant: bool = False,
    scale: float = 1.0,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[slice, Tensor]]:
    """W(0) a few hidden units at a time: their places and weights, N(0, 1/m) (A3).

    Times ``scale``, that is.

    Drawn on the CPU and in float32, so that every device and both precisions start
    from the same point. ``constant`` appends the weight of a constant 1, drawn from a
    stream of its own: the other d columns are the same with and without it. With
    ``held`` only these units come, and their places are counted from its start.

    Yields
    ------
    units : slice
    chunk : Tensor of shape (u, d) or (u, d + 1)
    """
    size = max(1, _CHUNK_ELEMENTS // d)
    intercept = normal(m, 1, generator=generator(seed, 2))
    held = slice(0, m) if held is None else held
    for first in range(held.start - held.start % size, held.stop, size):
        u = min(size, m - first)
        chunk = normal(u, d, generator=generator(seed, 0, first))
        units = slice(max(first, held.start), min(first + size, held.stop))
        chunk = chunk[units.start - first : units.stop - first]
        if constant:
            chunk = torch.cat([chunk, intercept[units]], dim=1)
        places = slice(units.start - held.start, units.stop - held.start)
        yield places, chunk.to(device=device, dtype=dtype).mul_(scale * m**-0.5)


def initial_weights(
    seed: int,
    m: int,
    d: int,
    *,
    constant: bool = False,
    scale: float = 1.0,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
) -> Tensor:
    """W(0) whole, shape (m, d) or (m, d + 1), on ``device`` (A3)."""
    W = torch.empty(m, d + constant, dtype=dtype, device=device)
    chunks = initial_weight_chunks(
        seed, m, d, constant=constant, scale=scale, dtype=dtype, device=device
    )
    for units, chunk in chunks:
        W[units] = chunk
    return W


def readout_weights(
    seed: int, k: int, m: int, *, dtype: torch.dtype, device: torch.device | str = "cpu"
) -> Tensor:
    """The readout a, shape (k, m), entries N(0, 1) (A3)."""
    draw = normal(k, m, generator=generator(seed, 1))
    return draw.to(device=device, dtype=dtype)


def gate_gram(S: Tensor, a: Tensor) -> Tensor:
    """Σ_r ā_r S_sr S_tr over the given units, shape (n, n), float64.

    ā_r = mean_i a²_{i,r}. The class-averaged Gram matrix of a whole network is
    H = (1/(k·m)) Σ_i J_i J_iᵀ = (X Xᵀ) ⊙ gate_gram(S, a) / m, where J_i is the Jacobian
    of f_i in W. Chunks of units add up.

    Parameters
    ----------
    S : Tensor of shape (n, u)
        Slopes of u units: of ReLU their patterns, bool.
    a : Tensor of shape (k, u)
        Their readout.
    """
    gated = S * a.double().square().mean(dim=0).sqrt_()
    # Of one layout, so that the same slopes give the same bits.
    gated = gated.contiguous()
    return gated @ gated.T


def pseudo_gradient_squares(
    S: Tensor, S0: Tensor, residual: Tensor, a: Tensor, inner: Tensor
) -> Tensor:
    """‖∇L − ∇̃L‖_F² and ‖∇L‖_F² over the given units, shape (2,), float64.

    The gradient of unit r is Σ_s D_sr S_sr x_s with D = residual · a and the units'
    slopes S, of ReLU 1{⟨w_r, x_s⟩ > 0} (eq. 1); the pseudo gradient ∇̃L takes the slopes
    at initialisation (LL18 §5.1).
    Chunks of units add up.

    Parameters
    ----------
    S, S0 : Tensor of shape (n, u)
        Slopes now and at initialisation: of ReLU the patterns, bool.
    residual : Tensor of shape (n, k)
        o_s − 1{y_s}, times the samples' weights.
    a : Tensor of shape (k, u)
        Their readout.
    inner : Tensor of shape (n, n), float64
        X Xᵀ.
    """
    D = residual.double() @ a.double()
    squares = []
    for slopes in (S.to(D.dtype) - S0.to(D.dtype), S):
        gated = D * slopes
        squares.append((inner * (gated @ gated.T)).sum())
    return torch.stack(squares)


def output_gate_gram(S: Tensor, a: Tensor) -> Tensor:
    """Σ_r a_{i,r} a_{j,r} S_sr S_tr, shape (n·k, n·k), float64.

    Row s·k + i belongs to output i on sample s. The average over i = j is `gate_gram`.

    Parameters
    ----------
    S : Tensor of shape (n, u)
        Slopes of u units: of ReLU their patterns, bool.
    a : Tensor of shape (k, u)
        Their readout.
    """
    gated = (S.unsqueeze(1) * a.double()).flatten(0, 1)
    return gated @ gated.T
