"""Wide ReLU networks as scikit-learn estimators, with their theory measured.

See Also
--------
OverparamReLUClassifier : Li and Liang's two-layer network, trained by s-step SGD.
"""

from importlib.metadata import version

from overparam_sk.estimators import OverparamReLUClassifier
from overparam_sk.training import DivergenceError

__version__ = version("overparam-sk")

__all__ = ["DivergenceError", "OverparamReLUClassifier", "__version__"]
