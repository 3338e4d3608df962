"""What MNIST and Fashion-MNIST are: names, files, and the Bunch they come in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from overparam_sk.datasets._idx import PublishedFile, read_idx

__all__ = [
    "FASHION_MNIST",
    "FILE_NAMES",
    "MNIST",
    "N_PIXELS",
    "SIDE",
    "ImageDataset",
    "as_bunch",
    "missing_files",
    "read_split",
    "scale_pixels",
]

SIDE = 28  # pixels
N_PIXELS = SIDE * SIDE
# Split -> (images, labels).
SPLIT_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
FILE_NAMES = SPLIT_FILES["train"] + SPLIT_FILES["test"]


@dataclass(frozen=True)
class ImageDataset:
    """A published set of 28 x 28 images in ten classes, and how to know its files."""

    name: str
    openml_name: str
    target_names: tuple[str, ...]
    description: str
    sha256: Mapping[str, str]
    """File name -> SHA-256 of the uncompressed bytes, as 64 hexadecimal digits."""
    n_images: Mapping[str, int] = field(
        default_factory=lambda: {"train": 60_000, "t10k": 10_000}
    )
    """First word of a file's name -> how many images, or their labels, it holds."""

    def published(self, name: str) -> PublishedFile:
        """What the file of that name is."""
        shape = (self.n_images[name.partition("-")[0]], SIDE, SIDE)
        whole = shape if "images" in name else shape[:1]
        return PublishedFile(f"{self.name}'s {name}", whole, self.sha256[name])


MNIST = ImageDataset(
    name="mnist",
    openml_name="mnist_784",
    target_names=("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    description="""\
MNIST: handwritten digits, 28 x 28 pixels, 60000 for training and 10000 for testing.
Y. LeCun, C. Cortes, C. J. C. Burges. Licence: CC BY-SA 3.0.
Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to
document recognition", Proceedings of the IEEE 86(11), 1998.
""",
    sha256={
        "train-images-idx3-ubyte": (
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
        ),
        "train-labels-idx1-ubyte": (
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
        ),
        "t10k-images-idx3-ubyte": (
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
        ),
        "t10k-labels-idx1-ubyte": (
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
        ),
    },
)

FASHION_MNIST = ImageDataset(
    name="fashion-mnist",
    openml_name="Fashion-MNIST",
    target_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    description="""\
Fashion-MNIST: articles of clothing, 28 x 28 pixels, 60000 for training and 10000 for
testing. Zalando SE. Licence: MIT.
H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for Benchmarking
Machine Learning Algorithms", arXiv:1708.07747, 2017.
""",
    sha256={
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
)


def scale_pixels(images: NDArray[Any]) -> NDArray[np.float32]:
    """Return images with grey values 0 to 255 as rows in [0, 1], shape (n, 784)."""
    flat = images.reshape(len(images), N_PIXELS)
    scaled: NDArray[np.float32] = np.divide(flat, np.float32(255), dtype=np.float32)
    return scaled


def as_bunch(
    dataset: ImageDataset, data: NDArray[np.float32], target: NDArray[np.int64]
) -> Bunch:
    """Return rows and labels of a data set in the form of scikit-learn's loaders."""
    return Bunch(
        data=data,
        target=target,
        frame=None,
        feature_names=[f"pixel_{i}_{j}" for i in range(SIDE) for j in range(SIDE)],
        target_names=list(dataset.target_names),
        DESCR=dataset.description,
    )


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
