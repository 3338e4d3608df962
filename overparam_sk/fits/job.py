"""What a fit is given: rows and targets, how to go about it, where to start."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from overparam_sk.devices import Work
from overparam_sk.fits.settings import Settings
from overparam_sk.rows import Coordinates

__all__ = ["Data", "Job", "Resume", "Seeds"]


@dataclass(frozen=True)
class Data:
    """Validated data of n samples, in numpy."""

    X: Any  # (n, d), dense or CSR, float32 or float64
    y: NDArray[Any]  # (n,), class indices or real targets
    weight: NDArray[Any]  # (n,), not all zero

    def rows(self, places: NDArray[np.int64]) -> Self:
        """Some of the samples."""
        return type(self)(self.X[places], self.y[places], self.weight[places])


@dataclass(frozen=True)
class Seeds:
    """Seeds of the weights at initialisation, of the batches and of the subsets."""

    init: int
    batches: int
    subsets: int

    @classmethod
    def draw(cls, random: np.random.RandomState) -> Self:
        """Draw the three, in this order, from ``random``."""
        return cls(*(int(s) for s in random.randint(np.iinfo(np.int32).max, size=3)))

    def subset(self, stream: int, size: int, n: int) -> Tensor:
        """At most ``size`` of n places; sorted, for locality."""
        generator = torch.Generator().manual_seed(self.subsets + stream)
        return torch.randperm(n, generator=generator)[:size].sort().values


@dataclass(frozen=True)
class Resume:
    """The state of an earlier run, to go on from."""

    weights: tuple[NDArray[Any], ...]  # a matrix a layer, intercepts as last columns
    iteration: int  # gradient steps done
    learning_rate: float | None  # to stay in use; None asks the rows again
    history: dict[str, NDArray[Any]] = field(default_factory=dict)
    coordinates: Coordinates = field(default_factory=Coordinates)


@dataclass(frozen=True)
class Job:
    """One fit.

    Parameters
    ----------
    data : Data
    n_outputs : int
        k: the number of classes, or 1.
    settings : Settings
    seeds : Seeds
    n_steps : int
        Gradient steps to do.
    held_out : Data or None, default=None
        The validation set.
    resume : Resume or None, default=None
        None starts from the initialisation.
    operations : float or None, default=None
        Of a step, where they are known beforehand.
    """

    data: Data
    n_outputs: int
    settings: Settings
    seeds: Seeds
    n_steps: int
    held_out: Data | None = None
    resume: Resume | None = None
    operations: float | None = None

    @property
    def work(self) -> Work | None:
        """How much there is to compute, where it is known."""
        if self.operations is None:
            return None
        return Work(self.operations, self.n_steps)

    @property
    def first_iteration(self) -> int:
        """Gradient steps done before."""
        return 0 if self.resume is None else self.resume.iteration

    @property
    def past(self) -> dict[str, NDArray[Any]]:
        """The history of the runs before."""
        return {} if self.resume is None else self.resume.history
