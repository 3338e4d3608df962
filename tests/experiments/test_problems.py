"""Where the data of a study comes from."""

import ast
from pathlib import Path

import numpy as np
import pytest

from overparam_sk import experiments
from overparam_sk.experiments import load_problem
from overparam_sk.experiments.li_liang_2018 import data


@pytest.fixture
def rows():
    random = np.random.RandomState(0)
    return {"X": random.randn(60, 4), "y": np.arange(60) % 3}


def test_synthetic_is_li_and_liangs(rows):
    problem = load_problem("synthetic", normalize=True)
    assert problem.X.shape == problem.X_test.shape == (1000, 1000)
    assert problem.X.dtype == np.float32
    assert problem.n_clusters == 20
    np.testing.assert_allclose(np.linalg.norm(problem.X, axis=1), 1, rtol=1e-5)
    usual = problem.defaults
    assert (usual.learning_rate, usual.batch_size, usual.max_iter) == (10, 16, 400)
    other = problem.for_repeat(1)
    assert not np.allclose(other.X, problem.X)
    np.testing.assert_array_equal(problem.for_repeat(1).X, other.X)


def settings_in_numbers(path):
    """Lines of a file that give a step, a batch size or a target accuracy a number."""
    names = {"learning_rate", "batch_size", "target", "target_accuracy"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        given = []
        if isinstance(node, ast.keyword):
            given = [(node.arg, node.value)]
        elif isinstance(node, ast.Dict):
            keys = (getattr(key, "value", None) for key in node.keys)
            given = list(zip(keys, node.values, strict=True))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Defaults":
            given = [("learning_rate", value) for value in node.args]
        for name, value in given:
            number = isinstance(value, ast.Constant) and value.value not in (None, 1.0)
            if name in names and number:
                yield f"{path.name}:{value.lineno}: {name}"


def test_the_settings_of_section_7_stand_once():
    folder = Path(experiments.__file__).parent
    files = [*folder.glob("*.py"), *folder.glob("li_liang_2018/*.py")]
    found = [line for path in files for line in settings_in_numbers(path)]
    assert {line.partition(":")[0] for line in found} == {"data.py"}
    usual = load_problem("synthetic").defaults
    assert usual is data.SYNTHETIC
    assert (usual.learning_rate, usual.batch_size, usual.max_iter) == (10, 16, 400)
    assert (usual.target_accuracy, data.MNIST.target_accuracy) == (0.98, 0.95)
    mnist = data.MNIST
    assert (mnist.learning_rate, mnist.batch_size, mnist.max_iter) == (4e3, 64, 20_000)


def test_the_usual_batch_is_no_larger_than_the_data(tmp_path, rows):
    np.savez(tmp_path / "a.npz", **rows)
    for train_size, expected in ((None, 45), (15, 15)):
        problem = load_problem(tmp_path / "a.npz", train_size=train_size)
        assert problem.defaults.batch_size == expected
    assert load_problem("digits").defaults.batch_size == 64


def test_digits_are_split():
    problem = load_problem("digits", random_state=1)
    assert len(problem.y) + len(problem.y_test) == 1797
    assert problem.X.max() == 1
    assert problem.n_clusters == problem.n_classes == 10
    assert problem.for_repeat(5) is problem


def test_a_file_is_split_or_has_its_own_test_rows(tmp_path, rows):
    np.savez(tmp_path / "a.npz", **rows)
    problem = load_problem(tmp_path / "a.npz")
    assert len(problem.y) == 45
    assert np.bincount(problem.y_test).tolist() == [5, 5, 5]
    np.savez(tmp_path / "b.npz", **rows, X_test=rows["X"][:6], y_test=rows["y"][:6])
    problem = load_problem(str(tmp_path / "b.npz"))
    np.testing.assert_array_equal(problem.X_test, rows["X"][:6].astype(np.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": None}, "it lacks y"),
        ({"X_test": np.zeros((3, 4))}, "it lacks y_test"),
        ({"X": np.full((60, 4), np.nan)}, "contains NaN"),
        ({"X": np.zeros((59, 4))}, "inconsistent numbers of samples"),
    ],
)
def test_a_file_that_does_not_hold_the_data_is_refused(tmp_path, rows, change, message):
    arrays = {k: v for k, v in {**rows, **change}.items() if v is not None}
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_problem(tmp_path / "a.npz")


def test_some_of_the_training_rows_keep_the_classes_shares(tmp_path, rows):
    np.savez(tmp_path / "a.npz", **rows)
    some, all_ = (load_problem(tmp_path / "a.npz", train_size=n) for n in (15, None))
    assert np.bincount(some.y).tolist() == [5, 5, 5]
    np.testing.assert_array_equal(some.X_test, all_.X_test)
    known = {row.tobytes() for row in all_.X}
    assert all(row.tobytes() in known for row in some.X)
    with pytest.raises(ValueError, match="train_size must be at most 45, got 46"):
        load_problem(tmp_path / "a.npz", train_size=46)
    with pytest.raises(ValueError, match="must be None for synthetic data, got 9"):
        load_problem("synthetic", train_size=9)


def test_what_is_no_npz_file_and_unknown_names_are_refused(tmp_path):
    (tmp_path / "a.npz").write_text("text")
    with pytest.raises(ValueError, match=r"must be an \.npz file of plain arrays"):
        load_problem(tmp_path / "a.npz")
    with pytest.raises(FileNotFoundError):
        load_problem(tmp_path / "none.npz")
    with pytest.raises(ValueError, match="name must be one of synthetic, digits"):
        load_problem("iris")
