"""A trained network as its seed and an update of low rank."""

from copy import copy
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from overparam_sk.estimators._state import StampedEstimator
from overparam_sk.estimators._targets import SoftmaxClassifier
from overparam_sk.fits import split_intercept
from overparam_sk.networks import initial_weights, readout_weights
from overparam_sk.parameters import (
    either,
    integer,
    one_of,
    shown,
    such_that,
    suggesting,
)
from overparam_sk.rows import Coordinates, as_tensor

__all__ = ["CompressedClassifier"]

_RANK = either(one_of(None), integer(0))
# What is kept of the fitted classifier beside its weights.
_KEPT = (
    "classes_",
    "n_features_in_",
    "feature_names_in_",
    "init_seed_",
    "device_",
    "n_iter_",
    "learning_rate_",
    "offset_",
    "scale_",
    "has_trained_readout_",
    "init_scale_",
    "output_scale_",
    "is_centered_",
)


class CompressedClassifier(SoftmaxClassifier, StampedEstimator):
    """A two-layer network as W(0), by its seed, plus an update of rank r.

    Li and Liang's reading of generalisation as compression ([1]_, §6): close to its
    initialisation, the "helper string", a network is described by an update that is
    approximately of low rank. ``fit`` trains the classifier and keeps no more than
    that of it; ``compress`` of a classifier that is fitted already makes the same. A
    pickle has r·(width + n_features) numbers instead of width·n_features.

    Parameters
    ----------
    estimator : OverparamReLUClassifier or LinearizedReLUClassifier
        The classifier to train. It stays as it is: a clone is trained.
    rank : int or None, default=None
        r, at most min(width, n_features), and one more with an intercept. None is
        that which carries 99 % of the squared norm of the update.

    Attributes
    ----------
    estimator_ : estimator
        The classifier from which this was made, unfitted: ``expand`` gives it fitted.
    left_ : ndarray of shape (width, r)
        What ``right_`` is multiplied by: the update is ``left_ · right_``.
    right_ : ndarray of shape (r, n_features) or (r, n_features + 1)
        The product is the best of its rank; an intercept is its last column.
    rank_ : int
        r.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Only when all feature names of X are strings.
    init_seed_ : int
        Seed from which W(0) and the readout are drawn.
    readout_weights_ : ndarray of shape (n_classes, width)
        The readout, if it was trained: it is kept whole.
    n_iter_, learning_rate_, device_, offset_, scale_ : see there
        As for `OverparamReLUClassifier`.
    has_trained_readout_, init_scale_, output_scale_, is_centered_ : see there
        As for `OverparamReLUClassifier`.

    See Also
    --------
    OverparamReLUClassifier.compress : Makes it of a classifier that is fitted.

    Notes
    -----
    Every prediction draws W(0) anew, width·n_features numbers, for one row as for many:
    ``expand`` once where single rows are predicted one after another.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.

    Examples
    --------
    >>> import pickle
    >>> from overparam_sk import CompressedClassifier, OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> X, y = make_clustered_mixture(400, 100, random_state=0)
    >>> net = OverparamReLUClassifier(random_state=0)
    >>> small = CompressedClassifier(net, rank=20).fit(X[:300], y[:300])
    >>> small.score(X[300:], y[300:])
    1.0
    >>> len(pickle.dumps(small.expand())) / len(pickle.dumps(small)) > 4
    True
    """

    @suggesting
    def __init__(self, estimator: Any, rank: int | None = None) -> None:
        self.estimator = estimator
        self.rank = rank

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
    ) -> Self:
        """Train the classifier and compress it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
        y_val : array-like of shape (n_val,), default=None
            As for ``fit`` of the classifier.

        Returns
        -------
        self : CompressedClassifier

        Raises
        ------
        ValueError
            If ``estimator`` cannot be compressed or ``rank`` is not such an integer,
            and as ``fit`` of the classifier does.
        DivergenceError, MemoryError
            As ``fit`` of the classifier does.
        """
        if not hasattr(self.estimator, "compress") or isinstance(self.estimator, type):
            raise ValueError(
                "estimator must be a classifier that can be compressed, as "
                f"OverparamReLUClassifier can, got {shown(self.estimator)}."
            )
        _RANK("rank", self.rank)
        self._forget()
        net = clone(self.estimator).fit(X, y, sample_weight, X_val, y_val)
        fitted = vars(net.compress(self.rank))
        for name in (name for name in fitted if name.endswith("_")):
            setattr(self, name, fitted[name])
        return self

    @classmethod
    def of(
        cls, net: Any, rank: int | None, left: NDArray[Any], right: NDArray[Any]
    ) -> "CompressedClassifier":
        """What is kept of a fitted classifier, whose update is about left · right."""
        small = cls(clone(net), rank)
        small.estimator_ = clone(net)
        small.left_, small.right_, small.rank_ = left, right, len(right)
        trained = ("readout_weights_",) if net.has_trained_readout_ else ()
        for name in (name for name in (*_KEPT, *trained) if hasattr(net, name)):
            setattr(small, name, getattr(net, name))
        return small

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
        NotFittedError
            Before ``fit``.
        ValueError
            If ``rank`` is not such an integer.
        """
        check_is_fitted(self)
        rank = check_rank(rank, self.rank_)
        smaller = copy(self)
        smaller.estimator = clone(self.estimator)
        smaller.rank = smaller.rank_ = rank
        smaller.left_ = self.left_[:, :rank].copy()
        smaller.right_ = self.right_[:rank].copy()
        return smaller

    def expand(self) -> Any:
        """The classifier again, with the whole weights, ready to predict.

        Returns
        -------
        estimator
            Ready to predict, and to be trained further by ``partial_fit`` or with
            ``warm_start``. What was measured in its fit is not there, and its
            ``history_`` is empty.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        m, d, seed = len(self.left_), self.n_features_in_, self.init_seed_
        dtype = as_tensor(self.left_).dtype
        constant = self.right_.shape[1] > d
        scale = self.init_scale_
        W = initial_weights(seed, m, d, constant=constant, scale=scale, dtype=dtype)
        W = Coordinates.kept_by(vars(self), "cpu").given(W)
        W += as_tensor(self.left_) @ as_tensor(self.right_)
        a = vars(self).get("readout_weights_")
        if a is None:
            a = readout_weights(seed, len(self.classes_), m, dtype=dtype).numpy()
        net = clone(self.estimator_)
        net.hidden_weights_, net.hidden_intercept_ = split_intercept(W, d)
        net.has_intercept_ = constant
        net.readout_weights_, net.history_ = a, {}
        for name in (name for name in _KEPT if hasattr(self, name)):
            setattr(net, name, getattr(self, name))
        return net

    @property
    def diagnostic_columns(self) -> tuple[str, ...]:
        """None: what was measured in the fit is not kept."""
        return ()

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is an update."""
        return hasattr(self, "left_")

    def __sklearn_tags__(self) -> Any:
        """Take what the classifier takes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def _outputs(self, X: Any) -> NDArray[Any]:
        outputs: NDArray[Any] = self.expand()._outputs(X)
        return outputs


def check_rank(rank: Any, most: int) -> int:
    """The rank, of a matrix with ``most`` singular values, as a plain int."""
    most_text = f"an integer >= 0 and at most {most}"
    plain: int = such_that(integer(0), lambda r: r <= most, most_text)("rank", rank)
    return plain
