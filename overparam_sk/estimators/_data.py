"""What estimators are given, validated: rows, targets, weights, held-out rows."""

from numbers import Number
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import _check_sample_weight, validate_data

from overparam_sk.fits import Data
from overparam_sk.parameters import FLAG, either, number, random_generator, shown

__all__ = [
    "check_given_together",
    "check_held_out",
    "check_known_classes",
    "check_sample_weight",
    "check_several_classes",
    "finite_outputs",
    "hold_out",
    "validate",
    "with_class_weight",
]

_CLASS_WEIGHT = either(number(0), FLAG)  # scikit-learn takes True for 1


def validate(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    reset: bool,
    y_numeric: bool = False,
    multi_output: bool = False,
) -> tuple[Any, Any]:
    """X dense or CSR in float64 or float32, and y; refused in scikit-learn's words."""
    X, y = validate_data(
        estimator,
        X,
        y,
        reset=reset,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        y_numeric=y_numeric,
        multi_output=multi_output,
    )
    return X, (y.astype(np.float64, copy=False) if y_numeric else y)


def hold_out(
    data: Data, fraction: float, random_state: Any, *, stratified: bool
) -> tuple[Data, Data]:
    """Set a share of the data apart, for validation: what is kept, and the share.

    Raises
    ------
    ValueError
        If there are too few rows, or too few of a class.
    """
    from sklearn.model_selection import train_test_split  # slow to import

    seed = random_generator(random_state).randint(np.iinfo(np.int32).max)
    try:
        kept, held_out = train_test_split(
            np.arange(len(data.y)),
            test_size=fraction,
            stratify=data.y if stratified else None,
            random_state=seed,
        )
    except ValueError as error:
        raise ValueError(
            f"early_stopping=True sets validation_fraction={fraction} of the rows "
            f"apart, which these do not allow ({error}): change validation_fraction, "
            "give X_val and y_val, or set early_stopping=False."
        ) from error
    return data.rows(kept), data.rows(held_out)


def finite_outputs(outputs: NDArray[Any]) -> NDArray[Any]:
    """Outputs of a network, refused where X takes them out of the numbers' range."""
    if not np.isfinite(outputs).all():
        raise ValueError(
            f"The outputs for X must be finite in {outputs.dtype}, got NaN or infinity "
            "for some rows: scale X as the training data."
        )
    return outputs


def check_sample_weight(sample_weight: Any, X: Any) -> NDArray[Any]:
    """Weights as a float64 array of shape (n_samples,): non-negative, not all zero."""
    if isinstance(sample_weight, Number):  # which scikit-learn takes unseen
        given: Any = sample_weight
        sample_weight = np.full(X.shape[0], given)
        if sample_weight.dtype.hasobject:  # of too many digits, or of another kind
            try:
                sample_weight = np.full(X.shape[0], float(given))
            except (OverflowError, TypeError, ValueError) as error:
                raise ValueError(
                    f"sample_weight must be a finite number, got {shown(given)}."
                ) from error
    weight: NDArray[Any] = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weight.any():
        raise ValueError(
            "sample_weight must have a positive entry, got only zero weights."
        )
    return weight


def check_held_out(kept: NDArray[Any], held: NDArray[Any]) -> None:
    """Refuse a split of the rows by whose weights nothing is trained or scored."""
    for share, weight in (("training", kept), ("validation", held)):
        if not weight.any():
            raise ValueError(
                f"The {share} share of the rows must have a positive sample_weight, "
                "got only zero weights: change validation_fraction, or give X_val and "
                "y_val."
            )


def check_given_together(**given: Any) -> None:
    """Refuse some of these arguments without the others."""
    if any(value is None for value in given.values()):
        raise ValueError(f"{' and '.join(given)} must be given together.")


def check_several_classes(classes: NDArray[Any]) -> None:
    """Refuse a y of a single class, or of none."""
    if len(classes) < 2:
        found = f"only one class: {classes[0]!r}" if len(classes) else "no class"
        raise ValueError(
            "This solver needs samples of at least 2 classes in the data, but the data "
            f"contains {found}"
        )


def check_known_classes(name: str, y: NDArray[Any], classes: NDArray[Any]) -> None:
    """Refuse labels that are not among the classes."""
    unknown = np.setdiff1d(y, classes)
    if len(unknown):
        raise ValueError(
            f"{name} must hold labels among {classes.tolist()}, got also "
            f"{unknown.tolist()}."
        )


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
        label: float(_CLASS_WEIGHT(f"class_weight[{shown(label)}]", value))
        for label, value in class_weight.items()
    }
    labels = classes.tolist()
    missing = [label for label in labels if label not in plain]
    if missing and len(labels) - len(missing) < len(plain):
        raise ValueError(f"The classes, {missing}, are not in class_weight")
    weights = np.array([plain.get(label, 1.0) for label in labels])
    return weights / (weights.max() or 1)
