"""Reading idx files: byte-exact, or refused with the file's name."""

import gzip
import re
import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from overparam_sk.datasets._idx import DTYPES, PublishedFile, read_idx

CODES = {np.dtype(name): code for code, name in DTYPES.items()}


def as_idx(array):
    """Write the format from its description, apart from the code under test."""
    big_endian = array.astype(array.dtype.newbyteorder(">"))
    header = bytes([0, 0, CODES[big_endian.dtype], array.ndim])
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return header + sizes + big_endian.tobytes()


IMAGES = np.random.RandomState(0).randint(256, size=(3, 4, 5)).astype(np.uint8)
PLAIN = as_idx(IMAGES)
GZIPPED = gzip.compress(PLAIN, mtime=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some-idx3-ubyte"


def assert_refused(path, data, *patterns):
    """Check that a file with this content is refused by a message that names it."""
    path.write_bytes(data)
    with pytest.raises(ValueError, match=re.escape(str(path))) as caught:
        read_idx(path)
    for pattern in ("must", "got", *patterns):
        assert re.search(pattern, str(caught.value)), str(caught.value)


class TestWhole:
    @settings(max_examples=60, deadline=None)
    @given(
        array=hnp.arrays(
            st.sampled_from([np.dtype(name).newbyteorder("=") for name in CODES]),
            hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5),
        ),
        zipped=st.booleans(),
    )
    def test_round_trip_is_exact(self, array, zipped, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "round-trip"
        data = as_idx(array)
        path.write_bytes(gzip.compress(data) if zipped else data)
        found = read_idx(path)
        assert found.dtype == array.dtype
        assert found.dtype.isnative
        assert found.shape == array.shape
        assert found.tobytes() == array.tobytes()

    def test_published_layout(self, path):
        # The first bytes of MNIST's test labels, cut to three labels.
        path.write_bytes(bytes.fromhex("00 00 08 01 00 00 00 03 07 02 01"))
        assert_array_equal(read_idx(path), np.array([7, 2, 1], dtype=np.uint8))

    @pytest.mark.parametrize("data", [PLAIN, GZIPPED], ids=["plain", "gzipped"])
    @pytest.mark.parametrize("name", ["images", "images.gz"])
    def test_content_tells_gzip_not_the_name(self, tmp_path, data, name):
        path = tmp_path / name
        path.write_bytes(data)
        assert_array_equal(read_idx(path), IMAGES)

    def test_result_can_be_written_to(self, path):
        path.write_bytes(PLAIN)
        images = read_idx(path)
        images[0] = 0
        assert path.read_bytes() == PLAIN

    def test_missing_file(self, path):
        with pytest.raises(FileNotFoundError, match="some-idx3-ubyte"):
            read_idx(path)


class TestFaults:
    @pytest.mark.skipif(sys.platform != "linux", reason="such a file is Linux's own")
    def test_a_file_that_cannot_be_read_is_named(self):
        with pytest.raises(OSError, match="Input/output error: '/proc/self/mem'"):
            read_idx(Path("/proc/self/mem"))

    @pytest.mark.parametrize("length", range(len(PLAIN)))
    def test_plain_cut_anywhere(self, path, length):
        assert_refused(path, PLAIN[:length], f"got {length} bytes|got {length}\\.$")

    @pytest.mark.parametrize("length", range(len(GZIPPED)))
    def test_gzip_cut_anywhere(self, path, length):
        assert_refused(path, GZIPPED[:length])

    @pytest.mark.parametrize("content", [PLAIN[:-1], PLAIN + b"\0", PLAIN[:9], b""])
    def test_wrong_content_in_a_whole_gzip(self, path, content):
        assert_refused(path, gzip.compress(content))

    @pytest.mark.parametrize("tail", [b"\0", b"\n", PLAIN])
    def test_plain_with_trailing_bytes(self, path, tail):
        data = PLAIN + tail
        assert_refused(path, data, f"{len(PLAIN)} bytes", f"got {len(data)}")

    @pytest.mark.parametrize("tail", [b"\n", PLAIN, GZIPPED])
    def test_gzip_with_trailing_bytes(self, path, tail):
        assert_refused(path, GZIPPED + tail)

    @pytest.mark.parametrize("at", range(16))
    @pytest.mark.parametrize("flip", [0x02, 0x40, 0xFF])
    def test_plain_header_with_a_flipped_byte(self, path, at, flip):
        # 0x01 would make the type int8 and the file a valid one.
        data = bytearray(PLAIN)
        data[at] ^= flip
        assert_refused(path, bytes(data))

    @pytest.mark.parametrize("at", range(len(GZIPPED)))
    def test_gzip_with_a_flipped_byte(self, path, at):
        # gzip has a checksum of the content, but a free header: time stamp and system.
        data = bytearray(GZIPPED)
        data[at] ^= 0xFF
        if at in {4, 5, 6, 7, 8, 9}:
            path.write_bytes(data)
            assert_array_equal(read_idx(path), IMAGES)
        else:
            assert_refused(path, bytes(data))

    @pytest.mark.parametrize(
        ("data", "got"),
        [
            (b"\x89PNG\r\n\x1a\n", "got 89 50 4e 47"),
            (b"<!DOCTYPE html>", "got 3c 21 44 4f"),
            (b"\0\0\x0a\x01" + bytes(8), "got 00 00 0a 01"),
        ],
    )
    def test_other_formats(self, path, data, got):
        assert_refused(path, data, "begins with the bytes 00 00 and a type", got)

    @pytest.mark.parametrize(
        "shape", [(1,) * 255, (0,) + (2**32 - 1,) * 3], ids=["255 dims", "huge"]
    )
    def test_shapes_beyond_numpy(self, path, shape):
        sizes = struct.pack(f">{len(shape)}I", *shape)
        data = bytes([0, 0, 8, len(shape)]) + sizes + bytes(int(np.prod(shape[:1])))
        assert_refused(path, data, "shape that numpy can hold")

    def test_huge_size_allocates_nothing(self, path):
        data = b"\0\0\x0e\x03" + b"\xff" * 12 + bytes(8)
        assert_refused(path, data, f"{(2**32 - 1) ** 3 * 8 + 16} bytes")

    @settings(max_examples=200, deadline=None)
    @given(data=st.binary(max_size=40), magic=st.sampled_from([b"", b"\0\0\x08\x01"]))
    def test_any_bytes_are_read_or_refused(self, data, magic, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "any-bytes"
        content = magic + data
        path.write_bytes(content)
        try:
            array = read_idx(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
        else:
            assert as_idx(array) == content


ZEROS = bytes(2**20)
MNIST_HEADER = struct.pack(">4B3I", 0, 0, 8, 3, 60_000, 28, 28)
LABELS_HEADER = struct.pack(">4BI", 0, 0, 8, 1, 60_000)


def bomb(path, header, megabytes, zipped=True):
    """A file of zeros behind a header; on the disk it is small."""
    if zipped:
        with gzip.open(path, "wb", compresslevel=1) as file:
            file.write(header)
            for _ in range(megabytes):
                file.write(ZEROS)
    else:
        with path.open("wb") as file:
            file.write(header)
            file.truncate(megabytes * 2**20)


@pytest.fixture
def little_memory():
    """Fail the test if more than 8 MB are taken at once."""
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20


class TestBombs:
    """What a header does not declare, or no published file has, takes no memory."""

    @pytest.mark.parametrize(
        "header",
        [
            struct.pack(">4B3I", 0, 0, 14, 3, *[2**32 - 1] * 3),
            bytes([0, 0, 8, 255]) + b"\xff" * 1020,
            bytes([0, 0, 8, 255]) + b"\0\0\0\1" * 255,
        ],
        ids=["huge", "255 huge", "255 ones"],
    )
    @pytest.mark.parametrize("zipped", [False, True])
    def test_less_than_declared(self, path, header, zipped, little_memory):
        bomb(path, header + b"\0", 1, zipped)
        with pytest.raises(ValueError, match=re.escape(f"{path} must ")):
            read_idx(path)

    @pytest.mark.parametrize("header", [b"", PLAIN[:16], PLAIN[:4] + bytes(12)])
    def test_more_than_declared(self, path, header, little_memory):
        bomb(path, header, 48)
        with pytest.raises(ValueError, match=re.escape(f"{path} must ")):
            read_idx(path)

    @pytest.mark.parametrize("header", [b"", PLAIN[:16], MNIST_HEADER])
    def test_a_plain_file_with_a_hole(self, path, header, little_memory):
        bomb(path, header, 2**16, zipped=False)
        with pytest.raises(ValueError, match=re.escape(f"{path} must ")):
            read_idx(path)

    @pytest.mark.parametrize(
        "header",
        [
            struct.pack(">4B3I", 0, 0, 8, 3, 60_001, 28, 28),
            struct.pack(">4BI", 0, 0, 14, 1, 60_000),
            struct.pack(">4BI", 0, 0, 8, 1, 48 * 2**20),
            MNIST_HEADER,
            LABELS_HEADER,
        ],
        ids=["one more", "doubles", "all declared", "images for labels", "right"],
    )
    def test_more_than_was_published(self, path, header, little_memory):
        bomb(path, header, 48)
        published = PublishedFile("MNIST's labels", (60_000,), "0" * 64)
        with pytest.raises(ValueError, match=re.escape(f"{path} must ")):
            read_idx(path, published)
