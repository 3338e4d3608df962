"""ReLU networks of any depth on the squared loss."""

from typing import Literal

from overparam_sk.estimators._all_layers import AllLayersRegressor
from overparam_sk.estimators._any_depth import AnyDepth
from overparam_sk.estimators._parameters import estimator, parameter
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.parameters import one_of

__all__ = ["DeepReLURegressor"]


@estimator
class DeepReLURegressor(AnyDepth, AllLayersRegressor, StampedEstimator):
    """ReLU network of any depth, each hidden layer of a width of its own.

    f(x) = (h_1 ⋯ h_L)^(−1/2) wᵀ σ(W_L σ(… σ(W_1 x))) with σ = ReLU and a fixed readout
    w of signs. All layers start with N(0, 1) entries, and rows of bounded norm, and are
    trained by full-batch gradient descent on L = ½ Σ_i ‖f(x_i) − y_i‖², a sum. Two
    hidden layers make the network of Kong [1]_, `TwoHiddenReLURegressor`, to the bit.
    Several targets are as many outputs, each with signs of its own.

    Parameters
    ----------
    learning_rate : "auto" or float, default="auto"
        The step η. A number is a constant step. "auto" starts from 1/λ_max of the Gram
        matrix at initialisation, of several targets the one that keeps them apart: the
        largest safe step. A step that raises the loss is
        then taken back, and the step is halved if the velocity was not to blame. With
        ``n_iter_no_change="auto"`` such a fit ends, and keeps the weights that it
        keeps, as that of `TwoHiddenReLURegressor` does.
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1). "auto" is 0, plain gradient descent. Every call
        of ``fit`` or ``partial_fit`` starts at rest.
    row_norm : {"clip", "unit"} or None, default="clip"
        What is done with the rows of all layers at initialisation: "clip" divides those
        of norm above 1 by their norm, as Kong does (§III-A); "unit" divides every row
        by its norm; None leaves them. With rows of norm up to 1 the part of the Gram
        matrix that belongs to W_l is of order Π_{j≠l} 1/h_{j−1}, h_0 = d: where a layer
        is wide those below it and above it hardly move. With None all parts are of one
        order.
    gram_samples : int, default=200
        Training rows, a seeded subset, of the Gram matrix and of the diagnostics'
        courses.

    Attributes
    ----------
    loss_ : float
        L = ½ Σ_i weight_i ‖f(x_i) − y_i‖² on the training rows.
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss`` and ``score`` (R², of several targets their mean) on all
        training rows, with a validation set ``val_loss`` and ``val_score``, and the
        courses of the diagnostics on ``gram_samples`` rows; those of single layers are
        ``activation_change_1``, ``activation_change_2`` and so on.
    best_validation_score_ : float
        With ``early_stopping``: R², or −``val_loss`` if the validation targets are all
        the same.

    See Also
    --------
    TwoHiddenReLURegressor : Two hidden layers, of which the paper's theorems are.
    DeepReLUClassifier : The same networks on the softmax cross-entropy.
    sklearn.neural_network.MLPRegressor : Trains the readout too, by other solvers.

    References
    ----------
    .. [1] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019. §III-A: network,
       initialisation and loss; Prop. 1: Gram matrix.

    Examples
    --------
    >>> from overparam_sk import DeepReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> X, y = make_unit_sphere(50, 100, random_state=0)
    >>> net = DeepReLURegressor(
    ...     (100, 5, 500), n_iter_no_change=None, random_state=0
    ... ).fit(X, y)
    >>> net.score(X, y) > 0.9
    True
    >>> [W.shape for W in net.layer_weights_]
    [(100, 100), (5, 100), (500, 5)]
    """

    row_norm: Literal["clip", "unit"] | None = parameter(
        default="clip", rule=one_of("clip", "unit", None)
    )
