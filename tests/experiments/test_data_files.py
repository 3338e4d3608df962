"""A user's own file: what it holds is read, what is wrong with it is one line."""

import io
import os
import re
import struct
import sys
import tracemalloc
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from overparam_sk.experiments import load_problem
from overparam_sk.experiments.data_files import read_data_file

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(12, 3).astype(np.float32)
y = np.arange(12) % 3
ROWS = {"X": X, "y": y, "X_test": X[:3], "y_test": y[:3]}


class Payload:
    """Unpickled, it leaves a file behind."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (os.fspath(self.trace),)


def npz(arrays, save=np.savez_compressed):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def zipped(members, **options):
    """A zip file of (name, bytes) pairs, some perhaps of the same name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", **options) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about names that are there
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def npy(array, **options):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, **options)
    return file.getvalue()


def header(text, version=b"\1\0"):
    """A .npy file with a header of any text, and 24 bytes of data."""
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text.encode("latin1") + bytes(24)


def with_member(name, content, **options):
    """The rows, one of them made up."""
    members = {f"{name}.npy": npy(array) for name, array in ROWS.items()}
    return zipped({**members, f"{name}.npy": content}.items(), **options)


def declaring(shape, descr="<f8"):
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}}}\n"
    return with_member("X", header(text))


def lying(shape):
    """A directory that says what the header says; there are 24 bytes."""
    content = bytearray(declaring(shape))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo("X.npy")
    size = info.file_size - 24 + int(np.prod(shape, dtype=object)) * 8
    old = struct.pack("<II", info.compress_size, info.file_size)
    assert content.count(old) == 2
    return bytes(content).replace(old, struct.pack("<II", size, size))


def encrypted():
    content = bytearray(npz(ROWS))
    for signature, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.find(signature)
        while at >= 0:
            content[at + flags] |= 1
            at = content.find(signature, at + 1)
    return bytes(content)


def changed(**arrays):
    return npz({**ROWS, **arrays})


WHOLE = npz(ROWS)
CROOKED = {
    "nothing": b"",
    "text": b"a,b,y\n1,2,3\n",
    "an array": npy(X),
    "half of it": WHOLE[: len(WHOLE) // 2],
    "an empty zip file": zipped([]),
    "encrypted": encrypted(),
    "other compression": with_member("X", npy(X), compression=zipfile.ZIP_BZIP2),
    "other version": with_member("X", header("{}", b"\3\0")),
    "twice": zipped([*(("X.npy", npy(X)),) * 2, ("y.npy", npy(y))]),
    "huge": declaring((2**62, 3)),
    "huge for its file": declaring((12, 3 * 10**8)),
    "overflowing": declaring((2**63, 2**63, 4)),
    "negative": declaring((-1, -3)),
    "not a shape": declaring("(1.5, 'a')"),
    "lying": lying((12, 3 * 10**7)),
    "no header": with_member("X", b"\x93NUMPY\1\0"),
    "code for a header": with_member("X", header("__import__('os').mkdir('trace')")),
    "a long header": with_member("X", header("[" * 60_000)),
    "deep": with_member("X", header("(" * 1000 + ")" * 1000)),
    "deeper": with_member("X", header("-" * 9000 + "1")),
    "unfinished": with_member("X", header("{'descr': ('''")),
    "odd type": declaring((12, 3), ()),
    "numbers in one row": changed(X=X.ravel()),
    "complex": changed(X=X + 1j),
    "dates": changed(X=X.astype("M8[s]")),
    "records": changed(X=np.zeros((12, 3), "f4,f4")),
    "words": changed(X=X.astype(str)),
    "labels in columns": changed(y=np.zeros((12, 2), int)),
    "a label": changed(y=np.int64(1)),
    "bytes for labels": changed(y=y.astype("S1")),
    "figures for labels": changed(y=X[:, 0]),
    "NaN": changed(X=np.full_like(X, np.nan)),
    "NaN for labels": changed(y=np.full(12, np.nan)),
    "infinite in float32": changed(X=np.full(X.shape, 1e300)),
    "no rows": changed(X=X[:0], y=y[:0]),
    "no columns": changed(X=X[:, :0], X_test=X[:3, :0]),
    "fewer rows": changed(X=X[:11]),
    "fewer test rows": changed(X_test=X[:2]),
    "fewer test columns": changed(X_test=X[:3, :2]),
    "no labels": npz({"X": X}),
    "one test part": npz({"X": X, "y": y, "y_test": y}),
    "the array's name": zipped([("X", npy(X)), ("y", npy(y))]),
    "a class of one row": npz({"X": X, "y": y == 0} | {"y": np.arange(12) == 0}),
}


@pytest.fixture
def little_memory():
    """Fail the test if more than 24 MB are taken at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * 2**20


def refusal(path):
    """The one line that refuses a file, and names it."""
    with pytest.raises(ValueError, match=re.escape(f"{path} must be ")) as caught:
        load_problem(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", CROOKED)
@pytest.mark.filterwarnings("ignore:Reading `.npy`:UserWarning")  # numpy, of a header
def test_a_crooked_npz_file_is_named(tmp_path, kind, little_memory):
    (tmp_path / "a.npz").write_bytes(CROOKED[kind])
    refusal(tmp_path / "a.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize(
    "bomb",
    [
        {"X": np.zeros((2**19, 16)), "y": y},
        {"X": np.zeros(2**23), "y": y},
        {"X": X, "y": np.zeros((3, 2**22))},
        {"X": X, "y": y, "X_test": np.zeros((12, 2**19)), "y_test": y},
        {"X": X, "z": np.zeros(2**23)},
    ],
)
def test_what_does_not_go_together_is_not_read(tmp_path, bomb, little_memory):
    tracemalloc.stop()
    np.savez_compressed(tmp_path / "a.npz", **bomb)
    tracemalloc.start()
    refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("name", [*ROWS, "other"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_planted_pickle_does_not_run(tmp_path, name, save):
    path, trace = tmp_path / "a.npz", tmp_path / "trace"
    planted = np.array([Payload(trace)], dtype=object)
    path.write_bytes(npz({**ROWS, name: planted}, save))
    if name == "other":
        assert len(load_problem(path).y) == 12
    else:
        assert "holds Python objects, which are not unpickled" in refusal(path)
    assert not trace.exists()
    np.load(path, allow_pickle=True)[name]
    assert trace.exists()  # it would have run


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_flipped_bits_and_cuts_change_no_number(tmp_path, save):
    path, whole = tmp_path / "a.npz", npz(ROWS, save)
    flips = np.random.default_rng(5).permutation(8 * len(whole))[:250]
    damaged = [whole[:end] for end in range(0, len(whole), 13)]
    for bit in flips:
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        damaged.append(bytes(content))
    refused = 0
    for content in damaged:
        path.write_bytes(content)
        try:
            found = read_data_file(path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error)  # noqa: PT017
        else:  # in a time stamp, say; or the name of the optional arrays
            for name, array in found.items():
                np.testing.assert_array_equal(array, ROWS[name])
    assert refused > len(damaged) / 2


def test_large_and_fortran_arrays_of_all_kinds_arrive(tmp_path):
    rows = np.asfortranarray(RANDOM.randint(100, size=(300, 70)))
    labels = np.array(["a", "bc"])[np.arange(300) % 2]
    for kind in ("?", "i1", ">i8", "f2", "<f8", "g"):
        np.savez_compressed(tmp_path / "a.npz", X=rows.astype(kind), y=labels[:, None])
        with pytest.warns(UserWarning, match="column-vector y"):
            found = read_data_file(tmp_path / "a.npz")
        np.testing.assert_array_equal(found["X"], rows.astype(kind).astype("f4"))
        np.testing.assert_array_equal(found["y"], labels)


FRAME = pd.DataFrame(X, columns=["a", "b", "c"]).assign(kind=np.array(list("uvw"))[y])


@pytest.mark.parametrize("ending", [".csv", ".CSV", ".parquet"])
@pytest.mark.parametrize(
    ("frame", "target", "labels"),
    [
        (FRAME, None, FRAME["kind"]),
        (FRAME, "kind", FRAME["kind"]),
        (FRAME.assign(y=y)[["y", "a", "b", "c"]], None, y),
        (FRAME[["kind", "c", "b", "a"]], "kind", FRAME["kind"]),
        (FRAME[["a", "b", "c"]].assign(y=0, z=y == 1), "z", y == 1),
        (FRAME.set_axis(["0", "1", "2", "3"], axis=1), None, FRAME["kind"]),
    ],
)
def test_a_table_is_taken_apart(tmp_path, ending, frame, target, labels):
    path = tmp_path / f"a{ending}"
    if ending == ".parquet":
        pytest.importorskip("pyarrow")
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    found = read_data_file(path, target)
    assert found["X"].dtype == np.float32
    rows = frame.drop(columns=target or ("y" if "y" in frame else frame.columns[-1]))
    np.testing.assert_array_equal(found["X"], rows.to_numpy(np.float32))
    np.testing.assert_array_equal(found["y"], np.asarray(labels))
    assert len(load_problem(path, target=target).y) == 9


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there are no rows"),
        ("\n\n", "there are no rows"),
        ("a,b,y\n", "there are no rows"),
        ("a;b;y\n1;2;3\n", "two columns or more, got 'a;b;y'"),
        ("1.5,2.5,0\n3,4,1\n", "names are numbers, 1.5, 2.5, 0"),
        (",a,y\n0,1,2\n", "column 1 has no name; pandas .* without index=False"),
        ("a,a,y\n0,1,2\n", "two columns have the name 'a'"),
        ("a,y,y\n0,1,2\n", "two columns have the name 'y'"),
        ("a,y\n0,1,2\n3,4,5\n", "more columns than the 2 names"),
        ("a,y\n0,1,2\n1,4,5\n", "more columns than the 2 names"),
        ("a,y\n0,1\n3,4,5\n", "Expected 2 fields in line 3, saw 3"),
        ("a,b,y\n0,1,2\n3,4\n", "the target 'y' lacks 1 values"),
        ("a,b,y\n0,,2\n3,4,5\n", "contains NaN"),
        ("a,b,y\n0,1,2\nred,4,5\n", "must be numbers, got '0' in 'a'"),
        ("a,b,y\n1,red,2\n1,blue,2\n", "must be numbers, got 'red' in 'b'"),
        ("a,b,y\n1,2020-01-01,2\n", "must be numbers, got '2020-01-01' in 'b'"),
        ("a,b,y\n1,inf,2\n1,2,3\n", "infinity"),
        ("a,b,y\n1,2,0.5\n1,2,0.25\n", "[Uu]nknown label type|continuous"),
        ('a,b,y\n1,"2,3\n', "EOF inside string"),
        ("a,b,y\n1,2,3\n1,2,4\n", "quarter"),
    ],
)
def test_a_crooked_csv_file_is_named(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    assert re.search(message, refusal(tmp_path / "a.csv"))


@pytest.mark.parametrize("content", [b"\xff\xfea\0,\0", b"caf\xe9,y\n1,2\n", b"\0\0\0"])
def test_a_csv_file_that_is_no_text(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    refusal(tmp_path / "a.csv")


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("y,a\n" + "0,1\n1,2\n" * 9, encoding="utf-8-sig")
    np.testing.assert_array_equal(read_data_file(path)["y"], [0, 1] * 9)


def test_a_crooked_parquet_file_is_named(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    FRAME.to_parquet(path)
    whole = path.read_bytes()
    for end in range(0, len(whole), 50):
        path.write_bytes(whole[:end])
        refusal(path)
    for frame in (
        FRAME[["kind"]],
        FRAME.assign(y=y),
        FRAME.assign(d=pd.Timestamp("2020-01-01"))[["d", "a", "kind"]],
        FRAME.assign(d=[[1.0]] * 12)[["d", "a", "kind"]],
        FRAME.assign(kind=None),
    ):
        frame.to_parquet(path)
        refusal(path)


@pytest.mark.skipif(sys.platform != "linux", reason="what memory there is, on Linux")
def test_a_parquet_file_that_is_larger_than_the_memory(tmp_path):
    """Ten million times the same row takes a few kilobytes."""
    import resource  # Windows has none

    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    ones = pyarrow.array(np.ones(10**6))
    table = pyarrow.table({f"x{i}": ones for i in range(20)} | {"y": ones})
    with parquet.ParquetWriter(path, table.schema) as writer:
        for _ in range(10):
            writer.write_table(table)
    assert path.stat().st_size < 10**6
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as statm:
        now = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 10**9, limits[1]))
    try:
        assert "Unable to allocate" in refusal(path)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize("target", ["z", "", "a, b"])
def test_a_target_that_is_not_there(tmp_path, target):
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    match = rf"a\.csv must be .* one of its columns, a, b, c, kind, got '{target}'"
    with pytest.raises(ValueError, match=match):
        load_problem(tmp_path / "a.csv", target=target)


def test_a_target_is_for_tables(tmp_path):
    np.savez(tmp_path / "a.npz", **ROWS)
    with pytest.raises(ValueError, match=r"a\.npz .* target must be None"):
        load_problem(tmp_path / "a.npz", target="y")
    with pytest.raises(ValueError, match="target must be None but for files, got 'y'"):
        load_problem("digits", target="y")


@pytest.mark.parametrize("name", ["a.npz", "a.csv", "a.parquet"])
def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path, name):
    if name == "a.parquet":
        pytest.importorskip("pyarrow")
    with pytest.raises(FileNotFoundError, match=re.escape(name)):
        load_problem(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match=re.escape(name)):
        load_problem(tmp_path / name)


def test_a_tilde_means_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    np.savez(tmp_path / "a.npz", **ROWS)
    assert len(load_problem("~/a.npz").y) == 12
    with pytest.raises(
        OSError, match=re.escape(f"{tmp_path} must hold the four files")
    ):
        load_problem("mnist", data_home="~")
    (tmp_path / "mnist").mkdir()
    with pytest.raises(
        OSError, match=re.escape(f"{tmp_path}/mnist must hold the four")
    ):
        load_problem("mnist", data_home="~")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems want names of text")
def test_a_name_that_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.npz"
    with open(path, "wb") as file:
        np.savez(file, **ROWS)
    assert load_problem(os.fsdecode(path)).name.endswith(
        "caf\N{REPLACEMENT CHARACTER}.npz"
    )


@pytest.mark.parametrize(
    ("name", "lacking"),
    [("a.csv", "pandas"), ("a.parquet", "pandas"), ("a.parquet", "pyarrow")],
)
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, name, lacking):
    monkeypatch.setitem(sys.modules, lacking, None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    (tmp_path / name).write_text("a,y\n1,2\n")
    with pytest.raises(ImportError, match=f"{lacking}.* is not installed: pip install"):
        load_problem(tmp_path / name)
