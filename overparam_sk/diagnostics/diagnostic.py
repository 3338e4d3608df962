"""What a diagnostic is: something that adds up over what it is shown of a layer."""

from abc import ABCMeta, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from overparam_sk.diagnostics.views import View
from overparam_sk.shards import Shards

__all__ = ["BEFORE", "REGISTRY", "Diagnostic", "DiagnosticType", "is_ours"]


class DiagnosticType(ABCMeta):
    """The type of all diagnostics: ``with register(one)`` ends its registration."""

    def __enter__(cls) -> "DiagnosticType":
        if not BEFORE.get(cls):
            raise ValueError(
                f"{cls.__name__} must be registered, as by "
                f"register({cls.__name__}), got one that is not."
            )
        return cls

    def __exit__(cls, *_: object) -> None:
        name, before = BEFORE[cls].pop()
        if REGISTRY.get(name) is cls:
            if not before:
                del REGISTRY[name]
            REGISTRY.update(before)


class Diagnostic(metaclass=DiagnosticType):
    """One figure about a layer, or about the whole network.

    Attributes
    ----------
    name : str
        Of the history's column; with an underscore, of the fitted attribute.
    sees : type
        The view it is shown.
    layers : slice
        The layers that have such a figure, each its own. A figure about the whole
        network belongs to the first.
    along : tuple of Diagnostic classes
        What goes with it into the history, and has no fitted attribute.
    total : Tensor or None
        Sums over all that was shown: those over parts of a layer add up.
    """

    name: ClassVar[str]
    sees: ClassVar[type]
    layers: ClassVar[slice] = slice(None)
    along: "ClassVar[tuple[type[Diagnostic], ...]]" = ()
    total: Tensor | None = None

    def add(self, part: Tensor | float) -> None:
        """Add to the sums."""
        if not isinstance(part, Tensor):
            part = torch.tensor(part, dtype=torch.float64)
        self.total = part if self.total is None else self.total + part

    def add_up(self, shards: Shards) -> None:
        """Take in what other processes have seen; those are sums, too."""
        if shards.size == 1:
            return
        if self.total is None:
            raise ValueError(
                f"{type(self).__name__}.accumulate must add to the sums with add(), or "
                "add_up must say how the parts of several processes come together."
            )
        # A copy: what one diagnostic was shown was shown to others, too.
        self.total = shards.add_up_(self.total.clone())

    @abstractmethod
    def accumulate(self, view: View) -> None:
        """Take in some more hidden units or rows."""

    @abstractmethod
    def value(self) -> float:
        """Return the figure for all that was shown."""


REGISTRY: dict[str, type[Diagnostic]] = {}
# For each time that one was registered, its name and what had that name before.
BEFORE: dict[DiagnosticType, list[tuple[str, dict[str, type[Diagnostic]]]]] = {}


def is_ours(kind: type[Diagnostic]) -> bool:
    """Whether it is one of this package's, which keep to what is agreed."""
    return kind.__module__.startswith(f"{__name__.partition('.')[0]}.")
