"""Files that notice when they are torn or changed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from overparam_sk.store.checked_files import (
    DamagedFileError,
    read_checked,
    write_checked,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
arrays = npst.arrays(
    st.sampled_from([np.float64, np.float32, np.int64, np.bool_, "<U3"]),
    npst.array_shapes(min_dims=0, max_side=4),
)


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes() and a.shape == b.shape
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and a == b


@given(content=plain)
def test_what_is_written_is_read(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "plain.json"
    write_checked(path, content)
    assert same(content, read_checked(path))


@given(array=arrays)
def test_arrays_come_back_bit_by_bit(tmp_path_factory, array):
    path = tmp_path_factory.getbasetemp() / "arrays.json"
    write_checked(path, {"a": [array, np.float32(0.1), np.int64(3)]})
    ((found, single, whole),) = read_checked(path).values()
    assert same(array, found)
    assert single == float(np.float32(0.1))
    assert whole == 3
    assert found.flags.writeable


@pytest.fixture
def path(tmp_path):
    write_checked(tmp_path / "a.json", {"x": [1.5, "é"], "y": np.arange(3)})
    return tmp_path / "a.json"


def test_every_cut_and_every_flipped_bit_is_noticed(path):
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(DamagedFileError, match="torn or changed"):
            read_checked(path)
    for bit in range(8 * len(whole)):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedFileError):
            read_checked(path)


def test_what_cannot_be_kept_is_refused_and_leaves_nothing(path):
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"keeps numbers, strings and arrays .* set"):
        write_checked(path, {"a": {1, 2}})
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
