"""Whoever can write into a store, or hand one over, runs no code in who reads it."""

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faults.plants import Plants
from joblib import parallel_config
from model_selection.counted import Counted, figures, table
from sklearn.datasets import load_iris

from overparam_sk.model_selection import WidthStudy, width_study

X, y = load_iris(return_X_y=True)
FRAME = pd.DataFrame(X, columns=list("abcd"))


class Payload:
    """Makes a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def disguises(path):
    """The payload as bytes that one reader or another could take for its own."""
    raw = pickle.dumps(Payload(path))
    yield raw
    yield hashlib.sha256(raw).hexdigest().encode() + b"\n" + raw
    array = np.empty(1, dtype=object)
    array[0] = Payload(path)
    with open(path.with_name("array.npy"), "wb") as file:
        np.save(file, array, allow_pickle=True)
    yield path.with_name("array.npy").read_bytes()
    text = json.dumps({"__ndarray__": ["O", [1], raw.hex()]}).encode()
    yield hashlib.sha256(text).hexdigest().encode() + b"\n" + text


class Stops(Counted):
    """Stops the study at its second fit."""

    def fit(self, X, y):
        super().fit(X, y)
        if len(Path(self.log).read_text().splitlines()) == 2:
            raise KeyboardInterrupt
        return self


def study(store, net):
    return width_study(
        {"net": net},
        *(FRAME, y),
        scoring=figures,
        store=store,
        values=[1, 2],
        repeats=1,
        cv=2,
        random_state=0,
    )


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A store that was left with its data in it, and what the study would have said."""
    store = tmp_path_factory.mktemp("unfinished") / "store"
    with pytest.raises(KeyboardInterrupt):
        study(store, stops(store))
    endings = {path.suffix for path in (store / "data").iterdir()}
    assert endings == {".npy", ".object"}
    return store


def stops(store):
    return Stops(log=str(store.with_name("log")))


def places(store):
    """Every file of a store, and those that an earlier version unpickled."""
    for path in sorted(store.rglob("*")):
        if path.is_file():
            yield path.relative_to(store)
    for stem in {path.name.partition(".")[0] for path in (store / "data").iterdir()}:
        for ending in ("joblib", "sum", "pkl", "pickle", "object", "npy", "npy.part"):
            yield Path("data", f"{stem}.{ending}")
    for name in ("study.pkl", "fits/net.pkl", "fits/net.json", "set-aside/0-a.json"):
        yield Path(name)


@pytest.mark.filterwarnings("ignore:.*(torn or changed|It is left out|set aside)")
def test_no_planted_pickle_runs(unfinished, tmp_path):
    marker = tmp_path / "ran"
    planted = list(dict.fromkeys(places(unfinished)))
    assert len(planted) > 20
    expected = table(study(None, stops(unfinished)))
    for number, content in enumerate(disguises(marker)):
        store = tmp_path / str(number)
        shutil.copytree(unfinished, store)
        for place in planted:
            path = store / place
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            stem = path.with_suffix(".sum")
            if path.suffix == ".joblib":
                stem.write_text(hashlib.sha256(content).hexdigest())
        for path in [store, *store.rglob("*.json")]:
            with pytest.raises(
                ValueError, match=f"^{store}.*(torn or changed|must be)"
            ):
                WidthStudy.load(path)
        assert table(study(store, stops(unfinished))) == expected
        assert not (store / "data").exists()
    assert not marker.exists()


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "dask"])
def test_none_runs_in_a_worker(tmp_path, backend):
    """Another one wrote the files since: the study ends, and says which file it is."""
    distributed = pytest.importorskip("distributed")
    marker = tmp_path / "ran"
    content = next(disguises(marker))
    cluster = distributed.LocalCluster(
        n_workers=1, processes=False, dashboard_address=None, silence_logs=50
    )
    with (
        cluster,
        distributed.Client(cluster),
        parallel_config(backend, n_jobs=2),
        pytest.raises(OSError, match="must be what this study wrote, and is not"),
    ):
        study(tmp_path / "store", Plants(str(tmp_path / "log"), content=content))
    assert not marker.exists()


LINKS = ["owner", "lock", "data", "fits", "study.json", "study-copy.json", "set-aside"]


@pytest.mark.parametrize("name", [*LINKS, "record"])
@pytest.mark.parametrize("kind", ["file", "folder", "nothing"])
def test_links_out_of_a_store_are_refused(unfinished, tmp_path, name, kind):
    store, outside = tmp_path / "store", tmp_path / "precious"
    shutil.copytree(unfinished, store)
    if name == "record":
        name = str(next((store / "fits").iterdir()).relative_to(store))
    path = store / name
    if kind == "file":
        outside.write_text("precious")
    elif kind == "folder":
        outside.mkdir()
        (outside / "a.part").write_text("precious")
    if path.exists():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(outside)
    message = rf"{path} must not be a symbolic link, got one to {outside}"
    with pytest.raises(ValueError, match=message):
        study(store, stops(unfinished))
    if name.startswith(("fits", "study")):
        with pytest.raises(ValueError, match=message):
            WidthStudy.load(store)
    assert path.is_symlink()
    left = [outside] if outside.is_file() else list(outside.glob("*"))
    assert [path.read_text() for path in left] == ["precious"] * (kind != "nothing")


def test_a_store_may_itself_be_behind_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "far")
    found = study(tmp_path / "store", Counted())
    assert table(WidthStudy.load(tmp_path / "store")) == table(found)
    assert {path.name for path in (tmp_path / "far").iterdir()} >= {
        "fits",
        "study.json",
    }


def test_a_pipe_in_the_place_of_a_file_is_refused(unfinished, tmp_path):
    store = tmp_path / "store"
    shutil.copytree(unfinished, store)

    def go_on():
        study(store, stops(unfinished))

    def load():
        WidthStudy.load(store)

    for path in [store / "study.json", next((store / "fits").iterdir())]:
        path.unlink()
        os.mkfifo(path)
        for read in (go_on, load):
            with pytest.raises(ValueError, match=f"{path} must be a file or a folder"):
                read()
        path.unlink()
        shutil.copy(unfinished / path.relative_to(store), path)


def test_whoever_has_the_store_is_told_without_control_letters(tmp_path):
    class Looks(Counted):
        def fit(self, X, y):
            (tmp_path / "store" / "owner").write_text("\x1b[31m by me\n" + "x" * 9999)
            with pytest.raises(BlockingIOError) as refused:
                study(tmp_path / "store", Counted())
            assert len(str(refused.value)) < 1000
            assert "\x1b" not in str(refused.value)
            assert "[31m by me" in str(refused.value)
            return super().fit(X, y)

    assert study(tmp_path / "store", Looks()).failures == []
