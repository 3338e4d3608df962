"""What estimators around a ReLU network share of which all layers are trained."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.diagnostics import DescentSource, GramSource
from overparam_sk.diagnostics.gram import deep_gram
from overparam_sk.estimators._data import finite_outputs
from overparam_sk.estimators._parameters import checked_parameters
from overparam_sk.estimators._partial_fit import PartialFitRegressor
from overparam_sk.estimators._snapshots import Retraced
from overparam_sk.estimators._targets import NumbersRegressor
from overparam_sk.fits import (
    Begin,
    Data,
    Deep,
    Settings,
    split_intercept,
    with_intercept,
)
from overparam_sk.networks import DeepNetwork, Loss, SquaredLoss, initial_signed_layers
from overparam_sk.rows import Coordinates, as_tensor
from overparam_sk.threads import one_thread
from overparam_sk.world import open_doors

__all__ = ["AllLayers", "AllLayersRegressor"]

# Numbers of the first layer's pre-activations that a prediction holds at a time.
_PREDICT_ELEMENTS = 2**22


@open_doors
class AllLayers(ABC):
    """A network of several layers, all trained by full-batch gradient descent."""

    _loss: ClassVar[Loss]
    # Of the fitted attributes that are the layers; none for a list of all of them.
    _layer_names: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:  # the classes beside it bring the rest

        def __getattr__(self, name: str) -> Any: ...

    @staticmethod
    @abstractmethod
    def _widths(parameters: dict[str, Any]) -> tuple[int, ...]:
        """h_1, …, h_L of an estimator's parameters."""

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are trained weights."""
        return "first_intercept_" in vars(self)

    def initial_intercept(self) -> NDArray[Any]:
        """Weights of the constant 1 at initialisation, regenerated as the layers are.

        Returns
        -------
        ndarray of shape (h_1,)
            Zeros where there is no constant 1.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        first, *_ = self._initial().layers
        return split_intercept(first, self._layers[0].shape[1])[1]

    @property
    def gram_source(self) -> GramSource:
        """What `overparam_sk.diagnostics.gram_matrix` is made of, once it is fitted."""
        check_is_fitted(self)

        def weights() -> tuple[NDArray[Any], ...]:
            return *self._trained_weights(), self.readout_signs_

        def initial() -> tuple[NDArray[Any], ...]:
            net = self._initial()
            return tuple(part.numpy() for part in (*net.layers, net.w))

        w, there = self.readout_signs_, self.has_intercept_
        n_outputs = len(w) if w.ndim == 2 else 1
        n_layers = len(self._layers)
        return GramSource(deep_gram, weights, there, n_outputs, initial, n_layers)

    @property
    def _layers(self) -> tuple[NDArray[Any], ...]:
        """W_1 without the intercept's column, W_2, …, W_L."""
        if not self._layer_names:
            return tuple(self.layer_weights_)
        return tuple(getattr(self, name) for name in self._layer_names)

    def _initial_layers(self) -> tuple[NDArray[Any], ...]:
        """As `_layers`, at initialisation."""
        first, *above = self._initial().layers
        given, _ = split_intercept(first, self._layers[0].shape[1])
        return given, *(W.numpy() for W in above)

    def _initial(self) -> DeepNetwork:
        """The layers at initialisation, W_1 with its intercept's column, and w."""
        check_is_fitted(self)
        layers, w = self._layers, self.readout_signs_
        (first, *above), w0 = initial_signed_layers(
            self.init_seed_,
            tuple(map(len, layers)),
            layers[0].shape[1],
            len(w) if w.ndim == 2 else None,
            row_norm=self.row_norm_,
            constant=self.has_intercept_,
            dtype=as_tensor(layers[0]).dtype,
        )
        first = Coordinates.kept_by(vars(self), "cpu").given(first)
        return DeepNetwork((first, *above), w0)

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Outputs f(x) of the network, shape (n_samples,) or (n_samples, k)."""
        check_is_fitted(self)
        rows = self._rows_to_predict(X, like=self._layers[0])
        first, *above = (as_tensor(W, rows.device) for W in self._layers)
        b = as_tensor(self.first_intercept_, rows.device)
        w = as_tensor(self.readout_signs_, rows.device)
        net, u = DeepNetwork((first, *above), w), w.new_empty(len(rows), *w.shape[:-1])
        with one_thread(rows.device):
            size = max(1, _PREDICT_ELEMENTS // len(first))
            for places, Z in rows.products(first.T, size):
                u[places] = net.outputs(Z.add_(b))
        return finite_outputs(u.cpu().numpy())

    def _operations(self, plain: dict[str, Any], B: int, d: int) -> float:
        first, *above = widths = self._widths(plain)
        products = sum(h * below for h, below in zip(above, widths, strict=False))
        return float(2 * B * (2 * d * first + 3 * products))

    def _network(self, parameters: dict[str, Any]) -> Begin:
        return partial(
            Deep.begin,
            widths=self._widths(parameters),
            row_norm=parameters["row_norm"],
            loss=self._loss,
            names=self._layer_names,
        )

    def _trained_weights(self) -> tuple[NDArray[Any], ...]:
        first, *above = self._layers
        return with_intercept(first, self.first_intercept_, self.has_intercept_), *above

    def _updates(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        return list(zip(self._layers, self.initial_weights(), strict=True))

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        return {
            "n_features": (self._layers[0].shape[1], data.X.shape[1]),
            "fit_intercept": (self.has_intercept_, bool(self.fit_intercept)),
            "row_norm": (self.row_norm_, self.row_norm),
        }


@open_doors
class AllLayersRegressor(
    AllLayers, NumbersRegressor, PartialFitRegressor, Retraced, ABC
):
    """A regressor of one or several targets, as theory follows it."""

    _loss: ClassVar[Loss] = SquaredLoss()

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Outputs f(x) of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        return self._outputs(X)

    @property
    def descent_source(self) -> DescentSource:
        """What `overparam_sk.diagnostics.residual_modes` asks of it, once fitted.

        Raises
        ------
        ValueError
            For several targets, whose residuals depend on each other.
        """
        check_is_fitted(self)
        if self.readout_signs_.ndim > 1:
            raise ValueError(
                "estimator must be fitted to one target, a y of shape (n_samples,), got"
                f" {len(self.readout_signs_)} targets."
            )
        plain = {"learning_rate": self.learning_rate_, "momentum": 0.0}

        def outputs(X: Any, y: Any, iterations: Sequence[int]) -> NDArray[Any]:
            nets = self._again(X, y, None, iterations, plain, self._made_plain())
            return np.array([net.predict(X) for net in nets])

        return DescentSource(self.learning_rate_, self.n_iter_, outputs)

    def _made_plain(self) -> str:
        """How a fit has to be done for `descent_source`, and what to set for it."""
        settings = Settings.of(checked_parameters(self))
        asked = {
            "learning_rate=a number": settings.learning_rate is None,
            "momentum=0": settings.momentum > 0,
            "early_stopping=False": settings.early_stopping,
            "warm_start=False": self.warm_start,
        }
        missed = [setting for setting, is_missed in asked.items() if is_missed]
        told = "on these rows, of one step all along, with momentum=0 and no "
        told += "sample_weight"
        return told + (f"; to be sure, set {', '.join(missed)}" if missed else "")

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        w, y = self.readout_signs_, data.y
        before, now = (len(w) if w.ndim == 2 else 1), (y.shape[1] if y.ndim == 2 else 1)
        return super()._sizes(data) | {"n_targets": (before, now)}
