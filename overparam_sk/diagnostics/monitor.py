"""What is measured of a network: along a run, and once over all rows at the end."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from overparam_sk.training.observer import StepRecord

__all__ = ["Measurement", "Monitor", "history_columns"]


@dataclass(frozen=True)
class Measurement:
    """The figures of a network over all training rows.

    ``diagnostics`` has one number for each layer that has such a figure; ``dead`` is
    whether every output is exactly 0, as where no hidden unit is active.
    """

    loss: float
    diagnostics: dict[str, Sequence[float]]
    dead: bool = False


def history_columns(diagnostics: dict[str, Sequence[Any]]) -> dict[str, Any]:
    """Columns of a history: ``name``, or one for each layer, ``name_1``, ``name_2``."""
    named = {}
    for name, values in diagnostics.items():
        for layer, value in enumerate(values, start=1):
            named[name if len(values) == 1 else f"{name}_{layer}"] = value
    return named


@dataclass
class Monitor(ABC):
    """An observer that writes the history of a run.

    Attributes
    ----------
    history : dict of str to list of float
    """

    history: dict[str, list[float]] = field(default_factory=dict, init=False)

    @abstractmethod
    def look(self, record: StepRecord) -> dict[str, float]:
        """Return this iteration's entry of every column but ``iteration``."""

    def observe(self, record: StepRecord) -> bool:
        """Append one entry to every column of the history."""
        looked = self.look(record)
        entry = {"iteration": record.iteration, **looked, **record.figures}
        for name, value in entry.items():
            self.history.setdefault(name, []).append(value)
        return False

    def latest(self, name: str) -> float:
        """The last entry of a column."""
        return self.history[name][-1]
