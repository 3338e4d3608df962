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

__all__ = ["KEPT", "CompressedClassifier"]

_OF_THE_DATA = ("classes_", "n_features_in_", "feature_names_in_")
# Attributes of a fitted classifier that are kept beside its weights.
KEPT = (*_OF_THE_DATA, "init_seed_", "device_", "n_iter_", "learning_rate_")


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
    left : ndarray of shape (width, r)
    right : ndarray of shape (r, n_features) or (r, n_features + 1)
        The update is left · right; an intercept is its last column.
    attributes : dict of str to object
        What else is kept of the fitted classifier: `KEPT`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if the classifier was fitted with feature names.

    Notes
    -----
    Every prediction draws W(0) anew, width·n_features numbers, for one row as for many:
    ``expand`` once where single rows are predicted one after another.

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
        left: NDArray[Any],
        right: NDArray[Any],
        attributes: dict[str, Any],
    ) -> None:
        self.estimator = estimator
        self.left = left
        self.right = right
        self.attributes = attributes
        for name in _OF_THE_DATA:
            if name in attributes:
                setattr(self, name, attributes[name])

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
            Ready to predict, and to be trained further by ``partial_fit`` or with
            ``warm_start``. What was measured in its fit is not there, and its
            ``history_`` is empty.
        """
        m, d, seed = len(self.left), self.n_features_in_, self.attributes["init_seed_"]
        dtype = as_tensor(self.left).dtype
        constant = self.right.shape[1] > d
        W = initial_weights(seed, m, d, constant=constant, dtype=dtype)
        W += as_tensor(self.left) @ as_tensor(self.right)
        a = readout_weights(seed, len(self.classes_), m, dtype=dtype)
        net = clone(self.estimator)
        net.hidden_weights_, net.hidden_intercept_ = split_intercept(W, d)
        net.readout_weights_, net.history_ = a.numpy(), {}
        for name, value in self.attributes.items():
            setattr(net, name, value)
        return net

    def __sklearn_tags__(self) -> Any:
        """Take what the classifier takes."""
        return self.estimator.__sklearn_tags__()

    def _outputs(self, X: Any) -> NDArray[Any]:
        outputs: NDArray[Any] = self.expand()._outputs(X)
        return outputs
