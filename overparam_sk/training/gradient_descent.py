"""Full-batch gradient descent on all layers of a network.

Who knows the network evaluates it: a pass over the rows gives the outputs, the loss and
all gradients at some weights. A step is then an update of each layer.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.training.loop import DivergenceError, Priced, Recent
from overparam_sk.training.penalised_loss import PenalisedLoss

__all__ = ["GradientDescent", "Point"]

# A rise of the loss within this many rounding errors is none.
_ROUNDING = 16.0


class Point(NamedTuple):
    """Weights, and all that a pass over the rows finds at them."""

    weights: tuple[Tensor, ...]
    outputs: Tensor  # (n,)
    loss: float
    gradients: tuple[Tensor, ...]  # one for each of the weights

    @property
    def finite(self) -> bool:
        """Whether the loss is a number; NaN is none."""
        return self.loss < float("inf")

    @property
    def stuck(self) -> bool:
        """No unit is active on any row any more, and something is left to learn."""
        # The last layer first: it has a gradient wherever a unit is active.
        moving = (bool(gradient.any()) for gradient in reversed(self.gradients))
        return self.loss > 0 and not any(moving)


class GradientDescent:
    """Gradient descent on a loss of all rows (K19 eqs. 3 to 5).

    Parameters
    ----------
    weights : tuple of Tensor
        The weights before the first step.
    evaluate : callable
        Weights -> `Point`.
    step : float
        η.
    momentum : float, default=0.0
        Heavy-ball μ.
    guard : bool, default=False
        Whether a step that raises the loss, or switches all units off, is taken back.
        The next one then starts at rest and, if the step itself started at rest, is
        half as long. A step that is taken back counts as an iteration.
    penalised : PenalisedLoss or None, default=None
        What tells the best of all weights on the way, to which ``release`` goes back.
    iteration : int, default=0
        Steps done before.

    Attributes
    ----------
    weights : tuple of Tensor
    outputs : Tensor of shape (n,)
        At the present weights.
    loss : float
        L at the present weights.
    iteration : int
        Steps done.
    step : float
        η in use.
    """

    def __init__(
        self,
        weights: tuple[Tensor, ...],
        evaluate: Callable[[tuple[Tensor, ...]], Point],
        *,
        step: float,
        momentum: float = 0.0,
        guard: bool = False,
        penalised: PenalisedLoss | None = None,
        iteration: int = 0,
    ) -> None:
        self.iteration = iteration
        self.step: float = step
        self._evaluate = evaluate
        self._momentum = momentum
        self._guard = guard
        self._velocity = tuple(torch.zeros_like(W) for W in weights)
        self._at_rest = True
        self._here = evaluate(weights)
        self._first_loss = self._here.loss
        self._check_finite()
        self._penalised = penalised
        # In units of the first step: momentum goes as far as a step 1/(1 − μ) as long.
        self._pace = 1 / (step * (1 - momentum))
        self._time = float(iteration)
        self._best, self._least_penalised = self._here, float("inf")
        self._keep_best()

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The trained weights."""
        return self._here.weights

    @property
    def outputs(self) -> Tensor:
        """Outputs at the present weights, shape (n,)."""
        return self._here.outputs

    @property
    def figures(self) -> dict[str, float]:
        """Nothing: every step is the whole gradient."""
        return {}

    @property
    def loss(self) -> float:
        """L at the present weights."""
        return self._here.loss

    @property
    def penalised_loss(self) -> Priced | None:
        """What ``penalised`` makes of the loss at the present weights."""
        if self._penalised is None:
            return None
        figure = self._penalised(self.loss, self._time)
        return Priced(figure, self._penalised.linear)

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
            self._keep_best()
            if stop():
                break

    def recent(self) -> Recent:
        """The outputs at the present weights."""
        places = torch.arange(len(self.outputs), dtype=torch.int64)
        return Recent(self.outputs, places)

    def release(self) -> None:
        """Go back to the weights of the least penalised loss, if there is one."""
        if self._penalised is not None:
            self._here = self._best

    def _keep_best(self) -> None:
        """Remember the weights of the least penalised loss."""
        figure = self.penalised_loss
        if figure is not None and figure.loss < self._least_penalised:
            self._best, self._least_penalised = self._here, figure.loss

    def _advance_once(self) -> None:
        before = self._here
        for velocity, gradient in zip(self._velocity, before.gradients, strict=True):
            velocity.mul_(self._momentum).sub_(gradient, alpha=self.step)
        # New tensors: whatever happens meanwhile, the old point stays whole.
        moved = zip(before.weights, self._velocity, strict=True)
        after = self._evaluate(tuple(W + dW for W, dW in moved))
        if self._guard and self._is_worse(before, after):
            self._start_again()
            return
        self._here, self._at_rest = after, self._momentum == 0
        self._time += self.step * self._pace
        self._check_finite()
        # A small network may end with all units off as its best fit; a diverging one
        # ends so after its loss has climbed.
        if before.loss > self._first_loss and after.stuck and not before.stuck:
            raise DivergenceError(
                "Some unit must stay active on some training row, got none at iteration"
                f" {self.iteration}: lower learning_rate, or scale X and y to "
                "entries of the order of 1."
            )

    def _is_worse(self, before: Point, after: Point) -> bool:
        slack = 1 + _ROUNDING * torch.finfo(after.outputs.dtype).eps
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

    def _check_finite(self) -> None:
        if self._here.finite:
            return
        raise DivergenceError(
            "The loss must stay finite during training, got "
            f"{self._here.loss} at iteration {self.iteration}: lower learning_rate, or "
            "scale X and y to entries of the order of 1."
        )
