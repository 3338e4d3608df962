"""Where the images come from: the folder that is meant, or else OpenML."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import fetch_openml, get_data_home
from sklearn.utils import Bunch

from overparam_sk.datasets._image_data import (
    N_PIXELS,
    ImageDataset,
    as_bunch,
    scale_pixels,
)
from overparam_sk.datasets._image_files import FILE_NAMES, missing_files, read_split
from overparam_sk.parameters import FLAG, one_of

__all__ = ["ENVIRONMENT_VARIABLE", "DataHome", "fetch"]

DataHome = str | os.PathLike[str] | None

ENVIRONMENT_VARIABLE = "OVERPARAM_SK_DATA"
SUBSETS = {"all": ("train", "test"), "train": ("train",), "test": ("test",)}
_SUBSET = one_of(*SUBSETS)

# OpenML's copies hold both splits in one array, training images first.
OPENML_ROWS = {
    "all": slice(70_000),
    "train": slice(60_000),
    "test": slice(60_000, None),
}
OPENML_SHAPE = (70_000, N_PIXELS)


def fetch(
    dataset: ImageDataset, data_home: DataHome, subset: str, download_if_missing: bool
) -> Bunch:
    """Load a subset of a data set; :func:`fetch_mnist` documents the arguments."""
    subset = _SUBSET("subset", subset)
    download_if_missing = FLAG("download_if_missing", download_if_missing)
    folder = _folder(dataset, data_home)
    missing = missing_files(folder)
    if not missing:
        images, labels = _from_files(dataset, folder, subset)
    elif download_if_missing:
        try:
            images, labels = _from_openml(dataset, data_home, subset)
        except OSError as error:
            raise OSError(
                f"{_lacking(dataset, folder, missing)} Fetching "
                f"{dataset.openml_name!r} from OpenML instead failed: {error}"
            ) from error
    else:
        raise OSError(
            f"{_lacking(dataset, folder, missing)} To fetch "
            f"{dataset.openml_name!r} from OpenML instead, set "
            "download_if_missing=True."
        )
    return as_bunch(dataset, scale_pixels(images), labels.astype(np.int64))


def _folder(dataset: ImageDataset, data_home: DataHome) -> Path:
    """Return the folder that the four files are looked for in."""
    if data_home is not None:
        return Path(os.path.expanduser(data_home))
    parent = os.environ.get(ENVIRONMENT_VARIABLE) or get_data_home()
    return Path(os.path.expanduser(parent)) / dataset.name


def _from_files(
    dataset: ImageDataset, folder: Path, subset: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    splits = [read_split(dataset, folder, split) for split in SUBSETS[subset]]
    images, labels = zip(*splits, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _from_openml(
    dataset: ImageDataset, data_home: DataHome, subset: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    fetched = fetch_openml(
        dataset.openml_name,
        version=1,
        data_home=data_home,
        as_frame=False,
        parser=_parser(),
    )
    shapes = fetched.data.shape, fetched.target.shape
    expected = OPENML_SHAPE, OPENML_SHAPE[:1]
    if shapes != expected:
        raise ValueError(
            f"OpenML's {dataset.openml_name!r} must have data and target of shapes "
            f"{expected[0]} and {expected[1]}, got {shapes[0]} and {shapes[1]}."
        )
    rows = OPENML_ROWS[subset]
    return fetched.data[rows], fetched.target[rows]


def _parser() -> str:
    """The parser of ``fetch_openml``: pandas, an extra of ours, or the slow one."""
    try:
        import pandas  # noqa: F401
    except ImportError:
        return "liac-arff"
    return "pandas"


def _lacking(dataset: ImageDataset, folder: Path, missing: list[str]) -> str:
    return (
        f"{folder} must hold the four files of {dataset.name}, {', '.join(FILE_NAMES)}"
        ", each with or without .gz, and with a dash or a dot before idx; it lacks "
        f"{', '.join(missing)}."
    )
