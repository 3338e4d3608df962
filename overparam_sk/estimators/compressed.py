"""A trained network as its seed and an update of low rank."""

from copy import copy
from typing import Any

from numpy.typing import NDArray
from sklearn.base import clone

from overparam_sk.estimators._checks import check_rank
from overparam_sk.estimators._softmax import SoftmaxClassifier
from overparam_sk.estimators._state import StampedState, split_intercept
from overparam_sk.networks import initial_weights, readout_weights
from overparam_sk.rows import as_tensor

__all__ = ["CompressedClassifier"]


class CompressedClassifier(SoftmaxClassifier, StampedState):
    """A fitted two-layer network as W(0), by its seed, plus an update of rank r.

    Li and Liang's reading of generalisation as compression ([1]_, §6): close to its
    initialisation, the "helper string", a network is described by an update that is
    approximately of low rank. Made by ``compress`` of a fitted classifier; it predicts
    and cannot be fitted. Its pickle has r·(width + n_features) numbers instead of
    width·n_features.

    Parameters
    ----------
    estimator : estimator
        The classifier, unfitted, with its parameters.
    init_seed : int
        Seed of W(0) and of the readout.
    left : ndarray of shape (width, r)
    right : ndarray of shape (r, n_features) or (r, n_features + 1)
        The update is left · right; an intercept is its last column.
    classes : ndarray of shape (n_classes,)
    n_features : int
    device : str
        Where it predicts, if that is there.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    See Also
    --------
    OverparamReLUClassifier.compress : Makes it.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.

    Examples
    --------
    >>> import pickle
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> X, y = make_clustered_mixture(400, 100, random_state=0)
    >>> net = OverparamReLUClassifier(random_state=0).fit(X[:300], y[:300])
    >>> small = net.compress(rank=20)
    >>> small.score(X[300:], y[300:])
    1.0
    >>> len(pickle.dumps(net)) / len(pickle.dumps(small)) > 4
    True
    """

    def __init__(
        self,
        estimator: Any,
        init_seed: int,
        left: NDArray[Any],
        right: NDArray[Any],
        classes: NDArray[Any],
        n_features: int,
        device: str,
    ) -> None:
        self.estimator = estimator
        self.init_seed = init_seed
        self.left = left
        self.right = right
        self.classes = classes
        self.n_features = n_features
        self.device = device
        self.classes_ = classes
        self.n_features_in_ = n_features

    @property
    def rank(self) -> int:
        """R, the rank of the update that is kept."""
        return int(self.left.shape[1])

    def truncate(self, rank: int) -> "CompressedClassifier":
        """The same with an update of a smaller rank, the best of that rank.

        Parameters
        ----------
        rank : int
            At most that of this one.

        Returns
        -------
        CompressedClassifier

        Raises
        ------
        ValueError
            If ``rank`` is not such an integer.
        """
        check_rank(rank, self.rank)
        smaller = copy(self)
        smaller.left = self.left[:, :rank].copy()
        smaller.right = self.right[:rank].copy()
        return smaller

    def __sklearn_is_fitted__(self) -> bool:
        """It was made of a fitted classifier."""
        return True

    def expand(self) -> Any:
        """The classifier again, with the whole weights, ready to predict.

        Returns
        -------
        estimator
            With the attributes that predictions need; those that were measured in its
            fit are not there.
        """
        m, d = len(self.left), self.n_features
        dtype = as_tensor(self.left).dtype
        constant = self.right.shape[1] > d
        W = initial_weights(self.init_seed, m, d, constant=constant, dtype=dtype)
        W += as_tensor(self.left) @ as_tensor(self.right)
        net = clone(self.estimator)
        net.hidden_weights_, net.hidden_intercept_ = split_intercept(W, d)
        k = len(self.classes)
        net.readout_weights_ = readout_weights(
            self.init_seed, k, m, dtype=dtype
        ).numpy()
        net.init_seed_, net.device_ = self.init_seed, self.device
        net.classes_, net.n_features_in_ = self.classes, d
        return net

    def _outputs(self, X: Any) -> NDArray[Any]:
        outputs: NDArray[Any] = self.expand()._outputs(X)
        return outputs
