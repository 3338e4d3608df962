import pytest
import torch

from overparam_sk.training import NoImprovement, Outcome, StepRecord, train


class Counter:
    """A trainer that only counts."""

    def __init__(self, interrupt_at=None, interrupt=None):
        self.interrupt = interrupt
        self.W = torch.zeros(1)
        self.iteration = 0
        self.interrupt_at = interrupt_at

    @property
    def weights(self):
        return (self.W,)

    @property
    def outputs(self):
        return None

    @property
    def figures(self):
        return {"advanced": self.iteration}

    def advance(self, n_steps):
        for _ in range(n_steps):
            if self.iteration == self.interrupt_at:
                self.interrupt()
            self.iteration += 1
            self.W += 1


class Recorder:
    def __init__(self, stop_at=None):
        self.seen = []
        self.stop_at = stop_at

    def observe(self, record):
        self.seen.append((record.iteration, float(record.weights[0])))
        return record.iteration == self.stop_at


def test_observers_see_every_checkpoint():
    first, second = Recorder(), Recorder()
    outcome = train(Counter(), [0, 3, 3, 10], [first, second])
    assert outcome is Outcome.FINISHED
    assert first.seen == second.seen == [(0, 0), (3, 3), (3, 3), (10, 10)]


def test_all_observers_see_the_stop():
    stopper, after, trainer = Recorder(stop_at=4), Recorder(), Counter()
    outcome = train(trainer, [0, 4, 8], [stopper, after])
    assert outcome is Outcome.STOPPED
    assert trainer.iteration == 4
    assert after.seen[-1] == (4, 4)


def test_keyboard_interrupt_ends_the_run(ctrl_c):
    trainer = Counter(interrupt_at=5, interrupt=ctrl_c)
    assert train(trainer, [0, 4, 8], []) is Outcome.INTERRUPTED
    assert trainer.iteration == 5


@pytest.mark.parametrize("keep_best", [False, True])
def test_no_improvement(keep_best):
    figures = iter([0.5, 0.6, 0.605, 0.59, 0.7])
    stopper = NoImprovement(
        lambda: next(figures), tol=0.01, patience=2, keep_best=keep_best
    )
    W = torch.zeros(1)
    stops = []
    for iteration in range(4):
        W += 1
        stops.append(stopper.observe(StepRecord(iteration, (W,))))
    assert stops == [False, False, False, True]
    assert stopper.best == 0.605
    assert (stopper.best_weights is not None) == keep_best
    if keep_best:
        assert float(stopper.best_weights[0]) == 3  # a copy, of the best look
