"""The rows of the study, and the networks that are trained on them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import normalize

from overparam_sk import OverparamReLUClassifier
from overparam_sk.datasets import make_clustered_mixture

__all__ = ["DATA", "Rows", "draw", "plain"]

# Of LL18's mixture, so much noise that not everything is learnt.
_MIXTURE: dict[str, Any] = {"n_classes": 5, "n_components": 2, "component_std": 4.0}
_COLUMNS, _TESTED = 20, 1000

DATA = {
    "digits": "scikit-learn's digits",
    "mixture": (
        f"LL18's mixture of {_MIXTURE['n_classes']} classes of "
        f"{_MIXTURE['n_components']} components each in {_COLUMNS} columns, of "
        f"standard deviation {_MIXTURE['component_std']:g}"
    ),
}


class Rows(NamedTuple):
    """Rows of norm 1, in float64."""

    X: NDArray[np.float64]
    y: NDArray[Any]
    X_test: NDArray[np.float64]
    y_test: NDArray[Any]


def draw(name: str, n: int, seed: int) -> Rows:
    """Draw n training rows, and more that are not trained on."""
    if name == "digits":
        X, y = load_digits(return_X_y=True)
    else:
        X, y = make_clustered_mixture(
            n + _TESTED, _COLUMNS, random_state=seed, **_MIXTURE
        )
    X, X_test, y, y_test = train_test_split(
        normalize(X), y, train_size=n, stratify=y, random_state=seed
    )
    return Rows(X, y, X_test, y_test)


def plain(kind: Any = OverparamReLUClassifier, **parameters: Any) -> Any:
    """A network of which both layers are trained by plain gradient descent.

    On at most 256 rows, which then are one batch.
    """
    usual = {
        "train_readout": True,
        "momentum": 0.0,
        "n_iter_no_change": None,
        "fit_intercept": False,
        "diagnostics": (),
    }
    return kind(**{**usual, **parameters})
