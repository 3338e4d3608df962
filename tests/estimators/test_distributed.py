"""One network on two processes is the network of one."""

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from estimators import sharded

from overparam_sk.diagnostics import REGISTRY

PROGRAM = Path(__file__).with_name("sharded.py")
OTHERS = {
    "other X": "X",
    "other y": "y",
    "other weights": "sample_weight",
    "other width": "parameters",
    "other seed": "parameters",
    "other number of steps": "parameters",
    "other network": "parameters",
    "other type": "the type of X",
    "other classes": "the number of classes",
    "other validation set": "the validation set's X",
    "other, no validation set": "a validation set",
}


def torchrun(folder, *names, check=True):
    """Run the program in two processes that talk over loopback."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", PROGRAM, folder, *names]
    return subprocess.run(
        command, check=check, timeout=250, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def on_two(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sharded")
    torchrun(folder, *sharded.CASES, *OTHERS, "other, one unit")
    return lambda name: [
        pickle.loads((folder / f"{name}-{rank}").read_bytes()) for rank in range(2)
    ]


@pytest.mark.parametrize("name", sharded.CASES)
def test_a_fit_is_that_of_one_process(on_two, name):
    alone = sharded.fit(name, distributed=False)
    both = on_two(name)
    X = sharded.CASES[name][1]
    single = X.dtype == np.float32
    close = {"rtol": 1e-3, "atol": 1e-4} if single else {"rtol": 1e-8, "atol": 1e-9}
    for net in both:
        np.testing.assert_array_equal(net.initial_weights(), alone.initial_weights())
        np.testing.assert_array_equal(net.initial_readout(), alone.initial_readout())
        for attribute in ("hidden_weights_", "hidden_intercept_", "readout_weights_"):
            ours, expected = getattr(net, attribute), getattr(alone, attribute)
            np.testing.assert_allclose(ours, expected, **close)
        assert net.n_iter_ == alone.n_iter_
        assert net.loss_ == pytest.approx(alone.loss_, rel=1e-3 if single else 1e-8)
        if net.diagnostics is None:
            continue
        for name in set(REGISTRY) & set(net._asked_for()):
            ours, expected = getattr(net, f"{name}_"), getattr(alone, f"{name}_")
            assert ours == pytest.approx(expected, rel=1e-3 if single else 1e-8)
        assert list(net.history_) == list(alone.history_)
        # The labels of outputs that are 0 at the start are those of rounding.
        first = int(net.is_centered_)
        for column, values in alone.history_.items():
            found = net.history_[column]
            np.testing.assert_allclose(found[first:], values[first:], **close)
    first, second = both
    np.testing.assert_array_equal(first.hidden_weights_, second.hidden_weights_)


@pytest.mark.parametrize("name", OTHERS)
def test_processes_that_were_asked_for_different_things(on_two, name):
    for said in on_two(name):
        assert said.startswith(f"{OTHERS[name]} must be the same in all 2 processes")


def test_each_process_needs_a_unit(on_two):
    for said in on_two("other, one unit"):
        assert said.startswith("width must be at least 2, the number of processes")


def test_a_killed_process_ends_the_others(tmp_path):
    run = torchrun(tmp_path, "killed", check=False)
    assert run.returncode != 0
    assert "SIGKILL" in run.stderr
    assert not list(tmp_path.iterdir())


def test_without_torchrun(monkeypatch):
    monkeypatch.delenv("MASTER_PORT", raising=False)
    with pytest.raises(ValueError, match="distributed=True must be used in processes"):
        sharded.fit("defaults", distributed=True)


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_all_must_draw_the_same(random_state):
    net = sharded.OverparamReLUClassifier(distributed=True, random_state=random_state)
    with pytest.raises(ValueError, match="random_state must be an integer"):
        net.fit(sharded.X, sharded.y)
