"""The whole of MNIST and Fashion-MNIST, from local files or from OpenML."""

import os
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import fetch_openml, get_data_home
from sklearn.utils import Bunch

from overparam_sk.datasets._image_sets import (
    FASHION_MNIST,
    FILE_NAMES,
    MNIST,
    N_PIXELS,
    ImageDataset,
    as_bunch,
    missing_files,
    read_split,
    scale_pixels,
)
from overparam_sk.parameters import FLAG, one_of
from overparam_sk.world import in_own_world

__all__ = ["fetch_fashion_mnist", "fetch_mnist"]

DataHome = str | os.PathLike[str] | None
Subset = Literal["all", "train", "test"]
Sample = tuple[NDArray[np.float32], NDArray[np.int64]]

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


@overload
def fetch_mnist(
    data_home: DataHome = ...,
    *,
    subset: Subset = ...,
    return_X_y: Literal[False] = ...,
    download_if_missing: bool = ...,
) -> Bunch: ...
@overload
def fetch_mnist(
    data_home: DataHome = ...,
    *,
    subset: Subset = ...,
    return_X_y: Literal[True],
    download_if_missing: bool = ...,
) -> Sample: ...
@in_own_world
def fetch_mnist(
    data_home: DataHome = None,
    *,
    subset: Subset = "all",
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | Sample:
    """Load MNIST, the handwritten digits, from local files or from OpenML.

    If the folder holds the four published files, each plain or gzipped, they are read
    and compared with the published checksums. Otherwise scikit-learn's ``fetch_openml``
    gets the data set "mnist_784", version 1, and keeps it in its own cache. It is read
    by pandas where that is installed, and otherwise, slowly, by scikit-learn alone.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder that holds the files ``train-images-idx3-ubyte``,
        ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, with or without ``.gz``; ``train-images.idx3-ubyte``
        with a dot will do as well. None means the subfolder "mnist" of the folder that
        the environment variable ``OVERPARAM_SK_DATA`` names or, where that is not set,
        of scikit-learn's data folder. ``~`` is the home folder. A given folder is also
        the ``data_home`` of ``fetch_openml``.
    subset : {"all", "train", "test"}, default="all"
        "train" is the first 60000 images, "test" the last 10000, "all" both, in the
        published order.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    download_if_missing : bool, default=True
        Whether to use OpenML if the folder lacks a file.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes

        data : ndarray of shape (n_samples, 784), float32
            Grey values from 0 to 1, row by row of the image.
        target : ndarray of shape (n_samples,), int64
            The digits, 0 to 9.
        feature_names : list of 784 str
            "pixel_i_j" for row i and column j.
        target_names : list of 10 str
            The names of these.
        DESCR : str
            Source and licence.
        frame : None
            There is none.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    OSError
        If the folder lacks a file and ``download_if_missing`` is False or the download
        fails.
    ValueError
        If ``subset`` is unknown, or if a file is truncated, corrupt or not the
        published one; the message names the file.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied
       to document recognition", Proceedings of the IEEE 86(11), 1998.
    .. [2] Y. Li, Y. Liang, "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, section 7 (its experiments).

    Examples
    --------
    >>> from overparam_sk.datasets import fetch_mnist
    >>> X, y = fetch_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (10000, 784)
    """
    return_X_y = FLAG("return_X_y", return_X_y)
    bunch = _fetch(MNIST, data_home, subset, download_if_missing)
    return (bunch.data, bunch.target) if return_X_y else bunch


@overload
def fetch_fashion_mnist(
    data_home: DataHome = ...,
    *,
    subset: Subset = ...,
    return_X_y: Literal[False] = ...,
    download_if_missing: bool = ...,
) -> Bunch: ...
@overload
def fetch_fashion_mnist(
    data_home: DataHome = ...,
    *,
    subset: Subset = ...,
    return_X_y: Literal[True],
    download_if_missing: bool = ...,
) -> Sample: ...
@in_own_world
def fetch_fashion_mnist(
    data_home: DataHome = None,
    *,
    subset: Subset = "all",
    return_X_y: bool = False,
    download_if_missing: bool = True,
) -> Bunch | Sample:
    """Load Fashion-MNIST, articles of clothing, from local files or from OpenML.

    As :func:`fetch_mnist`: the files have the same names, the arrays the same shapes.
    The default subfolder is "fashion-mnist", the OpenML data set "Fashion-MNIST",
    version 1.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder that holds the four files. None means the subfolder "fashion-mnist"
        of the folder that the environment variable ``OVERPARAM_SK_DATA`` names or,
        where that is not set, of scikit-learn's data folder. A given folder is also the
        ``data_home`` of ``fetch_openml``.
    subset : {"all", "train", "test"}, default="all"
        "train" is the first 60000 images, "test" the last 10000, "all" both, in the
        published order.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    download_if_missing : bool, default=True
        Whether to use OpenML if the folder lacks a file.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the attributes of :func:`fetch_mnist`'s; ``target`` is 0 to 9 and
        ``target_names`` says what each is, from "T-shirt/top" to "Ankle boot".
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    OSError
        If the folder lacks a file and ``download_if_missing`` is False or the download
        fails.
    ValueError
        If ``subset`` is unknown, or if a file is truncated, corrupt or not the
        published one; the message names the file.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a Novel Image Dataset for
       Benchmarking Machine Learning Algorithms", arXiv:1708.07747, 2017.

    Examples
    --------
    >>> from overparam_sk.datasets import fetch_fashion_mnist
    >>> X, y = fetch_fashion_mnist(subset="test", return_X_y=True)  # doctest: +SKIP
    >>> X.shape  # doctest: +SKIP
    (10000, 784)
    """
    return_X_y = FLAG("return_X_y", return_X_y)
    bunch = _fetch(FASHION_MNIST, data_home, subset, download_if_missing)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _fetch(
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
