"""Trained weights as estimators measure them, and go on from them."""

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from numpy.typing import NDArray

from overparam_sk.diagnostics import (
    GramSource,
    effective_rank,
    history_columns,
    update_singular_values,
)
from overparam_sk.diagnostics.registry import Asked, kinds_of
from overparam_sk.estimators._parameters import parameter, parameters
from overparam_sk.estimators._registered import (
    Registered,
    asked_elsewhere,
    registered,
)
from overparam_sk.fits import (
    SPECTRUM,
    Data,
    Resume,
    asked_diagnostics,
    names_asked_for,
)
from overparam_sk.parameters import COUNT, FLAG
from overparam_sk.rows import Coordinates
from overparam_sk.world import in_own_world, open_doors

__all__ = ["MeasuredWeights"]

_RANK = "effective_rank_"
_OF_UPDATES = (f"{SPECTRUM}_", _RANK)
_OF_LAYER = re.compile(r"_\d+$")  # of a column of the history


def _diagnostics(name: str, value: Any) -> Asked:
    """The rule of ``diagnostics``: those that are registered by now, and classes."""
    return asked_diagnostics(name, value, "all", None)


@open_doors
@parameters
class MeasuredWeights(ABC):
    """An estimator whose weights are compared with those at initialisation.

    Parameters
    ----------
    warm_start : bool, default=False
        Whether ``fit`` goes on from the present weights, for ``max_iter`` more steps.
    diagnostics : "all", None or tuple of str or Diagnostic classes, default="all"
        Which of "activation_change", "coupling", "relative_distance", "weight_change",
        "dead_samples", "dead_rows", "gram_lambda_min", "gram_drift", "gram_alignment",
        "largest_unit_change", "update_singular_values" and what is registered with
        `overparam_sk.diagnostics.register` are measured; of one's own also the class.
    gram_samples : int, default=200
        Training rows, a seeded subset, of the Gram matrix.

    Attributes
    ----------
    dead_rows_ : int
        Training rows that activate no unit of the layer; a number a layer where there
        are several.
    gram_drift_ : float
        ‖H(t) − H(0)‖_F / ‖H(0)‖_F for the Gram matrix H of ``gram_lambda_min_`` and
        its rows. Where H(0) = 0, 0 if H still is 0, and otherwise 1.
    gram_alignment_ : float
        ⟨H, Ȳ Ȳᵀ⟩ / (‖H‖_F ‖Ȳ Ȳᵀ‖_F), the cosine of the angle between this H and the
        Gram matrix of these rows' targets less their mean, Ȳ: labels one-hot, numbers
        as they are, of several targets each by its size. A sample's weight counts how
        often it is there. In [0, 1]; 0 where H is 0 or all of these targets are the
        same.
    """

    _n_layers: ClassVar[int]  # trained layers

    warm_start: bool = parameter(default=False, rule=FLAG)
    diagnostics: Asked = parameter(default="all", rule=_diagnostics)
    gram_samples: int = parameter(default=200, rule=COUNT)

    @property
    @abstractmethod
    def gram_source(self) -> GramSource:
        """What `overparam_sk.diagnostics.gram_matrix` is made of, once it is fitted."""

    @abstractmethod
    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are weights."""

    @abstractmethod
    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        """The trained matrices as a fit wants them, intercepts as last columns."""

    @abstractmethod
    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Weights now and at initialisation, for each trained layer."""

    @abstractmethod
    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        """What must stay for a fit to go on: name -> (of the fit before, asked now)."""

    @property
    def diagnostic_columns(self) -> tuple[str, ...]:
        """Names of the diagnostics that ``diagnostics`` asks for, one a number.

        They are those of ``history_``: where every layer has a figure of its own, the
        layer is appended, as in "relative_distance_1".
        """
        asked = kinds_of(_diagnostics("diagnostics", self.diagnostics))
        of_layers = {
            name: range(self._layers_with(one.sees))[one.layers]
            for name, one in asked.items()
        }
        return tuple(history_columns(of_layers))

    def __behind_parameters__(self) -> dict[str, Any]:
        """What ``diagnostics`` has only names for: a study looks at its code, too."""
        found = self._registered()
        return {"registered": dict(found)} if found else {}

    def _registered(self) -> Registered:
        try:
            return registered(_diagnostics("diagnostics", self.diagnostics))
        except (AttributeError, ValueError):
            return Registered()  # as the fit will say

    def _brought_along(self) -> tuple[Any, ...]:
        """What a fit elsewhere must know of what is registered here."""
        found = Registered() if self.__sklearn_is_fitted__() else self._registered()
        return (found,) if found else ()

    def _take_along(self, *brought: Any) -> None:
        if brought:
            self.diagnostics = asked_elsewhere(self.diagnostics, brought[0])

    def _layers_with(self, view: type) -> int:
        """How many layers there are views of one kind of."""
        return self._n_layers

    def __getattr__(self, name: str) -> Any:
        """Compute the update's spectrum when it is first looked at, and keep it.

        It is not there before: scikit-learn (>= 1.9) looks at the values of all that
        is, to show an estimator.
        """
        if name not in _OF_UPDATES:
            # Once more, for the error: of a property it is the one raised inside.
            return object.__getattribute__(self, name)
        if not self.__sklearn_is_fitted__() or SPECTRUM not in self._asked_for():
            raise AttributeError(
                f"{type(self).__name__!r} has no attribute '{SPECTRUM}_': it must be "
                f"fitted, with diagnostics='all' or '{SPECTRUM}' among them."
            )
        if name == _RANK:
            spectra = self.update_singular_values_
            several = isinstance(spectra, list)
            found: Any = list(map(effective_rank, spectra if several else [spectra]))
        else:
            found = [update_singular_values(*both) for both in self._known_updates()]
        vars(self)[name] = found[0] if len(found) == 1 else found
        return vars(self)[name]

    def _measured_before(self) -> list[str]:
        """Names of the fitted attributes that are figures of weights."""
        columns = getattr(self, "history_", ())
        return [*(f"{_OF_LAYER.sub('', name)}_" for name in columns), *_OF_UPDATES]

    @in_own_world
    def _known_updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """`_updates` behind a door: an attribute is looked at in any world."""
        return self._updates()

    def _asked_for(self) -> tuple[str, ...]:
        return names_asked_for(_diagnostics("diagnostics", self.diagnostics))

    def _resume(self, data: Data, learning_rate: float | None = None) -> Resume:
        """The present state, to go on from, if the network stays the same."""
        for name, (before, now) in self._sizes(data).items():
            if before != now:
                raise ValueError(
                    f"{name} must stay {before}, as in the fit that this one goes on "
                    f"from, got {now}: fit anew with warm_start=False."
                )
        weights = self._trained_weights()
        coordinates = Coordinates.kept_by(vars(self), "cpu")
        return Resume(weights, self.n_iter_, learning_rate, self.history_, coordinates)
