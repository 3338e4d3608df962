"""What the estimators share: validate -> train -> numpy state."""

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from overparam_sk.diagnostics import REGISTRY, update_singular_values
from overparam_sk.estimators._callbacks import (
    CallbackObserver,
    CallbackSupport,
    fit_context,
)
from overparam_sk.estimators._checks import (
    check_parameters,
    check_same_shape,
    local_random_state,
    parameter_rules,
)
from overparam_sk.estimators._data import TrainingData
from overparam_sk.estimators._run import FirstLayerRun, Seeds, Start
from overparam_sk.estimators._state import StampedState
from overparam_sk.networks import LiLiang2018, initial_weights
from overparam_sk.rows import as_rows, as_tensor
from overparam_sk.training import Outcome

__all__ = ["FirstLayerEstimator"]

# Needs the weights alone, and is computed when it is first looked at.
_LAZY = "update_singular_values"
# Numbers of pre-activations that a prediction holds at a time.
_PREDICT_ELEMENTS = 2**23


class FirstLayerEstimator(CallbackSupport, StampedState):
    """An estimator around a network whose first layer is trained by s-step SGD."""

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""
        return hasattr(self, "hidden_weights_")

    def __sklearn_tags__(self) -> Any:
        """Sparse input is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def initial_weights(self) -> NDArray[Any]:
        """Hidden weights at initialisation, W(0), regenerated from ``init_seed_``.

        Returns
        -------
        ndarray of shape (width, n_features)
            Entries N(0, 1/width) (LL18, (A3)), in the dtype of ``hidden_weights_``.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        m, d = self.hidden_weights_.shape
        dtype = as_tensor(self.readout_weights_).dtype
        W0: NDArray[Any] = initial_weights(self.init_seed_, m, d, dtype=dtype).numpy()
        return W0

    @property
    def update_singular_values_(self) -> NDArray[np.float64]:
        """Singular values of W − W(0), descending; computed when first looked at."""
        if "hidden_weights_" not in vars(self) or not (
            self.diagnostics == "all" or _LAZY in (self.diagnostics or ())
        ):
            raise AttributeError(
                f"{type(self).__name__!r} has no attribute '{_LAZY}_': it must be "
                f"fitted, with diagnostics='all' or '{_LAZY}' among them."
            )
        if "_update_singular_values" not in vars(self):
            self._update_singular_values = update_singular_values(
                self.hidden_weights_, self.initial_weights()
            )
        return self._update_singular_values

    def _check_parameters(self) -> None:
        rules = parameter_rules((*REGISTRY, _LAZY))
        check_parameters(self.get_params(deep=False), rules)

    def _train(
        self,
        data: TrainingData,
        n_classes: int,
        n_steps: int | None,
        *,
        resume: bool = False,
        keep_learning_rate: bool = False,
        with_callbacks: bool = False,
    ) -> None:
        """Train for ``n_steps``, None being one pass; set all fitted attributes."""
        seeds = Seeds.draw(local_random_state(self.random_state))
        start = None
        if resume:
            seeds = Seeds(self.init_seed_, seeds.batches, seeds.subsets)
            start = self._start(data, n_classes, keep_learning_rate)
        parameters = SimpleNamespace(**self.get_params(deep=False))
        run = FirstLayerRun(parameters, data, n_classes, seeds, start)
        looks = run.checkpoints(run.steps_of_a_pass if n_steps is None else n_steps)
        context = fit_context(self, len(looks)) if with_callbacks else None
        if context is None:
            outcome = run.train(looks)
        else:
            observer = CallbackObserver(
                self, context, data.X, data.y, lambda W: self._snapshot(run, W)
            )
            outcome = run.train(looks, [observer])
        if outcome is Outcome.INTERRUPTED:
            warnings.warn(
                "Training was interrupted from the keyboard: the weights are those of "
                f"iteration {run.iteration} of {looks[-1]}.",
                ConvergenceWarning,
                stacklevel=3,
            )
        attributes = run.attributes()
        for name in REGISTRY:  # those of an earlier call must not outlive it
            self.__dict__.pop(f"{name}_", None)
        for name, value in attributes.items():
            setattr(self, name, value)
        self.__dict__.pop("_update_singular_values", None)
        if context is not None:
            observer.finish(attributes)

    def _start(self, data: TrainingData, n_classes: int, keep: bool) -> Start:
        check_same_shape(
            {
                "width": (self.hidden_weights_.shape[0], self.width),
                "n_features": (self.hidden_weights_.shape[1], data.X.shape[1]),
                "n_classes": (self.readout_weights_.shape[0], n_classes),
            }
        )
        W = self.hidden_weights_
        if self.fit_intercept:
            W = np.column_stack([W, self.hidden_intercept_])
        rate = self.learning_rate_ if keep else None
        return Start(W, self.n_iter_, rate, self.history_)

    def _snapshot(self, run: FirstLayerRun, W: torch.Tensor) -> dict[str, Any]:
        """Attributes of an estimator that is ready to predict with weights W."""
        known = ("classes_", "n_features_in_", "feature_names_in_")
        return {
            **{name: getattr(self, name) for name in known if hasattr(self, name)},
            **run.predictor(W.clone()),  # the run goes on and moves W
        }

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs f(x) of the network, shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        W, b = as_tensor(self.hidden_weights_), as_tensor(self.hidden_intercept_)
        # What overflows float32 is refused as infinite; numpy need not warn as well.
        with np.errstate(over="ignore"):
            X = validate_data(
                self,
                X,
                reset=False,
                accept_sparse="csr",
                dtype=self.hidden_weights_.dtype.type,
            )
        # A model trained on a GPU predicts there, and elsewhere where there is none.
        device = torch.device(self.device_ if _is_here(self.device_) else "cpu")
        W, b = W.to(device), b.to(device)
        network = LiLiang2018(as_tensor(self.readout_weights_, device))
        rows = as_rows(X, constant=False, dtype=W.dtype, device=device)
        size = max(1, _PREDICT_ELEMENTS // len(W))
        outputs = [
            network.outputs(torch.addmm(b, block, W.T)).cpu()
            for _, block in rows.blocks(size)
        ]
        result: NDArray[Any] = torch.cat(outputs).numpy()
        return result


def _is_here(device: str) -> bool:
    name, _, index = device.partition(":")
    if name == "cuda":
        return torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count()
    return name == "cpu" or torch.backends.mps.is_available()
