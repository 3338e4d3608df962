"""What Li and Liang's theorems speak of, of a fitted network and its training rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, softmax
from sklearn.metrics import pairwise_distances
from sklearn.utils.validation import validate_data

from overparam_sk.arrays import check_finite
from overparam_sk.datasets import Separability, separability
from overparam_sk.diagnostics import REGISTRY
from overparam_sk.theory.powers import PowerProduct

__all__ = ["Facts", "Floats", "Sample", "chunks"]

Floats = NDArray[np.float64]

# Numbers of pre-activations that stand at a time.
_BLOCK_ELEMENTS = 2**23


@dataclass(frozen=True)
class Facts:
    """The network in the coordinates in which it starts and moves as in the paper.

    Those are the columns of X or, where an automatic step has brought them to one scale
    (``scale_``), (x − offset)/scale; the constant 1 of an intercept is one more column.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    labels : ndarray of shape (n,), int
        Indices into the classes.
    W, W0 : ndarray of shape (m, d)
        w(T) and w(0).
    a : ndarray of shape (k, m)
        The readout.
    separation : Separability
        Of the rows: δ, λ, l and the components.
    epsilon : float
        ε.
    eta : float
        η.
    n_steps : int
        T.
    batch_size : int
        B.
    momentum : float
    is_plain : bool
        Whether the step is constant and the loss has no weights of classes.
    scaled : bool
        Whether the coordinates are not X's columns.
    loss_of_fit : float or None
        That of all rows that it was fitted to, where it was measured.
    """

    rows: Floats
    labels: NDArray[np.int64]
    W: Floats
    W0: Floats
    a: Floats
    separation: Separability
    epsilon: float
    eta: float
    n_steps: int
    batch_size: int
    momentum: float
    is_plain: bool
    scaled: bool
    loss_of_fit: float | None

    @classmethod
    def of(cls, net: Any, X: ArrayLike, y: ArrayLike, epsilon: float) -> Self:
        """Those of a fitted OverparamReLUClassifier.

        Raises
        ------
        ValueError
            If X and y are not rows that it can have been fitted to.
        """
        X_, y_ = validate_data(net, X, y, reset=False, dtype=np.float64)
        labels = np.searchsorted(net.classes_, y_).clip(max=len(net.classes_) - 1)
        if not np.array_equal(net.classes_[labels], y_):
            raise ValueError(
                f"y must hold classes of the estimator, {net.classes_.tolist()}, got "
                f"{np.unique(y_).tolist()}."
            )
        d = X_.shape[1]
        offset = np.asarray(getattr(net, "offset_", np.zeros(d)), dtype=np.float64)
        scale = np.asarray(getattr(net, "scale_", np.ones(d)), dtype=np.float64)
        rows = (X_ - offset) / scale
        W, W0 = (
            np.column_stack([weights.astype(np.float64) * scale, b + weights @ offset])
            if net.has_intercept_
            else weights.astype(np.float64) * scale
            for weights, b in (
                (net.hidden_weights_, net.hidden_intercept_.astype(np.float64)),
                (net.initial_weights(), net.initial_intercept().astype(np.float64)),
            )
        )
        if net.has_intercept_:
            rows = np.column_stack([rows, np.ones(len(rows))])
        check_finite("The rows", rows)
        sgd = net.sgd_in_use
        return cls(
            rows,
            labels,
            W,
            W0,
            net.readout_weights_.astype(np.float64),
            separability(rows, labels),
            epsilon,
            float(net.learning_rate_) / len(W),
            int(net.n_iter_),
            min(sgd["batch_size"], len(rows)),
            sgd["momentum"],
            net.learning_rate != "auto" and net.class_weight is None,
            hasattr(net, "scale_"),
            # A diagnostic on all rows takes the loss there with it.
            float(net.loss_) if any(hasattr(net, f"{n}_") for n in REGISTRY) else None,
        )

    @property
    def n(self) -> int:
        """N, the training rows."""
        return len(self.rows)

    @property
    def m(self) -> int:
        """Hidden units."""
        return len(self.W)

    @property
    def k(self) -> int:
        """Classes."""
        return len(self.a)

    @property
    def kl(self) -> int:
        """Components in all."""
        return self.k * self.separation.n_components

    @property
    def sigma(self) -> float:
        """σ = 1/√m (A3)."""
        return float(self.m**-0.5)

    @cached_property
    def symbols(self) -> dict[str, float]:
        """What powers are taken of."""
        return {
            "kl": self.kl,
            "k": self.k,
            "l": self.separation.n_components,
            "δ": self.separation.delta,
            "ε": self.epsilon,
            "σ": self.sigma,
            "η": self.eta,
            "m": self.m,
            "N": self.n,
            "B": self.batch_size,
            "8": 8.0,
        }

    def power(
        self, powers: Mapping[str, float], **others: float
    ) -> PowerProduct | None:
        """A product of powers of symbols; None if one of them is 0."""
        known = self.symbols | others
        bases = {symbol: float(known[symbol]) for symbol in powers}
        if min(bases.values()) <= 0:
            return None
        return PowerProduct(bases, powers)

    @cached_property
    def components(self) -> NDArray[np.int64]:
        """a·l + b of each row of the separation, 0 to kl − 1."""
        labels = self.labels[self.separation.rows]
        return labels * self.separation.n_components + self.separation.component

    @cached_property
    def shares(self) -> Floats:
        """p_{a,b}, the share of the rows in each component, shape (kl,)."""
        taken = self.labels[self.separation.rows]
        of_class = np.bincount(self.labels, minlength=self.k) / self.n
        taken_of_class = np.bincount(taken, minlength=self.k).clip(min=1)
        counts = np.bincount(self.components, minlength=self.kl)
        each = (of_class / taken_of_class).repeat(self.separation.n_components)
        return np.asarray(counts * each)

    @cached_property
    def medoids(self) -> NDArray[np.int64]:
        """A row of each component: that with the least sum of distances to the rest."""
        places = self.separation.rows
        found = []
        for component in np.unique(self.components):
            members = places[self.components == component]
            distances = pairwise_distances(self.rows[members])
            found.append(members[distances.sum(axis=1).argmin()])
        return np.array(found, dtype=np.int64)

    def error(self, outputs: Floats) -> float:
        """Share of the rows at which f_y > f_j does not hold for all other j."""
        places = np.arange(self.n)
        others = outputs.copy()
        others[places, self.labels] = -np.inf
        right = outputs[places, self.labels] > others.max(axis=1)
        return float(1 - right.mean())

    @cached_property
    def all_rows(self) -> "Sample":
        """The training rows, of equal weight."""
        component = np.full(self.n, -1)
        component[self.separation.rows] = self.components
        weights = np.full(self.n, 1 / self.n)
        return Sample(self.rows, self.labels, weights, component, self.shares)

    @cached_property
    def row_each(self) -> "Sample":
        """A row a component, its medoid, with its share: (S), no variance (§5.1)."""
        rows, there = self.medoids, np.unique(self.components)
        weights = self.shares[there] / self.shares[there].sum()
        component = np.arange(len(rows))
        return Sample(self.rows[rows], self.labels[rows], weights, component, weights)


@dataclass(frozen=True)
class Sample:
    """Rows that a lemma is about.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    labels : ndarray of shape (n,), int
    weights : ndarray of shape (n,)
        Their shares of the loss.
    component : ndarray of shape (n,), int
        Component of each row; -1 where it was not looked for.
    shares : ndarray of shape (n_components,)
        p_{a,b}.
    """

    rows: Floats
    labels: NDArray[np.int64]
    weights: Floats
    component: NDArray[np.int64]
    shares: Floats

    def residual(self, outputs: Floats) -> Floats:
        """o_i − 1{i = y} of each row, shape (n, k): −v_{i,a,b}."""
        o: Floats = softmax(outputs, axis=1)
        o[np.arange(len(o)), self.labels] -= 1
        return o

    def loss(self, outputs: Floats) -> float:
        """Their mean cross-entropy."""
        right = outputs[np.arange(len(outputs)), self.labels]
        return float(self.weights @ (logsumexp(outputs, axis=1) - right))

    def pv(self, residual: Floats) -> Floats:
        """E[p_{a,b} v_{i,a,b}], shape (n_components, k)."""
        known = self.component >= 0
        places = self.component[known]
        means = np.zeros((len(self.shares), residual.shape[1]))
        np.add.at(means, places, -residual[known])
        counts = np.bincount(places, minlength=len(means)).clip(min=1)
        return np.asarray(means * (self.shares / counts)[:, None])


def chunks(m: int, n: int) -> Iterator[slice]:
    """A few units at a time, on n rows."""
    size = max(1, _BLOCK_ELEMENTS // n)
    for first in range(0, m, size):
        yield slice(first, min(first + size, m))
