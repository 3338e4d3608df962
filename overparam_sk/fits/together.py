"""Several fits as one: what is alike is trained side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch

from overparam_sk.fits.first_layer import FirstLayer
from overparam_sk.fits.fit import Fitted, Run
from overparam_sk.fits.job import Job
from overparam_sk.fits.network import Begin
from overparam_sk.networks import FirstLayerNetwork
from overparam_sk.rows import DualSpace
from overparam_sk.threads import one_thread
from overparam_sk.training import (
    BatchedSGD,
    Member,
    batched_block_rows,
    course,
    train,
    train_together,
)

__all__ = ["fit_many", "pays_together"]

# What a step may be at most for fits to gain by standing side by side: operations,
# 4·B·m·d, and pre-activations, B·m. On a CPU calls then cost as much as a good part of
# the arithmetic, and what is between two products stays in a near cache: measured
# (docs/benchmarks/batched_fits.md). On a GPU the arithmetic takes no longer than the
# launches, 0.2 ms at 2·10¹³ operations a second (docs/benchmarks/gpu.md): to be
# measured there.
_MOST = {"cpu": (2**23, 2**16), "cuda": (2**32, 2**20)}


def pays_together(m: int, d: int, batch_size: int, device: torch.device) -> bool:
    """Whether fits of this size are faster as one than one after the other.

    The sizes alone decide, and not how many fits there are: rounding does not depend
    on company.
    """
    operations, preactivations = _MOST.get(device.type, (0, 0))
    return 4 * batch_size * m * d <= operations and batch_size * m <= preactivations


def fit_many(
    jobs: Sequence[Job], networks: Sequence[Begin]
) -> list[Fitted | Exception]:
    """Do several jobs; those that are alike, and gain by it, as one.

    What comes out is what `fit` makes of each job, up to rounding; on a CPU and in
    float64 the company changes no bit. Whatever goes wrong with one of those that are
    done as one, it is done again alone, and fails as it does alone. Ctrl-C ends all.

    Parameters
    ----------
    jobs : sequence of Job
    networks : sequence of callable
        As `fit` takes one.

    Returns
    -------
    list of Fitted or Exception
        What became of each job, or why it failed.
    """
    with one_thread(torch.device("cpu")):
        return _fit_many(jobs, networks)


def _fit_many(
    jobs: Sequence[Job], networks: Sequence[Begin]
) -> list[Fitted | Exception]:
    done: dict[int, Fitted | Exception] = {}
    begun: dict[_Shape | None, dict[int, Run]] = {}
    for i, (job, network) in enumerate(zip(jobs, networks, strict=True)):
        try:
            run = Run.begin(job, network)
        except Exception as error:
            done[i] = error
        else:
            begun.setdefault(_Shape.of(run), {})[i] = run
    alone = begun.pop(None, {})
    for shape, runs in begun.items():
        if shape is not None:
            done |= _as_one(shape, runs)
    for i, (job, network) in enumerate(zip(jobs, networks, strict=True)):
        if i not in done:
            done[i] = _alone(job, network, alone.pop(i, None))
    return [done[i] for i in range(len(jobs))]


@dataclass(frozen=True)
class _Shape:
    """What fits that are done as one have in common."""

    kind: type[FirstLayerNetwork]
    m: int
    d: int
    k: int
    batch_size: int
    momentum: float
    automatic: bool  # step
    block_rows: int
    dtype: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """That of a fit; None where it is better done alone."""
        net, settings, place = run.net, run.job.settings, run.place
        if not isinstance(net, FirstLayer):
            return None
        W, plan, rows = net.trainer.weights[0], net.plan, net.everything.rows
        m, d = W.shape
        B = plan.stream.batch_size
        is_other = (
            run.job.resume is not None
            or isinstance(net.initial.space, DualSpace)
            or rows.cost_as_non_zeros
            or settings.precision != "ieee"
            or not net.fits_in_a_batch
            or place.shards.size > 1
        )
        if is_other or not pays_together(m, d, B, place.device):
            return None
        return cls(
            kind=type(net.network),
            m=m,
            d=d,
            k=len(net.network.a),
            batch_size=B,
            momentum=plan.momentum,
            automatic=plan.lengthen is not None,
            block_rows=settings.block_size or batched_block_rows(m, d),
            dtype=W.dtype,
            device=place.device,
        )


def _as_one(shape: _Shape, runs: Mapping[int, Run]) -> dict[int, Fitted | Exception]:
    """Do fits of one shape; those that fail are missing."""
    done: dict[int, Fitted | Exception] = {}
    beside: dict[Member, tuple[int, Run]] = {}
    try:
        for i, run in runs.items():
            assert isinstance(run.net, FirstLayer)
            member = _beside_others(run.net)
            net = replace(run.net, trainer=member)
            beside[member] = i, Run.of(run.job, run.place, net)
        sgd = BatchedSGD(
            list(beside), block_rows=shape.block_rows, momentum=shape.momentum
        )
        courses = {one: course(one, *run.course) for one, (_, run) in beside.items()}
        outcomes = train_together(sgd, courses)
    except Exception:  # no memory for all of them, say
        return done
    for member, outcome in outcomes.items():
        i, run = beside[member]
        try:
            done[i] = run.end(outcome)
        except Exception:
            continue
    return done


def _beside_others(net: FirstLayer) -> Member:
    """What trains a network that was not yet trained, beside others."""
    net.trainer.release()
    (W,), seen, plan = net.trainer.weights, net.everything, net.plan
    step = plan.learning_rate / net.initial.width
    data = (seen.rows, seen.targets, plan.weight)
    return Member(net.network, W, *data, plan.stream, step, plan.lengthen)


def _alone(job: Job, network: Begin, run: Run | None) -> Fitted | Exception:
    """Do one fit, which may have been begun."""
    try:
        run = run or Run.begin(job, network)
        return run.end(train(run.net.trainer, *run.course, hold_ctrl_c=False))
    except Exception as error:
        return error
