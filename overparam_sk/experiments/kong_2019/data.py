"""The six data sets of Kong (2019), section V: rows of norm 1 and one target each.

The paper does not say which numbers the classes of images are taken for. The first is 0
and the second 1 here, in the range of the synthetic targets; the two data sets whose
class numbers are others are there a second time with these as targets.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from overparam_sk.datasets import load_image_pair, make_unit_sphere

__all__ = ["DATA_SETS", "DataSet"]

# Float64: the loss is compared from one iteration to the next.
Sample = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class DataSet:
    """Where the rows of a data set come from.

    Parameters
    ----------
    name : str
        The paper's, with the targets where they are not 0 and 1.
    figure : int
        Number of its figure in the paper.
    load : callable
        seed -> (X, y). Images are the same for every seed.
    """

    name: str
    figure: int
    load: Callable[[int], Sample]

    @property
    def file_name(self) -> str:
        """The name, for files."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower())


def _sphere(n_samples: int, seed: int) -> Sample:
    return make_unit_sphere(n_samples, 100, random_state=seed)


def _pair(
    name: Literal["mnist", "fashion-mnist"],
    classes: tuple[int, int],
    targets: tuple[int, int],
    seed: int,
) -> Sample:
    del seed  # the images are the first 50 of each class, always
    X, labels = load_image_pair(name, classes, 50)
    first, second = map(float, targets)
    return X.astype(np.float64), np.where(labels == classes[0], first, second)


def _data_set(name: str, figure: int, load: Callable[..., Sample], *args: Any) -> Any:
    return name, DataSet(name, figure, partial(load, *args))


DATA_SETS: dict[str, DataSet] = dict(
    [
        _data_set("synthetic-50", 3, _sphere, 50),
        _data_set("synthetic-100", 4, _sphere, 100),
        _data_set("MNIST-01", 5, _pair, "mnist", (0, 1), (0, 1)),
        _data_set("MNIST-17", 6, _pair, "mnist", (1, 7), (0, 1)),
        _data_set("MNIST-17 as 1, 7", 6, _pair, "mnist", (1, 7), (1, 7)),
        _data_set("Fashion-01", 7, _pair, "fashion-mnist", (0, 1), (0, 1)),
        _data_set("Fashion-79", 8, _pair, "fashion-mnist", (7, 9), (0, 1)),
        _data_set("Fashion-79 as 7, 9", 8, _pair, "fashion-mnist", (7, 9), (7, 9)),
    ]
)
