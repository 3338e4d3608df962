"""Deep ReLU networks whose first layers are narrow and given, and the others wide.

With W_1, …, W_s fixed and h_{s+1}, …, h_L → ∞, in expectation over the other weights
(for s = L − 1 at any h_L), Y_s and Y'_s for two rows behind the narrow layers, and θ
their angle:

- The parts of W_{s+1}, …, W_L and of the readout are those of `deep_infinite` with
  L − s layers, for the rows Y_s / (h_1 ⋯ h_s)^(1/2).
- A unit of layer s + 1 hands the gradient on through its own row b of W_{s+1}, which
  also decides whether it is active. So what comes back to layer s has the covariance
  M(Y_s, Y'_s) · g_{s+2} ⋯ g_L, with

      M(u, v) = E[b bᵀ 1{b·u > 0} 1{b·v > 0}],   b ~ N(0, I)
              = (π − θ)/2π I + (sin θ / 2π)(e₊e₊ᵀ − e₋e₋ᵀ),

  e₊ and e₋ being the directions of û + v̂ and of û − v̂.
- Through layer s it is J_s M J'_sᵀ with J_s = diag(S_s), through the one before
  J_{s−1} = diag(S_{s−1}) W_sᵀ J_s, and so on. The part of W_l is, of l ≤ s,

      (Y_{l−1}·Y'_{l−1}) tr(J_l M J'_lᵀ) g_{s+2} ⋯ g_L / (h_1 ⋯ h_s).

The parts of the wide layers settle there. Those of the narrow ones do not: what comes
back to the h_s units is Gaussian, and its square stays random as the others grow. For
s = 1, L = 2 this is Kong's E[H | A] without row norms.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks.arc_cosine import DirectedRows, gate_probability
from overparam_sk.networks.deep_infinite import angles_by_layer, layer_parts

__all__ = ["narrow_parts"]

# Numbers of a block of pairs of rows, each with a vector as long as a layer is wide.
_BLOCK_ELEMENTS = 2**22


def narrow_parts(
    X: Tensor, Y: Tensor, weights: Sequence[Tensor], depth: int
) -> list[Tensor]:
    """What the gradients in each layer add to the Gram matrix, layer by layer.

    Parameters
    ----------
    X : Tensor of shape (n, d)
    Y : Tensor of shape (p, d)
    weights : sequence of Tensors of shape (h_l, h_{l−1})
        W_1, …, W_s of the narrow layers, with h_0 = d.
    depth : int
        Hidden layers L > s, of which L − s are wide.

    Returns
    -------
    list of L + 1 Tensors of shape (n, p)
        Of W_1, …, W_L and of the readout; the last is the covariance of the outputs.
    """
    x, y = (_Behind.of(rows, weights) for rows in (X, Y))
    scale = 1 / math.prod(len(W) for W in weights)
    n_wide = depth - len(weights)
    theta = x.last.angles(y.last)
    later = [at.gate for at in angles_by_layer(theta, n_wide - 1)[1:]]
    beyond = scale * math.prod(later, start=torch.ones_like(theta))
    narrow = [
        beyond * (Y_x @ Y_y.T) * _traces(J_x, J_y, x.last, y.last, theta)
        for Y_x, Y_y, J_x, J_y in zip(
            x.inputs, y.inputs, x.jacobians, y.jacobians, strict=True
        )
    ]
    return narrow + [scale * part for part in layer_parts(x.last, y.last, n_wide)]


class _Behind(NamedTuple):
    """n rows behind the narrow layers."""

    inputs: list[Tensor]  # Y_0, …, Y_{s−1}
    jacobians: list[Tensor]  # J_1, …, J_s, of shapes (n, h_l, h_s)
    last: DirectedRows  # Y_s

    @classmethod
    def of(cls, X: Tensor, weights: Sequence[Tensor]) -> "_Behind":
        """Rows X, shape (n, d), through the layers."""
        inputs, active = [X], []
        for W in weights:
            Z = inputs[-1] @ W.T
            inputs.append(Z.clamp_min(0))
            active.append((Z > 0).to(X.dtype))
        jacobians = [torch.diag_embed(active[-1])]
        for S, W in zip(active[-2::-1], weights[:0:-1], strict=True):
            back = torch.einsum("qr,nqs->nrs", W, jacobians[0])
            jacobians.insert(0, S.unsqueeze(2) * back)
        return cls(inputs[:-1], jacobians, DirectedRows.of(inputs[-1]))


def _traces(
    J_x: Tensor, J_y: Tensor, x: DirectedRows, y: DirectedRows, theta: Tensor
) -> Tensor:
    """tr(J_l M J'_lᵀ) for each pair of rows, shape (n, p)."""
    traces = gate_probability(theta) * (J_x.flatten(1) @ J_y.flatten(1).T)
    size = max(1, _BLOCK_ELEMENTS // (y.directions.numel() + J_y[..., 0].numel()))
    for start in range(0, len(traces), size):
        rows = slice(start, start + size)
        u, half = x.directions[rows].unsqueeze(1), theta[rows] / 2
        # The lengths of û + v̂ and û − v̂ stay with them: 4 cos²(θ/2) and 4 sin²(θ/2).
        tangent = torch.tan(half)
        cotangent = torch.where(half > 0, 1 / tangent, 0.0)
        for both, factor in (
            (u + y.directions, tangent),
            (u - y.directions, -cotangent),
        ):
            of_x = torch.einsum("irs,ijs->ijr", J_x[rows], both)
            of_y = torch.einsum("jrs,ijs->ijr", J_y, both)
            traces[rows] += factor * (of_x * of_y).sum(dim=2) / (4 * math.pi)
    return traces
