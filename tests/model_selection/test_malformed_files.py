"""Files with a right checksum and wrong content: a ValueError with file and place."""

import copy
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from model_selection.counted import Counted, figures, fits_begun, table
from sklearn.datasets import load_iris

from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.store.checked_files import (
    DamagedFileError,
    _to_bytes,
    digest,
    read_checked,
    write_checked,
)
from overparam_sk.store.schema import read_record

X, y = load_iris(return_X_y=True)
# Of these some are right in some places.
HOSTILE = [
    *(None, True, False, "1", "", -1, 0, 1.5, 10**400, 2**70, float("nan")),
    *(float("inf"), [], {}, [[]], {"a": 1}, [None], "x" * 10_000, [1, "a"]),
]
BODIES = {
    "nothing": b"",
    "no JSON": b"{",
    "no text": b'"\xff"',
    "a number": b"3",
    "a list": b"[1]",
    "null": b"null",
    "lists in each other": b"[" * 100_000 + b"]" * 100_000,
    "some lists in each other": b"[" * 60 + b"]" * 60,
    "objects in each other": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a key twice": b'{"study": 1, "study": 2}',
    "a huge number": b"1" * 100_000,
    "an array of objects": b'{"__ndarray__": ["O", [1], "AAAAAAAAAAA="]}',
    "an array of nothing": b'{"__ndarray__": []}',
    "an array without end": b'{"__ndarray__": ["f8", [99999999999999], "AAAA"]}',
    "an array below zero": b'{"__ndarray__": ["f8", [-5], "AAAAAAAAAAA="]}',
    "an array of another type": b'{"__ndarray__": ["f8,,(", [1], "AAAAAAAAAAA="]}',
    "no array": b'{"__ndarray__": {"a": 1}}',
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    study(folder).save(folder / "saved.json")
    return folder


def study(folder):
    return width_study(
        {"net": Counted(str(folder / "log"))},
        *(X, y),
        values=[1, 2],
        repeats=1,
        cv=2,
        scoring=figures,
        store=folder / "store",
        random_state=0,
    )


def write_body(path, body):
    path.write_bytes(digest(body).encode() + b"\n" + body)


def changes(content, place=()):
    """Yield (place, content with a hostile entry there), for every place and entry."""
    here = content
    for step in place:
        here = here[step]
    if isinstance(here, (dict, list)) and len(place) < 4:
        for step in here if isinstance(here, dict) else range(len(here)):
            yield from changes(content, (*place, step))
    if not place:
        return
    for entry in HOSTILE:
        changed = copy.deepcopy(content)
        parent = changed
        for step in place[:-1]:
            parent = parent[step]
        parent[place[-1]] = entry
        yield place, changed
    if isinstance(parent, dict):
        del parent[place[-1]]
        yield place, copy.deepcopy(changed)
        parent["unknown"] = 1
        yield place, changed


def refusals(path, content, write, read):
    """How many changes were refused, each with a ValueError that has file and place."""
    refused = 0
    for place, changed in changes(content):
        write(changed)
        try:
            read()
        except ValueError as error:
            refused += 1
            message = str(error)
            assert message.startswith(f"{path}"), (place, message)
            assert any(str(step) in message for step in place), (place, message)
            assert len(message) < 1000
    return refused


def test_a_saved_study_is_right_or_refused(whole, tmp_path):
    path = tmp_path / "study.json"
    content = read_checked(whole / "saved.json")
    content["fits"] = content["fits"][:1]
    refused = refusals(
        path,
        content,
        lambda changed: write_body(path, _to_bytes(changed)),
        lambda: WidthStudy.load(path).metrics,
    )
    assert refused > 400


# Of a fit: what no fit holds, and the place that is named.
NO_FITS = {
    "nothing": ({"scores": {}}, "scores"),
    "a failure with scores": ({"failure": "ValueError"}, "scores"),
    "no object": ({"scores": [1.0]}, "scores"),
    **{
        f"a score of {score!r}": ({"scores": {"accuracy": score}}, "scores.accuracy")
        for score in (None, "", "x", "1.0")
    },
}


@pytest.mark.parametrize("name", list(NO_FITS))
def test_a_fit_without_an_outcome_is_refused(whole, tmp_path, name):
    change, place = NO_FITS[name]
    path = tmp_path / "study.json"
    content = read_checked(whole / "saved.json")
    content["fits"][2] |= change
    write_checked(path, content)
    with pytest.raises(ValueError, match=rf"^{path}: fits\[2\].{place} must be "):
        WidthStudy.load(path)
    shutil.copytree(whole / "store", tmp_path / "store")
    record = sorted((tmp_path / "store" / "fits").iterdir())[0]
    content = read_checked(record)
    content["fit"] |= change
    write_checked(record, content)
    with pytest.warns(RuntimeWarning, match=f"{record}: fit.{place} must .* left out"):
        assert len(WidthStudy.load(tmp_path / "store").fits) == 3
    with pytest.raises(DamagedFileError, match=f"^{record}: fit.{place} must be "):
        read_record(record)


def test_a_saved_study_without_fits_is_empty(whole, tmp_path):
    path = tmp_path / "study.json"
    write_checked(path, {**read_checked(whole / "saved.json"), "fits": []})
    study = WidthStudy.load(path)
    assert study.to_frame().columns[0] == "estimator"
    assert len(study.to_frame()) == len(study.summary()) == 0


# Fits that the configuration has no place for are left out.
@pytest.mark.filterwarnings("ignore:.* It is left out")
def test_a_stores_configuration_is_right_or_refused(whole, tmp_path):
    shutil.copytree(whole / "store", tmp_path / "store")
    path = tmp_path / "store" / "study.json"

    def write(changed):
        for name in ("study.json", "study-copy.json"):
            write_body(path.with_name(name), _to_bytes(changed))

    refused = refusals(
        path,
        read_checked(path),
        write,
        lambda: WidthStudy.load(tmp_path / "store").metrics,
    )
    assert refused > 200


@pytest.mark.parametrize("format_", [99, 0, -1, 2.0, "1", "2", True, None, [2], {}])
def test_another_format_is_refused_and_left_as_it_is(whole, tmp_path, format_):
    shutil.copytree(whole, tmp_path / "copy")
    store = tmp_path / "copy" / "store"
    content = read_checked(store / "study.json")
    content["format"] = format_
    for name in ("study.json", "study-copy.json"):
        write_checked(store / name, content)
    before = (store / "study.json").read_bytes()
    message = (
        rf"study.json: format must be one of \[1, 2\], got {re.escape(repr(format_))}"
    )
    with pytest.raises(ValueError, match=message):
        WidthStudy.load(store)
    with pytest.raises(ValueError, match=message):
        study(tmp_path / "copy")
    assert (store / "study.json").read_bytes() == before
    saved = read_checked(whole / "saved.json")
    saved["study"]["format"] = format_
    write_checked(tmp_path / "saved.json", saved)
    with pytest.raises(ValueError, match=r"saved.json: study.format must be one of"):
        WidthStudy.load(tmp_path / "saved.json")


def test_the_first_format_is_read_and_not_gone_on_with(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "copy")
    store = tmp_path / "copy" / "store"
    content = {**read_checked(store / "study.json"), "format": 1}
    for name in ("study.json", "study-copy.json"):
        write_checked(store / name, content)
    assert len(WidthStudy.load(store).fits) == 4
    with pytest.raises(
        ValueError, match=r"study.json: format must be 2 .* earlier vers"
    ):
        study(tmp_path / "copy")


@pytest.mark.parametrize("name", list(BODIES))
def test_a_body_that_is_no_study_is_refused(whole, tmp_path, name):
    path = tmp_path / "study.json"
    write_body(path, BODIES[name])
    with pytest.raises(ValueError, match=f"^{path}: "):
        WidthStudy.load(path)
    shutil.copytree(whole, tmp_path / "copy")
    store = tmp_path / "copy" / "store"
    record = next((store / "fits").iterdir())
    for bad in (record, store / "study.json"):
        write_body(bad, BODIES[name])
    with pytest.warns(RuntimeWarning, match=f"{record}: .* left out"):
        assert len(WidthStudy.load(store).fits) == 3
    log = tmp_path / "copy" / "log"
    # The log is another file, and so another study; the store's own lies beside it.
    begun = fits_begun(whole / "log")
    shutil.copytree(whole / "store", tmp_path / "kept")
    shutil.rmtree(whole / "store")
    shutil.copytree(store, whole / "store")
    try:
        with pytest.warns(RuntimeWarning, match="set aside"):
            found = study(whole)
        assert len(found.fits) == 4
        assert fits_begun(whole / "log") == begun + 1
    finally:
        shutil.rmtree(whole / "store")
        shutil.copytree(tmp_path / "kept", whole / "store")
    assert log.exists()


def test_the_first_letters_of_a_path_may_mean_home(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    found = width_study(
        Counted(), X, y, values=[1], repeats=1, cv=2, scoring=figures, store="~/store"
    )
    found.save("~/study.json")
    found.save(Path("~/other.json"))
    for name in ("store", "study.json", "other.json"):
        assert (tmp_path / name).exists()
        assert table(WidthStudy.load(f"~/{name}")) == table(found)
    assert not Path("~").exists()


@pytest.mark.parametrize(
    "score",
    [
        json.loads("[" * 60 + "]" * 60),
        {1: 1, "1": 2},
        10**400,
        np.array([object()]),
        {"__ndarray__": 3},
    ],
)
def test_what_could_not_be_read_again_is_a_failed_fit(score, tmp_path):
    options = {"values": [1], "repeats": 1, "cv": 2, "store": tmp_path}
    study = width_study(Counted(), X, y, scoring=lambda *_: {"s": score}, **options)
    assert len(study.failures) == 2
    assert len(WidthStudy.load(tmp_path).failures) == 2
