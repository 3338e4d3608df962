"""Files of a store are cut, or a bit of one is another."""

import shutil
import time
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from model_selection.counted import Counted, figures, fits_begun, table
from sklearn.datasets import load_iris

from overparam_sk.model_selection import WidthStudy, width_study
from overparam_sk.model_selection._source import StudyData
from overparam_sk.store.data import DataFolder, DataNotHereError

X, y = load_iris(return_X_y=True)
WORDS = np.array(["setosa", "versicolor", "virginica"], dtype=object)[y]
FORMS = {
    "arrays": (np.asarray, y),
    "sparse": (sp.csr_matrix, y),
    "frames": (lambda X: pd.DataFrame(X, columns=list("abcd")), WORDS),
}
N_FITS = 6


class Stops(Counted):
    """Stops the study at the fourth fit of its log."""

    def fit(self, X, y):
        super().fit(X, y)
        with open(self.log) as log:
            if len(log.readlines()) == 4:
                raise KeyboardInterrupt
        return self


def study(store, log, form="arrays", **options):
    as_form, labels = FORMS[form]
    return width_study(
        {"net": Stops(log=str(log))},
        *(as_form(X[::2]), labels[::2]),
        X_test=as_form(X[1::2]),
        y_test=labels[1::2],
        scoring=figures,
        store=store,
        **{"values": [1, 2, 3], "repeats": 2, "random_state": 0, **options},
    )


class Stored:
    """A store to be damaged, again and again, in the state in which it was made."""

    def __init__(self, folder, form, *, finished):
        self.form, self.finished = form, finished
        self.whole, self.store = folder / "whole", folder / "store"
        self.log = folder / "log"
        with pytest.raises(KeyboardInterrupt):
            study(self.store, self.log, form)
        if finished:
            self.expected = table(study(self.store, self.log, form))
        else:
            other = folder / "log-of-another"
            other.write_text("so that it does not stop at the fourth\n" * 4)
            self.expected = table(study(None, other, form))
            (self.store / "owner").write_text(" by process 1 on a machine")
        self.begun = fits_begun(self.log)
        self.store.rename(self.whole)
        self.lines = self.log.read_text()

    def files(self):
        return sorted(path for path in self.whole.rglob("*") if path.is_file())

    def restore(self):
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.whole, self.store)
        self.log.write_text(self.lines)

    def go_on(self, **options):
        """Return the warnings, how often a finished fit was redone, and the table."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = study(self.store, self.log, self.form, **options)
        missing = 0 if self.finished else N_FITS - 3
        redone = fits_begun(self.log) - self.begun - missing
        return warned, redone, table(found)


@pytest.fixture
def stored(tmp_path):
    def make(form="arrays", *, finished):
        folder = tmp_path / f"{form}-{finished}"
        folder.mkdir()
        return Stored(folder, form, finished=finished)

    return make


def flip(path, bit):
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_a_record_cut_anywhere_is_set_aside(stored, rounds, measured):
    """Every cut is noticed; the other records stand, and one fit is done again."""
    one = stored(finished=True)
    last = max((one.whole / "fits").iterdir(), key=lambda path: path.stat().st_mtime)
    content = last.read_bytes()
    one.restore()
    record = one.store / "fits" / last.name
    for end in range(len(content)):
        record.write_bytes(content[:end])
        with pytest.warns(RuntimeWarning, match="torn or changed.* left out"):
            assert table(WidthStudy.load(one.store)) == without(one.expected, content)
    ends = rounds(few=[0, 64, 65, len(content) - 1], full=[*range(0, len(content), 10)])
    for end in ends:
        one.restore()
        record.write_bytes(content[:end])
        (warning,), redone, found = one.go_on()
        assert warning.category is RuntimeWarning
        assert "It was set aside in" in str(warning.message)
        (aside,) = (one.store / "set-aside").iterdir()
        assert aside.read_bytes() == content[:end]
        assert redone == 1
        assert found == one.expected
    measured(
        "record cut (6 fits)",
        f"read at all {len(content)} cuts: 0 accepted, the 5 others stand; study gone "
        f"on with at {len(ends)} cuts: 1 redone each, identical",
    )


def without(rows, record):
    """All rows but that of a record."""
    kept = [
        row
        for row in rows
        if f'"value": {row[1]}, "repeat": {row[2]},' not in record.decode()
    ]
    assert len(kept) == len(rows) - 1
    return kept


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("finished", [False, True])
def test_a_flipped_bit_changes_no_row(stored, rounds, measured, form, finished):
    """Records, configuration, data, lock: the same call ends with the same table."""
    one = stored(form, finished=finished)
    rng = np.random.default_rng([3, len(form), finished])
    files, kinds = one.files(), Counter()
    redone_in_all, started = 0, time.perf_counter()
    for number in range(n_flips := rounds(few=8, full=100)):
        path = files[number % len(files)]
        if not (size := path.stat().st_size):
            path.write_bytes(b"\0")  # the lock is empty, and may be anything
            size = 1
        kind = path.relative_to(one.whole).parts[0]
        one.restore()
        flip(one.store / path.relative_to(one.whole), bit := rng.integers(8 * size))
        warned, redone, found = one.go_on()
        where = f"bit {bit} of {path.name}"
        assert found == one.expected, where
        assert redone == (kind == "fits"), where
        told = ["set aside" in str(warning.message) for warning in warned]
        assert told == [True] * (kind in ("fits", "study.json", "study-copy.json")), (
            where
        )
        kinds[kind] += 1
        redone_in_all += redone
    measured(
        "bits flipped (6 fits)",
        f"{form}, {'finished' if finished else 'unfinished'}: {n_flips} flips in "
        f"{dict(kinds)}: 0 wrong rows, 0 unreadable, {redone_in_all} redone, "
        f"{time.perf_counter() - started:.1f} s",
    )


def test_a_damaged_configuration_is_read_from_its_copy(stored):
    """The seed that a study drew itself is not lost, and no other study is let in."""
    one = stored(finished=True)
    one.restore()
    shutil.rmtree(one.store)
    first = study(one.store, one.log, random_state=None)
    begun = fits_begun(one.log)
    for name in ("study.json", "study-copy.json"):
        flip(one.store / name, 1000)
        assert table(WidthStudy.load(one.store)) == table(first)
        with pytest.warns(RuntimeWarning, match=rf"{name} is torn or changed"):
            found = study(one.store, one.log, random_state=None)
        assert table(found) == table(first)
        assert fits_begun(one.log) == begun
        flip(one.store / name, 1000)
        with (
            pytest.warns(RuntimeWarning, match="torn or changed"),
            pytest.raises(ValueError, match=r"param: .*width.* there"),
        ):
            study(one.store, one.log, param="fail_at")


def test_every_flipped_bit_of_laid_down_data_is_noticed(tmp_path, rounds):
    """Reading such a pickle can crash the process, so that it is not tried."""
    as_form, labels = FORMS["frames"]
    data = StudyData(as_form(X), labels, y_test=y)
    reference = DataFolder(tmp_path).lay_down(data.parts(), data.fingerprints())
    rng = np.random.default_rng(4)
    paths = reference.paths()
    assert {path.suffix for path in paths} == {".object", ".npy"}
    for path in paths:
        content = path.read_bytes()
        for bit in rng.permutation(8 * len(content))[: rounds(few=50, full=1000)]:
            flip(path, bit)
            with pytest.raises(DataNotHereError, match="must be what this study wrote"):
                reference.open()
        path.write_bytes(content)
    found = StudyData.of_parts(reference.open())
    assert found.fingerprints() == data.fingerprints()


def test_files_of_others_in_the_folder_stay(tmp_path):
    """Half-written files are cleared away, but not what others are downloading."""
    (tmp_path / "photos").mkdir()
    others = [tmp_path / "film.part", tmp_path / "photos" / "cat.part"]
    for path in others:
        path.write_text("half of it")
    (tmp_path / "fits").mkdir()
    ours = [tmp_path / "fits" / "a.json.0.part", tmp_path / "study.json.0.part"]
    for path in ours:
        path.write_text("half of it")
    study(tmp_path, tmp_path / "log", form="sparse", values=[1], repeats=1)
    assert all(path.exists() for path in others)
    assert not any(path.exists() for path in ours)
