"""Several jobs done as one: what becomes of each is what it becomes alone."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from overparam_sk.diagnostics import REGISTRY
from overparam_sk.fits import (
    Data,
    Deep,
    FirstLayer,
    Job,
    Resume,
    Seeds,
    Settings,
    fit,
    fit_many,
    pays_together,
)
from overparam_sk.networks import LiLiang2018, LinearizedLiLiang2018, SquaredLoss
from overparam_sk.training import DivergenceError

N_STEPS = 40


def data(seed, n=50, k=3, dtype=np.float64, weighted=False):
    random = np.random.RandomState(seed)
    y = random.randint(k, size=n)
    X = random.normal(size=(n, 7)) + 2 * np.eye(k, 7)[y]
    weight = random.uniform(0.1, 2, n) if weighted else np.ones(n)
    return Data(X.astype(dtype), y, weight)


def job(seed, **settings):
    given = {"n_steps": N_STEPS, "k": 3, "weighted": False, "held_out": None}
    own = {name: settings.pop(name, default) for name, default in given.items()}
    known = {"diagnostics": tuple(REGISTRY), "gram_samples": 20, "device": "cpu"}
    rows = data(seed, k=own["k"], weighted=own["weighted"])
    held = None if own["held_out"] is None else data(own["held_out"], 30, own["k"])
    return Job(
        rows,
        own["k"],
        Settings(**(known | settings)),
        Seeds(seed, seed + 100, seed + 200),
        own["n_steps"],
        held,
    )


def network(width=40, kind=LiLiang2018):
    return partial(FirstLayer.begin, kind=kind, width=width)


def assert_same(fitted, expected):
    assert fitted.outcome is expected.outcome
    assert (fitted.dead, fitted.planned) == (expected.dead, expected.planned)
    assert fitted.unconverged == expected.unconverged
    assert fitted.attributes.keys() == expected.attributes.keys()
    for name, value in expected.attributes.items():
        found = fitted.attributes[name]
        if name == "history_":
            assert found.keys() == value.keys()
            for column in value.keys() - {"block_size"}:
                np.testing.assert_allclose(found[column], value[column], 1e-9, 1e-9)
        elif isinstance(value, (float, np.ndarray)):
            np.testing.assert_allclose(found, value, 1e-9, 1e-10)
        else:
            assert found == value


CASES = {
    "a given step": {"learning_rate": 1.0, "batch_size": 16},
    "the papers'": {"learning_rate": 1.0, "batch_size": 16, "fit_intercept": False},
    "automatic": {"momentum": 0.9},
    "minibatches": {"momentum": 0.9, "batch_size": 8, "n_steps": 103},
    "binary": {"k": 2, "batch_size": 8, "learning_rate": 0.5},
    "weights": {"weighted": True, "batch_size": 16},
    "the last look only": {"record_every": None, "diagnostics": ()},
    "some looks": {"record_every": (0, 3, 17), "batch_size": 16},
    "blocks": {"block_size": 48, "batch_size": 16, "momentum": 0.9},
    "a validation set": {"held_out": 99, "batch_size": 16},
    "early stopping": {"held_out": 99, "early_stopping": True, "patience": 2},
    "patience": {"patience": 1, "tol": 0.02, "n_steps": 300, "record_every": 10},
    "until it is done": {"until_done": True, "momentum": 0.9, "n_steps": 600},
}


@pytest.mark.parametrize("kind", [LiLiang2018, LinearizedLiLiang2018])
@pytest.mark.parametrize("name", CASES)
def test_each_is_what_it_is_alone(name, kind, batches):
    jobs = [job(seed, **CASES[name]) for seed in range(4)]
    net = network(kind=kind)
    expected = [fit(one, net) for one in jobs]
    assert batches == []
    done = fit_many(jobs, [net] * 4)
    assert batches == [4]
    for one, alone in zip(done, expected, strict=True):
        assert_same(one, alone)


def test_some_end_before_others():
    jobs = [job(seed, **CASES["until it is done"]) for seed in range(4)]
    done = fit_many(jobs, [network()] * 4)
    assert len({one.attributes["n_iter_"] for one in done}) > 1


def test_steps_may_differ(batches):
    jobs = [job(3, learning_rate=c, batch_size=16) for c in (0.1, 1.0, 3.0)]
    done = fit_many(jobs, [network()] * 3)
    assert batches == [3]
    for one, alone in zip(done, jobs, strict=True):
        assert_same(one, fit(alone, network()))


def test_only_what_is_alike_is_done_as_one(batches):
    a, b = job(0), job(1, batch_size=16)
    kong = partial(
        Deep.begin,
        widths=(4, 30),
        row_norm="clip",
        loss=SquaredLoss(),
        names=("first_weights_", "second_weights_"),
    )
    real = replace(job(5, learning_rate=0.01, full_batch=True), n_outputs=1)
    gone_on = fit(a, network())
    W = gone_on.attributes["hidden_weights_"]
    W = np.column_stack([W, gone_on.attributes["hidden_intercept_"]])
    resumed = replace(job(7), resume=Resume((W,), N_STEPS, 0.5))
    jobs = [a, b, real, job(2), resumed, job(3, batch_size=16), job(4)]
    nets = [network(), network(), kong, network(), network(), network(), network(41)]
    done = fit_many(jobs, nets)
    assert sorted(batches) == [1, 2, 2]
    for one, alone, net in zip(done, jobs, nets, strict=True):
        assert_same(one, fit(alone, net))


def test_company_changes_no_bit():
    jobs = [job(seed, **CASES["minibatches"]) for seed in range(5)]
    together = fit_many(jobs, [network()] * 5)
    apart = [fit_many([one], [network()])[0] for one in jobs]
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_equal(one.attributes, other.attributes)


@pytest.mark.parametrize("bad", [0, 2, 3])
def test_who_fails_fails_as_alone_and_alone(bad, batches):
    steps = [1.0] * 4
    steps[bad] = 1e300
    jobs = [job(i, learning_rate=c, batch_size=16) for i, c in enumerate(steps)]
    with pytest.raises(DivergenceError) as alone:
        fit(jobs[bad], network())
    done = fit_many(jobs, [network()] * 4)
    assert batches == [4]
    assert type(done[bad]) is DivergenceError
    assert str(done[bad]) == str(alone.value)
    for i in {0, 1, 2, 3} - {bad}:
        assert_same(done[i], fit(jobs[i], network()))


def test_who_cannot_begin_does_not_stop_the_others(batches):
    bad = replace(job(0), data=replace(data(0), X=np.full((50, 7), 1e200)))
    jobs = [job(1), bad, job(2)]
    with pytest.raises(ValueError, match="scale X") as alone:
        fit(bad, network())
    done = fit_many(jobs, [network()] * 3)
    assert str(done[1]) == str(alone.value)
    assert batches == [2]
    assert_same(done[2], fit(jobs[2], network()))


def test_large_fits_are_done_alone(batches):
    assert not pays_together(10_000, 784, 64, torch.device("cpu"))
    assert pays_together(250, 64, 16, torch.device("cpu"))
    jobs = [job(i, n_steps=2, diagnostics=()) for i in range(2)]
    done = fit_many(jobs, [network(10_000)] * 2)
    assert batches == []
    for one, alone in zip(done, jobs, strict=True):
        np.testing.assert_equal(one.attributes, fit(alone, network(10_000)).attributes)


def test_none():
    assert fit_many([], []) == []
