import signal
import threading

import pytest
import torch

from overparam_sk.training import (
    NoImprovement,
    NothingToGain,
    Outcome,
    StepRecord,
    train,
)


class Counter:
    """A trainer that only counts."""

    def __init__(self, interrupt_at=(), interrupt=None):
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

    def advance(self, n_steps, stop):
        for _ in range(n_steps):
            self.W += 1
            if self.iteration in self.interrupt_at:
                self.interrupt()
            self.iteration += 1
            if stop():
                break


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


def test_ctrl_c_ends_the_run_after_a_whole_step_and_a_look(ctrl_c):
    trainer, recorder = Counter(interrupt_at={4}, interrupt=ctrl_c), Recorder()
    assert train(trainer, [0, 4, 8], [recorder]) is Outcome.INTERRUPTED
    assert recorder.seen == [(0, 0), (4, 4), (5, 5)]


def test_ctrl_c_in_a_look_ends_the_run_there(ctrl_c):
    class Presser(Recorder):
        def observe(self, record):
            super().observe(record)
            if record.iteration == 4:
                ctrl_c()
            return False

    first, after, trainer = Presser(), Recorder(), Counter()
    assert train(trainer, [0, 4, 8], [first, after]) is Outcome.INTERRUPTED
    assert first.seen == after.seen == [(0, 0), (4, 4)]


@pytest.mark.parametrize(("hold", "at"), [(True, {4, 5}), (False, {4})])
def test_ctrl_c_again_or_not_held_back_is_raised_at_once(ctrl_c, hold, at):
    def press():
        for _ in range(1 + hold):
            ctrl_c()

    trainer = Counter(interrupt_at=at, interrupt=press)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(trainer, [0, 8], [], hold_ctrl_c=hold)
    assert (trainer.iteration, float(trainer.W)) == (4, 5)
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_handler_of_ones_own_is_called_and_goes_before(ctrl_c):
    called = []
    before = signal.signal(signal.SIGINT, lambda *_: called.append(True))
    trainer = Counter(interrupt_at={2, 4}, interrupt=ctrl_c)
    assert train(trainer, [0, 8], []) is Outcome.FINISHED
    assert called == [True, True]

    class TimeIsUpError(Exception):
        pass

    def give_up(*_):
        raise TimeIsUpError

    signal.signal(signal.SIGINT, give_up)
    with pytest.raises(TimeIsUpError):
        train(Counter(interrupt_at={2}, interrupt=ctrl_c), [0, 8], [])
    assert signal.getsignal(signal.SIGINT) is give_up
    signal.signal(signal.SIGINT, before)


def test_a_handler_that_is_set_during_the_run_stays(ctrl_c):
    def mine(*_):
        raise AssertionError

    def install():
        signal.signal(signal.SIGINT, mine)

    trainer = Counter(interrupt_at={2}, interrupt=install)
    assert train(trainer, [0, 8], []) is Outcome.FINISHED
    assert signal.getsignal(signal.SIGINT) is mine


def test_other_threads_leave_the_handler_alone(ctrl_c):
    handler, outcomes = signal.getsignal(signal.SIGINT), []

    def look():
        assert signal.getsignal(signal.SIGINT) is handler

    def run():
        trainer = Counter(interrupt_at={2}, interrupt=look)
        outcomes.append(train(trainer, [0, 8], []))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert outcomes == [Outcome.FINISHED]


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


LOSSES = {
    "small": (lambda t: 2.0**-t, True),
    "falling for ever": (lambda t: 1 - t / 5000, False),
    "flat": (lambda t: 0.3 + 0.8**t, True),
    "flat after it rose": (lambda t: 0.3 + 5 * (t < 30) + 0.9**t, True),
    "none": (lambda t: float("inf"), False),
}


@pytest.mark.parametrize("first", [0, 70])
@pytest.mark.parametrize("steps_per_pass", [1, 30])
@pytest.mark.parametrize(("loss", "ends"), LOSSES.values(), ids=LOSSES)
def test_a_run_ends_where_nothing_is_left_to_gain(loss, ends, steps_per_pass, first):
    """Wherever it is looked at."""

    def ended(looks):
        trainer, recorder = Counter(), Recorder()
        trainer.iteration = first
        goal = NothingToGain(
            lambda: loss(trainer.iteration - first),
            tol=1e-4,
            first=first,
            steps_per_pass=steps_per_pass,
        )
        outcome = train(trainer, [first + i for i in looks], [recorder], goal=goal)
        assert recorder.seen[-1][0] == trainer.iteration
        return outcome, trainer.iteration - first

    outcome, done = ended([1000])
    assert outcome is (Outcome.CONVERGED if ends else Outcome.FINISHED)
    assert (done < 800) == ends
    if ends:
        assert loss(done) < 0.31
    for looks in ([*range(1000), 1000], [0, done, 1000], [7, 77, 1000]):
        assert ended(looks) == (outcome, done)


def test_a_goal_that_is_reached_at_the_end_is_reached():
    trainer = Counter()
    goal = NothingToGain(lambda: 0.0, tol=1e-4, first=0, steps_per_pass=1)
    assert train(trainer, [3], [], goal=goal) is Outcome.CONVERGED
    assert trainer.iteration == 3
