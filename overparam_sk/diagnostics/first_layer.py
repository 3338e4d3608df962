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
from overparam_sk.diagnostics.monitor import Measurement, Monitor, history_columns
from overparam_sk.linalg import inner_products
from overparam_sk.networks import LiLiang2018, gate_gram
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
    network: LiLiang2018,
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
    network : LiLiang2018
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
        active0 = _patterns(rows, W0) if panel.sees(PatternView) else repeat(None)
        products = rows.products(W_chunk.T, _ROW_BLOCK)
        for (places, Z), start in zip(products, active0, strict=False):
            outputs[places] += part.outputs_(Z)
            if start is not None:
                panel.show(PatternView(Z > 0, start, places, len(rows)))
        if panel.sees(GramView):
            gates = gate_gram(X_gram @ W_chunk.T, part.a)
            panel.show(GramView(inner * gates / width))
    network.shards.add_up_(outputs)
    panel.add_up(network.shards)
    one_hot = torch.nn.functional.one_hot(targets, len(network.a)).to(W)
    loss, _ = loss_and_score(network, outputs, one_hot, weight)
    return Measurement(loss, panel.values())


def _patterns(rows: Rows, W: Tensor) -> Iterator[Tensor]:
    for _, Z in rows.products(W.T, _ROW_BLOCK):
        yield Z > 0


def loss_and_score(
    network: LiLiang2018, outputs: Tensor, targets: Tensor, weight: Tensor
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
    network : LiLiang2018
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
    """

    diagnostics: Sequence[type[Diagnostic]]
    network: LiLiang2018
    width: int
    first_unit: int
    n_given: int
    sample: Sample
    initial_chunks: InitialChunks
    validation: tuple[Rows, Tensor, Tensor] | None = None

    def __post_init__(self) -> None:
        active, kept, norms = [], [], []
        room = max(1, _KEPT_ELEMENTS // self.sample.X.shape[1])
        room = max(0, room - self.first_unit)
        if Panel(self.diagnostics, n_layers=1).sees(PatternView, WeightView):
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
        Z = self.sample.X @ W.T
        outputs = self.network.outputs_(Z)
        loss, score = loss_and_score(
            self.network, outputs, self.sample.targets, self.sample.weight
        )
        entry = {"loss": loss, "score": score}
        if self.validation is not None:
            entry |= self._validate(W, *self.validation)
        return entry | history_columns(self._diagnose(W, Z))

    def _validate(
        self, W: Tensor, rows: Rows, targets: Tensor, weight: Tensor
    ) -> dict[str, float]:
        products = rows.products(W.T, _ROW_BLOCK)
        outputs = [self.network.outputs_(Z) for _, Z in products]
        loss, score = loss_and_score(self.network, torch.cat(outputs), targets, weight)
        return {"val_loss": loss, "val_score": score}

    def _diagnose(self, W: Tensor, Z: Tensor) -> dict[str, Sequence[float]]:
        panel = Panel(self.diagnostics, n_layers=1)
        if panel.sees(WeightView):
            kept = W[: len(self._W0), : self.n_given]
            panel.show(WeightView(kept - self._W0, self._start))
        if panel.sees(PatternView):
            panel.show(PatternView(Z > 0, self._active0, slice(0, len(Z)), len(Z)))
        if panel.sees(GramView):
            panel.show(
                GramView(self._inner * gate_gram(Z, self.network.a) / self.width)
            )
        panel.add_up(self.network.shards)
        return panel.values()
