"""The s-step engine has the iterates of plain SGD."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import plain_sgd
from scipy import sparse

from overparam_sk.networks import (
    LiLiang2018,
    LinearizedLiLiang2018,
    initial_weights,
    readout_weights,
)
from overparam_sk.rows import as_rows
from overparam_sk.training import (
    CurvatureStep,
    DivergenceError,
    MinibatchStream,
    SStepSGD,
    auto_block_rows,
)

CPU = torch.device("cpu")
# Rows of a block as a function of the batch size.
BLOCKS = {
    "one batch": lambda B: B,
    "three batches": lambda B: 3 * B,
    "auto": lambda B: auto_block_rows(40, 12, B),
    "the whole run": lambda B: 10**9,
}


def problem(n=50, d=12, m=40, k=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(n, d, generator=generator, dtype=torch.float64)
    y = torch.randint(0, k, (n,), generator=generator)
    W = initial_weights(seed, m, d, dtype=torch.float64)
    a = readout_weights(seed, k, m, dtype=torch.float64)
    return X, y, W, a


def engine(
    X,
    y,
    W,
    a,
    B,
    block_rows,
    *,
    step,
    weight=None,
    rows=None,
    frozen=False,
    network=None,
    **options,
):
    weight = torch.ones(len(X), dtype=X.dtype) if weight is None else weight
    if rows is None:
        rows = as_rows(X.numpy(), constant=False, dtype=X.dtype, device=CPU)
    net = LiLiang2018(a) if network is None else network
    if frozen:
        net = LinearizedLiLiang2018(a, gate_weights=W.clone())
    return SStepSGD(
        net,
        W.clone(),
        rows,
        y,
        len(a),
        weight,
        MinibatchStream(len(X), B, seed=7),
        step=step,
        block_rows=block_rows,
        **options,
    )


def relative_difference(W, W_reference, W0):
    return float((W - W_reference).norm() / (W_reference - W0).norm())


@pytest.mark.parametrize("frozen", [False, True], ids=["f", "g"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("B", [1, 7, 16, 50, 64])
def test_same_iterates_as_autograd(B, block, momentum, weighted, frozen):
    # 37 steps: with three batches a block, the last block is a short one.
    X, y, W0, a = problem()
    weight = torch.linspace(0, 2, len(X), dtype=X.dtype) if weighted else None
    batches = MinibatchStream(len(X), B, seed=7).take(37).view(37, B)
    options = {"step": 0.05, "weight": weight, "momentum": momentum, "frozen": frozen}
    expected = plain_sgd(W0, a, X, y, batches, **options)
    trainer = engine(X, y, W0, a, B, BLOCKS[block](B), **options)
    trainer.advance(37)
    assert trainer.iteration == 37
    assert relative_difference(trainer.W, expected, W0) <= 1e-10


@pytest.mark.parametrize("n_steps", [1, 3, 4, 37, 100])
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("B", [1, 7, 16, 50, 64])
def test_remembers_what_the_last_pass_has_seen(B, block, n_steps):
    X, y, W0, a = problem()
    batches = MinibatchStream(len(X), B, seed=7).take(n_steps).view(n_steps, B)
    seen = []
    plain_sgd(
        W0, a, X, y, batches, step=0.05, factor=lambda f, _: seen.append(f) or 1.0
    )
    trainer = engine(X, y, W0, a, B, BLOCKS[block](B), step=0.05)
    assert [len(part) for part in trainer.recent()] == [0, 0]
    trainer.advance(n_steps // 3)
    trainer.advance(n_steps - n_steps // 3)
    a_pass = -(-len(X) // B)
    outputs, places = trainer.recent()
    assert places.tolist() == batches[-a_pass:].flatten().tolist()
    torch.testing.assert_close(outputs, torch.cat(seen[-a_pass:]), rtol=0, atol=1e-10)


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(2, 30),
    d=st.integers(1, 8),
    m=st.integers(1, 20),
    k=st.integers(2, 5),
    B=st.integers(1, 40),
    block_rows=st.integers(1, 200),
    cuts=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    momentum=st.sampled_from([0.0, 0.5, 0.99]),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_shape_any_cut(n, d, m, k, B, block_rows, cuts, momentum, seed):
    X, y, W0, a = problem(n, d, m, k, seed)
    trainer = engine(X, y, W0, a, B, block_rows, step=0.02, momentum=momentum)
    for cut in cuts:
        trainer.advance(cut)
    batches = MinibatchStream(n, B, seed=7).take(sum(cuts)).view(-1, B)
    expected = plain_sgd(W0, a, X, y, batches, step=0.02, momentum=momentum)
    torch.testing.assert_close(trainer.W, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("B", [1, 7, 50])
def test_lengthened_steps_are_those_of_the_slow_rule(B, block, momentum):
    X, y, W0, a = problem()
    weight = torch.linspace(0, 2, len(X), dtype=X.dtype)
    safe, most = 0.5, 30.0
    seen = []

    def factor(outputs, batch):
        lengths, curved = 0.0, []
        for f, s in zip(outputs, batch.tolist(), strict=True):
            o_y = float(torch.softmax(f, 0)[y[s]])
            length = float(weight[s]) * float(X[s] @ X[s])
            curved.append(min(0.5, 2 * (1 - o_y)) ** 2 * length)
            lengths += length
        h = (sum(curved) / (lengths + 1e-300)) ** 0.5
        seen.append(min(most, max(1.0, 0.5 / (h + 1e-300))))
        return seen[-1]

    batches = MinibatchStream(len(X), B, seed=7).take(37).view(37, B)
    expected = plain_sgd(
        W0,
        a,
        X,
        y,
        batches,
        step=safe / 40,
        weight=weight,
        momentum=momentum,
        factor=factor,
    )
    trainer = engine(
        X,
        y,
        W0,
        a,
        B,
        BLOCKS[block](B),
        step=safe / 40,
        momentum=momentum,
        weight=weight,
        lengthen=CurvatureStep(most),
    )
    trainer.advance(37)
    assert any(1 < factor < most for factor in seen)  # neither of its ends
    assert relative_difference(trainer.W, expected, W0) <= 1e-10


def test_inner_blocks_are_crossed():
    # B = 16 with 512 rows a block: eight inner blocks of four batches.
    X, y, W0, a = problem(n=300)
    trainer = engine(X, y, W0, a, 16, 512, step=0.05)
    trainer.advance(40)
    batches = MinibatchStream(300, 16, seed=7).take(40).view(40, 16)
    expected = plain_sgd(W0, a, X, y, batches, step=0.05)
    assert relative_difference(trainer.W, expected, W0) <= 1e-10


def test_float32_stays_near_float64():
    X, y, W0, a = problem(n=200)
    exact = engine(X, y, W0, a, 16, 256, step=0.05)
    exact.advance(50)
    X, W, a = X.float(), W0.float(), a.float()
    single = engine(X, y, W, a, 16, 256, step=0.05)
    single.advance(50)
    assert single.W.dtype == torch.float32
    assert relative_difference(single.W.double(), exact.W, W0) < 1e-4


@pytest.mark.parametrize("constant", [False, True])
def test_sparse_rows_give_the_same_bits(constant):
    X, y, _, a = problem()
    X = X * (X > 0.5)
    W = initial_weights(3, 40, 12, constant=constant, dtype=torch.float64)
    results = []
    for given_X in (X.numpy(), sparse.csr_array(X.numpy())):
        rows = as_rows(given_X, constant=constant, dtype=torch.float64, device=CPU)
        trainer = engine(X, y, W, a, 7, 64, step=0.05, rows=rows)
        trainer.advance(20)
        results.append(trainer.W)
    assert torch.equal(*results)


@pytest.mark.parametrize("block_rows", [1, 35, 10**6])
def test_divergence_names_the_iteration(block_rows):
    X, y, W0, a = problem()
    X[13] = 1e308  # overflows as soon as it is met
    met = MinibatchStream(len(X), 5, seed=7).take(10).view(10, 5)
    iteration = int((met == 13).any(dim=1).nonzero()[0])
    trainer = engine(X, y, W0, a, 5, block_rows, step=0.05)
    with pytest.raises(DivergenceError, match=f"iteration {iteration}: lower"):
        trainer.advance(10)
    assert issubclass(DivergenceError, ValueError)
    assert issubclass(DivergenceError, FloatingPointError)


def test_global_generators_are_left_alone():
    X, y, W0, a = problem()
    numpy_before, torch_before = np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    engine(X, y, W0, a, 7, 64, step=0.05).advance(20)
    initial_weights(0, 5, 5, dtype=torch.float32)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert np.array_equal(np.random.get_state()[1], numpy_before[1])  # noqa: NPY002


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_pieces_of_bfloat16_are_as_exact_as_float32(momentum):
    X, y, W0, a = problem(n=300, d=100, m=200)
    options = {"step": 0.02, "momentum": momentum}
    exact = engine(X, y, W0, a, 16, 128, **options)
    exact.advance(60)
    errors = {}
    for precision in ("ieee", "bf16x6"):
        single = engine(
            X.float(), y, W0.float(), a.float(), 16, 128, precision=precision, **options
        )
        single.advance(60)
        errors[precision] = relative_difference(single.W.double(), exact.W, W0)
    assert 0 < errors["bf16x6"] <= 2 * errors["ieee"] < 1e-4


@pytest.mark.parametrize("momentum", [0.5, 0.999999, 1 - 1e-9])
def test_momentum_next_to_1_in_float32(momentum):
    X, y, W0, a = problem()
    single = (X.float(), y, W0.float(), a.float())
    blocks = [
        engine(*single, 7, rows, step=0.02, momentum=momentum) for rows in (7, 35)
    ]
    for trainer in blocks:
        trainer.advance(20)
    one, several = (trainer.W.double() for trainer in blocks)
    assert relative_difference(several, one, W0) <= 1e-4
