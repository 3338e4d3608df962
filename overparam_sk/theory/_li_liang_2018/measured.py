"""One pass over the hidden units: patterns, gradients and a step, in float64."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from overparam_sk.arrays import check_finite
from overparam_sk.theory._li_liang_2018.facts import Facts, Floats, Sample, chunks

__all__ = ["Measured", "Moment", "measure"]


@dataclass(frozen=True)
class Moment:
    """The network at the start, W(0), or at the end, W(T).

    Parameters
    ----------
    outputs : ndarray of shape (n, k)
    loss : float
    v : float
        max E[p_{a,b} v_{i,a,b}].
    i : int
        The class at which it is reached.
    pseudo : ndarray of shape (m,)
        ‖∂̃L/∂w_r‖, with the patterns of W(0).
    of_class : ndarray of shape (m,)
        ‖P_{i,r}‖.
    decrease : float
        Of the loss in one full-batch step η.
    """

    outputs: Floats
    loss: float
    v: float
    i: int
    pseudo: Floats
    of_class: Floats
    decrease: float


@dataclass(frozen=True)
class Measured:
    """What the lemmas speak of, on a sample.

    Parameters
    ----------
    start, end : Moment
    coupled : float
        Share of units whose pattern has changed on no row.
    changed : float
        Share of the pairs of a unit and a row whose pattern has changed.
    far : dict of float to float
        τ -> share of units with |⟨w_r(0), x⟩| ≥ τ at every row x.
    far_and_same : dict of float to float
        τ -> share of units with the pattern of W(0) and |⟨w_r(T), x⟩| ≥ τ, at the row
        x where it is least.
    """

    start: Moment
    end: Moment
    coupled: float
    changed: float
    far: dict[float, float]
    far_and_same: dict[float, float]


def measure(facts: Facts, sample: Sample, taus: tuple[float, ...]) -> Measured:
    """Measure a network on a sample, for some τ."""
    X, m = sample.rows, facts.m
    patterns = _Patterns(len(X), taus)
    sides = [_Side(facts, sample, W) for W in (facts.W0, facts.W)]
    for units in chunks(m, len(X)):
        Z0, Z = (X @ W[units].T for W in (facts.W0, facts.W))
        patterns.add(Z0, Z)
        for side, here in zip(sides, (Z0, Z), strict=True):
            side.add(units, here, Z0 > 0)
    start, end = (side.moment() for side in sides)
    return patterns.measured(start, end, m)


class _Patterns:
    """Counts over the units."""

    def __init__(self, n: int, taus: tuple[float, ...]) -> None:
        self._coupled = self._changed = 0
        self._far = dict.fromkeys(taus, 0)
        self._same = {tau: np.zeros(n, dtype=np.int64) for tau in taus}

    def add(self, Z0: Floats, Z: Floats) -> None:
        """Count some units, given their pre-activations."""
        same: NDArray[np.bool_] = (Z > 0) == (Z0 > 0)
        self._coupled += int(same.all(axis=0).sum())
        self._changed += int((~same).sum())
        for tau in self._far:
            self._far[tau] += int((np.abs(Z0).min(axis=0) >= tau).sum())
            self._same[tau] += (same & (np.abs(Z) >= tau)).sum(axis=1)

    def measured(self, start: Moment, end: Moment, m: int) -> Measured:
        """The counts as shares of m units."""
        n = len(next(iter(self._same.values())))
        return Measured(
            start,
            end,
            self._coupled / m,
            self._changed / (m * n),
            {tau: count / m for tau, count in self._far.items()},
            {tau: int(counts.min()) / m for tau, counts in self._same.items()},
        )


class _Side:
    """The gradient at some weights, its pseudo gradient and a step."""

    def __init__(self, facts: Facts, sample: Sample, W: Floats) -> None:
        self._facts, self._sample = facts, sample
        outputs = np.zeros((len(sample.rows), facts.k))
        for units in chunks(facts.m, len(sample.rows)):
            Z = sample.rows @ W[units].T
            outputs += np.maximum(Z, 0) @ facts.a[:, units].T
        self._outputs = check_finite("The outputs", outputs)
        residual = sample.residual(outputs)
        self._pv = sample.pv(residual)
        self._weighted = residual * sample.weights[:, None]
        self._i = int(np.unravel_index(self._pv.argmax(), self._pv.shape)[1])
        self._pseudo, self._of_class = np.zeros((2, facts.m))
        self._after = np.zeros_like(outputs)

    def add(self, units: slice, Z: Floats, active0: NDArray[np.bool_]) -> None:
        """Go over some units, given their pre-activations here and patterns at W(0)."""
        X, a = self._sample.rows, self._facts.a[:, units]
        D = self._weighted @ a
        pseudo = (D * active0).T @ X
        self._pseudo[units] = np.linalg.norm(pseudo, axis=1)
        P = (self._weighted[:, [self._i]] * active0).T @ X
        self._of_class[units] = np.linalg.norm(P, axis=1)
        active = Z > 0
        same = np.array_equal(active, active0)
        gradient = pseudo if same else (D * active).T @ X
        stepped = Z - self._facts.eta * (X @ gradient.T)
        self._after += np.maximum(stepped, 0) @ a.T

    def moment(self) -> Moment:
        """When all units were there."""
        loss = self._sample.loss(self._outputs)
        return Moment(
            self._outputs,
            loss,
            max(0.0, float(self._pv.max())),
            self._i,
            self._pseudo,
            self._of_class,
            loss - self._sample.loss(self._after),
        )
