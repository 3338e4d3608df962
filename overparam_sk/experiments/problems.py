"""The data of a study by its name: generated, fetched, or from a file."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from overparam_sk.datasets import fetch_fashion_mnist, fetch_mnist
from overparam_sk.experiments.data_files import (
    DATA_FILES,
    ending,
    named,
    read_data_file,
)
from overparam_sk.experiments.li_liang_2018.data import MNIST, mixture_problem
from overparam_sk.experiments.problem import Defaults, Problem, Split, in_float32
from overparam_sk.parameters import (
    COUNT,
    FLAG,
    PATH,
    SEED,
    TEXT,
    either,
    instance,
    one_of,
    shown,
)

__all__ = ["PROBLEM_NAMES", "load_problem"]

_NAME = instance((str, os.PathLike), "the name of a problem or a path")
_TARGET = either(one_of(None), TEXT)
_HOME = either(one_of(None), PATH)
_SIZE = either(one_of(None), COUNT)


def load_problem(
    name: str | os.PathLike[str],
    *,
    target: str | None = None,
    data_home: str | os.PathLike[str] | None = None,
    normalize: bool = False,
    train_size: int | None = None,
    random_state: int = 0,
) -> Problem:
    """Load or generate the data of a study.

    Parameters
    ----------
    name : {"synthetic", "digits", "mnist", "fashion"} or path
        "synthetic" is LL18's mixture [1]_: 1000 training and 1000 test rows in 1000
        dimensions, 10 classes of 2 components; every repeat draws its own. "mnist" and
        "fashion" have their published split. A path is that of an ``.npz`` file with
        X and y and, optionally, X_test and y_test, or of a ``.csv`` or ``.parquet``
        file of numbers with a target among its columns; ``~`` is the home folder.
        Where there are no test rows a quarter is set apart, as for "digits".
    target : str, default=None
        Name of the target's column in a ``.csv`` or ``.parquet`` file. None is "y" or,
        where there is no such column, the last one.
    data_home : path-like, default=None
        Folder with the files of "mnist" or "fashion", or with a folder "mnist" or
        "fashion-mnist" of them, and then the only place where they are looked for; see
        :func:`overparam_sk.datasets.fetch_mnist`.
    normalize : bool, default=False
        Whether every row is scaled to Euclidean norm 1 ([1]_, assumption (A2)).
    train_size : int, default=None
        Training rows that are taken, at random and with every class's share. None is
        all of them. Not for "synthetic".
    random_state : int, default=0
        Seed of the generated data, or of the split.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        If the name is unknown, a file is damaged or does not hold what it must, or
        there are not as many training rows. Nothing in a file is unpickled.
    OSError
        If a file is missing.
    ImportError
        If pandas or pyarrow, which reads such files, is not installed.

    References
    ----------
    .. [1] Y. Li, Y. Liang. "Learning Overparameterized Neural Networks via Stochastic
       Gradient Descent on Structured Data", NeurIPS 2018, sections 3 and 7.
    """
    name = _NAME("name", name)
    target = _TARGET("target", target)
    data_home = _HOME("data_home", data_home)
    normalize = FLAG("normalize", normalize)
    train_size = _SIZE("train_size", train_size)
    random_state = SEED("random_state", random_state)
    path = Path(os.path.expanduser(name))
    if target is not None and ending(path) not in DATA_FILES:
        raise ValueError(f"target must be None but for files, got {target!r}.")
    if name == "synthetic":
        if train_size is not None:
            raise ValueError(
                f"train_size must be None for synthetic data, got {train_size}."
            )
        return mixture_problem(normalize=normalize, random_state=random_state)
    if name in ("mnist", "fashion"):
        split, defaults = _images(str(name), data_home), MNIST
    elif name == "digits":
        X, y = load_digits(return_X_y=True)
        split, defaults = _split(X / 16, y, random_state), Defaults()
    elif ending(path) in DATA_FILES:
        split, defaults = _from_file(path, target, random_state), Defaults()
    else:
        raise ValueError(
            f"name must be one of {', '.join(PROBLEM_NAMES)} or a file "
            f"({', '.join(DATA_FILES)}), got {str(name)!r}."
        )
    n_classes = _n_classes(split, name)
    split = in_float32(_some(split, train_size, random_state), normalize)
    # A name that is not text (Linux allows any bytes) could not be written to a report.
    text = os.fsencode(name).decode("utf-8", "replace")
    usual_size = min(defaults.batch_size, len(split[1]))
    defaults = replace(defaults, batch_size=usual_size)
    return Problem(text, *split, n_classes, None, defaults, normalize)


PROBLEM_NAMES = ("synthetic", "digits", "mnist", "fashion")


def _images(name: str, data_home: str | os.PathLike[str] | None) -> Split:
    fetch: Callable[..., Any] = {"mnist": fetch_mnist, "fashion": fetch_fashion_mnist}[
        name
    ]
    # A folder that was named is meant: nothing is downloaded in its stead.
    options = {"return_X_y": True, "download_if_missing": data_home is None}
    if data_home is not None:
        folder = {"mnist": "mnist", "fashion": "fashion-mnist"}[name]
        inside = Path(os.path.expanduser(data_home)) / folder
        data_home = inside if inside.is_dir() else data_home
    X, y = fetch(data_home, subset="train", **options)
    X_test, y_test = fetch(data_home, subset="test", **options)
    return X, y, X_test, y_test


def _from_file(path: Path, target: str | None, random_state: int) -> Split:
    arrays = read_data_file(path, target)
    if "X_test" in arrays:
        return arrays["X"], arrays["y"], arrays["X_test"], arrays["y_test"]
    with named(path, "of rows of which a quarter can be set apart"):
        return _split(arrays["X"], arrays["y"], random_state)


def _split(X: NDArray[Any], y: NDArray[Any], random_state: int) -> Split:
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=random_state
    )
    return X, y, X_test, y_test


def _n_classes(split: Split, name: str | os.PathLike[str]) -> int:
    """How many there are to be told apart.

    Raises
    ------
    ValueError
        If there are not two, or test rows are of another one.
    """
    _, y, _, y_test = split
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(
            f"{name} must have training rows of two classes or more, got "
            f"{classes.tolist()}."
        )
    others = sorted(set(np.unique(y_test).tolist()) - set(classes.tolist()))
    if others:
        raise ValueError(
            f"{name} must have test rows of the classes of its training rows, got "
            f"also {shown(others)}."
        )
    return len(classes)


def _some(split: Split, train_size: int | None, random_state: int) -> Split:
    X, y, X_test, y_test = split
    if train_size is None or train_size == len(y):
        return split
    if train_size > len(y):
        raise ValueError(f"train_size must be at most {len(y)}, got {train_size}.")
    X, _, y, _ = train_test_split(
        X, y, train_size=train_size, stratify=y, random_state=random_state
    )
    return X, y, X_test, y_test
