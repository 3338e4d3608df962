"""The door to the sheets: which paper's theorems a fitted network is held against."""

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from overparam_sk.parameters import number, shown
from overparam_sk.theory import _kong_2019, _li_liang_2018
from overparam_sk.theory._beginning import check_one_target
from overparam_sk.theory.sheet import TheorySheet
from overparam_sk.world import in_own_world

__all__ = ["theory_sheet"]

_SHARE = number(0, 1, above=True, below=True)

# What an estimator names as its ``paper`` -> its theorems.
_SHEETS: dict[str, Callable[..., TheorySheet]] = {
    "kong_2019": _kong_2019.sheet,
    "li_liang_2018": _li_liang_2018.sheet,
}


@in_own_world
def theory_sheet(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    epsilon: float = 0.02,
    delta: float = 0.1,
) -> TheorySheet:
    """Hold a fitted network against every theorem of the paper that it is from.

    A row for each requirement, bound and radius: what the paper asks, what the data,
    the network and its run have, and whether that is as asked. Every constant that a
    paper leaves in an O or Ω is 1, and every logarithm that it hides in a tilde.

    Parameters
    ----------
    estimator : fitted OverparamReLUClassifier or TwoHiddenReLURegressor
    X : array-like of shape (n_samples, n_features)
        The training rows: what is measured is measured on them.
    y : array-like of shape (n_samples,)
        Their labels or targets.
    epsilon : float, default=0.02
        ε in (0, 1), the error that is aimed at.
    delta : float, default=0.1
        In (0, 1), the probability with which a theorem of Kong's may fail. (Li and
        Liang say "with high probability", and call δ the distance of the classes,
        which is measured.)

    Returns
    -------
    TheorySheet

    Raises
    ------
    ValueError
        If the estimator is of neither paper, ``epsilon`` or ``delta`` is not in (0, 1),
        or X and y are not rows that it can have been fitted to.
    NotFittedError
        Before ``fit``.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018.
    .. [2] Z. Kong. "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019.

    Examples
    --------
    >>> from overparam_sk import OverparamReLUClassifier
    >>> from overparam_sk.datasets import make_xor_balls
    >>> from overparam_sk.theory import theory_sheet
    >>> X, y = make_xor_balls(100, random_state=0)
    >>> net = OverparamReLUClassifier(random_state=0).fit(X, y)
    >>> sheet = theory_sheet(net, X, y, epsilon=0.02)
    >>> [row.verdict for row in sheet["λ"]]
    ['holds']
    """
    epsilon = _SHARE("epsilon", epsilon)
    delta = _SHARE("delta", delta)
    paper = getattr(estimator, "paper", None)
    if not isinstance(paper, str) or paper not in _SHEETS:
        raise ValueError(
            "estimator must be a fitted OverparamReLUClassifier, of the paper's own "
            "scales and with a fixed readout, or TwoHiddenReLURegressor, got "
            f"{shown(estimator)}."
        )
    check_is_fitted(estimator)
    check_one_target(estimator)
    return _SHEETS[paper](estimator, X, y, epsilon=epsilon, delta=delta)
