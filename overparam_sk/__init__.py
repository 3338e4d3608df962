"""Wide ReLU networks as scikit-learn estimators, with their theory measured.

See Also
--------
OverparamReLUClassifier : Li and Liang's two-layer network, trained by s-step SGD.
TwoHiddenReLURegressor : Kong's two-hidden-layer network, trained by gradient descent.
LinearizedReLUClassifier : The same with its activation patterns frozen.
InfiniteWidthReLUClassifier : The limit of Li and Liang's network in infinite width.
CompressedClassifier : A fit as its seed and an update of low rank.
InfiniteWidthKernel : The infinite width of either network, for kernel machines.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overparam_sk.version import __version__

if TYPE_CHECKING:
    from overparam_sk.estimators import (
        CompressedClassifier,
        InfiniteWidthKernel,
        InfiniteWidthReLUClassifier,
        LinearizedReLUClassifier,
        OverparamReLUClassifier,
        TwoHiddenReLURegressor,
    )
    from overparam_sk.training import DivergenceError

# Imported when first asked for, as scikit-learn's own subpackages are.
_PUBLIC = {
    "CompressedClassifier": "estimators",
    "DivergenceError": "training",
    "InfiniteWidthKernel": "estimators",
    "InfiniteWidthReLUClassifier": "estimators",
    "LinearizedReLUClassifier": "estimators",
    "OverparamReLUClassifier": "estimators",
    "TwoHiddenReLURegressor": "estimators",
}
_SUBPACKAGES = (
    "datasets",
    "diagnostics",
    "estimators",
    "experiments",
    "interop",
    "model_selection",
    "networks",
    "plotting",
    "training",
)

__all__ = [
    "CompressedClassifier",
    "DivergenceError",
    "InfiniteWidthKernel",
    "InfiniteWidthReLUClassifier",
    "LinearizedReLUClassifier",
    "OverparamReLUClassifier",
    "TwoHiddenReLURegressor",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    if name in _SUBPACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC, *_SUBPACKAGES])
