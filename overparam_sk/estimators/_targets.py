"""What y is, classes or numbers, and what outputs are to it."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d

from overparam_sk.estimators._data import (
    check_known_classes,
    check_sample_weight,
    check_several_classes,
    validate,
    with_class_weight,
)
from overparam_sk.fits import Data
from overparam_sk.parameters import either, instance, one_of
from overparam_sk.world import open_doors

__all__ = ["CLASS_WEIGHT", "NumberRegressor", "NumbersRegressor", "SoftmaxClassifier"]

CLASS_WEIGHT = either(
    one_of(None, "balanced"), instance(dict, "a dict of class weights")
)


@open_doors
class SoftmaxClassifier(ClassifierMixin, ABC):
    """A classifier whose outputs f(x), softmaxed, are probabilities of classes."""

    classes_: NDArray[Any]
    class_weight: Any

    @abstractmethod
    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs f(x), shape (n_samples, n_classes)."""

    def decision_function(self, X: ArrayLike) -> NDArray[Any]:
        """Outputs f(x) of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) if binary
            If binary, f_1(x) − f_0(x): positive for ``classes_[1]``.
        """
        outputs = self._outputs(X)
        return outputs[:, 1] - outputs[:, 0] if outputs.shape[1] == 2 else outputs

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest output.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self._outputs(X).argmax(axis=1)
        labels: NDArray[Any] = self.classes_[best]
        return labels

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Softmax of the outputs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of ``classes_``.
        """
        probabilities: NDArray[Any] = softmax(self._outputs(X), axis=1)
        return probabilities

    def predict_log_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Logarithm of the softmax of the outputs, without underflow.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        logarithms: NDArray[Any] = log_softmax(self._outputs(X), axis=1)
        return logarithms

    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Data:
        X, y = validate(self, X, y, reset=reset)
        check_classification_targets(y)
        if not hasattr(self, "classes_"):
            self.classes_ = np.unique(y)
        check_several_classes(self.classes_)
        weight = check_sample_weight(sample_weight, X)
        places = self._encoded("y", y)
        weight = with_class_weight(self.class_weight, places, self.classes_, weight)
        return Data(X, places, weight)

    def _validated_held(self, X: Any, y: Any) -> Data:
        X, y = validate(self, X, y, reset=False)
        return Data(X, self._encoded("y_val", column_or_1d(y)), np.ones(len(y)))

    def _n_outputs(self) -> int:
        return len(self.classes_)

    def _encoded(self, name: str, y: NDArray[Any]) -> NDArray[np.int64]:
        """Class indices of labels."""
        check_known_classes(name, y, self.classes_)
        return np.searchsorted(self.classes_, y).astype(np.int64)


class NumberRegressor(RegressorMixin):
    """A regressor whose one output is the prediction."""

    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Data:
        X, y = validate(self, X, y, reset=reset, y_numeric=True)
        return Data(X, y, check_sample_weight(sample_weight, X))

    def _validated_held(self, X: Any, y: Any) -> Data:
        X, y = validate(self, X, y, reset=False, y_numeric=True)
        return Data(X, y, np.ones(len(y)))

    def _n_outputs(self) -> int:
        return 1


class NumbersRegressor(NumberRegressor):
    """A regressor of one target, or of several: y of shape (n, t)."""

    def __sklearn_tags__(self) -> Any:
        """Several targets are welcome."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Data:
        X, y = validate(self, X, y, reset=reset, y_numeric=True, multi_output=True)
        return Data(X, _flat_if_one(y), check_sample_weight(sample_weight, X))

    def _validated_held(self, X: Any, y: Any) -> Data:
        X, y = validate(self, X, y, reset=False, y_numeric=True, multi_output=True)
        return Data(X, _flat_if_one(y), np.ones(len(y)))


def _flat_if_one(y: Any) -> NDArray[Any]:
    """Targets, dense; a column is one target, as scikit-learn warns."""
    y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    one = y.ndim == 2 and y.shape[1] == 1
    targets: NDArray[Any] = column_or_1d(y, warn=True) if one else y
    return targets
