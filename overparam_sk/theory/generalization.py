"""What theorems promise of the error on new rows, beside what is measured."""

from typing import Any

from numpy.typing import ArrayLike

from overparam_sk.parameters import COUNT, SEED, number
from overparam_sk.theory._bounded_network import BoundedNetwork
from overparam_sk.theory._compression_bound import compression_bound
from overparam_sk.theory._kernel_bound import kernel_bound
from overparam_sk.theory._margin_bound import margin_bound
from overparam_sk.theory._pac_bayes_bound import pac_bayes_bound
from overparam_sk.theory.bound import GeneralizationBounds
from overparam_sk.world import in_own_world

__all__ = ["generalization_bounds"]

_DELTA = number(0, 1, above=True, below=True)


@in_own_world
def generalization_bounds(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    delta: float = 0.05,
    X_test: ArrayLike | None = None,
    y_test: ArrayLike | None = None,
    n_draws: int = 10,
    random_state: int = 0,
) -> GeneralizationBounds:
    """Bound the error of a fitted classifier on new rows in four ways.

    - "kernel": √(2 yᵀ(H∞)⁻¹y/n) + √(ln(n/(λ0 δ))/n) [1]_, one class against the rest;
    - "PAC-Bayes": a Gaussian about the weights against one about W(0) [2]_, [3]_;
    - "compression": W(0) by its seed, and a quantised update of low rank ([4]_; LL18
      §6, [5]_);
    - "margin": a Rademacher bound of the class of all W whose units are near those of
      W(0) [6]_, [7]_, in the manner of [8]_.

    The first has a constant that nobody knows, which is taken as 1, and assumptions
    that a classifier trained by SGD on the cross-entropy cannot meet; where they fail
    its value is a figure to compare, and no bound. The other three hold, with
    probability 1 − δ each, for every way of training, if their assumptions do.

    Parameters
    ----------
    estimator : OverparamReLUClassifier
        Fitted. Of another network, or of a regressor, whose loss is unbounded, none of
        the bounds speaks.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,)
        The rows and labels on which it was trained.
    delta : float, default=0.05
        Probability with which each of the bounds may fail.
    X_test : {array-like, sparse matrix} of shape (n_test, n_features), default=None
    y_test : array-like of shape (n_test,), default=None
        New rows, for the test errors beside the bounds.
    n_draws : int, default=10
        Noisy networks a row by which PAC-Bayes estimates its training error; what is
        left unknown is added to the bound.
    random_state : int, default=0
        Seed of the noise.

    Returns
    -------
    GeneralizationBounds
        A sequence of `Bound`, with ``to_frame()``.

    Raises
    ------
    ValueError
        If the estimator is not fitted, or has another network, or another argument is
        not as above.
    MemoryError
        If the Gram matrix of the rows is larger than the memory.

    Notes
    -----
    "Vacuous" is a bound that is no better than 1 − 1/k, the error of guessing.

    References
    ----------
    .. [1] S. Arora, S. Du, W. Hu, Z. Li, R. Wang. "Fine-Grained Analysis of
       Optimization and Generalization for Overparameterized Two-Layer Neural
       Networks", ICML 2019. Theorem 5.1, Corollary 5.2.
    .. [2] A. Maurer. "A Note on the PAC Bayesian Theorem", arXiv cs/0411099, 2004.
    .. [3] G. K. Dziugaite, D. M. Roy. "Computing Nonvacuous Generalization Bounds for
       Deep (Stochastic) Neural Networks with Many More Parameters than Training Data",
       UAI 2017.
    .. [4] S. Arora, R. Ge, B. Neyshabur, Y. Zhang. "Stronger Generalization Bounds for
       Deep Nets via a Compression Approach", ICML 2018.
    .. [5] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.
    .. [6] A. Maurer. "A Vector-Contraction Inequality for Rademacher Complexities",
       ALT 2016. Corollary 4.
    .. [7] M. Mohri, A. Rostamizadeh, A. Talwalkar. "Foundations of Machine Learning",
       2nd edition, 2018. Theorem 3.3.
    .. [8] B. Neyshabur, Z. Li, S. Bhojanapalli, Y. LeCun, N. Srebro. "The Role of
       Over-Parametrization in Generalization of Neural Networks", ICLR 2019.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_clustered_mixture
    >>> from overparam_sk.theory import generalization_bounds
    >>> X, y = make_clustered_mixture(400, 20, n_classes=2, random_state=0)
    >>> net = OverparamReLUClassifier(200, fit_intercept=False, random_state=0)
    >>> net = net.fit(X[:200], y[:200])
    >>> found = generalization_bounds(
    ...     net, X[:200], y[:200], X_test=X[200:], y_test=y[200:]
    ... )
    >>> [bound.name for bound in found]
    ['kernel', 'PAC-Bayes', 'compression', 'margin']
    """
    delta = _DELTA("delta", delta)
    n_draws = COUNT("n_draws", n_draws)
    seed = SEED("random_state", random_state)
    net = BoundedNetwork.of(estimator, X, y, X_test, y_test)
    return GeneralizationBounds(
        n_samples=net.n,
        n_classes=net.k,
        delta=delta,
        bounds=(
            kernel_bound(net, delta),
            pac_bayes_bound(net, delta, n_draws, seed),
            compression_bound(net, delta),
            margin_bound(net, delta),
        ),
    )
