"""The two networks as ordinary modules of Linear and ReLU layers."""

from typing import Any

from numpy.typing import NDArray
from torch import Tensor, nn

from overparam_sk.rows import as_tensor

__all__ = ["FirstLayerModule", "TwoHiddenModule"]


class FirstLayerModule(nn.Module):
    """LL18's network: f_i(x) = Σ_r a_{i,r} ReLU(⟨w_r, x⟩ + b_r) (§3).

    Parameters
    ----------
    hidden_weights : ndarray of shape (m, d)
    hidden_intercept : ndarray of shape (m,) or None
        None for a layer without intercepts, as in the paper.
    readout_weights : ndarray of shape (k, m)
    train_readout : bool, default=False
        Whether a is a parameter; in the paper it is fixed.
    """

    readout: Tensor

    def __init__(
        self,
        hidden_weights: NDArray[Any],
        hidden_intercept: NDArray[Any] | None,
        readout_weights: NDArray[Any],
        train_readout: bool = False,
    ) -> None:
        super().__init__()
        self.hidden = _linear(hidden_weights, hidden_intercept)
        self.relu = nn.ReLU()
        readout = as_tensor(readout_weights).clone()
        if train_readout:
            self.readout = nn.Parameter(readout)
        else:
            self.register_buffer("readout", readout)

    def forward(self, X: Tensor) -> Tensor:
        """Outputs f(x), shape (n, k)."""
        hidden: Tensor = self.relu(self.hidden(X))
        return hidden @ self.readout.T


class TwoHiddenModule(nn.Module):
    """K19's network: f(x) = (h_1 h_2)^(−1/2) wᵀ σ(B σ(A x + b)), w fixed (eq. 1).

    Parameters
    ----------
    first_weights : ndarray of shape (h1, d)
    first_intercept : ndarray of shape (h1,) or None
        None for a layer without intercepts, as in the paper.
    second_weights : ndarray of shape (h2, h1)
    readout_signs : ndarray of shape (h2,)
    """

    readout: Tensor

    def __init__(
        self,
        first_weights: NDArray[Any],
        first_intercept: NDArray[Any] | None,
        second_weights: NDArray[Any],
        readout_signs: NDArray[Any],
    ) -> None:
        super().__init__()
        self.first = _linear(first_weights, first_intercept)
        self.first_relu = nn.ReLU()
        self.second = _linear(second_weights, None)
        self.second_relu = nn.ReLU()
        scale = second_weights.size**-0.5
        self.register_buffer("readout", as_tensor(readout_signs) * scale)

    def forward(self, X: Tensor) -> Tensor:
        """Outputs f(x), shape (n,)."""
        features = self.first_relu(self.first(X))
        hidden: Tensor = self.second_relu(self.second(features))
        return hidden @ self.readout


def _linear(weights: NDArray[Any], intercept: NDArray[Any] | None) -> nn.Linear:
    W = as_tensor(weights)
    q, p = W.shape
    layer = nn.Linear(p, q, bias=intercept is not None, device="meta")
    layer.weight = nn.Parameter(W.clone())
    if intercept is not None:
        layer.bias = nn.Parameter(as_tensor(intercept).clone())
    return layer
