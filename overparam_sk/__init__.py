"""Wide ReLU networks as scikit-learn estimators, with their theory measured.

See Also
--------
OverparamReLUClassifier : Li and Liang's two-layer network, trained by s-step SGD.
TwoHiddenReLURegressor : Kong's two-hidden-layer network, trained by gradient descent.
InfiniteWidthKernel : The infinite width of either network, for kernel machines.
"""

from importlib.metadata import version

from overparam_sk.estimators import (
    InfiniteWidthKernel,
    OverparamReLUClassifier,
    TwoHiddenReLURegressor,
)
from overparam_sk.training import DivergenceError

__version__ = version("overparam-sk")

__all__ = [
    "DivergenceError",
    "InfiniteWidthKernel",
    "OverparamReLUClassifier",
    "TwoHiddenReLURegressor",
    "__version__",
]
