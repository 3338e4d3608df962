"""Show K19's network to its diagnostics: along a run, and over all rows at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from overparam_sk.diagnostics._base import (
    Diagnostic,
    GramView,
    Panel,
    PatternView,
    WeightView,
)
from overparam_sk.diagnostics.monitor import Measurement, Monitor, history_columns
from overparam_sk.linalg import inner_products
from overparam_sk.networks import (
    Kong2019Weights,
    forward,
    gram_parts,
    gram_parts_by_units,
    loss,
    outputs,
)
from overparam_sk.rows import Rows, rows_that_fit
from overparam_sk.training.observer import StepRecord

__all__ = ["TwoHiddenMonitor", "measure_two_hidden", "squared_spread"]


def r2_score(loss: float, spread: float) -> float:
    """Coefficient of determination R², as scikit-learn defines it, weighted.

    With constant targets, whose spread is 0, it is 1.0 for a perfect prediction and 0.0
    otherwise.
    """
    return 1 - 2 * loss / spread if spread > 0 else float(loss == 0)


def squared_spread(targets: Tensor, weight: Tensor) -> float:
    """Σ_i weight_i (y_i − ȳ)², exactly 0 if those that have a weight are constant."""
    off = targets - targets[weight.argmax()]  # the mean of equal numbers may be rounded
    mean = (weight * off).sum() / weight.sum()
    return float((weight * (off - mean).square()).sum())


def _show_weights(
    panel: Panel, now: Kong2019Weights, start: Kong2019Weights, n_given: int
) -> None:
    for layer, W0, W in (
        (0, start.A[:, :n_given], now.A[:, :n_given]),
        (1, start.B, now.B),
    ):
        panel.show(WeightView.between(W0, W), layer)


def second_patterns(Z: Tensor, B: Tensor) -> Tensor:
    """1{B_p·σ(A x_i) > 0} from Z = X Aᵀ, shape (n, h2), bool (eq. 14)."""
    return (Z.clamp_min(0) @ B.T) > 0


def measure_two_hidden(
    diagnostics: Sequence[type[Diagnostic]],
    now: Kong2019Weights,
    start: Kong2019Weights,
    rows: Rows,
    targets: Tensor,
    weight: Tensor,
    gram_rows: Tensor,
) -> Measurement:
    """Measure loss and diagnostics over all rows.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    now, start : Kong2019Weights
        Now and at initialisation.
    rows : Rows of length n
    targets : Tensor of shape (n,)
    weight : Tensor of shape (n,)
    gram_rows : Tensor of shape (n_gram,), int64
        Rows of the Gram matrix.
    """
    panel = Panel(diagnostics, n_layers=2)
    _show_weights(panel, now, start, rows.n_given)
    if panel.sees(PatternView):
        _show_patterns(panel, now, start, rows)
    if panel.sees(GramView):
        X = rows.take(gram_rows)
        for part in gram_parts_by_units(X @ now.A.T, now.B, now.w, inner_products(X)):
            panel.show(GramView(part))
    u = outputs(rows.times(now.A.T), now.B, now.w)
    total = float(loss(u, targets, weight))
    return Measurement(total, panel.values(), dead=not u[weight > 0].any())


def _show_patterns(
    panel: Panel, now: Kong2019Weights, start: Kong2019Weights, rows: Rows
) -> None:
    Z, Z0 = rows.times(now.A.T), rows.times(start.A.T)
    panel.show(PatternView(Z > 0, Z0 > 0, slice(0, len(Z)), len(Z)), layer=0)
    size = rows_that_fit(len(now.B))
    for first in range(0, len(Z), size):
        part = slice(first, min(first + size, len(Z)))
        active = second_patterns(Z[part], now.B)
        active0 = second_patterns(Z0[part], start.B)
        panel.show(PatternView(active, active0, part, len(Z)), layer=1)


class PairCounts:
    """S2 S2ᵀ along a run: on how many units two rows are active together.

    Few units change their pattern between two looks, so that a look costs these alone.
    The counts are integers: nothing drifts.
    """

    def __init__(self) -> None:
        self._active: Tensor | None = None
        self._counts = torch.empty(0, dtype=torch.float32)

    def at(self, active: Tensor) -> Tensor:
        """Counts for the patterns ``active`` (n, h2), bool; shape (n, n), float32."""
        if self._active is None:
            self._counts = _pairs(active)
        else:
            units = (active != self._active).any(dim=0).nonzero().flatten()
            added = _pairs(active[:, units]) - _pairs(self._active[:, units])
            self._counts = self._counts + added
        self._active = active
        return self._counts


def _pairs(active: Tensor) -> Tensor:
    gates = active.float()  # counts are exact in float32 up to 2²⁴ units
    return gates @ gates.T


@dataclass
class TwoHiddenMonitor(Monitor):
    """Writes the history of a run of K19's network.

    Loss and score are those of all training rows, the diagnostics those of ``sample``.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    start : Kong2019Weights
        At initialisation.
    n_given : int
        Columns of A that belong to given columns of X.
    sample : Tensor of shape (r, d)
        Rows for the diagnostics.
    targets, weight : Tensor of shape (n,)
        Of all training rows.
    validation : tuple of (Rows, Tensor, Tensor) or None
        Validation rows, targets and weights.
    """

    diagnostics: Sequence[type[Diagnostic]]
    start: Kong2019Weights
    n_given: int
    sample: Tensor
    targets: Tensor
    weight: Tensor
    validation: tuple[Rows, Tensor, Tensor] | None = None

    def __post_init__(self) -> None:
        Z0 = self.sample @ self.start.A.T
        self._active0 = (Z0 > 0, forward(Z0, self.start.B, self.start.w).S2 > 0)
        self._inner = inner_products(self.sample)
        self._pairs = PairCounts()
        self._spread = {"": squared_spread(self.targets, self.weight)}
        if self.validation is not None:
            self._spread["val_"] = squared_spread(*self.validation[1:])

    def look(self, record: StepRecord) -> dict[str, float]:
        """Loss, score and diagnostics, and the validation set's loss and score."""
        assert record.outputs is not None
        A, B = record.weights
        now = Kong2019Weights(A, B, self.start.w)
        entry = self._fit("", record.outputs, self.targets, self.weight)
        if self.validation is not None:
            rows, targets, weight = self.validation
            u = outputs(rows.times(now.A.T), now.B, now.w)
            entry |= self._fit("val_", u, targets, weight)
        return entry | history_columns(self._diagnose(now))

    def _diagnose(self, now: Kong2019Weights) -> dict[str, Sequence[float]]:
        panel = Panel(self.diagnostics, n_layers=2)
        _show_weights(panel, now, self.start, self.n_given)
        if not panel.sees(PatternView, GramView):
            return panel.values()
        Z = self.sample @ now.A.T
        at = forward(Z, now.B, now.w)
        patterns, rows = (Z > 0, at.S2 > 0), slice(0, len(Z))
        for layer, (active, active0) in enumerate(
            zip(patterns, self._active0, strict=True)
        ):
            panel.show(PatternView(active, active0, rows, len(Z)), layer)
        if panel.sees(GramView):
            for part in gram_parts(at, self._inner, self._pairs.at(patterns[1])):
                panel.show(GramView(part))
        return panel.values()

    def _fit(
        self, prefix: str, u: Tensor, targets: Tensor, weight: Tensor
    ) -> dict[str, float]:
        total = float(loss(u, targets, weight))
        score = r2_score(total, self._spread[prefix])
        return {f"{prefix}loss": total, f"{prefix}score": score}
