"""The two-hidden-layer ReLU network of Kong (2019)."""

from typing import Any, ClassVar, Literal

from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._all_layers import AllLayersRegressor
from overparam_sk.estimators._parameters import (
    checked_parameters,
    estimator,
    parameter,
)
from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.fits import Data, Settings
from overparam_sk.parameters import COUNT, FLAG, one_of

__all__ = ["TwoHiddenReLURegressor"]


@estimator
class TwoHiddenReLURegressor(AllLayersRegressor, StampedEstimator):
    """Two-hidden-layer ReLU network, partially overparameterized.

    Kong's network [1]_:
    f(x) = (width1·width2)^(−1/2) wᵀ σ(B σ(A x)) (eq. 1) with σ = ReLU and a fixed
    readout w of signs. Both layers start with N(0, 1) entries and rows of bounded norm
    and are trained by full-batch gradient descent on L = ½ Σ_i (f(x_i) − y_i)², a sum
    (eq. 3).

    Parameters
    ----------
    width1 : int, default=5
        Units of the first hidden layer, h_1.
    width2 : int, default=1000
        Units of the second hidden layer, h_2; the paper has h_2 ≫ h_1.
    learning_rate : "auto" or float, default="auto"
        The step η. A number is a constant step, as in the paper: 2·10⁻⁴. "auto" starts
        from 1/λ_max of the Gram matrix at initialisation, the largest safe step. A step
        that raises the loss is then taken back, and the step is halved if the velocity
        was not to blame. With ``n_iter_no_change="auto"`` such a fit keeps the weights
        of the least L·exp(2 p log(log(n))/n), the criterion of Hannan and Quinn [2]_,
        with p the degrees of freedom that gradient descent has spent by then on the
        Gram matrix at initialisation; it ends where, over four fifths of all steps,
        that has fallen by no more than 40·``tol``, as a share of the best constant's.
    momentum : "auto" or float, default="auto"
        Heavy-ball momentum in [0, 1). "auto" is 0, the paper's plain gradient descent:
        momentum fits the training rows sooner, but their noise too. Every call of
        ``fit`` starts at rest.
    row_norm : {"clip", "unit"} or None, default="clip"
        What is done with the rows of A and B at initialisation: "clip" divides those of
        norm above 1 by their norm, as the paper does (§III-A); "unit" divides every row
        by its norm; None leaves them.
    gram_samples : int, default=200
        Training rows, a seeded subset, of the Gram matrix and of the diagnostics'
        courses.

    Attributes
    ----------
    first_weights_ : ndarray of shape (width1, n_features)
        A.
    first_intercept_ : ndarray of shape (width1,)
        Weights of the constant 1; zeros with ``fit_intercept=False``.
    has_intercept_ : bool
        Whether there is a constant 1.
    second_weights_ : ndarray of shape (width2, width1)
        B.
    readout_signs_ : ndarray of shape (width2,) or (n_targets, width2)
        w, each 1 or −1, not trained; a row for each of several targets.
    row_norm_ : str or None
        How the rows of A(0) and B(0) were scaled.
    loss_ : float
        L = ½ Σ_i weight_i (f(x_i) − y_i)² on the training rows; of several targets
        their sum.
    learning_rate_ : float
        η at the end.
    activation_change_ : ndarray of shape (2,)
        For each hidden layer the share of (unit, training row) pairs whose activation
        pattern differs from that at initialisation (§V-A, "pattern change rate").
    relative_distance_ : ndarray of shape (2,)
        ‖A − A(0)‖_F / ‖A(0)‖_F without the intercept's column, and the same of B.
    weight_change_ : ndarray of shape (2,)
        ‖A − A(0)‖_F without the intercept's column, and ‖B − B(0)‖_F (§V-A).
    largest_unit_change_ : ndarray of shape (2,)
        max_r ‖a_r − a_r(0)‖ over the rows of A, without the intercept's column, and the
        same of B: what Lemmas 4 to 7 bound by R_A and R_B.
    dead_samples_ : int
        Training rows with σ(A x) = 0. They have no gradient, and where there is one
        among its rows the Gram matrix has the eigenvalue 0.
    dead_rows_ : ndarray of shape (2,)
        These, and the training rows with σ(B σ(A x)) = 0, which have none either.
    gram_lambda_min_ : float
        λ_min of H (eq. 9, Prop. 1), of several targets their mean H, at the end of the
        fit, on at most ``gram_samples`` training rows; 0.0 if it is no larger than
        rounding errors.
    update_singular_values_ : list of two ndarray
        Singular values of A − A(0) (without the intercept's column) and of B − B(0) in
        float64, descending; computed when first looked at.
    effective_rank_ : list of two int
        How many singular values of each carry 99 % of its squared norm.
    coupling_ : ndarray of shape (2,)
        Of each layer, the share of hidden units whose pattern changed on no training
        row.
    history_ : dict of str to ndarray of shape (n_records,)
        ``iteration``, ``loss`` and ``score`` (R², of several targets their mean) on
        all training rows, with a validation set ``val_loss`` and ``val_score``, and the
        courses of the diagnostics on ``gram_samples`` rows; those of single layers are
        ``activation_change_1``, ``activation_change_2`` and so on.
    best_validation_score_ : float
        With ``early_stopping``: R², or −``val_loss`` if the validation targets are all
        the same.

    See Also
    --------
    OverparamReLUClassifier : The network of Li and Liang (2018).
    sklearn.kernel_ridge.KernelRidge : What the network tends to as it gets wide.

    References
    ----------
    .. [1] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019. §III-A: network,
       initialisation and loss; Prop. 1: Gram matrix; §V-A: what is measured.
    .. [2] E. J. Hannan, B. G. Quinn. "The Determination of the Order of an
       Autoregression", 1979.

    Examples
    --------
    >>> from overparam_sk import TwoHiddenReLURegressor
    >>> from overparam_sk.datasets import make_unit_sphere
    >>> X, y = make_unit_sphere(50, 100, random_state=0)
    >>> net = TwoHiddenReLURegressor(  # which memorises noise if it is to do all steps
    ...     width2=500, n_iter_no_change=None, random_state=0
    ... ).fit(X, y)
    >>> net.score(X, y) > 0.9
    True
    >>> net.weight_change_.shape
    (2,)
    """

    # Whose theorems are about it.
    paper: ClassVar[str] = "kong_2019"
    _n_layers: ClassVar[int] = 2
    first_weights_: ClassVar[NDArray[Any]]  # of an instance, but no parameters
    second_weights_: ClassVar[NDArray[Any]]
    _layer_names: ClassVar[tuple[str, ...]] = ("first_weights_", "second_weights_")

    width1: int = parameter(default=5, rule=COUNT, kw_only=False)
    width2: int = parameter(default=1000, rule=COUNT, kw_only=False)
    row_norm: Literal["clip", "unit"] | None = parameter(
        default="clip", rule=one_of("clip", "unit", None)
    )

    def initial_weights(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Weights at initialisation, A(0) and B(0), regenerated from ``init_seed_``.

        Returns
        -------
        A0 : ndarray of shape (width1, n_features)
            Without the intercept's column, which takes part in the rows' norms.
        B0 : ndarray of shape (width2, width1)

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        A0, B0 = self._initial_layers()
        return A0, B0

    def to_skorch(self, *, initial: bool = False, **net_params: Any) -> Any:
        """The network as an initialized skorch net, to predict and to train on.

        The net holds an ordinary module of two ``nn.Linear`` layers and a fixed
        readout and trains it on L, the sum of eq. 3, all rows at once, by
        ``torch.optim.SGD`` with the step and momentum of this estimator (an automatic
        step is not guarded there). ``partial_fit`` goes on from the weights, ``fit``
        starts from them again. Its X and y have the dtype of ``first_weights_``; y may
        be a column.

        Parameters
        ----------
        initial : bool, default=False
            Whether to start from A(0), B(0) instead of the fitted weights.
        **net_params
            Parameters of skorch's net, such as ``max_epochs``, ``callbacks``,
            ``train_split`` or ``optimizer__lr``; they go before those above.

        Returns
        -------
        skorch.NeuralNetRegressor

        Raises
        ------
        NotFittedError
            Before ``fit``: the sizes of the network come from the data.
        """
        from overparam_sk.interop import two_hidden_net  # skorch: slow to import

        check_is_fitted(self)
        if self.readout_signs_.ndim > 1:
            raise ValueError(
                "y must have been of one target for a net of one output, got "
                f"{len(self.readout_signs_)} targets."
            )
        settings = Settings.of(checked_parameters(self))
        A, b, B = self.first_weights_, self.first_intercept_, self.second_weights_
        if FLAG("initial", initial):
            (A, B), b = self.initial_weights(), self.initial_intercept()
        defaults = {
            "lr": self.learning_rate_,
            "optimizer__momentum": settings.momentum,
            "device": self._device_here(),
        }
        weights = (A, b if self.has_intercept_ else None, B, self.readout_signs_)
        return two_hidden_net(weights, defaults | net_params)

    @staticmethod
    def _widths(parameters: dict[str, Any]) -> tuple[int, ...]:
        return parameters["width1"], parameters["width2"]

    def _sizes(self, data: Data) -> dict[str, tuple[Any, Any]]:
        h2, h1 = self.second_weights_.shape
        widths = {"width1": (h1, self.width1), "width2": (h2, self.width2)}
        return widths | super()._sizes(data)
