"""Minibatch SGD of an infinitely wide network, in the space of functions.

f(t) = f(0) + K∞(·, X) R(t): a step adds to R, at the rows of its batch, what SGD would
multiply the gradients of the hidden units by. Momentum and the automatic step are those
of the s-step engine, whose limit this is.
"""

import torch
from torch import Tensor

from overparam_sk.networks import FirstLayerNetwork, KernelRows
from overparam_sk.training.errors import DivergenceError
from overparam_sk.training.minibatches import MinibatchStream
from overparam_sk.training.step_size import CurvatureStep

__all__ = ["FunctionSpaceSGD"]


class FunctionSpaceSGD:
    """Minibatch SGD on the outputs at the training rows.

    Parameters
    ----------
    network : FirstLayerNetwork
        Gives the losses' curvatures.
    kernel : KernelRows
        K∞ between the n training rows.
    start : Tensor of shape (n, k)
        f(0) at the training rows.
    targets : Tensor of shape (n, k)
        One-hot.
    sample_weight : Tensor of shape (n,)
        Mean 1; multiplies each sample's gradient.
    squared_norms : Tensor of shape (n,)
        |x|².
    n_columns : int
        d, the columns of W: ‖W(0)‖_F² → d.
    stream : MinibatchStream
    learning_rate : float
        c.
    momentum : float, default=0.0
        Heavy-ball μ.
    lengthen : CurvatureStep or None, default=None

    Attributes
    ----------
    R : Tensor of shape (n, k)
    iteration : int
        Steps done.
    """

    def __init__(
        self,
        network: FirstLayerNetwork,
        kernel: KernelRows,
        start: Tensor,
        targets: Tensor,
        sample_weight: Tensor,
        squared_norms: Tensor,
        n_columns: int,
        stream: MinibatchStream,
        *,
        learning_rate: float,
        momentum: float = 0.0,
        lengthen: CurvatureStep | None = None,
    ) -> None:
        self.iteration = 0
        self._network, self._kernel = network, kernel
        self._start, self._targets = start, targets
        self._weight, self._n_columns = sample_weight, n_columns
        self._weighted_norms = sample_weight * squared_norms
        self._stream = stream
        self._step_per_row = -learning_rate / stream.batch_size
        self._momentum, self._lengthen = momentum, lengthen
        # R and, with momentum, its velocity U side by side: one product serves both.
        self._state = torch.cat([torch.zeros_like(start)] * (2 if momentum else 1), 1)
        # <R, K R>, <R, K U> and <U, K U>, which follow from what a step knows.
        self._squares = (0.0, 0.0, 0.0)

    @property
    def R(self) -> Tensor:
        """What was added up at the training rows, shape (n, k)."""
        return self._state[:, : self._start.shape[1]]

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """R alone."""
        return (self.R,)

    @property
    def outputs(self) -> None:
        """No step of SGD looks at all rows."""
        return

    @property
    def figures(self) -> dict[str, float]:
        """The limit of √m ‖W − W(0)‖_F / ‖W(0)‖_F, √(tr(RᵀKR)/d)."""
        return {"distance_constant": self.distance_constant}

    @property
    def distance_constant(self) -> float:
        """√(tr(RᵀKR)/d)."""
        return float((max(0.0, self._squares[0]) / self._n_columns) ** 0.5)

    def advance(self, n_steps: int) -> None:
        """Do ``n_steps`` gradient steps.

        Raises
        ------
        DivergenceError
            When an output is no finite number; R is then of no use.
        """
        for _ in range(n_steps):
            self._advance_once(self._stream.take(1).to(self._state.device))
            self.iteration += 1
        if not bool(self._state.isfinite().all()):
            raise DivergenceError(
                "The outputs must stay finite during training, got a non-finite output "
                f"up to iteration {self.iteration}: lower learning_rate, or scale X to "
                "smaller values."
            )

    def _advance_once(self, batch: Tensor) -> None:
        k = self._start.shape[1]
        K = self._kernel.take(batch)
        moved = K @ self._state
        outputs = self._start[batch] + moved[:, :k]
        targets = self._targets[batch]
        D = torch.softmax(outputs, dim=1) - targets
        D *= (self._step_per_row * self._weight[batch]).unsqueeze(1)
        if self._lengthen is not None:
            h = self._network.curvatures(outputs, targets)
            D *= self._lengthen.factor(h, self._weighted_norms[batch])
        self._add_squares(D, moved, K[:, batch] @ D)
        if self._momentum:
            U = self._state[:, k:]
            U.mul_(self._momentum).index_add_(0, batch, D)
            self.R.add_(U)
        else:
            self.R.index_add_(0, batch, D)

    def _add_squares(self, D: Tensor, moved: Tensor, KD: Tensor) -> None:
        """From U ← μU + D and R ← R + U: what <R, KR> and the others become."""
        mu = self._momentum
        parts = torch.cat([moved, KD], dim=1).double().chunk(2 + (mu > 0), dim=1)
        D = D.double()
        D_KR, *D_KU, D_KD = torch.stack([(D * part).sum() for part in parts]).tolist()
        RR, RU, UU = self._squares
        UU = mu**2 * UU + 2 * mu * sum(D_KU) + D_KD
        RU = mu * RU + D_KR
        self._squares = (RR + 2 * RU + UU, RU + UU, UU)
