"""Full-batch gradient descent on both layers of K19's network (eqs. 4, 5).

A pass over the rows, some at a time, gives the outputs, the loss and both gradients at
the present weights; a step is then two updates. The residual of a row needs that row
alone, so one pass does for both layers and no (n, h2) matrix stands whole.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import Kong2019Weights, forward, preactivation_gradients
from overparam_sk.networks.kong_2019 import loss
from overparam_sk.rows import Rows
from overparam_sk.training.errors import DivergenceError

__all__ = ["GradientDescent"]

# Numbers of second-layer pre-activations that stand at a time: they stay in the cache
# between the products that read them (docs/performance.md).
_BLOCK_ELEMENTS = 2**20
# A rise of the loss within this many rounding errors is none.
_ROUNDING = 16.0


class _Evaluation(NamedTuple):
    u: Tensor  # (n,)
    loss: float
    gradients: tuple[Tensor, Tensor]

    @property
    def finite(self) -> bool:
        return self.loss < float("inf")  # no NaN either

    @property
    def stuck(self) -> bool:
        """No unit is active on any row any more, and something is left to learn."""
        return self.loss > 0 and not bool(self.gradients[1].any())


class GradientDescent:
    """Gradient descent on A and B, with L = ½ Σ_i weight_i (u_i − y_i)² (eq. 3).

    Parameters
    ----------
    start : Kong2019Weights
        The weights before the first step; A and B are trained in place.
    rows : Rows
        The n training rows.
    targets : Tensor of shape (n,)
    sample_weight : Tensor of shape (n,)
        Multiplies each term of the sum.
    step : float
        η.
    momentum : float, default=0.0
        Heavy-ball μ.
    guard : bool, default=False
        Whether a step that raises the loss, or switches all units off, is taken back.
        The next one then starts at rest and, if the step itself started at rest, is
        half as long. A step that is taken back counts as an iteration.

    Attributes
    ----------
    weights : tuple of Tensor
        A and B.
    outputs : Tensor of shape (n,)
        u at the present weights.
    loss : float
        L at the present weights.
    iteration : int
        Steps done.
    step : float
        η in use.
    """

    def __init__(
        self,
        start: Kong2019Weights,
        rows: Rows,
        targets: Tensor,
        sample_weight: Tensor,
        *,
        step: float,
        momentum: float = 0.0,
        guard: bool = False,
    ) -> None:
        self.A, self.B, self.w = start
        self.iteration = 0
        self.step: float = step
        self._rows = rows
        self._targets = targets
        self._weight = sample_weight
        self._momentum = momentum
        self._guard = guard
        self._velocity = (torch.zeros_like(self.A), torch.zeros_like(self.B))
        self._at_rest = True
        self._here = self._evaluate()
        self._first_loss = self._here.loss
        self._check_finite()

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The trained weights, A and B."""
        return self.A, self.B

    @property
    def outputs(self) -> Tensor:
        """U at the present weights, shape (n,)."""
        return self._here.u

    @property
    def loss(self) -> float:
        """L at the present weights."""
        return self._here.loss

    def advance(self, n_steps: int) -> None:
        """Do ``n_steps`` gradient steps.

        Raises
        ------
        DivergenceError
            When the loss is no finite number, or has risen above its value at the start
            until a step switched all units off; A and B are then of no use.
        """
        for _ in range(n_steps):
            self._advance_once()
            self.iteration += 1

    def _advance_once(self) -> None:
        before, saved = self._here, None
        if self._guard:
            saved = tuple(W.clone() for W in self.weights)
        for velocity, gradient in zip(self._velocity, before.gradients, strict=True):
            velocity.mul_(self._momentum).sub_(gradient, alpha=self.step)
        for W, velocity in zip(self.weights, self._velocity, strict=True):
            W.add_(velocity)
        self._here = self._evaluate()
        if saved is not None and self._is_worse(before):
            self._take_back(before, saved)
            return
        self._at_rest = self._momentum == 0
        self._check_finite()
        # A small network may end with all units off as its best fit; a diverging one
        # ends so after its loss has climbed.
        if self._here.stuck and not before.stuck and before.loss > self._first_loss:
            raise DivergenceError(
                "Some unit must stay active on some training row, got none at iteration"
                f" {self.iteration}: lower learning_rate, or scale X and y to smaller "
                "values."
            )

    def _is_worse(self, before: _Evaluation) -> bool:
        here, slack = self._here, 1 + _ROUNDING * torch.finfo(self.A.dtype).eps
        if not here.finite or here.loss > before.loss * slack:
            return True
        return here.stuck and not before.stuck

    def _take_back(self, before: _Evaluation, saved: tuple[Tensor, ...]) -> None:
        for W, kept in zip(self.weights, saved, strict=True):
            W.copy_(kept)
        self._here = before
        for velocity in self._velocity:
            velocity.zero_()
        if self._at_rest:
            self.step /= 2
        self._at_rest = True

    def _evaluate(self) -> _Evaluation:
        Z = self._rows.times(self.A.T)
        dZ, dB = torch.empty_like(Z), torch.zeros_like(self.B)
        u = torch.empty_like(self._targets)
        size = max(1, _BLOCK_ELEMENTS // len(self.B))
        for first in range(0, len(Z), size):
            block = slice(first, first + size)
            at = forward(Z[block], self.B, self.w)
            u[block] = at.u
            residual = self._weight[block] * (at.u - self._targets[block])
            dZ[block], part = preactivation_gradients(at, self.w, residual)
            dB += part
        total = float(loss(u, self._targets, self._weight))
        dA = self._rows.transposed_times(dZ).T
        return _Evaluation(u, total, (dA, dB))

    def _check_finite(self) -> None:
        if self._here.finite:
            return
        raise DivergenceError(
            "The loss must stay finite during training, got "
            f"{self._here.loss} at iteration {self.iteration}: lower learning_rate, or "
            "scale X and y to smaller values."
        )
