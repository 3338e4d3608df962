"""What ``class_weight`` makes of the weights of the samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.parameters import FLAG, either, number, shown

__all__ = ["with_class_weight"]

_WEIGHT = either(number(0), FLAG)  # scikit-learn takes True for 1


def with_class_weight(
    class_weight: Any,
    y: NDArray[np.int64],
    classes: NDArray[Any],
    sample_weight: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Weights of the samples times those of their classes, up to a common factor.

    As ``compute_class_weight`` of scikit-learn 1.9 has them, of all classes, whether or
    not they are among these samples.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
    y : ndarray of shape (n_samples,)
        Indices into ``classes``.
    classes : ndarray of shape (n_classes,)
    sample_weight : ndarray of shape (n_samples,)
        Not all zero.

    Raises
    ------
    ValueError
        If the dict holds what is no weight or names other classes, or if it leaves no
        sample a weight.
    """
    if class_weight is None:
        return sample_weight
    shares = sample_weight / sample_weight.max()  # whose products are finite
    if isinstance(class_weight, dict):
        of_classes = _named(class_weight, classes)
    else:
        of_classes = _balanced(np.bincount(y, shares, len(classes)))
    weight: NDArray[np.float64] = shares * of_classes[y]
    if not weight.any():
        raise ValueError(
            "class_weight must leave a sample with a positive weight, got "
            f"{shown(class_weight)} for samples of the classes "
            f"{classes[np.unique(y)].tolist()}."
        )
    return weight


def _balanced(totals: NDArray[Any]) -> NDArray[np.float64]:
    """The same total weight for every class that has any."""
    there = totals > 0
    weights = np.zeros(len(totals))
    weights[there] = totals.sum() / (there.sum() * totals[there])
    return weights


def _named(class_weight: dict[Any, Any], classes: NDArray[Any]) -> NDArray[np.float64]:
    """1 for the classes that are not named, if all names are those of classes."""
    plain = {
        label: float(_WEIGHT(f"class_weight[{shown(label)}]", value))
        for label, value in class_weight.items()
    }
    labels = classes.tolist()
    missing = [label for label in labels if label not in plain]
    if missing and len(labels) - len(missing) < len(plain):
        raise ValueError(f"The classes, {missing}, are not in class_weight")
    weights = np.array([plain.get(label, 1.0) for label in labels])
    return weights / (weights.max() or 1)
