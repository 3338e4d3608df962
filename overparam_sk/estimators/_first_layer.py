"""What classifiers around LL18's network share, whatever its units do."""

from abc import ABC
from functools import partial
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from overparam_sk.diagnostics import GramSource, effective_rank
from overparam_sk.diagnostics.gram import first_layer_gram
from overparam_sk.estimators._data import finite_outputs
from overparam_sk.estimators._parameters import (
    checked_parameters,
    parameter,
    parameters,
)
from overparam_sk.estimators._partial_fit import PartialFitClassifier
from overparam_sk.estimators._scaling import ScaledNetwork
from overparam_sk.estimators._targets import CLASS_WEIGHT
from overparam_sk.estimators._training import Auto
from overparam_sk.estimators.compressed import CompressedClassifier, check_rank
from overparam_sk.fits import (
    Begin,
    Data,
    FirstLayer,
    Settings,
    outputs_of,
    split_intercept,
    with_intercept,
)
from overparam_sk.networks import FirstLayerNetwork, Scaling, initial_weights
from overparam_sk.parameters import COUNT, FLAG, either, one_of
from overparam_sk.rows import PRODUCTS, Coordinates, as_tensor
from overparam_sk.threads import one_thread
from overparam_sk.world import open_doors

__all__ = ["FirstLayerClassifier"]


@open_doors
@parameters
class FirstLayerClassifier(PartialFitClassifier, ScaledNetwork, ABC):
    """A classifier around a network whose first layer is trained by s-step SGD.

    Parameters
    ----------
    width : int, default=1000
        Hidden units m.
    learning_rate : "auto" or float, default="auto"
        c; the step is η = c/width, so that one value serves every width. A number is
        a constant step, as in the paper: 10 on its synthetic data, 4·10³ on MNIST.
        "auto" takes the largest safe c, from the top eigenvalue of the infinite-width
        Gram matrix of the training rows, and lengthens the step as the softmax
        saturates and the loss flattens; with ``train_readout`` by no more than α²·width
        for outputs α f, and where α²·width < 1 it is √(α²·width) times as long. With an
        intercept and rows that are not sparse it works in centred coordinates of one
        scale (``scale_``).
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1), exact in the s-step engine too. "auto" is 0.9
        with ``learning_rate="auto"`` and otherwise 0, the paper's plain SGD. Every
        call of ``fit`` or ``partial_fit`` starts at rest.
    batch_size : "auto" or int, default="auto"
        Rows of a minibatch, B. "auto" is min(256, n_samples), so that small data is
        full-batch: deterministic, and exactly sample-weight equivalent. Permutations
        of successive epochs are joined and cut into batches of exactly B.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    block_size : "auto" or int, default="auto"
        Rows that the s-step engine does at a time. Speed only.
    precision : {"ieee", "bf16x6"}, default="ieee"
        How training multiplies float32 matrices. "bf16x6" splits them into pieces of
        bfloat16, exactly, and adds six products up in float32: as exact, and meant for
        tensor cores; slower elsewhere. Patterns and diagnostics are not affected.
    distributed : bool, default=False
        Whether the processes that ``torchrun`` has started train one network together:
        each holds a part of the hidden units, and B·n_classes numbers are added up in
        every step. All must be given the same data, parameters and an integer
        ``random_state``, and all end with the whole fitted network. Callbacks must be
        the same in all of them. With GPUs each process takes its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    hidden_weights_ : ndarray of shape (width, n_features)
        W.
    hidden_intercept_ : ndarray of shape (width,)
        Weights of the constant 1; zeros with ``fit_intercept=False``.
    has_intercept_ : bool
        Whether there is a constant 1.
    loss_ : float
        Mean (weighted) cross-entropy on the training rows, in nats. Where
        ``diagnostics`` asks for no look at all rows, it is that of the batches of the
        last pass, each before its own step, as MLPClassifier has it.
    learning_rate_ : float
        c in use; with "auto" the shortest, and with a ``scale_`` that of its rows.
    offset_ : ndarray of shape (n_features,)
        The mean of the training rows; there where ``scale_`` is: X need not be scaled
        beforehand then.
    scale_ : ndarray of shape (n_features,)
        With an automatic step, an intercept and rows that are not sparse: the network
        starts and moves as Li and Liang's does on (x − ``offset_``)/``scale_``, where
        the training rows are centred, columns are of one scale (the geometric mean of
        standard deviation and largest deviation) and the root mean square of the rows'
        lengths is 2. All weights are those of x itself.
    activation_change_ : float
        Share of (hidden unit, training row) pairs whose pattern 1{⟨w_r, x⟩ > 0}
        differs from that at initialisation (LL18 §7).
    relative_distance_ : float
        ‖W − W(0)‖_F / ‖W(0)‖_F of ``hidden_weights_`` (LL18 §7).
    weight_change_ : float
        ‖W − W(0)‖_F of ``hidden_weights_``.
    largest_unit_change_ : float
        max_r ‖w_r − w_r(0)‖ over the rows of ``hidden_weights_``.
    dead_samples_ : int
        Training rows on which no hidden unit is active.
    gram_lambda_min_ : float
        Smallest eigenvalue of the class-averaged Gram matrix
        H_st = x_s·x_t (1/m) Σ_r ā_r 1_rs 1_rt, ā_r = mean_i a²_{i,r}, at the end of
        the fit, on at most ``gram_samples`` training rows.
    update_singular_values_ : ndarray of shape (min(width, n_features),)
        Singular values of ``hidden_weights_ - initial_weights()`` in float64,
        descending (LL18 §7); computed when first looked at.
    effective_rank_ : int
        How many singular values carry 99 % of the update's squared norm.
    coupling_ : float
        Share of hidden units whose pattern has changed on no training row: their
        gradient is the pseudo gradient (LL18 §5.1, Lemma 5.1).
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss``, ``score``, with a validation set ``val_loss`` and
        ``val_score``, and the course of each diagnostic: on a seeded subset of 100
        training rows (those of weights: of 2²¹/r hidden units, r the columns of W in
        training, whose largest change may be less than that of all), so that the last
        entry and the fitted attribute agree only up to sampling; with ``coupling`` also
        ``pseudo_gradient_error``, ‖∇L − ∇̃L‖/‖∇L‖ on these rows (LL18 §5.1); and
        ``block_size``, which is halved when a block finds no memory.
    """

    _n_layers: ClassVar[int] = 1
    _kind: ClassVar[type[FirstLayerNetwork]]

    width: int = parameter(default=1000, rule=COUNT, kw_only=False)
    batch_size: int | Auto = parameter(
        default="auto", rule=either(one_of("auto"), COUNT)
    )
    class_weight: Any = parameter(default=None, rule=CLASS_WEIGHT)
    block_size: int | Auto = parameter(
        default="auto", rule=either(one_of("auto"), COUNT)
    )
    precision: Literal["ieee", "bf16x6"] = parameter(
        default="ieee", rule=one_of(*PRODUCTS)
    )
    distributed: bool = parameter(default=False, rule=FLAG)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""
        return "hidden_weights_" in vars(self)

    def initial_weights(self) -> NDArray[Any]:
        """Hidden weights at initialisation, W(0), regenerated from ``init_seed_``.

        Returns
        -------
        ndarray of shape (width, n_features)
            In the dtype of ``hidden_weights_``. Entries N(0, init_scale_²/width) (LL18,
            (A3), at 1) or, where there is a ``scale_``, such numbers divided by it.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return split_intercept(self._initial(), self.hidden_weights_.shape[1])[0]

    def initial_intercept(self) -> NDArray[Any]:
        """Weights of the constant 1 at initialisation, regenerated as W(0) is.

        Returns
        -------
        ndarray of shape (width,)
            Zeros where there is no constant 1.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return split_intercept(self._initial(), self.hidden_weights_.shape[1])[1]

    @property
    def sgd_in_use(self) -> dict[str, float]:
        """What "auto" came to: "batch_size", of enough rows, and "momentum"."""
        settings = Settings.of(checked_parameters(self))
        return {"batch_size": settings.batch_rows(), "momentum": settings.momentum}

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
        W = self._all_columns()
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

    @property
    def gram_source(self) -> GramSource:
        """What `overparam_sk.diagnostics.gram_matrix` is made of, once it is fitted."""
        check_is_fitted(self)

        def weights() -> tuple[NDArray[Any], ...]:
            network = self._made("cpu")
            switching = network.switching(as_tensor(self._all_columns()))
            return switching.numpy(), network.reader.numpy()

        def initial() -> tuple[NDArray[Any], ...]:
            return self._initial().numpy(), self.initial_readout()

        trained = self.has_trained_readout_
        gram = partial(first_layer_gram, kind=self._kind, train_readout=trained)
        k = len(self.readout_weights_)
        there = self.has_intercept_
        return GramSource(gram, weights, there, k, initial, n_layers=1 + trained)

    def _network(self, parameters: dict[str, Any]) -> Begin:
        return partial(
            FirstLayer.begin,
            kind=self._kind,
            width=parameters["width"],
            train_readout=parameters["train_readout"],
            scaling=self._scaling(parameters),
        )

    def _operations(self, plain: dict[str, Any], B: int, d: int) -> float:
        return float(4 * B * plain["width"] * (d + plain["fit_intercept"]))

    def _all_columns(self) -> NDArray[Any]:
        """W, with the intercept as its last column where there is one."""
        W, b = self.hidden_weights_, self.hidden_intercept_
        return with_intercept(W, b, self.has_intercept_)

    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        W = self._all_columns()
        return (W, self.readout_weights_) if self.has_trained_readout_ else (W,)

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        m, d = self.hidden_weights_.shape
        return {
            "width": (m, self.width),
            **self._scaling_kept(),
            "n_features": (d, data.X.shape[1]),
            "fit_intercept": (self.has_intercept_, bool(self.fit_intercept)),
            "n_classes": (len(self.readout_weights_), len(self.classes_)),
        }

    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        hidden = (self.hidden_weights_, self.initial_weights())
        if not self.has_trained_readout_:
            return [hidden]
        # A row for each unit, as W has it.
        return [hidden, (self.readout_weights_.T, self.initial_readout().T)]

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs of the network, shape (n_samples, n_classes)."""
        check_is_fitted(self)
        rows = self._rows_to_predict(X, like=self.hidden_weights_)
        weights = (self.hidden_weights_, self.hidden_intercept_)
        W, b = (as_tensor(part, rows.device) for part in weights)
        with one_thread(rows.device):
            network = self._made(rows.device)
            outputs = outputs_of(network, W, b, rows)
            if network.centered:
                W0, d = self._initial(rows.device), W.shape[1]
                if self.has_trained_readout_:
                    a0 = as_tensor(self.initial_readout(), rows.device)
                    network = network.reading(a0)
                outputs -= outputs_of(network, W0[:, :d], W0[:, d:].sum(dim=1), rows)
        return finite_outputs(outputs.numpy())

    def _made(self, device: torch.device | str) -> FirstLayerNetwork:
        """The network, with its gates and its readout."""
        scaling = Scaling(self.output_scale_, self.is_centered_)
        made = partial(
            self._kind.made, initial=partial(self._initial, device), scaling=scaling
        )
        a = as_tensor(self.readout_weights_, device)
        if not self.has_trained_readout_:
            return made(a)
        return made(as_tensor(self.initial_readout(), device)).reading(a)

    def _initial(self, device: torch.device | str = "cpu") -> Tensor:
        """W(0), with the intercept as its last column where there is one."""
        m, d = self.hidden_weights_.shape
        W = initial_weights(
            self.init_seed_,
            m,
            d,
            constant=self.has_intercept_,
            scale=self.init_scale_,
            dtype=as_tensor(self.readout_weights_).dtype,
            device=device,
        )
        return Coordinates.kept_by(vars(self), device).given(W)
