"""The world around changes no result, and we leave it as it was."""

import copy
import functools
from contextlib import contextmanager

import pytest
from world.states import STATES, the_world
from world.subjects import SUBJECTS, bits


@functools.cache
def plain(name):
    """A subject made in a fresh process's world, and what it says there."""
    make, use = SUBJECTS[name]
    made = make()
    return copy.deepcopy(made), bits(use(made))


@pytest.fixture(params=STATES)
def state(request, tmp_path):
    """A context in which something is set; on leaving, all must be as on entering."""

    @contextmanager
    def checked():
        with STATES[request.param](tmp_path):
            before = the_world()
            yield
            after = the_world()
        assert after == before

    return checked


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_world_around_changes_no_bit(name, state):
    make, use = SUBJECTS[name]
    made, expected = plain(name)
    made = copy.deepcopy(made)
    with state():
        assert bits(use(made)) == expected
        if made is not None:
            assert bits(use(make())) == expected
