"""Whatever can be refused before anything is fitted is refused then."""

import numpy as np
import pytest

from overparam_sk import OverparamReLUClassifier
from overparam_sk.cli import main

random = np.random.RandomState(0)
Y = np.arange(60) % 3
# So many columns that nobody has room for two milliards of units.
X = np.hstack([np.eye(3)[Y] * 3 + random.randn(60, 3), np.zeros((60, 1000))])
ROWS = {"X": X, "y": Y}
TEST = {"X_test": X[:4], "y_test": Y[:4]}

# Options, and what a message of one line says of them.
BAD_OPTIONS = {
    "device": (["--device", "cuda:99"], "device must name a device of this machine"),
    "device-first": (["--device", "cuda:256"], "got 'cuda:256' where"),
    "learning-rate": (["--learning-rate", "1e300"], "must be at most 3.4e+38"),
    "widths": (["--widths", "10,2000000000"], "width 2000000000 must fit into"),
    "train-size": (["--train-size", "1000"], "train_size must be at most 45, got 1000"),
    "train-size-small": (["--train-size", "2"], "train_size = 2 should be greater"),
    "target": (["--target", "x"], "target must be None where y is an array"),
    "data": (["--data", "none.npz"], "none.npz"),
    "data-home": (["--data", "mnist", "--data-home", "."], "must hold the four files"),
    "store": (["--store", "a file"], "a file"),
    "out": (["--out", "a file"], "out must be a folder that the results can be"),
    "out-below": (["--out", "a file/out"], "got 'a file/out': Not a directory."),
    "out-folder": (["--out", "taken"], "got 'taken': study.json is a folder."),
    "out-picture": (["--out", "drawn"], "got 'drawn': widths.png is a folder."),
}
BAD_DATA = {
    "one-class": ({**ROWS, "y": 0 * Y}, "two classes or more, got [0]"),
    "unseen-class": (
        {**ROWS, **TEST, "y_test": np.array([0, 1, 2, 7])},
        "test rows of the classes of its training rows, got also [7]",
    ),
    "other-labels": (
        {**ROWS, **TEST, "y_test": np.array(list("0121"))},
        "got also ['0', '1', '2']",
    ),
    "numbers": ({**ROWS, "y": random.randn(60)}, "Unknown label type"),
    "few": ({"X": X[:4], "y": Y[:4] % 2}, "of which a quarter can be set"),
}


@pytest.fixture
def refused(tmp_path, monkeypatch, capsys):
    """Run a command in a folder of its own; the one line that it refuses with."""
    monkeypatch.chdir(tmp_path)
    np.savez("rows.npz", **ROWS)
    (tmp_path / "a file").write_text("")
    (tmp_path / "taken" / "study.json").mkdir(parents=True)
    (tmp_path / "drawn" / "widths.png").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))

    def unexpected(self, *_, **__):
        raise AssertionError("a fit was begun")

    monkeypatch.setattr(OverparamReLUClassifier, "fit", unexpected)

    def run(*line):
        assert main([*line]) == 1
        told = capsys.readouterr()
        assert told.out == ""
        (error,) = told.err.splitlines()
        made = {path.name for path in tmp_path.rglob("*") if path not in before}
        assert made <= {"new.npz"}
        return error.removeprefix("overparam_sk: error: ")

    return run


STUDY = ["study", "--data", "rows.npz", "--widths", "10,20", "--repeats", "2"]


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_an_option_is_refused_before_the_fits(case, refused):
    options, message = BAD_OPTIONS[case]
    assert message in refused(*STUDY, *options)


@pytest.mark.parametrize("case", BAD_DATA)
def test_data_is_refused_before_the_fits(case, refused):
    arrays, message = BAD_DATA[case]
    np.savez("new.npz", **arrays)
    error = refused(*STUDY, "--data", "new.npz")
    assert message in error
    assert "new.npz" in error


@pytest.mark.parametrize(
    "line",
    [
        ["theory", "--data", "rows.npz"],
        ["reproduce", "all"],
        ["reproduce", "k19"],
        ["reproduce", "ll18-fig1"],
    ],
)
def test_so_is_that_of_other_commands(line, refused):
    assert "got 'cuda:99' where" in refused(*line, "--device", "cuda:99")
    assert "got 'a file': Not a directory." in refused(*line, "--out", "a file")


def test_what_is_right_is_fitted(tmp_path, monkeypatch):
    """The checks refuse nothing that a fit takes."""
    monkeypatch.chdir(tmp_path)
    letters = np.array(list("abc"))
    arrays = {**ROWS, **TEST, "y": letters[Y], "y_test": letters[[1, 1, 1, 1]]}
    np.savez("rows.npz", **arrays)
    options = ["--batch-size", "45", "--record-every", "100", "--max-iter", "3"]
    for _ in range(2):  # over the files that are there
        assert main([*STUDY, *options, "--learning-rate", "1e30"]) == 0
