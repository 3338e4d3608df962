"""Show a network to its diagnostics: along a run, and once over all rows at the end."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from overparam_sk.diagnostics._base import (
    Diagnostic,
    PatternView,
    SampleView,
    View,
    WeightView,
)
from overparam_sk.networks import LiLiang2018
from overparam_sk.rows import Rows
from overparam_sk.training.observer import StepRecord

__all__ = ["Measurement", "Monitor", "Sample", "measure"]

# Rows of X that meet a chunk of units at a time in the pass over all rows.
_ROW_BLOCK = 2048
# Numbers of W(0) that a monitor holds on to: units are exchangeable, so that a leading
# subset of 2²¹/d of them gives the distance along the run to about one per cent.
_KEPT_ELEMENTS = 2**21

InitialChunks = Callable[[], Iterator[tuple[slice, Tensor]]]
"""Gives W(0) chunk by chunk: the units and their initial weights (u, d)."""


@dataclass(frozen=True)
class Sample:
    """Rows with their targets: for the loss, the score and the diagnostics."""

    X: Tensor  # (n, d)
    targets: Tensor  # (n, k)
    weight: Tensor  # (n,)


@dataclass(frozen=True)
class Measurement:
    """The figures of a network over all training rows."""

    loss: float
    score: float
    diagnostics: dict[str, float]


def show(diagnostics: Sequence[Diagnostic], view: View) -> None:
    """Show ``view`` to those diagnostics that look at such a view."""
    for diagnostic in diagnostics:
        if diagnostic.sees is type(view):
            diagnostic.accumulate(view)


def measure(
    diagnostics: Sequence[type[Diagnostic]],
    network: LiLiang2018,
    W: Tensor,
    rows: Rows,
    targets: Tensor,
    weight: Tensor,
    gram_rows: Tensor,
    initial_chunks: InitialChunks,
) -> Measurement:
    """Measure loss, score and diagnostics over all rows, one chunk of units at a time.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    network : LiLiang2018
    W : Tensor of shape (m, d)
    rows : Rows of length n
    targets : Tensor of shape (n,), int64
        Class indices.
    weight : Tensor of shape (n,)
        Weights in the mean loss and score.
    gram_rows : Tensor of shape (n_gram,), int64
        Rows of the Gram matrix.
    initial_chunks : callable
        Gives W(0).

    Returns
    -------
    Measurement
    """
    observers = [diagnostic() for diagnostic in diagnostics]
    kinds = {observer.sees for observer in observers}
    given = slice(rows.n_given)  # an intercept's column comes last
    outputs = W.new_zeros(len(rows), len(network.a))
    X_gram = rows.take(gram_rows) if SampleView in kinds else None
    for units, W0 in initial_chunks():
        W_chunk = W[units]
        part = network.of_units(units)
        show(observers, WeightView(W_chunk[:, given], W0[:, given]))
        for places, X in rows.blocks(_ROW_BLOCK):
            Z = X @ W_chunk.T
            outputs[places] += part.outputs(Z)
            if PatternView in kinds:
                show(observers, PatternView(Z > 0, (X @ W0.T) > 0))
        if X_gram is not None:
            show(observers, SampleView(X_gram, X_gram @ W_chunk.T, part.a, len(W)))
    one_hot = torch.nn.functional.one_hot(targets, len(network.a)).to(W)
    loss, score = loss_and_score(network, outputs, one_hot, weight)
    return Measurement(loss, score, {o.name: o.value() for o in observers})


def loss_and_score(
    network: LiLiang2018, outputs: Tensor, targets: Tensor, weight: Tensor
) -> tuple[float, float]:
    """Weighted means of the samples' losses and scores."""
    total = weight.sum()
    loss = (network.losses(outputs, targets) * weight).sum() / total
    score = (network.scores(outputs, targets) * weight).sum() / total
    return float(loss), float(score)


@dataclass
class Monitor:
    """An observer that writes the history of a run.

    Loss, score and the diagnostics are those of ``sample``, a seeded subset of the
    training rows, and the distance that of a leading subset of the hidden units, so
    that looking often stays cheap; a validation set is scored whole.

    Parameters
    ----------
    diagnostics : sequence of Diagnostic classes
    network : LiLiang2018
    n_given : int
        Columns of W that belong to given columns of X.
    sample : Sample
    initial_chunks : callable
        Gives W(0); called once.
    validation : tuple of (Rows, Tensor, Tensor) or None
        Validation rows, one-hot targets and weights.

    Attributes
    ----------
    history : dict of str to list of float
    """

    diagnostics: Sequence[type[Diagnostic]]
    network: LiLiang2018
    n_given: int
    sample: Sample
    initial_chunks: InitialChunks
    validation: tuple[Rows, Tensor, Tensor] | None = None
    history: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kinds = {diagnostic.sees for diagnostic in self.diagnostics}
        active, kept = [], []
        room = max(1, _KEPT_ELEMENTS // self.sample.X.shape[1])
        if kinds & {PatternView, WeightView}:
            for _, W0 in self.initial_chunks():
                active.append((self.sample.X @ W0.T) > 0)
                kept.append(W0[:room, : self.n_given].clone())
                room -= len(kept[-1])
            self._active0 = torch.cat(active, dim=1)
            self._W0 = torch.cat(kept)

    def observe(self, record: StepRecord) -> bool:
        """Append one entry to every column of the history."""
        Z = self.sample.X @ record.W.T
        outputs = self.network.outputs(Z)
        loss, score = loss_and_score(
            self.network, outputs, self.sample.targets, self.sample.weight
        )
        entry = {"iteration": record.iteration, "loss": loss, "score": score}
        if self.validation is not None:
            entry |= self._validate(record.W, *self.validation)
        entry |= self._diagnose(record.W, Z)
        for name, value in entry.items():
            self.history.setdefault(name, []).append(value)
        return False

    def latest(self, name: str) -> float:
        """The last entry of a column."""
        return self.history[name][-1]

    def _validate(
        self, W: Tensor, rows: Rows, targets: Tensor, weight: Tensor
    ) -> dict[str, float]:
        outputs = [self.network.outputs(X @ W.T) for _, X in rows.blocks(_ROW_BLOCK)]
        loss, score = loss_and_score(self.network, torch.cat(outputs), targets, weight)
        return {"val_loss": loss, "val_score": score}

    def _diagnose(self, W: Tensor, Z: Tensor) -> dict[str, float]:
        observers = [diagnostic() for diagnostic in self.diagnostics]
        kinds = {observer.sees for observer in observers}
        if WeightView in kinds:
            kept = W[: len(self._W0), : self.n_given]
            show(observers, WeightView(kept, self._W0))
        if PatternView in kinds:
            show(observers, PatternView(Z > 0, self._active0))
        if SampleView in kinds:
            show(observers, SampleView(self.sample.X, Z, self.network.a, len(W)))
        return {observer.name: observer.value() for observer in observers}
