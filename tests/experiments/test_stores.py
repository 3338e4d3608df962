"""Studies that differ in widths and repeats alone do no fit twice."""

import json
from dataclasses import replace

import numpy as np
import pytest

from overparam_sk.experiments.problem import Defaults, Problem
from overparam_sk.experiments.stores import usual_store
from overparam_sk.experiments.study import run_study


def made_up(scale=1.0, *, drawn=False):
    random = np.random.default_rng(0)
    X = (scale * random.normal(size=(40, 5))).astype(np.float32)
    rows = (X[:20], np.arange(20) % 2, X[20:], np.arange(20) % 2)
    redraw = (lambda seed: rows) if drawn else None
    return Problem("made up", *rows, 2, None, Defaults(), False, redraw)


def study(out, widths, repeats, problem, seed=0, max_iter=5):
    fit_params = {"max_iter": max_iter, "device": "cpu", "learning_rate": 1.0}
    what = {"problem": problem, "widths": widths, "repeats": repeats}
    what |= {"fit_params": fit_params, "random_state": seed}
    store = usual_store(out, **what)
    before = fits_in(store)
    run_study(**what, target_accuracy=0.9, store=store, progress=False)
    return before, fits_in(store)


def fits_in(store):
    return {path.name: path.read_bytes() for path in store.glob("fits/*.json")}


@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (((10, 20), 1), ((10, 20, 30), 1), 2),
        (((10, 20), 1), ([10, 20], 3), 2),
        (([10, 20], 2), ((20, 30), 3), 2),
        (((10, 20, 30), 2), ((10, 30), 1), 2),  # a smaller one
        (((10,), 1), ((20,), 1), 0),
        (((10, 20), 1), ((10, 20), 1), 2),  # the same
    ],
)
def test_a_study_begins_with_what_others_did(tmp_path, first, second, shared, drawn):
    _, done = study(tmp_path, *first, made_up(drawn=drawn))
    before, after = study(tmp_path, *second, made_up(drawn=drawn))
    assert len(before) == shared
    assert before.items() <= done.items()
    # Seconds and all: none of these was fitted again.
    assert before.items() <= after.items()
    assert len(after) == len(second[0]) * second[1]


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"max_iter": 6}, {"problem": made_up(2.0)}],
    ids=["seed", "max_iter", "data"],
)
def test_what_decides_a_fit_is_not_shared(tmp_path, other):
    study(tmp_path, (10, 20), 1, made_up())
    before, _ = study(tmp_path, (10, 20, 30), 1, **{"problem": made_up(), **other})
    assert before == {}


def test_several_studies_are_put_together(tmp_path):
    study(tmp_path, (10,), 2, made_up())
    study(tmp_path, (20,), 1, made_up())
    before, after = study(tmp_path, (10, 20), 2, made_up())
    assert (len(before), len(after)) == (3, 4)


def test_a_record_that_is_not_the_studys_is_fitted_again(tmp_path):
    """Whatever a folder is named, a record says itself what it is of."""
    _, right = study(tmp_path / "right", (10, 20), 1, made_up())
    study(tmp_path / "wrong", (10,), 1, made_up(2.0))
    (wrong,) = (tmp_path / "wrong" / "store").iterdir()
    (place,) = (tmp_path / "right" / "store").iterdir()
    study(tmp_path / "other", (10,), 1, made_up())
    (other,) = (tmp_path / "other" / "store").iterdir()
    wrong.rename(other.parent / "aside")
    for record in (other.parent / "aside" / "fits").iterdir():
        record.replace(other / "fits" / record.name)
    before, after = study(tmp_path / "other", (10, 20), 1, made_up())
    assert len(before) == 1
    for name, record in after.items():
        one, same = (json.loads(r.split(b"\n", 1)[1]) for r in (record, right[name]))
        assert one["fit"]["scores"]["loss"] == same["fit"]["scores"]["loss"]
    assert place.is_dir()


def test_folders_that_are_no_studies_are_left_alone(tmp_path):
    for name in ("made up-12345678", "made up-0"):
        (tmp_path / "store" / name / "fits").mkdir(parents=True)
    (tmp_path / "store" / "made up-0" / "study.json").write_text("torn")
    before, after = study(tmp_path, (10,), 1, replace(made_up(), name="made up"))
    assert (len(before), len(after)) == (0, 1)
