"""What minibatch SGD goes by, whatever it moves: weights, batches, step, momentum."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from torch import Tensor

from overparam_sk.fits.job import Data, Job
from overparam_sk.fits.place import Place
from overparam_sk.rows import Coordinates, Rows, Standardised, rows_that_fit
from overparam_sk.training import CurvatureStep, MinibatchStream, safe_learning_rate
from overparam_sk.world import warn_user

__all__ = [
    "MONITORED_ROWS",
    "SGDPlan",
    "clipped_batch_size",
    "coordinates_of",
    "step_size_rows",
    "weight_of",
]

# Training rows that the history looks at.
MONITORED_ROWS = 100
# Rows by which those that will come are centred and scaled, at least.
_FEWEST_OF_MANY = 32
# Rows for the first look at the data, from which the automatic step is computed.
_STEP_SIZE_ROWS = 1000


def weight_of(data: Data, place: Place) -> Tensor:
    """Weights of the samples, of mean 1."""
    weight = data.weight / data.weight.max()  # whose sum is an ordinary number
    return place.tensor(weight / weight.mean())


def clipped_batch_size(job: Job) -> int:
    """B, and a warning where fewer rows are there than were asked for."""
    asked, n = job.settings.batch_size, len(job.data.y)
    B = job.settings.batch_rows(n)
    if asked not in (None, B):
        # In the words of MLPClassifier.
        warn_user(
            "Got `batch_size` larger than sample size. It is going to be clipped: "
            f"{asked} to {B}.",
            UserWarning,
        )
    return B


def step_size_rows(job: Job, rows: Rows, weight: Tensor) -> tuple[Tensor, float]:
    """A sample of the rows that have a weight, and its share of these."""
    weighted = weight.cpu().nonzero().flatten()
    size = min(rows_that_fit(rows.n_columns), _STEP_SIZE_ROWS)
    subset = weighted[job.seeds.subset(0, size, len(weighted))]
    return subset, len(subset) / len(weighted)


def coordinates_of(job: Job, place: Place, rows: Rows) -> Coordinates:
    """Those of an automatic step, or of the run that this one goes on from.

    A step that is given, and a network without a constant, are the papers': of the
    rows as they are. A few rows, the first of many, do not tell what a column's scale
    is.
    """
    if job.resume is not None:
        return job.resume.coordinates.at(place.dtype, place.device)
    if job.settings.learning_rate is not None or not place.constant:
        return Coordinates()
    if job.settings.one_pass and len(rows) < _FEWEST_OF_MANY:
        return Coordinates()
    return Standardised.of(rows, weight_of(job.data, place))


@dataclass(frozen=True)
class SGDPlan:
    """How the batches are drawn and how far each of them moves.

    Parameters
    ----------
    weight : Tensor of shape (n,)
        Mean 1.
    stream : MinibatchStream
    learning_rate : float
        c; with an automatic step the shortest.
    momentum : float
    lengthen : CurvatureStep or None
    """

    weight: Tensor
    stream: MinibatchStream
    learning_rate: float
    momentum: float
    lengthen: CurvatureStep | None

    @classmethod
    def of(
        cls,
        job: Job,
        place: Place,
        rows: Rows,
        batch_size: int,
        *,
        readout: float | None = None,
        laziness: float = math.inf,
    ) -> Self:
        """That of a job, on its rows as they are trained on.

        Parameters
        ----------
        job : Job
        place : Place
        rows : Rows
        batch_size : int
        readout : float or None, default=None
            The scale of the hidden weights below a readout that is trained. A smaller
            one than 1 does not last.
        laziness : float, default=inf
            Of two trained layers, whose kernel drifts as its inverse: an automatic step
            that is safe at the start is shorter by as much where this is less than 1,
            and is lengthened by no more than its square.
        """
        settings, weight = job.settings, weight_of(job.data, place)
        c = settings.learning_rate
        if c is None and job.resume is not None:
            c = job.resume.learning_rate
        if c is None:
            subset, _ = step_size_rows(job, rows, weight)
            some, of_some = rows.take(subset), weight[subset.to(place.device)]
            lasting = None if readout is None else max(1.0, readout)
            safe = safe_learning_rate(some, of_some, batch_size, readout=lasting)
            c = place.shards.agree(safe * min(1.0, laziness), place.device)
        # The batches of one stretch of a run must not repeat those of another.
        mixed = np.random.SeedSequence([job.seeds.batches, job.first_iteration])
        stream = MinibatchStream(len(rows), batch_size, int(mixed.generate_state(1)[0]))
        lengthen = None
        if settings.learning_rate is None:
            usual = CurvatureStep().most
            lengthen = CurvatureStep(most=min(max(1.0, laziness**2), usual))
        return cls(weight, stream, c, settings.momentum, lengthen)
