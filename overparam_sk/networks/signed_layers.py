"""Layers of Gaussian rows below a readout of signs: how they start (K19 §III-A)."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from overparam_sk.networks.streams import generator, normal

__all__ = ["RowNorm", "initial_signed_layers", "normalize_rows"]

RowNorm = Literal["clip", "unit"] | None

# Streams of a seed: those of the first two layers, of the readout, of the weights of a
# constant 1, and from there on of the layers after the second.
_READOUT, _CONSTANT, _LATER = 2, 3, 4


def normalize_rows(W: Tensor, row_norm: RowNorm) -> Tensor:
    """Rows of norm ≤ 1 ("clip", §III-A), of norm 1 ("unit"), or as they are (None)."""
    if row_norm is None:
        return W
    norms = W.norm(dim=1, keepdim=True)
    return torch.div(W, norms.clamp_min(1) if row_norm == "clip" else norms)


def initial_signed_layers(
    seed: int,
    widths: Sequence[int],
    d: int,
    n_outputs: int | None = None,
    *,
    row_norm: RowNorm,
    constant: bool = False,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
) -> tuple[tuple[Tensor, ...], Tensor]:
    """W_1(0), …, W_L(0) and w: N(0, 1) entries, rows scaled by ``row_norm``, signs.

    Drawn on the CPU and in float32, so that every device and both precisions start
    from the same point.

    Parameters
    ----------
    seed : int
    widths : sequence of int
        h_1, …, h_L.
    d : int
    n_outputs : int or None, default=None
        k; None is one output, whose w has shape (h_L,).
    row_norm : {"clip", "unit"} or None
    constant : bool, default=False
        Whether the weight of a constant 1 is appended to each row of W_1, before the
        rows are scaled.
    dtype : torch.dtype
    device : torch.device or str, default="cpu"

    Returns
    -------
    layers : tuple of Tensor of shape (h_l, h_{l−1})
    w : Tensor of shape (h_L,) or (k, h_L)
    """
    layers = []
    for place, (h, below) in enumerate(zip(widths, (d, *widths), strict=False)):
        stream = place if place < _READOUT else place - _READOUT + _LATER
        W = normal(h, below, generator=generator(seed, stream))
        if constant and not place:
            column = normal(h, 1, generator=generator(seed, _CONSTANT))
            W = torch.cat([W, column], dim=1)
        layers.append(normalize_rows(W.to(device, dtype), row_norm))
    shape = (widths[-1],) if n_outputs is None else (n_outputs, widths[-1])
    w = torch.randint(
        0,
        2,
        shape,
        generator=generator(seed, _READOUT),
        dtype=torch.int64,
        device="cpu",
    )
    return tuple(layers), (w * 2 - 1).to(device, dtype)
