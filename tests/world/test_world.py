"""The world around changes no result, and we leave it as it was."""

import functools
from contextlib import contextmanager

import pytest
from world.states import STATES, the_world
from world.subjects import SUBJECTS, bits


@functools.cache
def plain(name):
    """What a subject says in a fresh process's world."""
    make, use = SUBJECTS[name]
    return bits(use(make()))


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
    expected = plain(name)
    make, use = SUBJECTS[name]
    made = make()
    with state():
        assert bits(use(made)) == expected
        assert bits(use(make())) == expected
