"""Full-batch gradient descent on both layers of K19's network (eqs. 4, 5).

A pass over the rows, some at a time, gives the outputs, the loss and both gradients at
the present weights; a step is then two updates. The residual of a row needs that row
alone, so one pass does for both layers and no (n, h2) matrix stands whole.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.networks import (
    Kong2019Weights,
    forward,
    loss,
    preactivation_gradients,
)
from overparam_sk.rows import Rows
from overparam_sk.training.errors import DivergenceError

__all__ = ["GradientDescent"]

# Numbers of second-layer pre-activations that stand at a time: they stay in the cache
# between the products that read them (docs/performance.md).
_BLOCK_ELEMENTS = 2**20
# A rise of the loss within this many rounding errors is none.
_ROUNDING = 16.0


class _Point(NamedTuple):
    """Weights, and all that a pass over the rows finds at them."""

    weights: tuple[Tensor, Tensor]  # A and B
    u: Tensor  # (n,)
    loss: float
    gradients: tuple[Tensor, Tensor]  # in A and in B

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
        The weights before the first step.
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
        A, B, self._w = start
        self.iteration = 0
        self.step: float = step
        self._rows = rows
        self._targets = targets
        self._weight = sample_weight
        self._momentum = momentum
        self._guard = guard
        self._velocity = (torch.zeros_like(A), torch.zeros_like(B))
        self._at_rest = True
        self._here = self._evaluate(A, B)
        self._first_loss = self._here.loss
        self._check_finite()

    @property
    def weights(self) -> tuple[Tensor, Tensor]:
        """The trained weights, A and B."""
        return self._here.weights

    @property
    def outputs(self) -> Tensor:
        """Outputs at the present weights, shape (n,)."""
        return self._here.u

    @property
    def figures(self) -> dict[str, float]:
        """Nothing: every step is the whole gradient."""
        return {}

    @property
    def loss(self) -> float:
        """L at the present weights."""
        return self._here.loss

    def advance(self, n_steps: int, stop: Callable[[], bool] = bool) -> None:
        """Do ``n_steps`` gradient steps, or fewer if ``stop()`` after a step.

        Raises
        ------
        DivergenceError
            When the loss is no finite number, or has risen above its value at the start
            until a step switched all units off; the weights are then of no use.
        """
        for _ in range(n_steps):
            self._advance_once()
            self.iteration += 1
            if stop():
                break

    def _advance_once(self) -> None:
        before = self._here
        for velocity, gradient in zip(self._velocity, before.gradients, strict=True):
            velocity.mul_(self._momentum).sub_(gradient, alpha=self.step)
        # New tensors: whatever happens meanwhile, the old point stays whole.
        (A, B), (dA, dB) = before.weights, self._velocity
        after = self._evaluate(A + dA, B + dB)
        if self._guard and self._is_worse(before, after):
            self._start_again()
            return
        self._here, self._at_rest = after, self._momentum == 0
        self._check_finite()
        # A small network may end with all units off as its best fit; a diverging one
        # ends so after its loss has climbed.
        if after.stuck and not before.stuck and before.loss > self._first_loss:
            raise DivergenceError(
                "Some unit must stay active on some training row, got none at iteration"
                f" {self.iteration}: lower learning_rate, or scale X and y to "
                "entries of the order of 1."
            )

    def _is_worse(self, before: _Point, after: _Point) -> bool:
        slack = 1 + _ROUNDING * torch.finfo(after.u.dtype).eps
        if not after.finite or after.loss > before.loss * slack:
            return True
        return after.stuck and not before.stuck

    def _start_again(self) -> None:
        """At rest; if that is where the bad step came from, with a shorter one."""
        for velocity in self._velocity:
            velocity.zero_()
        if self._at_rest:
            self.step /= 2
        self._at_rest = True

    def _evaluate(self, A: Tensor, B: Tensor) -> _Point:
        Z = self._rows.times(A.T)
        dZ, dB = torch.empty_like(Z), torch.zeros_like(B)
        u = torch.empty_like(self._targets)
        size = max(1, _BLOCK_ELEMENTS // len(B))
        for first in range(0, len(Z), size):
            block = slice(first, first + size)
            at = forward(Z[block], B, self._w)
            u[block] = at.u
            residual = self._weight[block] * (at.u - self._targets[block])
            dZ[block], part = preactivation_gradients(at, self._w, residual)
            dB += part
        total = float(loss(u, self._targets, self._weight))
        dA = self._rows.transposed_times(dZ).T
        return _Point((A, B), u, total, (dA, dB))

    def _check_finite(self) -> None:
        if self._here.finite:
            return
        raise DivergenceError(
            "The loss must stay finite during training, got "
            f"{self._here.loss} at iteration {self.iteration}: lower learning_rate, or "
            "scale X and y to entries of the order of 1."
        )
