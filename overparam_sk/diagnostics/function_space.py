"""The history of an infinitely wide network's run."""

from dataclasses import dataclass

from torch import Tensor

from overparam_sk.diagnostics.first_layer import loss_and_score
from overparam_sk.diagnostics.monitor import Monitor
from overparam_sk.networks import KernelRows, SoftmaxNetwork
from overparam_sk.training.observer import StepRecord

__all__ = ["FunctionSpaceMonitor", "HeldOutRows", "SeenRows"]


@dataclass
class SeenRows:
    """Rows whose outputs are looked at, f(0) + F.

    Parameters
    ----------
    start : Tensor of shape (p, k)
        f(0).
    targets : Tensor of shape (p, k)
        One-hot.
    weight : Tensor of shape (p,)
    """

    start: Tensor
    targets: Tensor
    weight: Tensor

    def loss_and_score(self, network: SoftmaxNetwork, F: Tensor) -> tuple[float, float]:
        """Weighted means of the losses and of the scores."""
        outputs = self.start + F[:, : self.start.shape[1]]
        return loss_and_score(network, outputs, self.targets, self.weight)

    def take(self, indices: Tensor) -> "SeenRows":
        """Some of the rows."""
        return SeenRows(
            self.start[indices], self.targets[indices], self.weight[indices]
        )


@dataclass
class HeldOutRows:
    """Rows that are not trained on, and what R has moved them by.

    Parameters
    ----------
    seen : SeenRows
    kernel : KernelRows
        Of these rows with the training rows.
    R : Tensor of shape (n, k)
        At the last look; zeros at first.
    F : Tensor of shape (p, k)
        K∞ R there.
    """

    seen: SeenRows
    kernel: KernelRows
    R: Tensor
    F: Tensor

    def loss_and_score(self, network: SoftmaxNetwork, R: Tensor) -> tuple[float, float]:
        """Weighted means; only training rows seen since the last look cost anything."""
        self.F = self.F + self.kernel.times(R - self.R)
        self.R = R.clone()
        return self.seen.loss_and_score(network, self.F)


@dataclass
class FunctionSpaceMonitor(Monitor):
    """Writes loss and score of some training rows, and of a validation set.

    Parameters
    ----------
    network : SoftmaxNetwork
    sample : SeenRows
    indices : Tensor of shape (p,)
        Which of the training rows the sample is.
    validation : HeldOutRows or None
    """

    network: SoftmaxNetwork
    sample: SeenRows
    indices: Tensor
    validation: HeldOutRows | None = None

    def look(self, record: StepRecord) -> dict[str, float]:
        """Loss and score, and the validation set's."""
        R, F = record.weights
        loss, score = self.sample.loss_and_score(self.network, F[self.indices])
        entry = {"loss": loss, "score": score}
        if self.validation is not None:
            loss, score = self.validation.loss_and_score(self.network, R)
            entry.update(val_loss=loss, val_score=score)
        return entry
