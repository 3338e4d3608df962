"""What was measured of Kong's experiments is kept, and judged again as it was."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from overparam_sk.experiments.kong_2019 import store
from overparam_sk.experiments.kong_2019.claims import CLAIMS
from overparam_sk.experiments.kong_2019.runs import run_all
from overparam_sk.experiments.kong_2019.store import kept_or_run, load, save
from overparam_sk.experiments.reproduction import Request

NAMES = ["synthetic-50"]
SCALE = {"widths": (10, 20), "repeats": 2, "max_iter": 12, "initialisations": 3}


def request(out, *, random_state=0, **changed):
    return Request(
        out,
        device="cpu",
        progress=False,
        random_state=random_state,
        scale=SCALE | changed,
    )


@pytest.fixture(scope="module")
def measured():
    return run_all(request(Path()), NAMES, n_jobs=1)[0]


@pytest.fixture
def kept(measured, tmp_path, monkeypatch):
    """A folder whose store has them, where nothing can be measured any more."""

    def no_fit(request, names):
        raise AssertionError(f"{names} was measured again")

    monkeypatch.setattr(store, "run_all", lambda request, names: [measured])
    kept_or_run(request(tmp_path), NAMES)
    monkeypatch.setattr(store, "run_all", no_fit)
    return tmp_path


def test_what_is_read_is_what_was_written(measured, tmp_path):
    save(measured, tmp_path / "store" / "a.npz")
    again = load(tmp_path / "store" / "a.npz", measured.name)
    assert again.initialisations == measured.initialisations
    for one, other in zip(again.runs, measured.runs, strict=True):
        for name in {field.name for field in fields(one)} - {"history", "modes"}:
            assert getattr(one, name) == getattr(other, name)
            assert type(getattr(one, name)) is type(getattr(other, name))
        assert one.history.keys() == other.history.keys()
        for name, course in other.history.items():
            np.testing.assert_array_equal(one.history[name], course)
        for field in fields(other.modes):
            found = getattr(one.modes, field.name)
            np.testing.assert_array_equal(found, getattr(other.modes, field.name))


def test_rules_are_judged_again_without_a_fit(measured, kept):
    (again,) = kept_or_run(request(kept), NAMES)
    for claim in CLAIMS:
        assert claim.judge(again, "data") == claim.judge(measured, "data")
    assert [path.suffix for path in (kept / "store").iterdir()] == [".npz"]


@pytest.mark.parametrize(
    "changed",
    [
        {"widths": (10, 30)},
        {"repeats": 1},
        {"max_iter": 13},
        {"initialisations": 2},
        {"random_state": 1},
    ],
)
def test_other_settings_are_measured_again(changed, kept):
    with pytest.raises(AssertionError, match="measured again"):
        kept_or_run(request(kept, **changed), NAMES)


@pytest.mark.parametrize("keep", [0, 10, 1000, -30])
def test_a_damaged_file_is_refused(keep, measured, tmp_path):
    path = tmp_path / "a.npz"
    save(measured, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"is damaged .*delete it"):
        load(path, measured.name)


def test_a_file_that_lacks_an_array_is_refused(measured, tmp_path):
    path = tmp_path / "a.npz"
    save(measured, path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files if name != "run_moves"}
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=r"is damaged .*run_moves"):
        load(path, measured.name)
