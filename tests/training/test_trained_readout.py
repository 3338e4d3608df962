"""A trained readout and scaled outputs: the iterates still are those of plain SGD."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import scaled_outputs, scaled_sgd
from training.test_sgd import BLOCKS, engine, problem, relative_difference

from overparam_sk.networks import LiLiang2018, LinearizedLiLiang2018, Scaling
from overparam_sk.training import CurvatureStep, MinibatchStream


def trained(X, y, W, a, B, block_rows, *, readout_step, output_scale, centered, **more):
    """The engine's trainer; W's own step is that over α, as the loss is over α²."""
    step, frozen = more.pop("step"), more.pop("frozen", False)
    kind = LinearizedLiLiang2018 if frozen else LiLiang2018
    scaling = Scaling(output_scale, centered)
    network = kind.made(a, W.clone, scaling=scaling).reading(a.clone())
    options = {
        "step": step / output_scale,
        "offsets": -scaled_outputs(W, a, X, output_scale) if centered else None,
        "readout_steps": readout_step / step if readout_step else None,
    }
    return engine(X, y, W, a, B, block_rows, network=network, **options, **more)


# α, whether f(0) is taken off, the readout's step.
SCALES = {
    "both layers": (1.0, False, 0.02),
    "lazy": (30.0, True, 0.0),
    "rich, both": (0.3, True, 0.02),
    "mean field": (40**-0.5, False, 0.1),
}


@pytest.mark.parametrize("frozen", [False, True], ids=["f", "g"])
@pytest.mark.parametrize("weighted", [False, True], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("block", ["one batch", "three batches", "the whole run"])
@pytest.mark.parametrize("B", [1, 7, 64])
@pytest.mark.parametrize("scale", SCALES)
def test_same_iterates_as_autograd(scale, B, block, momentum, weighted, frozen):
    X, y, W0, a0 = problem()
    alpha, centered, readout_step = SCALES[scale]
    options = {
        "step": 0.05,
        "readout_step": readout_step,
        "output_scale": alpha,
        "centered": centered,
        "momentum": momentum,
        "frozen": frozen,
        "weight": torch.linspace(0, 2, len(X), dtype=X.dtype) if weighted else None,
    }
    batches = MinibatchStream(len(X), B, seed=7).take(37).view(37, B)
    W, a = scaled_sgd(W0, a0, X, y, batches, **options)
    trainer = trained(X, y, W0, a0, B, BLOCKS[block](B), **options)
    trainer.advance(20)
    trainer.advance(17)
    assert relative_difference(trainer.W, W, W0) <= 1e-10
    if readout_step:
        assert relative_difference(trainer.weights[1], a, a0) <= 1e-10
    else:
        assert len(trainer.weights) == 1


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(2, 30),
    d=st.integers(1, 8),
    m=st.integers(1, 20),
    k=st.integers(2, 5),
    B=st.integers(1, 40),
    block_rows=st.integers(1, 200),
    cuts=st.lists(st.integers(0, 9), min_size=1, max_size=4),
    momentum=st.sampled_from([0.0, 0.5, 0.99]),
    centered=st.booleans(),
    frozen=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_shape_any_cut(
    n, d, m, k, B, block_rows, cuts, momentum, centered, frozen, seed
):
    X, y, W0, a0 = problem(n, d, m, k, seed)
    options = {
        "frozen": frozen,
        "step": 0.02,
        "readout_step": 0.03,
        "output_scale": 1.5,
        "centered": centered,
        "momentum": momentum,
    }
    trainer = trained(X, y, W0, a0, B, block_rows, **options)
    for cut in cuts:
        trainer.advance(cut)
    batches = MinibatchStream(n, B, seed=7).take(sum(cuts)).view(-1, B)
    expected = scaled_sgd(W0, a0, X, y, batches, **options)
    torch.testing.assert_close(trainer.weights, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("block", BLOCKS)
def test_lengthened_steps_move_the_readout_as_far(block):
    X, y, W0, a0 = problem()
    rule = CurvatureStep(30.0)

    def factor(outputs, batch):
        likely = torch.softmax(outputs, dim=1)[range(len(batch)), y[batch]]
        h = (2 * (1 - likely)).clamp(max=0.5)
        return rule.factor(h, X[batch].square().sum(dim=1))

    options = {"step": 0.05, "readout_step": 0.02}
    batches = MinibatchStream(len(X), 7, seed=7).take(60).view(60, 7)
    expected = scaled_sgd(W0, a0, X, y, batches, factor=factor, **options)
    more = {"output_scale": 1.0, "centered": False, "lengthen": rule}
    trainer = trained(X, y, W0, a0, 7, BLOCKS[block](7), **options, **more)
    trainer.advance(60)
    torch.testing.assert_close(trainer.weights, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_a_block_that_found_no_memory_moves_the_readout_once(momentum):
    class Full(LiLiang2018):
        """Finds no memory for its eleventh batch, once."""

        calls = 0

        def derive(self, scratch, Z):
            type(self).calls += 1
            if type(self).calls == 11:
                torch.empty(2**60)
            super().derive(scratch, Z)

    X, y, W0, a0 = problem()
    options = {"step": 0.05, "momentum": momentum}
    batches = MinibatchStream(len(X), 7, seed=7).take(20).view(20, 7)
    W, a = scaled_sgd(W0, a0, X, y, batches, readout_step=0.02, **options)
    more = {"network": Full(a0.clone()), "readout_steps": 0.4}
    trainer = engine(X, y, W0, a0, 7, 56, **options, **more)
    trainer.advance(20)
    assert trainer.figures["block_size"] < 56
    assert relative_difference(trainer.W, W, W0) <= 1e-10
    assert relative_difference(trainer.weights[1], a, a0) <= 1e-10
