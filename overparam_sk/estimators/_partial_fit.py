"""Training that goes on, call after call, one pass over the given rows at a time."""

from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike
from sklearn.utils.multiclass import _check_partial_fit_first_call

from overparam_sk.estimators._parameters import checked_parameters
from overparam_sk.world import open_doors

__all__ = ["PartialFitClassifier", "PartialFitRegressor"]


class _PartialFit:
    """An estimator that goes on from where it is."""

    if TYPE_CHECKING:  # the classes beside it bring the rest

        def __getattr__(self, name: str) -> Any: ...

    def _go_on(
        self, X: Any, y: Any, sample_weight: Any, classes: Any | None = None
    ) -> Self:
        """One pass over the rows, from the present weights or from the start."""
        plain = checked_parameters(self)
        _check_for_partial_fit(plain["early_stopping"], plain.get("class_weight"))
        resumes = self.__sklearn_is_fitted__()
        if not resumes:
            self._forget()
        if classes is not None:
            _check_partial_fit_first_call(self, classes)
        try:
            data = self._validated(X, y, sample_weight, reset=not resumes)
            resume = self._resume(data, self.learning_rate_) if resumes else None
            self._train(plain, self._job(plain, data, None, resume, one_pass=True))
        except FloatingPointError:
            self._forget()
            raise
        return self


@open_doors
class PartialFitClassifier(_PartialFit):
    """A classifier that may be given its rows a chunk at a time."""

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go on training for one pass over the given data: one step for each batch.

        An automatic learning rate is that of the first call, and its ``scale_`` stays.
        The diagnostics are those on the data of the last call. Weights,
        ``class_weight`` too, count relative to the others of the same call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,), default=None
            All classes that will come; needed in the first call only, and there taken
            from y if it is left out. Later it may be left out or must be the same.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.

        Returns
        -------
        self : estimator instance

        Raises
        ------
        ValueError, DivergenceError
            As in ``fit``; also with ``early_stopping``, with
            ``class_weight="balanced"``, and for other classes than before.
        """
        return self._go_on(X, y, sample_weight, classes)


@open_doors
class PartialFitRegressor(_PartialFit):
    """A regressor that may be given its rows a chunk at a time."""

    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Go on training by one gradient step, on all of the given data at once.

        A step from ``learning_rate="auto"`` is that of the first call; one that
        raises the loss of these data is taken back, and halved for the calls to come.
        The diagnostics are those on the data of the last call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples, factors of their terms of the loss.

        Returns
        -------
        self : estimator instance

        Raises
        ------
        ValueError, DivergenceError
            As in ``fit``; also with ``early_stopping``, and for another number of
            columns or targets than before.
        """
        return self._go_on(X, y, sample_weight)


def _check_for_partial_fit(early_stopping: bool, class_weight: Any) -> None:
    """Refuse what asks for all the data at once, in scikit-learn's words."""
    if early_stopping:
        raise ValueError("partial_fit does not support early_stopping=True")
    if class_weight is not None and not isinstance(class_weight, dict):
        raise ValueError(
            f"class_weight '{class_weight}' is not supported for partial_fit. In order "
            f"to use 'balanced' weights, use compute_class_weight('{class_weight}', "
            "classes=classes, y=y). In place of y you can use a large enough sample of "
            "the full training set target to properly estimate the class frequency "
            "distributions. Pass the resulting weights as the class_weight parameter."
        )
