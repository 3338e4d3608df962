"""The history of an infinitely wide network's run."""

from dataclasses import dataclass

from torch import Tensor

from overparam_sk.diagnostics.first_layer import loss_and_score
from overparam_sk.diagnostics.monitor import Monitor
from overparam_sk.networks import KernelRows, SoftmaxNetwork
from overparam_sk.training.observer import StepRecord

__all__ = ["FunctionSpaceMonitor", "SeenRows"]


@dataclass(frozen=True)
class SeenRows:
    """Rows whose outputs are looked at, f(0) + K R."""

    kernel: KernelRows  # with the training rows, as all below for p rows
    indices: Tensor | None  # the rows of the kernel that are meant; None is all
    start: Tensor  # (p, k), f(0)
    targets: Tensor  # (p, k), one-hot
    weight: Tensor  # (p,)

    def loss_and_score(self, network: SoftmaxNetwork, R: Tensor) -> tuple[float, float]:
        """Weighted means of the losses and of the scores."""
        if self.indices is None:
            moved = self.kernel.times(R)
        else:
            moved = self.kernel.take(self.indices) @ R
        outputs = self.start + moved
        return loss_and_score(network, outputs, self.targets, self.weight)


@dataclass
class FunctionSpaceMonitor(Monitor):
    """Writes loss and score of some training rows, and of a validation set.

    Parameters
    ----------
    network : SoftmaxNetwork
    sample : SeenRows
    validation : SeenRows or None
    """

    network: SoftmaxNetwork
    sample: SeenRows
    validation: SeenRows | None = None

    def look(self, record: StepRecord) -> dict[str, float]:
        """Loss and score, and the validation set's."""
        (R,) = record.weights
        names = [("loss", "score", self.sample)]
        if self.validation is not None:
            names.append(("val_loss", "val_score", self.validation))
        entry = {}
        for loss, score, seen in names:
            entry[loss], entry[score] = seen.loss_and_score(self.network, R)
        return entry
