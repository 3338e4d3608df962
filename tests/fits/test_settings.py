"""What "auto", "all" and None come to, and when a run is looked at."""

import pytest

from overparam_sk.diagnostics import REGISTRY
from overparam_sk.fits import SPECTRUM, Settings

# parameters -> what they come to
SETTLED = [
    (
        {"batch_size": "auto", "learning_rate": "auto", "momentum": "auto"},
        "momentum",
        0.9,
    ),
    ({"batch_size": 8, "learning_rate": 0.1, "momentum": "auto"}, "momentum", 0.0),
    ({"learning_rate": "auto", "momentum": "auto"}, "momentum", 0.0),
    ({"batch_size": 8, "learning_rate": "auto", "momentum": 0.3}, "momentum", 0.3),
    ({"learning_rate": "auto"}, "learning_rate", None),
    ({"block_size": "auto"}, "block_size", None),
    ({"diagnostics": "all"}, "diagnostics", (*REGISTRY, SPECTRUM)),
    ({"diagnostics": None}, "diagnostics", ()),
    ({"n_iter_no_change": None}, "patience", None),
    ({"n_iter_no_change": None, "early_stopping": True}, "patience", 10),
    ({"n_iter_no_change": 3, "early_stopping": True}, "patience", 3),
    ({"n_iter_no_change": "auto"}, "patience", None),
    ({"n_iter_no_change": "auto", "early_stopping": True}, "patience", 10),
    ({"n_iter_no_change": "auto", "learning_rate": "auto"}, "until_done", True),
    ({"n_iter_no_change": "auto", "learning_rate": 0.1}, "until_done", False),
    ({"n_iter_no_change": None, "learning_rate": "auto"}, "until_done", False),
    ({"n_iter_no_change": 3, "learning_rate": "auto"}, "until_done", False),
    ({"verbose": 2}, "verbose", True),
]


@pytest.mark.parametrize(("parameters", "name", "expected"), SETTLED)
def test_what_a_parameter_comes_to(parameters, name, expected):
    assert getattr(Settings.of(parameters), name) == expected


@pytest.mark.parametrize(
    ("batch_size", "n", "rows"), [("auto", 100, 100), ("auto", 999, 256), (8, 5, 5)]
)
def test_rows_of_a_batch(batch_size, n, rows):
    assert Settings.of({"batch_size": batch_size}).batch_rows(n) == rows


@pytest.mark.parametrize(
    ("parameters", "steps"),
    [
        ({"max_iter": 7, "learning_rate": "auto"}, 7),
        ({"learning_rate": "auto"}, 1000),  # all rows in every step
        ({"learning_rate": 0.1, "batch_size": 10}, 1000),
        ({"learning_rate": "auto", "batch_size": 2000}, 1000),
        ({"learning_rate": "auto", "batch_size": 10}, 20 * 500),
    ],
)
def test_steps_of_a_fit(parameters, steps):
    given = {"max_iter": "auto", **parameters}
    assert Settings.of(given).steps(4999) == steps
    if "batch_size" in given:
        once = Settings.of({**given, "n_iter_no_change": "auto"}, one_pass=True)
        assert once.steps(4999) == -(-4999 // given["batch_size"])
        assert not once.until_done


@pytest.mark.parametrize("cost", [1e-6, 0.2, 5.0, 1e6])
@pytest.mark.parametrize("n_steps", [1, 7, 64, 1000, 5000])
def test_a_run_that_ends_by_itself_is_looked_at_often_from_the_start(cost, n_steps):
    looks = Settings(until_done=True).checkpoints(3, n_steps, cost, resumes=False)
    assert (looks[0], looks[-1]) == (3, 3 + n_steps)
    assert looks == sorted(set(looks))
    assert min(n_steps, 8) < len(looks) <= 45
    if cost < 1 and n_steps >= 64:
        assert sum(look <= 3 + 50 for look in looks) >= 8


@pytest.mark.parametrize(
    ("every", "options", "looks"),
    [
        (None, {}, [27]),
        (3, {}, [20, 23, 26, 27]),
        (3, {"resumes": True}, [23, 26, 27]),  # the run before has looked at its end
        (3, {"resumes": True, "early_stopping": True}, [20, 23, 26, 27]),
        (100, {}, [20, 27]),
        ((0, 21, 25, 27, 90), {}, [21, 25, 27]),
        ("auto", {}, [20, 21, 22, 23, 24, 25, 26, 27]),
        ("auto", {"look_cost": 1e9}, [20, 21, 22, 23, 24, 25, 26, 27]),
    ],
)
def test_when_a_run_is_looked_at(every, options, looks):
    chosen = {"resumes": False, "early_stopping": False, "look_cost": 1.0, **options}
    settings = Settings(record_every=every, early_stopping=chosen["early_stopping"])
    resumes, cost = chosen["resumes"], chosen["look_cost"]
    assert settings.checkpoints(20, 7, cost, resumes=resumes) == looks


@pytest.mark.parametrize(
    ("cost", "looks"), [(1e-6, 41), (1.0, 41), (5.0, 17), (1e6, 9)]
)
def test_automatic_looks_cost_a_share_of_the_steps(cost, looks):
    found = Settings().checkpoints(0, 1000, cost, resumes=False)
    assert len(found) == looks
    assert found[0] == 0
    assert found[-1] == 1000
