"""Reading the four published files of MNIST or Fashion-MNIST, and no others."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam_sk.datasets._idx import parse_idx, read_bytes
from overparam_sk.datasets._image_data import ImageDataset

__all__ = ["FILE_NAMES", "missing_files", "read_split"]

# Split -> (images, labels).
SPLIT_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FILE_NAMES = SPLIT_FILES["train"] + SPLIT_FILES["test"]


def missing_files(folder: Path) -> list[str]:
    """Return which of the four files the folder lacks, plain and gzipped alike."""
    return [name for name in FILE_NAMES if _find(folder, name) is None]


def read_split(
    dataset: ImageDataset, folder: Path, split: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the images and the labels of one split.

    Parameters
    ----------
    dataset : ImageDataset
        Whose checksums the files must have.
    folder : Path
    split : {"train", "test"}

    Returns
    -------
    images : ndarray of shape (n, rows, columns), uint8
    labels : ndarray of shape (n,), uint8

    Raises
    ------
    OSError
        If a file is missing or cannot be read.
    ValueError
        If a file is truncated, corrupt or not the published one; the message names it.
    """
    images, labels = SPLIT_FILES[split]
    return (
        _read_verified(dataset, folder, images),
        _read_verified(dataset, folder, labels),
    )


def _read_verified(dataset: ImageDataset, folder: Path, name: str) -> NDArray[Any]:
    """Read one file and compare it with the published one."""
    path = _find(folder, name) or folder / name
    data = read_bytes(path)
    array = parse_idx(data, path)  # first, for it says what is wrong with a short file
    found, expected = hashlib.sha256(data).hexdigest(), dataset.sha256[name]
    if found != expected:
        raise ValueError(
            f"{path} must be {dataset.name}'s {name}, with SHA-256 {expected} "
            f"(uncompressed), got {found}."
        )
    return array


def _find(folder: Path, name: str) -> Path | None:
    """Return the plain file, or else the gzipped one, or else None."""
    candidates = (folder / name, folder / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)
