"""Several fits as one: each has the iterates that it has alone."""

from dataclasses import dataclass, replace

import pytest
import torch

from overparam_sk.networks import (
    LiLiang2018,
    LinearizedLiLiang2018,
    SquaredLoss,
    initial_weights,
    readout_weights,
)
from overparam_sk.rows import as_rows
from overparam_sk.training import (
    BatchedSGD,
    CurvatureStep,
    DivergenceError,
    Member,
    MinibatchStream,
    SStepSGD,
)

M, D, N_STEPS = 30, 9, 41  # a prime: the last block and stretch are short ones
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """What all fits of a batch have in common, and how their data differ."""

    B: int = 8
    k: int = 2
    momentum: float = 0.0
    automatic: bool = False
    constant: bool = False
    weighted: bool = False
    frozen: bool = False
    squared: bool = False
    same_rows: bool = False
    n_rows: tuple[int, ...] = (40, 33, 40, 51)
    dtype: torch.dtype = torch.float64


CASES = {
    "plain": Case(),
    "10 classes": Case(k=10),
    "all rows": Case(B=40, n_rows=(40, 40)),
    "one row": Case(B=1),
    "large batches": Case(B=32),
    "momentum": Case(momentum=0.9),
    "automatic step": Case(automatic=True),
    "the defaults": Case(automatic=True, momentum=0.9, k=10),
    "all rows by defaults": Case(B=33, n_rows=(33,) * 3, automatic=True, momentum=0.9),
    "intercept": Case(constant=True),
    "weights": Case(weighted=True, automatic=True),
    "linearised": Case(frozen=True),
    "linearised, all of it": Case(
        frozen=True, momentum=0.9, automatic=True, constant=True, weighted=True, k=10
    ),
    "another loss": Case(squared=True, k=1),
    "the same rows": Case(same_rows=True, momentum=0.9),
    "one fit": Case(n_rows=(40,)),
}
BLOCKS = {"one batch": 1, "three batches": 3, "the whole run": 1000}


def fits(case: Case) -> list[Member]:
    """Fits that differ in rows, targets, weights, W(0), readout, batches and step."""
    made = []
    for seed, n in enumerate(case.n_rows):
        draw = torch.Generator().manual_seed(seed)
        X = torch.randn(n, D, generator=draw, dtype=torch.float64).to(case.dtype)
        if case.same_rows and made:
            rows = made[0].rows
            n = len(rows)
        else:
            rows = as_rows(
                X.numpy(), constant=case.constant, dtype=case.dtype, device=CPU
            )
        y = torch.randint(0, max(2, case.k), (n,), generator=draw)
        y = y.to(case.dtype) if case.squared else y
        options = {"constant": case.constant, "dtype": case.dtype}
        W = initial_weights(seed, M, D, **options)
        a = readout_weights(seed, case.k, M, dtype=case.dtype)
        gates = W.clone() if case.frozen else None
        kind = LinearizedLiLiang2018 if case.frozen else LiLiang2018
        extra = {"loss": SquaredLoss()} if case.squared else {}
        network = kind(a, gate_weights=gates, **extra)
        weight = torch.ones(n, dtype=case.dtype)
        if case.weighted:
            weight = torch.linspace(0, 2, n, dtype=case.dtype)
        c = 0.1 if case.squared else 0.5 + 0.3 * seed
        lengthen = CurvatureStep(most=20.0) if case.automatic else None
        stream = MinibatchStream(n, case.B, seed)
        room = torch.empty(n, case.k, dtype=case.dtype)
        targets = network.loss.write_targets(y, room)
        made.append(Member(network, W, rows, targets, weight, stream, c / M, lengthen))
    return made


def single(case: Case, member: Member) -> SStepSGD:
    """The engine of one fit alone."""
    targets = member.targets
    return SStepSGD(
        member.network,
        member.W,
        member.rows,
        targets.flatten() if case.squared else targets.argmax(dim=1),
        case.k,
        member.sample_weight,
        member.stream,
        step=member.step,
        momentum=case.momentum,
        lengthen=member.lengthen,
        block_rows=3 * case.B,
    )


def alone(case: Case, n_steps: int = N_STEPS) -> list[SStepSGD]:
    """Each fit after ``n_steps``, one after the other."""
    trainers = [single(case, member) for member in fits(case)]
    for trainer in trainers:
        trainer.advance(n_steps)
    return trainers


def batch(case: Case, block: int = 3, members: list[Member] | None = None):
    members = fits(case) if members is None else members
    return members, BatchedSGD(
        members, block_rows=block * case.B, momentum=case.momentum
    )


def difference(W, expected, W0):
    return float((W - expected).norm() / (expected - W0).norm())


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", CASES)
def test_each_has_the_iterates_that_it_has_alone(name, block):
    case = CASES[name]
    expected = alone(case)
    members, sgd = batch(case, BLOCKS[block])
    start = [member.W.clone() for member in members]
    assert sgd.advance(N_STEPS) == []
    for member, one, W0 in zip(members, expected, start, strict=True):
        assert member.iteration == N_STEPS
        assert difference(member.W, one.W, W0) <= 1e-10


@pytest.mark.parametrize("name", ["plain", "the defaults", "linearised, all of it"])
def test_float32_is_as_near_as_rounding_allows(name):
    exact = alone(CASES[name])
    members, sgd = batch(replace(CASES[name], dtype=torch.float32))
    start = [member.W.double() for member in members]
    sgd.advance(N_STEPS)
    for member, one, W0 in zip(members, exact, start, strict=True):
        assert member.W.dtype == torch.float32
        assert difference(member.W.double(), one.W, W0) <= 1e-4


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("cuts", [(1, 1, 39), (20, 21), (5, 0, 36)])
def test_any_cut(cuts, block):
    case = CASES["the defaults"]
    expected = alone(case, sum(cuts))
    members, sgd = batch(case, BLOCKS[block])
    start = [member.W.clone() for member in members]
    for cut in cuts:
        sgd.advance(cut)
    for member, one, W0 in zip(members, expected, start, strict=True):
        assert difference(member.W, one.W, W0) <= 1e-10


@pytest.mark.parametrize("name", ["plain", "the defaults", "linearised, all of it"])
def test_company_changes_no_bit(name):
    case = CASES[name]
    members, sgd = batch(case)
    sgd.advance(N_STEPS)
    for chosen in ([0], [2, 1], [3, 0, 2]):
        some = [fits(case)[i] for i in chosen]
        _, few = batch(case, members=some)
        few.advance(N_STEPS)
        for one, i in zip(some, chosen, strict=True):
            assert torch.equal(one.W, members[i].W)


@pytest.mark.parametrize("name", ["plain", "the defaults", "linearised, all of it"])
def test_who_rests_stays_and_the_others_go_on(name):
    case = CASES[name]
    expected, earlier = alone(case), alone(case, 12)
    members, sgd = batch(case)
    start = [member.W.clone() for member in members]
    sgd.advance(12)
    sgd.rest([members[0], members[2]])
    sgd.advance(N_STEPS - 12)
    wanted = [earlier[0], expected[1], earlier[2], expected[3]]
    for member, one, W0 in zip(members, wanted, start, strict=True):
        assert difference(member.W, one.W, W0) <= 1e-10
    assert [member.iteration for member in members] == [12, 41, 12, 41]
    sgd.rest(members)
    assert sgd.running == []
    assert sgd.advance(3) == []
    assert members[1].iteration == N_STEPS


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("block", BLOCKS)
def test_only_what_diverges_is_lost(block, momentum):
    case = replace(CASES["another loss"], momentum=momentum)

    def with_a_bad_one():
        members = fits(case)
        bad = replace(members[1], step=1e200)
        return [members[0], bad, *members[2:]]

    expected = alone(case)
    members, sgd = batch(case, BLOCKS[block], with_a_bad_one())
    start = [member.W.clone() for member in members]
    # The first step overflows, in one fit alone.
    assert sgd.advance(N_STEPS) == [members[1]]
    assert sgd.running == [members[i] for i in (0, 2, 3)]
    for i in (0, 2, 3):
        W = members[i].W
        assert difference(W, expected[i].W, start[i]) <= 1e-10


def test_alone_it_diverges_too():
    case = CASES["another loss"]
    trainer = single(case, replace(fits(case)[1], step=1e200))
    with pytest.raises(DivergenceError):
        trainer.advance(N_STEPS)


@pytest.mark.parametrize("n_steps", [0, 1, 3, 70, 300])
@pytest.mark.parametrize("name", ["plain", "large batches", "all rows", "one row"])
def test_it_has_seen_what_a_fit_alone_has_seen(name, n_steps):
    case = CASES[name]
    expected = alone(case, n_steps)
    members, sgd = batch(case)
    sgd.advance(n_steps)
    for member, one in zip(members, expected, strict=True):
        here, there = member.recent(), one.recent()
        assert torch.equal(here.places, there.places)
        torch.testing.assert_close(here.outputs, there.outputs, rtol=1e-9, atol=1e-9)
