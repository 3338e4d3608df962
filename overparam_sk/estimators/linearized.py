"""Li and Liang's pseudo network: trained with the activation patterns of W(0)."""

from typing import Any, ClassVar

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._first_layer import FirstLayerClassifier
from overparam_sk.estimators._parameters import estimator
from overparam_sk.estimators._snapshots import Retraced
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import SoftmaxClassifier
from overparam_sk.estimators._together import FittedTogether
from overparam_sk.networks import FirstLayerNetwork, LinearizedLiLiang2018

__all__ = ["LinearizedReLUClassifier"]


@estimator
class LinearizedReLUClassifier(
    FirstLayerClassifier,
    SoftmaxClassifier,
    Retraced,
    FittedTogether,
    StampedEstimator,
):
    """The pseudo network g of Li and Liang's analysis (LL18, §5.1).

    g_i(x) = Σ_r a_{i,r} ⟨w_r, x⟩ 1{⟨w_r(0), x⟩ > 0}: the network of
    `OverparamReLUClassifier` with the activation patterns frozen at initialisation, and
    so linear in w [1]_. It starts at the same function and is trained by the same
    engine on the same batches for the same ``random_state``, so that f and g run side
    by side: what they differ by is what changed patterns do. A step costs half as much
    again, and beside W and its products with a block stand W(0) and its own in memory.
    With ``train_readout`` g is linear in both layers, g_i(x) = Σ_r a_{i,r}(0) ⟨w_r, x⟩
    1{⟨w_r(0), x⟩ > 0} + Σ_r (a − a(0))_{i,r} ReLU(⟨w_r(0), x⟩); with ``output_scale``
    it is what f becomes as α → ∞.

    Attributes
    ----------
    activation_change_ : float
        Share of the pairs of a hidden unit and a training row whose pattern would be
        another by now, if it were not frozen.
    gram_lambda_min_ : float
        Smallest eigenvalue of the Gram matrix with the frozen patterns, which does not
        move, on at most ``gram_samples`` training rows.
    gram_drift_ : float
        0: the Gram matrix with the frozen patterns does not move.
    coupling_ : float
        Share of hidden units whose pattern would have changed on no training row.
        ``pseudo_gradient_error`` in ``history_`` compares the gradients with the two
        patterns, at the residuals of g.

    See Also
    --------
    OverparamReLUClassifier : The network f.
    InfiniteWidthReLUClassifier : What f and g become at infinite width.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from overparam_sk import LinearizedReLUClassifier, OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> X, y = make_clustered_mixture(200, 50, random_state=0)
    >>> f, g = (
    ...     net(width=8000, learning_rate=1.0, max_iter=100, random_state=0).fit(X, y)
    ...     for net in (OverparamReLUClassifier, LinearizedReLUClassifier)
    ... )
    >>> difference = f.decision_function(X) - g.decision_function(X)
    >>> float(np.linalg.norm(difference) / np.linalg.norm(f.decision_function(X)))
    0.0...
    """

    _kind: ClassVar[type[FirstLayerNetwork]] = LinearizedLiLiang2018

    def gate_weights(self) -> NDArray[Any]:
        """The weights whose activation patterns switch the units: W(0).

        Returns
        -------
        ndarray of shape (width, n_features) or (width, n_features + 1)
            With the intercept as its last column, where there is one.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        W0: NDArray[Any] = self._initial().numpy()
        return W0
