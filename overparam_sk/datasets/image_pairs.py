"""Two classes of MNIST or Fashion-MNIST, from a small excerpt in the package."""

from collections.abc import Sequence
from functools import partial
from importlib import resources
from io import BytesIO
from typing import Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from overparam_sk.datasets._image_sets import (
    FASHION_MNIST,
    MNIST,
    as_bunch,
    scale_pixels,
)
from overparam_sk.parameters import FLAG, integer, one_of, several, such_that
from overparam_sk.world import in_own_world

__all__ = ["load_image_pair"]

Sample = tuple[NDArray[np.float32], NDArray[np.int64]]

DATASETS = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST)}
SHIPPED_CLASSES = {"mnist": (0, 1, 7), "fashion-mnist": (0, 1, 7, 9)}
SHIPPED_PER_CLASS = 100


def _are_two(shipped: tuple[int, ...], labels: tuple[int, ...]) -> bool:
    return len(set(labels) & set(shipped)) == len(labels) == 2


_NAME = one_of(*DATASETS)
_SIZE = integer(1, SHIPPED_PER_CLASS)
_PAIRS = {
    name: such_that(
        several(integer(0), ""),
        partial(_are_two, shipped),
        f"two different labels among {shipped} for {name!r}",
    )
    for name, shipped in SHIPPED_CLASSES.items()
}


@overload
def load_image_pair(
    name: str,
    classes: Sequence[int],
    n_per_class: int = ...,
    *,
    return_X_y: Literal[True] = ...,
    normalize: bool = ...,
) -> Sample: ...
@overload
def load_image_pair(
    name: str,
    classes: Sequence[int],
    n_per_class: int = ...,
    *,
    return_X_y: Literal[False],
    normalize: bool = ...,
) -> Bunch: ...
@in_own_world
def load_image_pair(
    name: str,
    classes: Sequence[int],
    n_per_class: int = 50,
    *,
    return_X_y: bool = True,
    normalize: bool = True,
) -> Sample | Bunch:
    """Load images of two classes from the excerpt that the package ships.

    The image data of [1]_, section V: 50 images of each of two classes, scaled to norm
    1. The paper takes MNIST (0, 1) and (1, 7) and Fashion-MNIST (0, 1) and (7, 9). It
    draws the images at random; here they are the first of their class in the training
    set, so that everyone has the same ones. No file is downloaded.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}
    classes : sequence of two different int
        Among 0, 1, 7 for "mnist" and 0, 1, 7, 9 for "fashion-mnist" (T-shirt/top,
        Trouser, Sneaker, Ankle boot).
    n_per_class : int, default=50
        Number of images of each class, 1 to 100.
    return_X_y : bool, default=True
        Whether to return ``(X, y)`` or a Bunch.
    normalize : bool, default=True
        Whether to scale each row to Euclidean norm 1 ([1]_, section III). Otherwise the
        grey values are between 0 and 1.

    Returns
    -------
    X : ndarray of shape (2 * n_per_class, 784), float32
        All images of ``classes[0]``, then all of ``classes[1]``. Shuffle them before a
        cross-validation that does not.
    y : ndarray of shape (2 * n_per_class,), int64
        The entries of ``classes``: the labels are not recoded to 0 and 1.
    data : :class:`~sklearn.utils.Bunch`
        Instead, if ``return_X_y`` is False: X as ``data`` and y as ``target``, with
        ``feature_names``, ``target_names`` (of all ten classes, so that
        ``target_names[label]`` names a label), ``DESCR`` and ``frame``, which is None.

    Raises
    ------
    ValueError
        If ``name``, ``classes`` or ``n_per_class`` is none of those above.

    References
    ----------
    .. [1] Z. Kong, "Convergence Analysis of Training Two-Hidden-Layer Partially
       Over-Parameterized ReLU Networks via Gradient Descent", 2019, sections III and V.

    Examples
    --------
    >>> from overparam_sk.datasets import load_image_pair
    >>> X, y = load_image_pair("fashion-mnist", (7, 9))
    >>> X.shape
    (100, 784)
    >>> y[0], y[-1]
    (np.int64(7), np.int64(9))
    """
    name = _NAME("name", name)
    pair = _PAIRS[name]("classes", classes)
    n_per_class = _SIZE("n_per_class", n_per_class)
    return_X_y = FLAG("return_X_y", return_X_y)
    normalize = FLAG("normalize", normalize)

    images, labels = _read_excerpt(name)
    rows = [np.flatnonzero(labels == label)[:n_per_class] for label in pair]
    X = scale_pixels(images[np.concatenate(rows)])
    if normalize:
        X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = np.repeat(np.array(pair, dtype=np.int64), n_per_class)
    return (X, y) if return_X_y else as_bunch(DATASETS[name], X, y)


def _read_excerpt(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return all shipped images (n, 784) and labels (n,) of a data set."""
    folder = resources.files("overparam_sk.datasets") / "data"
    content = (folder / f"{name}.npz").read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as excerpt:
        return excerpt["images"], excerpt["labels"]
