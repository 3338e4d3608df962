"""What the estimators share: validate -> train -> numpy state."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor

from overparam_sk.devices import is_here
from overparam_sk.diagnostics import (
    REGISTRY,
    effective_rank,
    history_columns,
    update_singular_values,
)
from overparam_sk.estimators._callbacks import (
    CallbackObserver,
    CallbackSupport,
    fit_context,
)
from overparam_sk.estimators._checks import (
    check_given_together,
    check_held_out,
    check_parameters,
    check_same_shape,
    parameter_rules,
)
from overparam_sk.estimators._data import TrainingData, hold_out
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._state import StampedState
from overparam_sk.parameters import random_generator
from overparam_sk.rows import Rows, as_rows, as_tensor
from overparam_sk.training import Outcome
from overparam_sk.world import warn_user

__all__ = ["WideNetworkEstimator"]

# Needs the weights alone, and is computed when it is first looked at.
_LAZY = "update_singular_values"


class WideNetworkEstimator(CallbackSupport, StampedState, ABC):
    """An estimator around a network that is trained by one of our runs."""

    _n_layers: ClassVar[int]  # trained layers
    _own_columns: ClassVar[tuple[str, ...]] = ()  # figures beside the diagnostics

    @abstractmethod
    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""

    @abstractmethod
    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Any:
        """Check data for training, as TrainingData, and set what y tells."""

    @abstractmethod
    def _validated_held(self, X: Any, y: Any) -> TrainingData:
        """Check a validation set."""

    @abstractmethod
    def _make_run(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> Run:
        """The run that a fit is."""

    @abstractmethod
    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        """The trained matrices as a run wants them, intercepts as last columns."""

    @abstractmethod
    def _sizes(self, data: TrainingData) -> dict[str, tuple[Any, Any]]:
        """What a run can only go on with if it stays: name -> (now, asked)."""

    @abstractmethod
    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Weights now and at initialisation, for each trained layer."""

    def __sklearn_tags__(self) -> Any:
        """Sparse input is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def update_singular_values_(self) -> Any:
        """Singular values of each layer's W − W(0); computed when first looked at."""
        if not self.__sklearn_is_fitted__() or _LAZY not in self._asked_for():
            raise AttributeError(
                f"{type(self).__name__!r} has no attribute '{_LAZY}_': it must be "
                f"fitted, with diagnostics='all' or '{_LAZY}' among them."
            )
        if "_update_singular_values" not in vars(self):
            values = [update_singular_values(W, W0) for W, W0 in self._updates()]
            self._update_singular_values = values[0] if len(values) == 1 else values
        return self._update_singular_values

    @property
    def effective_rank_(self) -> Any:
        """How many singular values carry 99 % of ‖W − W(0)‖_F², for each layer."""
        values = self.update_singular_values_
        if isinstance(values, list):
            return [effective_rank(s) for s in values]
        return effective_rank(values)

    def __dir__(self) -> list[str]:
        """Names of what is there, without what is yet to be computed.

        scikit-learn (>= 1.9) shows an estimator with the values of all names in here,
        and its own ``__dir__`` looks at the values too.
        """
        computed = "_update_singular_values" in vars(self)
        lazy = () if computed else (f"{_LAZY}_", "effective_rank_")
        names = (n for n in object.__dir__(self) if n not in lazy)
        return [name for name in names if hasattr(self, name)]

    @property
    def diagnostic_columns(self) -> tuple[str, ...]:
        """Names of the diagnostics that ``diagnostics`` asks for, one a number.

        They are those of ``history_``: where every layer has a figure of its own, the
        layer is appended, as in "relative_distance_1".
        """
        layers = range(self._n_layers)
        columns = history_columns(
            {
                name: layers[REGISTRY[name].layers]
                for name in self._asked_for()
                if name != _LAZY
            }
        )
        return (*columns, *self._own_columns)

    def _asked_for(self) -> tuple[str, ...]:
        """Names of the diagnostics that ``diagnostics`` means."""
        every = (*REGISTRY, _LAZY)
        names = parameter_rules(every)["diagnostics"]("diagnostics", self.diagnostics)
        return every if names == "all" else names or ()

    def _plain_parameters(self) -> SimpleNamespace:
        """The parameters, checked, as plain Python values."""
        rules = parameter_rules((*REGISTRY, _LAZY))
        return check_parameters(self.get_params(deep=False), rules)

    def _fit(self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any) -> None:
        """The body of ``fit``."""
        parameters = self._plain_parameters()
        resume = self.warm_start and self.__sklearn_is_fitted__()
        if not resume:
            self._forget()
        try:
            data = self._validated(X, y, sample_weight, reset=not resume)
            data = self._with_validation(parameters, data, X_val, y_val)
            start = self._start(data, None) if resume else None
            n_steps = parameters.max_iter
            self._train(parameters, data, n_steps, start, with_callbacks=True)
        except FloatingPointError:
            self._forget()
            raise

    def _with_validation(
        self, parameters: SimpleNamespace, data: TrainingData, X_val: Any, y_val: Any
    ) -> TrainingData:
        """Add the given validation set, or set a share of the data apart."""
        if X_val is not None or y_val is not None:
            check_given_together(X_val=X_val, y_val=y_val)
            held = self._validated_held(X_val, y_val)
            data = TrainingData(data.X, data.y, data.weight, held)
        elif parameters.early_stopping:
            data = hold_out(
                data,
                parameters.validation_fraction,
                parameters.random_state,
                stratified=hasattr(self, "classes_"),
            )
        if data.validation is not None:
            check_held_out(data.weight, data.validation.weight)
        return data

    def _start(self, data: TrainingData, learning_rate: float | None) -> Start:
        """The present state, to go on from."""
        check_same_shape(self._sizes(data))
        return Start(
            self._trained_weights(), self.n_iter_, learning_rate, self.history_
        )

    def _train(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        n_steps: int,
        start: Start | None,
        *,
        with_callbacks: bool = False,
    ) -> None:
        """Train for ``n_steps`` and set all fitted attributes."""
        seeds = Seeds.draw(random_generator(parameters.random_state))
        if start is not None:
            seeds = Seeds(self.init_seed_, seeds.batches, seeds.subsets)
        run = self._make_run(parameters, data, seeds, start, n_steps)
        looks = run.checkpoints()
        context = fit_context(self, len(looks)) if with_callbacks else None
        if context is None:
            outcome = run.train(looks)
        else:
            observer = CallbackObserver(
                self, context, data.X, data.y, lambda W: self._snapshot(run, W)
            )
            outcome = run.train(looks, [observer])
        attributes = run.attributes()
        run.check_finite(attributes)
        # Those of an earlier call must not outlive it.
        earlier = [f"{name}_" for name in (*REGISTRY, "best_validation_score")]
        self._replace_state([*earlier, "_update_singular_values"], attributes)
        if context is not None:
            observer.finish(attributes)
        if outcome is Outcome.INTERRUPTED:
            warn_user(
                "Training was interrupted from the keyboard: the weights are those of "
                f"iteration {run.iteration} of {looks[-1]}.",
                ConvergenceWarning,
            )
        if run.dead:
            intercept = "" if parameters.fit_intercept else "fit_intercept=True, "
            warn_user(
                "The network predicts 0 for every training row and has no gradient: no "
                "hidden unit is active on any of them. Use another random_state, more "
                f"hidden units, {intercept}or a lower learning_rate, or scale X to "
                "mean 0 and standard deviation 1.",
                ConvergenceWarning,
            )

    def _snapshot(self, run: Run, weights: Sequence[Tensor]) -> dict[str, Any]:
        """Attributes of an estimator that is ready to predict with ``weights``."""
        known = ("classes_", "n_features_in_", "feature_names_in_")
        return {
            **{name: getattr(self, name) for name in known if hasattr(self, name)},
            # the run goes on and moves them
            **run.predictor([W.clone() for W in weights]),
        }

    def _rows_to_predict(
        self, X: Any, like: NDArray[Any], *, constant: bool = False
    ) -> Rows:
        """Rows to predict, in the dtype of ``like``, on the model's device or CPU."""
        check_is_fitted(self)
        # What overflows float32 is refused as infinite; numpy need not warn as well.
        with np.errstate(over="ignore"):
            X = validate_data(
                self, X, reset=False, accept_sparse="csr", dtype=like.dtype.type
            )
        dtype, device = as_tensor(like).dtype, torch.device(self._device_here())
        return as_rows(X, constant=constant, dtype=dtype, device=device)

    def _device_here(self) -> str:
        """A model trained on a GPU works there, and elsewhere where there is none."""
        return self.device_ if is_here(self.device_) else "cpu"
