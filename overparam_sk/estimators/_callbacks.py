"""The one shim over ``sklearn.callback``, public but experimental since 1.9.

With an older scikit-learn the estimators have no ``set_callbacks`` and nothing is
called.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from overparam_sk.training import StepRecord

__all__ = ["CallbackObserver", "CallbackSupport", "fit_context", "with_callbacks"]

_Method = TypeVar("_Method", bound=Callable[..., Any])

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:

    class CallbackSupport:
        """scikit-learn < 1.9: no callbacks."""

    def with_callbacks(method: _Method) -> _Method:
        """scikit-learn < 1.9: the method as it is."""
        return method

    def fit_context(estimator: Any, n_records: int) -> Any:
        """scikit-learn < 1.9: there is no context."""
        return

else:

    class CallbackSupport(CallbackSupportMixin):  # type: ignore[no-redef]
        """scikit-learn >= 1.9: ``set_callbacks``."""

    def with_callbacks(method: _Method) -> _Method:
        """scikit-learn >= 1.9: tear the callbacks down whatever happens."""
        managed: _Method = _with_callbacks(method)
        return managed

    def fit_context(estimator: Any, n_records: int) -> Any:
        """Root context of a fit whose tasks are its recorded iterations."""
        return estimator._init_callback_context(max_subtasks=n_records)


class CallbackObserver:
    """Tell scikit-learn's callbacks of every recorded iteration.

    Parameters
    ----------
    estimator : estimator instance
    context : sklearn.callback.CallbackContext
        Root context of the fit, from `fit_context`.
    X, y : array-like
        The training data, as given to ``fit``.
    fitted_attributes : callable
        Takes the weights and returns the attributes of an estimator that is
        ready to predict as if the fit had stopped here; called only if a callback
        wants such an estimator.
    """

    def __init__(
        self, estimator: Any, context: Any, X: Any, y: Any, fitted_attributes: Any
    ) -> None:
        self._estimator = estimator
        self._context = context
        self._data = {"X": X, "y": y}
        self._fitted_attributes = fitted_attributes
        context.call_on_fit_task_begin(estimator=estimator, **self._data)

    def observe(self, record: StepRecord) -> bool:
        """Call the hooks of one iteration; True if a callback says stop."""
        told = {"estimator": self._estimator, **self._data}
        task = self._context.subcontext(task_name="iteration")
        task.call_on_fit_task_begin(**told)
        stop = task.call_on_fit_task_end(
            **told,
            reconstruction_attributes=lambda: self._fitted_attributes(record.weights),
        )
        return bool(stop)

    def finish(self, attributes: dict[str, Any]) -> None:
        """Call the hooks of the end of the fit."""
        self._context.call_on_fit_task_end(
            estimator=self._estimator,
            **self._data,
            reconstruction_attributes=attributes,
        )
