"""Ctrl-C at every line: what is kept is a whole state, and is what is said of it."""

import contextlib
import copy
import functools
import re
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from estimators.small_nets import ALL, WITH_WEIGHTS, X, y
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import overparam_sk

PACKAGE = Path(overparam_sk.__file__).parent
OPTIONS = {"max_iter": 4, "n_iter_no_change": None, "record_every": 2, "momentum": 0.9}
OF_MINIBATCHES = {"batch_size": 4}
OF_BLOCKS = {"block_size": 8}  # two batches


def make(name, **options):
    options = {**OPTIONS, **options}
    if "batch_size" in ALL[name]().get_params():
        options |= OF_MINIBATCHES
    if name in ("classifier", "linearized"):
        options |= OF_BLOCKS
    if name in WITH_WEIGHTS:
        options |= {"diagnostics": ("coupling",)}
    return ALL[name](**options)


class Presser:
    """Presses Ctrl-C at one line that runs in a part of a fit, or counts the lines."""

    def __init__(self, folders, part, at=None, times=1):
        self.folders = tuple(str(PACKAGE / folder) for folder in folders)
        self.wanted, self.part = part, "before"
        self.at, self.times, self.lines = at, times, 0

    def __call__(self, frame, event, _):
        code = frame.f_code
        trains = code.co_name == "train" and code.co_filename.endswith(
            "training/loop.py"
        )
        if trains:
            self.part = "train"
        if trains or code.co_filename.startswith(self.folders):
            return functools.partial(self.look, trains)
        return None

    def look(self, trains, frame, event, _):
        if event == "line" and self.part == self.wanted:
            if self.lines == self.at:
                for _ in range(self.times):
                    signal.raise_signal(signal.SIGINT)
            self.lines += 1
        if event == "return" and trains:
            self.part = "after"
        return functools.partial(self.look, trains)


def lines_of(net, folders, part):
    presser = Presser(folders, part)
    with tracing(presser):
        net.fit(X, y)
    assert presser.lines > 10
    return presser.lines


@contextlib.contextmanager
def tracing(presser):
    before = sys.gettrace()
    sys.settrace(presser)
    try:
        yield
    finally:
        sys.settrace(before)


def state(net):
    """All that was fitted, as bits."""
    return {
        name: {column: np.asarray(v).tobytes() for column, v in value.items()}
        if isinstance(value, dict)
        else [W.tobytes() for W in value]
        if isinstance(value, list)
        else np.asarray(value).tobytes()
        for name, value in vars(net).items()
        if name.endswith("_") and not name.startswith("_")
    }


def interrupted(net, presser):
    """What the warning says of a fit; None if there is none or KeyboardInterrupt."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            with tracing(presser):
                net.fit(X, y)
        except KeyboardInterrupt:
            return KeyboardInterrupt
    messages = [str(w.message) for w in said if w.category is ConvergenceWarning]
    (found,) = [re.search(r"of iteration (\d+) of 4", text) for text in messages] or [0]
    return found and int(found[1])


@pytest.mark.parametrize(
    ("name", "early_stopping", "stride"),
    [("classifier", False, 1), ("regressor", False, 3), ("infinite", False, 3)]
    + [(name, True, 19) for name in ALL],
)
def test_the_weights_are_those_of_the_iteration_that_is_named(
    name, early_stopping, stride, ctrl_c
):
    net = make(name, early_stopping=early_stopping)
    plain = {n: clone(net).set_params(max_iter=n).fit(X, y) for n in range(1, 5)}
    folders = ("training/sgd", "training/loop", "training/gradient", "training/func")
    ends, raised = set(), 0
    for at in range(0, lines_of(net, folders, "train"), stride):
        net = make(name, early_stopping=early_stopping)
        end = interrupted(net, Presser(folders, "train", at))
        if end is KeyboardInterrupt:  # pressed just before or after the steps
            raised += 1
            assert not net.__sklearn_is_fitted__()
            continue
        ends.add(end)
        assert net.n_iter_ == end
        if end:
            assert state(net) == state(plain[end]), at
            if name in WITH_WEIGHTS and at % 19 == 0:
                both = net, copy.deepcopy(plain[end])
                for one in both:
                    one.set_params(warm_start=True, max_iter=3).fit(X, y)
                assert state(both[0]) == state(both[1])
    assert raised <= 12
    assert len(ends) > 1


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_pressed_twice_nothing_is_kept(name, warm, ctrl_c):
    start = make(name).fit(X, y) if warm else make(name)
    start.set_params(warm_start=warm)
    handler, before = signal.getsignal(signal.SIGINT), state(start)
    last = lines_of(copy.deepcopy(start), ("training",), "train") - 9
    assert last > 100
    for at in range(20, last, 23):
        net = copy.deepcopy(start)
        presser = Presser(("training",), "train", at, times=2)
        assert interrupted(net, presser) is KeyboardInterrupt
        assert signal.getsignal(signal.SIGINT) is handler
        assert net.__sklearn_is_fitted__() == warm
        if warm:
            assert state(net) == before


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("part", ["before", "after"])
@pytest.mark.parametrize("name", WITH_WEIGHTS)
def test_beside_the_steps_it_is_all_or_nothing(name, part, warm, ctrl_c):
    """Pressed while what was fitted before is forgotten, or all is measured and set."""
    start = make(name).fit(X, y).set_params(warm_start=warm, random_state=3)
    done, folders = copy.deepcopy(start).fit(X, y), ("estimators", "fits")
    allowed = [state(start), state(done)]
    for at in range(0, lines_of(copy.deepcopy(start), folders, part), 11):
        net = copy.deepcopy(start)
        assert interrupted(net, Presser(folders, part, at)) is KeyboardInterrupt
        if warm or net.__sklearn_is_fitted__():
            assert state(net) in allowed
        else:
            assert set(state(net)) <= {"classes_", "n_features_in_"}
