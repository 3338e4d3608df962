"""ReLU networks of any depth on the softmax cross-entropy."""

from typing import Any, ClassVar, Literal

from overparam_sk.estimators._any_depth import AnyDepth
from overparam_sk.estimators._parameters import estimator, parameter
from overparam_sk.estimators._partial_fit import PartialFitClassifier
from overparam_sk.estimators._snapshots import Retraced
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import CLASS_WEIGHT, SoftmaxClassifier
from overparam_sk.fits import Data
from overparam_sk.networks import CrossEntropy, Loss
from overparam_sk.parameters import one_of

__all__ = ["DeepReLUClassifier"]


@estimator
class DeepReLUClassifier(
    AnyDepth, PartialFitClassifier, SoftmaxClassifier, Retraced, StampedEstimator
):
    """ReLU network of any depth, each hidden layer of a width of its own.

    f_i(x) = (h_1 ⋯ h_L)^(−1/2) w_iᵀ σ(W_L σ(… σ(W_1 x))) with σ = ReLU and, for each
    class i, fixed signs w_i. All layers start with N(0, 1) entries and are trained by
    full-batch gradient descent on the mean softmax cross-entropy.
    """

    _loss: ClassVar[Loss] = CrossEntropy()

    hidden_widths: tuple[int, ...]
    class_weight: Any = parameter(default=None, rule=CLASS_WEIGHT)
    row_norm: Literal["clip", "unit"] | None = parameter(
        default=None, rule=one_of("clip", "unit", None)
    )

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        classes = (len(self.readout_signs_), len(self.classes_))
        return super()._sizes(data) | {"n_classes": classes}
