"""The one shim over ``sklearn.callback``, public but experimental since 1.9.

With an older scikit-learn the estimators have no ``set_callbacks`` and nothing is
called.
"""

import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

from torch import Tensor

from overparam_sk.fits import Data
from overparam_sk.training import StepRecord

__all__ = [
    "CallbackObserver",
    "CallbackSupport",
    "callback_observers",
    "with_callbacks",
]

_Method = TypeVar("_Method", bound=Callable[..., Any])
# What a hook may ask for; scikit-learn gives it what is named after a *, and no more.
_ASKED = ("X", "y", "metadata", "fitted_estimator")
_HOOKS = ("on_fit_task_begin", "on_fit_task_end")

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks as _with_callbacks
except ImportError:
    ARE_THERE = False

    class CallbackSupport:  # type: ignore[no-redef]
        """scikit-learn < 1.9: no callbacks."""

    def with_callbacks(method: _Method) -> _Method:
        """scikit-learn < 1.9: the method as it is."""
        return method

else:
    ARE_THERE = True

    def with_callbacks(method: _Method) -> _Method:
        """scikit-learn >= 1.9: tear the callbacks down whatever happens."""
        managed: _Method = _with_callbacks(method)
        return managed


def callback_observers(estimator: Any, data: Data) -> "list[CallbackObserver]":
    """Those that tell scikit-learn's callbacks, where there are any."""
    return [CallbackObserver(estimator, data)] if ARE_THERE else []


class CallbackObserver:
    """Tell scikit-learn's callbacks of every recorded iteration.

    Parameters
    ----------
    estimator : estimator instance
    data : Data
        What it is trained on.
    """

    def __init__(self, estimator: Any, data: Data) -> None:
        self._estimator = estimator
        self._data = {"X": data.X, "y": data.y}

    def begin(
        self, n_looks: int, state: Callable[[Sequence[Tensor]], dict[str, Any]]
    ) -> None:
        """Call the hooks of the start of a fit whose tasks are its looks."""
        self._state = state
        self._context = self._estimator._init_callback_context(max_subtasks=n_looks)
        self._context._callbacks = [_named(one) for one in self._context._callbacks]
        self._context.call_on_fit_task_begin(estimator=self._estimator, **self._data)

    def observe(self, record: StepRecord) -> bool:
        """Call the hooks of one iteration; True if a callback says stop."""
        told = {"estimator": self._estimator, **self._data}
        task = self._context.subcontext(task_name="iteration")
        task.call_on_fit_task_begin(**told)
        stop = task.call_on_fit_task_end(
            **told, reconstruction_attributes=lambda: self._snapshot(record.weights)
        )
        return bool(stop)

    def finish(self, attributes: dict[str, Any]) -> None:
        """Call the hooks of the end of the fit."""
        self._context.call_on_fit_task_end(
            estimator=self._estimator,
            **self._data,
            reconstruction_attributes=attributes,
        )

    def _snapshot(self, weights: Sequence[Tensor]) -> dict[str, Any]:
        """Attributes of an estimator that predicts as if the fit had stopped here."""
        known = ("classes_", "n_features_in_", "feature_names_in_")
        there = vars(self._estimator)
        return {
            **{name: there[name] for name in known if name in there},
            # the fit goes on and moves them
            **self._state([W.clone() for W in weights]),
        }


def _named(callback: Any) -> Any:
    """A callback whose hooks name, after a *, all that they can be given."""
    hooks = {name: getattr(callback, name) for name in _HOOKS}
    told = {name: _told(hook) for name, hook in hooks.items()}
    return callback if told == hooks else SimpleNamespace(**told)


def _told(hook: Callable[..., Any]) -> Callable[..., Any]:
    """A hook that takes ``**kwargs``, or names before a *, as one that names them."""
    of_kind: dict[Any, set[str]] = {}
    for one in inspect.signature(hook).parameters.values():
        of_kind.setdefault(one.kind, set()).add(one.name)
    after = of_kind.get(inspect.Parameter.KEYWORD_ONLY, set())
    before = of_kind.get(inspect.Parameter.POSITIONAL_OR_KEYWORD, set())
    known = set(_ASKED)
    wanted = known & (after | before)
    if inspect.Parameter.VAR_KEYWORD in of_kind:
        wanted = known
    if wanted == after or after - known:  # of others it says so itself
        return hook

    def named(*task: Any, **given: Any) -> Any:
        return hook(*task, **given)

    given = [n for n in _ASKED if n in wanted]
    kind = inspect.Parameter.KEYWORD_ONLY
    named.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, kind, default=None) for name in given]
    )
    return named
