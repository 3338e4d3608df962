"""Show LL18's network to its diagnostics: along a run, and over all rows at the end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import torch
from torch import Tensor

from overparam_sk.diagnostics._base import (
    Diagnostic,
    GramView,
    Panel,
    PatternView,
    WeightView,
)
from overparam_sk.diagnostics.coupling import Coupling
from overparam_sk.diagnostics.monitor import Measurement, Monitor, history_columns
from overparam_sk.linalg import inner_products
from overparam_sk.networks import (
    SoftmaxNetwork,
    gate_gram,
    pseudo_gradient_squares,
)
from overparam_sk.rows import Rows
from overparam_sk.training.observer import StepRecord

__all__ = ["FirstLayerMonitor", "InitialUnits", "Sample", "measure_first_layer"]

# Rows of X that meet a chunk of units at a time in the pass over all rows.
_ROW_BLOCK = 2048
# Numbers of W(0) that a monitor holds on to: units are exchangeable, so that a leading
# subset of 2²¹/d of them gives the distance along the run to about one per cent.
_KEPT_ELEMENTS = 2**21


class InitialUnits(NamedTuple):
    """Some hidden units at initialisation."""

    units: slice
    W: Tensor  # (u, r), in the coordinates in which the rows are given
    norms: Tensor  # (u,), |w| of the given columns, all of them


InitialChunks = Callable[[], Iterator[InitialUnits]]
"""Gives W(0) chunk by chunk."""


@dataclass(frozen=True)
class Sample:
    """Rows with their targets: for the loss, the score and the diagnostics."""

    X: Tensor  # (n, d)
    targets: Tensor  # (n, k)
    weight: Tensor  # (n,)


def measure_first_layer(
    diagnostics: Sequence[type[Diagnostic]],
    network: SoftmaxNetwork,
    width: int,
    W: Tensor,
    rows: Rows,
    targets: Tensor,
    weight: Tensor,
    gram_rows: Tensor,
    initial_chunks: InitialChunks,
) -> Measurement:
    """Measure loss and diagnostics over all rows, one chunk of units at a time.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    network : SoftmaxNetwork
    width : int
        m, the units of all processes.
    W : Tensor of shape (u, d)
        Of the units that this process holds.
    rows : Rows of length n
    targets : Tensor of shape (n,), int64
        Class indices.
    weight : Tensor of shape (n,)
        Weights in the mean loss.
    gram_rows : Tensor of shape (n_gram,), int64
        Rows of the Gram matrix.
    initial_chunks : callable
        Gives W(0).

    Returns
    -------
    Measurement
    """
    panel = Panel(diagnostics, n_layers=1)
    given = slice(rows.n_given)  # an intercept's column comes last
    outputs = W.new_zeros(len(rows), len(network.a))
    if panel.sees(GramView):
        X_gram = rows.take(gram_rows)
        inner = inner_products(X_gram)
    for units, W0, norms in initial_chunks():
        W_chunk = W[units]
        part = network.of_units(units)
        if panel.sees(WeightView):
            update = W_chunk[:, given] - W0[:, given]
            panel.show(WeightView(update, float(norms.norm())))
        wanted = network.frozen or panel.sees(PatternView)
        active0 = _patterns(rows, W0) if wanted else repeat(None)
        products = rows.products(W_chunk.T, _ROW_BLOCK)
        for (places, Z), start in zip(products, active0, strict=False):
            if start is not None:
                panel.show(PatternView(Z > 0, start, places, len(rows)))
            outputs[places] += part.outputs_(Z, start)
        if panel.sees(GramView):
            gating = W0 if network.frozen else W_chunk
            gates = gate_gram(X_gram @ gating.T, part.a)
            panel.show(GramView(inner * gates / width))
    network.shards.add_up_(outputs)
    panel.add_up(network.shards)
    one_hot = torch.nn.functional.one_hot(targets, len(network.a)).to(W)
    loss, _ = loss_and_score(network, outputs, one_hot, weight)
    return Measurement(loss, panel.values(), dead=not outputs[weight > 0].any())


def _patterns(rows: Rows, W: Tensor) -> Iterator[Tensor]:
    for _, Z in rows.products(W.T, _ROW_BLOCK):
        yield Z > 0


def loss_and_score(
    network: SoftmaxNetwork, outputs: Tensor, targets: Tensor, weight: Tensor
) -> tuple[float, float]:
    """Weighted means of the samples' losses and scores."""
    total = weight.sum()
    loss = (network.losses(outputs, targets) * weight).sum() / total
    score = (network.scores(outputs, targets) * weight).sum() / total
    return float(loss), float(score)


@dataclass
class FirstLayerMonitor(Monitor):
    """Writes the history of a run of LL18's network.

    Loss, score and the diagnostics are those of ``sample``, a seeded subset of the
    training rows, and the distance that of a leading subset of the hidden units, so
    that looking often stays cheap; a validation set is scored whole.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    network : SoftmaxNetwork
    width : int
        m, the units of all processes.
    first_unit : int
        Units that the processes before this one hold.
    n_given : int
        Columns of W that belong to given columns of X.
    sample : Sample
    initial_chunks : callable
        Gives W(0); called once.
    validation : tuple of (Rows, Tensor, Tensor) or None
        Validation rows, one-hot targets and weights.
    W0 : Tensor of shape (u, d) or None
        W(0), for a network whose patterns are frozen there.
    """

    diagnostics: Sequence[type[Diagnostic]]
    network: SoftmaxNetwork
    width: int
    first_unit: int
    n_given: int
    sample: Sample
    initial_chunks: InitialChunks
    validation: tuple[Rows, Tensor, Tensor] | None = None
    W0: Tensor | None = None

    def __post_init__(self) -> None:
        active, kept, norms = [], [], []
        self._active0: Tensor | None = None
        room = max(1, _KEPT_ELEMENTS // self.sample.X.shape[1])
        room = max(0, room - self.first_unit)
        panel = Panel(self.diagnostics, n_layers=1)
        if self.network.frozen or panel.sees(PatternView, WeightView):
            for _, W0, lengths in self.initial_chunks():
                active.append((self.sample.X @ W0.T) > 0)
                kept.append(W0[:room, : self.n_given].clone())
                norms.append(lengths[:room])
                room -= len(kept[-1])
            self._active0 = torch.cat(active, dim=1)
            self._W0, self._start = torch.cat(kept), float(torch.cat(norms).norm())
        self._inner = inner_products(self.sample.X)

    def look(self, record: StepRecord) -> dict[str, float]:
        """Loss, score and diagnostics, and the validation set's loss and score."""
        (W,) = record.weights
        sample = self.sample
        Z = self.sample.X @ W.T
        active = Z > 0
        outputs = self.network.outputs_(Z, self._active0)
        loss, score = loss_and_score(
            self.network, outputs, sample.targets, sample.weight
        )
        entry = {"loss": loss, "score": score}
        if self.validation is not None:
            entry |= self._validate(W, *self.validation)
        if Coupling in self.diagnostics:
            entry["pseudo_gradient_error"] = self._pseudo_gradient_error(
                active, outputs
            )
        return entry | history_columns(self._diagnose(W, active))

    def _validate(
        self, W: Tensor, rows: Rows, targets: Tensor, weight: Tensor
    ) -> dict[str, float]:
        active0 = repeat(None) if self.W0 is None else _patterns(rows, self.W0)
        products = rows.products(W.T, _ROW_BLOCK)
        outputs = [
            self.network.outputs_(Z, start)
            for (_, Z), start in zip(products, active0, strict=False)
        ]
        loss, score = loss_and_score(self.network, torch.cat(outputs), targets, weight)
        return {"val_loss": loss, "val_score": score}

    def _pseudo_gradient_error(self, active: Tensor, outputs: Tensor) -> float:
        """‖∇L − ∇̃L‖_F / ‖∇L‖_F on the sample; 0 where there is no gradient."""
        assert self._active0 is not None
        residual = torch.softmax(outputs, dim=1) - self.sample.targets
        residual *= self.sample.weight.unsqueeze(1)
        squares = pseudo_gradient_squares(
            active, self._active0, residual, self.network.a, self._inner
        )
        error, gradient = self.network.shards.add_up_(squares).tolist()
        return float((error / gradient) ** 0.5) if gradient > 0 else 0.0

    def _diagnose(self, W: Tensor, active: Tensor) -> dict[str, Sequence[float]]:
        panel = Panel(self.diagnostics, n_layers=1)
        if panel.sees(WeightView):
            kept = W[: len(self._W0), : self.n_given]
            panel.show(WeightView(kept - self._W0, self._start))
        if panel.sees(PatternView):
            assert self._active0 is not None
            rows = slice(0, len(active))
            panel.show(PatternView(active, self._active0, rows, len(active)))
        if panel.sees(GramView):
            gates = self._active0 if self.network.frozen else active
            assert gates is not None
            panel.show(
                GramView(self._inner * gate_gram(gates, self.network.a) / self.width)
            )
        panel.add_up(self.network.shards)
        return panel.values()
