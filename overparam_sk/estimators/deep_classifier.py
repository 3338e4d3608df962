"""ReLU networks of any depth on the softmax cross-entropy."""

from typing import Any, ClassVar, Literal

from overparam_sk.estimators._any_depth import WIDTHS, AnyDepth
from overparam_sk.estimators._parameters import estimator, parameter
from overparam_sk.estimators._partial_fit import PartialFitClassifier
from overparam_sk.estimators._snapshots import Retraced
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import CLASS_WEIGHT, SoftmaxClassifier
from overparam_sk.fits import Data
from overparam_sk.networks import CrossEntropy, Loss
from overparam_sk.parameters import one_of

__all__ = ["DeepReLUClassifier"]


@estimator
class DeepReLUClassifier(
    AnyDepth, PartialFitClassifier, SoftmaxClassifier, Retraced, StampedEstimator
):
    """ReLU network of any depth, each hidden layer of a width of its own.

    f_i(x) = (h_1 ⋯ h_L)^(−1/2) w_iᵀ σ(W_L σ(… σ(W_1 x))) with σ = ReLU and, for each
    class i, fixed signs w_i. All layers start with N(0, 1) entries and are trained by
    full-batch gradient descent on the mean softmax cross-entropy of the classes.

    Parameters
    ----------
    hidden_widths : tuple of int, default=(100, 100)
        Units of the hidden layers, h_1, …, h_L; that of x comes first.
    learning_rate : "auto" or float, default="auto"
        The step η. A number is a constant step. "auto" starts from 2n/λ_max of the Gram
        matrix of the n rows at initialisation that keeps the outputs apart, the largest
        safe step; one that raises the loss is taken back, and the step is halved if the
        velocity was not to blame. With an intercept and rows that are not sparse it
        works in centred coordinates of one scale (``scale_``).
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1). "auto" is 0.9 with ``learning_rate="auto"`` and
        otherwise 0. Every call of ``fit`` or ``partial_fit`` starts at rest.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn.
    row_norm : {"clip", "unit"} or None, default=None
        What is done with the rows of all layers at initialisation: "clip" divides those
        of norm above 1 by their norm; "unit" divides every row by its norm; None leaves
        them, so that all layers have parts of one order in the Gram matrix.
    gram_samples : int, default=200
        Training rows, a seeded subset, of the Gram matrix and of the diagnostics'
        courses.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    loss_ : float
        Mean (weighted) cross-entropy on the training rows, in nats.
    offset_ : ndarray of shape (n_features,)
        The mean of the training rows; there where ``scale_`` is: X need not be scaled
        beforehand then.
    scale_ : ndarray of shape (n_features,)
        With an automatic step, an intercept and rows that are not sparse: the network
        starts and moves as that of (x − ``offset_``)/``scale_`` does, where training
        rows are centred, columns are of one scale and the root mean square of the rows'
        lengths is 2. All weights are those of x itself.
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss`` and ``score`` (accuracy) on all training rows, with a
        validation set ``val_loss`` and ``val_score``, and the courses of the
        diagnostics on ``gram_samples`` rows; those of single layers are
        ``activation_change_1``, ``activation_change_2`` and so on.
    best_validation_score_ : float
        The best accuracy on the validation set; with ``early_stopping`` only.

    See Also
    --------
    DeepReLURegressor : The same networks on the squared loss.
    OverparamReLUClassifier : One hidden layer, trained by minibatch SGD.
    sklearn.neural_network.MLPClassifier : Trains the readout too, by other solvers.

    References
    ----------
    .. [1] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019. §III-A: the
       network of two layers and one output.

    Examples
    --------
    >>> from overparam_sk import DeepReLUClassifier
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> net = DeepReLUClassifier(random_state=0).fit(X[::2], y[::2])
    >>> net.score(X[1::2], y[1::2]) > 0.95
    True
    >>> net.activation_change_.shape
    (2,)
    """

    _loss: ClassVar[Loss] = CrossEntropy()

    hidden_widths: tuple[int, ...] = parameter(
        default=(100, 100), rule=WIDTHS, kw_only=False
    )
    class_weight: Any = parameter(default=None, rule=CLASS_WEIGHT)
    row_norm: Literal["clip", "unit"] | None = parameter(
        default=None, rule=one_of("clip", "unit", None)
    )

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        classes = (len(self.readout_signs_), len(self.classes_))
        return super()._sizes(data) | {"n_classes": classes}
