"""What every classifier around LL18's network does, whatever its units do."""

from collections.abc import Iterator
from itertools import repeat
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from overparam_sk.diagnostics import effective_rank
from overparam_sk.estimators._base import WideNetworkEstimator
from overparam_sk.estimators._callbacks import with_callbacks
from overparam_sk.estimators._checks import check_for_partial_fit, check_rank
from overparam_sk.estimators._data import TrainingData, finite_outputs
from overparam_sk.estimators._first_layer_run import FirstLayerRun
from overparam_sk.estimators._run import Run, Seeds, Start
from overparam_sk.estimators._softmax import SoftmaxClassifier
from overparam_sk.estimators._softmax_run import batch_size_in_use
from overparam_sk.estimators._state import split_intercept
from overparam_sk.estimators.compressed import CompressedClassifier
from overparam_sk.networks import SoftmaxNetwork, initial_weights
from overparam_sk.rows import Rows, as_tensor

__all__ = ["FirstLayerClassifier"]

# Numbers of pre-activations that a prediction holds at a time.
_PREDICT_ELEMENTS = 2**22


class FirstLayerClassifier(SoftmaxClassifier, WideNetworkEstimator):
    """A classifier around a network whose first layer is trained by s-step SGD."""

    _n_layers: ClassVar[int] = 1
    _network: ClassVar[type[SoftmaxNetwork]]

    def __init__(
        self,
        width: int = 1000,
        *,
        learning_rate: Any = "auto",
        momentum: Any = "auto",
        batch_size: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        n_iter_no_change: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        class_weight: Any = None,
        fit_intercept: bool = True,
        warm_start: bool = False,
        record_every: Any = "auto",
        diagnostics: Any = "all",
        gram_samples: int = 200,
        block_size: Any = "auto",
        precision: str = "ieee",
        device: str = "auto",
        distributed: bool = False,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.width = width
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.warm_start = warm_start
        self.record_every = record_every
        self.diagnostics = diagnostics
        self.gram_samples = gram_samples
        self.block_size = block_size
        self.precision = precision
        self.device = device
        self.distributed = distributed
        self.random_state = random_state
        self.verbose = verbose

    @with_callbacks
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float32 is computed in float32, everything else in float64. A sparse X
            stays sparse where that is faster, and is otherwise made dense a block of
            rows at a time.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows, scored at every recorded iteration.
        y_val : array-like of shape (n_val,), default=None
            Their labels.

        Returns
        -------
        self : estimator instance

        Raises
        ------
        ValueError
            For a parameter, data or a device that cannot be used.
        DivergenceError
            If the outputs stop being finite; also a ValueError and a
            FloatingPointError. The estimator is then unfitted.
        MemoryError
            If there is no room for a block of one batch beside the weights.

        Warns
        -----
        ConvergenceWarning
            After Ctrl-C, once: fitted as with a smaller ``max_iter``. Also if no hidden
            unit is active on any training row, so that it predicts 0 for all.
        """
        self._fit(X, y, sample_weight, X_val, y_val)
        return self

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Go on training for one pass over the given data, ⌈n_samples/B⌉ steps.

        The learning rate of the first call stays in use. The diagnostics are those on
        the data of the last call. Weights, ``class_weight`` too, count relative to the
        others of the same call.

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
        parameters = self._plain_parameters()
        check_for_partial_fit(parameters.early_stopping, parameters.class_weight)
        resume = self.__sklearn_is_fitted__()
        if not resume:
            self._forget()
        if classes is not None:
            _check_partial_fit_first_call(self, classes)
        try:
            data = self._validated(X, y, sample_weight, reset=not resume)
            start = self._start(data, self.learning_rate_) if resume else None
            n = len(data.y)
            n_steps = -(-n // batch_size_in_use(parameters.batch_size, n))
            self._train(parameters, data, n_steps, start)
        except FloatingPointError:
            self._forget()
            raise
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""
        return hasattr(self, "hidden_weights_")

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
        return split_intercept(self._initial(), self.hidden_weights_.shape[1])[0]

    def compress(self, rank: int | None = None) -> CompressedClassifier:
        """W(0), by its seed, plus the best update of a rank (LL18 §6).

        Parameters
        ----------
        rank : int, default=None
            At most min(width, n_features), and one more with an intercept. None is
            that which carries 99 % of the squared norm of the update.

        Returns
        -------
        CompressedClassifier

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            If ``rank`` is not such an integer.
        """
        check_is_fitted(self)
        W = self.hidden_weights_
        if self._has_intercept():
            W = np.column_stack([W, self.hidden_intercept_])
        update = (W - self._initial().numpy()).astype(np.float64)
        U, s, Vt = np.linalg.svd(update, full_matrices=False)
        kept = check_rank(effective_rank(s) if rank is None else rank, len(s))
        left, right = U[:, :kept] * s[:kept], Vt[:kept]
        return CompressedClassifier.of(
            self,
            None if rank is None else kept,
            left.astype(W.dtype),
            right.astype(W.dtype),
        )

    def _has_intercept(self) -> bool:
        """Whether the fitted network has one, whatever ``fit_intercept`` is by now."""
        return bool(self.hidden_intercept_.any())

    def _make_run(
        self,
        parameters: SimpleNamespace,
        data: TrainingData,
        seeds: Seeds,
        start: Start | None,
        n_steps: int,
    ) -> Run:
        return FirstLayerRun(
            parameters,
            data,
            seeds,
            start,
            n_steps,
            len(self.classes_),
            self._network,
        )

    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        W = self.hidden_weights_
        if self.fit_intercept:
            W = np.column_stack([W, self.hidden_intercept_])
        return (W,)

    def _sizes(self, data: TrainingData) -> dict[str, tuple[Any, Any]]:
        return {
            "width": (self.hidden_weights_.shape[0], self.width),
            "n_features": (self.hidden_weights_.shape[1], data.X.shape[1]),
            "fit_intercept": (self._has_intercept(), bool(self.fit_intercept)),
            "n_classes": (self.readout_weights_.shape[0], len(self.classes_)),
        }

    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return [(self.hidden_weights_, self.initial_weights())]

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs f(x) of the network, shape (n_samples, n_outputs)."""
        check_is_fitted(self)
        rows = self._rows_to_predict(X, like=self.hidden_weights_)
        device = rows.device
        W, b, a = (
            as_tensor(weights, device)
            for weights in (
                self.hidden_weights_,
                self.hidden_intercept_,
                self.readout_weights_,
            )
        )
        network = self._network(a)
        size = max(1, _PREDICT_ELEMENTS // len(W))
        starts = self._initial_patterns(rows, size) if network.frozen else repeat(None)
        outputs = [
            network.outputs_(Z.add_(b), start).cpu()
            for (_, Z), start in zip(rows.products(W.T, size), starts, strict=False)
        ]
        return finite_outputs(torch.cat(outputs).numpy())

    def _initial_patterns(self, rows: Rows, size: int) -> Iterator[Tensor]:
        """1{W(0) x > 0} of blocks of ``size`` rows."""
        W0 = self._initial(rows.device)
        d = rows.n_columns
        for _, Z in rows.products(W0[:, :d].T, size):
            yield Z.add_(W0[:, d:].sum(dim=1)) > 0

    def _initial(self, device: torch.device | str = "cpu") -> Tensor:
        """W(0), with the intercept as its last column where there is one."""
        m, d = self.hidden_weights_.shape
        return initial_weights(
            self.init_seed_,
            m,
            d,
            constant=self._has_intercept(),
            dtype=as_tensor(self.readout_weights_).dtype,
            device=device,
        )
