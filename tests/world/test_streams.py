"""What is printed on the way is extra: no stream ends a fit or a study."""

import io
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from estimators.small_nets import ALL, X, y

from overparam_sk.model_selection import width_study
from overparam_sk.progress import progress_bar
from overparam_sk.world import say


class Bare:
    """A stream with nothing but ``write``."""

    def write(self, text):
        return len(text)


class Broken(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


class BrokenTerminal(Broken):
    def isatty(self):
        return True


class Unasked(io.StringIO):
    def isatty(self):
        raise OSError("no ioctl here")


class Full(io.StringIO):
    def flush(self):
        raise OSError(28, "No space left on device")


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


def ascii_only():
    return io.TextIOWrapper(io.BytesIO(), encoding="ascii")


STREAMS = {
    "none": lambda: None,
    "object": object,
    "bare": Bare,
    "broken": Broken,
    "broken terminal": BrokenTerminal,
    "unasked": Unasked,
    "full": Full,
    "closed": closed,
    "ascii": ascii_only,
}


@pytest.fixture(params=STREAMS)
def streams(request):
    """A context in which stdout and stderr are of a kind, and stay so."""

    @contextmanager
    def replaced():
        given = sys.stdout, sys.stderr
        ours = sys.stdout, sys.stderr = [STREAMS[request.param]() for _ in given]
        try:
            yield
            now = sys.stdout, sys.stderr
        finally:
            sys.stdout, sys.stderr = given
        assert all(one is other for one, other in zip(now, ours, strict=True))

    return replaced


@pytest.mark.parametrize("name", ALL)
def test_a_fit_prints_where_it_can(name, streams):
    with streams():
        net = ALL[name](verbose=1).fit(X, y)
    assert np.array_equal(net.predict(X), ALL[name]().fit(X, y).predict(X))


def test_a_study_says_how_far_it_is_where_it_can(streams):
    options = {"values": [4, 8], "repeats": 1, "cv": 2, "random_state": 0}
    with streams():
        study = width_study(ALL["classifier"](), X, y, **options, verbose=1)
    assert len(study.fits) == 4
    assert study.failures == []


def test_the_bar_and_what_is_said_need_no_stream(streams):
    with streams():
        with progress_bar([("width 4", 4.0), ("width 8", 8.0)]) as progress:
            progress.begin("width 8")
            progress.done("width 8", figure=("accuracy", 0.5))
            progress.done("width 4")
        say("λ ≥ 0", sys.stderr)


def test_what_is_said_arrives_on_the_stream_that_is_named(capsys):
    say("one", sys.stdout)
    say("two", sys.stderr, end="")
    assert capsys.readouterr() == ("one\n", "two")
