"""Networks of as many hidden layers as one likes."""

from abc import ABC
from typing import Any, ClassVar

from numpy.typing import NDArray

from overparam_sk.estimators._all_layers import AllLayers
from overparam_sk.estimators._parameters import parameter, parameters
from overparam_sk.fits import Data
from overparam_sk.parameters import COUNT, several, such_that
from overparam_sk.world import open_doors

__all__ = ["WIDTHS", "AnyDepth"]

WIDTHS = such_that(
    several(COUNT, "a tuple of integers >= 1"),
    lambda widths: len(widths) > 0,
    "a tuple of integers >= 1, one at least",
)


@open_doors
@parameters
class AnyDepth(AllLayers, ABC):
    """A network of L hidden layers, each of its own width.

    Parameters
    ----------
    hidden_widths : tuple of int, default=(5, 1000)
        Units of the hidden layers, h_1, …, h_L; that of x comes first.

    Attributes
    ----------
    layer_weights_ : list of ndarray of shape (h_l, h_{l−1})
        W_1, …, W_L; h_0 is ``n_features_in_``.
    first_intercept_ : ndarray of shape (h_1,)
        Weights of the constant 1; zeros with ``fit_intercept=False``.
    has_intercept_ : bool
        Whether there is a constant 1.
    readout_signs_ : ndarray of shape (h_L,) or (k, h_L)
        w, each 1 or −1, not trained; a row for each of several outputs.
    row_norm_ : str or None
        How the rows of the layers were scaled at initialisation.
    learning_rate_ : float
        η at the end.
    activation_change_ : ndarray of shape (L,)
        For each hidden layer the share of (unit, training row) pairs whose activation
        pattern differs from that at initialisation. This and all other figures of
        layers are a number where there is one layer.
    relative_distance_ : ndarray of shape (L,)
        ‖W_l − W_l(0)‖_F / ‖W_l(0)‖_F; of W_1 without the intercept's column, here and
        in the next two.
    weight_change_ : ndarray of shape (L,)
        ‖W_l − W_l(0)‖_F.
    largest_unit_change_ : ndarray of shape (L,)
        The largest ‖w − w(0)‖ among the rows w of W_l.
    dead_samples_ : int
        Training rows that activate no unit of the first layer, σ(Z_1) = 0.
    dead_rows_ : ndarray of shape (L,)
        Training rows that activate no unit of layer l, σ(Z_l) = 0, and so none of those
        above it: they have no gradient in any layer, and where there is one among its
        rows the Gram matrix has the eigenvalue 0. The first entry is ``dead_samples_``.
    gram_lambda_min_ : float
        λ_min of H = (1/Π h_l) Σ_l (Y_{l−1} Y_{l−1}ᵀ) ⊙ (G_l G_lᵀ), averaged over the
        outputs, at the end of the fit, on at most ``gram_samples`` training rows;
        Y_l is what layer l puts out, Y_0 = X, G_l = ∂(wᵀY_L)/∂Z_l. 0.0 if it is no
        larger than rounding errors.
    update_singular_values_ : list of L ndarray
        Singular values of W_l − W_l(0) in float64, descending; computed when first
        looked at.
    effective_rank_ : list of L int
        How many singular values of each carry 99 % of its squared norm.
    coupling_ : ndarray of shape (L,)
        Of each layer, the share of hidden units whose pattern changed on no training
        row.
    """

    hidden_widths: tuple[int, ...] = parameter(
        default=(5, 1000), rule=WIDTHS, kw_only=False
    )
    layer_weights_: ClassVar[list[NDArray[Any]]]  # of an instance, but no parameter
    _layer_names: ClassVar[tuple[str, ...]] = ()

    def initial_weights(self) -> tuple[NDArray[Any], ...]:
        """Layers at initialisation, W_1(0), …, W_L(0), regenerated from ``init_seed_``.

        Returns
        -------
        tuple of ndarray of shape (h_l, h_{l−1})
            The first one without the intercept's column, which takes part in the rows'
            norms.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        return self._initial_layers()

    def _layers_with(self, view: type) -> int:
        return len(WIDTHS("hidden_widths", self.hidden_widths))

    @staticmethod
    def _widths(parameters: dict[str, Any]) -> tuple[int, ...]:
        widths: tuple[int, ...] = parameters["hidden_widths"]
        return widths

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        before = tuple(len(W) for W in self.layer_weights_)
        now = WIDTHS("hidden_widths", self.hidden_widths)
        return {"hidden_widths": (before, now)} | super()._sizes(data)
