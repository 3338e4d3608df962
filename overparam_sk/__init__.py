"""Wide ReLU networks as scikit-learn estimators, with their theory measured.

See Also
--------
OverparamReLUClassifier : Li and Liang's two-layer network, trained by s-step SGD.
TwoHiddenReLURegressor : Kong's two-hidden-layer network, trained by gradient descent.
DeepReLUClassifier : As many hidden layers as one likes, by gradient descent.
DeepReLURegressor : The same on the squared loss; Kong's network is its case of two.
LinearizedReLUClassifier : The same with its activation patterns frozen.
InfiniteWidthReLUClassifier : The limit of Li and Liang's network in infinite width.
InfiniteWidthReLURegressor : The ensemble of deep networks of infinite width.
CompressedClassifier : A fit as its seed and an update of low rank.
InfiniteWidthKernel : The infinite width of either network, for kernel machines.

Notes
-----
Public is what the ``__all__`` of this package and of the public packages lists, and the
list of these, ``PUBLIC_PACKAGES``, stands here alone; everything else may change. In a
public package a module has a plain name if something of it is exported, and is a helper
with an underscore if not. Elsewhere all names are plain: the package is internal.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from overparam_sk.version import __version__

if TYPE_CHECKING:
    from overparam_sk.estimators import (
        CompressedClassifier,
        DeepReLUClassifier,
        DeepReLURegressor,
        InfiniteWidthKernel,
        InfiniteWidthReLUClassifier,
        InfiniteWidthReLURegressor,
        LinearizedReLUClassifier,
        OverparamReLUClassifier,
        TwoHiddenReLURegressor,
    )
    from overparam_sk.training import DivergenceError

# Imported when first asked for, as scikit-learn's own subpackages are.
_HOMES = {
    "CompressedClassifier": "estimators",
    "DeepReLUClassifier": "estimators",
    "DeepReLURegressor": "estimators",
    "DivergenceError": "training",
    "InfiniteWidthKernel": "estimators",
    "InfiniteWidthReLUClassifier": "estimators",
    "InfiniteWidthReLURegressor": "estimators",
    "LinearizedReLUClassifier": "estimators",
    "OverparamReLUClassifier": "estimators",
    "TwoHiddenReLURegressor": "estimators",
}
PUBLIC_PACKAGES = (
    "datasets",
    "diagnostics",
    "estimators",
    "interop",
    "model_selection",
    "plotting",
    "theory",
)

__all__ = [
    "CompressedClassifier",
    "DeepReLUClassifier",
    "DeepReLURegressor",
    "DivergenceError",
    "InfiniteWidthKernel",
    "InfiniteWidthReLUClassifier",
    "InfiniteWidthReLURegressor",
    "LinearizedReLUClassifier",
    "OverparamReLUClassifier",
    "TwoHiddenReLURegressor",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in PUBLIC_PACKAGES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *PUBLIC_PACKAGES])
