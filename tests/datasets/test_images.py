"""MNIST and Fashion-MNIST: the published files, OpenML's copy, the shipped excerpt."""

import gzip
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.utils import Bunch

from overparam_sk.datasets import (
    fetch_fashion_mnist,
    fetch_mnist,
    load_image_pair,
)
from overparam_sk.datasets import images as images_module
from overparam_sk.datasets._image_sets import FASHION_MNIST, MNIST, ImageDataset

PUBLISHED = Path(__file__).parents[3] / "shared" / "data"
TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
FILE_NAMES = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
FETCHERS = [(fetch_mnist, MNIST), (fetch_fashion_mnist, FASHION_MNIST)]


def published(name):
    """Return the folder of the published files, or skip the test."""
    folder = PUBLISHED / name
    if not folder.is_dir():
        pytest.skip(f"the published files of {name} are not beside the repository")
    return folder


@pytest.fixture
def small():
    """Return a data set of 3 training and 2 test images: its files, and its record.

    The files are whole and the record has their checksums, so that each fault below is
    the only one.
    """
    random = np.random.RandomState(0)
    files = {}
    for images, labels, n in (
        (TRAIN_IMAGES, TRAIN_LABELS, 3),
        (TEST_IMAGES, TEST_LABELS, 2),
    ):
        files[images] = struct.pack(">4B3I", 0, 0, 8, 3, n, 28, 28) + random.bytes(
            n * 784
        )
        files[labels] = struct.pack(">4BI", 0, 0, 8, 1, n) + bytes(range(n))
    record = ImageDataset(
        name="small",
        openml_name="small_784",
        target_names=tuple("0123456789"),
        description="Noise.",
        sha256={name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        n_images={"train": 3, "t10k": 2},
    )
    return files, record


def write(folder, files, zipped=False):
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(data))
        else:
            (folder / name).write_bytes(data)


def fetch_offline(record, folder, subset="all"):
    return images_module._fetch(record, folder, subset, download_if_missing=False)


@pytest.fixture
def openml(monkeypatch):
    """Put a function in the place of fetch_openml that answers as OpenML would.

    Grey values are integers and labels strings; row i has the grey value i % 251
    everywhere and the label of i's last digit. Returns the list of the calls.
    """
    calls = []
    row_values = (np.arange(70_000) % 251).astype(np.uint8)
    labels = np.array([str(i % 10) for i in range(70_000)], dtype=object)

    def substitute(name, **options):
        calls.append((name, options))
        data = np.broadcast_to(row_values[:, None], (70_000, 784))
        return Bunch(data=data, target=labels, frame=None)

    monkeypatch.setattr(images_module, "fetch_openml", substitute)
    return calls


class TestLocalFiles:
    @pytest.mark.parametrize("zipped", [False, True])
    @pytest.mark.parametrize(
        ("subset", "splits"),
        [
            ("train", [(TRAIN_IMAGES, TRAIN_LABELS)]),
            ("test", [(TEST_IMAGES, TEST_LABELS)]),
            ("all", [(TRAIN_IMAGES, TRAIN_LABELS), (TEST_IMAGES, TEST_LABELS)]),
        ],
    )
    def test_every_byte_arrives(self, small, tmp_path, zipped, subset, splits):
        files, record = small
        write(tmp_path, files, zipped)
        bunch = fetch_offline(record, tmp_path, subset)
        pixels = b"".join(files[images][16:] for images, _ in splits)
        labels = b"".join(files[labels][8:] for _, labels in splits)
        assert bunch.data.dtype == np.float32
        assert bunch.target.dtype == np.int64
        assert bunch.data.shape == (len(labels), 784)
        assert np.rint(bunch.data * 255).astype(np.uint8).tobytes() == pixels
        assert bytes(bunch.target.tolist()) == labels
        assert bunch.data.min() == 0
        assert bunch.data.max() == 1

    def test_bunch(self, small, tmp_path):
        files, record = small
        write(tmp_path, files)
        bunch = fetch_offline(record, tmp_path)
        assert set(bunch) == {
            "data",
            "target",
            "frame",
            "feature_names",
            "target_names",
            "DESCR",
        }
        assert bunch.frame is None
        assert bunch.feature_names[28] == "pixel_1_0"
        assert len(bunch.feature_names) == 784
        assert bunch.target_names == list("0123456789")
        assert bunch.DESCR == "Noise."

    def test_plain_and_gzipped_files_mix(self, small, tmp_path):
        files, record = small
        write(tmp_path, {name: files[name] for name in FILE_NAMES[:2]}, zipped=True)
        write(tmp_path, {name: files[name] for name in FILE_NAMES[2:]})
        assert len(fetch_offline(record, tmp_path).data) == 5

    @pytest.mark.parametrize("zipped", [False, True])
    @pytest.mark.parametrize("dotted", [FILE_NAMES, (TRAIN_IMAGES, TEST_LABELS)])
    def test_a_dot_for_a_dash(self, small, tmp_path, zipped, dotted):
        files, record = small
        renamed = {
            name.replace("-idx", ".idx") if name in dotted else name: content
            for name, content in files.items()
        }
        write(tmp_path, renamed, zipped)
        assert len(fetch_offline(record, tmp_path).data) == 5

    def test_folder_may_be_a_string(self, small, tmp_path):
        files, record = small
        write(tmp_path, files)
        assert len(fetch_offline(record, os.fspath(tmp_path)).data) == 5

    @pytest.mark.parametrize("name", FILE_NAMES)
    @pytest.mark.parametrize("part", [0, 0.01, 0.5, 0.999])
    @pytest.mark.parametrize("zipped", [False, True])
    def test_cut_file_is_named(self, small, tmp_path, name, part, zipped):
        files, record = small
        write(tmp_path, files, zipped)
        path = tmp_path / (f"{name}.gz" if zipped else name)
        data = path.read_bytes()
        path.write_bytes(data[: int(part * len(data))])
        with pytest.raises(ValueError, match=f"{re.escape(str(path))} must .* got"):
            fetch_offline(record, tmp_path)

    @pytest.mark.parametrize("name", FILE_NAMES)
    @pytest.mark.parametrize("zipped", [False, True])
    def test_one_wrong_bit_is_seen_by_the_checksum(self, small, tmp_path, name, zipped):
        files, record = small
        changed = bytearray(files[name])
        changed[-1] ^= 1
        write(tmp_path, {**files, name: bytes(changed)}, zipped)
        with pytest.raises(ValueError, match=f"{name}.* must be small's .*SHA-256"):
            fetch_offline(record, tmp_path)

    def test_only_the_subset_is_read(self, small, tmp_path):
        files, record = small
        write(tmp_path, {**files, TEST_LABELS: b"broken"})
        assert len(fetch_offline(record, tmp_path, "train").data) == 3
        with pytest.raises(ValueError, match=TEST_LABELS):
            fetch_offline(record, tmp_path, "test")

    def test_exchanged_files_are_refused(self, small, tmp_path):
        files, record = small
        exchanged = {TRAIN_IMAGES: files[TEST_IMAGES], TEST_IMAGES: files[TRAIN_IMAGES]}
        write(tmp_path, {**files, **exchanged})
        with pytest.raises(ValueError, match=f"must be small's {TRAIN_IMAGES}"):
            fetch_offline(record, tmp_path)


class TestWhereTheFilesAre:
    def test_environment_variable(self, small, tmp_path, monkeypatch):
        files, record = small
        write(tmp_path / "small", files)
        monkeypatch.setenv("OVERPARAM_SK_DATA", os.fspath(tmp_path))
        assert len(fetch_offline(record, None).data) == 5

    def test_data_home_goes_before_the_environment(self, small, tmp_path, monkeypatch):
        files, record = small
        write(tmp_path / "here", files)
        monkeypatch.setenv("OVERPARAM_SK_DATA", os.fspath(tmp_path / "elsewhere"))
        assert len(fetch_offline(record, tmp_path / "here").data) == 5

    @pytest.mark.parametrize("given", ["~/small", Path("~/small"), None])
    def test_a_tilde_means_home(self, small, tmp_path, monkeypatch, given):
        files, record = small
        write(tmp_path / "small", files)
        monkeypatch.setenv("HOME", os.fspath(tmp_path))
        monkeypatch.setenv("OVERPARAM_SK_DATA", "~")
        assert len(fetch_offline(record, given).data) == 5

    def test_a_home_that_is_none_is_named(self, small):
        with pytest.raises(OSError, match="~nobody-of-that-name/x must hold the four"):
            fetch_offline(small[1], "~nobody-of-that-name/x")

    @pytest.mark.parametrize("variable", [None, ""])
    def test_scikit_learns_folder(self, small, tmp_path, monkeypatch, variable):
        files, record = small
        write(tmp_path / "small", files)
        monkeypatch.setenv("SCIKIT_LEARN_DATA", os.fspath(tmp_path))
        if variable is None:
            monkeypatch.delenv("OVERPARAM_SK_DATA", raising=False)
        else:
            monkeypatch.setenv("OVERPARAM_SK_DATA", variable)
        assert len(fetch_offline(record, None).data) == 5

    @pytest.mark.parametrize(("fetch", "record"), FETCHERS)
    def test_missing_files_are_named(self, fetch, record, tmp_path, openml):
        with pytest.raises(OSError, match="download_if_missing=True") as caught:
            fetch(tmp_path, download_if_missing=False)
        assert openml == []
        for expected in (os.fspath(tmp_path), record.name, *FILE_NAMES):
            assert expected in str(caught.value)

    def test_the_lacking_file_is_named(self, small, tmp_path):
        files, record = small
        del files[TEST_IMAGES]
        write(tmp_path, files)
        with pytest.raises(OSError, match=f"it lacks {TEST_IMAGES}\\. "):
            fetch_offline(record, tmp_path)

    @pytest.mark.parametrize("subset", ["training", "", None, 0, ["all"]])
    def test_subset_is_checked(self, tmp_path, subset):
        with pytest.raises(
            ValueError, match="subset must be 'all' or 'train' or 'test'"
        ):
            fetch_mnist(tmp_path, subset=subset)


class TestOpenML:
    @pytest.mark.parametrize(("fetch", "record"), FETCHERS)
    def test_call(self, fetch, record, tmp_path, openml):
        fetch(tmp_path, subset="test")
        ((name, options),) = openml
        assert name == record.openml_name
        assert options == {
            "version": 1,
            "data_home": tmp_path,
            "as_frame": False,
            "parser": "pandas",
        }

    @pytest.mark.parametrize(
        ("subset", "rows"), [("train", range(60_000)), ("test", range(60_000, 70_000))]
    )
    def test_subsets(self, tmp_path, openml, subset, rows):
        X, y = fetch_mnist(tmp_path, subset=subset, return_X_y=True)
        assert X.shape == (len(rows), 784)
        assert (X.dtype, y.dtype) == (np.float32, np.int64)
        assert_array_equal(y, np.array(rows) % 10)
        assert_array_equal(np.rint(X[:, -1] * 255), np.array(rows) % 251)

    def test_incomplete_folder_is_not_read(self, small, tmp_path, openml):
        files, _ = small
        del files[TEST_LABELS]
        write(tmp_path, files)
        fetch_mnist(tmp_path, subset="test")
        assert len(openml) == 1

    def test_other_shapes_are_refused(self, tmp_path, monkeypatch):
        monkeypatch.setattr(
            images_module,
            "fetch_openml",
            lambda *_, **__: Bunch(data=np.zeros((10, 784)), target=np.zeros(10)),
        )
        with pytest.raises(ValueError, match=r"\(70000, 784\) .* got \(10, 784\)"):
            fetch_mnist(tmp_path)

    def test_without_network_the_folder_is_named(self, tmp_path, monkeypatch):
        def offline(*_, **__):
            raise URLError("no network")

        monkeypatch.setattr(images_module, "fetch_openml", offline)
        with pytest.raises(
            OSError, match=r"it lacks .* failed: .*no network"
        ) as caught:
            fetch_fashion_mnist(tmp_path)
        assert os.fspath(tmp_path) in str(caught.value)

    def test_without_pandas(self, tmp_path):
        """A copy of three rows is read, by scikit-learn's own parser, and refused."""
        keep_openml_copy(tmp_path, "mnist_784", 3)
        program = (
            "import sys; sys.modules['pandas'] = None\n"
            "from overparam_sk.datasets import fetch_mnist\n"
            "try: fetch_mnist(sys.argv[1])\n"
            "except ValueError as error: print(error)"
        )
        run = subprocess.run(
            [sys.executable, "-c", program, tmp_path],
            capture_output=True,
            text=True,
        )
        assert "got (3, 784) and (3,)." in run.stdout, run.stderr


def keep_openml_copy(data_home, name, n_rows):
    """Put what OpenML answers into scikit-learn's cache, with a few rows."""
    names = [f"pixel{i}" for i in range(784)]
    arff = "".join(
        ["@RELATION images\n"]
        + [f"@ATTRIBUTE {name} REAL\n" for name in names]
        + ["@ATTRIBUTE class {0,1,2}\n@DATA\n"]
        + [",".join([str(i)] * 785) + "\n" for i in range(n_rows)]
    )
    columns = [*((name, "numeric") for name in names), ("class", "nominal")]
    features = [
        {
            "index": str(index),
            "name": name,
            "data_type": kind,
            "is_target": str(kind == "nominal").lower(),
            "is_ignore": "false",
            "is_row_identifier": "false",
            "number_of_missing_values": "0",
        }
        for index, (name, kind) in enumerate(columns)
    ]
    described = {"id": "1", "name": name, "file_id": "1", "status": "active"}
    described |= {"version": "1", "format": "ARFF", "default_target_attribute": "class"}
    described |= {"description": "Images."}
    described |= {"url": "https://www.openml.org/data/v1/download/1"}
    described |= {"md5_checksum": hashlib.md5(arff.encode()).hexdigest()}
    found = {"did": 1, "name": name, "version": 1, "status": "active"}
    qualities = [{"name": "NumberOfInstances", "value": str(float(n_rows))}]
    list_of = f"list/data_name/{name}/limit/2"
    answers = {
        f"api/v1/json/data/{list_of}/data_version/1": {"data": {"dataset": [found]}},
        "api/v1/json/data/1": {"data_set_description": described},
        "api/v1/json/data/features/1": {"data_features": {"feature": features}},
        "api/v1/json/data/qualities/1": {"data_qualities": {"quality": qualities}},
    }
    contents = {path: json.dumps(answer) for path, answer in answers.items()}
    contents["data/v1/download/1"] = arff
    for path, content in contents.items():
        file = data_home / "openml" / "openml.org" / f"{path}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(content.encode()))


class TestPublishedFiles:
    @pytest.mark.parametrize(("fetch", "record"), FETCHERS)
    def test_test_set(self, fetch, record):
        X, y = fetch(published(record.name), subset="test", return_X_y=True)
        assert X.shape == (10_000, 784)
        assert (X.dtype, y.dtype) == (np.float32, np.int64)
        assert (X.min(), X.max()) == (0, 1)
        first = {"mnist": [7, 2, 1, 0], "fashion-mnist": [9, 2, 1, 1]}
        assert y[:4].tolist() == first[record.name]

    def test_all_is_train_then_test(self):
        folder = published("mnist")
        bunch = fetch_mnist(folder)
        assert bunch.data.shape == (70_000, 784)
        assert bunch.target[:5].tolist() == [5, 0, 4, 1, 9]
        assert bunch.target[60_000:60_004].tolist() == [7, 2, 1, 0]
        assert_array_equal(
            np.bincount(bunch.target[:60_000]),
            [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
        )
        X_test = fetch_mnist(folder, subset="test").data
        assert_array_equal(bunch.data[60_000:], X_test)

    def test_the_two_data_sets_are_told_apart(self):
        with pytest.raises(
            ValueError, match=f"{TEST_IMAGES}.* must be fashion-mnist's"
        ):
            fetch_fashion_mnist(published("mnist"), subset="test")

    @pytest.mark.parametrize("at", [8, 5000, -1])
    def test_one_changed_label_is_seen(self, tmp_path, at):
        folder = published("mnist")
        for path in folder.glob("*.gz"):
            (tmp_path / path.name).symlink_to(path)
        labels = bytearray(gzip.decompress((folder / f"{TEST_LABELS}.gz").read_bytes()))
        labels[at] ^= 1
        (tmp_path / TEST_LABELS).write_bytes(labels)
        with pytest.raises(ValueError, match=f"{TEST_LABELS} must be mnist's"):
            fetch_mnist(tmp_path, subset="test")


class TestImagePair:
    @pytest.mark.parametrize(
        ("name", "classes"),
        [
            ("mnist", (0, 1)),
            ("mnist", (1, 7)),
            ("fashion-mnist", (0, 1)),
            ("fashion-mnist", (7, 9)),
        ],
    )
    def test_the_papers_pairs(self, name, classes):
        X, y = load_image_pair(name, classes)
        assert X.shape == (100, 784)
        assert (X.dtype, y.dtype) == (np.float32, np.int64)
        assert_array_equal(y, np.repeat(classes, 50))
        assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-6)
        assert X.min() == 0
        assert len(np.unique(X, axis=0)) == 100

    @pytest.mark.parametrize("normalize", [False, True])
    def test_normalize(self, normalize):
        raw, _ = load_image_pair("mnist", (0, 7), 20, normalize=False)
        X, _ = load_image_pair("mnist", (0, 7), 20, normalize=normalize)
        assert (raw.min(), raw.max()) == (0, 1)
        norms = np.linalg.norm(raw, axis=1, keepdims=True)
        assert norms.min() > 4
        assert_allclose(X, raw / norms if normalize else raw, rtol=1e-6)

    def test_order_of_the_classes(self):
        X, y = load_image_pair("mnist", (1, 7), 10)
        X_reversed, y_reversed = load_image_pair("mnist", (7, 1), 10)
        assert_array_equal(np.roll(X, 10, axis=0), X_reversed)
        assert_array_equal(np.roll(y, 10), y_reversed)

    def test_fewer_images_are_the_first_ones(self):
        few, _ = load_image_pair("mnist", (1, 7), 10)
        many, _ = load_image_pair("mnist", (1, 7), 100)
        assert_array_equal(few[:10], many[:10])
        assert_array_equal(few[10:], many[100:110])

    def test_result_is_the_callers_own(self):
        X, _ = load_image_pair("mnist", (0, 1))
        X[:] = -1
        assert load_image_pair("mnist", (0, 1))[0].min() == 0

    def test_bunch(self):
        bunch = load_image_pair("fashion-mnist", [7, 9], 5, return_X_y=False)
        X, y = load_image_pair("fashion-mnist", [7, 9], 5)
        assert_array_equal(bunch.data, X)
        assert_array_equal(bunch.target, y)
        assert bunch.target_names[bunch.target[0]] == "Sneaker"
        assert bunch.target_names[bunch.target[-1]] == "Ankle boot"
        assert "MIT" in bunch.DESCR

    @pytest.mark.parametrize(
        ("name", "shipped"), [("mnist", (0, 1, 7)), ("fashion-mnist", (0, 1, 7, 9))]
    )
    def test_excerpt_is_the_start_of_the_training_set(self, name, shipped):
        fetch = {"mnist": fetch_mnist, "fashion-mnist": fetch_fashion_mnist}[name]
        X_all, y_all = fetch(published(name), subset="train", return_X_y=True)
        for label in shipped:
            other = next(c for c in shipped if c != label)
            X, _ = load_image_pair(name, (label, other), 100, normalize=False)
            assert_array_equal(X[:100], X_all[y_all == label][:100])

    @pytest.mark.parametrize("name", ["MNIST", "fashion_mnist", "", None, 0])
    def test_name_is_checked(self, name):
        with pytest.raises(ValueError, match="name must be 'mnist' or 'fashion-mnist'"):
            load_image_pair(name, (0, 1))

    @pytest.mark.parametrize(
        "classes",
        [
            (0,),
            (0, 0),
            (0, 1, 7),
            (0, 9),
            (0, 10),
            ("0", "1"),
            (0.0, 1.0),
            1,
            None,
            (False, True),
            "01",
            ([0], [1]),
        ],
    )
    def test_classes_are_checked(self, classes):
        with pytest.raises(ValueError, match=r"among \(0, 1, 7\) for 'mnist', got"):
            load_image_pair("mnist", classes)

    @pytest.mark.parametrize("classes", [[0, 1], np.array([0, 1]), range(2)])
    def test_any_sequence_of_integers_will_do(self, classes):
        _, y = load_image_pair("mnist", classes, 2)
        assert_array_equal(y, [0, 0, 1, 1])

    @pytest.mark.parametrize("n_per_class", [0, -1, 1.0, "5", None, True])
    def test_n_per_class_is_checked(self, n_per_class):
        with pytest.raises(
            ValueError, match="n_per_class must be an integer from 1 to 100, got"
        ):
            load_image_pair("mnist", (0, 1), n_per_class)

    def test_n_per_class_has_a_limit(self):
        with pytest.raises(ValueError, match="an integer from 1 to 100, got 101"):
            load_image_pair("mnist", (0, 1), 101)
