"""How large a network of one hidden layer starts, and what moves how far."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.diagnostics import WeightView
from overparam_sk.estimators._parameters import (
    checked_parameters,
    parameter,
    parameters,
)
from overparam_sk.networks import (
    AS_PUBLISHED,
    PARAMETRIZATIONS,
    Parametrization,
    Scaling,
    readout_weights,
)
from overparam_sk.parameters import COUNT, FLAG, either, number, one_of
from overparam_sk.rows import as_tensor
from overparam_sk.world import open_doors

__all__ = ["ScaledNetwork"]

_POSITIVE = number(0, above=True)


@open_doors
@parameters
class ScaledNetwork:
    """A network whose outputs and hidden weights have factors.

    Parameters
    ----------
    train_readout : bool, default=False
        Whether a is trained too, with a step of c; each of the two kernels that add up
        to the Gram matrix is then of order 1, at every width, for rows of lengths of
        that order: of much shorter ones no step is safe, and X should be scaled. The
        papers have False.
    init_scale : float, default=1.0
        Factor of W(0), whose entries are N(0, init_scale²/width).
    output_scale : float or None, default=None
        None trains the network f itself. With a number α the outputs are α(f − f(0)),
        0 at the start, and the step is that of the loss over α²: the larger α, the less
        the weights move for the same change of the outputs ("lazy" training), up to
        `LinearizedReLUClassifier`; a small α is "rich". Beyond about 100, X
        should be float64: what is seen of f − f(0) is rounding otherwise.
    parametrization : {"ntk", "mean_field", "mup"}, default="ntk"
        How the outputs depend on the width; they are multiplied by 1, by 1/√width
        ("mean_field") or by √(base_width/width) ("mup"), and the steps divided by the
        square of that, as with ``output_scale``. With "ntk", as in the paper, wider
        networks move less; with the others features move as much at every width, and
        the same ``learning_rate`` serves all of them. At ``base_width`` "mup" is "ntk".
    base_width : int, default=128
        With "mup", the width at which the step was chosen.

    Attributes
    ----------
    readout_weights_ : ndarray of shape (n_classes, width)
        a, entries N(0, 1); trained only with ``train_readout``.
    has_trained_readout_ : bool
        Whether a was trained, too.
    output_scale_ : float
        What ``decision_function`` multiplies f by: that of ``parametrization``, times
        ``output_scale`` if it is given.
    is_centered_ : bool
        Whether f(0) is taken off before; it is regenerated for every prediction.
    init_scale_ : float
        Factor of W(0).
    """

    train_readout: bool = parameter(default=False, rule=FLAG)
    init_scale: float = parameter(default=1.0, rule=number(0, 1e100, above=True))
    output_scale: float | None = parameter(
        default=None, rule=either(one_of(None), _POSITIVE)
    )
    parametrization: Parametrization = parameter(
        default="ntk", rule=one_of(*PARAMETRIZATIONS)
    )
    base_width: int = parameter(default=128, rule=COUNT)

    if TYPE_CHECKING:  # the classes beside it bring the rest

        def __getattr__(self, name: str) -> Any: ...

    def initial_readout(self) -> NDArray[Any]:
        """The readout at initialisation, a(0), regenerated from ``init_seed_``.

        Returns
        -------
        ndarray of shape (n_classes, width)
            In the dtype of ``readout_weights_``. Entries N(0, 1) (LL18, (A3)).

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        a = as_tensor(self.readout_weights_)
        a0 = readout_weights(self.init_seed_, *a.shape, dtype=a.dtype)
        return np.asarray(a0.numpy())

    def _scaling(self, parameters: dict[str, Any]) -> Scaling:
        """That which the parameters ask for."""
        named = ("parametrization", "base_width", "output_scale", "init_scale")
        return Scaling.of(parameters["width"], **{n: parameters[n] for n in named})

    def _layers_with(self, view: type) -> int:
        """Weights may be those of the readout, too; patterns are of one layer."""
        trained = bool(self.train_readout)
        return 1 + (trained and view is WeightView)

    def _as_published(self) -> bool:
        """Whether the fitted network is Li and Liang's own, in every factor."""
        own = Scaling(self.output_scale_, self.is_centered_, self.init_scale_)
        return own == AS_PUBLISHED and not self.has_trained_readout_

    def _in_batches(self, plain: dict[str, Any]) -> bool:
        return self._scaling(plain).of_outputs_alone and not plain["train_readout"]

    def _scaling_kept(self) -> dict[str, tuple[Any, Any]]:
        """What must stay for a fit to go on: of the fit before, and asked now."""
        plain = checked_parameters(self)
        asked = self._scaling(plain)
        trained = plain["train_readout"]
        centered = (self.is_centered_, asked.centered)
        return {
            "train_readout": (self.has_trained_readout_, trained),
            "init_scale": (self.init_scale_, asked.init),
            "output_scale's factor, with parametrization and base_width,": (
                self.output_scale_,
                asked.output,
            ),
            "whether output_scale is given": centered,
        }
