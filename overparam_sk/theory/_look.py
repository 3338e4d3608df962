"""What the estimator's diagnostics say of the flow."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from overparam_sk.diagnostics import (
    REGISTRY,
    GramDriftView,
    GramView,
    Panel,
    PatternView,
    WeightView,
    check_gram_fits,
    history_columns,
)
from overparam_sk.networks import gram_parts
from overparam_sk.theory._gates import Field

__all__ = ["Look"]

Floats = NDArray[np.float64]


class Look:
    """The diagnostics of a network at some weights, on all rows.

    Parameters
    ----------
    eqs : Field
    start : ndarray
        The weights at initialisation.
    constant : bool
        Whether the last column of A is an intercept's.
    """

    def __init__(self, eqs: Field, start: Floats, constant: bool) -> None:
        n, d = eqs.X.shape
        check_gram_fits(n, torch.device("cpu"), "pass diagnostics=False")
        self._eqs, self._given = eqs, slice(d - constant)
        self._A0, self._B0 = eqs.layers(start)
        self._patterns0 = self._patterns(start)
        self._inner = eqs.X @ eqs.X.T
        self._parts0 = gram_parts(eqs.at(start), self._inner)

    def at(self, state: Floats) -> dict[str, Any]:
        """Columns of a history, one entry each."""
        panel, n = Panel(REGISTRY.values()), len(self._inner)
        A, B = self._eqs.layers(state)
        first = WeightView.between(self._A0[:, self._given], A[:, self._given])
        panel.show(first, layer=0)
        panel.show(WeightView.between(self._B0, B), layer=1)
        both = zip(self._patterns(state), self._patterns0, strict=True)
        for layer, (active, active0) in enumerate(both):
            panel.show(PatternView(active, active0, slice(0, n), n), layer=layer)
        parts = gram_parts(self._eqs.at(state), self._inner)
        for part, part0 in zip(parts, self._parts0, strict=True):
            panel.show(GramView(part, self._eqs.y, torch.ones_like(self._eqs.y)))
            panel.show(GramDriftView(part, part0))
        return history_columns(panel.values())

    def _patterns(self, state: Floats) -> tuple[torch.Tensor, torch.Tensor]:
        A, _ = self._eqs.layers(state)
        return self._eqs.X @ A.T > 0, self._eqs.at(state).S2 > 0
