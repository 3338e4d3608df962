"""Validated data, on its way from scikit-learn to the training run."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from overparam_sk.parameters import random_generator

__all__ = ["TrainingData", "finite_outputs", "hold_out", "validate"]


@dataclass(frozen=True)
class TrainingData:
    """Validated numpy data: X dense or CSR, y as numbers, one weight a sample."""

    X: Any
    y: NDArray[Any]  # class indices, or real targets
    weight: NDArray[Any]
    validation: "TrainingData | None" = None

    def rows(self, places: NDArray[np.int64]) -> "TrainingData":
        """Some of the samples."""
        return TrainingData(self.X[places], self.y[places], self.weight[places])


def validate(
    estimator: Any, X: Any, y: Any, *, reset: bool, y_numeric: bool = False
) -> tuple[Any, Any]:
    """X dense or CSR in float64 or float32, and y, in scikit-learn's words or not."""
    X, y = validate_data(
        estimator,
        X,
        y,
        reset=reset,
        accept_sparse="csr",
        dtype=[np.float64, np.float32],
        y_numeric=y_numeric,
    )
    return X, (y.astype(np.float64, copy=False) if y_numeric else y)


def hold_out(
    data: TrainingData, fraction: float, random_state: Any, *, stratified: bool
) -> TrainingData:
    """Set a share of the data apart, for validation.

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
    kept_data = data.rows(kept)
    return TrainingData(kept_data.X, kept_data.y, kept_data.weight, data.rows(held_out))


def finite_outputs(outputs: NDArray[Any]) -> NDArray[Any]:
    """Outputs of a network, refused where X takes them out of the numbers' range."""
    if not np.isfinite(outputs).all():
        raise ValueError(
            f"The outputs for X must be finite in {outputs.dtype}, got NaN or infinity "
            "for some rows: scale X as the training data."
        )
    return outputs
