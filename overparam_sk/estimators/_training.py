"""Training as estimators do it: check, hand over a job, keep what came of it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from overparam_sk.devices import is_here
from overparam_sk.estimators._callbacks import (
    CallbackObserver,
    CallbackSupport,
    callback_observers,
    with_callbacks,
)
from overparam_sk.estimators._data import (
    check_given_together,
    check_held_out,
    hold_out,
)
from overparam_sk.estimators._parameters import (
    checked_parameters,
    parameter,
    parameters,
)
from overparam_sk.estimators._weights import MeasuredWeights
from overparam_sk.fits import (
    Begin,
    Data,
    Fitted,
    Job,
    Resume,
    Seeds,
    Settings,
    fit,
)
from overparam_sk.parameters import (
    COUNT,
    DEVICE,
    FLAG,
    RANDOM_STATE,
    either,
    integer,
    number,
    one_of,
    random_generator,
    several,
)
from overparam_sk.rows import Rows, as_rows, as_tensor
from overparam_sk.training import Outcome
from overparam_sk.world import open_doors, warn_user

__all__ = ["Auto", "TrainedNetwork"]

Auto = Literal["auto"]

_RECORD_EVERY = either(
    one_of("auto", None), COUNT, several(integer(0), "a tuple of integers >= 0")
)


@open_doors
@parameters
class TrainedNetwork(CallbackSupport, ABC):
    """An estimator around a network that is trained by gradient steps.

    Parameters
    ----------
    learning_rate : "auto" or float, default="auto"
        The step. "auto" is the largest safe one.
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1). "auto" is 0.9 for minibatches with
        ``learning_rate="auto"`` and otherwise 0.
    max_iter : "auto" or int, default="auto"
        Gradient steps at most, not passes over the rows: the papers' T. "auto" is 1000
        and, for minibatches with ``learning_rate="auto"``, 20 passes over the rows
        where these are more.
    tol : float, default=1e-4
        A change of the watched figure up to this is no improvement; a training loss up
        to this is small enough.
    n_iter_no_change : "auto", int or None, default="auto"
        When training stops. "auto", with ``learning_rate="auto"``: where nothing is
        left to gain, because the training loss of the last pass is at most ``tol``, or
        has fallen by no more than ``tol`` a pass over the last ten passes (and 40
        steps) and is below that of outputs of 0. Where ``max_iter`` is reached first,
        there is a warning. An integer is a number of recorded iterations
        (``record_every``, whose "auto" follows ``max_iter``) without improvement of
        the loss or, with ``early_stopping``, of the validation score (where "auto" and
        None mean 10). None, and "auto" with a given step, run all ``max_iter`` steps,
        as the papers do.
    early_stopping : bool, default=False
        Stop when the validation score no longer improves, and keep what had the best
        one. Watches ``X_val``, ``y_val`` given to ``fit``, and otherwise a share of the
        training data that is set apart, of every class the same.
    validation_fraction : float, default=0.1
        The share of the training data that ``early_stopping`` sets apart.
    fit_intercept : bool, default=True
        Whether a constant 1 is appended to every row. The papers have False: the
        network is then positively homogeneous in x, 0 at x = 0, and which output is
        the largest does not depend on a row's length.
    record_every : "auto", int, tuple of int or None, default="auto"
        Iterations between two entries of ``history_``. "auto" looks at least 8
        and at most 40 times, and between them as often as costs about a tenth of the
        steps (a validation set and eigenvalues not counted); None at the end only. A
        tuple holds the iterations themselves; the last one always is an entry.
    device : {"auto", "cpu", "cuda", "cuda:<index>", "mps"}, default="auto"
        Where to train; "auto" is the first CUDA device where there is one and the fit
        is large enough to gain by it, and otherwise the CPU. Its size alone decides:
        the operations of a step and ``max_iter``.
    random_state : int, RandomState instance or None, default=None
        Decides what is drawn: the network at initialisation, the batches and the
        subsets.
    verbose : int or bool, default=0
        Whether to print every recorded iteration.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Only when all feature names of X are strings.
    init_seed_ : int
        Seed from which all that is drawn at initialisation is regenerated on any
        device.
    n_iter_ : int
        Gradient steps done; training that goes on counts on.
    device_ : str
        Where it was trained; it predicts there, and elsewhere where that is missing.
    best_validation_score_ : float
        What the weights that were kept are worth; with ``early_stopping`` only.
    """

    learning_rate: float | Auto = parameter(
        default="auto", rule=either(one_of("auto"), number(0, above=True))
    )
    momentum: float | Auto = parameter(
        default="auto", rule=either(one_of("auto"), number(0, 1, below=True))
    )
    max_iter: int | Auto = parameter(default="auto", rule=either(one_of("auto"), COUNT))
    tol: float = parameter(default=1e-4, rule=number(0))
    n_iter_no_change: int | Auto | None = parameter(
        default="auto", rule=either(one_of("auto", None), COUNT)
    )
    early_stopping: bool = parameter(default=False, rule=FLAG)
    validation_fraction: float = parameter(
        default=0.1, rule=number(0, 1, above=True, below=True)
    )
    fit_intercept: bool = parameter(default=True, rule=FLAG)
    record_every: Auto | int | tuple[int, ...] | None = parameter(
        default="auto", rule=_RECORD_EVERY
    )
    device: str = parameter(default="auto", rule=DEVICE)
    random_state: Any = parameter(default=None, rule=RANDOM_STATE)
    verbose: int = parameter(default=0, rule=either(FLAG, integer(0)))

    @abstractmethod
    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is what was trained."""

    @abstractmethod
    def _validated(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> Data:
        """Check data for training, and set what y tells."""

    @abstractmethod
    def _validated_held(self, X: Any, y: Any) -> Data:
        """Check a validation set."""

    @abstractmethod
    def _n_outputs(self) -> int:
        """How many outputs the validated y asks for."""

    @abstractmethod
    def _network(self, parameters: dict[str, Any]) -> Begin:
        """The network, and what it is called with to begin."""

    def _operations(self, plain: dict[str, Any], B: int, d: int) -> float | None:
        """Operations of a step of B rows of d columns; None where nobody can tell."""
        return None

    def __sklearn_tags__(self) -> Any:
        """Sparse input is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

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
            Class labels or, for a regressor, targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Non-negative weights of the samples; each multiplies its term of the loss,
            so that, where a batch is all rows, a weight of 2 is the same as the row
            given twice.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation rows, scored at every recorded iteration.
        y_val : array-like of shape (n_val,), default=None
            Their labels or targets.

        Returns
        -------
        self : estimator instance

        Raises
        ------
        ValueError
            For a parameter, data or a device that cannot be used.
        DivergenceError
            If outputs or loss stop being finite, or the loss has climbed when all units
            switch off; also a ValueError and a FloatingPointError. The estimator is
            then unfitted.
        MemoryError
            If there is no room for the network, for a block of one batch beside its
            weights, or for the Gram matrix of ``gram_samples`` rows.

        Warns
        -----
        ConvergenceWarning
            After Ctrl-C, once: fitted as with a smaller ``max_iter``. If all steps were
            done and there was something left to gain (``n_iter_no_change``). Also if no
            hidden unit is active on any training row, so that it predicts 0 for all; or
            if the loss is above that at the start of training.
        """
        plain, before = checked_parameters(self), None
        if isinstance(self, MeasuredWeights) and plain["warm_start"]:
            before = self if self.__sklearn_is_fitted__() else None
        if before is None:
            self._forget()
        try:
            data = self._validated(X, y, sample_weight, reset=before is None)
            data, held_out = self._with_held_out(plain, data, X_val, y_val)
            resume = None if before is None else before._resume(data)
            self._train(plain, self._job(plain, data, held_out, resume))
        except FloatingPointError:
            self._forget()
            raise
        return self

    def _with_held_out(
        self, plain: dict[str, Any], data: Data, X_val: Any, y_val: Any
    ) -> tuple[Data, Data | None]:
        """Training data and the given validation set, or a share that is set apart."""
        held_out = None
        if X_val is not None or y_val is not None:
            check_given_together(X_val=X_val, y_val=y_val)
            held_out = self._validated_held(X_val, y_val)
        elif plain["early_stopping"]:
            data, held_out = hold_out(
                data,
                plain["validation_fraction"],
                plain["random_state"],
                stratified=is_classifier(self),
            )
        if held_out is not None:
            check_held_out(data.weight, held_out.weight)
        return data, held_out

    def _train(self, plain: dict[str, Any], job: Job) -> None:
        """Train, and set all fitted attributes; tell nobody of one pass."""
        one_pass = job.settings.one_pass
        observers = [] if one_pass else callback_observers(self, job.data)
        self._keep(fit(job, self._network(plain), observers), observers)

    def _job(
        self,
        plain: dict[str, Any],
        data: Data,
        held_out: Data | None,
        resume: Resume | None,
        *,
        one_pass: bool = False,
    ) -> Job:
        """What is to be done."""
        seeds = Seeds.draw(random_generator(plain["random_state"]))
        if resume is not None:
            seeds = replace(seeds, init=self.init_seed_)
        labels, k = is_classifier(self), self._n_outputs()
        settings = Settings.of(plain, labels=labels, one_pass=one_pass)
        if resume is None:  # nothing of an earlier fit is there
            settings.check_names([*vars(self), *dir(type(self))])
        n_steps = settings.steps(len(data.y))
        n, d = data.X.shape
        operations = self._operations(plain, settings.batch_rows(n), d)
        return Job(data, k, settings, seeds, n_steps, held_out, resume, operations)

    def _keep(self, fitted: Fitted, observers: Sequence[CallbackObserver] = ()) -> None:
        """Set all fitted attributes."""
        # Those of an earlier call must not outlive it; what others have set stays.
        earlier = ["best_validation_score_"]
        if isinstance(self, MeasuredWeights):
            earlier += self._measured_before()
        self._replace_fit(earlier, fitted.attributes)
        for observer in observers:
            observer.finish(fitted.attributes)
        self._warn_of(fitted)

    def _warn_of(self, fitted: Fitted) -> None:
        """Say what the attributes do not."""
        if fitted.outcome is Outcome.INTERRUPTED:
            warn_user(
                "Training was interrupted from the keyboard: the weights are those of "
                f"iteration {self.n_iter_} of {fitted.planned}.",
                ConvergenceWarning,
            )
        if fitted.risen is not None and not fitted.dead:
            warn_user(
                "The loss has risen from {:.3g} at the start of training to {:.3g} at "
                "its end, so that nothing was learnt: lower learning_rate, or scale X "
                "to mean 0 and standard deviation 1.".format(*fitted.risen),
                ConvergenceWarning,
            )
        elif fitted.unconverged and not fitted.dead:
            # The first words are MLPClassifier's.
            warn_user(
                f"Maximum iterations ({fitted.planned}) reached and the optimization "
                f"hasn't converged yet: loss_ is {self.loss_:.3g}. "
                f"{self._to_converge()}. A fixed number of steps, "
                "n_iter_no_change=None, is not warned of.",
                ConvergenceWarning,
            )
        if fitted.dead:
            intercept = "" if self.fit_intercept else "fit_intercept=True, "
            warn_user(
                "The network predicts 0 for every training row and has no gradient: no "
                "hidden unit is active on any of them. Use another random_state, more "
                f"hidden units, {intercept}or a lower learning_rate, or scale X to "
                "mean 0 and standard deviation 1.",
                ConvergenceWarning,
            )

    def _to_converge(self) -> str:
        """What helps a fit that has not converged."""
        if "scale_" in vars(self):  # which brings the columns to one scale
            return "Raise max_iter or tol"
        if is_classifier(self):
            return (
                "Scale the columns of X (StandardScaler, or MaxAbsScaler if X is "
                "sparse), or raise max_iter or tol"
            )
        return (
            "Scale X and y to mean 0 and standard deviation 1 (StandardScaler, and "
            "TransformedTargetRegressor for y), or raise max_iter"
        )

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
