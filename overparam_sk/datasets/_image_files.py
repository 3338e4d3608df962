"""Reading the four published files of MNIST or Fashion-MNIST, and no others."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from overparam_sk.datasets._idx import read_idx
from overparam_sk.datasets._image_data import ImageDataset

__all__ = ["FILE_NAMES", "missing_files", "read_split"]

# Split -> (images, labels).
SPLIT_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FILE_NAMES = SPLIT_FILES["train"] + SPLIT_FILES["test"]


def missing_files(folder: Path) -> list[str]:
    """Return which of the four files the folder lacks, however they are written."""
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
    images, labels = (
        read_idx(_find(folder, name) or folder / name, dataset.published(name))
        for name in SPLIT_FILES[split]
    )
    return images, labels


def _find(folder: Path, name: str) -> Path | None:
    """Return the first that is there, plain before gzipped, or else None.

    The files go about as ``train-images-idx3-ubyte`` and ``train-images.idx3-ubyte``.
    """
    names = (name, name.replace("-idx", ".idx"))
    candidates = [folder / f"{n}{ending}" for n in names for ending in ("", ".gz")]
    return next((path for path in candidates if path.is_file()), None)
